//! Tables of records and claims that know what was loaded, what changed, and how to take it back.

use std::cell::Cell as Flag;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::claim::ClaimKind;
use crate::decide::Refusal;
use crate::record::Record;
use crate::world::{Key, RecordRead, RecordWrite};

#[derive(Debug, Clone)]
struct Slot<V> {
    /// As it was loaded; `None` where nothing was there.
    base: Option<Arc<V>>,
    now: Option<Arc<V>>,
    read: Flag<bool>,
}

/// Records of one kind.
#[derive(Debug)]
pub(super) struct Table<V: Record> {
    slots: BTreeMap<V::Id, Slot<V>>,
    undo: Vec<(V::Id, Option<Slot<V>>)>,
    /// Whether what was not loaded is absent rather than a miss.
    pub(super) complete: bool,
}

impl<V: Record> Default for Table<V> {
    fn default() -> Self {
        Self {
            slots: BTreeMap::new(),
            undo: Vec::new(),
            complete: false,
        }
    }
}

impl<V: Record> Table<V> {
    pub(super) fn has(&self, id: V::Id) -> bool {
        self.complete || self.slots.contains_key(&id)
    }

    pub(super) fn get(&self, id: V::Id) -> Result<Option<&Arc<V>>, Refusal> {
        match self.slots.get(&id) {
            Some(slot) => {
                slot.read.set(true);
                Ok(slot.now.as_ref())
            }
            None if self.complete => Ok(None),
            None => Err(Refusal::Needs(vec![Key::Record {
                kind: V::KIND,
                id: id.into(),
            }])),
        }
    }

    pub(super) fn supply(
        &mut self,
        id: V::Id,
        body: Option<&str>,
    ) -> Result<(), serde_json::Error> {
        if self.slots.contains_key(&id) {
            return Ok(());
        }
        let now = match body {
            None => None,
            Some(body) => Some(Arc::new(serde_json::from_str::<V>(body)?)),
        };
        self.slots.insert(id, Slot::loaded(now));
        Ok(())
    }

    pub(super) fn supply_shared(&mut self, record: Arc<V>) {
        self.slots
            .entry(record.id())
            .or_insert_with(|| Slot::loaded(Some(record)));
    }

    /// Puts a new or replaced record in, counting the event.
    pub(super) fn put(&mut self, mut record: V) {
        record.bump();
        let id = record.id();
        self.remember(id);
        match self.slots.get_mut(&id) {
            Some(slot) => slot.now = Some(Arc::new(record)),
            None => {
                let slot = Slot {
                    base: None,
                    now: Some(Arc::new(record)),
                    read: Flag::new(false),
                };
                self.slots.insert(id, slot);
            }
        }
    }

    /// Changes a record that is there, counting the event.
    ///
    /// # Panics
    /// Where it was not loaded: decisions load what their events change.
    pub(super) fn update(&mut self, id: V::Id, change: impl FnOnce(&mut V)) {
        self.remember(id);
        let slot = self
            .slots
            .get_mut(&id)
            .expect("an event changes only what was loaded");
        let record = slot
            .now
            .as_mut()
            .expect("an event changes only what is there");
        let record = Arc::make_mut(record);
        change(record);
        record.bump();
    }

    fn remember(&mut self, id: V::Id) {
        self.undo.push((id, self.slots.get(&id).cloned()));
    }

    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    pub(super) fn rollback(&mut self) {
        while let Some((id, before)) = self.undo.pop() {
            match before {
                Some(slot) => self.slots.insert(id, slot),
                None => self.slots.remove(&id),
            };
        }
    }

    fn now(&self, id: V::Id) -> Option<&Arc<V>> {
        self.slots.get(&id).and_then(|slot| slot.now.as_ref())
    }

    /// Everything as it was loaded; what was new is known to be absent.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for slot in self.slots.values_mut() {
            slot.now.clone_from(&slot.base);
            slot.read.set(false);
        }
    }

    pub(super) fn version(&self, id: V::Id) -> u64 {
        self.now(id).map_or(0, |record| record.version())
    }

    /// The canonical JSON; empty where the record is not there.
    pub(super) fn body(&self, id: V::Id) -> String {
        self.now(id)
            .map(|record| record.to_json())
            .unwrap_or_default()
    }

    /// The records that are new, in the order of their ids, each written out as it is come to.
    pub(super) fn new_records(&self) -> impl Iterator<Item = RecordWrite> {
        (self.slots.values())
            .filter(|slot| slot.base.is_none())
            .filter_map(|slot| slot.now.as_ref())
            .map(|record| RecordWrite {
                kind: V::KIND,
                id: record.id().into(),
                loaded: 0,
                version: record.version(),
                body: record.to_json(),
                columns: record.columns(),
            })
    }

    /// Records that changed, and records that were only read, with the versions decided on.
    pub(super) fn changes(&self, writes: &mut Vec<RecordWrite>, reads: &mut Vec<RecordRead>) {
        for (id, slot) in &self.slots {
            let version = slot.now.as_ref().map_or(0, |record| record.version());
            let loaded = slot.base.as_ref().map_or(0, |record| record.version());
            if let Some(record) = &slot.now
                && version != loaded
            {
                writes.push(RecordWrite {
                    kind: V::KIND,
                    id: (*id).into(),
                    loaded,
                    version,
                    body: record.to_json(),
                    columns: record.columns(),
                });
            } else if slot.read.get() && loaded > 0 && locks_reads(V::KIND) {
                reads.push(RecordRead {
                    kind: V::KIND,
                    id: (*id).into(),
                    version: loaded,
                });
            }
        }
    }
}

/// Whether a commit must check records of this kind that a decision only read. SKUs and listings
/// may be up to a second stale by design; the reference is checked as a whole.
const fn locks_reads(kind: crate::record::RecordKind) -> bool {
    use crate::record::RecordKind as Kind;
    match kind {
        Kind::Order
        | Kind::FulfillmentOrder
        | Kind::Reservation
        | Kind::Shipment
        | Kind::Return => true,
        Kind::Organization
        | Kind::ApiKey
        | Kind::LegalEntity
        | Kind::Channel
        | Kind::Location
        | Kind::Pool
        | Kind::Block
        | Kind::Webhook
        | Kind::RateTable
        | Kind::SourcingSettings
        | Kind::PriceBook
        | Kind::RuleSet
        | Kind::Sku
        | Kind::Listing => false,
    }
}

impl<V: Record> Slot<V> {
    fn loaded(now: Option<Arc<V>>) -> Self {
        Self {
            base: now.clone(),
            now,
            read: Flag::new(false),
        }
    }
}

/// The holder of a key, and whether the claim is new.
type Claim = (Option<u128>, bool);

/// Claims: who holds which key.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    slots: BTreeMap<ClaimKind, BTreeMap<String, Claim>>,
    undo: Vec<(ClaimKind, String, Option<Claim>)>,
    pub(super) complete: bool,
}

impl KeyTable {
    /// `None` for a miss, `Some(None)` where nobody holds it.
    pub(super) fn get(&self, kind: ClaimKind, key: &str) -> Option<Option<u128>> {
        match self.slots.get(&kind).and_then(|keys| keys.get(key)) {
            Some((holder, _)) => Some(*holder),
            None if self.complete => Some(None),
            None => None,
        }
    }

    pub(super) fn supply(&mut self, kind: ClaimKind, key: String, holder: Option<u128>) {
        self.slots
            .entry(kind)
            .or_default()
            .entry(key)
            .or_insert((holder, false));
    }

    pub(super) fn claim(&mut self, kind: ClaimKind, key: String, holder: u128) {
        let keys = self.slots.entry(kind).or_default();
        let before = keys.insert(key.clone(), (Some(holder), true));
        self.undo.push((kind, key, before));
    }

    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    pub(super) fn rollback(&mut self) {
        while let Some((kind, key, before)) = self.undo.pop() {
            let keys = self.slots.entry(kind).or_default();
            match before {
                Some(slot) => keys.insert(key, slot),
                None => keys.remove(&key),
            };
        }
    }

    /// Everything as it was loaded.
    pub(super) fn reset(&mut self) {
        self.undo.clear();
        for slot in self.slots.values_mut().flat_map(BTreeMap::values_mut) {
            if slot.1 {
                *slot = (None, false);
            }
        }
    }

    pub(super) fn new_claims(&self) -> impl Iterator<Item = (ClaimKind, &String, u128)> {
        self.slots.iter().flat_map(|(kind, keys)| {
            keys.iter().filter_map(|(key, (holder, new))| {
                holder.filter(|_| *new).map(|holder| (*kind, key, holder))
            })
        })
    }
}
