//! Lists, of which the store in memory has one: the events about given records.

use std::collections::BTreeSet;

use async_trait::async_trait;

use ordo_domain::event::SubjectRef;
use ordo_domain::id::{OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::world::StoredRecord;

use super::MemoryStore;
use crate::log::LogEntry;
use crate::port::StoreError;
use crate::query::{
    Count, LedgerFilter, LedgerLine, LedgerPlace, OrderFilter, OrderRow, OrderSort, Page, Query,
    RollupFilter, StockRow, WorkFilter,
};
use crate::view::{Rollup, RollupKey};

const NO_LISTS: StoreError = StoreError::Unsupported("the store in memory has no lists");

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
        _organization: OrganizationId,
        _sku: Option<SkuId>,
        _after: Option<CellKey>,
        _limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        Err(NO_LISTS)
    }

    async fn list_records(
        &self,
        _organization: OrganizationId,
        _kind: RecordKind,
        _after: Option<u128>,
        _limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        Err(NO_LISTS)
    }

    async fn list_fulfillment_orders(
        &self,
        _organization: OrganizationId,
        _filter: WorkFilter,
        _after: Option<u128>,
        _limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        Err(NO_LISTS)
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
