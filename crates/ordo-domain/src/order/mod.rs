//! Orders: what a buyer agreed to buy, with counters per line and facts about its life.
//!
//! Invariant: per line, ordered = open + allocated + shipped + shipped elsewhere + canceled, and
//! backordered ≤ open.
//! Invariant: the order's totals are the sum of their shares; the channel's own figure is kept beside.

pub mod bundle;
pub mod cancel;
pub mod capture;
pub mod hold;
pub mod input;
pub mod line;
mod line_input;
pub(crate) mod merge;
pub mod past;
pub mod payment;
pub mod review;
pub mod standing;

use serde::{Deserialize, Serialize};

use crate::id::{
    ChannelId, ContactId, EntityId, FulfillmentOrderId, HoldId, LineId, LocationId, OrderId,
    PaymentId, ReturnId, ShipmentId,
};
use crate::money::{Currency, Minor};
use crate::network::Place;
use crate::planning::Deferral;
use crate::record::{Columns, OrderColumns, record};
use crate::returns::Refund;
use crate::time::Timestamp;

pub use cancel::{CancelLine, CancelOrder};
pub use capture::CaptureOrder;
pub use hold::{Hold, HoldKind, HoldSource, PlaceHold, ReleaseHold, Stage};
pub use input::OrderInput;
pub use line::{FulfilledBy, Line, LineKind, LineRef, ParentLine, TaxLine, TaxTreatment};
pub use payment::{EntryKind, MoneyEntry};
pub use review::ReviewOrder;
pub use standing::{FulfillmentStanding, PaymentStanding, ReturnStanding};

/// The largest number of lines of an order.
pub const LINES_MAX: usize = 1_000;

/// How an order came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// To be worked on.
    #[default]
    Live,
    /// Taken over from before Ordo; it has no holds, stock, mail or webhook effects.
    History,
    /// Sold and handed over at a till.
    Till,
}

/// What kind of order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Bought.
    #[default]
    Sale,
    /// Sent in exchange for a return.
    Exchange,
    /// Sent again because the first was lost or broken.
    Replacement,
}

impl OrderKind {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Exchange => "exchange",
            Self::Replacement => "replacement",
        }
    }
}

/// When and by whom the order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    /// Money first.
    Prepaid,
    /// A card is authorized now and charged at shipping.
    Authorized,
    /// Invoiced, paid later.
    OnAccount,
    /// The carrier collects.
    Cod,
    /// The marketplace collects and pays out.
    Marketplace,
}

impl Terms {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepaid => "prepaid",
            Self::Authorized => "authorized",
            Self::OnAccount => "on_account",
            Self::Cod => "cod",
            Self::Marketplace => "marketplace",
        }
    }
}

/// The stored life of an order; everything else is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderLife {
    /// Not agreed yet.
    Draft,
    /// Being worked on.
    Open,
    /// Everything has arrived or is settled.
    Closed,
    /// Nothing of it will be delivered.
    Canceled,
}

impl OrderLife {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
        }
    }
}

/// Where an order goes: who, as an id, and roughly where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Name, street and the rest.
    pub contact: ContactId,
    /// Enough to source by.
    pub place: Place,
    /// Whether its address reads as a post office box.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub po_box: bool,
}

/// The buyer's choice of shipping, and what it costs them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShippingChoice {
    /// The channel's name of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the buyer pays, before `discount`.
    pub price: Minor,
    /// Taken off the price.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discount: Minor,
    /// Tax on the price less the discount; within it where tax is included.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tax: Minor,
}

/// A name that another system has for the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExternalRef {
    /// The other system.
    pub system: String,
    /// Its name for the order.
    pub value: String,
}

/// Lines that must leave together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipGroup {
    /// The lines.
    pub lines: Vec<LineId>,
}

/// The currency the buyer saw, where it differs from the order's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentment {
    /// That currency.
    pub currency: Currency,
    /// One unit of the order's currency in it, in millionths.
    pub rate_ppm: i64,
}

/// Sums in minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Unit prices times ordered quantities.
    pub items: Minor,
    /// Taken off the items.
    pub discount: Minor,
    /// Shipping less its discount.
    pub shipping: Minor,
    /// All tax; within the other sums where tax is included.
    pub tax: Minor,
    /// What the buyer owes for all that was ordered.
    pub total: Minor,
}

/// What a buyer agreed to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// How many events have touched it.
    pub version: u64,
    /// Where it came from.
    pub channel: ChannelId,
    /// The channel's own id of it, unique per channel.
    pub external_id: String,
    /// The channel's version of it that was merged last.
    pub source_version: i64,
    /// How it came to be known.
    #[serde(default)]
    pub origin: Origin,
    /// What kind of order it is.
    #[serde(default)]
    pub kind: OrderKind,
    /// Who sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// When and by whom it is paid.
    pub terms: Terms,
    /// Its life.
    pub life: OrderLife,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// When Ordo took it in.
    pub captured_at: Timestamp,
    /// From when it may take stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When it was closed or canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Of all its amounts.
    pub currency: Currency,
    /// What the buyer saw, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentment: Option<Presentment>,
    /// Whether prices include tax.
    pub tax_included: bool,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<Destination>,
    /// Who is invoiced, where not the one at `ship_to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill_to: Option<ContactId>,
    /// The buyer's tax number, for business customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_vat_id: Option<String>,
    /// The buyer's choice of shipping.
    #[serde(default)]
    pub shipping: ShippingChoice,
    /// What was ordered, in the channel's order.
    pub lines: Vec<Line>,
    /// What stops it; open holds only, released ones are in the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Kinds of hold that a person released and validation may not place again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<HoldKind>,
    /// Facts about its money.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<MoneyEntry>,
    /// The work that serves it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fulfillment_orders: Vec<FulfillmentOrderId>,
    /// Locations that refused it or came up short; it is never sourced from them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<LocationId>,
    /// Why its open units wait for a plan that is made beside the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// What was handed to carriers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<ShipmentId>,
    /// What came or comes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnId>,
    /// What was paid back for which units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
    /// Sums.
    pub totals: Totals,
    /// The channel's own total, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_total: Option<Minor>,
    /// Names that other systems have for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_refs: Vec<ExternalRef>,
    /// Lines that must leave together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ship_groups: Vec<ShipGroup>,
    /// Operators' labels; nothing decides by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The customer's tier, as the channel calls it; sourcing rules ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_tier: Option<String>,
    /// Marks from the channel that sourcing rules ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The order that this one exchanges or replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OrderId>,
}
record!(Order, OrderId, Order, self => Columns::Order(self.list_columns()));

impl Order {
    /// The contacts that it names: at the destination, and of the bill.
    pub fn contacts(&self) -> impl Iterator<Item = ContactId> + use<> {
        let ship_to = self.ship_to.as_ref().map(|to| to.contact);
        ship_to.into_iter().chain(self.bill_to)
    }

    /// The line with this id.
    #[must_use]
    pub fn line(&self, id: LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    pub(crate) fn line_mut(&mut self, id: LineId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.id == id)
    }

    /// Never asks this location again.
    pub(crate) fn decline(&mut self, location: LocationId) {
        if !self.declined.contains(&location) {
            self.declined.push(location);
        }
    }

    /// Takes a refund in: what it was for, and the money.
    pub(crate) fn take_refund(&mut self, refund: &Refund) {
        for part in &refund.lines {
            if let Some(line) = self.line_mut(part.line) {
                line.refunded += part.quantity;
            }
        }
        self.money.push(MoneyEntry {
            id: PaymentId::from_u128(refund.id.to_u128()),
            kind: EntryKind::Refund,
            amount: refund.total,
            at: refund.at,
            instrument: None,
            collected_by: None,
            settlement: None,
            external_id: refund.external_id.clone(),
            applied_to: Vec::new(),
        });
        self.refunds.push(refund.clone());
    }

    /// Whether an open hold on the whole order, or on `line`, stops `stage`.
    #[must_use]
    pub fn is_held(&self, stage: Stage, line: Option<LineId>) -> bool {
        self.holds
            .iter()
            .any(|hold| hold.blocks.contains(&stage) && (hold.line.is_none() || hold.line == line))
    }

    /// The hold with this id.
    #[must_use]
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// The sums of its lines and shipping.
    #[must_use]
    pub fn sum_totals(lines: &[Line], shipping: &ShippingChoice, tax_included: bool) -> Totals {
        let items: Minor = lines.iter().map(Line::gross).sum();
        let discount: Minor = lines.iter().map(|line| line.discount).sum();
        let shipping_net = shipping.price - shipping.discount;
        let tax = lines.iter().map(Line::tax).sum::<Minor>() + shipping.tax;
        let added = if tax_included { Minor::ZERO } else { tax };
        Totals {
            items,
            discount,
            shipping: shipping_net,
            tax,
            total: items - discount + shipping_net + added,
        }
    }

    fn list_columns(&self) -> OrderColumns {
        OrderColumns {
            channel: self.channel.to_u128(),
            external_id: self.external_id.clone(),
            life: self.life.name(),
            payment: PaymentStanding::of(self).name(),
            fulfillment: FulfillmentStanding::of(self).name(),
            returns: ReturnStanding::of(self).name(),
            holds: self.holds.len() as i64,
            placed_at: self.placed_at.as_micros(),
            total: self.totals.total.get(),
            currency: self.currency.code().to_owned(),
            country: self
                .ship_to
                .as_ref()
                .map(|to| to.place.country.clone())
                .unwrap_or_default(),
        }
    }
}

pub(crate) fn is_zero(amount: &Minor) -> bool {
    *amount == Minor::ZERO
}
