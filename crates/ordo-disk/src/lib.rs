//! A disk under SQLite that can be taken away: it records what is written, truncated, synced and
//! deleted in a folder, and builds the folder as a power loss would have left it at any point of that
//! record. It also fills up and fails, call by call, as it is told.
//!
//! Read `record` (what is kept of what SQLite did), `model` (what a disk promises, and what it may do
//! otherwise), `faults` (calls that fail) and `shim` (how it gets under SQLite: the only unsafe code
//! of the workspace). Used by proofs and tests only; no shipped program depends on it.

mod dice;
mod faults;
mod model;
mod record;
mod shim;

pub use dice::Dice;
pub use faults::{Call, Fault, Files, Times};
pub use model::{Image, Model, Sector};
pub use record::{Disk, Lie, Op};
