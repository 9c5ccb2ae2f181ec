//! Splits of cells by lot: rows that change by differences, loaded only for SKUs that have them.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::SkuId;
use crate::quantity::Quantity;
use crate::stock::{Lot, LotKey};
use crate::time::Date;

/// Differences of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotChange {
    /// Which split.
    pub key: LotKey,
    /// Difference of on hand.
    pub on_hand: Quantity,
    /// Difference of quarantined.
    pub quarantined: Quantity,
    /// Difference of picked.
    pub picked: Quantity,
    /// The date that it has from now on; `None` where it keeps its own.
    pub expires_on: Option<Date>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    loaded: Lot,
    now: Lot,
    /// The date that a movement of this batch brought.
    dated: Option<Date>,
}

/// Splits by key.
#[derive(Debug, Default)]
pub(super) struct LotTable {
    slots: BTreeMap<LotKey, Slot>,
    skus: BTreeSet<SkuId>,
    undo: Vec<(LotKey, Option<Slot>)>,
    pub(super) complete: bool,
}

impl LotTable {
    /// Whether the splits of `sku` are known.
    pub(super) fn has(&self, sku: SkuId) -> bool {
        self.complete || self.skus.contains(&sku)
    }

    /// The splits of `sku`, in the order of their keys.
    pub(super) fn of(&self, sku: SkuId) -> impl Iterator<Item = (&LotKey, Lot)> {
        (self.slots.iter())
            .filter(move |(key, _)| key.cell.sku == sku)
            .map(|(key, slot)| (key, slot.now))
    }

    pub(super) fn supply(&mut self, sku: SkuId, lots: Vec<(LotKey, Lot)>) {
        if !self.skus.insert(sku) {
            return;
        }
        for (key, lot) in lots {
            let slot = self.slots.entry(key).or_default();
            // A difference that was made before it was loaded stays on top.
            let made = slot.now;
            slot.loaded = lot;
            slot.now = Lot {
                on_hand: lot.on_hand + made.on_hand,
                quarantined: lot.quarantined + made.quarantined,
                picked: lot.picked + made.picked,
                expires_on: slot.dated.or(lot.expires_on),
            };
        }
    }

    pub(super) fn update(
        &mut self,
        key: LotKey,
        expires_on: Option<Date>,
        change: impl FnOnce(&mut Lot),
    ) {
        self.undo.push((key.clone(), self.slots.get(&key).copied()));
        let slot = self.slots.entry(key).or_default();
        change(&mut slot.now);
        if expires_on.is_some() {
            slot.now.expires_on = expires_on;
            slot.dated = expires_on;
        }
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

    /// Everything as it was loaded.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for slot in self.slots.values_mut() {
            slot.now = slot.loaded;
            slot.dated = None;
        }
    }

    /// What changed, in the order of the keys.
    pub(super) fn changes(&self) -> Vec<LotChange> {
        (self.slots.iter())
            .map(|(key, slot)| LotChange {
                key: key.clone(),
                on_hand: slot.now.on_hand - slot.loaded.on_hand,
                quarantined: slot.now.quarantined - slot.loaded.quarantined,
                picked: slot.now.picked - slot.loaded.picked,
                expires_on: slot
                    .dated
                    .filter(|date| slot.loaded.expires_on != Some(*date)),
            })
            .filter(|change| {
                let moved = [change.on_hand, change.quarantined, change.picked];
                change.expires_on.is_some() || moved.iter().any(|by| !by.is_zero())
            })
            .collect()
    }

    /// Every split of which something is left.
    pub(super) fn all(&self) -> Vec<(LotKey, Lot)> {
        (self.slots.iter())
            .filter(|(_, slot)| !slot.now.is_gone())
            .map(|(key, slot)| (key.clone(), slot.now))
            .collect()
    }
}
