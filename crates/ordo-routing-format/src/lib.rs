//! Files in the form `ordo-routing/1`: sourcing problems as others write them, and our answers.
//!
//! A [`Document`] is a file as it was read, a [`Network`] makes the solver's instance of each of its
//! orders, a [`Shared`] sources those that share stock and capacity, and an [`Answer`] is what is
//! written. Floats end here: coordinates become zones, and money
//! and probabilities become whole micro-cents and millionths.

mod answer;
mod document;
pub mod family;
mod network;
mod number;
mod shared;

pub use answer::{Answer, OrderAnswer, PlannedLine, PlannedShipment};
pub use document::{
    Document, Kind, Location, LocationKind, Order, OrderLine, Penalties, ReadError, SCHEMA, Service,
};
pub use network::{MisfitError, Network};
pub use number::{Money, Share};
pub use shared::{Shared, Stream};
