//! Finds stock for the open units of a confirmed order: locations get work, the rest waits.
//!
//! Invariant: what is allocated was available in the world at this point of the batch; the commit
//! checks the headroom again.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordo_sourcing::{
    Candidate, Decision, Excluded, Instance, Key as LocationKey, Reason, StepBudget,
};

use crate::catalog::{Sku, StockPolicy};
use crate::decide::{Attachment, Context, Refusal};
use crate::event::{Event, LineUnits};
use crate::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use crate::id::{DecisionId, LineId, LocationId, OrderId, SkuId};
use crate::network::place::distance_m;
use crate::network::{BlockStage, Location, Place};
use crate::order::{Hold, HoldKind, HoldSource, Order, OrderLife, Origin, Stage};
use crate::quantity::{QUANTITY_MAX, Quantity};
use crate::reaction::Reacted;
use crate::stock::CellKey;
use crate::stock::lot::kept_back;
use crate::time::{Date, Zone};
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
    let ready = order.life == OrderLife::Open
        && order.origin == Origin::Live
        && order.confirmed_at.is_some()
        && !order.is_held(Stage::Source, None);
    if !ready {
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
    if order.declined.len() >= DECLINES_MAX && !order.cleared.contains(&HoldKind::NoLocation) {
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
    want_stock_and_days(world, ctx, order, &wants)?;
    let (instance, excluded, days) = instance(world, ctx, order, &wants)?;
    let made = Decision::make(instance, excluded, StepBudget::IN_BATCH);
    // An instance built here has small numbers and one row per location.
    let decision = made.unwrap_or_else(|flaw| unreachable!("sourcing refused {flaw:?}"));
    let mut planned = Planned {
        events: Vec::new(),
        attachments: Vec::new(),
        left: wants,
    };
    planned.open_work(ctx, order, &decision, &days);
    planned.wait(world, ctx, order)?;
    Ok((!planned.events.is_empty()).then_some((planned.events, planned.attachments)))
}

/// Misses of the cells of all SKUs and of the days of all locations: in one round, however many
/// locations limit theirs.
fn want_stock_and_days(
    world: &World,
    ctx: &Context,
    order: &Order,
    wants: &[Want],
) -> Result<(), Refusal> {
    let cells = wants
        .iter()
        .map(|want| world.cells_of(want.sku.id).map(|_| ()));
    let days = (world.reference().locations())
        .filter(|location| refusal_of(world, order, location).is_none())
        .map(|location| work_day(world, ctx, location).map(|_| ()));
    Refusal::gather(cells.chain(days)).map(|_| ())
}

/// Holds on lines whose SKU or listing is blocked everywhere. They say so, rather than that there is
/// no stock, and are looked at again when the block ends.
fn stopped_lines(world: &World, ctx: &mut Context, order: &Order) -> Vec<Event> {
    let mut events = Vec::new();
    for line in &order.lines {
        let Some(sku) = line.sku else { continue };
        if line.to_source() <= Quantity::ZERO || order.is_held(Stage::Source, Some(line.id)) {
            continue;
        }
        let listing = line.listing_id;
        let block = (world.reference()).block_of_line(sku, listing, BlockStage::Allocate, ctx.now);
        if let Some(block) = block {
            let reason = format!("{} is blocked: {}", line.code, block.reason);
            let hold = rule_hold(ctx, HoldKind::Oversold, Some(line.id), reason);
            events.push(Event::HoldPlaced {
                order: order.id,
                hold,
            });
        }
    }
    events
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

/// Units of a SKU that the locations which may serve `order` could ship now, all together.
pub(crate) fn could_ship(
    world: &World,
    ctx: &Context,
    order: &Order,
    sku: SkuId,
) -> Result<Quantity, Refusal> {
    let Some(sku) = world.sku(sku)? else {
        return Ok(Quantity::ZERO);
    };
    let want = Want {
        sku: Arc::clone(sku),
        quantity: Quantity::ZERO,
        lines: Vec::new(),
    };
    want_stock_and_days(world, ctx, order, std::slice::from_ref(&want))?;
    let mut units = 0_i64;
    for location in world.reference().locations() {
        if refusal_of(world, order, location).is_none()
            && !matches!(work_day(world, ctx, location)?, Some(Err(Full)))
        {
            let here = on_offer(world, ctx, location, std::slice::from_ref(&want))?;
            units = units.saturating_add(here[0]).min(QUANTITY_MAX);
        }
    }
    Ok(Quantity::stored(units))
}

/// Why `location` does not take work of `order`, whatever it has.
fn refusal_of(world: &World, order: &Order, location: &Location) -> Option<Reason> {
    if !location.takes_new_work() {
        return Some(Reason::Inactive);
    }
    if order.declined.contains(&location.id) {
        return Some(Reason::Declined);
    }
    if !world.reference().may_sell_from(order.channel, location.id) {
        return Some(Reason::NotInChannel);
    }
    None
}

type Days = BTreeMap<u128, Date>;

/// The problem as the optimizer sees it, and the local day of locations that count their work.
fn instance(
    world: &World,
    ctx: &Context,
    order: &Order,
    wants: &[Want],
) -> Result<(Instance, Vec<Excluded>, Days), Refusal> {
    let mut candidates = Vec::new();
    let mut excluded = Vec::new();
    let mut days = Days::new();
    let nowhere = Place::default();
    let to = order.ship_to.as_ref().map_or(&nowhere, |to| &to.place);
    for location in world.reference().locations() {
        let key = LocationKey(location.id.to_u128());
        let mut leave_out = |reason| excluded.push(Excluded { key, reason });
        if let Some(reason) = refusal_of(world, order, location) {
            leave_out(reason);
            continue;
        }
        let available = on_offer(world, ctx, location, wants)?;
        if available.iter().all(|units| *units <= 0) {
            leave_out(Reason::NoStock);
            continue;
        }
        if let Some(day) = work_day(world, ctx, location)? {
            match day {
                Ok(day) => days.insert(key.0, day),
                Err(Full) => {
                    leave_out(Reason::OverCapacity);
                    continue;
                }
            };
        }
        let distance_m = distance_m(&location.place, to);
        candidates.push(Candidate {
            key,
            available,
            distance_m,
            ..Candidate::default()
        });
    }
    let lines = (wants.iter().zip(groups(order, wants)))
        .map(|(want, together)| ordo_sourcing::Line {
            quantity: want.quantity.get(),
            unit_weight_g: want.sku.weight_g,
            together,
            ..ordo_sourcing::Line::default()
        })
        .collect();
    Ok((Instance::nearest(lines, candidates), excluded, days))
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

/// Units of every want that `location` could ship.
fn on_offer(
    world: &World,
    ctx: &Context,
    location: &Location,
    wants: &[Want],
) -> Result<Vec<i64>, Refusal> {
    (wants.iter())
        .map(|want| {
            let cell = CellKey::own(want.sku.id, location.id);
            if world
                .reference()
                .is_blocked(cell, BlockStage::Allocate, ctx.now)
            {
                return Ok(0);
            }
            match want.sku.stock_policy {
                StockPolicy::Untracked => Ok(QUANTITY_MAX),
                StockPolicy::Tracked | StockPolicy::Backorder { .. } => {
                    let kept = kept_back(world, cell, ctx.now)?;
                    let available = world.cell(cell)?.available() - kept;
                    Ok(available.or_zero().get().min(QUANTITY_MAX))
                }
            }
        })
        .collect()
}

/// A location whose day is full.
struct Full;

/// The local day that new work counts for; `None` where the location has no limit.
fn work_day(
    world: &World,
    ctx: &Context,
    location: &Location,
) -> Result<Option<Result<Date, Full>>, Refusal> {
    let Some(limit) = location.daily_capacity else {
        return Ok(None);
    };
    let zone = Zone::named(&location.time_zone).unwrap_or_else(Zone::utc);
    let day = ctx.now.date_in(&zone);
    let id = location.id.to_u128();
    let key = CounterKey {
        kind: CounterKind::Capacity,
        id,
        day: day.days_since_epoch(),
    };
    let used = world.counter(key)?;
    Ok(Some(if used < limit { Ok(day) } else { Err(Full) }))
}

/// Events in the making, and what is still without a location.
struct Planned {
    events: Vec<Event>,
    attachments: Vec<Attachment>,
    left: Vec<Want>,
}

impl Planned {
    /// One fulfillment order per shipment of the plan.
    fn open_work(&mut self, ctx: &mut Context, order: &Order, decision: &Decision, days: &Days) {
        if decision.solution.plan.shipments.is_empty() {
            return;
        }
        let id: DecisionId = ctx.ids.make();
        // Nearest first, for whoever reads the order.
        let mut shipments: Vec<_> = decision.solution.plan.shipments.iter().collect();
        shipments
            .sort_by_key(|shipment| decision.instance.candidates[shipment.location].distance_m);
        for shipment in shipments {
            let location = decision.instance.candidates[shipment.location].key.0;
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
                location: LocationId::from_u128(location),
                state: FulfillmentState::Open,
                lines,
                decision: Some(id),
                replaces: None,
                opened_at: ctx.now,
                work_day: days.get(&location).copied(),
                shipment: None,
                cancel: None,
            };
            self.events
                .push(Event::FulfillmentOrderOpened { fulfillment_order });
        }
        let body = serde_json::to_string(decision).expect("decisions hold only numbers and names");
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
