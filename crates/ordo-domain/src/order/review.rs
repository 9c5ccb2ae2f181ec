//! Looks again at an order that waits: for stock that may have come, or for a code that may be
//! known by now.
//!
//! Nobody asks for this by hand; jobs do, for every order that something new may have freed.
//!
//! Invariant: units are taken off the backorder only as far as locations could ship them, so that
//! looking again at an order that nothing has freed changes nothing.

use std::collections::BTreeMap;

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Event, LineUnits};
use crate::id::{HoldId, LineId, OrderId, SkuId};
use crate::network::{BlockStage, Channel};
use crate::order::capture::LineDraft;
use crate::order::{FulfilledBy, Hold, HoldKind, HoldSource, Line, Order, OrderLife, Origin};
use crate::quantity::Quantity;
use crate::reaction::{could_ship, is_ready, rehearse};
use crate::rejection::{Code, Rejection};
use crate::sourcing::Counting;
use crate::world::World;

/// Looks again at a waiting order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReviewOrder {
    /// Which.
    pub order: OrderId,
}

impl ReviewOrder {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(order) = world.order(self.order)? else {
            return Err(Rejection::new(Code::NotFound, "no such order").into());
        };
        if order.life != OrderLife::Open || order.origin != Origin::Live {
            return Ok(Decided::unchanged(order.id));
        }
        let mut events = map_lines(world, ctx, order)?;
        // A mapped order is sourced as a whole; what else waits is looked at the next time.
        if events.is_empty() {
            events = free_lines(world, ctx, order)?;
        }
        if events.is_empty() {
            return Ok(Decided::unchanged(order.id));
        }
        Ok(Decided::changed(events, order.id))
    }
}

/// The hold of `kind` that a rule placed on `line`.
fn rule_hold(order: &Order, kind: HoldKind, line: LineId) -> Option<&Hold> {
    (order.holds.iter()).find(|hold| {
        hold.kind == kind && hold.line == Some(line) && hold.source == HoldSource::Rule
    })
}

/// The hold on a line for want of a location that may ship it.
fn waiting_hold(order: &Order, line: LineId) -> Option<&Hold> {
    rule_hold(order, HoldKind::Oversold, line).or_else(|| rule_hold(order, HoldKind::Queued, line))
}

impl Line {
    /// Whether its code named nothing that is stocked when it was last looked at.
    #[must_use]
    pub fn is_unmapped(&self) -> bool {
        self.sku.is_none()
            && self.kind.ships()
            && self.fulfilled_by == FulfilledBy::Us
            && self.open > Quantity::ZERO
            && !self.code.is_empty()
    }
}

impl Order {
    /// The SKUs that it waits for: units are backordered, or held because no location has them.
    #[must_use]
    pub fn waits_for(&self) -> Vec<SkuId> {
        let mut skus: Vec<SkuId> = (self.lines.iter())
            .filter(|line| {
                line.backordered > Quantity::ZERO || waiting_hold(self, line.id).is_some()
            })
            .filter_map(|line| line.sku)
            .collect();
        skus.sort_unstable();
        skus.dedup();
        skus
    }
}

/// Gives every unmapped line whose code is known by now its SKU, or its components.
fn map_lines(world: &World, ctx: &mut Context, order: &Order) -> Result<Vec<Event>, Refusal> {
    let Some(channel) = world.reference().channel(order.channel) else {
        return Ok(Vec::new());
    };
    let mut lines: Vec<Line> = Vec::with_capacity(order.lines.len());
    let mut freed: Vec<HoldId> = Vec::new();
    let mut missing = Vec::new();
    let mut changed = false;
    for line in &order.lines {
        if !line.is_unmapped() {
            lines.push(line.clone());
            continue;
        }
        let before = lines.len();
        match resolve(line, channel, order.origin, world, ctx, &mut lines) {
            Err(Refusal::Needs(keys)) => {
                missing.extend(keys);
                // A code that is no SKU's may be a listing's, which would take a round more.
                if let Err(Refusal::Needs(keys)) = world.listing(Some(channel.id), &line.code) {
                    missing.extend(keys);
                }
            }
            Err(refusal) => return Err(refusal),
            Ok(()) => {}
        }
        match &mut lines[before..] {
            [only] if only.sku.is_none() => *only = line.clone(),
            [only] => {
                // The same line, so that whoever noted its id still finds it.
                only.id = line.id;
                changed = true;
            }
            [] => {}
            _components => changed = true,
        }
        if lines[before..].iter().all(|new| new.sku.is_some()) {
            freed.extend(rule_hold(order, HoldKind::UnmappedSku, line.id).map(|hold| hold.id));
        }
    }
    if !missing.is_empty() {
        return Err(Refusal::Needs(missing));
    }
    if !changed {
        return Ok(Vec::new());
    }
    let mut merged = order.clone();
    merged.totals = Order::sum_totals(&lines, &order.shipping, order.tax_included);
    merged.lines = lines;
    merged.holds.retain(|hold| !freed.contains(&hold.id));
    // The merged form counts on from the holds released before it.
    merged.version += freed.len() as u64;
    let release = |hold| Event::HoldReleased {
        order: order.id,
        hold,
        by_person: false,
    };
    let mut events: Vec<Event> = freed.into_iter().map(release).collect();
    events.push(Event::OrderMerged { order: merged });
    Ok(events)
}

/// Resolves a line's code as a capture would.
fn resolve(
    line: &Line,
    channel: &Channel,
    origin: Origin,
    world: &World,
    ctx: &mut Context,
    lines: &mut Vec<Line>,
) -> Result<(), Refusal> {
    let draft = LineDraft {
        external_id: line.external_id.clone(),
        kind: line.kind,
        fulfilled_by: line.fulfilled_by,
        code: line.code.clone(),
        title: line.title.clone(),
        quantity: line.ordered,
        unit_price: line.unit_price,
        discount: line.discount,
        taxes: line.taxes.clone(),
        services: line.services.clone(),
        personalized: line.personalized,
        final_sale: line.final_sale,
        ship_by: line.channel_ship_by,
        deliver_by: line.channel_deliver_by,
        shipped: line.shipped_elsewhere,
        shipped_from: line.shipped_from.clone(),
        canceled: line.canceled,
    };
    draft.resolve(channel, origin, world, ctx, lines)
}

/// Whether a block on its SKU or listing keeps the line from stock that is there.
fn is_blocked(world: &World, ctx: &Context, line: &Line) -> bool {
    line.sku.is_some_and(|sku| {
        let (listing, stage) = (line.listing_id, BlockStage::Allocate);
        let block = (world.reference()).block_of_line(sku, listing, stage, ctx.now);
        block.is_some()
    })
}

/// Takes units off the backorder, and releases holds for lack of stock, as far as there is some.
fn free_lines(world: &World, ctx: &Context, order: &Order) -> Result<Vec<Event>, Refusal> {
    let waiting = order.waits_for();
    let skus = waiting.iter().map(|sku| world.sku(*sku).map(|_| ()));
    let cells = std::iter::once(world.want_cells(waiting.iter().copied()));
    Refusal::gather(skus.chain(cells))?;
    let left = (waiting.into_iter())
        .map(|sku| could_ship(world, ctx, order, sku).map(|units| (sku, units)));
    let mut left: BTreeMap<SkuId, Quantity> = Refusal::gather(left)?.into_iter().collect();
    let mut lifted = Vec::new();
    let mut events = Vec::new();
    let mut some_due = false;
    for line in &order.lines {
        let Some(left) = line.sku.and_then(|sku| left.get_mut(&sku)) else {
            continue;
        };
        let units = if is_blocked(world, ctx, line) {
            Quantity::ZERO
        } else {
            line.backordered.min(*left)
        };
        if units > Quantity::ZERO {
            *left -= units;
            lifted.push(LineUnits {
                line: line.id,
                quantity: units,
            });
        }
        let Some(hold) = waiting_hold(order, line.id) else {
            continue;
        };
        let is_due = hold.auto_release_at.is_some_and(|at| at <= ctx.now);
        if (*left > Quantity::ZERO || is_due) && !is_blocked(world, ctx, line) {
            some_due |= is_due;
            *left -= (line.open - line.backordered).min(*left);
            events.push(Event::HoldReleased {
                order: order.id,
                hold: hold.id,
                by_person: false,
            });
        }
    }
    if !lifted.is_empty() {
        events.push(Event::BackorderLifted {
            order: order.id,
            lines: lifted,
        });
    }
    // Whoever was told to come back at this time is looked at, and told anew.
    if some_due || events.is_empty() || frees_something(world, ctx, order, &events)? {
        return Ok(events);
    }
    Ok(Vec::new())
}

/// Whether sourcing would ship anything once `events` have happened. That every SKU could be shipped
/// by itself is not enough where units leave together or rules take all or nothing: releasing such an
/// order would hold it again at once, and have it looked at again because of that, for ever.
fn frees_something(
    world: &World,
    ctx: &Context,
    order: &Order,
    events: &[Event],
) -> Result<bool, Refusal> {
    let alone = order.ship_groups.is_empty() && Counting::of_order(world, order, ctx.now).is_none();
    let mut after = order.clone();
    for event in events {
        match event {
            Event::HoldReleased { hold, .. } => after.holds.retain(|open| open.id != *hold),
            Event::BackorderLifted { lines, .. } => {
                for units in lines {
                    if let Some(line) = after.line_mut(units.line) {
                        line.backordered -= units.quantity;
                    }
                }
            }
            _ => {}
        }
    }
    // What something else stops is not sourced now, so nothing holds it again.
    if alone || !is_ready(&after) {
        return Ok(true);
    }
    let rehearsed = rehearse(world, ctx.now, &after)?;
    Ok(rehearsed.iter().any(|plan| {
        let solved = &plan.solved;
        solved.is_cut_short() || !solved.decision.solution.plan.shipments.is_empty()
    }))
}
