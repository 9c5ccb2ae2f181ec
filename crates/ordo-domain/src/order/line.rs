//! Order lines: one SKU, quantity and price, with a counter for each place its units can be.

use serde::{Deserialize, Serialize};

use crate::event::LineUnits;
use crate::id::{LineId, ListingId, SkuId};
use crate::money::Minor;
use crate::order::{Order, is_zero};
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// What sort of thing a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Goods that are shipped or handed over.
    #[default]
    Physical,
    /// A download or a key.
    Digital,
    /// A gift card.
    GiftCard,
    /// Work.
    Service,
    /// A fee.
    Fee,
    /// A deposit on bottles and the like.
    Deposit,
    /// A tip.
    Tip,
}

impl LineKind {
    /// Whether its units leave a location.
    #[must_use]
    pub const fn ships(self) -> bool {
        match self {
            Self::Physical => true,
            Self::Digital
            | Self::GiftCard
            | Self::Service
            | Self::Fee
            | Self::Deposit
            | Self::Tip => false,
        }
    }
}

/// Who sees to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FulfilledBy {
    /// The merchant's locations.
    #[default]
    Us,
    /// The marketplace from its own warehouse.
    Channel,
    /// Handed over at the till.
    Till,
    /// A supplier that the channel deals with.
    Supplier,
}

/// How a sale is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    /// Within the seller's country.
    #[default]
    Domestic,
    /// Distance sale within the EU, declared in one place.
    Oss,
    /// Import of small value, declared by the seller.
    Ioss,
    /// The buyer owes the tax.
    ReverseCharge,
    /// Leaves the customs territory.
    Export,
    /// The marketplace counts as the seller.
    DeemedSupplier,
}

/// One tax on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TaxLine {
    /// ISO 3166-1 alpha-2, with a region after a dash where tax is regional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// The rate in millionths (19 % is 190,000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_ppm: Option<i64>,
    /// What it is taken of, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub base: Option<Minor>,
    /// The tax, in minor units.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub amount: Minor,
    /// The tax code of the channel or ERP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How the sale is taxed.
    #[serde(default)]
    pub treatment: TaxTreatment,
    /// Who pays it to the state: `seller` where absent, else `channel` or `carrier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remitted_by: Option<String>,
}

/// The bundle that a line is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentLine {
    /// Shared by all components of the same bundle line.
    pub id: LineId,
    /// The bundle's code as it was sold.
    pub code: String,
    /// How many bundles were ordered.
    pub ordered: Quantity,
    /// Units of this component in one bundle.
    pub each: Quantity,
    /// Whether all components must leave in one shipment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
}

/// How input names an order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineRef {
    /// By its id.
    Id(LineId),
    /// By its SKU's code, where only one line has it.
    Code(String),
}

impl From<LineId> for LineRef {
    fn from(id: LineId) -> Self {
        Self::Id(id)
    }
}

impl LineRef {
    /// What `quantity` of the line are in units of lines, where a bundle's parent stands for its
    /// components. Only lines of which `is_there` is true are found by a code.
    pub(crate) fn units(
        &self,
        order: &Order,
        quantity: Quantity,
        is_there: impl Fn(&Line) -> bool,
        field: &str,
    ) -> Result<Vec<LineUnits>, Rejection> {
        let parent = match self {
            Self::Id(id) => *id,
            Self::Code(code) => {
                let mut parents: Vec<LineId> = (order.lines.iter())
                    .filter(|line| is_there(line))
                    .filter_map(|line| line.parent.as_ref())
                    .filter(|parent| parent.code == *code)
                    .map(|parent| parent.id)
                    .collect();
                parents.dedup();
                match parents.as_slice() {
                    [only] if !order.lines.iter().any(|line| line.code == *code) => *only,
                    _ => self.find(order, is_there, field)?.id,
                }
            }
        };
        let named = order.units_named(parent, quantity);
        if named.is_empty() {
            return Err(Rejection::field(field, "there is no such line"));
        }
        Ok(named)
    }

    /// The line that is meant, among those of which `is_there` is true. `field` is refused where
    /// there is none, or where a code stands on several.
    pub(crate) fn find<'a>(
        &self,
        order: &'a Order,
        is_there: impl Fn(&Line) -> bool,
        field: &str,
    ) -> Result<&'a Line, Rejection> {
        let meant = |line: &&Line| match self {
            Self::Id(id) => line.id == *id,
            Self::Code(code) => line.code == *code,
        };
        let mut found = (order.lines.iter()).filter(|line| meant(line) && is_there(line));
        match (found.next(), found.next()) {
            (Some(line), None) => Ok(line),
            (None, _) => Err(Rejection::field(field, "there is no such line")),
            (Some(_), Some(_)) => {
                let message = "several lines have this SKU; name the line by its id";
                Err(Rejection::field(field, message))
            }
        }
    }
}

/// One SKU, quantity and price of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// The channel's own id of it, unique within the order.
    pub external_id: String,
    /// What sort of thing it is about.
    #[serde(default)]
    pub kind: LineKind,
    /// Who sees to it.
    #[serde(default)]
    pub fulfilled_by: FulfilledBy,
    /// The SKU; `None` where the channel's code is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
    /// The SKU's code; where it is not known, the code as the channel sent it.
    pub code: String,
    /// The code as the channel sent it, where that is a listing's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
    /// That listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing_id: Option<ListingId>,
    /// The name as the channel sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The bundle that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentLine>,
    /// The price of one unit, before discount.
    pub unit_price: Minor,
    /// Taken off the whole line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub discount: Minor,
    /// Taxes on the whole line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxLine>,
    /// What is to be done with it, such as gift wrap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Whether words of the buyer go on it; the words are with the contact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personalized: bool,
    /// Whether it may not be returned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub final_sale: bool,
    /// By when the channel wants it shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_ship_by: Option<Timestamp>,
    /// By when the channel told the buyer it would arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_deliver_by: Option<Timestamp>,
    /// The first promise to the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise_original: Option<Timestamp>,
    /// The promise as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise_current: Option<Timestamp>,

    /// Agreed.
    pub ordered: Quantity,
    /// Waiting for stock or for a decision.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub open: Quantity,
    /// Of the open ones, those known to wait for stock.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub backordered: Quantity,
    /// Bound to stock of a location.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub allocated: Quantity,
    /// Handed to a carrier or the buyer.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub shipped: Quantity,
    /// Shipped by the channel, at the till, or before Ordo.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub shipped_elsewhere: Quantity,
    /// The code of the location that those left from, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_from: Option<String>,
    /// Will not be delivered.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub canceled: Quantity,
    /// Came back.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub received: Quantity,
    /// Paid back.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub refunded: Quantity,
}

impl Line {
    /// Unit price times ordered quantity.
    #[must_use]
    pub fn gross(&self) -> Minor {
        self.unit_price
            .times(self.ordered.get())
            .unwrap_or(Minor::ZERO)
    }

    /// All taxes of the line.
    #[must_use]
    pub fn tax(&self) -> Minor {
        self.taxes.iter().map(|tax| tax.amount).sum()
    }

    /// Units that a location of ours must still find stock for and nobody has looked at yet.
    #[must_use]
    pub fn to_source(&self) -> Quantity {
        if self.kind.ships() && self.fulfilled_by == FulfilledBy::Us {
            self.open - self.backordered
        } else {
            Quantity::ZERO
        }
    }

    /// Whether every unit is accounted for exactly once.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let placed =
            self.open + self.allocated + self.shipped + self.shipped_elsewhere + self.canceled;
        let none_negative = [
            self.open,
            self.backordered,
            self.allocated,
            self.shipped,
            self.shipped_elsewhere,
            self.canceled,
            self.received,
            self.refunded,
        ]
        .iter()
        .all(|count| *count >= Quantity::ZERO);
        none_negative
            && self.ordered == placed
            && self.backordered <= self.open
            && self.received <= self.shipped + self.shipped_elsewhere
    }
}
