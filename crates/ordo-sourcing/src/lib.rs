//! Decides which locations ship which lines of an order, at least cost.
//!
//! Everything here is pure: no clock, no randomness, no hash order, no I/O and no floats in anything
//! that is compared or summed (only prices of shared limits are found with them), so the same
//! [`Instance`] and [`StepBudget`] give the same [`Plan`] bit for bit on every machine. A
//! [`Decision`] keeps the inputs beside the answer, so that it can be replayed and explained.
//!
//! The cost of a plan is a [`Cost`]: lexicographic tiers first, then exact micro-cents
//! (1 cent = 1,000,000 uc). `instance` says what a plan may do and costs, `plan` checks and prices
//! one, `solve` picks the method over a `problem`: `exact` is the dynamic program, `bounded` the search
//! by prices for grains (over a `model`, with `pricing`, `master`, `partition`, `assign` and `around`
//! for its steps), and `search` what is left where neither proves anything. `listing` finds all plans
//! that cost no more than so much. `batch` is about orders that share stock and shipments.

mod around;
mod assign;
mod batch;
mod bounded;
mod branch;
mod cost;
mod decision;
mod exact;
mod explain;
mod incumbent;
mod instance;
mod listing;
mod master;
mod model;
mod parcel;
mod partition;
mod plan;
mod pricing;
mod problem;
mod rate;
mod search;
mod solve;
mod stored;
mod tariff;

#[cfg(test)]
extern crate self as ordo_sourcing;
// The same instances for tests of single methods as for tests of the whole.
#[cfg(test)]
#[path = "../tests/it/generate.rs"]
#[allow(dead_code)]
mod generate;

pub use batch::{
    Assigned, Batch, BatchFlaw, BatchPlan, BatchSolution, Draw, Effort, Member, Move, Online, Pace,
    Past, ReassignFlaw, Reassignment, Renewed, prices_until, reassign, solve_batch,
};
pub use cost::{Cost, MAX_TIERS};
pub use decision::{Decision, ENGINE, Excluded, Reason, ReplayError, RulesUsed, Steering, Termed};
pub use explain::{
    Alternative, Explanation, ParcelReason, ShipmentReason, WhyNot, cents_of, in_cents,
};
pub use instance::{Candidate, Flaw, Instance, Key, Line, MAX_QUANTITY, Penalties, Tier};
pub use parcel::{Parcel, Parceling};
pub use plan::{Plan, PlanFault, Shipment, Solution, StepBudget};
pub use rate::{Rate, Service, WeightStep};
pub use solve::solve;
