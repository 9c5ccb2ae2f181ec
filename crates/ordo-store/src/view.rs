//! What the view consumer writes: search terms, the stock ledger's index and report rollups, with its
//! cursor.
//!
//! Terms are stored as hashes keyed with the organization, so that an erased person leaves no
//! readable trace in the index even before it is cleaned up.

use ordo_domain::id::{ChannelId, LocationId, OrderId, OrganizationId, SkuId};
use ordo_domain::money::Currency;
use ordo_domain::time::Timestamp;

use crate::agenda::{TaskDraft, Wait};
use crate::query::LedgerPlace;

/// Says that an order is found by a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Hash of the term in its normal form.
    pub hash: i64,
    /// The order.
    pub order: OrderId,
}

/// Says where the stock ledger tells of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerTerm {
    /// Where.
    pub place: LedgerPlace,
    /// What moved.
    pub sku: SkuId,
    /// Where it lay, or lies now.
    pub location: LocationId,
}

/// What a rollup sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RollupMeasure {
    /// Orders placed, with their totals.
    Placed,
    /// Orders canceled, with their totals.
    Canceled,
    /// Orders closed, with their totals.
    Closed,
}

impl RollupMeasure {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Placed => 1,
            Self::Canceled => 2,
            Self::Closed => 3,
        }
    }

    /// Every measure.
    pub const ALL: [Self; 3] = [Self::Placed, Self::Canceled, Self::Closed];

    /// The measure with this stored number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|measure| measure.number() == number)
    }
}

/// A sum to be added to, per day and channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollup {
    /// Days since 1970-01-01 (UTC) of the event.
    pub day: i32,
    /// The channel.
    pub channel: ChannelId,
    /// What it sums.
    pub measure: RollupMeasure,
    /// Of the amounts.
    pub currency: Currency,
    /// How many to add.
    pub count: i64,
    /// Minor units to add.
    pub amount: i64,
}

/// What one sum is of; sums come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    /// Days since 1970-01-01.
    pub day: i32,
    /// The channel.
    pub channel: ChannelId,
    /// What it sums.
    pub measure: RollupMeasure,
    /// Of the amounts.
    pub currency: Currency,
}

impl Rollup {
    /// What it is of.
    #[must_use]
    pub const fn key(&self) -> RollupKey {
        RollupKey {
            day: self.day,
            channel: self.channel,
            measure: self.measure,
            currency: self.currency,
        }
    }
}

/// Results of a consumer for the events after `after` up to `upto`.
#[derive(Debug, Clone)]
pub struct ViewWrite {
    /// Whose.
    pub organization: OrganizationId,
    /// The consumer's name.
    pub consumer: &'static str,
    /// Where its cursor must be.
    pub after: i64,
    /// Where its cursor will be.
    pub upto: i64,
    /// Terms to add; adding one that is there changes nothing.
    pub terms: Vec<Term>,
    /// Movements to find again; adding one that is there changes nothing.
    pub movements: Vec<LedgerTerm>,
    /// Sums to add.
    pub rollups: Vec<Rollup>,
    /// Orders that wait from now on; adding one that is there changes nothing.
    pub waits: Vec<Wait>,
    /// What is to be done because of the events.
    pub tasks: Vec<TaskDraft>,
    /// When they may be looked at: the clock.
    pub at: Timestamp,
}
