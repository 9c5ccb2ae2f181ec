//! A shop that trades in this process: the real engine over the real store, with a ledger of what was
//! answered, and at which point of the record of the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ordo_disk::{Dice, Disk};
use ordo_domain::erase::{ErasePerson, ErasedCounts};
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::order::{CancelOrder, Order};
use ordo_domain::reference::Reference;
use ordo_domain::{Actor, Applied, Command, Rejection};
use ordo_engine::{Engine, EngineConfig, Idempotency, Lane, Request, SystemClock};
use ordo_store::contract::fixture::{Shop, adjust, capture, cause, order, receive, reserve};
use ordo_store::{AnswerKey, LogEntry, Store, StoreError};
use ordo_store_sqlite::{Options, SqliteStore};

/// A small WAL, so that it is copied and begun anew all the time.
pub const OPTIONS: Options = Options {
    readers: 2,
    writer_cache_kib: 4 * 1_024,
    reader_cache_kib: 1_024,
    wal_kib: 2 * 1_024,
};

/// Longer than any answer may take, also from a disk that fails.
const HANGS_AFTER: Duration = Duration::from_secs(20);

/// One request, and what became of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was asked for.
    pub command: Command,
    /// The key under which it is done once.
    pub idempotency: Idempotency,
    /// What was answered; none where nothing was in time.
    pub answer: Option<Answer>,
    /// The point of the record after which it was answered.
    pub at: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// The log's position up to which it wrote; 0 where it wrote nothing.
    pub position: i64,
    /// Whether it had been given before.
    pub replayed: bool,
}

impl Entry {
    /// The answer, where it counts: a failure of the server promises nothing.
    #[must_use]
    pub fn acknowledged(&self) -> Option<&Answer> {
        self.answer.as_ref().filter(|answer| answer.status < 429)
    }
}

/// What runs beside the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// View, timers and jobs, as when serving.
    Everything,
    /// Nothing, so that only commands write.
    Nothing,
}

/// An engine over a folder.
pub struct Trade {
    /// The store itself, for what no engine asks of it.
    pub store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    /// Whose shop it is.
    pub organization: OrganizationId,
}

impl Trade {
    /// Trades over a store in which the shop is there already.
    #[must_use]
    pub fn over(store: SqliteStore, organization: OrganizationId, beside: Beside) -> Self {
        let store = Arc::new(store);
        let runs = beside == Beside::Everything;
        let config = EngineConfig {
            runs_view: runs,
            runs_timers: runs,
            runs_jobs: runs,
            runs_deliveries: false,
            ..EngineConfig::default()
        };
        let backend = Arc::clone(&store);
        Self {
            engine: Engine::start(backend, Arc::new(SystemClock), config),
            store,
            organization,
        }
    }

    /// Asks once, and waits for the answer no longer than anybody should.
    pub async fn ask(&self, disk: &Disk, command: Command, idempotency: Idempotency) -> Entry {
        let request = Request {
            command: command.clone(),
            actor: Actor::System,
            lane: Lane::People,
            idempotency: Some(idempotency),
            expects: None,
            size: 500,
            render,
        };
        let reply =
            tokio::time::timeout(HANGS_AFTER, self.engine.submit(self.organization, request)).await;
        let answer = reply.ok().map(|reply| match reply {
            Ok(reply) => Answer {
                status: reply.status,
                body: reply.body(),
                order: reply.order,
                position: reply.position,
                replayed: reply.replayed,
            },
            Err(overloaded) => Answer {
                status: 429,
                body: overloaded.to_string(),
                order: None,
                position: 0,
                replayed: false,
            },
        });
        Entry {
            command,
            idempotency,
            answer,
            at: disk.now(),
        }
    }

    /// `clients` send `count` requests each, one after another: orders, receipts, corrections,
    /// reservations, cancels of their own orders, and now and then the same once more.
    pub async fn busy(
        &self,
        disk: &Disk,
        seed: u64,
        clients: u64,
        count: u64,
        ledger: &Mutex<Vec<Entry>>,
    ) {
        let client = |number: u64| async move {
            let mut dice = Dice::new(seed ^ (number << 32));
            let mut own: Vec<Entry> = Vec::new();
            for n in 0..count {
                let name = format!("{seed:x}-{number}-{n}");
                let known = own
                    .iter()
                    .rev()
                    .find_map(|entry| entry.acknowledged()?.order);
                let repeated = own.last().filter(|_| dice.chance(5)).cloned();
                let entry = match repeated {
                    Some(last) => self.ask(disk, last.command, last.idempotency).await,
                    None => {
                        let command = request(&name, known, &mut dice);
                        self.ask(disk, command, key(&name)).await
                    }
                };
                ledger
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(entry.clone());
                own.push(entry);
            }
        };
        let mut all = Vec::new();
        for number in 0..clients {
            all.push(client(number));
        }
        join(all).await;
    }

    /// Everything that the log says.
    ///
    /// # Errors
    /// The store fails.
    pub async fn log(&self) -> Result<Vec<LogEntry>, StoreError> {
        read_log(&*self.store, self.organization).await
    }

    /// Finishes what is under way, and closes the store.
    pub async fn close(self) {
        self.engine.shutdown().await;
        drop(self.engine);
        let mut store = self.store;
        // Whoever answered last may still hold it for a moment.
        loop {
            match Arc::try_unwrap(store) {
                Ok(store) => return drop(store),
                Err(shared) => store = shared,
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Waits for all of them, in one task.
async fn join(futures: Vec<impl Future<Output = ()>>) {
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        pinned.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if pinned.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// What stands in the contact of the order that [`open_shop`] makes, and nowhere else.
pub const FORGETTABLE: &str = "Buyer of forgettable";

/// Makes the shop, well stocked, with one order by a person who wants to be forgotten; answers whose
/// it is, and that order.
pub async fn open_shop(store: &SqliteStore) -> (OrganizationId, Arc<Order>) {
    let mut shop = Shop::open(store, 1).await;
    for sku in ["A", "B", "C"] {
        shop.give(receive(sku, "BER", 500)).await;
    }
    let given = shop.give(capture(&order("forgettable", &[("A", 1)]))).await;
    (shop.organization, given.order())
}

/// Forgets who placed an order.
#[must_use]
pub fn forget(order: &Order) -> Command {
    Command::ErasePerson(Box::new(ErasePerson {
        contacts: order.contacts().collect(),
        terms: Vec::new(),
        counts: ErasedCounts::default(),
    }))
}

/// Reads a log to its end.
///
/// # Errors
/// The store fails.
pub async fn read_log(
    store: &dyn Store,
    organization: OrganizationId,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut log = Vec::new();
    loop {
        let page = store
            .read_log(organization, log.len() as i64, 10_000)
            .await?;
        if page.is_empty() {
            return Ok(log);
        }
        log.extend(page);
    }
}

/// The key of a request with this name.
#[must_use]
pub fn key(name: &str) -> Idempotency {
    let mut bits = [Dice::new(0x6f72_646f), Dice::new(0x6469_736b)].map(|mut dice| {
        let mixed = name.bytes().fold(dice.roll(), |sum, byte| {
            Dice::new(sum ^ u64::from(byte)).roll()
        });
        mixed.to_be_bytes()
    });
    let key: [u8; 16] = std::array::from_fn(|n| bits[n / 8][n % 8]);
    bits.reverse();
    Idempotency {
        key: AnswerKey(key),
        request_hash: std::array::from_fn(|n| bits[n / 8][n % 8]),
    }
}

fn request(name: &str, known: Option<OrderId>, dice: &mut Dice) -> Command {
    let sku = ["A", "B", "C"][dice.below(3) as usize];
    let units = 1 + dice.below(3) as i64;
    match (dice.below(20), known) {
        (0..=2, _) => receive(sku, "MUC", units * 3),
        (3, _) => adjust(sku, "BER", -units),
        (4..=5, _) => reserve(sku, units, 600),
        (6..=8, Some(order)) => Command::CancelOrder(CancelOrder {
            order,
            lines: Vec::new(),
            cause: cause(),
        }),
        _ => capture(&order(name, &[(sku, units), ("B", 1)])),
    }
}

fn render(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Ok(applied) => (200, applied.outcome.name().to_owned()),
        Err(rejection) => (rejection.code.status(), format!("{:?}", rejection.code)),
    }
}
