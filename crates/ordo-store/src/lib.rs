//! The port behind which Ordo keeps its state and its log.
//!
//! A store can do few things: load rows by key, commit the changes of a batch, read the log, keep
//! consumers' cursors and views, and answer lists. Decisions are made elsewhere, over rows that were
//! loaded without locks; [`Store::commit`] checks that they still hold.
//!
//! Invariant: a store never decides. Invariant: every read and write names the organization.

pub mod agenda;
pub mod commit;
pub mod contract;
pub mod faulty;
pub mod log;
pub mod memory;
pub mod metered;
pub mod operation;
pub mod points;
pub mod port;
pub mod portable;
pub mod query;
pub mod reports;
pub mod view;
mod wrapper;

pub use agenda::{Agenda, Task, TaskDraft, TaskEnd, TaskState, Wait, WaitFor, WaitKind};
pub use commit::{AnswerWrite, Commit, CommitError, Committed, Conflict};
pub use faulty::{Fault, FaultPlan, FaultRates, FaultyStore};
pub use log::{Head, LogEntry};
pub use memory::MemoryStore;
pub use metered::{Meter, MeteredStore, StoreMeters};
pub use operation::Operation;
pub use port::{AnswerKey, FoundKey, SignalPlace, Store, StoreError, StoredAnswer};
pub use query::{
    Count, LedgerFilter, LedgerLine, LedgerPlace, OrderFilter, OrderRow, OrderSort, Page, Query,
    RollupFilter, StockRow, WorkFilter,
};
pub use reports::{REPORTS_DROPPED_MAX, Report, ReportHead, ReportKind, Reports, ReportsOf};
pub use view::{LedgerTerm, Rollup, RollupKey, RollupMeasure, Term, ViewWrite};
