//! The demo company: who it is, and the orders that come in.

pub mod company;
pub mod orders;
