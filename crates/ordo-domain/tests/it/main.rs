//! The domain from outside: scenarios as text, laws of arithmetic, and the wire of events.

mod desk;
mod input;
mod scenarios;
mod wire;
