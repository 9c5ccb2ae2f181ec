//! The rows in memory: per organization, and the few that all organizations share.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::event::SubjectRef;
use ordo_domain::id::{
    ApiKeyId, BatchId, ContactId, DecisionId, OrderId, OrganizationId, ReservationId, WhatIfId,
};
use ordo_domain::record::RecordKind;
use ordo_domain::signal::{Signal, SignalKey};
use ordo_domain::stock::{Cell, CellKey, Lot, LotKey};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{CounterKey, StoredRecord};

use crate::agenda::{Task, WaitFor};
use crate::commit::Committed;
use crate::log::{FIRST_ORDER_NUMBER, Head, LogEntry};
use crate::port::AnswerKey;
use crate::reports::Report;

/// Everything.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) books: BTreeMap<OrganizationId, Books>,
    /// Claims that are unique over all organizations.
    pub(super) claims: BTreeMap<(ClaimKind, String), u128>,
    /// Keys by the SHA-256 of their secret.
    pub(super) secrets: BTreeMap<[u8; 32], (OrganizationId, ApiKeyId)>,
    /// Id and code of the organizations, in the order in which they were founded.
    pub(super) founded: Vec<(OrganizationId, String)>,
}

/// What one organization owns.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) head: Head,
    pub(super) records: BTreeMap<(RecordKind, u128), StoredRecord>,
    pub(super) points: Vec<String>,
    pub(super) claims: BTreeMap<(ClaimKind, String), u128>,
    pub(super) cells: BTreeMap<CellKey, Cell>,
    pub(super) lots: BTreeMap<LotKey, Lot>,
    pub(super) counters: BTreeMap<CounterKey, i64>,
    pub(super) signals: BTreeMap<SignalKey, Signal>,
    pub(super) contacts: BTreeMap<ContactId, Contact>,
    pub(super) decisions: BTreeMap<DecisionId, String>,
    pub(super) answers: BTreeMap<AnswerKey, KeptAnswer>,
    /// What became of batches, and when; `None` where it was settled that one never will be
    /// committed.
    pub(super) batches: BTreeMap<BatchId, (Timestamp, Option<Committed>)>,
    pub(super) cursors: BTreeMap<String, i64>,
    pub(super) tasks: BTreeMap<u128, Task>,
    /// Position and id of the tasks that wait, by queue.
    pub(super) queues: BTreeMap<String, BTreeSet<(i64, u128)>>,
    pub(super) reports: BTreeMap<WhatIfId, Report>,
    /// Orders that wait, by what for and their number.
    pub(super) waits: BTreeMap<(WaitFor, i64), OrderId>,
    /// Cells of which less is there than was promised.
    pub(super) short: BTreeSet<CellKey>,
    /// Ends of the reservations that are held.
    pub(super) due: BTreeSet<(Timestamp, ReservationId)>,
    pub(super) due_of: BTreeMap<ReservationId, Timestamp>,
    /// Entry n has position n + 1.
    pub(super) log: Vec<LogEntry>,
    /// Positions of the events that name a record as their subject.
    pub(super) by_subject: BTreeMap<SubjectRef, Vec<i64>>,
}

/// A stored answer; the order's number is looked up when it is asked for.
#[derive(Debug, Clone)]
pub(super) struct KeptAnswer {
    pub(super) request_hash: [u8; 16],
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) order: Option<OrderId>,
    pub(super) position: i64,
    pub(super) at: Timestamp,
}

impl Books {
    pub(super) fn record(&self, kind: RecordKind, id: u128) -> Option<&StoredRecord> {
        self.records.get(&(kind, id))
    }

    /// The number that the next order gets.
    pub(super) fn next_number(&self) -> i64 {
        (self.head.order_number + 1).max(FIRST_ORDER_NUMBER)
    }

    /// The entry at `position`, which is one of the log's.
    pub(super) fn entry(&self, position: i64) -> &LogEntry {
        let index = usize::try_from(position - 1).expect("positions start at 1");
        &self.log[index]
    }

    /// Takes note of when a reservation ends; `None` once it has ended.
    pub(super) fn set_due(&mut self, reservation: ReservationId, ends: Option<Timestamp>) {
        let before = match ends {
            Some(at) => self.due_of.insert(reservation, at),
            None => self.due_of.remove(&reservation),
        };
        if let Some(before) = before {
            self.due.remove(&(before, reservation));
        }
        if let Some(at) = ends {
            self.due.insert((at, reservation));
        }
    }
}
