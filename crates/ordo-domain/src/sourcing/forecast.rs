//! Prices from the organization's own orders: those of the last days, drawn again in the number that
//! is expected until the end of the horizon, over today's stock and shipments, at today's rates.
//!
//! Pure and bounded, but long for a batch: it runs beside them. The relaxation that finds the prices
//! is that of sourcing streams; `docs/sourcing.md` tells how it works.

use std::collections::BTreeMap;

use ordo_sourcing::{
    Draw, Instance, MAX_QUANTITY, Member, Past, Renewed, StepBudget, Tier, prices_until, solve,
};

use crate::decide::Refusal;
use crate::id::{LocationId, SkuId};
use crate::money::{Currency, Minor};
use crate::order::{FulfilledBy, Order, OrderLife};
use crate::rate::MICRO;
use crate::rules::facts::OrderFacts;
use crate::sourcing::guide::{Counting, Guide, Taken, line_facts, order_facts};
use crate::sourcing::leave::zone_of;
use crate::sourcing::performance::declines;
use crate::sourcing::price_book::{PRICES_MAX, Prices, ShipmentPrice, StockPrice, StockPrices};
use crate::sourcing::question::{Question, Wanted};
use crate::sourcing::solved::Problem;
use crate::time::{DAY, Date, Timestamp};
use crate::world::{CounterKey, CounterKind, World};

/// Days of the past that orders are drawn from.
pub const HISTORY_DAYS: i64 = 14;
/// The most orders of the past that are looked at.
pub const HISTORY_MAX: usize = 2_000;
/// The most of them that are drawn from; the others count for how often a SKU is asked for.
const SAMPLE_MAX: usize = 500;
/// Drawn orders times locations.
const WORK_MAX: usize = 12_000;
/// Orders of more lines or units than this are no part of the sample: a few of them would take
/// longer than all others.
const LINES_MAX: usize = 12;
const UNITS_MAX: i64 = 200;
/// More orders than anybody expects.
const EXPECTED_MAX: i64 = 200_000;
/// A price is lower by one part in so many than what it was found to be. What the last unit is worth
/// is what the last order for it would give, and that order shall get it.
const SHADE: i64 = 50;
/// Steps for one order, of which there are many and none matters much.
const DRAWN: StepBudget = StepBudget(60_000);

/// What prices are made from.
#[derive(Debug, Clone)]
pub struct History {
    /// Orders that came in since `from`, in any order.
    pub orders: Vec<Order>,
    /// The first instant that they cover.
    pub from: Timestamp,
}

/// An order of the past that is drawn again.
struct Drawn<'a> {
    order: &'a Order,
    wanted: Vec<Wanted>,
}

/// Limits and what they stand for.
#[derive(Default)]
struct Limits {
    left: Vec<i64>,
    stock: BTreeMap<(SkuId, LocationId), usize>,
    shipments: BTreeMap<LocationId, Slots>,
}

/// The shipments of a location, on its next day and on all later ones.
struct Slots {
    day: Date,
    first: usize,
    later: usize,
    per_day: i64,
}

/// What a unit of scarce stock and a shipment are worth at `now`, until `horizon_days` later.
///
/// # Errors
/// A miss.
pub fn forecast(
    world: &World,
    now: Timestamp,
    history: &History,
    horizon_days: u16,
) -> Result<Prices, Refusal> {
    let asked: Vec<&Order> = history
        .orders
        .iter()
        .filter(|order| counts(order))
        .collect();
    let currency = usual_currency(&asked);
    let window_us = (now.as_micros() - history.from.as_micros()).max(DAY);
    let expected = |count: i64| {
        let until_us = i128::from(horizon_days) * i128::from(DAY);
        let count = i128::from(count) * until_us / i128::from(window_us);
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let orders_seen = asked.len() as i64;
    let orders_expected = expected(orders_seen).min(EXPECTED_MAX);
    let drawn = sample(world, &asked, currency)?;
    let nowhere = crate::network::Place::default();
    let problems = drawn.iter().map(|one| {
        let order = one.order;
        let about = order_facts(world.reference(), order, &one.wanted);
        let promised = (order.lines.iter())
            .filter_map(|line| line.promise_current.or(line.channel_deliver_by));
        let question = Question {
            now,
            channel: Some(order.channel),
            to: order.ship_to.as_ref().map_or(&nowhere, |to| &to.place),
            currency,
            // As long after now as it was after the order.
            promised: promised.min().map(|at| {
                now.plus_micros(at.as_micros().saturating_sub(order.placed_at.as_micros()))
            }),
            declined: &[],
            only: None,
            wanted: &one.wanted,
            about: &about,
            guide: None,
        };
        let mut problem = question.problem(world)?;
        keep_permitted(world, now, one, &about, &mut problem);
        Ok(problem)
    });
    let problems = Refusal::gather(problems)?;
    let mut limits = Limits::default();
    limits.add_shipments(world, now, horizon_days)?;
    let mut members = Vec::with_capacity(problems.len());
    let mut of_sku: BTreeMap<SkuId, i64> = BTreeMap::new();
    for (one, problem) in drawn.iter().zip(problems) {
        if let Some(member) = limits.member(one, problem) {
            for want in &one.wanted {
                *of_sku.entry(want.sku.id).or_default() += want.quantity;
            }
            members.push(member);
        }
    }
    let mut prices = Prices {
        made_at: now,
        currency,
        horizon_days,
        orders_seen,
        orders_expected,
        locations: Vec::new(),
        stock: Vec::new(),
        shipments: Vec::new(),
        declines: declines(world, now)?,
    };
    if members.is_empty() || orders_expected == 0 {
        return Ok(prices);
    }
    let demand = Demand {
        all: units_by_sku(&asked)
            .into_iter()
            .map(|(sku, units)| (sku, expected(units)))
            .collect(),
        drawn: of_sku,
        sample: members.len() as i64,
        orders: orders_expected,
    };
    let wanted = limits.wanted(&members, &demand);
    let there = limits.left.clone();
    limits.fit_sample(&demand);
    let first = (world.reference().locations().next()).map_or(1_000_000, |location| {
        left_of_day_ppm(now, &zone_of(location))
    });
    let today = (orders_expected * first / 1_000_000 / i64::from(horizon_days.max(1)))
        .clamp(0, orders_expected);
    let renewed = limits.shipments.values().map(|slots| Renewed {
        today: slots.first,
        later: slots.later,
        per_day: slots.per_day,
    });
    let past = Past::new(members, renewed.collect());
    let later = orders_expected - today;
    let found = prices_until(&past, limits.left.clone(), today as usize, later as usize);
    // Members come from instances that were checked, so a flaw can only be one of size.
    if let Ok(found_uc) = found {
        limits.write(&mut prices, &found_uc, &there, &wanted);
    }
    Ok(prices)
}

/// Leaves each line what some step of the rules that count lets locations ship: a unit that no order may
/// have is worth nothing to any. In which order steps are asked, what they keep and what they charge
/// is not considered.
fn keep_permitted(
    world: &World,
    now: Timestamp,
    one: &Drawn,
    order: &OrderFacts,
    problem: &mut Problem,
) {
    let Some(counting) = Counting::of_order(world, one.order, now) else {
        return;
    };
    let lines = line_facts(&one.wanted);
    let taken = Taken::default();
    let mut guides: Vec<Guide> = Vec::new();
    for step in &counting.rules().steps {
        let guide = counting.guide(step, order, &lines, now, &taken);
        if guide.is_asked() {
            guides.push(guide);
            if step.then.is_some() {
                break;
            }
        }
    }
    for candidate in &mut problem.instance.candidates {
        let id = LocationId::from_u128(candidate.key.0);
        let Some(location) = world.reference().location(id) else {
            continue;
        };
        let mut may = vec![false; lines.len()];
        for guide in &guides {
            if let Ok(admitted) = guide.admit(location, candidate.distance_m) {
                for (line, may) in may.iter_mut().enumerate() {
                    *may |= admitted.without.get(line).is_none_or(Option::is_none);
                }
            }
        }
        for (units, may) in candidate.available.iter_mut().zip(may) {
            if !may {
                *units = 0;
            }
        }
    }
}

/// Expected units and orders.
struct Demand {
    /// Units of each SKU until the end of the horizon.
    all: BTreeMap<SkuId, i64>,
    /// Units of each SKU in the sample.
    drawn: BTreeMap<SkuId, i64>,
    /// Orders in the sample.
    sample: i64,
    /// Orders until the end of the horizon.
    orders: i64,
}

impl Demand {
    /// As many of the expected orders as `count` of the sample stand for, rounded up.
    fn scaled(&self, count: i64) -> i64 {
        let scaled = i128::from(count) * i128::from(self.orders) + i128::from(self.sample) - 1;
        i64::try_from(scaled / i128::from(self.sample.max(1))).unwrap_or(i64::MAX)
    }
}

fn counts(order: &Order) -> bool {
    matches!(order.life, OrderLife::Open | OrderLife::Closed) && order.ship_to.is_some()
}

fn usual_currency(orders: &[&Order]) -> Option<Currency> {
    let mut counted: BTreeMap<Currency, usize> = BTreeMap::new();
    for order in orders {
        *counted.entry(order.currency).or_default() += 1;
    }
    let most = counted.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(currency, _)| currency)
}

/// Units of an order that a location had to ship, by SKU.
fn units_of(order: &Order) -> BTreeMap<SkuId, (i64, Minor)> {
    let mut units: BTreeMap<SkuId, (i64, Minor)> = BTreeMap::new();
    for line in &order.lines {
        let count = (line.ordered - line.canceled).get();
        let is_ours = line.kind.ships() && line.fulfilled_by == FulfilledBy::Us;
        if let Some(sku) = line.sku
            && is_ours
            && count > 0
        {
            units.entry(sku).or_insert((0, line.unit_price)).0 += count;
        }
    }
    units
}

fn units_by_sku(orders: &[&Order]) -> BTreeMap<SkuId, i64> {
    let mut units = BTreeMap::new();
    for order in orders {
        for (sku, (count, _)) in units_of(order) {
            *units.entry(sku).or_insert(0) += count;
        }
    }
    units
}

/// Orders spread evenly over those that could be drawn.
fn sample<'a>(
    world: &World,
    orders: &[&'a Order],
    currency: Option<Currency>,
) -> Result<Vec<Drawn<'a>>, Refusal> {
    let usable: Vec<_> = (orders.iter())
        .filter(|order| Some(order.currency) == currency)
        .map(|order| (*order, units_of(order)))
        .filter(|(_, units)| {
            let all: i64 = units.values().map(|(count, _)| count).sum();
            (1..=LINES_MAX).contains(&units.len()) && all <= UNITS_MAX
        })
        .collect();
    let most = WORK_MAX / world.reference().locations().count().max(1);
    let most = most.clamp(20, SAMPLE_MAX).min(usable.len());
    let drawn = (0..most).map(|nth| {
        let (order, units) = &usable[nth * usable.len() / most];
        let wanted = units.iter().map(|(sku, (quantity, value))| {
            Ok(world.sku(*sku)?.map(|sku| Wanted {
                sku: sku.clone(),
                quantity: *quantity,
                value: *value,
                together: None,
            }))
        });
        let wanted = Refusal::gather(wanted)?.into_iter().flatten().collect();
        Ok(Drawn { order, wanted })
    });
    Refusal::gather(drawn)
}

impl Limits {
    fn limit(&mut self, left: i64) -> usize {
        self.left.push(left.max(0));
        self.left.len() - 1
    }

    /// A limit for each location that ships only so much a day.
    fn add_shipments(
        &mut self,
        world: &World,
        now: Timestamp,
        horizon_days: u16,
    ) -> Result<(), Refusal> {
        let limited = (world.reference().locations())
            .filter(|location| location.takes_new_work())
            .filter_map(|location| Some((location, location.daily_capacity?)));
        let slots = limited.map(|(location, per_day)| {
            let today = now.date_in(&zone_of(location));
            let days = (0..horizon_days).filter_map(|nth| location.ready_at(now, None, nth).ok());
            let days: Vec<Date> = days
                .map(|ready| ready.ship_date)
                .filter(|day| *day < today.plus_days(i32::from(horizon_days)))
                .collect();
            let Some(first) = days.first() else {
                return Ok(None);
            };
            let used = world.counter(CounterKey {
                kind: CounterKind::Capacity,
                id: location.id.to_u128(),
                day: first.days_since_epoch(),
            })?;
            Ok(Some((
                location.id,
                *first,
                per_day,
                used,
                days.len() as i64,
            )))
        });
        for (location, day, per_day, used, days) in Refusal::gather(slots)?.into_iter().flatten() {
            let first = self.limit(per_day - used);
            let later = self.limit(per_day.saturating_mul(days - 1));
            let slots = Slots {
                day,
                first,
                later,
                per_day,
            };
            self.shipments.insert(location, slots);
        }
        Ok(())
    }

    /// The problem of an order, in money alone; `None` where money plays no part in it.
    fn member(&mut self, one: &Drawn, problem: Problem) -> Option<Member> {
        problem.by_distance.as_ref()?;
        let mut instance = problem.instance;
        if instance.tiers.contains(&Tier::UnfilledUnits) {
            instance.penalties.unfilled_unit_uc = 2 * dearest_uc(&instance);
        }
        instance.tiers.clear();
        let mut draws = Vec::with_capacity(instance.candidates.len());
        for (candidate, way) in instance.candidates.iter().zip(&problem.ways) {
            let location = LocationId::from_u128(candidate.key.0);
            let slots = self.shipments.get(&location);
            let shipment = slots.map(|slots| match way.leave {
                Some(leave) if leave.waits > 0 => slots.later,
                Some(_) | None => slots.first,
            });
            let mut lines = Vec::with_capacity(one.wanted.len());
            for (want, &units) in one.wanted.iter().zip(&candidate.available) {
                let key = (want.sku.id, location);
                let known = self.stock.get(&key).copied();
                let limit = known.unwrap_or_else(|| self.limit(units));
                self.stock.insert(key, limit);
                lines.push(limit);
            }
            draws.push(Draw { shipment, lines });
        }
        instance.check().ok()?;
        Some(Member { instance, draws })
    }

    /// Units that expected orders would take from each limit of stock if there were enough of what is
    /// there at all. Where a SKU is scarce everywhere, all of it is wanted.
    fn wanted(&self, members: &[Member], demand: &Demand) -> Vec<i64> {
        let mut taken = vec![0_i64; self.left.len()];
        for member in members {
            let mut plenty = member.instance.clone();
            for candidate in &mut plenty.candidates {
                for (units, line) in candidate.available.iter_mut().zip(&plenty.lines) {
                    if *units > 0 {
                        *units = (*units).max(line.quantity.min(MAX_QUANTITY));
                    }
                }
            }
            if let Ok(solution) = solve(&plenty, DRAWN) {
                for (limit, units) in member.drawn(&solution.plan) {
                    taken[limit] += units;
                }
            }
        }
        let mut wanted: Vec<i64> = taken.iter().map(|units| demand.scaled(*units)).collect();
        let mut all: BTreeMap<SkuId, i64> = BTreeMap::new();
        for ((sku, _), limit) in &self.stock {
            let units = all.entry(*sku).or_default();
            *units = units.saturating_add(self.left[*limit]);
        }
        for ((sku, _), limit) in &self.stock {
            let expected = demand.all.get(sku).copied().unwrap_or(0);
            if expected >= all[sku] {
                wanted[*limit] = wanted[*limit].max(self.left[*limit]);
            }
        }
        wanted
    }

    /// Where the sample asks for a SKU more or less often than all orders do, there is as much more
    /// or less of it.
    fn fit_sample(&mut self, demand: &Demand) {
        for ((sku, _), limit) in &self.stock {
            let drawn = i128::from(demand.scaled(demand.drawn.get(sku).copied().unwrap_or(0)));
            let all = i128::from(demand.all.get(sku).copied().unwrap_or(0)).max(1);
            let left = i128::from(self.left[*limit]);
            let fitted = (left * drawn + all - 1) / all;
            self.left[*limit] = i64::try_from(fitted).unwrap_or(i64::MAX).min(MAX_QUANTITY);
        }
    }

    /// Writes what is not nothing into the book.
    fn write(&self, prices: &mut Prices, found_uc: &[i64], there: &[i64], wanted: &[i64]) {
        let minor = |limit: usize| (found_uc[limit] - found_uc[limit] / SHADE) / MICRO;
        let mut units: Vec<(i64, SkuId, LocationId, i64)> = (self.stock.iter())
            .filter(|(_, limit)| {
                minor(**limit) > 0 && there[**limit] > 0 && wanted[**limit] >= there[**limit]
            })
            .map(|((sku, location), limit)| (minor(*limit), *sku, *location, wanted[*limit]))
            .collect();
        units.sort_unstable_by_key(|(price, sku, location, _)| (-price, *sku, *location));
        units.truncate(PRICES_MAX);
        units.sort_unstable_by_key(|(_, sku, location, _)| (*sku, *location));
        let is_dear = |slots: &&Slots| minor(slots.first) > 0 || minor(slots.later) > 0;
        let mut locations: Vec<LocationId> =
            units.iter().map(|(_, _, location, _)| *location).collect();
        let busy = self.shipments.iter().filter(|(_, slots)| is_dear(slots));
        locations.extend(busy.clone().map(|(location, _)| *location));
        locations.sort_unstable();
        locations.dedup();
        let place = |location: &LocationId| {
            let found = locations.binary_search(location);
            found.map_or(u32::MAX, |place| place as u32)
        };
        let mut of_sku: BTreeMap<SkuId, i64> = BTreeMap::new();
        for ((sku, _), limit) in &self.stock {
            let all = of_sku.entry(*sku).or_default();
            *all = all.saturating_add(there[*limit]);
        }
        for (price, sku, location, wanted) in units {
            let one = StockPrice {
                location: place(&location),
                price,
                wanted,
            };
            match prices.stock.last_mut() {
                Some(last) if last.sku == sku => last.at.push(one),
                Some(_) | None => prices.stock.push(StockPrices {
                    sku,
                    there: of_sku.get(&sku).copied().unwrap_or(0),
                    at: vec![one],
                }),
            }
        }
        let money = |limit: usize| Minor::new(minor(limit)).unwrap_or(Minor::ZERO);
        prices.shipments = busy
            .map(|(location, slots)| ShipmentPrice {
                location: place(location),
                day: slots.day,
                first: money(slots.first),
                later: money(slots.later),
            })
            .collect();
        prices.locations = locations;
    }
}

/// The most that one shipment of an order can cost.
fn dearest_uc(instance: &Instance) -> i64 {
    let weight_g = (instance.lines.iter())
        .map(|line| line.unit_weight_g.saturating_mul(line.quantity))
        .fold(0, i64::saturating_add);
    let units: i64 = instance.lines.iter().map(|line| line.quantity).sum();
    let costs = instance.candidates.iter().map(|candidate| {
        let carriage = (candidate.services.iter())
            .map(|service| instance.rates[service.rate as usize].at(weight_g))
            .min();
        // Every unit may be a parcel.
        let parcels = instance.parceling.map_or(1, |_| units.max(1));
        carriage.unwrap_or(0).saturating_mul(parcels)
            + candidate.handling_order_uc
            + candidate.handling_unit_uc * units
    });
    costs.max().unwrap_or(0)
}

/// Millionths of a local day that are still to come.
fn left_of_day_ppm(now: Timestamp, zone: &crate::time::Zone) -> i64 {
    let tomorrow = zone.instant_at(now.date_in(zone).plus_days(1), 0);
    let left_us = (tomorrow.as_micros() - now.as_micros()).clamp(0, DAY);
    left_us / (DAY / 1_000_000)
}
