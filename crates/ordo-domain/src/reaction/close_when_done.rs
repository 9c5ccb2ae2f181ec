//! Closes a confirmed order of which nothing is left to deliver.

use crate::decide::Refusal;
use crate::event::Event;
use crate::id::OrderId;
use crate::order::{FulfilledBy, OrderLife};
use crate::quantity::Quantity;
use crate::reaction::Reacted;
use crate::world::World;

pub(super) fn react(world: &World, id: OrderId) -> Result<Reacted, Refusal> {
    let Some(order) = world.order(id)? else {
        return Ok(None);
    };
    if order.life != OrderLife::Open || order.confirmed_at.is_none() || !order.holds.is_empty() {
        return Ok(None);
    }
    // Gift cards, fees and the like never ship and do not keep an order open.
    let waits = order.lines.iter().any(|line| {
        let left = line.open + line.allocated > Quantity::ZERO;
        left && (line.kind.ships() || line.fulfilled_by != FulfilledBy::Us)
    });
    let all_canceled = order.lines.iter().all(|line| line.canceled == line.ordered);
    if waits || order.lines.is_empty() {
        return Ok(None);
    }
    let end = if all_canceled {
        Event::OrderCanceled { order: id }
    } else if order.lines.iter().any(|line| line.shipped > Quantity::ZERO) {
        // What a carrier has is not delivered yet.
        return Ok(None);
    } else {
        Event::OrderClosed { order: id }
    };
    Ok(Some((vec![end], Vec::new())))
}
