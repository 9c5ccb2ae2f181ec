//! The domain from outside: scenarios as text, laws of arithmetic, and the wire of events.

// Tests may fail loudly and read their golden files.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod blocks;
mod bundles;
mod carriers;
mod changing;
mod desk;
mod edges;
mod expressions;
mod input;
mod lots;
mod parcels;
mod past;
mod planned;
mod presets;
mod promised;
mod rates;
mod rule_sets;
mod rules;
mod scenarios;
mod set_up;
mod shadow;
mod stages;
mod waiting;
mod what_if;
mod wire;
