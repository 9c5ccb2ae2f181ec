//! Reports that are kept, in memory.

use async_trait::async_trait;
use ordo_domain::id::{OrganizationId, WhatIfId};

use super::MemoryStore;
use crate::port::StoreError;
use crate::query::Page;
use crate::reports::{REPORTS_DROPPED_MAX, Report, ReportHead, Reports, ReportsOf};

#[async_trait]
impl Reports for MemoryStore {
    async fn keep_report(
        &self,
        organization: OrganizationId,
        report: &Report,
        most: usize,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let reports = &mut state.books.entry(organization).or_default().reports;
        reports
            .entry(report.head.id)
            .or_insert_with(|| report.clone());
        let of_kind = reports.values().map(|kept| &kept.head);
        let mut ids: Vec<WhatIfId> = of_kind
            .filter(|head| head.kind == report.head.kind)
            .map(|head| head.id)
            .collect();
        ids.truncate(ids.len().saturating_sub(most).min(REPORTS_DROPPED_MAX));
        for id in ids {
            reports.remove(&id);
        }
        Ok(())
    }

    async fn report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<Option<Report>, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        Ok(books.and_then(|books| books.reports.get(&id).cloned()))
    }

    async fn list_reports(
        &self,
        organization: OrganizationId,
        of: &ReportsOf,
        before: Option<WhatIfId>,
        limit: usize,
    ) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        let kept = books
            .into_iter()
            .flat_map(|books| books.reports.values().rev());
        let mut items: Vec<ReportHead> = kept
            .map(|kept| &kept.head)
            .filter(|head| before.is_none_or(|before| head.id < before))
            .filter(|head| match of {
                ReportsOf::All => true,
                ReportsOf::Kind(kind) => head.kind == *kind,
                ReportsOf::Series(series) => head.series == *series,
            })
            .take(limit.saturating_add(1))
            .cloned()
            .collect();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|head| head.id);
        Ok(Page { items, next })
    }

    async fn drop_report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let books = state.books.get_mut(&organization);
        Ok(books.is_some_and(|books| books.reports.remove(&id).is_some()))
    }
}
