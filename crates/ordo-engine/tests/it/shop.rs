//! A small company over a store in memory, driven through `run_batch` without any runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use futures_util::FutureExt;
use ordo_domain::id::{CommandId, OrganizationId};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row, World};
use ordo_domain::{AnswerSubject, Applied, Command, Event, Rejection};
use ordo_engine::{Admitted, BatchEnv, Caches, Clock, Idempotency, Metrics, Reply, run_batch};
use ordo_store::contract::fixture;
use ordo_store::faulty::FaultyStore;
use ordo_store::{AnswerKey, MemoryStore, Store};

/// A clock that only goes on when it is asked, and ids that count.
#[derive(Default)]
pub struct TestClock {
    now: AtomicI64,
    ids: AtomicU64,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_793_527_200_000_000 + self.now.fetch_add(1, Relaxed))
    }

    fn fresh(&self) -> u128 {
        u128::from(self.ids.fetch_add(1, Relaxed) + 1) << 64
    }
}

/// One organization over a store whose calls can be made to fail.
pub struct Shop {
    pub store: FaultyStore<MemoryStore>,
    pub organization: OrganizationId,
    pub metrics: Metrics,
    clock: TestClock,
    caches: Caches,
}

impl Shop {
    /// A channel, two locations, and `units` of SKU A at the first.
    pub fn open(units: i64) -> Self {
        let shop = Self {
            store: FaultyStore::new(Arc::new(MemoryStore::default())),
            organization: OrganizationId::from_u128(1),
            metrics: Metrics::default(),
            clock: TestClock::default(),
            caches: Caches::default(),
        };
        let set_up = [
            fixture::channel("web"),
            fixture::location("BER", "10115"),
            fixture::location("HAM", "20095"),
            fixture::sku("A"),
            fixture::receive("A", "BER", units),
        ];
        for command in set_up {
            let reply = shop.run(vec![shop.admit(command, None)]);
            assert!(reply[0].status < 300, "{reply:?}");
        }
        shop
    }

    /// Lets a command in.
    pub fn admit(&self, command: Command, key: Option<u8>) -> Admitted {
        Admitted {
            command,
            id: CommandId::from_u128(self.clock.fresh()),
            at: self.clock.now(),
            actor: Arc::from("test"),
            idempotency: key.map(|key| Idempotency {
                key: AnswerKey([key; 16]),
                request_hash: [1; 16],
            }),
            expects: None,
            render,
        }
    }

    /// Runs a batch. The store in memory never waits, so the future is ready at once, turns of a
    /// delay apart.
    pub fn run(&self, commands: Vec<Admitted>) -> Vec<Reply> {
        let env = BatchEnv {
            store: &self.store,
            clock: &self.clock,
            caches: &self.caches,
            metrics: &self.metrics,
        };
        let mut running = Box::pin(run_batch(env, self.organization, &commands));
        for _ in 0..10_000 {
            if let Some(replies) = (&mut running).now_or_never() {
                return replies;
            }
        }
        panic!("a batch never ends");
    }

    /// The rows under `keys`.
    pub fn load(&self, keys: &[Key]) -> Vec<Row> {
        self.store
            .load(self.organization, keys)
            .now_or_never()
            .unwrap()
            .unwrap()
    }

    /// Everything that has happened, in order.
    pub fn log(&self) -> Vec<Event> {
        let log = (self.store.read_log(self.organization, 0, usize::MAX)).now_or_never();
        let entries = log.unwrap().unwrap();
        entries.into_iter().map(|entry| entry.event).collect()
    }

    /// Allocated units of SKU A over all locations.
    pub fn allocated(&self) -> i64 {
        let found = self.load(&[Key::SkuByCode("A".to_owned())]);
        let Some(Row::SkuByCode {
            found: Some((id, _)),
            ..
        }) = found.into_iter().next()
        else {
            panic!("SKU A is gone");
        };
        let rows = self.load(&[Key::Cells(id.into())]);
        let Some(Row::Cells { cells, .. }) = rows.into_iter().next() else {
            panic!("no cells")
        };
        cells.iter().map(|(_, cell)| cell.allocated.get()).sum()
    }

    /// Replays the log: positions are dense and every record is what its events make of it.
    pub fn assert_sound(&self) {
        let log = self
            .store
            .read_log(self.organization, 0, usize::MAX)
            .now_or_never();
        let log = log.unwrap().unwrap();
        let reference = self.store.load_reference(self.organization).now_or_never();
        let mut world = World::complete(Arc::new(reference.unwrap().unwrap()));
        for (entry, position) in log.iter().zip(1..) {
            assert_eq!(entry.position, position);
            world.evolve(&entry.event, entry.effective_at);
        }
        for record in world.all_records() {
            let key = Key::Record {
                kind: record.kind,
                id: record.id,
            };
            let Some(Row::Record {
                found: Some(stored),
                ..
            }) = self.load(&[key]).pop()
            else {
                panic!("{:?} is not stored", record.kind);
            };
            assert_eq!((stored.version, stored.body), (record.version, record.body));
        }
    }
}

/// Status, and of an order its external id and what of it is allocated.
fn render(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Err(rejection) => (rejection.code.status(), rejection.code.slug().to_owned()),
        Ok(applied) => {
            let status = if applied.outcome == ordo_domain::Outcome::Created {
                201
            } else {
                200
            };
            let body = match &applied.subject {
                AnswerSubject::Order { order, .. } => {
                    let allocated: i64 = order.lines.iter().map(|line| line.allocated.get()).sum();
                    format!(
                        "{{\"number\":null,\"id\":\"{}\",\"allocated\":{allocated}}}",
                        order.id
                    )
                }
                AnswerSubject::Nothing
                | AnswerSubject::Work { .. }
                | AnswerSubject::Shipment { .. }
                | AnswerSubject::Return { .. }
                | AnswerSubject::Record { .. }
                | AnswerSubject::Erased(_)
                | AnswerSubject::Cell { .. } => String::new(),
            };
            (status, body)
        }
    }
}
