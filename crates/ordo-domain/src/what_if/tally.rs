//! Sums of outcomes.
//!
//! Invariant: everything here is a sum over orders, so that it does not depend on how they were dealt
//! out to threads.

use std::collections::BTreeMap;

use crate::id::LocationId;
use crate::money::Currency;
use crate::rate::MICRO;
use crate::time::Date;
use crate::what_if::replay::PARTS;
use crate::what_if::{Outcome, Setup};

/// Millionths in one.
const PPM: i128 = 1_000_000;

/// What a run of orders came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// What the setup is called.
    pub name: String,
    /// Orders that were sourced.
    pub orders: i64,
    /// Units that they ask for.
    pub units: i64,
    /// Of them, units that nobody ships.
    pub unfilled_units: i64,
    /// Orders of which something is not shipped.
    pub unfilled_orders: i64,
    /// Shipments.
    pub shipments: i64,
    /// Orders with more than one shipment.
    pub split_orders: i64,
    /// Orders with a promise of which it is known whether it is kept.
    pub promised_orders: i64,
    /// Of them, those that arrive in time.
    pub on_time_orders: i64,
    /// Orders of which it is known when all of it arrives.
    pub timed_orders: i64,
    /// Thousandths of a day from placing to the last arrival, over those orders.
    pub door_millidays: i64,
    /// Meters from locations to buyers, over all shipments.
    pub distance_m: i64,
    costs: BTreeMap<Currency, (i64, [i128; PARTS])>,
    loads: BTreeMap<LocationId, Load>,
    mix: BTreeMap<(String, String, String), i64>,
    days: BTreeMap<LocationId, BTreeMap<Date, i64>>,
}

/// Costs of the orders of one currency, in minor units; the parts add up to the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneySum {
    /// The currency.
    pub currency: Currency,
    /// How many orders.
    pub orders: i64,
    /// What carriers ask.
    pub freight: i64,
    /// Work at the locations.
    pub handling: i64,
    /// Shipments after the first.
    pub split: i64,
    /// Lateness.
    pub late: i64,
    /// What locations' declining is expected to cost.
    pub decline: i64,
    /// Duties.
    pub duty: i64,
    /// Units that nobody ships.
    pub unfilled: i64,
    /// Terms of rules, and whatever else weighed in.
    pub other: i64,
    /// All of it.
    pub total: i64,
}

/// What a location has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Load {
    /// Its code.
    pub code: String,
    /// Whether it does not exist.
    pub is_hypothetical: bool,
    /// Shipments that leave it.
    pub shipments: i64,
    /// Units that leave it.
    pub units: i64,
    /// The local day with most shipments; of equal ones the first.
    pub peak_day: Option<Date>,
    /// Shipments of that day.
    pub peak_shipments: i64,
    /// The most shipments that it can do on a day.
    pub daily_capacity: Option<i64>,
}

/// Shipments by one service into one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    /// Who carries.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// The table's zone.
    pub zone: String,
    /// How many.
    pub shipments: i64,
}

impl Tally {
    /// Nothing yet, of this setup: all its open locations, without a load.
    #[must_use]
    pub fn of(setup: &Setup) -> Self {
        let loads = setup.reference.locations();
        let loads = loads
            .filter(|location| location.takes_new_work())
            .map(|location| {
                let load = Load {
                    code: location.code.clone(),
                    is_hypothetical: Setup::is_hypothetical(location.id),
                    daily_capacity: location.daily_capacity,
                    ..Load::default()
                };
                (location.id, load)
            });
        Self {
            name: setup.name.clone(),
            loads: loads.collect(),
            ..Self::default()
        }
    }

    /// Adds an order.
    pub fn add(&mut self, outcome: &Outcome) {
        let shipped: i64 = (outcome.shipments.iter())
            .flat_map(|shipment| shipment.units.iter().map(|(_, units)| units))
            .sum();
        self.orders += 1;
        self.units += shipped + outcome.unfilled;
        self.unfilled_units += outcome.unfilled;
        self.unfilled_orders += i64::from(outcome.unfilled > 0);
        self.shipments += outcome.shipments.len() as i64;
        self.split_orders += i64::from(outcome.shipments.len() > 1);
        if let Some(on_time) = outcome.on_time {
            self.promised_orders += 1;
            self.on_time_orders += i64::from(on_time);
        }
        if let Some(millidays) = outcome.door_millidays {
            self.timed_orders += 1;
            self.door_millidays += millidays;
        }
        let (orders, costs) = self.costs.entry(outcome.currency).or_default();
        *orders += 1;
        for (sum, part) in costs.iter_mut().zip(outcome.costs.parts()) {
            *sum += i128::from(part);
        }
        for shipment in &outcome.shipments {
            self.distance_m += shipment.distance_m;
            let load = self.loads.entry(shipment.location).or_default();
            load.shipments += 1;
            load.units += shipment.units.iter().map(|(_, units)| units).sum::<i64>();
            let days = self.days.entry(shipment.location).or_default();
            *days.entry(shipment.day).or_default() += 1;
            if let Some(carriage) = &shipment.carriage {
                let key = (
                    carriage.carrier.clone(),
                    carriage.service.clone(),
                    carriage.zone.clone(),
                );
                *self.mix.entry(key).or_default() += 1;
            }
        }
    }

    /// Costs by currency.
    #[must_use]
    pub fn money(&self) -> Vec<MoneySum> {
        let sums = self.costs.iter().map(|(currency, (orders, costs))| {
            let parts = in_minor(costs);
            let [
                freight,
                handling,
                split,
                late,
                decline,
                duty,
                unfilled,
                other,
            ] = parts;
            MoneySum {
                currency: *currency,
                orders: *orders,
                freight,
                handling,
                split,
                late,
                decline,
                duty,
                unfilled,
                other,
                total: parts.iter().sum(),
            }
        });
        sums.collect()
    }

    /// What every location has to do, those with most shipments first.
    #[must_use]
    pub fn loads(&self) -> Vec<Load> {
        let mut loads: Vec<Load> = (self.loads.iter())
            .map(|(id, load)| {
                let days = self.days.get(id).into_iter().flatten();
                let peak =
                    days.max_by_key(|(day, shipments)| (**shipments, std::cmp::Reverse(**day)));
                Load {
                    peak_day: peak.map(|(day, _)| *day),
                    peak_shipments: peak.map_or(0, |(_, shipments)| *shipments),
                    ..load.clone()
                }
            })
            .collect();
        loads.sort_by(|a, b| (b.shipments, &a.code).cmp(&(a.shipments, &b.code)));
        loads
    }

    /// Shipments by service and zone.
    #[must_use]
    pub fn mix(&self) -> Vec<Mix> {
        let mix = self
            .mix
            .iter()
            .map(|((carrier, service, zone), shipments)| Mix {
                carrier: carrier.clone(),
                service: service.clone(),
                zone: zone.clone(),
                shipments: *shipments,
            });
        mix.collect()
    }

    /// Millionths of the orders that have more than one shipment.
    #[must_use]
    pub fn split_ppm(&self) -> i64 {
        share(self.split_orders, self.orders).unwrap_or(0)
    }

    /// Thousandths of a shipment per order.
    #[must_use]
    pub fn shipments_per_order_milli(&self) -> i64 {
        share(self.shipments, self.orders).map_or(0, |ppm| (ppm + 500) / 1_000)
    }

    /// Millionths of the units that are shipped.
    #[must_use]
    pub fn fill_ppm(&self) -> i64 {
        share(self.units - self.unfilled_units, self.units).unwrap_or(0)
    }

    /// Orders of which it is known that they do not arrive by their promise.
    #[must_use]
    pub const fn late_orders(&self) -> i64 {
        self.promised_orders - self.on_time_orders
    }

    /// Millionths of the promises that are kept; `None` without promises.
    #[must_use]
    pub fn on_time_ppm(&self) -> Option<i64> {
        share(self.on_time_orders, self.promised_orders)
    }

    /// Thousandths of a day from placing to the last arrival, on average; `None` where nobody knows.
    #[must_use]
    pub fn mean_door_millidays(&self) -> Option<i64> {
        (self.timed_orders > 0).then(|| {
            let (sum, orders) = (self.door_millidays, self.timed_orders);
            (sum + orders / 2).div_euclid(orders)
        })
    }
}

/// Millionths that `part` is of `all`, rounded down; `None` of nothing.
pub(super) fn share(part: i64, all: i64) -> Option<i64> {
    let ppm = (i128::from(part) * PPM).checked_div_euclid(i128::from(all))?;
    i64::try_from(ppm).ok()
}

/// Micro-cents as minor units that add up to the rounded sum: what rounding down leaves goes to the
/// largest remainders, to the earlier part where they are equal.
fn in_minor(parts_uc: &[i128; PARTS]) -> [i64; PARTS] {
    let micro = i128::from(MICRO);
    let sum: i128 = parts_uc.iter().sum();
    let mut minor = parts_uc.map(|part| part.div_euclid(micro));
    let missing = (sum + micro / 2).div_euclid(micro) - minor.iter().sum::<i128>();
    let mut places: Vec<usize> = (0..parts_uc.len()).collect();
    places.sort_by_key(|&place| std::cmp::Reverse(parts_uc[place].rem_euclid(micro)));
    for place in places
        .into_iter()
        .take(usize::try_from(missing).unwrap_or(0))
    {
        minor[place] += 1;
    }
    minor.map(|part| i64::try_from(part).unwrap_or(i64::MAX / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_minor_units_add_up_to_the_rounded_sum() {
        for (parts, sum) in [
            ([1_400_000, 1_400_000, 0, 0, 0, 0, 0, 0], 3),
            ([300_000, 300_000, 900_000, 0, 0, 0, 0, 0], 2),
            ([5_700_000, 0, 0, 0, 0, 0, 0, -1_300_000], 4),
            ([0; PARTS], 0),
        ] {
            assert_eq!(in_minor(&parts).iter().sum::<i64>(), sum, "{parts:?}");
        }
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(share(1, 3), Some(333_333));
        assert_eq!(share(-1, 3), Some(-333_334));
        assert_eq!(share(0, 0), None);
    }
}
