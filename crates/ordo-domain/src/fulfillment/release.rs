//! Hands a fulfillment order to its location, which accepts it.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{find, must_be, must_be_free};
use crate::id::FulfillmentOrderId;
use crate::order::Stage;
use crate::world::World;

/// Hands the work to its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseWork {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
}

impl ReleaseWork {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        if work.state == State::Released {
            return Ok(Decided::unchanged(work.id));
        }
        must_be(work, &[State::Planned, State::Open])?;
        must_be_free(world, work, order, Stage::Release, ctx.now)?;
        let released = Event::FulfillmentOrderReleased {
            fulfillment_order: work.id,
        };
        Ok(Decided::changed(vec![released], work.id))
    }
}

/// The location agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptWork {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
}

impl AcceptWork {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, _) = find(world, self.fulfillment_order)?;
        if work.state == State::Accepted {
            return Ok(Decided::unchanged(work.id));
        }
        must_be(work, &[State::Released])?;
        let accepted = Event::FulfillmentOrderAccepted {
            fulfillment_order: work.id,
        };
        Ok(Decided::changed(vec![accepted], work.id))
    }
}
