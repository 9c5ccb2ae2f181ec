//! Ends an order of which nothing is left to deliver: closed once everything that left has arrived,
//! canceled where nothing ever left.

use crate::decide::Refusal;
use crate::event::Event;
use crate::id::OrderId;
use crate::order::{FulfilledBy, Order, OrderLife};
use crate::quantity::Quantity;
use crate::reaction::Reacted;
use crate::shipment::ParcelState;
use crate::world::World;

pub(super) fn react(world: &World, id: OrderId) -> Result<Reacted, Refusal> {
    let Some(order) = world.order(id)? else {
        return Ok(None);
    };
    if order.life != OrderLife::Open || order.confirmed_at.is_none() || order.lines.is_empty() {
        return Ok(None);
    }
    // Gift cards, fees and the like never ship and do not keep an order open.
    let waits = order.lines.iter().any(|line| {
        let left = line.open + line.allocated > Quantity::ZERO;
        left && (line.kind.ships() || line.fulfilled_by != FulfilledBy::Us)
    });
    if waits {
        return Ok(None);
    }
    if order.lines.iter().all(|line| line.canceled == line.ordered) {
        return Ok(Some((vec![Event::OrderCanceled { order: id }], Vec::new())));
    }
    let done = order.holds.is_empty() && has_arrived(world, order)?;
    Ok(done.then(|| (vec![Event::OrderClosed { order: id }], Vec::new())))
}

/// Whether every parcel has been delivered, or came back.
fn has_arrived(world: &World, order: &Order) -> Result<bool, Refusal> {
    world.want_shipments(&order.shipments)?;
    for id in &order.shipments {
        let Some(shipment) = world.shipment(*id)? else {
            continue;
        };
        let ended = |state| {
            matches!(
                state,
                ParcelState::Delivered | ParcelState::ReturnedToSender
            )
        };
        if !shipment.parcels.iter().all(|parcel| ended(parcel.state)) {
            return Ok(false);
        }
    }
    Ok(true)
}
