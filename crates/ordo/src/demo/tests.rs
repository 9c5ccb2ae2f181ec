//! The demo company as a whole: made twice it is the same, it goes on where it was stopped, it meets
//! everything that can happen, and its books balance.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ordo_domain::id::OrganizationId;
use ordo_domain::time::{SECOND, Timestamp};
use ordo_engine::{Backend, Clock, Engine, EngineConfig};
use ordo_store::MemoryStore;
use ordo_store::log::event_text;
use ordo_store_sqlite::{Options, SqliteStore};

use super::company::{self, SetUp};
use super::desk::Desk;

/// A clock that stands still until it is told to go on, and ids that come in a row.
struct TestClock {
    now: AtomicI64,
    ids: AtomicU64,
}

impl TestClock {
    fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self {
            now: AtomicI64::new((1_790_000_000 + seconds) * SECOND),
            ids: AtomicU64::new(seconds.unsigned_abs() << 32),
        })
    }

    fn tick(&self) {
        self.now.fetch_add(SECOND, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    fn fresh(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Ordering::SeqCst)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// A company with one day of past.
async fn company(
    backend: Arc<dyn Backend>,
    clock: &Arc<TestClock>,
    config: EngineConfig,
    how: SetUp,
) -> (Arc<Engine>, OrganizationId) {
    let engine = Engine::start(backend, Arc::clone(clock) as Arc<dyn Clock>, config);
    let organization = engine.found_main().await.unwrap();
    company::set_up(&engine, organization, how).await.unwrap();
    (engine, organization)
}

/// Nothing runs beside the commands, so that the log depends on them alone.
fn alone() -> EngineConfig {
    EngineConfig {
        runs_view: false,
        runs_timers: false,
        runs_jobs: false,
        runs_deliveries: false,
        ..EngineConfig::default()
    }
}

/// Every event of a company that has worked for some steps.
async fn log_of(backend: Arc<dyn Backend>, seed: u64) -> Vec<String> {
    let clock = TestClock::at(0);
    // One after another: how commands meet in batches depends on the machine.
    let how = SetUp {
        seed,
        days: 1,
        at_once: 1,
    };
    let (engine, organization) = company(backend, &clock, alone(), how).await;
    let mut desk = Desk::open(Arc::clone(&engine), organization, seed, 1)
        .await
        .unwrap();
    for _ in 0..80 {
        clock.tick();
        desk.step().await.unwrap();
    }
    let mut texts = Vec::new();
    let mut after = 0;
    loop {
        let entries = engine.backend().read_log(organization, after, 1_000);
        let entries = entries.await.unwrap();
        let Some(last) = entries.last() else { break };
        after = last.position;
        texts.extend(
            (entries.iter())
                .map(|entry| format!("{} {}", entry.recorded_at, event_text(&entry.event))),
        );
    }
    engine.shutdown().await;
    texts
}

fn sqlite(folder: &Path) -> Arc<dyn Backend> {
    Arc::new(SqliteStore::open(folder, Options::default()).unwrap())
}

#[tokio::test]
async fn the_same_seed_makes_the_same_log_on_every_store() {
    let first = log_of(Arc::new(MemoryStore::new()), 1).await;
    assert!(first.len() > 4_000, "{}", first.len());
    let folder = tempfile::tempdir().unwrap();
    for (name, backend) in [
        ("memory", Arc::new(MemoryStore::new()) as Arc<dyn Backend>),
        ("SQLite", sqlite(folder.path())),
    ] {
        let again = log_of(backend, 1).await;
        let differs = first.iter().zip(&again).position(|(a, b)| a != b);
        if let Some(at) = differs {
            panic!("{name} at {at}: {} and {}", first[at], again[at]);
        }
        assert_eq!(first.len(), again.len(), "{name}");
    }
    assert_ne!(first, log_of(Arc::new(MemoryStore::new()), 2).await);
}

/// Goal: a visitor sees every stage and every usual trouble, and the books hold all the while.
/// Method: work for some hundred steps with everything running, stop, open the folder again, work on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_company_meets_everything_survives_a_restart_and_its_books_balance() {
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig::default();
    let how = SetUp {
        seed: 1,
        days: 2,
        at_once: 256,
    };
    let clock = TestClock::at(0);
    let (engine, organization) = company(sqlite(folder.path()), &clock, config, how).await;
    let mut desk = Desk::open(Arc::clone(&engine), organization, 1, 32)
        .await
        .unwrap();
    for _ in 0..420 {
        clock.tick();
        desk.step().await.unwrap();
    }
    drop(desk);
    let head = engine.backend().head(organization).await.unwrap();
    engine.shutdown().await;
    drop(engine);

    let clock = TestClock::at(1_000);
    let (engine, organization) = company(sqlite(folder.path()), &clock, config, how).await;
    let mut desk = Desk::open(Arc::clone(&engine), organization, 1, 32)
        .await
        .unwrap();
    assert!(desk.stories() > 20, "{}", desk.stories());
    for _ in 0..60 {
        clock.tick();
        desk.step().await.unwrap();
    }
    let after = engine.backend().head(organization).await.unwrap();
    let new = after.order_number - head.order_number;
    // One order a step, and no second company: those of the past would be two hundred.
    assert!((50..=60).contains(&new), "{new} orders came in");
    let report = ordo_engine::check(&**engine.backend(), organization, clock.now())
        .await
        .unwrap();
    assert!(report.is_ok(), "{report:?}");

    let mut names = BTreeSet::new();
    let mut position = 0;
    while position < after.position {
        let entries = engine.backend().read_log(organization, position, 2_000);
        for entry in entries.await.unwrap() {
            position = entry.position;
            names.insert(entry.event.name());
        }
    }
    engine.shutdown().await;
    for name in [
        "order.placed",
        "order.merged",
        "order.confirmed",
        "order.canceled",
        "order.closed",
        "hold.placed",
        "hold.released",
        "order.backordered",
        "order.backorder_lifted",
        "listing.created",
        "fulfillment_order.opened",
        "fulfillment_order.released",
        "fulfillment_order.accepted",
        "fulfillment_order.rejected",
        "fulfillment_order.picked",
        "fulfillment_order.shorted",
        "fulfillment_order.packed",
        "fulfillment_order.shipped",
        "parcel.tracked",
        "return.requested",
        "return.approved",
        "return.received",
        "refund.recorded",
    ] {
        assert!(names.contains(name), "{name} never happened: {names:?}");
    }
}
