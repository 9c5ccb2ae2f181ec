//! Cells, counters and signals: rows that change by differences.

use std::collections::BTreeMap;

use crate::id::SkuId;
use crate::signal::{Signal, SignalKey};
use crate::stock::{Cell, CellKey};
use crate::time::Timestamp;

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CounterKind {
    /// Units of a SKU on backorder over all open orders.
    Backordered,
    /// Shipments of a location on a local day.
    Capacity,
    /// Works that a location accepted on a UTC day.
    Accepted,
    /// Works that it refused.
    Rejected,
    /// Its reports of units that were not there.
    Shorted,
    /// Works that it shipped.
    Shipped,
}

impl CounterKind {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Backordered => 1,
            Self::Capacity => 2,
            Self::Accepted => 3,
            Self::Rejected => 4,
            Self::Shorted => 5,
            Self::Shipped => 6,
        }
    }
}

/// Which counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    /// What it counts.
    pub kind: CounterKind,
    /// The id of what it is about.
    pub id: u128,
    /// Days since 1970-01-01, zero where it has no day.
    pub day: i32,
}

/// A cell as it was loaded and as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRow {
    /// Which cell.
    pub key: CellKey,
    /// As it stands.
    pub now: Cell,
    pub(super) loaded: Option<Cell>,
    /// Whether a promise was made on it, so that its headroom must hold at commit.
    pub(super) promised: bool,
}

/// Cells by SKU.
#[derive(Debug, Default)]
pub(super) struct CellTable {
    skus: BTreeMap<SkuId, Vec<CellRow>>,
    undo: Vec<(CellKey, Option<CellRow>)>,
    pub(super) complete: bool,
}

impl CellTable {
    pub(super) fn of(&self, sku: SkuId) -> Option<&[CellRow]> {
        match self.skus.get(&sku) {
            Some(rows) => Some(rows),
            None if self.complete => Some(&[]),
            None => None,
        }
    }

    pub(super) fn supply(&mut self, sku: SkuId, cells: Vec<(CellKey, Cell)>) {
        if self.skus.contains_key(&sku) {
            return;
        }
        let mut rows: Vec<CellRow> = cells
            .into_iter()
            .map(|(key, cell)| CellRow {
                key,
                now: cell,
                loaded: Some(cell),
                promised: false,
            })
            .collect();
        rows.sort_by_key(|row| row.key);
        self.skus.insert(sku, rows);
    }

    /// As [`Self::supply`], in place of what is there.
    pub(super) fn replace(&mut self, sku: SkuId, cells: Vec<(CellKey, Cell)>) {
        self.skus.remove(&sku);
        self.supply(sku, cells);
    }

    /// Changes a cell, making it where it is new.
    pub(super) fn update(&mut self, key: CellKey, promise: bool, change: impl FnOnce(&mut Cell)) {
        let rows = self.skus.entry(key.sku).or_default();
        let at = match rows.binary_search_by_key(&key, |row| row.key) {
            Ok(at) => {
                self.undo.push((key, Some(rows[at].clone())));
                at
            }
            Err(at) => {
                self.undo.push((key, None));
                let row = CellRow {
                    key,
                    now: Cell::default(),
                    loaded: None,
                    promised: false,
                };
                rows.insert(at, row);
                at
            }
        };
        change(&mut rows[at].now);
        rows[at].promised |= promise;
    }

    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    pub(super) fn rollback(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            let rows = self.skus.entry(key.sku).or_default();
            if let Ok(at) = rows.binary_search_by_key(&key, |row| row.key) {
                match before {
                    Some(row) => rows[at] = row,
                    None => {
                        rows.remove(at);
                    }
                }
            }
        }
    }

    /// Everything as it was loaded.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for row in self.skus.values_mut().flatten() {
            row.now = row.loaded.unwrap_or_default();
            row.promised = false;
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &CellRow> {
        self.skus.values().flatten()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct CounterSlot {
    pub(super) loaded: i64,
    pub(super) now: i64,
    /// The most that it may reach at commit.
    pub(super) limit: Option<i64>,
}

/// Counters.
#[derive(Debug, Default)]
pub(super) struct CounterTable {
    pub(super) slots: BTreeMap<CounterKey, CounterSlot>,
    undo: Vec<(CounterKey, Option<CounterSlot>)>,
    pub(super) complete: bool,
}

impl CounterTable {
    pub(super) fn get(&self, key: CounterKey) -> Option<i64> {
        match self.slots.get(&key) {
            Some(slot) => Some(slot.now),
            None if self.complete => Some(0),
            None => None,
        }
    }

    pub(super) fn supply(&mut self, key: CounterKey, value: i64) {
        self.slots.entry(key).or_insert(CounterSlot {
            loaded: value,
            now: value,
            limit: None,
        });
    }

    /// Everything as it was loaded.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for slot in self.slots.values_mut() {
            *slot = CounterSlot {
                loaded: slot.loaded,
                now: slot.loaded,
                limit: None,
            };
        }
    }

    /// Adds `by`; with `limit`, the commit fails where the sum is more.
    pub(super) fn add(&mut self, key: CounterKey, by: i64, limit: Option<i64>) {
        self.undo.push((key, self.slots.get(&key).copied()));
        let slot = self.slots.entry(key).or_insert(CounterSlot {
            loaded: 0,
            now: 0,
            limit: None,
        });
        slot.now += by;
        slot.limit = limit.or(slot.limit);
    }

    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    pub(super) fn rollback(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(slot) => self.slots.insert(key, slot),
                None => self.slots.remove(&key),
            };
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct SignalSlot {
    loaded: Signal,
    pub(super) now: Signal,
    /// Sightings that are not stored yet, and when the last was.
    pub(super) seen: i64,
    pub(super) at: Timestamp,
}

/// Signals.
#[derive(Debug, Default)]
pub(super) struct SignalTable {
    pub(super) slots: BTreeMap<SignalKey, SignalSlot>,
    undo: Vec<(SignalKey, Option<SignalSlot>)>,
    pub(super) complete: bool,
}

impl SignalTable {
    pub(super) fn get(&self, key: SignalKey) -> Option<Signal> {
        match self.slots.get(&key) {
            Some(slot) => Some(slot.now),
            None if self.complete => Some(Signal::default()),
            None => None,
        }
    }

    pub(super) fn supply(&mut self, key: SignalKey, found: Signal) {
        let at = Timestamp::default();
        let slot = SignalSlot {
            loaded: found,
            now: found,
            seen: 0,
            at,
        };
        self.slots.entry(key).or_insert(slot);
    }

    /// Everything as it was loaded.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for slot in self.slots.values_mut() {
            slot.now = slot.loaded;
            slot.seen = 0;
        }
    }

    pub(super) fn see(&mut self, key: SignalKey, at: Timestamp, basket: u64) {
        let before = self.slots.get(&key).copied();
        self.undo.push((key, before));
        let none = Signal::default();
        let slot = before.unwrap_or(SignalSlot {
            loaded: none,
            now: none,
            seen: 0,
            at,
        });
        let now = slot.now.seen(at, basket);
        let after = SignalSlot {
            now,
            seen: slot.seen + 1,
            at,
            ..slot
        };
        self.slots.insert(key, after);
    }

    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    pub(super) fn rollback(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(slot) => self.slots.insert(key, slot),
                None => self.slots.remove(&key),
            };
        }
    }
}
