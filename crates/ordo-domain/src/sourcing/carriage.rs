//! What carriage from a location costs an order: one offer per rate table that goes there.
//!
//! Where no shipment of the order could be cheaper or would have to go in several parcels, the cheapest
//! offer at every weight is a single price. Else every offer keeps its own, and the optimizer chooses
//! parcels and service together.

use std::collections::BTreeSet;
use std::sync::Arc;

use ordo_sourcing::{Line, Parceling, Rate, Service, WeightStep, in_cents};
use serde::{Deserialize, Serialize};

use crate::id::{RateTableId, SkuId};
use crate::money::{Currency, Minor};
use crate::quantity::Quantity;
use crate::rate::{MICRO, RateTable};
use crate::sourcing::by_cost::place_of;
use crate::sourcing::leave::Leave;
use crate::time::Date;

/// Up to so many different loads of an order are priced one by one.
const LOADS_MAX: usize = 64;
/// The most steps of a price; only an order of many times a table's heaviest parcel has more.
const STEPS_MAX: usize = 1_000;

/// How a shipment was planned to go when it was sourced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCarriage {
    /// The table it was priced by.
    pub rate_table: RateTableId,
    /// Who carries.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// The table's zone.
    pub zone: String,
    /// Billable grams.
    pub weight_g: i64,
    /// Whether the weight of some unit was not known and the default counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weight_assumed: bool,
    /// What the carrier asks, with surcharges.
    pub price: Minor,
    /// The currency of the price.
    pub currency: Currency,
    /// The local day on which it is to leave.
    pub leaves_on: Date,
    /// The day on which it is to arrive.
    pub arrives_on: Date,
    /// Days after the promised one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub late_days: i64,
    /// What customs are expected to ask, where it crosses a border between customs areas.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub duty: Minor,
    /// Its parcels where it is planned as several; empty where it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parcels: Vec<PlannedParcel>,
}

/// One of several parcels that a shipment was planned as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedParcel {
    /// Billable grams.
    pub weight_g: i64,
    /// Its part of the shipment's price: those of all parcels add up to it.
    pub price: Minor,
    /// What is to be packed into it.
    pub units: Vec<ParcelUnits>,
}

/// Units of a SKU that are to be packed into one parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelUnits {
    /// The SKU.
    pub sku: SkuId,
    /// How many.
    pub quantity: Quantity,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_nothing(amount: &Minor) -> bool {
    *amount == Minor::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A service that can carry a shipment from a location to the buyer.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub table: Arc<RateTable>,
    /// Index of the table's zone.
    pub zone: usize,
    pub leave: Leave,
    pub arrives_on: Date,
    pub late_days: i64,
    /// Micro-cents for being late.
    pub late_uc: i64,
}

/// A parcel as a carrier sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub weight_g: i64,
    /// Whether it could be cut into lighter ones, so that it must not be heavier than the carrier
    /// takes.
    pub is_shared: bool,
}

impl Offer {
    /// Micro-cents of a shipment of these parcels, with what its lateness costs. `None` where it does
    /// not go like this.
    fn cost_uc(&self, loads: &[Load]) -> Option<i64> {
        let price_uc = self.price_uc(loads)?;
        Some(price_uc.saturating_add(self.late_uc))
    }

    /// Micro-cents that the carrier asks for these parcels. `None` where it does not take them.
    pub fn price_uc(&self, loads: &[Load]) -> Option<i64> {
        let parcels = loads.iter().map(|load| self.parcel_uc(*load));
        let all: Option<Vec<i64>> = parcels.collect();
        let once_uc = self.table.shipment_uc();
        Some(all?.into_iter().fold(once_uc, i64::saturating_add))
    }

    fn parcel_uc(&self, load: Load) -> Option<i64> {
        if load.is_shared && load.weight_g > self.heaviest_g() {
            return None;
        }
        let zone = &self.table.zones[self.zone];
        self.table.parcel_uc(zone, load.weight_g)
    }

    /// The heaviest parcel that it takes.
    pub fn heaviest_g(&self) -> i64 {
        let zone = &self.table.zones[self.zone];
        self.table.heaviest_g(zone).unwrap_or(0)
    }

    /// The plan for these parcels of a shipment.
    pub fn planned(
        &self,
        parcels: Vec<(Load, Vec<ParcelUnits>)>,
        weight_assumed: bool,
        duty_uc: i64,
    ) -> PlannedCarriage {
        let loads: Vec<Load> = parcels.iter().map(|(load, _)| *load).collect();
        let price_uc = self.price_uc(&loads).unwrap_or(0);
        let weights = loads.iter().map(|load| load.weight_g);
        PlannedCarriage {
            rate_table: self.table.id,
            carrier: self.table.carrier.clone(),
            service: self.table.service.clone(),
            zone: self.table.zones[self.zone].name.clone(),
            weight_g: weights.fold(0, i64::saturating_add),
            weight_assumed,
            price: rounded(price_uc),
            currency: self.table.currency,
            leaves_on: self.leave.day,
            arrives_on: self.arrives_on,
            late_days: self.late_days,
            duty: rounded(duty_uc),
            parcels: match parcels.len() {
                0 | 1 => Vec::new(),
                _ => self.planned_parcels(parcels),
            },
        }
    }

    /// Parcels with their parts of the price; what is paid once is divided among them.
    fn planned_parcels(&self, parcels: Vec<(Load, Vec<ParcelUnits>)>) -> Vec<PlannedParcel> {
        let once_uc = self.table.shipment_uc();
        let count = parcels.len() as i64;
        let parts = (0..).zip(&parcels).map(|(nth, (load, _))| {
            let share_uc = once_uc * (nth + 1) / count - once_uc * nth / count;
            self.parcel_uc(*load).unwrap_or(0).saturating_add(share_uc)
        });
        let prices = in_cents(&parts.collect::<Vec<_>>());
        let parcel = |((load, units), price): ((Load, _), i64)| PlannedParcel {
            weight_g: load.weight_g,
            price: Minor::new(price).unwrap_or(Minor::ZERO),
            units,
        };
        parcels.into_iter().zip(prices).map(parcel).collect()
    }
}

/// Micro-cents as minor units, halves up.
fn rounded(cost_uc: i64) -> Minor {
    Minor::new(cost_uc.saturating_add(MICRO / 2) / MICRO).unwrap_or(Minor::ZERO)
}

/// The offer that a shipment of these parcels goes by: the cheapest, then the one that arrives first,
/// then that of the older table.
pub(crate) fn cheapest<'a>(offers: &'a [Offer], loads: &[Load]) -> Option<&'a Offer> {
    let costs = offers.iter().filter_map(|offer| {
        let cost_uc = offer.cost_uc(loads)?;
        Some(((cost_uc, offer.arrives_on, offer.table.id), offer))
    });
    costs.min_by_key(|(rank, _)| *rank).map(|(_, offer)| offer)
}

/// Leaves those offers that carry every unit a location has of the order, as long as there is one: what
/// is heavier than the heaviest parcel of a service goes by another.
pub(crate) fn keep_those_that_carry(offers: &mut Vec<Offer>, heaviest_unit_g: i64) {
    let carries = |offer: &Offer| offer.heaviest_g() >= heaviest_unit_g;
    if offers.iter().any(carries) {
        offers.retain(carries);
    }
}

/// Whether shipments of these lines may have to be parceled, where `offers` go: something ships alone,
/// or a shipment of everything could be cheaper in several parcels, or is too heavy for one. Orders of
/// so many loads that not all of them can be tabled are priced by their weight.
pub(crate) fn parceling<'a>(
    lines: &[Line],
    offers: impl Iterator<Item = &'a Offer>,
) -> Option<Parceling> {
    let units = lines
        .iter()
        .map(|line| line.quantity)
        .fold(0, i64::saturating_add);
    if units < 2 {
        return None;
    }
    let weights = (lines.iter()).map(|line| line.unit_weight_g.saturating_mul(line.quantity));
    let all_g = weights.fold(0, i64::saturating_add);
    let (mut is_cut, mut prices) = (lines.iter().any(|line| line.alone), BTreeSet::new());
    for offer in offers {
        is_cut |= all_g > offer.table.whole_up_to_g(offer.zone);
        prices.insert((offer.table.id, offer.zone));
    }
    (is_cut && Parceling::is_exact_for(lines, prices.len())).then(Parceling::default)
}

/// The weights at which a price of any shipment of these lines can change: every load's own where
/// they are few, else every step of the offers.
pub(crate) struct Weights {
    loads: Option<Vec<i64>>,
    /// Of single units, those that weigh anything.
    units_g: Vec<i64>,
    lightest_g: i64,
    all_g: i64,
}

impl Weights {
    pub fn of(lines: &[Line]) -> Self {
        let weights = lines.iter().map(|line| line.unit_weight_g);
        Self {
            loads: loads(lines),
            units_g: (lines.iter().map(|line| line.unit_weight_g))
                .filter(|weight_g| *weight_g > 0)
                .collect(),
            lightest_g: weights.min().unwrap_or(1).max(1),
            all_g: (lines.iter())
                .map(|line| line.unit_weight_g.saturating_mul(line.quantity))
                .fold(0, i64::saturating_add),
        }
    }

    /// The price of a shipment by the cheapest of `offers` as a step function. Where it would have
    /// too many steps, every shipment pays what the whole order pays.
    pub fn price(&self, offers: &[Offer]) -> Rate {
        let ends = match &self.loads {
            Some(loads) => loads.clone(),
            None => self.ends(offers).unwrap_or_else(|| vec![self.all_g]),
        };
        let mut steps: Vec<WeightStep> = Vec::with_capacity(ends.len());
        for up_to_g in ends {
            let whole = [Load {
                weight_g: up_to_g,
                is_shared: false,
            }];
            let cost_uc = cheapest(offers, &whole).and_then(|offer| offer.cost_uc(&whole));
            push(&mut steps, up_to_g, cost_uc.unwrap_or(0));
        }
        Rate { steps }
    }

    /// The services of a location whose shipments may be several parcels, each with its own prices in
    /// `rates`, and so much taken off each. Services that another one is never dearer than are left
    /// out.
    pub fn services(&self, offers: &[Offer], off_uc: i64, rates: &mut Vec<Rate>) -> Vec<Service> {
        let mut offers: Vec<&Offer> = offers.iter().collect();
        offers.sort_by_key(|offer| (offer.arrives_on, offer.table.id));
        let mut found: Vec<(Rate, i64)> = Vec::with_capacity(offers.len());
        for offer in offers {
            let once_uc = offer.table.shipment_uc();
            let extra_uc = offer.late_uc.saturating_add(once_uc).saturating_sub(off_uc);
            let one = (self.parcels_of(offer), extra_uc);
            if !found.iter().any(|other| self.is_never_dearer(other, &one)) {
                found.retain(|other| !self.is_never_dearer(&one, other));
                found.push(one);
            }
        }
        let services = found.into_iter().map(|(rate, extra_uc)| Service {
            rate: place_of(rate, rates),
            extra_uc,
        });
        services.collect()
    }

    /// The prices of parcels by an offer, up to its heaviest. What is heavier is a single unit, and
    /// pays as many times the heaviest as it weighs.
    fn parcels_of(&self, offer: &Offer) -> Rate {
        let heaviest_g = offer.heaviest_g();
        let mut ends = BTreeSet::from([heaviest_g]);
        let zone = &offer.table.zones[offer.zone];
        match &self.loads {
            Some(loads) => ends.extend(loads),
            None => {
                let found = (offer.table).ends(zone, self.lightest_g, heaviest_g, STEPS_MAX);
                ends.extend(found.into_iter().flatten());
            }
        }
        ends.extend(self.units_g.iter().map(|unit_g| unit_g % heaviest_g.max(1)));
        let mut steps = Vec::new();
        for up_to_g in ends
            .into_iter()
            .filter(|end| (1..=heaviest_g).contains(end))
        {
            let cost_uc = offer.table.parcel_uc(zone, up_to_g);
            push(&mut steps, up_to_g, cost_uc.unwrap_or(0));
        }
        Rate { steps }
    }

    /// Whether a service costs no more than another one for every parcel, and takes each of them.
    fn is_never_dearer(&self, (rate, extra_uc): &(Rate, i64), than: &(Rate, i64)) -> bool {
        let (other, other_uc) = than;
        let last_g = |rate: &Rate| rate.steps.last().map_or(0, |step| step.up_to_g);
        let ends =
            |rate: &Rate| -> Vec<i64> { rate.steps.iter().map(|step| step.up_to_g).collect() };
        let mut weights = ends(rate)
            .into_iter()
            .chain(ends(other))
            .chain(self.units_g.clone());
        extra_uc <= other_uc
            && last_g(rate) >= last_g(other)
            && weights.all(|weight_g| {
                let is_single = self.units_g.contains(&weight_g);
                (weight_g > last_g(other) && !is_single) || rate.at(weight_g) <= other.at(weight_g)
            })
    }

    fn ends(&self, offers: &[Offer]) -> Option<Vec<i64>> {
        let mut ends = BTreeSet::from([self.all_g]);
        for offer in offers {
            let zone = &offer.table.zones[offer.zone];
            let found = (offer.table).ends(zone, self.lightest_g, self.all_g, STEPS_MAX)?;
            ends.extend(found.into_iter().filter(|end| *end < self.all_g));
        }
        (ends.len() <= STEPS_MAX).then(|| ends.into_iter().collect())
    }
}

/// Adds a price to steps that rise, or lengthens the last one.
fn push(steps: &mut Vec<WeightStep>, up_to_g: i64, cost_uc: i64) {
    match steps.last_mut() {
        Some(last) if last.cost_uc == cost_uc => last.up_to_g = up_to_g,
        Some(_) | None => steps.push(WeightStep { up_to_g, cost_uc }),
    }
}

/// Weights of all loads that can be made of the lines, rising; `None` where they are many.
fn loads(lines: &[Line]) -> Option<Vec<i64>> {
    let mut loads = BTreeSet::from([0_i64]);
    for line in lines {
        let units = usize::try_from(line.quantity).ok()?;
        if loads.len().saturating_mul(units.saturating_add(1)) > 4 * LOADS_MAX {
            return None;
        }
        let before: Vec<i64> = loads.iter().copied().collect();
        for units in 1..=line.quantity {
            let added_g = line.unit_weight_g.checked_mul(units)?;
            for load in &before {
                loads.insert(load.checked_add(added_g)?);
            }
        }
    }
    loads.remove(&0);
    (loads.len() <= LOADS_MAX).then(|| loads.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::tests::plain;

    fn offer(id: u128, steps_g: &[i64], prices: &[i64], late_uc: i64) -> Offer {
        let prices: Vec<Option<i64>> = prices.iter().map(|price| Some(*price)).collect();
        let mut table = plain(steps_g, &prices);
        table.id = RateTableId::from_u128(id);
        Offer {
            table: Arc::new(table),
            zone: 0,
            leave: Leave {
                day: Date::from_days(0),
                waits: 0,
                asked: Date::from_days(0),
            },
            arrives_on: Date::from_days(1),
            late_days: 0,
            late_uc,
        }
    }

    fn line(quantity: i64, unit_weight_g: i64) -> Line {
        Line {
            quantity,
            unit_weight_g,
            ..Line::default()
        }
    }

    /// A price must be that of the cheapest offer at every weight a shipment can have.
    #[test]
    fn the_price_is_the_cheapest_at_every_load() {
        let offers = [
            offer(1, &[100, 1_000, 5_000], &[300, 500, 900], 0),
            offer(2, &[2_000], &[450], 0),
            offer(3, &[10_000], &[100], 600 * MICRO),
        ];
        for lines in [
            vec![line(1, 70)],
            vec![line(2, 70), line(1, 950)],
            vec![line(500, 70), line(3, 400)],
            vec![line(1, 26_000)],
        ] {
            let rate = Weights::of(&lines).price(&offers);
            let few: Vec<Line> = (lines.iter())
                .map(|of| line(of.quantity.min(3), of.unit_weight_g))
                .collect();
            for load in loads(&few).unwrap() {
                let whole = [Load {
                    weight_g: load,
                    is_shared: false,
                }];
                let cost_uc = cheapest(&offers, &whole).unwrap().cost_uc(&whole);
                assert_eq!(Some(rate.at(load)), cost_uc, "{lines:?} at {load} g");
            }
        }
        // A single unit has one weight, so one step.
        let one = Weights::of(&[line(1, 70)]).price(&offers);
        assert_eq!(one.steps.len(), 1);
    }

    #[test]
    fn an_order_of_very_many_parcels_is_priced_as_a_whole() {
        let offers = [offer(1, &[1_000], &[500], 0)];
        let lines = [line(10_000, 700), line(2, 300)];
        let rate = Weights::of(&lines).price(&offers);
        assert_eq!(rate.steps.len(), 1);
        assert_eq!(rate.steps[0].up_to_g, 7_000_600);
        assert_eq!(rate.steps[0].cost_uc, 7_001 * 500 * MICRO);
    }
}
