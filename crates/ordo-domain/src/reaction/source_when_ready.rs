//! Finds stock for the open units of a confirmed order: locations get work, the rest waits.
//!
//! Invariant: what is allocated was available in the world at this point of the batch; the commit
//! checks the headroom again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::{Attachment, Context, Refusal};
use crate::event::Event;
use crate::id::{LineId, OrderId, SkuId};
use crate::money::Minor;
use crate::network::{Block, BlockStage, Place};
use crate::order::{Hold, HoldKind, HoldSource, Line, Order, OrderLife, Origin, Stage};
use crate::planning::Deferral;
use crate::quantity::Quantity;
use crate::reaction::Reacted;
use crate::reaction::planned::{Planned, Want, wanted};
use crate::rules::body::Otherwise;
use crate::rules::facts::OrderFacts;
use crate::sourcing::{
    Counting, Demand, Guide, Problem, Question, Solved, Taken, Wanted, ask_steps, line_facts,
    order_facts,
};
use crate::time::{MINUTE, Timestamp};
use crate::world::World;

/// Locations that may refuse or come up short before a person looks.
const DECLINES_MAX: usize = 5;

pub(super) fn rule_hold(
    ctx: &mut Context,
    kind: HoldKind,
    line: Option<LineId>,
    reason: String,
) -> Hold {
    Hold {
        id: ctx.ids.make(),
        kind,
        line,
        fulfillment_order: None,
        blocks: kind.default_blocks(),
        reason: Some(reason),
        source: HoldSource::Rule,
        placed_at: ctx.now,
        auto_release_at: None,
    }
}

pub(super) fn react(world: &World, ctx: &mut Context, id: OrderId) -> Result<Reacted, Refusal> {
    let Some(order) = world.order(id)? else {
        return Ok(None);
    };
    // A plan in the making returns as a command.
    if !is_ready(order) || order.deferral.is_some() {
        return Ok(None);
    }
    let stopped = stopped_lines(world, ctx, order);
    if !stopped.is_empty() {
        return Ok(Some((stopped, Vec::new())));
    }
    let wants = wants(world, order)?;
    if wants.is_empty() {
        return Ok(None);
    }
    if is_declined_too_often(order) {
        let reason = format!(
            "{} locations refused it or came up short",
            order.declined.len()
        );
        let hold = rule_hold(ctx, HoldKind::NoLocation, None, reason);
        return Ok(Some((
            vec![Event::HoldPlaced { order: id, hold }],
            Vec::new(),
        )));
    }
    if let Some(counting) = Counting::of_order(world, order, ctx.now) {
        let mut opening = Opening {
            world,
            ctx,
            order,
            planned: Planned::new(wants),
        };
        let otherwise = by_steps(world, opening.ctx.now, order, counting, &mut opening)?;
        let mut planned = opening.planned;
        leave(world, ctx, order, otherwise, &mut planned)?;
        return Ok((!planned.events.is_empty()).then_some((planned.events, planned.attachments)));
    }
    if let Some(deferral) = Deferral::together(world, ctx, order) {
        return Ok(Some(deferred(id, deferral)));
    }
    let solved = problem(world, ctx.now, order, &wants)?.decide();
    if solved.is_cut_short() {
        let deferral = Deferral::too_large(ctx.now);
        return Ok(Some(deferred(id, deferral)));
    }
    let planned = Planned::of(world, ctx, order, wants, &solved)?;
    Ok((!planned.events.is_empty()).then_some((planned.events, planned.attachments)))
}

/// Asks the steps of the rules in turn. Answers what becomes of the rest.
fn by_steps(
    world: &World,
    now: Timestamp,
    order: &Order,
    counting: Counting,
    demand: &mut impl Demand,
) -> Result<Otherwise, Refusal> {
    let nowhere = Place::default();
    let facts = order_facts(world.reference(), order, &[]);
    let base = question(now, order, &nowhere, &[], &facts);
    ask_steps(world, counting, &base, &facts, demand)
}

/// Opens the work of each plan.
struct Opening<'a> {
    world: &'a World,
    ctx: &'a mut Context,
    order: &'a Order,
    planned: Planned,
}

impl Demand for Opening<'_> {
    fn left(&mut self) -> Vec<Wanted> {
        self.planned.left(self.order)
    }

    fn take(&mut self, _: &[Wanted], solved: Solved) {
        (self.planned).open_work(self.world, self.ctx, self.order, &solved);
    }
}

/// Keeps each plan and opens nothing.
struct Rehearsal<'a> {
    order: &'a Order,
    planned: Planned,
    rehearsed: Vec<Rehearsed>,
}

impl Demand for Rehearsal<'_> {
    fn left(&mut self) -> Vec<Wanted> {
        self.planned.left(self.order)
    }

    fn take(&mut self, wanted: &[Wanted], solved: Solved) {
        self.planned.drop_planned(&solved);
        let lines = skus_and_units(wanted);
        self.rehearsed.push(Rehearsed { lines, solved });
    }
}

fn skus_and_units(wanted: &[Wanted]) -> Vec<(SkuId, Quantity)> {
    let lines = wanted.iter();
    lines
        .map(|want| (want.sku.id, Quantity::stored(want.quantity)))
        .collect()
}

/// What becomes of what no step has taken.
fn leave(
    world: &World,
    ctx: &mut Context,
    order: &Order,
    otherwise: Otherwise,
    planned: &mut Planned,
) -> Result<(), Refusal> {
    match otherwise {
        Otherwise::Default => planned.wait(world, ctx, order)?,
        Otherwise::Queue { retry_minutes } => {
            let again_at = ctx.now.plus_micros(i64::from(retry_minutes) * MINUTE);
            planned.hold(ctx, order, HoldKind::Queued, Some(again_at));
        }
        Otherwise::AskPerson => planned.hold(ctx, order, HoldKind::NoLocation, None),
        Otherwise::Backorder => planned.backorder(order),
        Otherwise::CancelLine => planned.cancel(order),
    }
    Ok(())
}

/// Whether locations may get work for the order.
pub(crate) fn is_ready(order: &Order) -> bool {
    order.life == OrderLife::Open
        && order.origin == Origin::Live
        && order.confirmed_at.is_some()
        && !order.is_held(Stage::Source, None)
}

fn deferred(order: OrderId, deferral: Deferral) -> (Vec<Event>, Vec<Attachment>) {
    (
        vec![Event::SourcingDeferred { order, deferral }],
        Vec::new(),
    )
}

/// The problem of what is to be sourced now; `None` where that is nothing, something must be said of
/// the order first, or rules make several problems of it.
pub(crate) fn open_problem(
    world: &World,
    ctx: &Context,
    order: &Order,
) -> Result<Option<Problem>, Refusal> {
    let wants = wants(world, order)?;
    if wants.is_empty() || is_stopped(world, ctx, order) || is_declined_too_often(order) {
        return Ok(None);
    }
    if Counting::of_order(world, order, ctx.now).is_some() {
        return Ok(None);
    }
    problem(world, ctx.now, order, &wants).map(Some)
}

/// The SKUs of [`open_problem`], in the order of its lines.
pub(crate) fn open_skus(world: &World, order: &Order) -> Result<Vec<SkuId>, Refusal> {
    let wants = wants(world, order)?;
    Ok(wants.iter().map(|want| want.sku.id).collect())
}

/// What follows from a plan that was made beside the batch: its work is opened, and what it leaves
/// waits.
pub(crate) fn open_planned(
    world: &World,
    ctx: &mut Context,
    order: &Order,
    solved: &Solved,
) -> Result<(Vec<Event>, Vec<Attachment>), Refusal> {
    let wants = wants(world, order)?;
    let planned = Planned::of(world, ctx, order, wants, solved)?;
    Ok((planned.events, planned.attachments))
}

/// What `wants` ask of the locations, as the optimizer sees it.
fn problem(
    world: &World,
    now: Timestamp,
    order: &Order,
    wants: &[Want],
) -> Result<Problem, Refusal> {
    let wanted = wanted(order, wants);
    let nowhere = Place::default();
    let facts = order_facts(world.reference(), order, &wanted);
    question(now, order, &nowhere, &wanted, &facts).problem(world)
}

/// Whether so many locations refused it that a person must look.
fn is_declined_too_often(order: &Order) -> bool {
    order.declined.len() >= DECLINES_MAX && !order.cleared.contains(&HoldKind::NoLocation)
}

/// Holds on lines whose SKU or listing is blocked everywhere. They say so, rather than that there is
/// no stock, and are looked at again when the block ends.
fn stopped_lines(world: &World, ctx: &mut Context, order: &Order) -> Vec<Event> {
    let mut events = Vec::new();
    for (line, block) in blocked_lines(world, ctx.now, order) {
        let reason = format!("{} is blocked: {}", line.code, block.reason);
        let hold = rule_hold(ctx, HoldKind::Oversold, Some(line.id), reason);
        events.push(Event::HoldPlaced {
            order: order.id,
            hold,
        });
    }
    events
}

fn is_stopped(world: &World, ctx: &Context, order: &Order) -> bool {
    blocked_lines(world, ctx.now, order).next().is_some()
}

/// Lines to be sourced whose SKU or listing is blocked everywhere.
fn blocked_lines<'a>(
    world: &'a World,
    now: Timestamp,
    order: &'a Order,
) -> impl Iterator<Item = (&'a Line, &'a Block)> {
    order.lines.iter().filter_map(move |line| {
        let sku = line.sku?;
        if line.to_source() <= Quantity::ZERO || order.is_held(Stage::Source, Some(line.id)) {
            return None;
        }
        let reference = world.reference();
        let block = reference.block_of_line(sku, line.listing_id, BlockStage::Allocate, now)?;
        Some((line, &**block))
    })
}

/// What is to be sourced, one entry per SKU in the order of the lines: lines that share a SKU share
/// its stock.
fn wants(world: &World, order: &Order) -> Result<Vec<Want>, Refusal> {
    let mut wants: Vec<Want> = Vec::new();
    let mut places: BTreeMap<SkuId, usize> = BTreeMap::new();
    let mut missing = Vec::new();
    for line in &order.lines {
        let units = line.to_source();
        let Some(sku) = line.sku else { continue };
        if units <= Quantity::ZERO || order.is_held(Stage::Source, Some(line.id)) {
            continue;
        }
        match world.sku(sku) {
            Err(Refusal::Needs(keys)) => missing.extend(keys),
            Err(refusal) => return Err(refusal),
            Ok(None) => {}
            Ok(Some(sku)) => {
                let place = *places.entry(sku.id).or_insert(wants.len());
                if place == wants.len() {
                    wants.push(Want {
                        sku: Arc::clone(sku),
                        quantity: Quantity::ZERO,
                        lines: Vec::new(),
                    });
                }
                let want = &mut wants[place];
                want.quantity += units;
                want.lines.push((line.id, units));
            }
        }
    }
    if missing.is_empty() {
        Ok(wants)
    } else {
        Err(Refusal::Needs(missing))
    }
}

/// A plan from which nothing is taken.
pub(crate) struct Rehearsed {
    /// SKU and units of every line of its problem.
    pub lines: Vec<(SkuId, Quantity)>,
    pub solved: Solved,
}

/// What sourcing would do with all that is open of `order` at `now`: one plan, or one per step of the
/// rules that takes something.
pub(crate) fn rehearse(
    world: &World,
    now: Timestamp,
    order: &Order,
) -> Result<Vec<Rehearsed>, Refusal> {
    let wants = wants(world, order)?;
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let Some(counting) = Counting::of_order(world, order, now) else {
        return Ok(vec![Rehearsed {
            lines: skus_and_units(&wanted(order, &wants)),
            solved: problem(world, now, order, &wants)?.decide(),
        }]);
    };
    let mut rehearsal = Rehearsal {
        order,
        planned: Planned::new(wants),
        rehearsed: Vec::new(),
    };
    by_steps(world, now, order, counting, &mut rehearsal)?;
    Ok(rehearsal.rehearsed)
}

/// Units of a SKU that the locations which may serve `order` could ship, all together: in time, where
/// its promise binds, so that looking again at what cannot be served changes nothing.
pub(crate) fn could_ship(
    world: &World,
    ctx: &Context,
    order: &Order,
    sku: SkuId,
) -> Result<Quantity, Refusal> {
    let Some(sku) = world.sku(sku)? else {
        return Ok(Quantity::ZERO);
    };
    let wanted = [Wanted {
        sku: Arc::clone(sku),
        quantity: 1,
        value: Minor::ZERO,
        together: None,
    }];
    let nowhere = Place::default();
    let facts = order_facts(world.reference(), order, &wanted);
    let mut question = question(ctx.now, order, &nowhere, &wanted, &facts);
    let waiting = (order.lines.iter())
        .filter(|line| line.sku == Some(wanted[0].sku.id) && line.open > Quantity::ZERO)
        .filter_map(|line| line.promise_current.or(line.channel_deliver_by));
    question.promised = question.promised.into_iter().chain(waiting).min();
    let Some(counting) = Counting::of_order(world, order, ctx.now) else {
        return Ok(Quantity::stored(question.problem(world)?.on_offer(0)));
    };
    let lines = line_facts(&wanted);
    let taken = Taken::default();
    let guides: Vec<Guide> = (counting.rules().steps.iter())
        .map(|step| counting.guide(step, &facts, &lines, ctx.now, &taken))
        .filter(Guide::is_asked)
        .collect();
    let mut units = 0;
    for guide in &guides {
        question.guide = Some(guide);
        units = question.problem(world)?.on_offer(0).max(units);
    }
    Ok(Quantity::stored(units))
}

/// What the order asks of the locations.
fn question<'a>(
    now: Timestamp,
    order: &'a Order,
    nowhere: &'a Place,
    wanted: &'a [Wanted],
    about: &'a OrderFacts<'a>,
) -> Question<'a> {
    let promises = (order.lines.iter())
        .filter(|line| line.to_source() > Quantity::ZERO)
        .filter_map(|line| line.promise_current.or(line.channel_deliver_by));
    Question {
        now,
        channel: Some(order.channel),
        to: order.ship_to.as_ref().map_or(nowhere, |to| &to.place),
        currency: Some(order.currency),
        promised: promises.min(),
        declined: &order.declined,
        only: None,
        wanted,
        about,
        guide: None,
    }
}
