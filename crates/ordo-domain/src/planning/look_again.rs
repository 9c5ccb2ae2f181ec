//! Looks again at work that nobody has begun: what has come free since, and prices and stock that
//! changed, may have made another plan cheaper.
//!
//! Invariant: work moves only where that saves what the settings ask for and no shipment gets later
//! than the latest one was.
//! Invariant: what a person pinned or stopped, and what a location has been given, stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::{Attachment, Context, Decided, Refusal};
use crate::event::{Event, LineUnits};
use crate::fulfillment::{FulfillmentOrder, FulfillmentState};
use crate::id::{LocationId, OrderId};
use crate::money::Minor;
use crate::order::Order;
use crate::quantity::Quantity;
use crate::rate::MICRO;
use crate::reaction::{is_ready, open_planned, open_problem};
use crate::rejection::{Code, Rejection};
use crate::sourcing::Solved;
use crate::world::World;

/// Moves the work of an order that nobody has begun to where it costs less, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveWork {
    /// Which.
    pub order: OrderId,
    /// What it must save, in minor units of the order's currency; at least one.
    pub threshold: Minor,
}

impl MoveWork {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        let Some(found) = better(world, ctx, order, self.threshold)? else {
            return Ok(Decided::unchanged(order.id));
        };
        let moved = found.taken.iter().map(|work| Event::WorkMoved {
            order: order.id,
            fulfillment_order: work.id,
            saving: found.saving,
        });
        let mut events: Vec<Event> = moved.collect();
        let (mut opened, attachments) = found.opened(ctx)?;
        for event in &mut opened {
            if let (Event::FulfillmentOrderOpened { fulfillment_order }, [only]) =
                (event, found.taken.as_slice())
            {
                fulfillment_order.replaces = Some(only.id);
            }
        }
        events.extend(opened);
        Ok(Decided::changed(events, order.id).with(attachments))
    }
}

/// Whether [`MoveWork`] would move work of the order, as far as `world` knows.
///
/// # Errors
/// More must be loaded first.
pub fn is_worth_moving(world: &World, ctx: &Context, command: &MoveWork) -> Result<bool, Refusal> {
    let Some(order) = world.order(command.order)? else {
        return Ok(false);
    };
    Ok(better(world, ctx, order, command.threshold)?.is_some())
}

/// A plan that is worth moving work for.
struct Better {
    /// The world and the order without the work that is moved.
    beside: World,
    freed: Order,
    taken: Vec<Arc<FulfillmentOrder>>,
    solved: Solved,
    saving: Minor,
}

impl Better {
    fn opened(&self, ctx: &mut Context) -> Result<(Vec<Event>, Vec<Attachment>), Refusal> {
        open_planned(&self.beside, ctx, &self.freed, &self.solved)
    }
}

fn better(
    world: &World,
    ctx: &Context,
    order: &Arc<Order>,
    threshold: Minor,
) -> Result<Option<Better>, Refusal> {
    if !is_ready(order) || order.deferral.is_some() || !order.holds.is_empty() {
        return Ok(None);
    }
    world.want_fulfillment_orders(&order.fulfillment_orders)?;
    let mut taken = Vec::new();
    for id in &order.fulfillment_orders {
        let work = world.fulfillment_order(*id)?;
        taken.extend(work.filter(|work| may_move(work)).cloned());
    }
    // What waits for stock is not a question of where it is cheapest.
    let is_waiting = |order: &Order| {
        order
            .lines
            .iter()
            .any(|line| line.to_source() > Quantity::ZERO)
    };
    if taken.is_empty() || is_waiting(order) {
        return Ok(None);
    }
    let beside = world.without(&taken.iter().collect::<Vec<_>>())?;
    let freed = without(order, &taken);
    let Some(problem) = open_problem(&beside, ctx, &freed)? else {
        return Ok(None);
    };
    let had = shipped(&freed, &taken);
    if !problem.is_priced() {
        return Ok(None);
    }
    let Some(cost) = problem.cost_of(&had) else {
        return Ok(None);
    };
    let solved = problem.decide();
    let solution = &solved.decision.solution;
    if solution.cost.tiers > cost.tiers || !solution.plan.unfilled.is_empty() {
        return Ok(None);
    }
    let saving_uc = cost.money_uc.saturating_sub(solved.decision.paid_uc());
    let saving = Minor::new(saving_uc / MICRO).unwrap_or(Minor::ZERO);
    let is_enough = saving >= threshold && saving > Minor::ZERO;
    if !is_enough || latest(&solved) > latest_of(&taken) {
        return Ok(None);
    }
    Ok(Some(Better {
        beside,
        freed,
        taken,
        solved,
        saving,
    }))
}

/// Whether the work may be taken from its location without asking anybody.
fn may_move(work: &FulfillmentOrder) -> bool {
    work.state == FulfillmentState::Open && !work.pinned
}

/// The order as it would be without the work.
fn without(order: &Order, taken: &[Arc<FulfillmentOrder>]) -> Order {
    let mut freed = order.clone();
    for units in taken.iter().flat_map(|work| work.line_units()) {
        let LineUnits { line, quantity } = units;
        if let Some(line) = freed.line_mut(line) {
            line.allocated -= quantity;
            line.open += quantity;
        }
    }
    freed
}

/// What the work ships, by location, as the lines of the problem of `freed`: one per SKU, in the order
/// of the order's lines.
fn shipped(freed: &Order, taken: &[Arc<FulfillmentOrder>]) -> Vec<(LocationId, Vec<(usize, i64)>)> {
    let mut wants = Vec::new();
    for line in freed
        .lines
        .iter()
        .filter(|line| line.to_source() > Quantity::ZERO)
    {
        wants.extend(line.sku.filter(|sku| !wants.contains(sku)));
    }
    let mut found: BTreeMap<LocationId, BTreeMap<usize, i64>> = BTreeMap::new();
    for work in taken {
        for line in &work.lines {
            if let Some(want) = wants.iter().position(|sku| *sku == line.sku) {
                let units = found.entry(work.location).or_default();
                *units.entry(want).or_default() += line.quantity.get();
            }
        }
    }
    let by_location = found.into_iter();
    by_location
        .map(|(location, units)| (location, units.into_iter().collect()))
        .collect()
}

/// Days after the promised one of the latest shipment.
fn latest(solved: &Solved) -> i64 {
    let shipments = solved.decision.solution.plan.shipments.iter();
    let late = shipments.map(|shipment| {
        let carriage = solved.planned(shipment).carriage;
        carriage.map_or(0, |carriage| carriage.late_days)
    });
    late.max().unwrap_or(0)
}

fn latest_of(taken: &[Arc<FulfillmentOrder>]) -> i64 {
    let late = (taken.iter()).map(|work| work.carriage.as_ref().map_or(0, |said| said.late_days));
    late.max().unwrap_or(0)
}
