//! What is asked of the locations, who of them may answer, and the problem where distance decides.

use std::sync::Arc;

use ordo_sourcing::{Candidate, Excluded, Instance, Key as LocationKey, Line, Reason, Tier};

use crate::catalog::{Sku, StockPolicy};
use crate::decide::Refusal;
use crate::id::{ChannelId, LocationId, SkuId};
use crate::money::{Currency, Minor};
use crate::network::place::distance_m;
use crate::network::{BlockStage, Location, Place};
use crate::quantity::QUANTITY_MAX;
use crate::rules::RuleReason;
use crate::rules::facts::OrderFacts;
use crate::sourcing::by_cost::{Offers, Weighed};
use crate::sourcing::guide::Guide;
use crate::sourcing::leave::{Stays, leave, used};
use crate::sourcing::solved::{Problem, Way};
use crate::stock::CellKey;
use crate::stock::lot::kept_back;
use crate::time::Timestamp;
use crate::world::World;

#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub sku: Arc<Sku>,
    pub quantity: i64,
    /// The price of one unit in the currency of the question, for customs; zero where not known.
    pub value: Minor,
    /// Those of the same number leave in one shipment.
    pub together: Option<u32>,
}

/// What is asked of the locations.
pub(crate) struct Question<'a> {
    pub now: Timestamp,
    /// The channel that sells; `None` for any.
    pub channel: Option<ChannelId>,
    pub to: &'a Place,
    /// The currency that costs are counted in; `None` where there is none to ask by.
    pub currency: Option<Currency>,
    /// By when it is promised.
    pub promised: Option<Timestamp>,
    /// Locations that have refused it.
    pub declined: &'a [LocationId],
    /// The only carrier and service that may be used.
    pub only: Option<(&'a str, &'a str)>,
    pub wanted: &'a [Wanted],
    /// What carriers may ask of the order.
    pub about: &'a OrderFacts<'a>,
    /// The step of the sourcing rules that it is asked by; `None` where no rules count.
    pub guide: Option<&'a Guide<'a>>,
}

/// A location that may serve the order and has some of it.
pub(super) struct Source<'a> {
    pub(super) location: &'a Location,
    pub(super) available: Vec<i64>,
    pub(super) distance_m: i64,
}

impl Question<'_> {
    /// Why `location` does not take the work, whatever it has.
    pub fn refusal(&self, world: &World, location: &Location) -> Option<Reason> {
        if !location.takes_new_work() {
            return Some(Reason::Inactive);
        }
        if self.declined.contains(&location.id) {
            return Some(Reason::Declined);
        }
        let sells = |channel| world.reference().may_sell_from(channel, location.id);
        if !self.channel.is_none_or(sells) {
            return Some(Reason::NotInChannel);
        }
        None
    }

    /// Misses of the cells of all SKUs and of the days of all locations: in one round, however many
    /// locations limit theirs, and whichever step of the rules asks for them.
    pub fn want_stock_and_days(&self, world: &World) -> Result<(), Refusal> {
        let cells = (self.wanted.iter()).map(|want| world.cells_of(want.sku.id).map(|_| ()));
        let days = (world.reference().locations())
            .filter(|location| self.limits_days(location))
            .filter(|location| self.refusal(world, location).is_none())
            .map(|location| match leave(world, self.now, location, None)? {
                Ok(leave) => used(world, location, leave.day).map(|_| ()),
                Err(_) => Ok(()),
            });
        Refusal::gather(cells.chain(days)).map(|_| ())
    }

    /// The problem of this question.
    pub fn problem(&self, world: &World) -> Result<Problem, Refusal> {
        self.want_stock_and_days(world)?;
        let mut excluded = Vec::new();
        let mut sources = Vec::new();
        for location in world.reference().locations() {
            if let Some(reason) = self.refusal(world, location) {
                excluded.push(left_out(location.id, reason));
                continue;
            }
            let distance_m = distance_m(&location.place, self.to);
            match self.offer(world, location, distance_m)? {
                Ok(available) => sources.push(Source {
                    location,
                    available,
                    distance_m,
                }),
                Err(Reason::NoStock) => excluded.push(self.without_stock(world, location)?),
                Err(reason) => excluded.push(left_out(location.id, reason)),
            }
        }
        let Some((currency, tables)) = self.tables(world) else {
            return self.by_distance(world, excluded, sources);
        };
        let weighed = Weighed::of(world, currency, self.now);
        let offers = (sources.iter_mut()).map(|source| {
            let open = self.open(&tables, source);
            self.offers(world, source, &tables, &open, &weighed)
        });
        let offers = Refusal::gather(offers)?;
        let goes =
            |offers: &Offers| !matches!(offers, Err(left) if left.reason == Reason::NotInMarket);
        match offers.iter().any(goes) {
            true => Ok(self.by_cost(excluded, sources, offers, &weighed)),
            false => self.by_distance(world, excluded, sources),
        }
    }

    /// As much as possible, in the fewest shipments, from nearest by; where there is room today
    /// before where there is none.
    fn by_distance(
        &self,
        world: &World,
        mut excluded: Vec<Excluded>,
        sources: Vec<Source>,
    ) -> Result<Problem, Refusal> {
        // Only what limits its days is asked for one: most locations do not.
        let leaves = (sources.iter()).map(|source| match self.limits_days(source.location) {
            true => leave(world, self.now, source.location, None).map(Some),
            false => Ok(None),
        });
        let leaves = Refusal::gather(leaves)?;
        let (mut candidates, mut ways) = (Vec::new(), Vec::new());
        let mut locations = Vec::new();
        for (source, leave) in sources.into_iter().zip(leaves) {
            let leave = match leave.transpose() {
                Ok(leave) => leave,
                Err(stays) => {
                    excluded.push(stays.left_out(source.location));
                    continue;
                }
            };
            let mut candidate = source.candidate();
            let mut plain = None;
            if let Some((guide, currency)) = self.guide.zip(self.currency) {
                plain = guide.plain(source.location, &candidate, currency, 0);
                guide.charge(source.location, &mut candidate, currency);
            }
            candidates.push(candidate);
            locations.push(source.location);
            ways.push(Way {
                counts: leave.is_some(),
                leave,
                offers: Vec::new(),
                duty_uc: Vec::new(),
                plain,
            });
        }
        let lines = self.lines(&[], 0);
        let mut instance = Instance::nearest(lines, candidates);
        let waits = |way: &Way| way.leave.map_or(0, |leave| leave.waits);
        let some_wait = ways.iter().any(|way| waits(way) > 0);
        if some_wait {
            for (candidate, way) in instance.candidates.iter_mut().zip(&ways) {
                candidate.custom = vec![waits(way)];
            }
            instance.tiers.insert(1, Tier::Custom(0));
        }
        if let Some(guide) = self.guide {
            let waits: Option<Vec<i64>> = some_wait.then(|| ways.iter().map(waits).collect());
            guide.shape(&mut instance, &locations, waits.as_deref());
        }
        Ok(Problem {
            instance,
            excluded,
            reads_calendar: self.guide.is_some() || ways.iter().any(|way| way.counts),
            ways,
            steering: None,
            by_distance: None,
            skus: self.skus(),
            weight_assumed: vec![false; self.wanted.len()],
        })
    }

    /// The SKU of each line.
    pub(super) fn skus(&self) -> Vec<SkuId> {
        self.wanted.iter().map(|want| want.sku.id).collect()
    }

    /// Whether the shipments of a location are counted by the day.
    pub(super) fn limits_days(&self, location: &Location) -> bool {
        match self.guide {
            Some(guide) => guide.limits_days(location),
            None => location.daily_capacity.is_some(),
        }
    }

    /// Whether a location has as many shipments of the day as the step of the rules allows.
    fn is_full(&self, world: &World, location: &Location) -> Result<bool, Refusal> {
        let leave = leave(world, self.now, location, None)?;
        let most = self.guide.and_then(|guide| guide.step.max_orders_per_day);
        match (most, leave) {
            (Some(most), Ok(leave)) => {
                let taken = (self.guide).map_or(0, |guide| guide.taken.shipments(location.id));
                Ok(used(world, location, leave.day)? + taken >= most)
            }
            (None, _) | (_, Err(_)) => Ok(false),
        }
    }

    /// Units of every SKU that `location` could ship in this step, or why it could none.
    fn offer(
        &self,
        world: &World,
        location: &Location,
        distance_m: i64,
    ) -> Result<Result<Vec<i64>, Reason>, Refusal> {
        let has_some = |units: &[i64]| units.iter().any(|units| *units > 0);
        let Some(guide) = self.guide else {
            let available = self.on_offer(world, location)?;
            return Ok(match has_some(&available) {
                true => Ok(available),
                false => Err(Reason::NoStock),
            });
        };
        let by_rule = |reason: RuleReason| Ok(Err(Reason::Rule(reason.number())));
        let admitted = match guide.admit(location, distance_m) {
            Ok(admitted) => admitted,
            Err(reason) => return by_rule(reason),
        };
        if self.is_full(world, location)? {
            return by_rule(RuleReason::DayFull);
        }
        let mut available = self.on_offer(world, location)?;
        if !has_some(&available) {
            return Ok(Err(Reason::NoStock));
        }
        let mut first = None;
        for (index, (want, units)) in self.wanted.iter().zip(&mut available).enumerate() {
            if *units <= 0 {
                continue;
            }
            let left = match want.sku.stock_policy {
                StockPolicy::Untracked => *units,
                StockPolicy::Tracked | StockPolicy::Backorder { .. } => {
                    let taken = guide.taken.units(location.id, want.sku.id);
                    units
                        .saturating_sub(taken)
                        .saturating_sub(guide.step.keep_stock)
                }
            };
            let filter = admitted.without.get(index).copied().flatten();
            let kept_out = filter.map(RuleReason::Filter);
            let kept_out = kept_out.or((left <= 0).then_some(RuleReason::KeptStock));
            *units = if kept_out.is_some() { 0 } else { left };
            first = first.or(kept_out);
        }
        match first {
            Some(reason) if !has_some(&available) => by_rule(reason),
            Some(_) | None => Ok(Ok(available)),
        }
    }

    /// Units of every SKU that `location` could ship, whatever rules say.
    pub(super) fn on_offer(&self, world: &World, location: &Location) -> Result<Vec<i64>, Refusal> {
        let units = self.wanted.iter().map(|want| {
            let cell = CellKey::own(want.sku.id, location.id);
            let reference = world.reference();
            if reference.is_blocked(cell, BlockStage::Allocate, self.now) {
                return Ok(0);
            }
            match want.sku.stock_policy {
                StockPolicy::Untracked => Ok(QUANTITY_MAX),
                StockPolicy::Tracked | StockPolicy::Backorder { .. } => {
                    let kept = kept_back(world, cell, self.now)?;
                    let available = world.cell(cell)?.available() - kept;
                    Ok(available.or_zero().get().min(QUANTITY_MAX))
                }
            }
        });
        units.collect()
    }

    /// A location that has nothing on offer, whatever lies on its shelves.
    fn without_stock(&self, world: &World, location: &Location) -> Result<Excluded, Refusal> {
        let mut left = left_out(location.id, Reason::NoStock);
        for want in self.wanted {
            let cell = world.cell(CellKey::own(want.sku.id, location.id))?;
            left.has = left.has.saturating_add(cell.on_hand.or_zero().get());
            left.wants = left.wants.saturating_add(want.quantity);
        }
        Ok(left)
    }
}

impl Source<'_> {
    /// Grams of the heaviest unit that it has of the lines.
    pub(super) fn heaviest_unit_g(&self, lines: &[Line]) -> i64 {
        let here = lines.iter().zip(&self.available);
        let weights = here
            .filter(|(_, units)| **units > 0)
            .map(|(line, _)| line.unit_weight_g);
        weights.max().unwrap_or(0)
    }

    pub(super) fn candidate(&self) -> Candidate {
        Candidate {
            key: LocationKey(self.location.id.to_u128()),
            available: self.available.clone(),
            distance_m: self.distance_m,
            ..Candidate::default()
        }
    }
}

impl Stays {
    pub(super) fn left_out(self, location: &Location) -> Excluded {
        let shipments = location.daily_capacity.unwrap_or(0);
        match self {
            Self::Closed => left_out(location.id, Reason::Inactive),
            Self::Full => Excluded {
                has: shipments,
                wants: shipments,
                ..left_out(location.id, Reason::OverCapacity)
            },
        }
    }
}

pub(super) fn left_out(location: LocationId, reason: Reason) -> Excluded {
    Excluded::new(LocationKey(location.to_u128()), reason)
}
