//! What is still to be done: tasks, orders that wait, and cells that facts have overtaken.
//!
//! A *task* is one row of work that a commit left behind: a *job* is wide work done in pages, a
//! *delivery* is an effect on the outside. Both are leased, fenced, tried again and parked alike.
//! Within a queue tasks are done one after another, in the order of the events that caused them; a
//! parked one lets the next pass.
//!
//! Invariant: whoever ends a task names the fence of its lease, so that one that came back late
//! changes nothing.

use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;

use crate::port::StoreError;
use crate::query::Page;

/// A task to be kept. Adding one whose id is there already changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDraft {
    /// Its id, derived from what caused it.
    pub id: u128,
    /// What is to be done; whoever leases tasks names the kinds that it can do.
    pub kind: String,
    /// The queue within which the order is kept.
    pub queue: String,
    /// Position of the event that caused it; orders the queue.
    pub position: i64,
    /// When it may be done.
    pub due_at: Timestamp,
    /// What the worker needs to know, as JSON; no person's data.
    pub body: String,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// To be done, or being done.
    Waiting,
    /// It failed too often; a person must look.
    Parked,
    /// Done, kept for a while to be looked at.
    Done,
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Parked, Self::Done];

    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::Done => "done",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A task as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Whose.
    pub organization: OrganizationId,
    /// Its id.
    pub id: u128,
    /// What is to be done.
    pub kind: String,
    /// The queue within which the order is kept.
    pub queue: String,
    /// Position of the event that caused it.
    pub position: i64,
    /// How it stands.
    pub state: TaskState,
    /// How often it was leased.
    pub attempts: i64,
    /// The lease at hand; grows with every one.
    pub fence: i64,
    /// When it may be done next; while it is leased, when the lease ends.
    pub due_at: Timestamp,
    /// When it was added.
    pub created_at: Timestamp,
    /// Why it failed the last time.
    pub error: Option<String>,
    /// What the worker needs to know, as JSON.
    pub body: String,
}

/// How a lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEnd {
    /// Done, and nothing to look at.
    Gone,
    /// Done, and kept to be looked at.
    Done,
    /// To be gone on with at once from `body`: a page is done, which is no failure.
    Next {
        /// What the worker needs to know from here.
        body: String,
    },
    /// It failed, and is to be tried again.
    Again {
        /// When.
        due_at: Timestamp,
        /// Why.
        error: String,
    },
    /// It failed, and a person must look.
    Parked {
        /// Why.
        error: String,
    },
}

/// What an order may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitKind {
    /// Stock of a SKU, whose id is the key.
    Stock,
    /// A code to become known; the key is its hash.
    Code,
    /// A plan that is made for many orders; the key is zero.
    Plan,
}

impl WaitKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Stock, Self::Code, Self::Plan];

    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Stock => 1,
            Self::Code => 2,
            Self::Plan => 3,
        }
    }
}

/// What an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitFor {
    /// Of what kind.
    pub kind: WaitKind,
    /// Which one.
    pub key: u128,
}

/// Says that an order waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// What for.
    pub what: WaitFor,
    /// The order.
    pub order: OrderId,
}

/// A store that keeps what is still to be done.
#[async_trait]
pub trait Agenda: Send + Sync {
    /// Keeps tasks; those that are there already stay as they are.
    async fn add_tasks(
        &self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) -> Result<(), StoreError>;

    /// Leases tasks of these kinds that are due, the longest due first, at most `limit`, for as long
    /// as `lease`. A store shared by several nodes goes by its own clock, else `at` is now.
    async fn lease_tasks(
        &self,
        kinds: &[&str],
        at: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError>;

    /// Ends a lease. Answers `false`, and changes nothing, where `fence` is no longer the task's.
    async fn end_task(
        &self,
        organization: OrganizationId,
        id: u128,
        fence: i64,
        end: &TaskEnd,
    ) -> Result<bool, StoreError>;

    /// A task.
    async fn task(
        &self,
        organization: OrganizationId,
        id: u128,
    ) -> Result<Option<Task>, StoreError>;

    /// Tasks in the order of their ids, of these kinds, after the one with id `after`.
    async fn list_tasks(
        &self,
        organization: OrganizationId,
        kinds: &[&str],
        state: TaskState,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<Task, u128>, StoreError>;

    /// Lets a parked task be tried again at once; `false` where it is not parked.
    async fn retry_task(
        &self,
        organization: OrganizationId,
        id: u128,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Drops done tasks that were added before `until`, at most `limit`; answers how many.
    async fn drop_tasks(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// The orders that wait for something, by their numbers, after number `after`: the longest
    /// waiting first. An order may have stopped waiting since.
    async fn waiting(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, OrderId)>, StoreError>;

    /// Those of `what` that any order waits for, in any order.
    async fn waited(
        &self,
        organization: OrganizationId,
        what: &[WaitFor],
    ) -> Result<Vec<WaitFor>, StoreError>;

    /// What any order waits for, after `after`, in the order of kind and key.
    async fn waited_for(
        &self,
        organization: OrganizationId,
        after: Option<WaitFor>,
        limit: usize,
    ) -> Result<Vec<WaitFor>, StoreError>;

    /// Says that the orders with these numbers no longer wait for it.
    async fn end_waits(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        numbers: &[i64],
    ) -> Result<(), StoreError>;

    /// Cells of which facts left less than was promised, over all organizations. A commit that leaves
    /// a cell so names it here itself.
    async fn short_cells(&self, limit: usize)
    -> Result<Vec<(OrganizationId, CellKey)>, StoreError>;

    /// Takes the cell off that list where it is no longer short; answers whether it is off.
    async fn end_short(
        &self,
        organization: OrganizationId,
        cell: CellKey,
    ) -> Result<bool, StoreError>;
}
