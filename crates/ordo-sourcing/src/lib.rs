//! Decides which locations ship which lines of an order, at least cost.
//!
//! Everything here is pure: no clock, no randomness, no hash order, no I/O and no floats, so the
//! same [`Instance`] and [`StepBudget`] give the same [`Plan`] bit for bit on every machine. A
//! [`Decision`] keeps the inputs beside the answer, so that it can be replayed and explained.
//!
//! The cost of a plan is a [`Cost`]: lexicographic tiers first, then exact micro-cents
//! (1 cent = 1,000,000 uc). `instance` says what a plan may do and costs, `plan` checks and prices
//! one, `solve` picks the method, `exact` and `search` are the two methods over a `problem`.

mod cost;
mod decision;
mod exact;
mod instance;
mod plan;
mod problem;
mod rate;
mod search;
mod solve;
mod tariff;

pub use cost::{Cost, MAX_TIERS};
pub use decision::{Decision, ENGINE, Excluded, Reason, ReplayError};
pub use instance::{Candidate, Flaw, Instance, Key, Line, MAX_QUANTITY, Penalties, Tier};
pub use plan::{Plan, PlanFault, Shipment, Solution, StepBudget};
pub use rate::{Rate, Service, WeightStep};
pub use solve::solve;
