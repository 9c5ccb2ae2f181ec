//! Cancels an order, or units of it, as far as it has not left.
//!
//! Invariant: quantity already handed to a carrier is never canceled, only returned.
//! Invariant: every unit freed here is given back to its stock cell in the same commit.

use std::collections::BTreeMap;

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event, LineUnits};
use crate::id::{LineId, OrderId};
use crate::order::{LineRef, Order, OrderLife};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Units of one line to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelLine {
    /// The order line, or the parent of a bundle's.
    pub line: LineRef,
    /// How many units.
    pub quantity: Quantity,
}

/// Cancels what has not left. Work that a location has begun is asked to stop; its units are
/// canceled once the location has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// Which order.
    pub order: OrderId,
    /// Which units; empty for all. A bundle's parent may stand for its components.
    pub lines: Vec<CancelLine>,
    /// Why, and whose doing.
    pub cause: Cause,
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
                return Err(Rejection::new(Code::OrderState, "the order is closed")
                    .at("/id")
                    .into());
            }
            OrderLife::Open | OrderLife::Draft => {}
        }
        world.want_fulfillment_orders(&order.fulfillment_orders)?;
        if self.lines.is_empty() {
            self.cancel_all(world, order)
        } else {
            self.cancel_some(world, order)
        }
    }

    fn cancel_all(&self, world: &World, order: &Order) -> Result<Decided, Refusal> {
        let mut plan = Plan::new(order);
        for id in &order.fulfillment_orders {
            let Some(work) = world.fulfillment_order(*id)? else {
                continue;
            };
            if work.is_begun() {
                // A second request to stop says nothing new.
                if work.cancel.is_none() {
                    plan.events.push(Event::CancelRequested {
                        fulfillment_order: work.id,
                        cancels_lines: true,
                        cause: self.cause.clone(),
                    });
                }
            } else if !work.state.is_over() {
                plan.give_back(order.id, work);
            }
        }
        let lines: Vec<LineUnits> = (order.lines.iter())
            .map(|line| LineUnits {
                line: line.id,
                quantity: plan.open_of(line.id),
            })
            .filter(|units| units.quantity > Quantity::ZERO)
            .collect();
        if lines.is_empty() && plan.events.is_empty() {
            let asked = order
                .lines
                .iter()
                .any(|line| line.allocated > Quantity::ZERO);
            if asked {
                // Everything that can be asked has been asked.
                return Ok(Decided::unchanged(order.id));
            }
            let detail = "everything has left or was canceled";
            return Err(Rejection::new(Code::OrderState, detail).at("/id").into());
        }
        Ok(plan.finish(order, lines, &self.cause))
    }

    fn cancel_some(&self, world: &World, order: &Order) -> Result<Decided, Refusal> {
        let mut plan = Plan::new(order);
        let mut lines: Vec<LineUnits> = Vec::with_capacity(self.lines.len());
        let mut places = Vec::with_capacity(self.lines.len());
        for (index, asked) in self.lines.iter().enumerate() {
            let field = format!("/lines/{index}/line");
            let named = asked.line.units(order, asked.quantity, |_| true, &field)?;
            let repeats = |units: &LineUnits| lines.iter().any(|before| before.line == units.line);
            if named.iter().any(repeats) {
                return Err(Rejection::field(field, "the line stands here twice").into());
            }
            places.extend(named.iter().map(|_| index));
            lines.extend(named);
        }
        for (units, index) in lines.iter().zip(places) {
            // Open units first; then work that nobody has begun is taken back, and what is left of
            // it is sourced again in the same commit.
            for id in &order.fulfillment_orders {
                if plan.open_of(units.line) >= units.quantity {
                    break;
                }
                let Some(work) = world.fulfillment_order(*id)? else {
                    continue;
                };
                let touches = work.lines.iter().any(|part| part.line == units.line);
                if touches && !work.is_begun() && !work.state.is_over() {
                    plan.give_back(order.id, work);
                }
            }
            let open = plan.open_of(units.line);
            if open < units.quantity {
                let detail =
                    format!("{open} can be canceled, the rest is with a location or has left");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
        }
        Ok(plan.finish(order, lines, &self.cause))
    }
}

/// Events in the making, and how many units of each line are open after them.
struct Plan {
    events: Vec<Event>,
    open: BTreeMap<LineId, Quantity>,
    given_back: Vec<crate::id::FulfillmentOrderId>,
}

impl Plan {
    fn new(order: &Order) -> Self {
        let open = order
            .lines
            .iter()
            .map(|line| (line.id, line.open))
            .collect();
        Self {
            events: Vec::new(),
            open,
            given_back: Vec::new(),
        }
    }

    fn open_of(&self, line: LineId) -> Quantity {
        self.open.get(&line).copied().unwrap_or_default()
    }

    /// Gives work back before canceling, so that no reader of the log sees stock held by a dead line.
    fn give_back(&mut self, order: OrderId, work: &crate::fulfillment::FulfillmentOrder) {
        if self.given_back.contains(&work.id) {
            return;
        }
        self.given_back.push(work.id);
        self.events.push(Event::FulfillmentOrderCanceled {
            order,
            fulfillment_order: work.id,
        });
        for part in &work.lines {
            *self.open.entry(part.line).or_default() += part.quantity;
        }
    }

    fn finish(mut self, order: &Order, lines: Vec<LineUnits>, cause: &Cause) -> Decided {
        let stopped = |id: LineId| -> Quantity {
            lines
                .iter()
                .filter(|units| units.line == id)
                .map(|units| units.quantity)
                .sum()
        };
        let all = (order.lines.iter()).all(|line| line.canceled + stopped(line.id) == line.ordered);
        if !lines.is_empty() {
            let cause = cause.clone();
            self.events.push(Event::LinesCanceled {
                order: order.id,
                lines,
                cause,
            });
        }
        if all {
            self.events.push(Event::OrderCanceled { order: order.id });
        }
        Decided::changed(self.events, order.id)
    }
}
