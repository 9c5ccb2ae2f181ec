//! Deliveries: effects on the outside, at least once each, in order per webhook and subject.
//!
//! The view consumer turns events into deliveries (as it turns them into jobs); the worker here
//! leases and sends them, many at once, so that a slow receiver delays no other.

pub mod guard;
mod post;
pub mod sign;
mod webhook;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use ordo_domain::time::SECOND;
use ordo_store::{StoreError, Task, TaskEnd};

pub(crate) use post::{Http, Nowhere};
pub use post::{Message, Post};
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
const LEASE: Duration = Duration::from_secs(20);
/// Seconds until the next try, after the first, second … failure; after the last, a person must look.
/// The schedule that Standard Webhooks recommends.
const RETRY_AFTER_S: [i64; 8] = [5, 30, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Runs until the engine stops; what is under way then is finished.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut under_way = FuturesUnordered::new();
    while !shared.is_stopping() {
        let now = shared.clock.now();
        let room = UNDER_WAY_MAX - under_way.len();
        let leased = shared.backend.lease_tasks(KINDS, now, LEASE, room);
        match beside(&mut under_way, leased).await {
            Ok(tasks) => {
                under_way.extend(tasks.into_iter().map(|task| deliver(&shared, task)));
            }
            Err(error) => tracing::warn!(error = %error, "deliveries could not be leased"),
        }
        // Whatever has ended makes room, and lets the next of its queue follow.
        let pause = pin!(shared.pause(TICK));
        if under_way.is_empty() {
            pause.await;
        } else {
            select(pause, under_way.next()).await;
            while under_way.next().now_or_never().flatten().is_some() {}
        }
        while under_way.len() == UNDER_WAY_MAX {
            under_way.next().await;
        }
    }
    while under_way.next().await.is_some() {}
}

/// What `waited` comes to, while what is under way goes on. Deliveries advance only where they are
/// polled, and one that stands still may hold the very connection that is waited for.
async fn beside<T>(
    under_way: &mut FuturesUnordered<impl Future<Output = ()>>,
    waited: impl Future<Output = T>,
) -> T {
    let mut waited = pin!(waited);
    while !under_way.is_empty() {
        match select(waited.as_mut(), under_way.next()).await {
            Either::Left((done, _)) => return done,
            Either::Right(_) => {}
        }
    }
    waited.await
}

async fn deliver(shared: &Shared, task: Task) {
    let end = match webhook::send(shared, &task).await {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Goal: leasing more never waits for deliveries that wait for it. Method: both need the only
    /// connection there is, and a delivery needs it twice.
    #[tokio::test]
    async fn deliveries_go_on_while_more_are_leased() {
        let connection = tokio::sync::Semaphore::new(1);
        let mut under_way = FuturesUnordered::new();
        for _ in 0..3 {
            under_way.push(async {
                for _ in 0..2 {
                    let _leased = connection.acquire().await;
                    tokio::task::yield_now().await;
                }
            });
        }
        // Some are on their way when more are to be leased.
        let _ = under_way.next().now_or_never();
        let leased = beside(&mut under_way, connection.acquire());
        let leased = tokio::time::timeout(Duration::from_secs(5), leased).await;
        assert!(leased.is_ok(), "it waits for ever");
    }
}
