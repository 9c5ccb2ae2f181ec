//! Imports into a store of this process: commands in the bulk lane, many in flight, so that the
//! engine makes full batches.

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_domain::{Actor, Applied, Code, Command, Rejection};
use ordo_engine::{Backend, Engine, Lane, Reply, Request};

use super::done::{Done, Refused};
use crate::compose::Failure;

/// Tries of a command that lost its races or met a store that does not answer.
const TRIES_MAX: u32 = 60;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);

/// Where commands of an import go.
#[derive(Clone)]
pub struct Local {
    engine: Arc<Engine>,
    organization: OrganizationId,
}

impl Local {
    pub fn new(engine: Arc<Engine>, organization: OrganizationId) -> Self {
        Self {
            engine,
            organization,
        }
    }

    /// State and log, and whose they are.
    pub fn store(&self) -> (&dyn Backend, OrganizationId) {
        (&**self.engine.backend(), self.organization)
    }

    /// The reference as it stands.
    ///
    /// # Errors
    /// The store fails.
    pub async fn reference(&self) -> Result<Arc<Reference>, Failure> {
        Ok(self.engine.reference(self.organization).await?)
    }

    /// Finishes what is in flight.
    pub async fn close(&self) {
        self.engine.shutdown().await;
    }

    /// Gives the command that `make` makes, again as long as it is not answered for reasons that
    /// pass. `size` is in bytes.
    ///
    /// # Errors
    /// The store does not answer. Everything that was answered before is kept.
    pub async fn give(
        &self,
        size: usize,
        mut make: impl FnMut() -> Result<Command, Rejection>,
    ) -> Result<Done, Failure> {
        for _ in 0..TRIES_MAX {
            let command = match make() {
                Ok(command) => command,
                Err(rejection) => return Ok(Done::Refused(Refused::of(&rejection))),
            };
            let request = Request {
                command,
                actor: Actor::System,
                lane: Lane::Bulk,
                idempotency: None,
                expects: None,
                size,
                render,
            };
            let reply = self.engine.submit(self.organization, request).await;
            if let Some(done) = reply.ok().and_then(done) {
                return Ok(done);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Failure::Open(
            "the store does not answer; the same command goes on where this one stopped".into(),
        ))
    }
}

/// What a reply says; `None` where it says to come back later.
fn done(reply: Reply) -> Option<Done> {
    match (reply.outcome, reply.status) {
        (Some(outcome), _) => Some(Done::Took(outcome)),
        (None, 429 | 503) => None,
        (None, _) => Some(Done::Refused(
            serde_json::from_str(&reply.template).unwrap_or_else(|_| Refused {
                code: Code::Internal.slug().to_owned(),
                field: String::new(),
                reason: reply.template,
            }),
        )),
    }
}

/// Nobody reads an answer to success, so none is written.
fn render(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Ok(_) => (200, String::new()),
        Err(rejection) => {
            let refused = serde_json::to_string(&Refused::of(rejection));
            (
                rejection.code.status(),
                refused.expect("three texts have no failing serializer"),
            )
        }
    }
}
