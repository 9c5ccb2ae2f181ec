//! Ordo's state and log in PostgreSQL 15 or later, shared by any number of nodes.
//!
//! A commit is one transaction whose statements go out in one flight; their answers are checked
//! before COMMIT follows. Everything that a statement needs is an array, so that a batch costs a
//! fixed number of statements. `migrations/` holds the tables; read it first, then [`PostgresStore`],
//! then `commit` (what is written, in which order) and `load` (what is read).
//!
//! Invariant: READ COMMITTED with row locks and unique keys; no sequence, advisory lock or NOTIFY.
//! Invariant: no timeout and no dropped future ends a COMMIT that was sent.

mod agenda;
pub mod cluster;
mod commit;
mod connection;
mod encryption;
pub mod facts;
mod failure;
mod flight;
#[cfg(debug_assertions)]
mod isolation;
mod known;
mod list;
mod load;
mod migrate;
mod pool;
pub mod portable;
mod reach;
mod read;
mod records;
mod reports;
mod rows;
mod store;
mod target;
mod values;
mod view;
mod watch;

pub use failure::{Distrust, OpenError};
pub use store::{Options, PostgresStore};
