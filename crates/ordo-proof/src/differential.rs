//! Goal: every store means the same. Method: the same commands, with the same ids and times and in the
//! same batches, are given to the store in memory, to SQLite and to PostgreSQL; every answer, every
//! event, every document and every cell must be equal.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use ordo_domain::id::OrganizationId;
use ordo_domain::record::RecordKind;
use ordo_domain::time::Timestamp;
use ordo_engine::{Admitted, Backend, BatchEnv, Caches, Clock, Metrics, Reply, run_batch};
use ordo_sim::dice::Dice;
use ordo_sim::trace::{Step, trace};
use ordo_store::MemoryStore;
use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_sqlite::SqliteStore;

use crate::figures::Figures;
use crate::part::{Asked, Part};

/// Traces given to all three stores.
pub const PART: Part = Part {
    name: "differential",
    what: "the same commands on memory, SQLite and PostgreSQL: equal answers, events and documents",
    unit: "traces",
    in_ci: 1_000,
    long: 10_000,
    piece: 1_000,
    run,
};

/// Orders of a trace: few, so that many setups are seen.
const ORDERS: u64 = 3;
/// Commands of a batch, at most.
const BATCH_MAX: i64 = 6;
/// Rows of a page.
const PAGE: usize = 200;

fn run(asked: &Asked) -> Figures {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(asked))
}

async fn compare(asked: &Asked) -> Figures {
    let mut figures = Figures::of(PART.name);
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path(), Default::default()).unwrap();
    let cluster = Cluster::start(Durability::Off, &[]).unwrap();
    let options = ordo_store_postgres::Options::default();
    let url = cluster.create_database("differential").await.unwrap();
    let postgres = PostgresStore::connect(&url, &options).await.unwrap();
    let stores: [(&str, Arc<dyn Backend>); 2] = [
        ("SQLite", Arc::new(sqlite)),
        ("PostgreSQL", Arc::new(postgres)),
    ];
    // Organizations of earlier traces stay, here as there.
    let memory = MemoryStore::new();
    for number in 0..asked.count {
        let steps = trace(asked.seed, number, ORDERS);
        let expected = play(&memory, &steps, asked.seed, number).await;
        figures.count(PART.unit, 1);
        figures.count("commands", steps.len() as u64);
        figures.count("events", expected.events);
        for (name, store) in &stores {
            let found = play(&**store, &steps, asked.seed, number).await;
            if let Some(difference) = expected.difference(&found) {
                figures.violation(format!("trace {number} on {name}: {difference}"));
            }
        }
    }
    figures
}

/// Everything that came of a trace, as text.
struct Played {
    told: Vec<String>,
    events: u64,
}

impl Played {
    /// The first thing that is not the same.
    fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.told.iter().zip(&other.told);
        let found = pairs.into_iter().find(|(one, other)| one != other);
        let lengths = (self.told.len(), other.told.len());
        match found {
            Some((one, other)) => Some(format!("{other}, not {one}")),
            None => (lengths.0 != lengths.1).then(|| format!("{lengths:?} lines")),
        }
    }
}

async fn play(store: &dyn Backend, steps: &[Step], seed: u64, number: u64) -> Played {
    let mut dice = Dice::new(seed ^ 0xd1ff).for_part(number);
    let clock = TraceClock::new(seed, number);
    let (caches, metrics) = (Caches::default(), Metrics::default());
    let mut told = Vec::new();
    let mut left = steps;
    while let Some(first) = left.first() {
        let organization = first.organization;
        let most = usize::try_from(dice.between(1, BATCH_MAX)).unwrap();
        let same = |step: &&Step| step.organization == organization;
        let commands: Vec<Admitted> = (left.iter().take_while(same).take(most))
            .map(|step| step.admitted.clone())
            .collect();
        left = &left[commands.len()..];
        clock
            .now
            .store(commands.last().unwrap().at.as_micros(), Relaxed);
        let env = BatchEnv {
            store,
            clock: &clock,
            caches: &caches,
            metrics: &metrics,
        };
        let replies = run_batch(env, organization, &commands).await;
        for (command, reply) in commands.iter().zip(&replies) {
            told.push(format!("{}: {}", command.command.name(), said(reply)));
        }
    }
    let mut organizations: Vec<OrganizationId> =
        steps.iter().map(|step| step.organization).collect();
    organizations.sort_unstable();
    organizations.dedup();
    let mut events = 0;
    for organization in organizations {
        let log = store
            .read_log(organization, 0, usize::MAX >> 1)
            .await
            .unwrap();
        events += log.len() as u64;
        for entry in log {
            let text = ordo_store::log::event_text(&entry.event);
            let (position, version) = (entry.position, entry.subject_version);
            let (recorded, effective) = (entry.recorded_at, entry.effective_at);
            let (command, actor) = (entry.command, entry.actor);
            told.push(format!(
                "{position} {recorded} {effective} {command} {actor} {version} {text}"
            ));
        }
        told.extend(rows(store, organization).await);
    }
    Played { told, events }
}

fn said(reply: &Reply) -> String {
    let (status, position) = (reply.status, reply.position);
    let (outcome, version, replayed) = (reply.outcome, reply.version, reply.replayed);
    let body = reply.body();
    format!("{status} {outcome:?} {version:?} {position} {replayed} {body}")
}

/// All records and cells.
async fn rows(store: &dyn Backend, organization: OrganizationId) -> Vec<String> {
    let mut told = Vec::new();
    for kind in RecordKind::ALL {
        let mut after = None;
        loop {
            let page = store.list_records(organization, *kind, after, PAGE).await;
            let page = page.unwrap();
            for (id, record) in page.items {
                let (version, number, body) = (record.version, record.number, record.body);
                told.push(format!("{kind:?} {id} {version} {number:?} {body}"));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    let mut after = None;
    loop {
        let page = store.list_stock(organization, None, after, PAGE).await;
        let page = page.unwrap();
        told.extend(page.items.iter().map(|row| format!("{row:?}")));
        match page.next {
            Some(next) => after = Some(next),
            None => return told,
        }
    }
}

/// Stands still within a batch, and makes the same ids on every store.
struct TraceClock {
    now: AtomicI64,
    ids: AtomicU64,
    trace: u128,
}

impl TraceClock {
    fn new(seed: u64, number: u64) -> Self {
        Self {
            now: AtomicI64::new(0),
            ids: AtomicU64::new(0),
            trace: u128::from(seed) << 96 | u128::from(number) << 64,
        }
    }
}

impl Clock for TraceClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Relaxed))
    }

    fn fresh(&self) -> u128 {
        self.trace + u128::from(self.ids.fetch_add(1, Relaxed)) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(lines: &[&str]) -> Played {
        Played {
            told: lines.iter().map(|line| (*line).to_owned()).collect(),
            events: 0,
        }
    }

    #[test]
    fn a_difference_is_found_wherever_it_is() {
        let expected = played(&["a", "b"]);
        assert_eq!(expected.difference(&played(&["a", "b"])), None);
        for other in [&["a", "c"][..], &["a"], &["a", "b", "c"], &[]] {
            assert!(expected.difference(&played(other)).is_some(), "{other:?}");
        }
    }
}
