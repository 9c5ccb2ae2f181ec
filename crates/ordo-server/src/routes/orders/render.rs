//! The answer form of an order: one of its three forms, the one that clients see.
//!
//! Rendering is on the path of every capture, so the answer borrows from the order and is written
//! once. Invariant: it holds no person's data unless the reader asked for the contact.

use std::borrow::Cow;
use std::sync::Arc;

use ordo_domain::contact::Contact;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ChannelId, ContactId, OrderId, PaymentId};
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::network::Precision;
use ordo_domain::order::{
    EntryKind, ExternalRef, FulfillmentStanding, MoneyEntry, Order, OrderKind, OrderLife, Origin,
    PaymentStanding, ReturnStanding, Terms,
};
use ordo_domain::planning::DeferralCause;
use ordo_domain::reference::Reference;
use ordo_domain::returns::Return;
use ordo_domain::shipment::Shipment;
use serde::Serialize;
use utoipa::ToSchema;

use super::parts::{HoldAnswer, LineAnswer};
use super::summaries::{ReturnSummary, ShipmentSummary};
use crate::routes::fulfillment_orders::FulfillmentOrderAnswer;
use crate::routes::returns::RefundAnswer;
use crate::wire::{Instant, channel_code};

/// An order with all that its answer form shows.
pub struct ShownOrder<'a> {
    /// The order.
    pub order: &'a Order,
    /// Its fulfillment orders, in the order in which they were opened.
    pub work: &'a [Arc<FulfillmentOrder>],
    /// Its shipments.
    pub shipments: &'a [Arc<Shipment>],
    /// Its returns.
    pub returns: &'a [Arc<Return>],
    /// Its number; `None` until the commit has given one.
    pub number: Option<i64>,
    /// The contacts to show with it.
    pub contacts: &'a [Contact],
}

/// Writes the answer form.
pub fn order_json(reference: &Reference, shown: &ShownOrder<'_>) -> String {
    let answer = OrderAnswer::of(reference, shown);
    // Measured: an order of 3 lines is about 3 KB, and growing the text in steps shows in profiles.
    let mut json =
        Vec::with_capacity(1_536 + 640 * shown.order.lines.len() + 640 * shown.work.len());
    serde_json::to_writer(&mut json, &answer)
        .expect("answers have string keys, and a vector takes every byte");
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// An order.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderAnswer<'a> {
    /// Its id.
    #[schema(value_type = String, example = "ord_06c3w8t2h5xk3v9q4n7b1m2z0a")]
    id: OrderId,
    /// Ordo's number, for people; dense per organization.
    number: Option<i64>,
    /// The channel's code.
    channel: Cow<'a, str>,
    /// The channel's id.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// The channel's own id of it.
    external_id: &'a str,
    /// The channel's version of it that was merged last.
    source_version: i64,
    /// How it came to be known.
    origin: Origin,
    /// What kind of order it is.
    kind: OrderKind,
    /// When and by whom it is paid.
    terms: Terms,
    /// The code of the legal entity that sold it.
    entity: Option<&'a str>,
    /// Its life.
    life: OrderLife,
    /// How many events have touched it.
    version: u64,
    /// How the money stands.
    payment_standing: PaymentStanding,
    /// How much has left.
    fulfillment_standing: FulfillmentStanding,
    /// How much comes or came back.
    return_standing: ReturnStanding,
    /// When the buyer placed it.
    placed_at: Instant,
    /// When Ordo took it in.
    captured_at: Instant,
    /// From when it may take stock.
    confirmed_at: Option<Instant>,
    /// When it was closed or canceled.
    ended_at: Option<Instant>,
    /// ISO 4217, of all its amounts.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Whether prices include tax.
    tax_included: bool,
    /// Where it goes.
    ship_to: Option<DestinationAnswer<'a>>,
    /// Who is invoiced, where not the one at `ship_to`.
    bill_to: Option<BuyerAnswer<'a>>,
    /// The buyer's tax number.
    buyer_vat_id: Option<&'a str>,
    /// The buyer's choice of shipping.
    shipping: ShippingAnswer<'a>,
    /// Why its open units wait for sourcing, where a plan for them is being made.
    sourcing: Option<DeferralAnswer>,
    /// What stops it.
    holds: Vec<HoldAnswer<'a>>,
    /// What was ordered.
    lines: Vec<LineAnswer<'a>>,
    /// The work that serves it.
    fulfillment_orders: Vec<FulfillmentOrderAnswer<'a>>,
    /// What was packed, and where it is.
    shipments: Vec<ShipmentSummary<'a>>,
    /// What came or comes back.
    returns: Vec<ReturnSummary<'a>>,
    /// What was paid back, and for what.
    refunds: Vec<RefundAnswer<'a>>,
    /// Facts about its money.
    payments: Vec<PaymentAnswer<'a>>,
    /// Sums of its lines and shipping.
    totals: TotalsAnswer,
    /// The channel's own total, where it gave one.
    channel_total: Option<Money>,
    /// Names that other systems have for it.
    external_refs: &'a [ExternalRef],
    /// Operators' labels.
    labels: &'a [String],
    /// The customer's tier, as the channel calls it.
    customer_tier: Option<&'a str>,
    /// Marks that sourcing rules ask for.
    tags: &'a [String],
    /// The currency the buyer saw, where it differs.
    presentment: Option<PresentmentAnswer>,
    /// The order that this one exchanges or replaces.
    #[schema(value_type = Option<String>)]
    original: Option<OrderId>,
}

/// Why open units wait for sourcing.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderSourcing)]
struct DeferralAnswer {
    /// The order takes longer than is left for one while others wait, or it is sourced together with
    /// others.
    waits_because: DeferralCause,
    /// Since when.
    since: Instant,
    /// When its turn comes, where that is not at once.
    due_at: Option<Instant>,
}

/// Where an order goes.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderDestination)]
struct DestinationAnswer<'a> {
    /// The id of the buyer's contact.
    #[schema(value_type = String)]
    contact_id: ContactId,
    /// ISO 3166-1 alpha-2; empty where unknown.
    country: &'a str,
    /// State or province.
    region: Option<&'a str>,
    /// The first characters of the postal code.
    postal_prefix: Option<&'a str>,
    /// Latitude in millionths of a degree.
    latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree.
    longitude_e6: Option<i32>,
    /// What the coordinates were looked up by; `null` where the channel gave them, or they are
    /// unknown.
    precision: Option<Precision>,
    /// Name, street and the rest, with `expand=contact` and until they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactAnswer<'a>>,
}

/// Who is invoiced.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderBuyer)]
struct BuyerAnswer<'a> {
    /// The id of the contact.
    #[schema(value_type = String)]
    contact_id: ContactId,
    /// Name, street and the rest, with `expand=contact` and until they are erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactAnswer<'a>>,
}

/// A person or business.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact)]
struct ContactAnswer<'a> {
    /// The person's name.
    name: Option<&'a str>,
    /// The business's name.
    company: Option<&'a str>,
    /// Street and house number.
    line1: Option<&'a str>,
    /// Whatever else belongs to the street.
    line2: Option<&'a str>,
    /// City.
    city: Option<&'a str>,
    /// State or province.
    region: Option<&'a str>,
    /// Postal code.
    postal_code: Option<&'a str>,
    /// ISO 3166-1 alpha-2.
    country: Option<&'a str>,
    /// E-mail address.
    email: Option<&'a str>,
    /// Phone number.
    phone: Option<&'a str>,
    /// What the buyer wrote to the merchant.
    note: Option<&'a str>,
    /// What is to be written on a card.
    gift_text: Option<&'a str>,
    /// Words to engrave or print, by line.
    personalization: Vec<PersonalizationAnswer<'a>>,
}

/// Words to engrave or print.
#[derive(Serialize, ToSchema)]
#[schema(as = Personalization)]
struct PersonalizationAnswer<'a> {
    /// The channel's own id of the line.
    external_id: &'a str,
    /// The words.
    text: &'a str,
}

/// The buyer's choice of shipping.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderShipping)]
struct ShippingAnswer<'a> {
    /// The channel's name of the service.
    service: Option<&'a str>,
    /// What the buyer pays, before the discount.
    price: Money,
    /// Taken off the price.
    discount: Money,
    /// Tax on it.
    tax: Money,
}

/// A fact about an order's money.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
struct PaymentAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: PaymentId,
    /// What happened.
    kind: EntryKind,
    /// How much.
    amount: Money,
    /// When.
    at: Instant,
    /// A method's name.
    instrument: Option<&'a str>,
    /// Who took the money, where not the merchant.
    collected_by: Option<&'a str>,
    /// The provider's settlement that it is part of.
    settlement: Option<&'a str>,
    /// The provider's own id of it.
    external_id: Option<&'a str>,
}

/// Sums of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
struct TotalsAnswer {
    /// Unit prices times ordered quantities.
    items: Money,
    /// Taken off the items.
    discount: Money,
    /// Shipping less its discount.
    shipping: Money,
    /// All tax; within the other sums where tax is included.
    tax: Money,
    /// What the buyer owes for all that was ordered.
    total: Money,
}

/// The currency the buyer saw.
#[derive(Serialize, ToSchema)]
#[schema(as = Presentment)]
struct PresentmentAnswer {
    /// ISO 4217.
    #[schema(value_type = String)]
    currency: Currency,
    /// One unit of the order's currency in it, in millionths.
    rate_ppm: i64,
}

impl<'a> OrderAnswer<'a> {
    fn of(reference: &'a Reference, shown: &ShownOrder<'a>) -> Self {
        let &ShownOrder {
            order,
            work,
            shipments,
            returns,
            number,
            contacts,
        } = shown;
        let currency = order.currency;
        let contact = |id: ContactId| {
            (contacts.iter().find(|contact| contact.id == id)).map(ContactAnswer::of)
        };
        Self {
            id: order.id,
            number,
            channel: channel_code(reference, order.channel),
            channel_id: order.channel,
            external_id: &order.external_id,
            source_version: order.source_version,
            origin: order.origin,
            kind: order.kind,
            terms: order.terms,
            entity: (order.entity)
                .and_then(|id| reference.entity(id))
                .map(|entity| entity.code.as_str()),
            life: order.life,
            version: order.version,
            payment_standing: PaymentStanding::of(order),
            fulfillment_standing: FulfillmentStanding::of(order),
            return_standing: ReturnStanding::of(order),
            placed_at: Instant(order.placed_at),
            captured_at: Instant(order.captured_at),
            confirmed_at: Instant::of(order.confirmed_at),
            ended_at: Instant::of(order.ended_at),
            currency,
            tax_included: order.tax_included,
            ship_to: order.ship_to.as_ref().map(|to| DestinationAnswer {
                contact_id: to.contact,
                country: &to.place.country,
                region: to.place.region.as_deref(),
                postal_prefix: to.place.postal.as_deref(),
                latitude_e6: to.place.at.map(|(latitude, _)| latitude),
                longitude_e6: to.place.at.map(|(_, longitude)| longitude),
                precision: to.place.precision,
                contact: contact(to.contact),
            }),
            bill_to: order.bill_to.map(|id| BuyerAnswer {
                contact_id: id,
                contact: contact(id),
            }),
            buyer_vat_id: order.buyer_vat_id.as_deref(),
            shipping: ShippingAnswer {
                service: order.shipping.service.as_deref(),
                price: money(order.shipping.price, currency),
                discount: money(order.shipping.discount, currency),
                tax: money(order.shipping.tax, currency),
            },
            sourcing: order.deferral.map(|deferral| DeferralAnswer {
                waits_because: deferral.why,
                since: Instant(deferral.since),
                due_at: deferral.due_at.map(Instant),
            }),
            holds: order.holds.iter().map(HoldAnswer::of).collect(),
            lines: (order.lines.iter())
                .map(|line| LineAnswer::of(line, currency))
                .collect(),
            fulfillment_orders: (work.iter())
                .map(|work| FulfillmentOrderAnswer::of(reference, order, work))
                .collect(),
            shipments: (shipments.iter())
                .map(|shipment| ShipmentSummary::of(reference, shipment))
                .collect(),
            returns: (returns.iter())
                .map(|found| ReturnSummary::of(order, found))
                .collect(),
            refunds: (order.refunds.iter())
                .map(|refund| RefundAnswer::of(order, refund))
                .collect(),
            payments: (order.money.iter())
                .map(|entry| PaymentAnswer::of(entry, currency))
                .collect(),
            totals: TotalsAnswer {
                items: money(order.totals.items, currency),
                discount: money(order.totals.discount, currency),
                shipping: money(order.totals.shipping, currency),
                tax: money(order.totals.tax, currency),
                total: money(order.totals.total, currency),
            },
            channel_total: order.channel_total.map(|total| money(total, currency)),
            external_refs: &order.external_refs,
            labels: &order.labels,
            customer_tier: order.customer_tier.as_deref(),
            tags: &order.tags,
            presentment: order.presentment.as_ref().map(|seen| PresentmentAnswer {
                currency: seen.currency,
                rate_ppm: seen.rate_ppm,
            }),
            original: order.original,
        }
    }
}

impl<'a> ContactAnswer<'a> {
    fn of(contact: &'a Contact) -> Self {
        Self {
            name: contact.name.as_deref(),
            company: contact.company.as_deref(),
            line1: contact.line1.as_deref(),
            line2: contact.line2.as_deref(),
            city: contact.city.as_deref(),
            region: contact.region.as_deref(),
            postal_code: contact.postal_code.as_deref(),
            country: contact.country.as_deref(),
            email: contact.email.as_deref(),
            phone: contact.phone.as_deref(),
            note: contact.note.as_deref(),
            gift_text: contact.gift_text.as_deref(),
            personalization: (contact.personalization.iter())
                .map(|(external_id, text)| PersonalizationAnswer { external_id, text })
                .collect(),
        }
    }
}

impl<'a> PaymentAnswer<'a> {
    fn of(entry: &'a MoneyEntry, currency: Currency) -> Self {
        Self {
            id: entry.id,
            kind: entry.kind,
            amount: money(entry.amount, currency),
            at: Instant(entry.at),
            instrument: entry.instrument.as_deref(),
            collected_by: entry.collected_by.as_deref(),
            settlement: entry.settlement.as_deref(),
            external_id: entry.external_id.as_deref(),
        }
    }
}

/// An amount with its currency.
pub const fn money(amount: Minor, currency: Currency) -> Money {
    Money { amount, currency }
}
