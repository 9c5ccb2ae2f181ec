//! The port: what every store can do.

use async_trait::async_trait;

use ordo_domain::contact::Contact;
use ordo_domain::id::{
    ApiKeyId, BatchId, ContactId, DecisionId, OrderId, OrganizationId, ReservationId,
};
use ordo_domain::organization::{Role, Scope};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row};

use crate::commit::{Commit, CommitError, Committed};
use crate::log::{Head, LogEntry};
use crate::view::ViewWrite;

/// The world failing: nothing that a caller could have asked differently.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No answer now; asking again may help.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What is stored cannot be read; a person must look.
    #[error("the store holds something that cannot be read: {0}")]
    Corrupt(String),
    /// This store does not offer that (the one in memory has no lists).
    #[error("this store cannot do that: {0}")]
    Unsupported(&'static str),
}

/// Names a stored answer: hash of (API key, method, path, `Idempotency-Key`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey(pub [u8; 16]);

/// An answer as it was given the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Hash of the request's body.
    pub request_hash: [u8; 16],
    /// The HTTP status.
    pub status: u16,
    /// The body, without the order's number and without any person's data.
    pub body: String,
    /// The order whose number belongs into the body.
    pub order: Option<OrderId>,
    /// Its number.
    pub number: Option<i64>,
    /// The log position after the command; filled in by the store where it wrote events.
    pub position: i64,
}

/// The key that a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// Whose it is.
    pub organization: OrganizationId,
    /// The key.
    pub key: ApiKeyId,
    /// What it may do.
    pub role: Role,
    /// What it reaches.
    pub scope: Scope,
}

/// A signal's place among all, from which a look through them goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignalPlace {
    /// Whose; what a store keeps of it.
    pub organization: u128,
    /// The stored number of its kind.
    pub kind: u8,
    /// Its hash.
    pub hash: u128,
}

/// A place for state and log.
#[async_trait]
pub trait Store: Send + Sync {
    /// One row for every key, in the order of `keys`; a key of which nothing is stored gives a row
    /// that says so. All rows were true at some moment during the call, not necessarily the same.
    async fn load(
        &self,
        organization: OrganizationId,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError>;

    /// The reference with its version, read in one piece.
    async fn load_reference(&self, organization: OrganizationId) -> Result<Reference, StoreError>;

    /// Keeps `parts` (see [`crate::points`]) as the organization's own points in place of those that
    /// it has, durably; none to go back to the compiled-in ones. Counts up the version of the
    /// reference, which they are part of, so that every node reads it anew before it decides again.
    async fn save_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError>;

    /// Writes everything or nothing, durably, before it answers.
    ///
    /// # Errors
    /// A conflict where the changes no longer hold (nothing was written); `Unknown` where nobody
    /// can tell whether it was written, to be settled by [`Store::resolve`].
    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError>;

    /// Whether the batch was committed, for good: where it was not, it never will be.
    async fn resolve(
        &self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, StoreError>;

    /// The stored answers, in the order of `keys`.
    async fn answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError>;

    /// Drops stored answers from before `until`, at most `limit`; answers how many.
    async fn drop_answers(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Forgets settled batches whose last sign of life is from before `until`, at most `limit`;
    /// answers how many. Nobody may ask for the outcome of one of them any more.
    async fn drop_batches(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Of at most `limit` signals after `from`, in the order of the store, drops those whose window
    /// began before `until`. Answers where to go on; nothing at the end.
    async fn drop_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError>;

    /// Makes sure that rows of persons which were deleted cannot be read from the store's files any
    /// more, as far as that is in its hands.
    ///
    /// # Errors
    /// It could not; asking again may help.
    async fn scrub(&self) -> Result<(), StoreError>;

    /// At most `limit` entries after position `after`, in order.
    async fn read_log(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError>;

    /// Where the organization's log ends.
    async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError>;

    /// How far a consumer has come: the position of the last event it has dealt with.
    async fn cursor(&self, organization: OrganizationId, consumer: &str)
    -> Result<i64, StoreError>;

    /// Writes a consumer's results with its new cursor, in one commit. Answers `false`, and writes
    /// nothing, where the cursor is no longer at `write.after`.
    async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError>;

    /// The contacts with these ids that are still there, in any order.
    async fn contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError>;

    /// A decision's stored text.
    async fn decision(
        &self,
        organization: OrganizationId,
        id: DecisionId,
    ) -> Result<Option<String>, StoreError>;

    /// Reservations that are held and end at or before `until`, soonest first, at most `limit`.
    async fn due_reservations(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError>;

    /// The key whose secret has this SHA-256, unless it was withdrawn.
    async fn find_key(&self, secret_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError>;

    /// All organizations, with their codes, in the order in which they were founded; at most 10,000.
    async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError>;
}
