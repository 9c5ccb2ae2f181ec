//! What is still to be done, in memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;

use super::MemoryStore;
use super::state::Books;
use crate::agenda::{Agenda, Task, TaskDraft, TaskEnd, TaskState, Wait, WaitFor};
use crate::port::StoreError;
use crate::query::Page;

impl Books {
    pub(super) fn add_tasks(
        &mut self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) {
        for draft in tasks {
            let Entry::Vacant(entry) = self.tasks.entry(draft.id) else {
                continue;
            };
            let task = entry.insert(Task {
                organization,
                id: draft.id,
                kind: draft.kind.clone(),
                queue: draft.queue.clone(),
                position: draft.position,
                state: TaskState::Waiting,
                attempts: 0,
                fence: 0,
                due_at: draft.due_at,
                created_at: at,
                error: None,
                body: draft.body.clone(),
            });
            queue_up(&mut self.queues, task);
        }
    }

    /// Takes note of orders that wait; one that is not there waits for nothing.
    pub(super) fn add_waits(&mut self, waits: &[Wait]) {
        for wait in waits {
            let order = self.record(RecordKind::Order, wait.order.to_u128());
            if let Some(number) = order.and_then(|order| order.number) {
                self.waits.insert((wait.what, number), wait.order);
            }
        }
    }

    /// The tasks that come first in their queues.
    fn first_tasks(&self) -> impl Iterator<Item = &Task> {
        let firsts = self.queues.values().filter_map(BTreeSet::first);
        firsts.filter_map(|(_, id)| self.tasks.get(id))
    }
}

/// The queues name tasks that wait, and no others.
fn queue_up(queues: &mut BTreeMap<String, BTreeSet<(i64, u128)>>, task: &Task) {
    let place = (task.position, task.id);
    if task.state == TaskState::Waiting {
        queues.entry(task.queue.clone()).or_default().insert(place);
    } else if let Some(queue) = queues.get_mut(&task.queue) {
        queue.remove(&place);
        if queue.is_empty() {
            queues.remove(&task.queue);
        }
    }
}

#[async_trait]
impl Agenda for MemoryStore {
    async fn add_tasks(
        &self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        books.add_tasks(organization, at, tasks);
        Ok(())
    }

    async fn lease_tasks(
        &self,
        kinds: &[&str],
        at: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let mut state = self.state();
        let mut due: Vec<(Timestamp, OrganizationId, u128)> = Vec::new();
        for (organization, books) in &state.books {
            let tasks = books.first_tasks();
            due.extend(
                tasks
                    .filter(|task| task.due_at <= at && kinds.contains(&task.kind.as_str()))
                    .map(|task| (task.due_at, *organization, task.id)),
            );
        }
        due.sort_unstable();
        due.truncate(limit);
        let ends = at.plus_micros(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX));
        let mut leased = Vec::with_capacity(due.len());
        for (_, organization, id) in due {
            let books = state.books.entry(organization).or_default();
            if let Some(task) = books.tasks.get_mut(&id) {
                task.fence += 1;
                task.attempts += 1;
                task.due_at = ends;
                leased.push(task.clone());
            }
        }
        Ok(leased)
    }

    async fn end_task(
        &self,
        organization: OrganizationId,
        id: u128,
        fence: i64,
        end: &TaskEnd,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        let Some(task) = books.tasks.get_mut(&id) else {
            return Ok(false);
        };
        if task.fence != fence || task.state != TaskState::Waiting {
            return Ok(false);
        }
        match end {
            TaskEnd::Gone | TaskEnd::Done => {
                task.state = TaskState::Done;
                task.error = None;
            }
            TaskEnd::Next { body } => {
                task.body.clone_from(body);
                task.due_at = Timestamp::default();
                task.attempts = 0;
                task.error = None;
            }
            TaskEnd::Again { due_at, error } => {
                task.due_at = *due_at;
                task.error = Some(error.clone());
            }
            TaskEnd::Parked { error } => {
                task.state = TaskState::Parked;
                task.error = Some(error.clone());
            }
        }
        queue_up(&mut books.queues, task);
        if matches!(end, TaskEnd::Gone) {
            books.tasks.remove(&id);
        }
        Ok(true)
    }

    async fn task(
        &self,
        organization: OrganizationId,
        id: u128,
    ) -> Result<Option<Task>, StoreError> {
        let state = self.state();
        let books = state.books.get(&organization);
        Ok(books.and_then(|books| books.tasks.get(&id)).cloned())
    }

    async fn list_tasks(
        &self,
        organization: OrganizationId,
        kinds: &[&str],
        wanted: TaskState,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<Task, u128>, StoreError> {
        let state = self.state();
        let tasks = state.books.get(&organization).map(|books| &books.tasks);
        let mut items: Vec<Task> = (tasks.into_iter().flat_map(|tasks| tasks.values()))
            .filter(|task| after.is_none_or(|after| task.id > after))
            .filter(|task| task.state == wanted && kinds.contains(&task.kind.as_str()))
            .take(limit + 1)
            .cloned()
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|task| task.id);
        Ok(Page { items, next })
    }

    async fn retry_task(
        &self,
        organization: OrganizationId,
        id: u128,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        let parked = books.tasks.get_mut(&id);
        let Some(task) = parked.filter(|task| task.state == TaskState::Parked) else {
            return Ok(false);
        };
        task.state = TaskState::Waiting;
        task.due_at = at;
        task.attempts = 0;
        queue_up(&mut books.queues, task);
        Ok(true)
    }

    async fn drop_tasks(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut dropped = 0;
        for books in state.books.values_mut() {
            books.tasks.retain(|_, task| {
                let old = task.state == TaskState::Done && task.created_at < until;
                let drop = old && dropped < limit;
                dropped += usize::from(drop);
                !drop
            });
        }
        Ok(dropped)
    }

    async fn waiting(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, OrderId)>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let from = (what, after.saturating_add(1));
        let rows = books.waits.range(from..=(what, i64::MAX)).take(limit);
        Ok(rows.map(|((_, number), order)| (*number, *order)).collect())
    }

    async fn waited(
        &self,
        organization: OrganizationId,
        what: &[WaitFor],
    ) -> Result<Vec<WaitFor>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let is_waited_for = |what: &&WaitFor| {
            let orders = books.waits.range((**what, i64::MIN)..=(**what, i64::MAX));
            orders.count() > 0
        };
        Ok(what.iter().filter(is_waited_for).copied().collect())
    }

    async fn waited_for(
        &self,
        organization: OrganizationId,
        after: Option<WaitFor>,
        limit: usize,
    ) -> Result<Vec<WaitFor>, StoreError> {
        let state = self.state();
        let Some(books) = state.books.get(&organization) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<WaitFor> = (books.waits.keys())
            .map(|(what, _)| *what)
            .filter(|what| after.is_none_or(|after| *what > after))
            .collect();
        found.dedup();
        found.truncate(limit);
        Ok(found)
    }

    async fn end_waits(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        for number in numbers {
            books.waits.remove(&(what, *number));
        }
        Ok(())
    }

    async fn short_cells(
        &self,
        limit: usize,
    ) -> Result<Vec<(OrganizationId, CellKey)>, StoreError> {
        let state = self.state();
        let all = (state.books.iter()).flat_map(|(organization, books)| {
            books.short.iter().map(|cell| (*organization, *cell))
        });
        Ok(all.take(limit).collect())
    }

    async fn end_short(
        &self,
        organization: OrganizationId,
        cell: CellKey,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let books = state.books.entry(organization).or_default();
        let short = books
            .cells
            .get(&cell)
            .is_some_and(|cell| cell.unpromised() < Quantity::ZERO);
        if !short {
            books.short.remove(&cell);
        }
        Ok(!short)
    }
}
