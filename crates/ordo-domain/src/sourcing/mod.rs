//! Sourcing problems: what the locations offer an order, at what cost, and by when.
//!
//! Where some location has a rate table for the destination and the order's currency, money decides;
//! else the nearest wins. The optimizer itself is the crate `ordo-sourcing`.

mod by_cost;
mod carriage;
mod customs;
mod leave;
mod promise;
mod question;
mod settings;
mod solved;

pub use carriage::PlannedCarriage;
pub use customs::{UNION, customs_area};
pub use promise::{PromiseAnswer, PromiseOption, PromiseQuestion, PromisedShipment, promise};
pub(crate) use question::{Question, Wanted};
pub use settings::{
    Duty, PENALTY_MAX, Penalties, PromiseKind, SourcingSettings, UpdateSourcingSettings,
    WEIGHT_DEFAULT_G,
};
pub(crate) use solved::Solved;
