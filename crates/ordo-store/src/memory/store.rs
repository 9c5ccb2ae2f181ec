//! The port over the rows in memory.

use async_trait::async_trait;

use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::id::{
    BatchId, ContactId, DecisionId, LocationId, OrganizationId, ReservationId, SkuId,
};
use ordo_domain::organization::ApiKey;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::signal::SignalKey;
use ordo_domain::stock::{Cell, CellKey, Lot, LotKey};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row};

use super::MemoryStore;
use super::state::{Books, State};
use crate::commit::{Commit, CommitError, Committed};
use crate::log::{Head, LogEntry};
use crate::points;
use crate::port::{AnswerKey, FoundKey, SignalPlace, Store, StoreError, StoredAnswer};
use crate::view::ViewWrite;

#[async_trait]
impl Store for MemoryStore {
    async fn load(
        &self,
        organization: OrganizationId,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError> {
        let state = self.state();
        Ok(keys
            .iter()
            .map(|key| state.row(organization, key))
            .collect())
    }

    async fn load_reference(&self, organization: OrganizationId) -> Result<Reference, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Reference::empty(0));
        };
        let mut reference = Reference::empty(books.head.reference_version);
        for kind in RecordKind::ALL.iter().filter(|kind| kind.is_reference()) {
            for (_, record) in books.records.range((*kind, 0)..=(*kind, u128::MAX)) {
                let supplied = reference.supply(*kind, &record.body);
                supplied.map_err(|error| StoreError::Corrupt(format!("{kind:?}: {error}")))?;
            }
        }
        Ok(reference.with_gazetteer(points::gazetteer(&books.points)?))
    }

    async fn save_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(books) = state.books.get_mut(&organization) {
            books.points = parts.to_vec();
            books.head.reference_version += 1;
        }
        Ok(())
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        self.state().commit(commit).map_err(CommitError::Conflict)
    }

    async fn resolve(
        &self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        let never = (books.head.last_at, None);
        Ok(books.batches.entry(batch).or_insert(never).1)
    }

    async fn answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(vec![None; keys.len()]);
        };
        Ok(keys.iter().map(|key| books.answer(*key)).collect())
    }

    async fn drop_answers(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut dropped = 0;
        for books in state.books.values_mut() {
            books.answers.retain(|_, answer| {
                let drop = answer.at < until && dropped < limit;
                dropped += usize::from(drop);
                !drop
            });
        }
        Ok(dropped)
    }

    async fn drop_batches(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut dropped = 0;
        for books in state.books.values_mut() {
            books.batches.retain(|_, (at, _)| {
                let drop = *at < until && dropped < limit;
                dropped += usize::from(drop);
                !drop
            });
        }
        Ok(dropped)
    }

    async fn drop_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError> {
        let mut state = self.state();
        let places = state.books.iter().flat_map(|(organization, books)| {
            books.signals.keys().map(|key| (*organization, *key))
        });
        let place = |(organization, key): (OrganizationId, SignalKey)| SignalPlace {
            organization: organization.to_u128(),
            kind: key.kind.number(),
            hash: key.hash,
        };
        let page: Vec<(OrganizationId, SignalKey)> = places
            .filter(|found| from.is_none_or(|from| place(*found) > from))
            .take(limit)
            .collect();
        for (organization, key) in &page {
            if let Some(books) = state.books.get_mut(organization) {
                books
                    .signals
                    .retain(|found, signal| found != key || signal.since >= until);
            }
        }
        let last = page.last().filter(|_| page.len() == limit);
        Ok(last.copied().map(place))
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read_log(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let first = usize::try_from(after.max(0)).unwrap_or(usize::MAX);
        Ok(books.log.iter().skip(first).take(limit).cloned().collect())
    }

    async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
        let state = self.state();
        Ok(state
            .books
            .get(&organization)
            .map(|books| books.head)
            .unwrap_or_default())
    }

    async fn cursor(
        &self,
        organization: OrganizationId,
        consumer: &str,
    ) -> Result<i64, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        Ok(books.map_or(0, |books| books.cursor(consumer)))
    }

    /// Terms and sums serve lists and reports, which this store does not have, and are not kept.
    async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError> {
        let mut state = self.state();
        let books = state.books.entry(write.organization).or_default();
        if books.cursor(write.consumer) != write.after {
            return Ok(false);
        }
        books.cursors.insert(write.consumer.to_owned(), write.upto);
        books.add_waits(&write.waits);
        books.add_tasks(write.organization, write.at, &write.tasks);
        Ok(true)
    }

    async fn contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        Ok(ids
            .iter()
            .filter_map(|id| books.contacts.get(id).cloned())
            .collect())
    }

    async fn decision(
        &self,
        organization: OrganizationId,
        id: DecisionId,
    ) -> Result<Option<String>, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        Ok(books.and_then(|books| books.decisions.get(&id).cloned()))
    }

    async fn due_reservations(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let due = books
            .due
            .iter()
            .take_while(|(at, _)| *at <= until)
            .take(limit);
        Ok(due.map(|(at, reservation)| (*reservation, *at)).collect())
    }

    async fn find_key(&self, secret_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError> {
        let state = self.state();
        let Some((organization, key)) = state.secrets.get(secret_hash).copied() else {
            return Ok(None);
        };
        let record = (state.books.get(&organization))
            .and_then(|books| books.record(RecordKind::ApiKey, key.to_u128()));
        let Some(record) = record else {
            return Ok(None);
        };
        let record: ApiKey = serde_json::from_str(&record.body)
            .map_err(|error| StoreError::Corrupt(format!("{key}: {error}")))?;
        Ok((!record.revoked).then_some(FoundKey {
            organization,
            key,
            role: record.role,
            scope: record.scope,
        }))
    }

    async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        Ok(self
            .state()
            .founded
            .iter()
            .take(ORGANIZATIONS_MAX)
            .cloned()
            .collect())
    }
}

const ORGANIZATIONS_MAX: usize = 10_000;

impl State {
    fn row(&self, organization: OrganizationId, key: &Key) -> Row {
        let books = self.books.get(&organization);
        match key {
            Key::Record { kind, id } => {
                let found = books.and_then(|books| books.record(*kind, *id)).cloned();
                Row::Record {
                    kind: *kind,
                    id: *id,
                    found,
                }
            }
            Key::Claim { kind, key } => {
                let holder = self.holder(organization, *kind, key);
                Row::Claim {
                    kind: *kind,
                    key: key.clone(),
                    holder,
                }
            }
            Key::SkuByCode(code) => {
                let found = self
                    .holder(organization, ClaimKind::SkuCode, code)
                    .and_then(|id| {
                        let record = books?.record(RecordKind::Sku, id)?;
                        Some((id, record.clone()))
                    });
                Row::SkuByCode {
                    code: code.clone(),
                    found,
                }
            }
            Key::Cells(sku) => {
                let cells = books.map(|books| books.cells_of(*sku)).unwrap_or_default();
                Row::Cells { sku: *sku, cells }
            }
            Key::Lots(sku) => {
                let lots = books.map(|books| books.lots_of(*sku)).unwrap_or_default();
                Row::Lots { sku: *sku, lots }
            }
            Key::Signal(key) => {
                let found = books.and_then(|books| books.signals.get(key).copied());
                Row::Signal {
                    key: *key,
                    found: found.unwrap_or_default(),
                }
            }
            Key::Counter(key) => {
                let value = books.and_then(|books| books.counters.get(key).copied());
                Row::Counter {
                    key: *key,
                    value: value.unwrap_or_default(),
                }
            }
        }
    }

    fn holder(&self, organization: OrganizationId, kind: ClaimKind, key: &str) -> Option<u128> {
        self.claims_of(organization, kind)
            .get(&(kind, key.to_owned()))
            .copied()
    }
}

impl Books {
    fn cells_of(&self, sku: SkuId) -> Vec<(CellKey, Cell)> {
        let first = CellKey::own(sku, LocationId::from_u128(0));
        let cells = self
            .cells
            .range(first..)
            .take_while(|(key, _)| key.sku == sku);
        cells.map(|(key, cell)| (*key, *cell)).collect()
    }

    fn lots_of(&self, sku: SkuId) -> Vec<(LotKey, Lot)> {
        let lots = self.lots.iter();
        lots.filter(|(key, lot)| key.cell.sku == sku && !lot.is_gone())
            .map(|(key, lot)| (key.clone(), *lot))
            .collect()
    }

    fn answer(&self, key: AnswerKey) -> Option<StoredAnswer> {
        let kept = self.answers.get(&key)?;
        let number = (kept.order)
            .and_then(|order| self.record(RecordKind::Order, order.to_u128()))
            .and_then(|order| order.number);
        Some(StoredAnswer {
            request_hash: kept.request_hash,
            status: kept.status,
            body: kept.body.clone(),
            order: kept.order,
            number,
            position: kept.position,
        })
    }

    fn cursor(&self, consumer: &str) -> i64 {
        self.cursors.get(consumer).copied().unwrap_or_default()
    }
}
