//! Sourcing problems: what the locations offer an order, at what cost, and by when.
//!
//! Where some location has a rate table for the destination and the order's currency, money decides;
//! else the nearest wins. The optimizer itself is the crate `ordo-sourcing`.

mod carriage;
mod customs;
mod leave;
mod promise;
mod settings;

use std::sync::Arc;

use ordo_sourcing::{
    Candidate, Decision, Excluded, Instance, Key as LocationKey, Line, Rate, Reason, Service,
    Shipment, StepBudget, Tier,
};

use crate::catalog::{Sku, StockPolicy};
use crate::decide::Refusal;
use crate::id::{ChannelId, LocationId};
use crate::money::{Currency, Minor};
use crate::network::place::distance_m;
use crate::network::{BlockStage, CutOff, Location, Place};
use crate::quantity::QUANTITY_MAX;
use crate::rate::{MICRO, Parcel, RateTable};
use crate::stock::CellKey;
use crate::stock::lot::kept_back;
use crate::time::{Date, Timestamp, Zone};
use crate::world::World;

pub use carriage::PlannedCarriage;
pub use customs::{UNION, customs_area};
pub use promise::{PromiseAnswer, PromiseOption, PromiseQuestion, PromisedShipment, promise};
pub use settings::{
    Duty, PENALTY_MAX, Penalties, PromiseKind, SourcingSettings, UpdateSourcingSettings,
    WEIGHT_DEFAULT_G,
};

use carriage::{Offer, Weights, cheapest};
use leave::{Leave, Stays, leave, zone_of};

/// Units of one SKU that are to be shipped.
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
}

/// The problem as the optimizer sees it, and what its answer stands for.
#[derive(Debug)]
pub(crate) struct Problem {
    instance: Instance,
    excluded: Vec<Excluded>,
    ways: Vec<Way>,
    /// The same without money, for numbers that are too large to be summed.
    by_distance: Option<Instance>,
    weight_assumed: Vec<bool>,
    /// Whether a local day played a part.
    reads_calendar: bool,
}

/// How a candidate's shipment would go.
#[derive(Debug)]
struct Way {
    /// `None` where nobody asked.
    leave: Option<Leave>,
    /// Whether the location limits its days.
    counts: bool,
    offers: Vec<Offer>,
    /// Micro-cents of duty on one unit of each line; empty for none.
    duty_uc: Vec<i64>,
}

/// What becomes of one shipment of a plan.
pub(crate) struct Planned {
    pub location: LocationId,
    pub distance_m: i64,
    /// The local day that it counts for, where the location limits its days.
    pub work_day: Option<Date>,
    pub carriage: Option<PlannedCarriage>,
}

/// A location that may serve the order and has some of it.
struct Source<'a> {
    location: &'a Location,
    available: Vec<i64>,
    distance_m: i64,
}

/// What can carry a shipment from a location, or why nothing can.
type Offers = Result<Vec<Offer>, Reason>;

/// What counts beside prices.
struct Weighed<'a> {
    said: Option<&'a SourcingSettings>,
    penalties: Penalties,
    is_hard: bool,
    default_g: i64,
}

impl<'a> Weighed<'a> {
    fn of(world: &'a World, currency: Currency) -> Self {
        match world.reference().sourcing() {
            Some(said) => Self {
                said: Some(said),
                penalties: said.penalties(currency),
                is_hard: said.promise == PromiseKind::Hard,
                default_g: said.default_weight_g,
            },
            None => Self {
                said: None,
                penalties: Penalties::default_of(currency),
                is_hard: false,
                default_g: WEIGHT_DEFAULT_G,
            },
        }
    }
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
    /// locations limit theirs.
    pub fn want_stock_and_days(&self, world: &World) -> Result<(), Refusal> {
        let cells = (self.wanted.iter()).map(|want| world.cells_of(want.sku.id).map(|_| ()));
        let days = (world.reference().locations())
            .filter(|location| location.daily_capacity.is_some())
            .filter(|location| self.refusal(world, location).is_none())
            .map(|location| leave(world, self.now, location, None).map(|_| ()));
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
            let available = self.on_offer(world, location)?;
            if available.iter().all(|units| *units <= 0) {
                excluded.push(left_out(location.id, Reason::NoStock));
                continue;
            }
            sources.push(Source {
                location,
                available,
                distance_m: distance_m(&location.place, self.to),
            });
        }
        let Some((currency, tables)) = self.tables(world) else {
            return self.by_distance(world, excluded, sources);
        };
        let weighed = Weighed::of(world, currency);
        let offers = (sources.iter()).map(|source| self.offers(world, source, &tables, &weighed));
        let offers = Refusal::gather(offers)?;
        let goes = |offers: &Offers| !matches!(offers, Err(Reason::NotInMarket));
        match offers.iter().any(goes) {
            true => Ok(self.by_cost(excluded, sources, offers, &weighed)),
            false => self.by_distance(world, excluded, sources),
        }
    }

    /// The tables in the currency that may be used; `None` where there are none.
    fn tables<'w>(&self, world: &'w World) -> Option<(Currency, Vec<&'w Arc<RateTable>>)> {
        let currency = self.currency?;
        let allowed = |table: &&Arc<RateTable>| {
            let named = |(carrier, service)| table.carrier == carrier && table.service == service;
            table.currency == currency
                && self.only.is_none_or(named)
                && (world.reference())
                    .block_of_carrier(&table.carrier, &table.service, BlockStage::Ship, self.now)
                    .is_none()
        };
        let tables: Vec<_> = world.reference().rate_tables().filter(allowed).collect();
        (!tables.is_empty()).then_some((currency, tables))
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
        let leaves = (sources.iter()).map(|source| match source.location.daily_capacity {
            Some(_) => leave(world, self.now, source.location, None).map(Some),
            None => Ok(None),
        });
        let leaves = Refusal::gather(leaves)?;
        let (mut candidates, mut ways) = (Vec::new(), Vec::new());
        for (source, leave) in sources.into_iter().zip(leaves) {
            let leave = match leave.transpose() {
                Ok(leave) => leave,
                Err(stays) => {
                    excluded.push(left_out(source.location.id, stays.reason()));
                    continue;
                }
            };
            candidates.push(source.candidate());
            ways.push(Way {
                counts: leave.is_some(),
                leave,
                offers: Vec::new(),
                duty_uc: Vec::new(),
            });
        }
        let lines = self.lines(&[], 0);
        let mut instance = Instance::nearest(lines, candidates);
        let waits = |way: &Way| way.leave.map_or(0, |leave| leave.waits);
        if ways.iter().any(|way| waits(way) > 0) {
            for (candidate, way) in instance.candidates.iter_mut().zip(&ways) {
                candidate.custom = vec![waits(way)];
            }
            instance.tiers.insert(1, Tier::Custom(0));
        }
        Ok(Problem {
            instance,
            excluded,
            reads_calendar: ways.iter().any(|way| way.counts),
            ways,
            by_distance: None,
            weight_assumed: vec![false; self.wanted.len()],
        })
    }

    /// The cheapest plan.
    fn by_cost(
        &self,
        mut excluded: Vec<Excluded>,
        sources: Vec<Source>,
        offers: Vec<Offers>,
        weighed: &Weighed,
    ) -> Problem {
        let currency = weighed.penalties.currency;
        let offered = offers.iter().flatten().flatten();
        let tables: Vec<&RateTable> = offered.map(|offer| &*offer.table).collect();
        let lines = self.lines(&tables, weighed.default_g);
        let weights = Weights::of(&lines);
        let (mut candidates, mut ways) = (Vec::new(), Vec::new());
        let mut rates: Vec<Rate> = Vec::new();
        for (source, offers) in sources.into_iter().zip(offers) {
            let offers = match offers {
                Ok(offers) => offers,
                Err(reason) => {
                    excluded.push(left_out(source.location.id, reason));
                    continue;
                }
            };
            let rate = weights.price(&offers);
            let known = rates.iter().position(|known| *known == rate);
            let place = known.unwrap_or_else(|| {
                rates.push(rate);
                rates.len() - 1
            });
            let mut candidate = source.candidate();
            candidate.services = vec![Service {
                rate: place as u32,
                extra_uc: 0,
            }];
            let handling = source.location.handling;
            if let Some(handling) = handling.filter(|cost| cost.currency == currency) {
                candidate.handling_order_uc = handling.per_order.get() * MICRO;
                candidate.handling_unit_uc = handling.per_unit.get() * MICRO;
            }
            let duty_uc = self.duty_uc(source.location, weighed);
            candidate.stock_price_uc.clone_from(&duty_uc);
            candidates.push(candidate);
            ways.push(Way {
                duty_uc,
                leave: offers.first().map(|offer| offer.leave),
                counts: source.location.daily_capacity.is_some(),
                offers,
            });
        }
        let penalties = &weighed.penalties;
        let plain = Instance::nearest(lines.clone(), without_money(&candidates));
        let instance = Instance {
            lines,
            candidates,
            rates,
            tiers: match penalties.unfilled_unit {
                Some(_) => Vec::new(),
                None => vec![Tier::UnfilledUnits],
            },
            penalties: ordo_sourcing::Penalties {
                split_uc: penalties.split.get() * MICRO,
                unfilled_unit_uc: penalties.unfilled_unit.map_or(0, |cost| cost.get() * MICRO),
            },
            ..Instance::default()
        };
        Problem {
            instance,
            excluded,
            ways,
            by_distance: Some(plain),
            weight_assumed: self
                .wanted
                .iter()
                .map(|want| want.sku.weight_g <= 0)
                .collect(),
            reads_calendar: true,
        }
    }

    /// Micro-cents of duty on one unit of each line from `location`; empty for none.
    fn duty_uc(&self, location: &Location, weighed: &Weighed) -> Vec<i64> {
        let (from, to) = (&location.place.country, &self.to.country);
        match weighed.said.map_or(0, |said| said.duty_ppm(from, to)) {
            0 => Vec::new(),
            ppm => (self.wanted.iter())
                .map(|want| want.value.get().max(0).saturating_mul(ppm))
                .collect(),
        }
    }

    /// What can carry a shipment from `source`, or why nothing can.
    fn offers(
        &self,
        world: &World,
        source: &Source,
        tables: &[&Arc<RateTable>],
        weighed: &Weighed,
    ) -> Result<Offers, Refusal> {
        let location = source.location;
        let going = (tables.iter()).filter_map(|table| {
            let goes_from = table.origins.is_empty() || table.origins.contains(&location.id);
            let zone = table.zone(self.to, source.distance_m);
            zone.filter(|_| goes_from).map(|zone| (*table, zone))
        });
        let going: Vec<(&Arc<RateTable>, usize)> = going.collect();
        if going.is_empty() {
            return Ok(Err(Reason::NotInMarket));
        }
        let late_uc = weighed.penalties.late_per_day.get() * MICRO;
        let promised = self.promised.map(|at| at.date_in(&zone_of(location)));
        // A calendar takes microseconds, so services without a cut-off of their own share one.
        let usual = leave(world, self.now, location, None);
        let leaves = (going.iter()).map(|(table, _)| {
            let service = Some(table.service.as_str());
            let is_own = |cut_off: &CutOff| cut_off.service.as_deref() == service;
            match location.cut_offs.iter().any(is_own) {
                true => leave(world, self.now, location, service),
                false => usual.clone(),
            }
        });
        let mut offers = Vec::new();
        let mut missed = None;
        for ((table, zone), leave) in going.iter().zip(Refusal::gather(leaves)?) {
            let leave = match leave {
                Ok(leave) => leave,
                Err(stays) => {
                    missed = Some(stays.reason());
                    continue;
                }
            };
            if !table.serves(location.id, leave.day) {
                continue;
            }
            let transit = i32::from(table.zones[*zone].transit_days);
            let arrives_on = leave.day.plus_days(transit);
            let late_days = promised.map_or(0, |day| {
                i64::from(arrives_on.days_since_epoch() - day.days_since_epoch()).max(0)
            });
            if weighed.is_hard && late_days > 0 {
                let in_time_today =
                    promised.is_some_and(|day| leave.asked.plus_days(transit) <= day);
                missed = Some(match (in_time_today, leave.waits) {
                    (true, 0) if leave.day > leave.asked => Reason::CutOffMissed,
                    (_, 1..) => Reason::OverCapacity,
                    _ => Reason::PromiseMissed,
                });
                continue;
            }
            offers.push(Offer {
                table: Arc::clone(table),
                zone: *zone,
                leave,
                arrives_on,
                late_days,
                late_uc: late_days.saturating_mul(late_uc),
            });
        }
        Ok(match offers.is_empty() {
            true => Err(missed.unwrap_or(Reason::NotInMarket)),
            false => Ok(offers),
        })
    }

    /// The lines, weighed as the strictest of the tables weighs them: unit by unit, since an order is
    /// weighed once for all of its services.
    fn lines(&self, tables: &[&RateTable], default_g: i64) -> Vec<Line> {
        (self.wanted.iter())
            .map(|want| {
                let weight_g = match want.sku.weight_g {
                    known @ 1.. => known,
                    _ => default_g,
                };
                let volume_mm3 = want.sku.dimensions.map_or(0, |size| {
                    let area = size.length_mm.saturating_mul(size.width_mm);
                    area.saturating_mul(size.height_mm)
                });
                let parcel = Parcel {
                    weight_g,
                    volume_mm3,
                };
                let billable = tables.iter().map(|table| table.billable_g(parcel));
                Line {
                    quantity: want.quantity,
                    unit_weight_g: billable.max().unwrap_or(want.sku.weight_g),
                    together: want.together,
                    ..Line::default()
                }
            })
            .collect()
    }

    /// Units of every SKU that `location` could ship.
    fn on_offer(&self, world: &World, location: &Location) -> Result<Vec<i64>, Refusal> {
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

    /// Units of the first SKU that all locations which may serve this could ship, all together.
    pub fn could_ship(&self, world: &World) -> Result<i64, Refusal> {
        self.want_stock_and_days(world)?;
        let mut units = 0_i64;
        for location in world.reference().locations() {
            if self.refusal(world, location).is_none()
                && leave(world, self.now, location, None)?.is_ok()
            {
                let here = self.on_offer(world, location)?;
                let first = here.first().copied().unwrap_or(0);
                units = units.saturating_add(first).min(QUANTITY_MAX);
            }
        }
        Ok(units)
    }
}

impl Problem {
    /// Solves it.
    pub fn decide(mut self) -> Solved {
        let budget = StepBudget::IN_BATCH;
        let made = Decision::make(self.instance, self.excluded.clone(), budget);
        let made = match (made, self.by_distance.take()) {
            (Ok(made), _) => Ok(made),
            // Prices or weights too large to be summed: the nearest wins.
            (Err(_), Some(plain)) => Decision::make(plain, self.excluded, budget),
            (Err(flaw), None) => Err(flaw),
        };
        // Without money an instance has small numbers and one row per location.
        let mut decision = made.unwrap_or_else(|flaw| unreachable!("sourcing refused {flaw:?}"));
        if self.reads_calendar {
            decision.time_zones = Some(Zone::database_version().to_owned());
        }
        Solved {
            decision,
            ways: self.ways,
            weight_assumed: self.weight_assumed,
        }
    }
}

/// A solved problem.
pub(crate) struct Solved {
    pub decision: Decision,
    ways: Vec<Way>,
    weight_assumed: Vec<bool>,
}

impl Solved {
    /// What becomes of a shipment of the plan.
    pub fn planned(&self, shipment: &Shipment) -> Planned {
        let instance = &self.decision.instance;
        let candidate = &instance.candidates[shipment.location];
        let way = &self.ways[shipment.location];
        let weight_g = (shipment.lines.iter())
            .map(|(line, units)| instance.lines[*line].unit_weight_g.saturating_mul(*units))
            .fold(0, i64::saturating_add);
        let assumed = (shipment.lines.iter()).any(|(line, _)| self.weight_assumed[*line]);
        let duties = (shipment.lines.iter()).map(|(line, units)| {
            let duty_uc = way.duty_uc.get(*line).copied().unwrap_or(0);
            duty_uc.saturating_mul(*units)
        });
        let duty_uc = duties.fold(0, i64::saturating_add);
        let carriage =
            cheapest(&way.offers, weight_g).map(|offer| offer.planned(weight_g, assumed, duty_uc));
        let leaves_on = (carriage.as_ref().map(|carriage| carriage.leaves_on))
            .or_else(|| way.leave.map(|leave| leave.day));
        Planned {
            location: LocationId::from_u128(candidate.key.0),
            distance_m: candidate.distance_m,
            work_day: leaves_on.filter(|_| way.counts),
            carriage,
        }
    }
}

impl Source<'_> {
    fn candidate(&self) -> Candidate {
        Candidate {
            key: LocationKey(self.location.id.to_u128()),
            available: self.available.clone(),
            distance_m: self.distance_m,
            ..Candidate::default()
        }
    }
}

impl Stays {
    const fn reason(self) -> Reason {
        match self {
            Self::Closed => Reason::Inactive,
            Self::Full => Reason::OverCapacity,
        }
    }
}

fn left_out(location: LocationId, reason: Reason) -> Excluded {
    Excluded {
        key: LocationKey(location.to_u128()),
        reason,
    }
}

fn without_money(candidates: &[Candidate]) -> Vec<Candidate> {
    let plain = |candidate: &Candidate| Candidate {
        key: candidate.key,
        available: candidate.available.clone(),
        distance_m: candidate.distance_m,
        ..Candidate::default()
    };
    candidates.iter().map(plain).collect()
}
