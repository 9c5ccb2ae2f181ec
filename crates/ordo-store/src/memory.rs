//! A store in memory: the reference that the others are compared with.
//!
//! It keeps the same contract for writes, has the log and reads by id, and of the lists those
//! of records, work, stock and events. Nothing outlives the process.
//!
//! Invariant: a commit is checked as a whole before its first row is written, under one lock.

mod agenda;
mod commit;
mod query;
mod reports;
mod state;
mod store;

use std::sync::{Mutex, MutexGuard};

use state::State;

/// State and log in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the lock")
    }
}
