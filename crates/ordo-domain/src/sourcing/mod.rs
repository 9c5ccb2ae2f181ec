//! Sourcing problems: what the locations offer an order, at what cost, and by when.
//!
//! Where some location has a rate table for the destination and the order's currency, money decides;
//! else the nearest wins. The optimizer itself is the crate `ordo-sourcing`.

mod basket;
mod bill;
mod by_cost;
mod carriage;
mod customs;
mod forecast;
mod guide;
mod held;
mod leave;
mod performance;
mod price_book;
mod promise;
mod question;
mod settings;
mod shared;
mod solved;
mod steer;
mod steps;
mod stored;
mod takes;
mod would;

pub(crate) use basket::groups;
pub(crate) use bill::Bill;
pub use carriage::{ParcelUnits, PlannedCarriage, PlannedParcel};
pub use customs::{UNION, customs_area};
pub use forecast::{HISTORY_DAYS, HISTORY_MAX, History, forecast};
pub(crate) use guide::{Counting, Guide, Taken, line_facts, order_facts};
pub(crate) use leave::{leave, want_days};
pub use performance::{Outcomes, PERFORMANCE_DAYS, performance_days};
pub use price_book::{
    HORIZON_DAYS_MAX, PRICES_EVERY_US, PRICES_MAX, PriceBook, Prices, RenewPrices, ShipmentPrice,
    StockPrice, StockPrices,
};
pub use promise::{
    PromiseAnswer, PromiseOption, PromiseQuestion, PromisedShipment, PromisedUnits, promise,
};
pub(crate) use question::{Question, Wanted};
pub use settings::{
    Duty, LOOK_AGAIN_MIN_MAX, PENALTY_MAX, Penalties, PriceSettings, PromiseKind, SourcingSettings,
    TOGETHER_S_MAX, UpdateSourcingSettings, WEIGHT_DEFAULT_G,
};
pub(crate) use shared::Limits;
pub(crate) use solved::{Planned, Problem, Solved};
pub(crate) use steps::{Demand, ask_steps};
pub(crate) use stored::decision_text;
pub use stored::read_decision;
pub use would::{Would, would};
