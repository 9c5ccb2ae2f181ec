//! Finds stock for the open units of a confirmed order: locations get work, the rest waits.
//!
//! Invariant: what is allocated was available in the world at this point of the batch; the commit
//! checks the headroom again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Sku, StockPolicy};
use crate::decide::{Attachment, Context, Refusal};
use crate::event::{Event, LineUnits};
use crate::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use crate::id::{DecisionId, LineId, OrderId, SkuId};
use crate::money::Minor;
use crate::network::{Block, BlockStage, Place};
use crate::order::{Hold, HoldKind, HoldSource, Line, Order, OrderLife, Origin, Stage};
use crate::planning::Deferral;
use crate::quantity::Quantity;
use crate::reaction::Reacted;
use crate::sourcing::{Problem, Question, Solved, Wanted};
use crate::time::Timestamp;
use crate::world::{CounterKey, CounterKind, World};

/// Locations that may refuse or come up short before a person looks.
const DECLINES_MAX: usize = 5;

fn rule_hold(ctx: &mut Context, kind: HoldKind, line: Option<LineId>, reason: String) -> Hold {
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

/// Units of one SKU that need a location, and the order lines that they are for.
struct Want {
    sku: Arc<Sku>,
    quantity: Quantity,
    lines: Vec<(LineId, Quantity)>,
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
    if let Some(deferral) = Deferral::together(world, ctx, order) {
        return Ok(Some(deferred(id, deferral)));
    }
    let solved = problem(world, ctx, order, &wants)?.decide();
    if solved.is_cut_short() {
        let deferral = Deferral::too_large(ctx.now);
        return Ok(Some(deferred(id, deferral)));
    }
    let planned = Planned::of(world, ctx, order, wants, &solved)?;
    Ok((!planned.events.is_empty()).then_some((planned.events, planned.attachments)))
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

/// The problem of what is to be sourced now; `None` where that is nothing, or something must be said
/// of the order first.
pub(crate) fn open_problem(
    world: &World,
    ctx: &Context,
    order: &Order,
) -> Result<Option<Problem>, Refusal> {
    let wants = wants(world, order)?;
    if wants.is_empty() || is_stopped(world, ctx, order) || is_declined_too_often(order) {
        return Ok(None);
    }
    problem(world, ctx, order, &wants).map(Some)
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
    ctx: &Context,
    order: &Order,
    wants: &[Want],
) -> Result<Problem, Refusal> {
    let wanted: Vec<Wanted> = (wants.iter().zip(groups(order, wants)))
        .map(|(want, together)| Wanted {
            sku: Arc::clone(&want.sku),
            quantity: want.quantity.get(),
            value: (want.lines.first())
                .and_then(|(line, _)| order.line(*line))
                .map_or(Minor::ZERO, |line| line.unit_price),
            together,
        })
        .collect();
    let nowhere = Place::default();
    question(ctx, order, &nowhere, &wanted).problem(world)
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

/// Units of a SKU that the locations which may serve `order` could ship, all together.
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
        quantity: 0,
        value: Minor::ZERO,
        together: None,
    }];
    let nowhere = Place::default();
    let units = question(ctx, order, &nowhere, &wanted).could_ship(world)?;
    Ok(Quantity::stored(units))
}

/// What the order asks of the locations.
fn question<'a>(
    ctx: &Context,
    order: &'a Order,
    nowhere: &'a Place,
    wanted: &'a [Wanted],
) -> Question<'a> {
    let promises = (order.lines.iter())
        .filter(|line| line.to_source() > Quantity::ZERO)
        .filter_map(|line| line.promise_current.or(line.channel_deliver_by));
    Question {
        now: ctx.now,
        channel: Some(order.channel),
        to: order.ship_to.as_ref().map_or(nowhere, |to| &to.place),
        currency: Some(order.currency),
        promised: promises.min(),
        declined: &order.declined,
        only: None,
        wanted,
    }
}

/// Which wants must leave in one shipment, as the number of their group: those that share a bundle of
/// which the listing says so, and those that share a SKU with such a one.
fn groups(order: &Order, wants: &[Want]) -> Vec<Option<u32>> {
    let mut groups: Vec<Option<u32>> = vec![None; wants.len()];
    let mut firsts: BTreeMap<LineId, usize> = BTreeMap::new();
    for (at, want) in wants.iter().enumerate() {
        let bundles = (want.lines.iter())
            .filter_map(|(line, _)| order.line(*line)?.parent.as_ref())
            .filter(|parent| parent.together);
        for bundle in bundles {
            let first = *firsts.entry(bundle.id).or_insert(at);
            let theirs = groups[first].unwrap_or(first as u32);
            let ours = groups[at].unwrap_or(theirs);
            let joined = theirs.min(ours);
            for group in &mut groups {
                if *group == Some(theirs) || *group == Some(ours) {
                    *group = Some(joined);
                }
            }
            groups[first] = Some(joined);
            groups[at] = Some(joined);
        }
    }
    groups
}

/// Events in the making, and what is still without a location.
struct Planned {
    events: Vec<Event>,
    attachments: Vec<Attachment>,
    left: Vec<Want>,
}

impl Planned {
    fn of(
        world: &World,
        ctx: &mut Context,
        order: &Order,
        wants: Vec<Want>,
        solved: &Solved,
    ) -> Result<Self, Refusal> {
        let mut planned = Self {
            events: Vec::new(),
            attachments: Vec::new(),
            left: wants,
        };
        planned.open_work(ctx, order, solved);
        planned.wait(world, ctx, order)?;
        Ok(planned)
    }

    /// One fulfillment order per shipment of the plan.
    fn open_work(&mut self, ctx: &mut Context, order: &Order, solved: &Solved) {
        let plan = &solved.decision.solution.plan;
        if plan.shipments.is_empty() {
            return;
        }
        let id: DecisionId = ctx.ids.make();
        // Nearest first, for whoever reads the order.
        let mut shipments: Vec<_> = (plan.shipments.iter())
            .map(|shipment| (solved.planned(shipment), shipment))
            .collect();
        shipments.sort_by_key(|(planned, _)| planned.distance_m);
        for (planned, shipment) in shipments {
            let mut lines = Vec::new();
            for (index, quantity) in &shipment.lines {
                let want = &mut self.left[*index];
                let from_stock = want.sku.stock_policy != StockPolicy::Untracked;
                for (line, quantity) in want.take(Quantity::stored(*quantity)) {
                    lines.push(FulfillmentLine {
                        line,
                        sku: want.sku.id,
                        owner: None,
                        from_stock,
                        quantity,
                        picked: Quantity::ZERO,
                        packed: Quantity::ZERO,
                        shipped: Quantity::ZERO,
                        units: Vec::new(),
                    });
                }
            }
            let fulfillment_order = FulfillmentOrder {
                id: ctx.ids.make(),
                version: 0,
                order: order.id,
                location: planned.location,
                state: FulfillmentState::Open,
                lines,
                decision: Some(id),
                replaces: None,
                pinned: false,
                opened_at: ctx.now,
                work_day: planned.work_day,
                carriage: planned.carriage,
                shipment: None,
                cancel: None,
            };
            self.events
                .push(Event::FulfillmentOrderOpened { fulfillment_order });
        }
        let body =
            serde_json::to_string(&solved.decision).expect("decisions hold only numbers and names");
        self.attachments.push(Attachment::Decision { id, body });
    }

    /// What no location has: backordered as far as the policy allows, else held for a person.
    fn wait(&mut self, world: &World, ctx: &mut Context, order: &Order) -> Result<(), Refusal> {
        let mut backordered = Vec::new();
        self.left.retain(|want| want.quantity > Quantity::ZERO);
        let waiting = self.left.iter().map(|want| want.waiting(world));
        let waiting = Refusal::gather(waiting)?;
        for (want, waiting) in self.left.iter_mut().zip(waiting) {
            if let StockPolicy::Backorder { limit } = want.sku.stock_policy {
                let room = Quantity::stored(limit.get() - waiting).or_zero();
                let taken = want.take(room.min(want.quantity));
                let units = |(line, quantity)| LineUnits { line, quantity };
                backordered.extend(taken.into_iter().map(units));
            }
            for (line, quantity) in &want.lines {
                let reason = format!("{quantity} of {} are at no location", want.sku.code);
                let hold = rule_hold(ctx, HoldKind::Oversold, Some(*line), reason);
                self.events.push(Event::HoldPlaced {
                    order: order.id,
                    hold,
                });
            }
        }
        if !backordered.is_empty() {
            self.events.push(Event::LinesBackordered {
                order: order.id,
                lines: backordered,
            });
        }
        Ok(())
    }
}

impl Want {
    /// Units of its SKU that are on backorder, where its policy limits them.
    fn waiting(&self, world: &World) -> Result<i64, Refusal> {
        match self.sku.stock_policy {
            StockPolicy::Backorder { .. } => world.counter(CounterKey {
                kind: CounterKind::Backordered,
                id: self.sku.id.to_u128(),
                day: 0,
            }),
            StockPolicy::Tracked | StockPolicy::Untracked => Ok(0),
        }
    }

    /// Takes `units` off, first line first.
    fn take(&mut self, units: Quantity) -> Vec<(LineId, Quantity)> {
        let mut taken = Vec::new();
        let mut wanted = units;
        while wanted > Quantity::ZERO
            && let Some((line, left)) = self.lines.first_mut()
        {
            let part = wanted.min(*left);
            taken.push((*line, part));
            *left -= part;
            wanted -= part;
            self.quantity -= part;
            if *left == Quantity::ZERO {
                self.lines.remove(0);
            }
        }
        taken
    }
}
