//! Ordo's state and log in one SQLite file: the store that comes with the binary.
//!
//! One thread owns the connection that writes; it also loads what batches decide on, so that a batch
//! sees what the one before wrote, from a warm cache. Other threads answer queries from snapshots.
//! Callers wait on channels, never on the disk.
//!
//! Invariant: what was answered as committed is on the disk (WAL, `synchronous=FULL`).
//! Invariant: one process at a time serves a folder; readers of other processes need no lock.

mod agenda;
mod backup;
mod cells;
mod checkpoint;
mod commit;
mod erase;
mod error;
pub mod facts;
mod folder;
mod health;
mod keys;
mod lists;
mod load;
mod log;
mod lots;
mod migrate;
mod orders;
#[cfg(test)]
mod plans;
pub mod portable;
mod prune;
mod queue;
mod reports;
mod rows;
mod search;
mod signals;
mod sound;
mod store;
mod threads;
mod view;
mod writer;

pub use error::OpenError;
pub use folder::{DATABASE_FILE, LOCK_FILE, Options};
pub use store::SqliteStore;
