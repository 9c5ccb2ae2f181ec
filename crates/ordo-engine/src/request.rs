//! What comes into the engine and what goes out.

use std::sync::Arc;

use ordo_domain::id::{CommandId, OrderId};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::{Actor, Applied, Command, Outcome, Rejection};
use ordo_store::AnswerKey;

/// Which queue a command waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    People,
    /// Imports and jobs.
    Bulk,
}

/// Turns what came of a command into status and body. The body of an order leaves its number
/// `null`: the number is known only after the commit, and is put in by [`Reply::body`].
pub type Render = fn(&Reference, Result<&Applied, &Rejection>) -> (u16, String);

/// Asks for the same answer to the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Hash of (API key, method, path, `Idempotency-Key`).
    pub key: AnswerKey,
    /// Hash of the body.
    pub request_hash: [u8; 16],
}

/// A command with what is needed to answer it.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is asked for.
    pub command: Command,
    /// Who asks.
    pub actor: Actor,
    /// Which queue it waits in.
    pub lane: Lane,
    /// Where the client wants the same answer to the same request.
    pub idempotency: Option<Idempotency>,
    /// The version of the record which it changes, where the client names one that it knows.
    pub expects: Option<u64>,
    /// The size of the request in bytes, for the limit of a batch.
    pub size: usize,
    /// Makes the answer.
    pub render: Render,
}

/// A request that was let in: it has a time and an id.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// What is asked for.
    pub command: Command,
    /// Its id, from which all ids of its decision derive.
    pub id: CommandId,
    /// The clock at admission.
    pub at: Timestamp,
    /// Who asks, as stored.
    pub actor: Arc<str>,
    /// Where the client wants the same answer to the same request.
    pub idempotency: Option<Idempotency>,
    /// The version of the record which it changes, where the client names one that it knows.
    pub expects: Option<u64>,
    /// Makes the answer.
    pub render: Render,
}

/// The answer to a command, durable where it says success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as rendered, order numbers left `null`.
    pub template: String,
    /// What came of it, where it was not refused or replayed.
    pub outcome: Option<Outcome>,
    /// The version of the record that the body shows, where it was not refused or replayed and the
    /// record is one that clients may name the version of.
    pub version: Option<u64>,
    /// The order that the body is about.
    pub order: Option<OrderId>,
    /// Its number.
    pub number: Option<i64>,
    /// The log position up to which this command's events reach; 0 where nothing was written.
    pub position: i64,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
}

/// What stands in a template where the number goes.
const NO_NUMBER: &str = "\"number\":null";

impl Reply {
    /// The body with the order's number in its place.
    #[must_use]
    pub fn body(&self) -> String {
        match self.number {
            Some(number) => self
                .template
                .replacen(NO_NUMBER, &format!("\"number\":{number}"), 1),
            None => self.template.clone(),
        }
    }
}
