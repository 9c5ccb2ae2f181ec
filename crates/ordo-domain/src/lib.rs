//! What may happen to orders, stock, fulfillment and returns, as pure decisions.
//!
//! Read in this order: `id`, `money`, `quantity`, `time`, `text`, `check` (parsed values: once built,
//! always valid); `order`, `stock`, `fulfillment`, `network`, `catalog`, `organization` (state and
//! one file per command); `event`, `command`, `rejection`; `world` (the loaded slice) and `reference`
//! (the snapshot); `decide` (the one dispatch) and `reaction` (what follows in the same commit);
//! `what_if` (past orders sourced again under another setup, by the same decisions).
//!
//! Invariant: nothing here reads a clock, randomness or hash order, does I/O or is async.
//! Invariant: the same command, context and world give the same events, bit for bit.

pub mod answer;
pub mod catalog;
pub mod check;
pub mod claim;
pub mod command;
pub mod contact;
pub mod customer;
pub mod decide;
pub mod edit;
pub mod erase;
pub mod event;
mod footprint;
pub mod fulfillment;
pub mod id;
pub mod money;
pub mod network;
pub mod order;
pub mod organization;
pub mod planning;
pub mod quantity;
pub mod rate;
pub mod reaction;
pub mod record;
pub mod reference;
pub mod rejection;
pub mod returns;
pub mod rules;
pub mod shipment;
pub mod signal;
pub mod sourcing;
pub mod stock;
pub mod text;
pub mod time;
pub mod webhook;
pub mod what_if;
pub mod world;

pub use answer::AnswerSubject;
pub use command::Command;
pub use decide::{Actor, Applied, Attachment, Context, Outcome, Recorded, Refusal, apply};
pub use event::Event;
pub use rejection::{Code, FieldProblem, Rejection};
pub use world::World;
