//! Stops work: at once where no location has begun, else by asking the location, which stops or
//! refuses.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event};
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{find, must_be};
use crate::id::FulfillmentOrderId;
use crate::world::World;

/// Asks for the work to be stopped, so that its units can be sourced from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopWork {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
    /// Why, and whose doing.
    pub cause: Cause,
}

impl StopWork {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        let fulfillment_order = work.id;
        match work.state {
            State::Canceled | State::CancelRequested => Ok(Decided::unchanged(work.id)),
            State::Planned | State::Open => {
                let rejected = Event::FulfillmentOrderRejected {
                    order: order.id,
                    fulfillment_order,
                    cause: self.cause.clone(),
                };
                Ok(Decided::changed(vec![rejected], work.id).settling(order.id))
            }
            State::Released | State::Accepted | State::Picking | State::Picked | State::Packed => {
                let requested = Event::CancelRequested {
                    fulfillment_order,
                    cancels_lines: false,
                    cause: self.cause.clone(),
                };
                Ok(Decided::changed(vec![requested], work.id))
            }
            State::Rejected | State::Shipped | State::Superseded | State::Closed => {
                must_be(work, &[]).map(|()| Decided::unchanged(work.id))
            }
        }
    }
}

/// The location's answer to a request to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerStop {
    /// Which.
    pub fulfillment_order: FulfillmentOrderId,
    /// Whether it stopped; else it goes on as before.
    pub stopped: bool,
}

impl AnswerStop {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        must_be(work, &[State::CancelRequested])?;
        if !self.stopped {
            let refused = Event::CancelRefused {
                fulfillment_order: work.id,
            };
            return Ok(Decided::changed(vec![refused], work.id));
        }
        world.want_cells(work.lines.iter().map(|line| line.sku))?;
        let mut events = vec![Event::FulfillmentOrderCanceled {
            order: order.id,
            fulfillment_order: work.id,
        }];
        if let Some(request) = work.cancel.as_ref().filter(|request| request.cancels_lines) {
            events.push(Event::LinesCanceled {
                order: order.id,
                lines: work.line_units(),
                cause: request.cause.clone(),
            });
        }
        Ok(Decided::changed(events, work.id).settling(order.id))
    }
}
