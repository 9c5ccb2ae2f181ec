//! A person wants work to stay at its location, or no longer does.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::find;
use crate::id::FulfillmentOrderId;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Says whether work stays at its location when work is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinWork {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
    /// Whether it stays.
    pub pinned: bool,
}

impl PinWork {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, _) = find(world, self.fulfillment_order)?;
        if work.pinned == self.pinned {
            return Ok(Decided::unchanged(work.id));
        }
        if work.state.is_over() {
            let detail = format!("the fulfillment order is {}", work.state.name());
            let rejection = Rejection::new(Code::FulfillmentState, detail);
            return Err(rejection.at("/id").into());
        }
        let pinned = Event::WorkPinned {
            fulfillment_order: work.id,
            pinned: self.pinned,
        };
        Ok(Decided::changed(vec![pinned], work.id))
    }
}
