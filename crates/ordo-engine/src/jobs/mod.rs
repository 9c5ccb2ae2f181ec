//! Jobs: wide work that a commit left behind, done in pages by commands of its own.
//!
//! The view consumer turns events into tasks (`causes`); the worker here leases and runs them. A
//! page that was interrupted is done again, which changes nothing twice: every command decides by
//! itself what there is to do.

pub(crate) mod causes;
mod cover;
mod look_again;
pub(crate) mod plans;
pub(crate) mod reading;
pub(crate) mod refusals;
mod retry;
pub(crate) mod together;

pub use together::SourcingRun;

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::{CommandId, OrganizationId};
use ordo_domain::reference::Reference;
use ordo_domain::time::SECOND;
use ordo_domain::{Applied, Command, Rejection};
use ordo_store::{StoreError, Task, TaskEnd};
use serde::{Deserialize, Serialize};

use crate::engine::Shared;
use crate::metrics::Metrics;
use crate::request::{Admitted, Lane, Reply};

/// Who asks, on the events of a job.
pub(crate) const ACTOR: &str = "job";
/// The kinds of task that are jobs.
pub const KINDS: &[&str] = &[
    RETRY_WAITING,
    SWEEP_WAITING,
    MAKE_PLAN,
    SOURCE_TOGETHER,
    CHECK_REFUSALS,
    RUN_SHADOW,
];
/// Those of them that are quick, and done in turn.
const QUICK: &[&str] = &[RETRY_WAITING, SWEEP_WAITING, CHECK_REFUSALS];
/// Looks again at the orders that wait for one thing.
pub(crate) const RETRY_WAITING: &str = "retry_waiting";
/// Looks again at all orders that wait.
pub(crate) const SWEEP_WAITING: &str = "sweep_waiting";
/// Looks at a location that has refused work.
pub(crate) const CHECK_REFUSALS: &str = "check_refusals";

/// Makes the plan of an order that is too large for the batch.
pub(crate) const MAKE_PLAN: &str = "make_plan";

/// Sources the orders of a window.
pub(crate) const SOURCE_TOGETHER: &str = "source_together";

/// Sources a day's orders by rules that do not count yet, beside those that do.
pub(crate) const RUN_SHADOW: &str = "run_shadow";

/// Pause between looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// Tasks leased at once.
const LEASED_MAX: usize = 16;
/// A page takes well under a second.
const LEASE: Duration = Duration::from_secs(20);
/// Orders of one page.
pub(crate) const PAGE: usize = 100;
/// Failures after which a person must look.
const ATTEMPTS_MAX: i64 = 12;

/// What a waiting order waits for, as a task keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RetryBody {
    /// `stock` or `code`.
    pub(crate) kind: String,
    /// The key, in hexadecimal.
    pub(crate) key: String,
    /// The number of the last order that was looked at.
    pub(crate) after: i64,
}

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut shortfalls = cover::Shortfalls::default();
    while shared.pause(TICK).await {
        while !shared.is_stopping() {
            match work(&shared).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "jobs could not be leased");
                    break;
                }
            }
        }
        if let Err(error) = shortfalls.cover(&shared).await {
            tracing::warn!(error = %error, "cells that are short could not be looked at");
        }
    }
}

/// Leases and runs what is due; answers how many tasks that were.
async fn work(shared: &Arc<Shared>) -> Result<usize, StoreError> {
    let now = shared.clock.now();
    let backend = &shared.backend;
    let tasks = backend.lease_tasks(QUICK, now, LEASE, LEASED_MAX).await?;
    for task in &tasks {
        let end = match run_page(shared, task).await {
            Ok(end) => end,
            Err(error) => failed(shared, task, &error.to_string()),
        };
        backend
            .end_task(task.organization, task.id, task.fence, &end)
            .await?;
        Metrics::add(&shared.metrics.job_pages, 1);
    }
    Ok(tasks.len())
}

async fn run_page(shared: &Arc<Shared>, task: &Task) -> Result<TaskEnd, StoreError> {
    match task.kind.as_str() {
        RETRY_WAITING => retry::page(shared, task).await,
        SWEEP_WAITING => retry::sweep(shared, task).await,
        CHECK_REFUSALS => refusals::check(shared, task).await,
        other => Err(StoreError::Corrupt(format!("no job is called {other}"))),
    }
}

/// Again later, and later each time; in the end a person must look.
pub(crate) fn failed(shared: &Shared, task: &Task, error: &str) -> TaskEnd {
    let error = error.to_owned();
    tracing::warn!(kind = task.kind, error, "a page of a job failed");
    if task.attempts >= ATTEMPTS_MAX {
        return TaskEnd::Parked { error };
    }
    let wait = SECOND << task.attempts.clamp(0, 9);
    TaskEnd::Again {
        due_at: shared.clock.now().plus_micros(wait),
        error,
    }
}

/// Gives a command of a job and waits for what comes of it.
pub(crate) async fn give(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    command: Command,
) -> Result<Reply, StoreError> {
    let admitted = Admitted {
        command,
        id: CommandId::from_u128(shared.clock.fresh()),
        at: shared.clock.now(),
        actor: Arc::from(ACTOR),
        idempotency: None,
        expects: None,
        render: unseen,
    };
    let reply = shared
        .dispatcher
        .submit(shared, organization, admitted, Lane::Bulk, 0)
        .await
        .map_err(|overloaded| StoreError::Unavailable(overloaded.to_string()))?;
    if reply.status >= 500 {
        return Err(StoreError::Unavailable(reply.template));
    }
    Ok(reply)
}

/// Nobody reads the answer to a job's command but for whether it failed.
fn unseen(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Ok(_) => (200, String::new()),
        Err(rejection) => (rejection.code.status(), rejection.detail.clone()),
    }
}
