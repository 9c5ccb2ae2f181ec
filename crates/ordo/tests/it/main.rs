//! The program from outside: real processes, real HTTP, real databases.

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::panic)]

mod carried;
mod doctor;
mod erased;
mod geography;
mod released;
mod scripted;
mod sourced;
mod what_if;
