//! What follows from a command in the same commit, for the command's own order only.
//!
//! Each reaction looks at the order as it stands and answers the next events, or nothing. They run
//! in turn until none has anything to add. Anything wider than one order is a job.

mod close_when_done;
mod confirm_when_clear;
mod planned;
mod source_when_ready;
mod validate_on_capture;

pub(crate) use source_when_ready::{
    Rehearsed, could_ship, is_ready, open_planned, open_problem, open_skus, rehearse,
};
pub(crate) use validate_on_capture::signals_of;

use crate::decide::{Attachment, Context, Refusal};
use crate::event::Event;
use crate::id::OrderId;
use crate::world::World;

/// What a reaction adds.
pub(crate) type Reacted = Option<(Vec<Event>, Vec<Attachment>)>;

/// Rounds after which reactions that never come to rest are a bug.
const ROUNDS_MAX: usize = 16;

/// Lets the reactions run for `order` until it is at rest.
pub(crate) fn settle(
    world: &mut World,
    ctx: &mut Context,
    order: OrderId,
    mut happen: impl FnMut(&mut World, &Context, Vec<Event>, Vec<Attachment>),
) -> Result<(), Refusal> {
    if let Some((events, attachments)) = validate_on_capture::react(world, ctx, order)? {
        happen(world, ctx, events, attachments);
    }
    for _ in 0..ROUNDS_MAX {
        let reacted = match confirm_when_clear::react(world, order)? {
            None => match source_when_ready::react(world, ctx, order)? {
                None => close_when_done::react(world, order)?,
                some => some,
            },
            some => some,
        };
        let Some((events, attachments)) = reacted else {
            return Ok(());
        };
        happen(world, ctx, events, attachments);
    }
    unreachable!("reactions of {order} do not come to rest");
}
