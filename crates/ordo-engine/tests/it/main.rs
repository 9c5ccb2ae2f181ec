//! The engine over a store in memory: batches, faults at every step, repeated requests.

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::panic)]

mod batches;
mod faults;
mod shop;
mod what_if;
