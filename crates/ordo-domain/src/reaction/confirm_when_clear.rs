//! Confirms an order once nothing keeps the whole of it from taking stock.

use crate::decide::Refusal;
use crate::event::Event;
use crate::id::OrderId;
use crate::order::{OrderLife, Origin, Stage};
use crate::reaction::Reacted;
use crate::world::World;

pub(super) fn react(world: &World, id: OrderId) -> Result<Reacted, Refusal> {
    let Some(order) = world.order(id)? else {
        return Ok(None);
    };
    let waits = order.life == OrderLife::Open
        && order.origin == Origin::Live
        && order.confirmed_at.is_none()
        && !order.is_held(Stage::Source, None);
    Ok(waits.then(|| (vec![Event::OrderConfirmed { order: id }], Vec::new())))
}
