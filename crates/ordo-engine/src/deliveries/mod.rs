//! Deliveries: effects on the outside, at least once each, in order per webhook and subject.
//!
//! The view consumer turns events into deliveries (as it turns them into jobs); the worker here
//! leases and sends them, each in a task of its own, so that a slow receiver delays no other.

pub mod guard;
pub mod sign;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::time::SECOND;
use ordo_store::{StoreError, Task, TaskEnd};
use tokio::task::JoinSet;

pub(crate) use webhook::{of_entries, replay};

use crate::engine::Shared;
use crate::metrics::Metrics;

/// The kinds of task that the worker here does.
pub const KINDS: &[&str] = &[webhook::KIND];

/// Pause between looks at what is due.
const TICK: Duration = Duration::from_millis(200);
/// Deliveries under way at once.
const UNDER_WAY_MAX: usize = 64;
/// Longer than a delivery may take.
const LEASE: Duration = Duration::from_secs(60);
/// Seconds until the next try, after the first, second … failure; after the last, a person must look.
/// The schedule that Standard Webhooks recommends.
const RETRY_AFTER_S: [i64; 8] = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Runs until the engine stops; what is under way then is finished.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let sender = match webhook::Sender::new(shared.outside) {
        Ok(sender) => Arc::new(sender),
        Err(error) => {
            tracing::error!(error, "webhooks cannot be sent");
            return;
        }
    };
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stopped() => break,
            _ = tick.tick() => {}
            Some(_) = under_way.join_next() => {}
        }
        // Whatever has ended makes room.
        while under_way.try_join_next().is_some() {}
        let room = UNDER_WAY_MAX - under_way.len();
        if room == 0 {
            continue;
        }
        let now = shared.clock.now();
        match shared.backend.lease_tasks(KINDS, now, LEASE, room).await {
            Ok(tasks) => {
                for task in tasks {
                    let (shared, sender) = (Arc::clone(&shared), Arc::clone(&sender));
                    under_way.spawn(async move { deliver(&shared, &sender, task).await });
                }
            }
            Err(error) => tracing::warn!(error = %error, "deliveries could not be leased"),
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn deliver(shared: &Shared, sender: &webhook::Sender, task: Task) {
    let end = match sender.send(shared, &task).await {
        Ok(webhook::Sent::Taken) => TaskEnd::Done,
        Ok(webhook::Sent::NotWanted) => TaskEnd::Gone,
        Ok(webhook::Sent::Failed(error)) => again(shared, &task, error),
        Err(error) => again(shared, &task, error.to_string()),
    };
    Metrics::add(
        match end {
            TaskEnd::Done | TaskEnd::Gone | TaskEnd::Next { .. } => &shared.metrics.delivered,
            TaskEnd::Again { .. } | TaskEnd::Parked { .. } => &shared.metrics.delivery_failures,
        },
        1,
    );
    let ended: Result<bool, StoreError> = shared
        .backend
        .end_task(task.organization, task.id, task.fence, &end)
        .await;
    if let Err(error) = ended {
        // The lease runs out, and it is sent again under the same id.
        tracing::warn!(error = %error, "a delivery could not be noted as done");
    }
}

/// Again later, and later each time; in the end a person must look.
fn again(shared: &Shared, task: &Task, error: String) -> TaskEnd {
    let tried = usize::try_from(task.attempts - 1).unwrap_or(0);
    match RETRY_AFTER_S.get(tried) {
        None => TaskEnd::Parked { error },
        Some(seconds) => TaskEnd::Again {
            due_at: shared.clock.now().plus_micros(seconds * SECOND),
            error,
        },
    }
}
