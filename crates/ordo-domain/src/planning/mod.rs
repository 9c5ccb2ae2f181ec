//! Plans that are made beside the batch: for orders that are too large for it, for orders that are
//! sourced together, and for work that is looked at again before anybody has begun with it.
//!
//! Invariant: a plan is a proposal. Whoever makes it reads a state that may be gone by the time it is
//! taken, so the command that takes it checks every unit, shipment and cost again.

mod deferral;
mod look_again;
mod pin;
mod source_order;
mod together;

pub use deferral::{Deferral, DeferralCause};
pub use look_again::{MoveWork, is_worth_moving};
pub use pin::PinWork;
pub use source_order::{Asked, SourceOrder, plan_order};
pub use together::{TOGETHER_MAX, Together, TogetherSum, plan_together, want_together};
