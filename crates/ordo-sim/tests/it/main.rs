//! The simulator itself: the same seed does the same, nothing breaks, and planted bugs are noticed.

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::panic)]

mod repeated;
mod scripted;
