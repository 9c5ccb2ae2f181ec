//! The store that all nodes share: the one in memory, with the clock of a database of its own, and the
//! bugs that are planted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::Event;
use ordo_domain::contact::Contact;
use ordo_domain::event::SubjectRef;
use ordo_domain::id::{
    BatchId, ContactId, DecisionId, OrderId, OrganizationId, ReservationId, SkuId, WhatIfId,
};
use ordo_domain::money::Minor;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::CellKey;
use ordo_domain::time::{MINUTE, Timestamp};
use ordo_domain::world::{Key, RecordWrite, Row, StoredRecord};
use ordo_store::{
    Agenda, AnswerKey, Commit, CommitError, Committed, Count, FoundKey, Head, LedgerFilter,
    LedgerLine, LedgerPlace, LogEntry, MemoryStore, OrderFilter, OrderRow, OrderSort, Page, Query,
    Report, ReportHead, Reports, ReportsOf, Rollup, RollupFilter, RollupKey, SignalPlace, StockRow,
    Store, StoreError, StoredAnswer, Task, TaskDraft, TaskEnd, TaskState, ViewWrite, WaitFor,
    WorkFilter,
};
use serde_json::Value;

use crate::canary::Canary;
use crate::dice::Dice;
use crate::schedule::Schedule;

/// The shared store.
pub struct Shelf {
    inner: MemoryStore,
    schedule: Arc<Schedule>,
    canary: Option<Canary>,
    dice: Mutex<Dice>,
}

impl Shelf {
    /// Nothing in it yet. `dice` choose when a planted bug strikes.
    #[must_use]
    pub fn new(schedule: Arc<Schedule>, canary: Option<Canary>, dice: Dice) -> Self {
        Self {
            inner: MemoryStore::new(),
            schedule,
            canary,
            dice: Mutex::new(dice),
        }
    }

    /// What is truly stored, for those who look from outside.
    #[must_use]
    pub fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    fn has(&self, canary: Canary) -> bool {
        self.canary == Some(canary)
    }

    /// Whether the planted bug is this one and strikes now, in so many of 1,000 times.
    fn strikes(&self, canary: Canary, per_mille: u64) -> bool {
        self.has(canary) && {
            let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
            dice.per_mille(per_mille)
        }
    }

    /// The commit as the planted bug leaves it.
    fn spoil(&self, commit: &Commit) -> Option<Commit> {
        self.canary?;
        let mut spoiled = commit.clone();
        let changes = &mut spoiled.changes;
        if self.has(Canary::HeadroomUnchecked) {
            for cell in &mut changes.cells {
                cell.needs_headroom = false;
            }
        }
        if self.strikes(Canary::MovementNotWritten, 50) {
            changes.cells.retain(|cell| cell.by.on_hand.is_zero());
        }
        if self.has(Canary::ContactKept) {
            changes.erased.clear();
        }
        if self.strikes(Canary::VersionSkipped, 20)
            && let Some(event) = changes.events.last_mut()
        {
            event.subject_version += 1;
        }
        let orders = (changes.records.iter_mut()).filter(|record| record.kind == RecordKind::Order);
        if self.strikes(Canary::UnitLost, 20) {
            orders.for_each(|order| {
                spoil_json(order, |order| {
                    let canceled = &mut order["lines"][0]["canceled"];
                    *canceled = (canceled.as_i64().unwrap_or(0) + 1).into();
                });
            });
        } else if self.strikes(Canary::RecordDrifts, 20) {
            orders.for_each(|order| {
                spoil_json(order, |order| order["labels"] = vec!["drifted"].into());
            });
        }
        if self.has(Canary::RefundTooMuch) {
            for recorded in &mut changes.events {
                if let Event::RefundRecorded { refund, .. } = &mut recorded.event {
                    refund.total = (refund.total.plus(Minor::new(1)?)).unwrap_or(refund.total);
                }
            }
        }
        Some(spoiled)
    }
}

fn spoil_json(record: &mut RecordWrite, spoil: impl Fn(&mut Value)) {
    if let Ok(mut value) = serde_json::from_str::<Value>(&record.body) {
        spoil(&mut value);
        record.body = value.to_string();
    }
}

#[async_trait]
impl Store for Shelf {
    async fn load(
        &self,
        organization: OrganizationId,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = self.inner.load(organization, keys).await?;
        if self.has(Canary::ForeignRow) {
            let others = self.inner.organizations().await?;
            for (key, row) in keys.iter().zip(&mut rows) {
                for (other, _) in &others {
                    let missing = matches!(row, Row::Record { found: None, .. });
                    if missing
                        && let Some(found) = self
                            .inner
                            .load(*other, std::slice::from_ref(key))
                            .await?
                            .pop()
                    {
                        *row = found;
                    }
                }
            }
        }
        Ok(rows)
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        if self.strikes(Canary::AnsweredNotWritten, 10) {
            let head = self.inner.head(commit.organization).await?;
            return Ok(Committed {
                first_position: head.position + 1,
                first_number: head.order_number + 1,
                recorded_at: commit.at.max(head.last_at),
            });
        }
        match self.spoil(commit) {
            Some(spoiled) => self.inner.commit(&spoiled).await,
            None => self.inner.commit(commit).await,
        }
    }

    async fn resolve(
        &self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, StoreError> {
        let found = self.inner.resolve(organization, batch).await?;
        Ok(found.filter(|_| !self.has(Canary::ResolvedWrongly)))
    }

    async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError> {
        let mut write = write.clone();
        if self.has(Canary::JobLost) {
            write.tasks.retain(|task| task.kind == "webhook");
        }
        if self.strikes(Canary::EventsPassedOver, 100) {
            write.tasks.clear();
        }
        self.inner.save_view(&write).await
    }

    async fn due_reservations(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
        if self.has(Canary::NeverDue) {
            return Ok(Vec::new());
        }
        let until = match self.has(Canary::DueEarly) {
            true => until.plus_micros(MINUTE),
            false => until,
        };
        self.inner
            .due_reservations(organization, until, limit)
            .await
    }

    async fn load_reference(&self, organization: OrganizationId) -> Result<Reference, StoreError> {
        self.inner.load_reference(organization).await
    }

    async fn save_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError> {
        self.inner.save_points(organization, parts).await
    }

    async fn answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
        self.inner.answers(organization, keys).await
    }

    async fn drop_answers(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.drop_answers(until, limit).await
    }

    async fn drop_batches(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.drop_batches(until, limit).await
    }

    async fn drop_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError> {
        self.inner.drop_signals(until, from, limit).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.inner.scrub().await
    }

    async fn read_log(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.read_log(organization, after, limit).await
    }

    async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
        self.inner.head(organization).await
    }

    async fn cursor(
        &self,
        organization: OrganizationId,
        consumer: &str,
    ) -> Result<i64, StoreError> {
        self.inner.cursor(organization, consumer).await
    }

    async fn contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError> {
        self.inner.contacts(organization, ids).await
    }

    async fn decision(
        &self,
        organization: OrganizationId,
        id: DecisionId,
    ) -> Result<Option<String>, StoreError> {
        self.inner.decision(organization, id).await
    }

    async fn find_key(&self, secret_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError> {
        self.inner.find_key(secret_hash).await
    }

    async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        self.inner.organizations().await
    }
}

#[async_trait]
impl Query for Shelf {
    async fn list_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<OrderRow, i64>, StoreError> {
        self.inner
            .list_orders(organization, filter, sort, after, limit)
            .await
    }

    async fn count_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        most: i64,
    ) -> Result<Count, StoreError> {
        self.inner.count_orders(organization, filter, most).await
    }

    async fn list_stock(
        &self,
        organization: OrganizationId,
        sku: Option<SkuId>,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        self.inner.list_stock(organization, sku, after, limit).await
    }

    async fn list_records(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        self.inner
            .list_records(organization, kind, after, limit)
            .await
    }

    async fn list_fulfillment_orders(
        &self,
        organization: OrganizationId,
        filter: WorkFilter,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
        self.inner
            .list_fulfillment_orders(organization, filter, after, limit)
            .await
    }

    async fn events_about(
        &self,
        organization: OrganizationId,
        subjects: &[SubjectRef],
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.inner
            .events_about(organization, subjects, after, limit)
            .await
    }

    async fn list_movements(
        &self,
        organization: OrganizationId,
        filter: LedgerFilter,
        after: Option<LedgerPlace>,
        limit: usize,
    ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError> {
        self.inner
            .list_movements(organization, filter, after, limit)
            .await
    }

    async fn list_rollups(
        &self,
        organization: OrganizationId,
        filter: RollupFilter,
        after: Option<RollupKey>,
        limit: usize,
    ) -> Result<Page<Rollup, RollupKey>, StoreError> {
        self.inner
            .list_rollups(organization, filter, after, limit)
            .await
    }

    async fn list_shortfalls(
        &self,
        organization: OrganizationId,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError> {
        self.inner.list_shortfalls(organization, after, limit).await
    }
}

#[async_trait]
impl Agenda for Shelf {
    async fn add_tasks(
        &self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) -> Result<(), StoreError> {
        self.inner.add_tasks(organization, at, tasks).await
    }

    async fn lease_tasks(
        &self,
        kinds: &[&str],
        _at: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        // A database that nodes share goes by its own clock.
        self.inner
            .lease_tasks(kinds, self.schedule.now(), lease, limit)
            .await
    }

    async fn end_task(
        &self,
        organization: OrganizationId,
        id: u128,
        fence: i64,
        end: &TaskEnd,
    ) -> Result<bool, StoreError> {
        self.inner.end_task(organization, id, fence, end).await
    }

    async fn task(
        &self,
        organization: OrganizationId,
        id: u128,
    ) -> Result<Option<Task>, StoreError> {
        self.inner.task(organization, id).await
    }

    async fn list_tasks(
        &self,
        organization: OrganizationId,
        kinds: &[&str],
        state: TaskState,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<Task, u128>, StoreError> {
        self.inner
            .list_tasks(organization, kinds, state, after, limit)
            .await
    }

    async fn retry_task(
        &self,
        organization: OrganizationId,
        id: u128,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.retry_task(organization, id, at).await
    }

    async fn drop_tasks(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.drop_tasks(until, limit).await
    }

    async fn waiting(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, OrderId)>, StoreError> {
        self.inner.waiting(organization, what, after, limit).await
    }

    async fn waited(
        &self,
        organization: OrganizationId,
        what: &[WaitFor],
    ) -> Result<Vec<WaitFor>, StoreError> {
        self.inner.waited(organization, what).await
    }

    async fn waited_for(
        &self,
        organization: OrganizationId,
        after: Option<WaitFor>,
        limit: usize,
    ) -> Result<Vec<WaitFor>, StoreError> {
        self.inner.waited_for(organization, after, limit).await
    }

    async fn end_waits(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        self.inner.end_waits(organization, what, numbers).await
    }

    async fn short_cells(
        &self,
        limit: usize,
    ) -> Result<Vec<(OrganizationId, CellKey)>, StoreError> {
        self.inner.short_cells(limit).await
    }

    async fn end_short(
        &self,
        organization: OrganizationId,
        cell: CellKey,
    ) -> Result<bool, StoreError> {
        self.inner.end_short(organization, cell).await
    }
}

#[async_trait]
impl Reports for Shelf {
    async fn keep_report(
        &self,
        organization: OrganizationId,
        report: &Report,
        most: usize,
    ) -> Result<(), StoreError> {
        self.inner.keep_report(organization, report, most).await
    }

    async fn report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<Option<Report>, StoreError> {
        self.inner.report(organization, id).await
    }

    async fn list_reports(
        &self,
        organization: OrganizationId,
        of: &ReportsOf,
        before: Option<WhatIfId>,
        limit: usize,
    ) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
        self.inner
            .list_reports(organization, of, before, limit)
            .await
    }

    async fn drop_report(
        &self,
        organization: OrganizationId,
        id: WhatIfId,
    ) -> Result<bool, StoreError> {
        self.inner.drop_report(organization, id).await
    }
}
