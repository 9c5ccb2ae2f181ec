//! One story: a folder from its first start over trade, an erasure, a scrub, a backup and a new start
//! to its end, as the disk saw it, with what was acknowledged at which point.

use std::sync::Mutex;

use ordo_disk::{Dice, Disk, Image, Lie, Model, Op};
use ordo_domain::id::OrganizationId;
use ordo_store::{LogEntry, Store};
use ordo_store_sqlite::{DATABASE_FILE, SqliteStore};

use crate::audit::{self, Expected};
use crate::trade::{Beside, Entry, FORGETTABLE, OPTIONS, Trade, forget, key, open_shop};

/// Clients that ask at the same time.
const CLIENTS: u64 = 4;
/// Requests of each client in each chapter.
const REQUESTS: u64 = 12;
/// The name of the backup, and its name until it is whole.
const BACKUP: &str = "copy.db";
const PARTIAL_BACKUP: &str = "copy.db.partial";

/// What happened.
pub struct Story {
    /// The folder before it.
    pub start: Model,
    /// What the disk saw.
    pub ops: Vec<Op>,
    organization: OrganizationId,
    /// When the shop was there.
    founded: usize,
    /// When a person had been forgotten and the folder was scrubbed.
    scrubbed: usize,
    /// When a backup was asked for, and when it was there.
    backed_up: (usize, usize),
    ledger: Vec<Entry>,
    log: Vec<LogEntry>,
}

impl Story {
    /// Tells one.
    pub async fn record(seed: u64, lie: Option<Lie>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::watch(folder.path()).unwrap();
        if let Some(lie) = lie {
            disk.lie(lie);
        }
        let ledger = Mutex::new(Vec::new());
        let mut dice = Dice::new(seed);
        let store = SqliteStore::open(folder.path(), OPTIONS).unwrap();
        let (organization, person) = open_shop(&store).await;
        let founded = disk.now();
        let trade = Trade::over(store, organization, Beside::Everything);
        let mut chapter = || dice.roll();
        trade
            .busy(&disk, chapter(), CLIENTS, REQUESTS, &ledger)
            .await;
        let scrub = async {
            let erased = trade.ask(&disk, forget(&person), key("erase")).await;
            ledger.lock().unwrap().push(erased);
            trade.store.scrub().await.unwrap();
            disk.now()
        };
        let (scrubbed, ()) = tokio::join!(
            scrub,
            trade.busy(&disk, chapter(), CLIENTS, REQUESTS, &ledger)
        );
        let back_up = async {
            let asked = disk.now();
            let path = folder.path().join(BACKUP);
            trade.store.backup_to(&path).await.unwrap();
            (asked, disk.now())
        };
        let (backed_up, ()) = tokio::join!(
            back_up,
            trade.busy(&disk, chapter(), CLIENTS, REQUESTS, &ledger)
        );
        trade.close().await;
        let store = SqliteStore::open(folder.path(), OPTIONS).unwrap();
        let trade = Trade::over(store, organization, Beside::Everything);
        trade
            .busy(&disk, chapter(), CLIENTS, REQUESTS, &ledger)
            .await;
        let log = trade.log().await.unwrap();
        trade.close().await;
        let (start, ops) = disk.recorded();
        Self {
            start,
            ops,
            organization,
            founded,
            scrubbed,
            backed_up,
            ledger: ledger.into_inner().unwrap(),
            log,
        }
    }

    /// How much was acknowledged.
    pub fn acknowledged(&self) -> u64 {
        let acknowledged = |entry: &&Entry| entry.acknowledged().is_some();
        self.ledger.iter().filter(acknowledged).count() as u64
    }

    /// `count` points: before and after syncs, and anywhere between.
    pub fn points(&self, count: u64, dice: &mut Dice) -> Vec<usize> {
        let syncs: Vec<usize> = (self.ops.iter().enumerate())
            .filter(|(_, op)| matches!(op, Op::Sync { .. } | Op::Delete { .. }))
            .map(|(at, _)| at)
            .collect();
        let all = self.ops.len() as u64;
        (0..count)
            .map(|n| match n % 4 {
                0 if !syncs.is_empty() => syncs[dice.below(syncs.len() as u64) as usize],
                1 if !syncs.is_empty() => syncs[dice.below(syncs.len() as u64) as usize] + 1,
                // The first start is short, and much happens in it.
                2 if dice.chance(25) => dice.below(self.founded as u64) as usize,
                _ => dice.below(all + 1) as usize,
            })
            .collect()
    }

    /// What must be there when the power goes at `point`.
    pub fn expected(&self, point: usize) -> Expected<'_> {
        let acknowledged = |entry: &&Entry| entry.at <= point && entry.acknowledged().is_some();
        Expected {
            organization: (self.founded <= point).then_some(self.organization),
            entries: self.ledger.iter().filter(acknowledged).collect(),
            log: &self.log,
        }
    }

    /// What was answered last before `point`, and what came after it, which may have been under way.
    pub fn under_way(&self, point: usize) -> Vec<&Entry> {
        let (before, after): (Vec<&Entry>, Vec<&Entry>) =
            self.ledger.iter().partition(|entry| entry.at <= point);
        let last = before.into_iter().rev().take(2);
        last.chain(after.into_iter().take(CLIENTS as usize))
            .collect()
    }

    /// Looks at files beside the database: no word of the person who was forgotten, and a backup that
    /// is whole once it was said to be there.
    pub async fn look_at_files(&self, image: &Image, point: usize) -> Vec<String> {
        let mut problems = Vec::new();
        if point >= self.scrubbed {
            for (name, bytes) in &image.0 {
                let word = FORGETTABLE.as_bytes();
                let is_there = bytes.windows(word.len()).any(|window| window == word);
                if is_there && name.starts_with(DATABASE_FILE) {
                    problems.push(format!("{name} tells of a person who was forgotten"));
                }
            }
        }
        if point >= self.backed_up.1 {
            let place = tempfile::tempdir().unwrap();
            let Some(bytes) = image.0.get(PARTIAL_BACKUP) else {
                problems.push("the backup is gone".to_owned());
                return problems;
            };
            std::fs::write(place.path().join(DATABASE_FILE), bytes).unwrap();
            let expected = self.expected(self.backed_up.0);
            let found = audit::audit(place.path(), &expected).await;
            problems.extend(
                found
                    .into_iter()
                    .map(|found| format!("the backup: {found}")),
            );
        }
        problems
    }
}
