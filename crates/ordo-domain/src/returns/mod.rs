//! Returns: permission and record of goods coming back, what becomes of them, and what is paid back.
//!
//! Custody and money are two things: goods may come without a refund, and a refund without goods.
//!
//! Invariant: per line, received ≤ shipped + shipped elsewhere, over all its returns.
//! Invariant: refunded + charged back ≤ captured, per order.

pub mod receive;
pub mod refund;
pub mod request;

use serde::{Deserialize, Serialize};

use crate::event::Cause;
use crate::id::{LineId, LocationId, OrderId, RefundId, ReturnId, ReturnLineId, SkuId};
use crate::money::Minor;
use crate::quantity::Quantity;
use crate::record::record;
use crate::shipment::Units;
use crate::time::Timestamp;

pub use receive::{ReceiveReturn, ReceivedDraft};
pub use refund::{RefundLineDraft, RefundOrder};
pub use request::{ApproveReturn, DeclineReturn, RequestReturn, ReturnLineDraft};

/// How far a return is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// The buyer asked.
    Requested,
    /// It may come.
    Approved,
    /// It may not.
    Declined,
    /// Some of it is here.
    PartlyReceived,
    /// All of it is here.
    Received,
}

impl ReturnState {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::PartlyReceived => "partly_received",
            Self::Received => "received",
        }
    }
}

/// What becomes of goods that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Sold again.
    Restock,
    /// Looked at later.
    Quarantine,
    /// Thrown away.
    Scrap,
}

/// One SKU and quantity of a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// Its id.
    pub id: ReturnLineId,
    /// The order line.
    pub line: LineId,
    /// The SKU, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SkuId>,
    /// How many may come.
    pub requested: Quantity,
    /// Of them, arrived.
    #[serde(default, skip_serializing_if = "Quantity::is_zero")]
    pub received: Quantity,
    /// Why.
    pub cause: Cause,
}

/// Permission and record of goods coming back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// How many events have touched it.
    pub version: u64,
    /// The order.
    pub order: OrderId,
    /// How far it is.
    pub state: ReturnState,
    /// What may come.
    pub lines: Vec<ReturnLine>,
    /// Where it is expected; it may arrive anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<LocationId>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}
record!(Return, ReturnId, Return);

impl Return {
    /// Whether units of an order line are among what may come.
    #[must_use]
    pub fn brings(&self, line: LineId) -> bool {
        self.lines.iter().any(|part| part.line == line)
    }

    /// Takes arrived units in.
    pub(crate) fn take(&mut self, received: &[ReceivedUnits]) {
        for units in received {
            if let Some(line) = self
                .lines
                .iter_mut()
                .find(|line| line.id == units.return_line)
            {
                line.received += units.quantity;
            }
        }
        let all = self
            .lines
            .iter()
            .all(|line| line.received == line.requested);
        self.state = if all {
            ReturnState::Received
        } else {
            ReturnState::PartlyReceived
        };
    }
}

/// Units that came back, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedUnits {
    /// The return's line.
    pub return_line: ReturnLineId,
    /// The order line.
    pub line: LineId,
    /// Where they arrived.
    pub location: LocationId,
    /// How many.
    pub quantity: Quantity,
    /// What becomes of them.
    pub disposition: Disposition,
    /// Which of them, where they are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Units>,
}

/// What was paid back for units of one line, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// The order line.
    pub line: LineId,
    /// How many units.
    pub quantity: Quantity,
    /// What went back for them.
    pub amount: Minor,
    /// Of it, tax.
    pub tax: Minor,
    /// The discount that these units had carried.
    pub discount: Minor,
}

/// Money that went back to the buyer, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The return that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_id: Option<ReturnId>,
    /// For which units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// Of the shipping price.
    #[serde(default, skip_serializing_if = "crate::order::is_zero")]
    pub shipping: Minor,
    /// For nothing in particular.
    #[serde(default, skip_serializing_if = "crate::order::is_zero")]
    pub goodwill: Minor,
    /// All of it.
    pub total: Minor,
    /// Why, for people and reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When.
    pub at: Timestamp,
}
