//! The shell around the decisions: commands wait here, are decided in batches, and are answered
//! once their commit is durable; consumers, timers and keys live here too.
//!
//! Read `request` (what comes in and goes out), `batch` (the core, without tokio, so that a
//! simulator can drive it), `dispatcher` (queues in front of it), `view` and `timer` (what runs
//! beside it), `runtime` (what lets them run and wait), `keys` (who may ask), `what_if` (past orders sourced again) and `engine` (all of it put
//! together).

mod batch;
mod cache;
mod check;
mod clock;
pub mod deliveries;
mod dispatcher;
mod engine;
mod envelope;
mod erase;
pub mod jobs;
mod keys;
mod metrics;
mod prices;
mod request;
mod runtime;
mod terms;
mod timer;
mod view;
pub mod what_if;

pub use batch::{BatchEnv, run_batch};
pub use cache::Caches;
pub use check::{Finding, Report, check};
pub use clock::{Clock, SystemClock};
pub use deliveries::sign::MasterKey;
pub use dispatcher::Overloaded;
pub use engine::{Backend, Engine, EngineConfig, MAIN, Outside};
pub use envelope::{Envelope, is_public};
pub use erase::{FindError, Person};
pub use keys::{Caller, hash_secret};
pub use metrics::{Metrics, Summary};
pub use request::{Admitted, Idempotency, Lane, Render, Reply, Request};
pub use runtime::{Runtime, Tokio};
pub use terms::{search_terms, term_hash};
