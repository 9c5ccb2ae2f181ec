//! Cancels an order, or the part of it that has not been handed over as work.
//!
//! Invariant: quantity already handed to a carrier is never canceled, only returned.
//! Invariant: every unit freed here is given back to its stock cell in the same commit.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Event, LineUnits};
use crate::fulfillment::FulfillmentState;
use crate::id::OrderId;
use crate::order::{Order, OrderLife};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Cancels what has not left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which order.
    pub order: OrderId,
    /// A code for why, such as `buyer_changed_mind`.
    pub reason_code: String,
    /// Whose doing it was: `buyer`, `seller`, `carrier` or `channel`.
    pub fault: String,
}

impl CancelOrder {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        match order.life {
            // Asking twice is not a mistake.
            OrderLife::Canceled => return Ok(Decided::unchanged(order.id)),
            OrderLife::Closed => {
                return Err(Rejection::new(Code::OrderState, "the order is closed").into());
            }
            OrderLife::Open | OrderLife::Draft => {}
        }
        let (mut events, lines) = self.stop(world, order)?;
        if lines.is_empty() {
            let detail = "everything is with a location or has left";
            return Err(Rejection::new(Code::OrderState, detail).into());
        }
        let all = order.lines.iter().all(|line| {
            let stopped: Quantity = (lines.iter())
                .filter(|units| units.line == line.id)
                .map(|units| units.quantity)
                .sum();
            line.canceled + stopped == line.ordered
        });
        events.push(Event::LinesCanceled {
            order: order.id,
            lines,
            reason_code: self.reason_code.clone(),
            fault: self.fault.clone(),
        });
        if all {
            events.push(Event::OrderCanceled { order: order.id });
        }
        Ok(Decided::changed(events, order.id))
    }

    /// Gives work back that no location has begun, and counts what can be canceled then.
    fn stop(&self, world: &World, order: &Order) -> Result<(Vec<Event>, Vec<LineUnits>), Refusal> {
        world.want_fulfillment_orders(&order.fulfillment_orders)?;
        let mut events = Vec::new();
        let mut freed: Vec<LineUnits> = Vec::new();
        for id in &order.fulfillment_orders {
            let Some(work) = world.fulfillment_order(*id)? else {
                continue;
            };
            if !matches!(
                work.state,
                FulfillmentState::Open | FulfillmentState::Planned
            ) {
                continue;
            }
            // Give back before canceling, so that no reader of the log sees stock held by a dead line.
            events.push(Event::FulfillmentOrderCanceled {
                order: order.id,
                fulfillment_order: work.id,
            });
            freed.extend(work.lines.iter().map(|line| LineUnits {
                line: line.line,
                quantity: line.quantity,
            }));
        }
        let lines = (order.lines.iter())
            .map(|line| {
                let given_back: Quantity = (freed.iter())
                    .filter(|units| units.line == line.id)
                    .map(|units| units.quantity)
                    .sum();
                LineUnits {
                    line: line.id,
                    quantity: line.open + given_back,
                }
            })
            .filter(|units| units.quantity > Quantity::ZERO)
            .collect();
        Ok((events, lines))
    }
}
