//! Fulfillment orders: the part of an order that one location works on, with a life of its own.
//!
//! Picking and packing are kept here and not on the order, so that a scan never rewrites the order.

pub mod cover;
pub mod pack;
pub mod pick;
pub mod reject;
pub mod release;
pub mod ship;
pub mod short;
mod step;
pub mod stop;

use serde::{Deserialize, Serialize};

use crate::event::{Cause, LineUnits, PickedUnits};
use crate::id::{DecisionId, FulfillmentOrderId, LineId, LocationId, OrderId, ShipmentId, SkuId};
use crate::quantity::Quantity;
use crate::record::{Columns, record};
use crate::shipment::Units;
use crate::sourcing::PlannedCarriage;
use crate::stock::CellKey;
use crate::time::{Date, Timestamp};

pub use cover::CoverShortfall;
pub use pack::{PackUnits, ParcelDraft};
pub use pick::PickUnits;
pub use reject::RejectWork;
pub use release::{AcceptWork, ReleaseWork};
pub use ship::ShipWork;
pub use short::ShortUnits;
pub use step::ReportedUnits;
pub(crate) use step::find;
pub use stop::{AnswerStop, StopWork};

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
    /// Every state, in the order in which work usually passes them.
    pub const ALL: &'static [Self] = &[
        Self::Planned,
        Self::Open,
        Self::Released,
        Self::Accepted,
        Self::Rejected,
        Self::Picking,
        Self::Picked,
        Self::Packed,
        Self::Shipped,
        Self::CancelRequested,
        Self::Canceled,
        Self::Superseded,
        Self::Closed,
    ];

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

impl FulfillmentState {
    /// Whether nothing more happens to the work.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Rejected | Self::Shipped | Self::Canceled | Self::Superseded | Self::Closed => {
                true
            }
            Self::Planned
            | Self::Open
            | Self::Released
            | Self::Accepted
            | Self::Picking
            | Self::Picked
            | Self::Packed
            | Self::CancelRequested => false,
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
    /// Which units were collected, where they are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Units>,
}

/// A request to stop that the location has not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Where the work goes on if the location refuses.
    pub previous: FulfillmentState,
    /// Whether its units are canceled with it, rather than sourced again.
    pub cancels_lines: bool,
    /// Why.
    pub cause: Cause,
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
    /// Whether a person wants it to stay at its location.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The location's local day whose capacity it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_day: Option<Date>,
    /// How it was planned to go when it was sourced, where rates decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carriage: Option<PlannedCarriage>,
    /// What it is shipped as, once packed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    /// The open request to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<CancelRequest>,
}
record!(FulfillmentOrder, FulfillmentOrderId, FulfillmentOrder, self => Columns::FulfillmentOrder {
    order: self.order.to_u128(),
    location: self.location.to_u128(),
    state: self.state.name(),
});

impl FulfillmentOrder {
    /// Its lines with their quantities.
    #[must_use]
    pub fn line_units(&self) -> Vec<LineUnits> {
        (self.lines.iter())
            .map(|line| LineUnits {
                line: line.line,
                quantity: line.quantity,
            })
            .collect()
    }

    /// Whether a location may have begun with it.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        match self.state {
            FulfillmentState::Planned | FulfillmentState::Open => false,
            FulfillmentState::Released
            | FulfillmentState::Accepted
            | FulfillmentState::Picking
            | FulfillmentState::Picked
            | FulfillmentState::Packed
            | FulfillmentState::CancelRequested => true,
            // Its units are elsewhere by now.
            FulfillmentState::Rejected
            | FulfillmentState::Shipped
            | FulfillmentState::Canceled
            | FulfillmentState::Superseded
            | FulfillmentState::Closed => false,
        }
    }

    /// The cell that `line` takes its units from.
    #[must_use]
    pub fn cell(&self, line: &FulfillmentLine) -> CellKey {
        CellKey {
            sku: line.sku,
            location: self.location,
            owner: line.owner,
        }
    }

    /// Whether any of the collected units are told apart by lot.
    #[must_use]
    pub fn has_lots(&self) -> bool {
        let mut units = self.lines.iter().flat_map(|line| &line.units);
        units.any(|units| units.lot.is_some())
    }

    /// Takes collected units in.
    pub(crate) fn pick(&mut self, picked: &[PickedUnits]) {
        for units in picked {
            if let Some(line) = self.lines.iter_mut().find(|line| line.line == units.line) {
                line.picked += units.quantity;
                line.units.extend(units.units.iter().cloned());
            }
        }
        self.state = self.picking_state();
    }

    /// Takes units off that were not found.
    pub(crate) fn short(&mut self, missing: &[LineUnits]) {
        for units in missing {
            if let Some(line) = self.lines.iter_mut().find(|line| line.line == units.line) {
                line.quantity -= units.quantity;
            }
        }
        let left: Quantity = self.lines.iter().map(|line| line.quantity).sum();
        self.state = if left == Quantity::ZERO {
            FulfillmentState::Canceled
        } else {
            self.picking_state()
        };
    }

    fn picking_state(&self) -> FulfillmentState {
        if self.lines.iter().all(|line| line.picked == line.quantity) {
            FulfillmentState::Picked
        } else {
            FulfillmentState::Picking
        }
    }
}
