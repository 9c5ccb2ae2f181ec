//! What a batch asks a store to write, and how that can end.

use ordo_domain::id::{BatchId, OrderId, OrganizationId};
use ordo_domain::time::Timestamp;
use ordo_domain::world::Changes;

use crate::port::{AnswerKey, StoreError};

/// The changes of one batch of one organization.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Whose.
    pub organization: OrganizationId,
    /// Unique; a second commit with the same id is refused.
    pub batch: BatchId,
    /// The latest Context time of its commands; the log's time is never before it.
    pub at: Timestamp,
    /// Rows and events.
    pub changes: Changes,
    /// Answers to keep.
    pub answers: Vec<AnswerWrite>,
}

/// An answer to keep under its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerWrite {
    /// Its name.
    pub key: AnswerKey,
    /// Hash of the request's body.
    pub request_hash: [u8; 16],
    /// The HTTP status.
    pub status: u16,
    /// The body, without the order's number.
    pub body: String,
    /// The order whose number belongs into the body.
    pub order: Option<OrderId>,
    /// How many events of the batch come up to and including those of this command; 0 for none.
    pub events_upto: usize,
}

/// What a commit was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The position of the batch's first event; the rest follow without a gap.
    pub first_position: i64,
    /// The number of the batch's first new order, in the order of its records; the rest follow.
    pub first_number: i64,
    /// The time that stands on its events.
    pub recorded_at: Timestamp,
}

/// Why a commit wrote nothing although the store works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A claim or an idempotency key was taken meanwhile.
    Claimed,
    /// A record is no longer at the version decided on.
    Stale,
    /// A cell or counter has less headroom than was promised.
    Headroom,
    /// The reference has another version.
    Reference,
    /// The database asked for another try (deadlock, serialization).
    Busy,
}

/// How a commit can fail.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written; load again and decide again.
    #[error("the changes no longer hold: {0:?}")]
    Conflict(Conflict),
    /// Nobody can tell whether it was written.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(String),
    /// Nothing was written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
