//! What the clock causes: reservations whose time has run out, and old answers to be dropped.
//!
//! Each due row becomes a command whose Context time is the due time and whose id derives from the
//! row, so that two nodes doing the same make one event.

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::CommandId;
use ordo_domain::reference::Reference;
use ordo_domain::stock::ExpireReservation;
use ordo_domain::time::{DAY, HOUR};
use ordo_domain::{Applied, Command, Rejection};
use ordo_store::{SignalPlace, StoreError};

use crate::engine::Shared;
use crate::request::{Admitted, Lane};

/// Pause between looks at what is due.
const TICK: Duration = Duration::from_millis(250);
/// Due rows taken at once, per organization.
const PAGE: usize = 500;
/// Answers are kept for seven days.
const ANSWERS_KEPT_US: i64 = 7 * DAY;
/// Batches outlive the answers that they gave, whose position PostgreSQL tells by them.
const BATCHES_KEPT_US: i64 = 8 * DAY;
/// Signals count within 24 hours; the hour is for clocks that differ.
const SIGNALS_KEPT_US: i64 = 25 * HOUR;
/// Deliveries that arrived and days that ran in the shadow can be looked at for a week.
const TASKS_KEPT_US: i64 = 7 * DAY;
/// Looks between two clean-ups: a minute.
const CLEAN_EVERY: u32 = 240;
/// Rows that are dropped at once.
const CLEAN_ROWS: usize = 10_000;
/// Signals that are looked at together, which on SQLite keeps a commit waiting.
const SIGNAL_PIECE: usize = 2_000;
/// Pieces of signals per clean-up: ten thousand a minute, more than come in in the long run.
const SIGNAL_PIECES: usize = 5;

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut looks = 0_u32;
    let mut signals_from = None;
    while shared.pause(TICK).await {
        if let Err(error) = expire(&shared).await {
            tracing::warn!(error = %error, "due reservations could not be ended");
        }
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(CLEAN_EVERY)
            && let Err(error) = clean(&shared, &mut signals_from).await
        {
            tracing::warn!(error = %error, "old rows could not be dropped");
        }
    }
}

/// Drops what nobody asks for any more, a bounded piece of each kind.
async fn clean(shared: &Shared, signals_from: &mut Option<SignalPlace>) -> Result<(), StoreError> {
    let backend = &shared.backend;
    let before = |age_us: i64| shared.clock.now().plus_micros(-age_us);
    backend
        .drop_answers(before(ANSWERS_KEPT_US), CLEAN_ROWS)
        .await?;
    backend
        .drop_batches(before(BATCHES_KEPT_US), CLEAN_ROWS)
        .await?;
    backend
        .drop_tasks(before(TASKS_KEPT_US), CLEAN_ROWS)
        .await?;
    for _ in 0..SIGNAL_PIECES {
        *signals_from = backend
            .drop_signals(before(SIGNALS_KEPT_US), *signals_from, SIGNAL_PIECE)
            .await?;
        if signals_from.is_none() {
            break;
        }
    }
    Ok(())
}

async fn expire(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let now = shared.clock.now();
    for (organization, _) in shared.backend.organizations().await? {
        let due = shared
            .backend
            .due_reservations(organization, now, PAGE)
            .await?;
        let commands = due.into_iter().map(|(reservation, at)| Admitted {
            command: Command::ExpireReservation(ExpireReservation { reservation }),
            id: CommandId::from_u128(reservation.to_u128() ^ 1),
            at,
            actor: Arc::from("system"),
            idempotency: None,
            expects: None,
            render: unseen,
        });
        let answers = commands.map(|command| {
            shared
                .dispatcher
                .submit(shared, organization, command, Lane::People, 0)
        });
        // An overloaded queue is no reason to stop: the rows stay due.
        futures_util::future::join_all(answers).await;
    }
    Ok(())
}

/// Nobody reads the answer to a timer.
fn unseen(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    (if result.is_ok() { 200 } else { 409 }, String::new())
}
