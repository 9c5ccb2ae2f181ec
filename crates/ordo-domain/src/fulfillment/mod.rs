//! Fulfillment orders: the part of an order that one location works on, with a life of its own.
//!
//! Picking and packing are kept here and not on the order, so that a scan never rewrites the order.

use serde::{Deserialize, Serialize};

use crate::id::{DecisionId, FulfillmentOrderId, LineId, LocationId, OrderId, SkuId};
use crate::quantity::Quantity;
use crate::record::{Columns, record};
use crate::stock::CellKey;
use crate::time::{Date, Timestamp};

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentState {
    /// To be opened later.
    Planned,
    /// Sourced, not yet handed over.
    Open,
    /// Handed to the location.
    Released,
    /// The location agreed.
    Accepted,
    /// The location refused.
    Rejected,
    /// Being collected.
    Picking,
    /// Collected.
    Picked,
    /// In parcels.
    Packed,
    /// Handed to the carrier.
    Shipped,
    /// The location was asked to stop.
    CancelRequested,
    /// Stopped; its units were given back.
    Canceled,
    /// Another one took its place.
    Superseded,
    /// Arrived.
    Closed,
}

impl FulfillmentState {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Released => "released",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Picking => "picking",
            Self::Picked => "picked",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::CancelRequested => "cancel_requested",
            Self::Canceled => "canceled",
            Self::Superseded => "superseded",
            Self::Closed => "closed",
        }
    }
}

/// One order line's part of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentLine {
    /// The order line.
    pub line: LineId,
    /// The SKU.
    pub sku: SkuId,
    /// Whose stock, where not the organization's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<crate::id::EntityId>,
    /// Whether units of a cell are bound; not for SKUs without stock keeping.
    pub from_stock: bool,
    /// Units to be shipped from here.
    pub quantity: Quantity,
    /// Of them, collected.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub picked: Quantity,
    /// Of them, in parcels.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub packed: Quantity,
    /// Of them, handed to the carrier.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub shipped: Quantity,
}

/// The part of an order given to one location as work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrder {
    /// Its id.
    pub id: FulfillmentOrderId,
    /// How many events have touched it.
    pub version: u64,
    /// The order that it serves.
    pub order: OrderId,
    /// Where the work is done.
    pub location: LocationId,
    /// How far it is.
    pub state: FulfillmentState,
    /// What is to be shipped.
    pub lines: Vec<FulfillmentLine>,
    /// Why this location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionId>,
    /// The one whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<FulfillmentOrderId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The location's local day whose capacity it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_day: Option<Date>,
}
record!(FulfillmentOrder, FulfillmentOrderId, FulfillmentOrder, self => Columns::FulfillmentOrder {
    order: self.order.to_u128(),
    location: self.location.to_u128(),
    state: self.state.name(),
});

impl FulfillmentOrder {
    /// The cell that `line` takes its units from.
    #[must_use]
    pub fn cell(&self, line: &FulfillmentLine) -> CellKey {
        CellKey {
            sku: line.sku,
            location: self.location,
            owner: line.owner,
        }
    }
}
