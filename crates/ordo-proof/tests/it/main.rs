//! The proof as continuous integration runs it: every part a few times.

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::panic)]

mod corpus;
mod disks;
mod scripted;
