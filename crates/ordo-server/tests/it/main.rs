//! The HTTP interface as its clients meet it: a router over a real engine and a SQLite file, called
//! without a socket except where the socket is the point.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it says"
)]

mod bad_input;
mod browser;
mod contract;
mod idempotency;
mod import;
mod ledger;
mod lists;
mod nearest;
mod orders;
mod organizations;
mod pages;
mod performance;
mod permissions;
mod planned;
mod prices;
mod rate_limit;
mod rates;
mod refused;
mod rule_pages;
mod rule_sets;
mod scope;
mod set_up;
mod soak;
mod socket;
mod sourcing_pages;
mod stages;
mod stock;
mod system;
mod test_app;
mod together;
mod waiting;
mod webhooks;
mod what_if_variants;
mod what_ifs;
mod why;
mod work;
