//! Turns what other systems hand over into Ordo's input forms, and nothing else.
//!
//! Everything here is pure translation: bytes come in from a reader that somebody else opened, items
//! go out. No clock, no network, no store. [`import`] reads files of orders; [`house`] is the courier that needs no contract.

pub mod house;
pub mod import;
