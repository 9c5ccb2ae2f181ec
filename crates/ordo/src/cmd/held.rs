//! What a restored store does not send by itself.
//!
//! A backup knows which deliveries waited when it was made, not which were made since. A repeat
//! carries the same id, so a receiver that goes by ids takes it once; but a shop that is restored
//! elsewhere, for a look or a rehearsal, must not call hundreds of receivers on its own. So deliveries
//! that waited are parked until a person has them sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ordo_engine::{Clock, Engine, EngineConfig, SystemClock, deliveries};
use ordo_store::portable::{Dump, Row, Table, Value};
use ordo_store::{StoreError, TaskEnd, TaskState};

use crate::compose::{Failure, StoreArgs};

/// Why a delivery is parked.
const REASON: &str = "restored from a backup: it may have been delivered since";
/// The view takes longer only where it comes no further at all.
const VIEW_WAIT: Duration = Duration::from_secs(600);
/// Deliveries that are parked at once.
const PAGE: usize = 64;

/// Reads a backup with the deliveries that waited in it parked.
pub struct Held {
    inner: Box<dyn Dump>,
    table: Option<&'static Table>,
    held: u64,
}

impl Held {
    /// Over a backup.
    pub fn new(inner: Box<dyn Dump>) -> Self {
        Self {
            inner,
            table: None,
            held: 0,
        }
    }

    /// How many deliveries were parked so far.
    pub const fn held(&self) -> u64 {
        self.held
    }
}

#[async_trait]
impl Dump for Held {
    async fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        self.table = Some(table);
        self.inner.begin(table).await
    }

    async fn next(&mut self) -> Result<Vec<Row>, StoreError> {
        let mut rows = self.inner.next().await?;
        if let Some(table) = self.table.filter(|table| table.name == "tasks") {
            for row in &mut rows {
                self.held += u64::from(hold(table, row));
            }
        }
        Ok(rows)
    }
}

/// Parks the task of a row where it is a delivery that waits; answers whether it did.
fn hold(table: &Table, row: &mut Row) -> bool {
    let place = |name| table.column(name);
    let (Some(kind), Some(state), Some(error)) = (place("kind"), place("state"), place("error"))
    else {
        return false;
    };
    let is =
        |column: usize, text: &str| matches!(&row[column], Value::Text(found) if found == text);
    let is_delivery = deliveries::KINDS.iter().any(|known| is(kind, known));
    if !is_delivery || !is(state, TaskState::Waiting.name()) {
        return false;
    }
    row[state] = Value::Text(TaskState::Parked.name().to_owned());
    row[error] = Value::Text(REASON.to_owned());
    true
}

/// Parks the deliveries of the log's last events, of which the backup had none yet: the view, which
/// makes them, may have been a moment behind. Answers how many.
pub async fn hold_last(store: &StoreArgs) -> Result<u64, Failure> {
    let backend = store.open().await?;
    let config = EngineConfig {
        runs_view: true,
        runs_timers: false,
        runs_jobs: false,
        runs_deliveries: false,
        ..EngineConfig::default()
    };
    let clock = Arc::new(SystemClock);
    let engine = Engine::start(Arc::clone(&backend), clock, config);
    let until = Instant::now() + VIEW_WAIT;
    for (organization, _) in backend.organizations().await? {
        let end = backend.head(organization).await?.position;
        let second = Duration::from_secs(1);
        while !engine.view_caught_up(organization, end, second).await {
            if Instant::now() > until {
                let said = "the view comes no further, so deliveries could not be parked: do not \
                            serve this store, or restore it with --resume-deliveries";
                return Err(Failure::Open(said.to_owned()));
            }
        }
    }
    engine.shutdown().await;
    let mut held = 0;
    loop {
        let now = SystemClock.now();
        let lease = Duration::from_secs(60);
        let tasks = backend
            .lease_tasks(deliveries::KINDS, now, lease, PAGE)
            .await?;
        if tasks.is_empty() {
            return Ok(held);
        }
        for task in tasks {
            let end = TaskEnd::Parked {
                error: REASON.to_owned(),
            };
            let ended = backend.end_task(task.organization, task.id, task.fence, &end);
            held += u64::from(ended.await?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_deliveries_that_wait_are_held() {
        let table = Table::named("tasks").unwrap();
        let row = |kind: &str, state: &str| -> Row {
            let columns = table.columns.iter();
            columns
                .map(|(name, _)| match *name {
                    "kind" => Value::Text(kind.to_owned()),
                    "state" => Value::Text(state.to_owned()),
                    _ => Value::None,
                })
                .collect()
        };
        for (kind, state, is_held) in [
            ("webhook", "waiting", true),
            ("webhook", "done", false),
            ("webhook", "parked", false),
            ("retry_waiting", "waiting", false),
        ] {
            let before = row(kind, state);
            let mut after = before.clone();
            assert_eq!(hold(table, &mut after), is_held, "{kind} {state}");
            assert_eq!(after != before, is_held, "{kind} {state}");
        }
    }
}
