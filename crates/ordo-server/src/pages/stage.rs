//! Where an order is on its way, as one word: derived from the order and what serves it.
//!
//! An order served by several locations is where the slowest of them is.

use ordo_domain::fulfillment::{FulfillmentOrder, FulfillmentState};
use ordo_domain::order::{Order, OrderLife};
use ordo_domain::quantity::Quantity;
use ordo_domain::returns::{Return, ReturnState};

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Something stops it.
    Held,
    /// Taken in; no location works on it, for want of stock or of a plan.
    Captured,
    /// Stock of a location is bound to it.
    Allocated,
    /// Its location has the work.
    Released,
    /// Being collected.
    Picking,
    /// In parcels.
    Packed,
    /// With the carrier.
    Shipped,
    /// Arrived, or settled.
    Delivered,
    /// Coming back, or back.
    Returned,
    /// Nothing of it will be delivered.
    Canceled,
}

impl Stage {
    /// The columns of the page, in the order of the way. What is held is shown above them, and
    /// what is canceled needs nobody.
    pub const COLUMNS: [Self; 8] = [
        Self::Captured,
        Self::Allocated,
        Self::Released,
        Self::Picking,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Returned,
    ];

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Held => "On hold",
            Self::Captured => "Captured",
            Self::Allocated => "Allocated",
            Self::Released => "Released",
            Self::Picking => "Picking",
            Self::Packed => "Packed",
            Self::Shipped => "Shipped",
            Self::Delivered => "Delivered",
            Self::Returned => "Returned",
            Self::Canceled => "Canceled",
        }
    }

    /// A name for addresses within the page.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Captured => "captured",
            Self::Allocated => "allocated",
            Self::Released => "released",
            Self::Picking => "picking",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
            Self::Canceled => "canceled",
        }
    }

    /// What stands where nothing is.
    pub const fn empty(self) -> &'static str {
        match self {
            Self::Held => "Nothing waits for a person.",
            Self::Captured => "None waits for stock or sourcing.",
            Self::Allocated => "None waits for release.",
            Self::Released => "None waits for picking.",
            Self::Picking => "Nobody is picking.",
            Self::Packed => "None waits for a carrier.",
            Self::Shipped => "Nothing is on the way.",
            Self::Delivered => "Nothing has arrived yet.",
            Self::Returned => "Nothing comes back.",
            Self::Canceled => "Nothing was canceled.",
        }
    }

    /// Where `order` is, with the work that serves it and what comes back.
    pub fn of(order: &Order, work: &[FulfillmentOrder], returns: &[Return]) -> Self {
        if returns.iter().any(|found| is_coming_back(found.state)) {
            return Self::Returned;
        }
        match order.life {
            OrderLife::Canceled => return Self::Canceled,
            OrderLife::Closed => return Self::Delivered,
            OrderLife::Draft | OrderLife::Open => {}
        }
        if !order.holds.is_empty() {
            return Self::Held;
        }
        let slowest = work
            .iter()
            .filter_map(|work| Self::of_work(work.state))
            .min();
        let waits = order.lines.iter().any(|line| line.open > Quantity::ZERO);
        match slowest {
            // What has not left yet is behind what has.
            Some(Self::Shipped | Self::Delivered) if waits => Self::Captured,
            Some(stage) => stage,
            None => Self::Captured,
        }
    }

    /// Where the work is; nothing where another one took its place.
    const fn of_work(state: FulfillmentState) -> Option<Self> {
        match state {
            FulfillmentState::Planned | FulfillmentState::Open => Some(Self::Allocated),
            FulfillmentState::Released | FulfillmentState::Accepted => Some(Self::Released),
            FulfillmentState::Picking
            | FulfillmentState::Picked
            | FulfillmentState::CancelRequested => Some(Self::Picking),
            FulfillmentState::Packed => Some(Self::Packed),
            FulfillmentState::Shipped => Some(Self::Shipped),
            FulfillmentState::Closed => Some(Self::Delivered),
            FulfillmentState::Rejected
            | FulfillmentState::Canceled
            | FulfillmentState::Superseded => None,
        }
    }
}

const fn is_coming_back(state: ReturnState) -> bool {
    match state {
        ReturnState::Requested
        | ReturnState::Approved
        | ReturnState::PartlyReceived
        | ReturnState::Received => true,
        ReturnState::Declined => false,
    }
}
