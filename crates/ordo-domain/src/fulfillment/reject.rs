//! The location refuses the work; its units are sourced again in the same commit, never from there.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event};
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{find, must_be};
use crate::id::FulfillmentOrderId;
use crate::world::World;

/// The location refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectWork {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
    /// Why, and whose doing.
    pub cause: Cause,
}

impl RejectWork {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        if work.state == State::Rejected {
            return Ok(Decided::unchanged(work.id));
        }
        must_be(work, &[State::Open, State::Released, State::Accepted])?;
        let rejected = Event::FulfillmentOrderRejected {
            order: order.id,
            fulfillment_order: work.id,
            cause: self.cause.clone(),
        };
        Ok(Decided::changed(vec![rejected], work.id).settling(order.id))
    }
}
