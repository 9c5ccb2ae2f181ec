//! Implements the port for a wrapper whose `around` sees every call but `commit`, which each wrapper
//! writes itself because it fails in ways of its own.

/// `$type<S>` must have a field `inner: Arc<S>`, a method `around(&self, Operation, impl Future)` for
/// calls that answer `Result<_, StoreError>`, and a method `around_commit(&self, &Commit)`.
macro_rules! wrap_port {
    ($type:ident) => {
        #[async_trait::async_trait]
        impl<S: Store + ?Sized> Store for $type<S> {
            async fn load(
                &self,
                organization: OrganizationId,
                keys: &[Key],
            ) -> Result<Vec<Row>, StoreError> {
                let call = self.inner.load(organization, keys);
                self.around(Operation::Load, call).await
            }

            async fn load_reference(
                &self,
                organization: OrganizationId,
            ) -> Result<Reference, StoreError> {
                let call = self.inner.load_reference(organization);
                self.around(Operation::LoadReference, call).await
            }

            async fn save_points(
                &self,
                organization: OrganizationId,
                parts: &[String],
            ) -> Result<(), StoreError> {
                let call = self.inner.save_points(organization, parts);
                self.around(Operation::SavePoints, call).await
            }

            async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
                self.around_commit(commit).await
            }

            async fn resolve(
                &self,
                organization: OrganizationId,
                batch: BatchId,
            ) -> Result<Option<Committed>, StoreError> {
                let call = self.inner.resolve(organization, batch);
                self.around(Operation::Resolve, call).await
            }

            async fn answers(
                &self,
                organization: OrganizationId,
                keys: &[AnswerKey],
            ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
                let call = self.inner.answers(organization, keys);
                self.around(Operation::Answers, call).await
            }

            async fn drop_answers(
                &self,
                until: Timestamp,
                limit: usize,
            ) -> Result<usize, StoreError> {
                let call = self.inner.drop_answers(until, limit);
                self.around(Operation::DropAnswers, call).await
            }

            async fn drop_batches(
                &self,
                until: Timestamp,
                limit: usize,
            ) -> Result<usize, StoreError> {
                let call = self.inner.drop_batches(until, limit);
                self.around(Operation::DropBatches, call).await
            }

            async fn drop_signals(
                &self,
                until: Timestamp,
                from: Option<SignalPlace>,
                limit: usize,
            ) -> Result<Option<SignalPlace>, StoreError> {
                let call = self.inner.drop_signals(until, from, limit);
                self.around(Operation::DropSignals, call).await
            }

            async fn scrub(&self) -> Result<(), StoreError> {
                let call = self.inner.scrub();
                self.around(Operation::Scrub, call).await
            }

            async fn read_log(
                &self,
                organization: OrganizationId,
                after: i64,
                limit: usize,
            ) -> Result<Vec<LogEntry>, StoreError> {
                let call = self.inner.read_log(organization, after, limit);
                self.around(Operation::ReadLog, call).await
            }

            async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
                let call = self.inner.head(organization);
                self.around(Operation::Head, call).await
            }

            async fn cursor(
                &self,
                organization: OrganizationId,
                consumer: &str,
            ) -> Result<i64, StoreError> {
                let call = self.inner.cursor(organization, consumer);
                self.around(Operation::Cursor, call).await
            }

            async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError> {
                let call = self.inner.save_view(write);
                self.around(Operation::SaveView, call).await
            }

            async fn contacts(
                &self,
                organization: OrganizationId,
                ids: &[ContactId],
            ) -> Result<Vec<Contact>, StoreError> {
                let call = self.inner.contacts(organization, ids);
                self.around(Operation::Contacts, call).await
            }

            async fn decision(
                &self,
                organization: OrganizationId,
                id: DecisionId,
            ) -> Result<Option<String>, StoreError> {
                let call = self.inner.decision(organization, id);
                self.around(Operation::Decision, call).await
            }

            async fn due_reservations(
                &self,
                organization: OrganizationId,
                until: Timestamp,
                limit: usize,
            ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
                let call = self.inner.due_reservations(organization, until, limit);
                self.around(Operation::DueReservations, call).await
            }

            async fn find_key(
                &self,
                secret_hash: &[u8; 32],
            ) -> Result<Option<FoundKey>, StoreError> {
                let call = self.inner.find_key(secret_hash);
                self.around(Operation::FindKey, call).await
            }

            async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError> {
                let call = self.inner.organizations();
                self.around(Operation::Organizations, call).await
            }
        }

        #[async_trait::async_trait]
        impl<S: Store + Query + ?Sized> Query for $type<S> {
            async fn list_orders(
                &self,
                organization: OrganizationId,
                filter: &OrderFilter,
                sort: OrderSort,
                after: Option<i64>,
                limit: usize,
            ) -> Result<Page<OrderRow, i64>, StoreError> {
                let call = self
                    .inner
                    .list_orders(organization, filter, sort, after, limit);
                self.around(Operation::ListOrders, call).await
            }

            async fn count_orders(
                &self,
                organization: OrganizationId,
                filter: &OrderFilter,
                most: i64,
            ) -> Result<Count, StoreError> {
                let call = self.inner.count_orders(organization, filter, most);
                self.around(Operation::CountOrders, call).await
            }

            async fn list_stock(
                &self,
                organization: OrganizationId,
                sku: Option<SkuId>,
                after: Option<CellKey>,
                limit: usize,
            ) -> Result<Page<StockRow, CellKey>, StoreError> {
                let call = self.inner.list_stock(organization, sku, after, limit);
                self.around(Operation::ListStock, call).await
            }

            async fn list_records(
                &self,
                organization: OrganizationId,
                kind: RecordKind,
                after: Option<u128>,
                limit: usize,
            ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
                let call = self.inner.list_records(organization, kind, after, limit);
                self.around(Operation::ListRecords, call).await
            }

            async fn list_fulfillment_orders(
                &self,
                organization: OrganizationId,
                filter: WorkFilter,
                after: Option<u128>,
                limit: usize,
            ) -> Result<Page<(u128, StoredRecord), u128>, StoreError> {
                let call = (self.inner).list_fulfillment_orders(organization, filter, after, limit);
                self.around(Operation::ListFulfillmentOrders, call).await
            }

            async fn events_about(
                &self,
                organization: OrganizationId,
                subjects: &[SubjectRef],
                after: i64,
                limit: usize,
            ) -> Result<Vec<LogEntry>, StoreError> {
                let call = (self.inner).events_about(organization, subjects, after, limit);
                self.around(Operation::EventsAbout, call).await
            }

            async fn list_movements(
                &self,
                organization: OrganizationId,
                filter: LedgerFilter,
                after: Option<LedgerPlace>,
                limit: usize,
            ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError> {
                let call = (self.inner).list_movements(organization, filter, after, limit);
                self.around(Operation::ListMovements, call).await
            }

            async fn list_rollups(
                &self,
                organization: OrganizationId,
                filter: RollupFilter,
                after: Option<RollupKey>,
                limit: usize,
            ) -> Result<Page<Rollup, RollupKey>, StoreError> {
                let call = (self.inner).list_rollups(organization, filter, after, limit);
                self.around(Operation::ListRollups, call).await
            }

            async fn list_shortfalls(
                &self,
                organization: OrganizationId,
                after: Option<CellKey>,
                limit: usize,
            ) -> Result<Page<StockRow, CellKey>, StoreError> {
                let call = (self.inner).list_shortfalls(organization, after, limit);
                self.around(Operation::ListShortfalls, call).await
            }
        }

        #[async_trait::async_trait]
        impl<S: Store + Agenda + ?Sized> Agenda for $type<S> {
            async fn add_tasks(
                &self,
                organization: OrganizationId,
                at: Timestamp,
                tasks: &[TaskDraft],
            ) -> Result<(), StoreError> {
                let call = self.inner.add_tasks(organization, at, tasks);
                self.around(Operation::AddTasks, call).await
            }

            async fn lease_tasks(
                &self,
                kinds: &[&str],
                at: Timestamp,
                lease: Duration,
                limit: usize,
            ) -> Result<Vec<Task>, StoreError> {
                let call = self.inner.lease_tasks(kinds, at, lease, limit);
                self.around(Operation::LeaseTasks, call).await
            }

            async fn end_task(
                &self,
                organization: OrganizationId,
                id: u128,
                fence: i64,
                end: &TaskEnd,
            ) -> Result<bool, StoreError> {
                let call = self.inner.end_task(organization, id, fence, end);
                self.around(Operation::EndTask, call).await
            }

            async fn task(
                &self,
                organization: OrganizationId,
                id: u128,
            ) -> Result<Option<Task>, StoreError> {
                let call = self.inner.task(organization, id);
                self.around(Operation::Task, call).await
            }

            async fn list_tasks(
                &self,
                organization: OrganizationId,
                kinds: &[&str],
                state: TaskState,
                after: Option<u128>,
                limit: usize,
            ) -> Result<Page<Task, u128>, StoreError> {
                let call = self
                    .inner
                    .list_tasks(organization, kinds, state, after, limit);
                self.around(Operation::ListTasks, call).await
            }

            async fn retry_task(
                &self,
                organization: OrganizationId,
                id: u128,
                at: Timestamp,
            ) -> Result<bool, StoreError> {
                let call = self.inner.retry_task(organization, id, at);
                self.around(Operation::RetryTask, call).await
            }

            async fn drop_tasks(
                &self,
                until: Timestamp,
                limit: usize,
            ) -> Result<usize, StoreError> {
                let call = self.inner.drop_tasks(until, limit);
                self.around(Operation::DropTasks, call).await
            }

            async fn waiting(
                &self,
                organization: OrganizationId,
                what: WaitFor,
                after: i64,
                limit: usize,
            ) -> Result<Vec<(i64, OrderId)>, StoreError> {
                let call = self.inner.waiting(organization, what, after, limit);
                self.around(Operation::Waiting, call).await
            }

            async fn waited(
                &self,
                organization: OrganizationId,
                what: &[WaitFor],
            ) -> Result<Vec<WaitFor>, StoreError> {
                let call = self.inner.waited(organization, what);
                self.around(Operation::Waited, call).await
            }

            async fn waited_for(
                &self,
                organization: OrganizationId,
                after: Option<WaitFor>,
                limit: usize,
            ) -> Result<Vec<WaitFor>, StoreError> {
                let call = self.inner.waited_for(organization, after, limit);
                self.around(Operation::WaitedFor, call).await
            }

            async fn end_waits(
                &self,
                organization: OrganizationId,
                what: WaitFor,
                numbers: &[i64],
            ) -> Result<(), StoreError> {
                let call = self.inner.end_waits(organization, what, numbers);
                self.around(Operation::EndWaits, call).await
            }

            async fn short_cells(
                &self,
                limit: usize,
            ) -> Result<Vec<(OrganizationId, CellKey)>, StoreError> {
                let call = self.inner.short_cells(limit);
                self.around(Operation::ShortCells, call).await
            }

            async fn end_short(
                &self,
                organization: OrganizationId,
                cell: CellKey,
            ) -> Result<bool, StoreError> {
                let call = self.inner.end_short(organization, cell);
                self.around(Operation::EndShort, call).await
            }
        }

        #[async_trait::async_trait]
        impl<S: Store + Reports + ?Sized> Reports for $type<S> {
            async fn keep_report(
                &self,
                organization: OrganizationId,
                report: &Report,
                most: usize,
            ) -> Result<(), StoreError> {
                let call = self.inner.keep_report(organization, report, most);
                self.around(Operation::KeepReport, call).await
            }

            async fn report(
                &self,
                organization: OrganizationId,
                id: WhatIfId,
            ) -> Result<Option<Report>, StoreError> {
                let call = self.inner.report(organization, id);
                self.around(Operation::Report, call).await
            }

            async fn list_reports(
                &self,
                organization: OrganizationId,
                of: &ReportsOf,
                before: Option<WhatIfId>,
                limit: usize,
            ) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
                let call = self.inner.list_reports(organization, of, before, limit);
                self.around(Operation::ListReports, call).await
            }

            async fn drop_report(
                &self,
                organization: OrganizationId,
                id: WhatIfId,
            ) -> Result<bool, StoreError> {
                let call = self.inner.drop_report(organization, id);
                self.around(Operation::DropReport, call).await
            }
        }
    };
}
pub(crate) use wrap_port;

// What the expansion names.
pub(crate) mod prelude {
    pub(crate) use std::time::Duration;

    pub(crate) use ordo_domain::contact::Contact;
    pub(crate) use ordo_domain::event::SubjectRef;
    pub(crate) use ordo_domain::id::{
        BatchId, ContactId, DecisionId, OrderId, OrganizationId, ReservationId, SkuId, WhatIfId,
    };
    pub(crate) use ordo_domain::record::RecordKind;
    pub(crate) use ordo_domain::reference::Reference;
    pub(crate) use ordo_domain::stock::CellKey;
    pub(crate) use ordo_domain::time::Timestamp;
    pub(crate) use ordo_domain::world::{Key, Row, StoredRecord};

    pub(crate) use crate::agenda::{Agenda, Task, TaskDraft, TaskEnd, TaskState, WaitFor};
    pub(crate) use crate::commit::{Commit, CommitError, Committed};
    pub(crate) use crate::log::{Head, LogEntry};
    pub(crate) use crate::operation::Operation;
    pub(crate) use crate::port::{
        AnswerKey, FoundKey, SignalPlace, Store, StoreError, StoredAnswer,
    };
    pub(crate) use crate::query::{
        Count, LedgerFilter, LedgerLine, LedgerPlace, OrderFilter, OrderRow, OrderSort, Page,
        Query, RollupFilter, StockRow, WorkFilter,
    };
    pub(crate) use crate::reports::{Report, ReportHead, Reports, ReportsOf};
    pub(crate) use crate::view::{Rollup, RollupKey, ViewWrite};
}
