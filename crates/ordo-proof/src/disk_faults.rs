//! Goal: a disk that is full or fails loses nothing that was answered, does nothing that was refused,
//! and stops nobody for good: the server says 503 meanwhile, goes on once there is room again, or says
//! that it must be started again where a flush failed.
//! Method: a shop trades over a disk whose calls fail from some call on (`ordo-disk`): writes, syncs,
//! cuts, reads, shared memory, deletes; once, some times, or until it is healed. Then the ledger is
//! compared with the folder, as it is and as a power loss leaves it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ordo_disk::{Call, Dice, Disk, Fault, Files, Model, Sector, Times};
use ordo_store::Store;
use ordo_store::contract::fixture::{capture, order};
use ordo_store_sqlite::SqliteStore;
use ordo_store_sqlite::portable::dump;

use crate::audit::{self, Expected};
use crate::figures::Figures;
use crate::part::{Asked, Part};
use crate::small_disk;
use crate::trade::{Beside, Entry, OPTIONS, Trade, key, open_shop};

/// Disks that fill up and fail.
pub const DISK_FAULTS: Part = Part {
    name: "disk-faults",
    what: "the disk under the server over SQLite is full or fails, for a while or until it is restarted",
    unit: "faults",
    in_ci: 60,
    long: 600,
    piece: 150,
    run: fail,
};

/// Clients that ask at the same time.
const CLIENTS: u64 = 4;
/// Requests of each client before the fault, and while it lasts.
const REQUESTS: u64 = 6;
/// A disk that is well again must be noticed by then.
const GOES_ON_AFTER: Duration = Duration::from_secs(10);

/// Panics of any thread of this process.
static PANICS: AtomicU64 = AtomicU64::new(0);

fn fail(asked: &Asked) -> Figures {
    static COUNTS_PANICS: std::sync::Once = std::sync::Once::new();
    COUNTS_PANICS.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Relaxed);
            before(info);
        }));
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut figures = Figures::of(DISK_FAULTS.name);
    let mut dice = Dice::new(asked.seed);
    for n in 0..asked.count {
        let seed = dice.roll();
        let fault = fault(n, &mut dice);
        let panics = PANICS.load(Relaxed);
        let problems = runtime.block_on(suffer(seed, fault, &mut dice, &mut figures));
        for problem in problems {
            figures.violation(format!("{fault:?}, seed {seed:#x}: {problem}"));
        }
        figures.expect(PANICS.load(Relaxed) == panics, || {
            format!("{fault:?}, seed {seed:#x}: something panicked")
        });
        figures.count("faults", 1);
    }
    if asked.program.is_file() {
        small_disk::fill(&asked.program, &mut figures);
    }
    figures
}

/// The `n`th fault: all kinds come in turn.
fn fault(n: u64, dice: &mut Dice) -> Fault {
    let after = dice.below(60);
    let times = match dice.below(3) {
        0 => Times::Some(1),
        1 => Times::Some(1 + dice.below(8)),
        _ => Times::ForGood,
    };
    let files = match dice.below(3) {
        0 => Files::Any,
        1 => Files::Database,
        _ => Files::Log,
    };
    match n % 10 {
        0 | 1 => Fault::full(after, times),
        2 => Fault::failing(Call::Write, files, after, times),
        3 => Fault::failing(Call::Sync, Files::Log, after / 8, times),
        4 => Fault::failing(Call::Sync, Files::Database, after / 30, times),
        5 => Fault::failing(Call::Truncate, files, after / 30, times),
        6 => Fault::failing(Call::Share, Files::Any, after / 8, times),
        7 => Fault::failing(Call::Read, files, after, times),
        8 => Fault::short_reads(files, after, times),
        _ => Fault::failing(Call::Delete, Files::Any, 0, times),
    }
}

/// One shop whose disk fails; answers what went wrong beyond that.
async fn suffer(seed: u64, fault: Fault, dice: &mut Dice, figures: &mut Figures) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::watch(folder.path()).unwrap();
    let ledger = Mutex::new(Vec::new());
    let store = SqliteStore::open(folder.path(), OPTIONS).unwrap();
    let (organization, _) = open_shop(&store).await;
    let trade = Trade::over(store, organization, Beside::Everything);
    // Somebody who reads keeps the WAL from being copied to its end, and what is copied from being
    // flushed.
    let reader = dice.chance(50).then(|| dump(folder.path()).unwrap());
    trade.busy(&disk, seed, CLIENTS, REQUESTS, &ledger).await;
    drop(reader);

    disk.fail(fault);
    trade
        .busy(&disk, seed ^ 1, CLIENTS, REQUESTS, &ledger)
        .await;
    // The copying of the WAL and its cut are under the fault too.
    let _ = tokio::time::timeout(GOES_ON_AFTER, trade.store.scrub()).await;
    figures.count("failed calls", disk.failed());
    disk.heal();
    let mut problems = Vec::new();
    let needs_restart = match goes_on(&trade, &disk, seed).await {
        Goes::On(entry) => {
            ledger.lock().unwrap().push(*entry);
            trade
                .busy(&disk, seed ^ 2, CLIENTS, REQUESTS, &ledger)
                .await;
            false
        }
        Goes::Restart => true,
        Goes::Nowhere(problem) => {
            problems.push(problem);
            true
        }
    };
    figures.count("restarts asked for", u64::from(needs_restart));
    if needs_restart && fault.call != Call::Sync {
        problems.push("it wants to be started again although no flush failed".to_owned());
    }
    trade.close().await;
    disk.catch_up().unwrap();
    let (start, ops) = disk.recorded();
    drop(disk);
    let ledger = ledger.into_inner().unwrap();
    for entry in &ledger {
        match &entry.answer {
            None => problems.push(format!("{} was never answered", entry.command.name())),
            Some(answer) if answer.status >= 500 && answer.status != 503 => {
                problems.push(format!("{} was answered {answer:?}", entry.command.name()));
            }
            Some(_) => {}
        }
    }
    let refused = |entry: &&Entry| entry.acknowledged().is_none();
    figures.count("refused", ledger.iter().filter(refused).count() as u64);

    let mut model = start;
    for op in &ops {
        model.step(op, dice);
    }
    let model = start_on(&model, fault, dice);
    // As the next start finds it.
    let place = tempfile::tempdir().unwrap();
    model.as_seen().write(place.path()).unwrap();
    let log = match audit::read(place.path(), organization).await {
        Ok(log) => log,
        Err(error) => {
            problems.push(error);
            return problems;
        }
    };
    let is_kept = |entry: &&Entry| entry.acknowledged().is_some();
    let expected = Expected {
        organization: Some(organization),
        entries: ledger.iter().filter(is_kept).collect(),
        log: &log,
    };
    if fault.call != Call::Sync {
        // The same request may have been taken before or after.
        let taken: BTreeSet<_> = (expected.entries.iter())
            .map(|entry| entry.idempotency.key)
            .collect();
        let never = |entry: &&Entry| !taken.contains(&entry.idempotency.key);
        let refused: Vec<&Entry> = ledger.iter().filter(never).collect();
        problems.extend(audit::is_not_done(place.path(), organization, &refused).await);
    }
    problems.extend(audit::audit(place.path(), &expected).await);
    // And where the power goes before that.
    let place = tempfile::tempdir().unwrap();
    let image = model.after_power_loss(Sector::Large, dice);
    image.write(place.path()).unwrap();
    let told = |problem| format!("after a power loss: {problem}");
    problems.extend(
        audit::audit(place.path(), &expected)
            .await
            .into_iter()
            .map(told),
    );
    problems
}

/// Starts on a disk that fails from the first call on, which may go wrong and may break nothing.
fn start_on(model: &Model, fault: Fault, dice: &mut Dice) -> Model {
    let place = tempfile::tempdir().unwrap();
    model.as_seen().write(place.path()).unwrap();
    let disk = Disk::go_on(place.path(), model.clone()).unwrap();
    let after = dice.below(20);
    disk.fail(Fault { after, ..fault });
    drop(SqliteStore::open(place.path(), OPTIONS));
    let (start, ops) = disk.recorded();
    let mut model = start;
    for op in &ops {
        model.step(op, dice);
    }
    model
}

/// How trade goes on where the disk is well again.
enum Goes {
    On(Box<Entry>),
    /// The store says that it must be started again.
    Restart,
    Nowhere(String),
}

async fn goes_on(trade: &Trade, disk: &Disk, seed: u64) -> Goes {
    let until = Instant::now() + GOES_ON_AFTER;
    loop {
        let name = format!("healed-{seed:x}");
        let command = capture(&order(&name, &[("A", 1)]));
        let entry = trade.ask(disk, command, key(&name)).await;
        if entry.acknowledged().is_some() {
            return Goes::On(Box::new(entry));
        }
        let head = trade.store.head(trade.organization).await;
        if head.is_err_and(|error| error.to_string().contains("start Ordo again")) {
            return Goes::Restart;
        }
        if Instant::now() > until {
            return Goes::Nowhere(format!(
                "the disk is well, and it answers {:?}",
                entry.answer
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
