//! Takes a plan for an order that waits for one.
//!
//! Invariant: the plan is taken as it was made or not at all, so that the stored decision answers for
//! the work it opened.

use ordo_sourcing::{Decision, StepBudget};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::OrderId;
use crate::planning::{Deferral, DeferralCause};
use crate::reaction::{is_ready, open_planned, open_problem};
use crate::rejection::{Code, Rejection};
use crate::sourcing::Problem;
use crate::world::World;

/// Takes a plan for an order that waits for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOrder {
    /// Which.
    pub order: OrderId,
    /// The plan with what it was made from; without one the order is sourced by itself.
    pub plan: Option<Decision>,
}

impl SourceOrder {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        let Some(deferral) = order.deferral else {
            return Ok(Decided::unchanged(order.id));
        };
        let resumed = Event::SourcingResumed { order: order.id };
        // What stops it by now stops the plan too; what frees it later has it sourced anew.
        let problem = match is_ready(order) {
            true => open_problem(world, ctx, order)?,
            false => None,
        };
        let Some(problem) = problem else {
            return Ok(Decided::changed(vec![resumed], order.id));
        };
        let held = match &self.plan {
            Some(plan) => problem.hold(plan),
            None => None,
        };
        let solved = match (held, deferral.why, deferral.went_stale) {
            (Some(solved), _, _) => solved,
            (None, DeferralCause::TooLarge, false) => {
                let again = Deferral {
                    went_stale: true,
                    ..deferral
                };
                return Ok(deferred(order.id, again));
            }
            (None, why, _) => {
                let again = open_problem(world, ctx, order)?;
                let alone = again.expect("it was there a moment ago").decide();
                // What waited for others may be too large to be sourced alone in the batch.
                if alone.is_cut_short() && why == DeferralCause::Together {
                    return Ok(deferred(order.id, Deferral::too_large(ctx.now)));
                }
                alone
            }
        };
        let (planned, attachments) = open_planned(world, ctx, order, &solved)?;
        let mut events = vec![resumed];
        events.extend(planned);
        Ok(Decided::changed(events, order.id).with(attachments))
    }
}

fn deferred(order: OrderId, deferral: Deferral) -> Decided {
    Decided::changed(vec![Event::SourcingDeferred { order, deferral }], order)
}

/// An order that asks for a plan.
pub struct Asked {
    order: OrderId,
    problem: Option<Problem>,
}

/// What an order that waits for a plan asks; `None` where it does not wait. Everything that the plan
/// reads must be in `world`.
///
/// # Errors
/// More must be loaded first.
pub fn plan_order(world: &World, ctx: &Context, order: OrderId) -> Result<Option<Asked>, Refusal> {
    let Some(found) = world.order(order)? else {
        return Ok(None);
    };
    if found.deferral.is_none() {
        return Ok(None);
    }
    let problem = match is_ready(found) {
        true => open_problem(world, ctx, found)?,
        false => None,
    };
    Ok(Some(Asked { order, problem }))
}

impl Asked {
    /// Makes the plan, which takes up to 50 milliseconds.
    #[must_use]
    pub fn solve(self) -> SourceOrder {
        let solved = (self.problem).map(|problem| problem.decide_within(StepBudget::FULL));
        SourceOrder {
            order: self.order,
            plan: solved.map(|solved| solved.decision),
        }
    }
}
