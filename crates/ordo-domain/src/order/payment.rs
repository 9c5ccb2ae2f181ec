//! What is known about an order's money: facts that payment systems and channels report.
//!
//! Invariant: refunded + charged back ≤ captured.

use serde::{Deserialize, Serialize};

use crate::id::{DocumentId, PaymentId};
use crate::money::Minor;
use crate::order::Order;
use crate::time::Timestamp;

/// What happened to money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A card was authorized.
    Authorize,
    /// The money was taken.
    Capture,
    /// An authorization was given up.
    Void,
    /// Money was paid back.
    Refund,
    /// The buyer's bank took money back.
    Chargeback,
    /// The bank gave it again.
    ChargebackReversal,
    /// A provider kept a fee.
    Fee,
    /// A provider or marketplace paid out.
    Payout,
    /// A carrier collected cash.
    CodCollected,
    /// A carrier handed collected cash over.
    CodRemitted,
}

/// One fact about an order's money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyEntry {
    /// Its id.
    pub id: PaymentId,
    /// What happened.
    pub kind: EntryKind,
    /// How much, in the order's currency; positive.
    pub amount: Minor,
    /// When.
    pub at: Timestamp,
    /// What was paid with: a method's name or the last four digits, never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Who took the money, where not the merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_by: Option<String>,
    /// The provider's settlement that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<String>,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The documents that it pays, where it is on account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied_to: Vec<(DocumentId, Minor)>,
}

impl Order {
    /// The sum of entries of `kind`.
    #[must_use]
    pub fn money_of(&self, kind: EntryKind) -> Minor {
        self.money
            .iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.amount)
            .sum()
    }

    /// What was taken from the buyer so far, before refunds.
    #[must_use]
    pub fn captured(&self) -> Minor {
        self.money_of(EntryKind::Capture) + self.money_of(EntryKind::CodCollected)
    }

    /// What went back to the buyer so far.
    #[must_use]
    pub fn paid_back(&self) -> Minor {
        self.money_of(EntryKind::Refund) + self.money_of(EntryKind::Chargeback)
            - self.money_of(EntryKind::ChargebackReversal)
    }
}
