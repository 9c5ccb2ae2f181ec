//! The problem where money decides: which services can carry a shipment from where, at what price.

use std::sync::Arc;

use ordo_sourcing::{Candidate, Excluded, Instance, Line, Rate, Reason, Service, Tier};

use crate::decide::Refusal;
use crate::money::Currency;
use crate::network::{BlockStage, CutOff, Location};
use crate::rate::{MICRO, Parcel, RateTable};
use crate::sourcing::carriage::{Offer, Weights, keep_those_that_carry, parceling};
use crate::sourcing::leave::{Stays, leave, zone_of};
use crate::sourcing::performance::assumed;
use crate::sourcing::price_book::PriceBook;
use crate::sourcing::question::{Question, Source, left_out};
use crate::sourcing::settings::{Penalties, PromiseKind, SourcingSettings, WEIGHT_DEFAULT_G};
use crate::sourcing::solved::{Problem, Way};
use crate::sourcing::takes::{Open, Tables};
use crate::time::Timestamp;
use crate::world::World;

/// What can carry a shipment from a location, or why nothing can.
pub(super) type Offers = Result<Vec<Offer>, Excluded>;

/// What counts beside prices.
pub(super) struct Weighed<'a> {
    said: Option<&'a SourcingSettings>,
    penalties: Penalties,
    /// How binding a promised day is.
    pub(super) promise: PromiseKind,
    default_g: i64,
    /// The price book, where its prices count.
    pub(super) book: Option<&'a PriceBook>,
    /// The same book, whether its prices count or not.
    known: Option<&'a PriceBook>,
}

impl<'a> Weighed<'a> {
    pub(super) fn of(world: &'a World, currency: Currency, now: Timestamp) -> Self {
        let known = world.reference().prices().map(|book| &**book);
        match world.reference().sourcing() {
            Some(said) => Self {
                said: Some(said),
                penalties: said.penalties(currency),
                promise: said.promise,
                default_g: said.default_weight_g,
                book: (said.prices.and(known)).filter(|book| book.prices.count_for(currency, now)),
                known,
            },
            None => Self {
                said: None,
                penalties: Penalties::default_of(currency),
                promise: PromiseKind::Soft,
                default_g: WEIGHT_DEFAULT_G,
                book: None,
                known,
            },
        }
    }
}

impl Weighed<'_> {
    /// Of a million works offered to a location, how many are expected to come back.
    fn decline_ppm(&self, location: &Location) -> i64 {
        (self.known)
            .and_then(|book| book.prices.decline_ppm(location.id))
            .unwrap_or_else(|| assumed(location))
    }
}

impl Question<'_> {
    /// The tables in the currency; `None` where there are none.
    pub(super) fn tables<'w>(&self, world: &'w World) -> Option<(Currency, Tables<'w>)> {
        let currency = self.currency?;
        let allowed = |table: &&Arc<RateTable>| {
            let named = |(carrier, service)| table.carrier == carrier && table.service == service;
            table.currency == currency
                && self.only.is_none_or(named)
                && (world.reference())
                    .block_of_carrier(&table.carrier, &table.service, BlockStage::Ship, self.now)
                    .is_none()
        };
        let all: Vec<_> = world.reference().rate_tables().filter(allowed).collect();
        (!all.is_empty()).then_some((currency, Tables(all)))
    }

    /// The cheapest plan.
    pub(super) fn by_cost(
        &self,
        mut excluded: Vec<Excluded>,
        sources: Vec<Source>,
        mut offers: Vec<Offers>,
        weighed: &Weighed,
    ) -> Problem {
        let currency = weighed.penalties.currency;
        let offered = offers.iter().flatten().flatten();
        let tables: Vec<&RateTable> = offered.map(|offer| &*offer.table).collect();
        let mut lines = self.lines(&tables, weighed.default_g);
        for (source, offers) in sources.iter().zip(&mut offers) {
            if let Ok(offers) = offers {
                keep_those_that_carry(offers, source.heaviest_unit_g(&lines));
            }
        }
        for (line, want) in lines.iter_mut().zip(self.wanted) {
            line.alone = want.sku.ships_alone;
        }
        let parceling = parceling(&lines, offers.iter().flatten().flatten());
        if parceling.is_none() {
            lines.iter_mut().for_each(|line| line.alone = false);
        }
        let weights = Weights::of(&lines);
        let (mut candidates, mut ways) = (Vec::new(), Vec::new());
        let mut locations = Vec::new();
        let mut rates: Vec<Rate> = Vec::new();
        for (source, offers) in sources.into_iter().zip(offers) {
            let offers = match offers {
                Ok(offers) => offers,
                Err(left) => {
                    excluded.push(left);
                    continue;
                }
            };
            let mut candidate = source.candidate();
            let duty_uc = self.charge(source.location, weighed, &mut candidate);
            let late_day_uc = weighed.penalties.late_per_day.get() * MICRO;
            let plain = self
                .guide
                .and_then(|guide| guide.plain(source.location, &candidate, currency, late_day_uc));
            let bonus_uc = self.guide.map_or(0, |guide| {
                guide.charge(source.location, &mut candidate, currency)
            });
            candidate.services = match parceling {
                Some(_) => weights.services(&offers, bonus_uc, &mut rates),
                None => {
                    let mut rate = weights.price(&offers);
                    for step in &mut rate.steps {
                        step.cost_uc = step.cost_uc.saturating_sub(bonus_uc).max(0);
                    }
                    vec![Service {
                        rate: place_of(rate, &mut rates),
                        extra_uc: 0,
                    }]
                }
            };
            candidates.push(candidate);
            locations.push(source.location);
            ways.push(Way {
                plain,
                duty_uc,
                leave: offers.first().map(|offer| offer.leave),
                counts: self.limits_days(source.location),
                offers,
            });
        }
        let penalties = &weighed.penalties;
        let mut plain = Instance::nearest(lines.clone(), without_money(&candidates));
        let mut instance = Instance {
            lines,
            candidates,
            rates,
            parceling,
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
        if let Some(guide) = self.guide {
            guide.shape(&mut plain, &locations, None);
            guide.shape(&mut instance, &locations, None);
        }
        Problem {
            steering: self.steering(&instance, &ways, weighed),
            instance,
            excluded,
            ways,
            by_distance: Some(plain),
            skus: self.skus(),
            weight_assumed: self
                .wanted
                .iter()
                .map(|want| want.sku.weight_g <= 0)
                .collect(),
            reads_calendar: true,
        }
    }

    /// Charges a candidate for handling, for how likely it declines, and for duties; answers the duties.
    pub(super) fn charge(
        &self,
        location: &Location,
        weighed: &Weighed,
        candidate: &mut Candidate,
    ) -> Vec<i64> {
        let currency = weighed.penalties.currency;
        if let Some(handling) = location.handling.filter(|cost| cost.currency == currency) {
            candidate.handling_order_uc = handling.per_order.get() * MICRO;
            candidate.handling_unit_uc = handling.per_unit.get() * MICRO;
        }
        // Millionths of minor units are micro-cents.
        let declined = weighed.penalties.declined_line.get();
        candidate.handling_line_uc = declined.saturating_mul(weighed.decline_ppm(location));
        let duty_uc = self.duty_uc(location, weighed);
        candidate.stock_price_uc.clone_from(&duty_uc);
        duty_uc
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
    pub(super) fn offers(
        &self,
        world: &World,
        source: &Source,
        tables: &Tables,
        open: &Open,
        weighed: &Weighed,
    ) -> Result<Offers, Refusal> {
        let location = source.location;
        let goes = |table: &&Arc<RateTable>| {
            let goes_from = table.origins.is_empty() || table.origins.contains(&location.id);
            let zone = table.zone(self.to, source.distance_m);
            zone.filter(|_| goes_from)
        };
        let going = (tables.0.iter().enumerate()).filter_map(|(place, table)| {
            let zone = goes(table)?;
            Some((*table, zone, open.has(place)))
        });
        let (going, closed): (Vec<_>, Vec<_>) = going.partition(|(_, _, is_open)| *is_open);
        if going.is_empty() {
            let reason = match closed.is_empty() {
                true => Reason::NotInMarket,
                false => Reason::RestrictedItem,
            };
            return Ok(Err(left_out(location.id, reason)));
        }
        let usual_uc = weighed.penalties.late_per_day.get() * MICRO;
        let currency = weighed.penalties.currency;
        let late_uc = self.guide.map_or(usual_uc, |guide| {
            guide.late_uc(location, source.distance_m, currency, usual_uc)
        });
        let promised = self.promised.map(|at| at.date_in(&zone_of(location)));
        // A calendar takes microseconds, so services without a cut-off of their own share one.
        let usual = leave(world, self.now, location, None);
        let leaves = (going.iter()).map(|(table, _, _)| {
            let service = Some(table.service.as_str());
            let is_own = |cut_off: &CutOff| cut_off.service.as_deref() == service;
            match location.cut_offs.iter().any(is_own) {
                true => leave(world, self.now, location, service),
                false => usual.clone(),
            }
        });
        let mut offers = Vec::new();
        let mut missed = None;
        for ((table, zone, _), leave) in going.iter().zip(Refusal::gather(leaves)?) {
            let leave = match leave {
                Ok(leave) => leave,
                Err(stays) => {
                    missed = Some(stays.left_out(location));
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
            if weighed.promise == PromiseKind::Hard && late_days > 0 {
                let in_time_today =
                    promised.is_some_and(|day| leave.asked.plus_days(transit) <= day);
                let late = |reason| Excluded {
                    has: i64::from(arrives_on.days_since_epoch()),
                    wants: promised.map_or(0, |day| i64::from(day.days_since_epoch())),
                    ..left_out(location.id, reason)
                };
                missed = Some(match (in_time_today, leave.waits) {
                    (true, 0) if leave.day > leave.asked => late(Reason::CutOffMissed),
                    (_, 1..) => Stays::Full.left_out(location),
                    _ => late(Reason::PromiseMissed),
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
            true => Err(missed.unwrap_or(left_out(location.id, Reason::NotInMarket))),
            false => Ok(offers),
        })
    }

    /// The lines, weighed as the strictest of the tables weighs them: unit by unit, since an order is
    /// weighed once for all of its services.
    pub(super) fn lines(&self, tables: &[&RateTable], default_g: i64) -> Vec<Line> {
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
}

/// The place of a rate among those there are, added where it is new.
pub(super) fn place_of(rate: Rate, rates: &mut Vec<Rate>) -> u32 {
    let known = rates.iter().position(|known| *known == rate);
    let place = known.unwrap_or_else(|| {
        rates.push(rate);
        rates.len() - 1
    });
    place as u32
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
