//! What carriage from a location costs an order: one offer per rate table that goes there, and the
//! cheapest of them at every weight that a shipment of the order can have.

use std::collections::BTreeSet;
use std::sync::Arc;

use ordo_sourcing::{Line, Rate, WeightStep};
use serde::{Deserialize, Serialize};

use crate::id::RateTableId;
use crate::money::{Currency, Minor};
use crate::rate::{MICRO, RateTable};
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

impl Offer {
    /// Micro-cents of a shipment, with what its lateness costs. `None` where there is no price.
    fn cost_uc(&self, weight_g: i64) -> Option<i64> {
        let price_uc = self.price_uc(weight_g)?;
        Some(price_uc.saturating_add(self.late_uc))
    }

    /// Micro-cents that the carrier asks. `None` where there is no price.
    pub fn price_uc(&self, weight_g: i64) -> Option<i64> {
        self.table.price_uc(&self.table.zones[self.zone], weight_g)
    }

    /// The plan for a shipment of this weight.
    pub fn planned(&self, weight_g: i64, weight_assumed: bool, duty_uc: i64) -> PlannedCarriage {
        let price_uc = self.price_uc(weight_g).unwrap_or(0);
        PlannedCarriage {
            rate_table: self.table.id,
            carrier: self.table.carrier.clone(),
            service: self.table.service.clone(),
            zone: self.table.zones[self.zone].name.clone(),
            weight_g,
            weight_assumed,
            price: rounded(price_uc),
            currency: self.table.currency,
            leaves_on: self.leave.day,
            arrives_on: self.arrives_on,
            late_days: self.late_days,
            duty: rounded(duty_uc),
        }
    }
}

/// Micro-cents as minor units, halves up.
fn rounded(cost_uc: i64) -> Minor {
    Minor::new(cost_uc.saturating_add(MICRO / 2) / MICRO).unwrap_or(Minor::ZERO)
}

/// The offer that a shipment of this weight goes by: the cheapest, then the one that arrives first,
/// then that of the older table.
pub(crate) fn cheapest(offers: &[Offer], weight_g: i64) -> Option<&Offer> {
    let costs = offers.iter().filter_map(|offer| {
        let cost_uc = offer.cost_uc(weight_g)?;
        Some(((cost_uc, offer.arrives_on, offer.table.id), offer))
    });
    costs.min_by_key(|(rank, _)| *rank).map(|(_, offer)| offer)
}

/// The weights at which a price of any shipment of these lines can change: every load's own where
/// they are few, else every step of the offers.
pub(crate) struct Weights {
    loads: Option<Vec<i64>>,
    lightest_g: i64,
    all_g: i64,
}

impl Weights {
    pub fn of(lines: &[Line]) -> Self {
        let weights = lines.iter().map(|line| line.unit_weight_g);
        Self {
            loads: loads(lines),
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
            let cost_uc = cheapest(offers, up_to_g).and_then(|offer| offer.cost_uc(up_to_g));
            let cost_uc = cost_uc.unwrap_or(0);
            match steps.last_mut() {
                Some(last) if last.cost_uc == cost_uc => last.up_to_g = up_to_g,
                Some(_) | None => steps.push(WeightStep { up_to_g, cost_uc }),
            }
        }
        Rate { steps }
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
                let cost_uc = cheapest(&offers, load).unwrap().cost_uc(load).unwrap();
                assert_eq!(rate.at(load), cost_uc, "{lines:?} at {load} g");
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
