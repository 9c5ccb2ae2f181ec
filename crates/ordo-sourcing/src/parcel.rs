//! Shipments in several parcels, where an instance allows that: carriers' prices are such that two
//! light parcels can be cheaper than a heavy one.
//!
//! A parcel is priced as a weight of its own, all parcels of a shipment by the same service, and what
//! the service costs besides is paid once. With few units the cheapest parcels of every load are
//! tabled by the same recursion as plans are; with many, several ways of filling are compared.

use serde::{Deserialize, Serialize};

use crate::instance::Instance;
use crate::rate::Service;
use crate::solve::Meter;

/// With parcels, more units than this in one order are not solved.
pub(crate) const UNITS_MAX: i64 = 10_000;

/// How shipments may be parceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parceling {
    /// The heaviest parcel in grams, above zero; a single heavier unit travels alone.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub max_weight_g: Option<i64>,
}

/// What is in a parcel: lines by index with their units, never zero, by rising index.
pub type Parcel = Vec<(usize, i64)>;

/// Knows the price of parcels for every load of an order.
#[derive(Debug)]
pub(crate) struct Parceler<'a> {
    instance: &'a Instance,
    parceling: Parceling,
    /// The number of a load rises by so much with a unit of each line.
    strides: Vec<usize>,
    /// By rate: the least price of each load, and its first parcel. Empty if there are too many.
    tables: Vec<Vec<(i64, u32)>>,
}

impl<'a> Parceler<'a> {
    /// `None` where shipments are not parceled. The tables take steps; without them it is rough.
    pub fn new(instance: &'a Instance, meter: &mut Meter) -> Option<Parceler<'a>> {
        let mut parceler = Parceler {
            instance,
            parceling: instance.parceling?,
            strides: Vec::with_capacity(instance.lines.len()),
            tables: Vec::new(),
        };
        let mut total = 1_usize;
        let mut pairs = instance.rates.len().max(1) as u64;
        for line in &instance.lines {
            let units = line.quantity.unsigned_abs();
            parceler.strides.push(total);
            total = total.saturating_mul(usize::try_from(units + 1).unwrap_or(usize::MAX));
            pairs = pairs.saturating_mul((units + 1).saturating_mul(units + 2) / 2);
        }
        // Half the steps at most, since the plan is still to be found.
        if pairs <= meter.left() / 2 && u32::try_from(total).is_ok() && meter.take(pairs) {
            for rate in 0..instance.rates.len() {
                let table = parceler.table(rate as u32, total);
                parceler.tables.push(table);
            }
        }
        Some(parceler)
    }

    /// Whether prices are the least there are.
    pub fn is_exact(&self) -> bool {
        !self.tables.is_empty() || self.instance.rates.is_empty()
    }

    /// How much the number of a load rises with a unit of a line.
    pub fn stride(&self, line: usize) -> usize {
        self.strides[line]
    }

    /// Micro-cents of the cheapest service for the load of this number. Only where it is exact.
    pub fn tabled_uc(&self, services: &[Service], load: usize) -> i64 {
        let price = |one: &Service| one.extra_uc + self.tables[one.rate as usize][load].0;
        services.iter().map(price).min().unwrap_or(0)
    }

    /// The cheapest parcels known for these lines, and their price in micro-cents.
    pub fn parcels(&self, services: &[Service], lines: &[(usize, i64)]) -> (i64, Vec<Parcel>) {
        let ways = services
            .iter()
            .map(|service| match self.tables.get(service.rate as usize) {
                Some(table) => {
                    let (price_uc, parcels) = self.tabled(table, lines);
                    (price_uc + service.extra_uc, parcels)
                }
                None => {
                    let parcels = self.roughly(service.rate, lines);
                    (self.instance.parcels_uc(services, &parcels), parcels)
                }
            });
        let best = ways.min_by_key(|(price_uc, _)| *price_uc);
        best.unwrap_or_else(|| (0, self.fill(lines, i64::MAX)))
    }

    /// The least price of every load at this rate, with the first parcel of each.
    fn table(&self, rate: u32, total: usize) -> Vec<(i64, u32)> {
        let rate = &self.instance.rates[rate as usize];
        let lines = &self.instance.lines;
        let mut table = vec![(0, 0); total];
        let mut units = vec![0_i64; lines.len()];
        let mut inside = vec![0_i64; lines.len()];
        for load in 1..total {
            for (units, line) in units.iter_mut().zip(lines) {
                *units += 1;
                if *units <= line.quantity {
                    break;
                }
                *units = 0;
            }
            let first = units.iter().position(|&units| units > 0).unwrap_or(0);
            let mut best = (i64::MAX, 0);
            let (mut parcel, mut weight_g, mut number) = (0_usize, 0_i64, 0_i64);
            inside.fill(0);
            // Every parcel within the load that holds some of its first line, by counting up.
            loop {
                let mut at = first;
                while let Some(line) = lines.get(at) {
                    inside[at] += 1;
                    parcel += self.strides[at];
                    weight_g += line.unit_weight_g;
                    number += 1;
                    if inside[at] <= units[at] {
                        break;
                    }
                    parcel -= inside[at] as usize * self.strides[at];
                    weight_g -= inside[at] * line.unit_weight_g;
                    number -= inside[at];
                    inside[at] = 0;
                    at += 1;
                }
                if number == 0 {
                    break;
                }
                let alone = inside
                    .iter()
                    .zip(lines)
                    .any(|(&n, line)| n > 0 && line.alone);
                if inside[first] > 0 && self.allows(number, weight_g, alone) {
                    let price = rate.at(weight_g) + table[load - parcel].0;
                    // Counting up ends with the fullest: equal prices fall to fewer parcels.
                    if price <= best.0 {
                        best = (price, parcel as u32);
                    }
                }
            }
            table[load] = best;
        }
        table
    }

    fn allows(&self, units: i64, weight_g: i64, alone: bool) -> bool {
        let heavy = self
            .parceling
            .max_weight_g
            .is_some_and(|most| weight_g > most);
        units == 1 || (!alone && !heavy)
    }

    fn tabled(&self, table: &[(i64, u32)], lines: &[(usize, i64)]) -> (i64, Vec<Parcel>) {
        let numbers = lines
            .iter()
            .map(|&(line, units)| units as usize * self.strides[line]);
        let mut load: usize = numbers.sum();
        let price_uc = table[load].0;
        let mut parcels = Vec::new();
        while load > 0 {
            let parcel = table[load].1 as usize;
            let digit = |at: usize| {
                let radix = self.instance.lines[at].quantity as usize + 1;
                (at, (parcel / self.strides[at] % radix) as i64)
            };
            let inside = (0..self.strides.len()).map(digit);
            parcels.push(inside.filter(|&(_, units)| units > 0).collect());
            load -= parcel;
        }
        (price_uc, parcels)
    }

    /// The best of filling parcels up to each step of the rate.
    fn roughly(&self, rate: u32, lines: &[(usize, i64)]) -> Vec<Parcel> {
        let rate = &self.instance.rates[rate as usize];
        let steps = rate.steps.iter().map(|step| step.up_to_g);
        let ways = steps
            .chain([i64::MAX])
            .map(|up_to_g| self.fill(lines, up_to_g));
        let best = ways.min_by_key(|parcels| {
            let prices = parcels
                .iter()
                .map(|parcel| rate.at(self.instance.weight_g(parcel)));
            prices.sum::<i64>()
        });
        best.unwrap_or_default()
    }

    /// Fills parcels up to a weight, the heaviest units first, each into the first with room.
    fn fill(&self, lines: &[(usize, i64)], up_to_g: i64) -> Vec<Parcel> {
        let room_g = up_to_g.min(self.parceling.max_weight_g.unwrap_or(i64::MAX));
        let mut lines = lines.to_vec();
        lines.sort_by_key(|&(line, _)| -self.instance.lines[line].unit_weight_g);
        let mut shared: Vec<(i64, Parcel)> = Vec::new();
        let mut alone: Vec<Parcel> = Vec::new();
        for (line, mut left) in lines {
            let unit_g = self.instance.lines[line].unit_weight_g;
            if self.instance.lines[line].alone {
                alone.extend((0..left).map(|_| vec![(line, 1)]));
                continue;
            }
            // A unit that was too heavy shares its parcel with nothing, not even what weighs nothing.
            for (weight_g, parcel) in shared.iter_mut().filter(|(full_g, _)| *full_g <= room_g) {
                let fit = match unit_g {
                    0 => left,
                    _ => ((room_g - *weight_g) / unit_g).min(left),
                };
                if fit > 0 {
                    parcel.push((line, fit));
                    *weight_g += fit * unit_g;
                    left -= fit;
                }
            }
            while left > 0 {
                let fit = if unit_g == 0 { left } else { room_g / unit_g };
                let fit = fit.clamp(1, left);
                shared.push((fit * unit_g, vec![(line, fit)]));
                left -= fit;
            }
        }
        let mut parcels: Vec<Parcel> = shared.into_iter().map(|(_, parcel)| parcel).collect();
        parcels.append(&mut alone);
        parcels.iter_mut().for_each(|parcel| parcel.sort_unstable());
        parcels
    }
}

impl Instance {
    /// Whether a parcel keeps to the rules of the instance.
    pub(crate) fn allows_parcel(&self, parcel: &[(usize, i64)]) -> bool {
        let units: i64 = parcel.iter().map(|&(_, units)| units).sum();
        let alone = parcel.iter().any(|&(line, _)| self.lines[line].alone);
        let heavy = self.parceling.and_then(|parceling| parceling.max_weight_g);
        let heavy = heavy.is_some_and(|most| self.weight_g(parcel) > most);
        units == 1 || (!alone && !heavy)
    }

    /// Micro-cents of the cheapest of these services for these parcels.
    pub(crate) fn parcels_uc(&self, services: &[Service], parcels: &[Parcel]) -> i64 {
        let prices = services.iter().map(|service| {
            let rate = &self.rates[service.rate as usize];
            let parcels = parcels.iter().map(|parcel| rate.at(self.weight_g(parcel)));
            parcels.sum::<i64>() + service.extra_uc
        });
        prices.min().unwrap_or(0)
    }

    pub(crate) fn weight_g(&self, lines: &[(usize, i64)]) -> i64 {
        let weights = lines.iter();
        weights
            .map(|&(line, units)| units * self.lines[line].unit_weight_g)
            .sum()
    }
}
