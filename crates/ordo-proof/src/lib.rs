//! What Ordo survives, tried on the release build and on real stores, with ledgers of its own.
//!
//! Read `part` (what there is to prove, and how often), then the part that interests you; `served` and
//! `http` are how the parts reach a server. Each part counts what it tried and what broke; a test in
//! continuous integration runs it a few times, `make prove` many times.

// A proof that cannot go on ends at once, with what it met.
#![allow(clippy::unwrap_used, clippy::panic)]

pub mod api_fuzz;
pub mod audit;
pub mod backups;
pub mod differential;
pub mod disk_faults;
pub mod failover;
pub mod figures;
pub mod harness;
pub mod http;
pub mod idempotency;
pub mod kills;
pub mod load;
pub mod node_loss;
pub mod overload;
pub mod part;
pub mod power;
pub mod process;
pub mod prove;
pub mod random;
pub mod receiver;
pub mod report;
pub mod served;
pub mod simulated;
pub mod small_disk;
pub mod soak;
pub mod trade;
