//! Merges a newer version of an order that its channel has changed.
//!
//! Older or equal versions change nothing, in whatever order they arrive.

use crate::decide::{Context, Decided, Refusal};
use crate::id::OrderId;
use crate::order::CaptureOrder;
use crate::rejection::{Code, Rejection};
use crate::world::World;

pub(super) fn decide(
    capture: &CaptureOrder,
    id: OrderId,
    world: &World,
    _ctx: &mut Context,
) -> Result<Decided, Refusal> {
    let Some(order) = world.order(id)? else {
        return Err(Rejection::new(Code::NotFound, "the order was erased").into());
    };
    world.want_fulfillment_orders(&order.fulfillment_orders)?;
    if capture.source_version <= order.source_version {
        return Ok(Decided::unchanged(id));
    }
    Err(Rejection::new(Code::OrderState, "newer versions are not merged yet").into())
}
