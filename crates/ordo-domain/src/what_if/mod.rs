//! What-if: past orders sourced again under another setup, and what that would have meant.
//!
//! A [`Variant`] says what is to be different; [`Setup`] is the reference and the stock that follow
//! from it. A [`Replay`] takes [`PastOrder`]s one by one, in the order in which they were placed, and
//! asks for each the very question that sourcing asks of a live order, over a world of its own whose
//! stock and capacity it uses up. A [`Tally`] sums the [`Outcome`]s up, and [`Difference`] sets two of
//! them side by side.
//!
//! Invariant: there is no second model of sourcing here. Whatever a plan may do, or costs, is what
//! `reaction` and `sourcing` say. Invariant: the same orders and setup give the same outcomes,
//! whatever else runs beside.

mod assortment;
mod changed;
mod compare;
mod past_order;
mod replay;
mod setup;
mod stock;
mod tally;
mod variant;

pub use assortment::Assortment;
pub use changed::{Change, Changes};
pub use compare::{Difference, Finding, MoneyDifference, findings};
pub use past_order::{LeftOut, PastOrder, Selection};
pub use replay::{Costs, Outcome, Replay, Shipped};
pub use setup::Setup;
pub use stock::{Stocked, Supply};
pub use tally::{Load, Mix, MoneySum, Tally};
pub use variant::{
    Hypothetical, LocationWish, Rates, RatesAssumed, RulesNamed, RulesSaid, RulesWish, StockWish,
    UnitsAt, Variant, VariantLocations,
};
