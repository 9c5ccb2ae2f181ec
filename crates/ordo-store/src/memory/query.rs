//! Lists, of which the store in memory has those that jobs and checks need: records, work, stock,
//! and the events about given records.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;

use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentState;
use ordo_domain::id::{LocationId, OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::world::StoredRecord;
use serde::Deserialize;

use super::MemoryStore;
use crate::log::LogEntry;
use crate::port::StoreError;
use crate::query::{
    Count, LedgerFilter, LedgerLine, LedgerPlace, OrderFilter, OrderRow, OrderSort, Page, Query,
    RollupFilter, StockRow, WorkFilter,
};
use crate::view::{Rollup, RollupKey};

const NO_LISTS: StoreError =
    StoreError::Unsupported("the store in memory lists no orders, movements and sums");

/// By what work is listed.
#[derive(Deserialize)]
struct Work {
    state: FulfillmentState,
    location: LocationId,
}

impl MemoryStore {
    /// Records of a kind that match, in the order of their ids.
    fn page(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
        matches: impl Fn(&StoredRecord) -> bool,
    ) -> Page<(u128, StoredRecord), u128> {
        let state = self.state();
        let first = Bound::Included((kind, 0));
        let from = after.map_or(first, |id| Bound::Excluded((kind, id)));
        let books = state.books.get(&organization);
        let records = books.map(|books| {
            books
                .records
                .range((from, Bound::Included((kind, u128::MAX))))
        });
        let mut items: Vec<(u128, StoredRecord)> = (records.into_iter().flatten())
            .filter(|(_, record)| matches(record))
            .take(limit + 1)
            .map(|((_, id), record)| (*id, record.clone()))
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|(id, _)| *id);
        Page { items, next }
    }
}

#[async_trait]
impl Query for MemoryStore {
    async fn list_orders(
        &self,
        _organization: OrganizationId,
        _filter: &OrderFilter,
        _sort: OrderSort,
        _after: Option<i64>,
        _limit: usize,
    ) -> Result<Page<OrderRow, i64>, StoreError> {
        Err(NO_LISTS)
    }

    async fn count_orders(
        &self,
        _organization: OrganizationId,
        _filter: &OrderFilter,
        _most: i64,
    ) -> Result<Count, StoreError> {
        Err(NO_LISTS)
    }

    async fn list_stock(
        &self,
        organization: OrganizationId,
        sku: Option<SkuId>,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let cells = books.map(|books| books.cells.range((from, Bound::Unbounded)));
        let mut items: Vec<StockRow> = (cells.into_iter().flatten())
            .filter(|(key, _)| sku.is_none_or(|sku| key.sku == sku))
            .take(limit + 1)
            .map(|(key, cell)| StockRow {
                key: *key,
                cell: *cell,
            })
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.key);
        Ok(Page { items, next })
    }

    async fn list_records(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        Ok(self.page(organization, kind, after, limit, |_| true))
    }

    async fn list_fulfillment_orders(
        &self,
        organization: OrganizationId,
        filter: WorkFilter,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        let matches = |record: &StoredRecord| {
            let work: Work = serde_json::from_str(&record.body).expect("work is read back");
            filter.state.is_none_or(|state| state == work.state)
                && filter.location.is_none_or(|at| at == work.location)
        };
        let kind = RecordKind::FulfillmentOrder;
        Ok(self.page(organization, kind, after, limit, matches))
    }

    async fn list_movements(
        &self,
        _organization: OrganizationId,
        _filter: LedgerFilter,
        _after: Option<LedgerPlace>,
        _limit: usize,
    ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError> {
        Err(NO_LISTS)
    }

    async fn list_rollups(
        &self,
        _organization: OrganizationId,
        _filter: RollupFilter,
        _after: Option<RollupKey>,
        _limit: usize,
    ) -> Result<Page<Rollup, RollupKey>, StoreError> {
        Err(NO_LISTS)
    }

    async fn list_shortfalls(
        &self,
        _organization: OrganizationId,
        _after: Option<CellKey>,
        _limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        Err(NO_LISTS)
    }

    async fn events_about(
        &self,
        organization: OrganizationId,
        subjects: &[SubjectRef],
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let mut positions: BTreeSet<i64> = BTreeSet::new();
        for subject in subjects {
            let all = books.by_subject.get(subject).map(Vec::as_slice);
            let all = all.unwrap_or_default();
            let first = all.partition_point(|position| *position <= after);
            positions.extend(all[first..].iter().take(limit));
        }
        let entries = positions.into_iter().take(limit);
        Ok(entries
            .map(|position| books.entry(position).clone())
            .collect())
    }
}
