//! Shipments in several parcels, where an instance allows that: carriers' prices are such that two
//! light parcels can be cheaper than a heavy one, and no parcel is heavier than a carrier takes.
//!
//! A parcel is priced as a weight of its own, all parcels of a shipment by the same service, and what
//! the service costs besides is paid once. The last step of a rate is its heaviest parcel: several
//! units never share a heavier one. With few units the cheapest parcels of every load are tabled by the
//! same recursion as plans are; with many, several ways of filling are compared.

use serde::{Deserialize, Serialize};

use crate::instance::{Instance, Line};
use crate::plan::StepBudget;
use crate::rate::{Rate, Service, WeightStep};
use crate::solve::Meter;

/// With parcels, more units than this in one order are not solved.
pub(crate) const UNITS_MAX: i64 = 10_000;
/// The most pairs of a load and a parcel in it for which tables are made in a
/// [full](crate::StepBudget::FULL) budget, whatever the weights: those of twelve different units.
const PAIRS_MAX: u64 = 540_000;
/// The most prices of loads that are tabled.
const PRICES_MAX: u64 = 400_000;
/// So many ways of filling are compared where there are no tables.
const FILLINGS_MAX: usize = 8;

/// How shipments may be parceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parceling {
    /// The heaviest parcel in grams, above zero; a single heavier unit travels alone.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub max_weight_g: Option<i64>,
}

impl Parceling {
    /// Whether the cheapest parcels of these lines at so many rates are found exactly, given the steps.
    #[must_use]
    pub fn is_exact_for(lines: &[Line], rates: usize) -> bool {
        let loads = lines
            .iter()
            .map(|line| (line.quantity.max(0) as u64, line.alone));
        let (mut total, mut pairs) = (rates.max(1) as u64, 1_u64);
        for (units, alone) in loads {
            let more = units.saturating_add(1);
            total = total.saturating_mul(more);
            pairs = pairs.saturating_mul(match alone {
                true => more,
                false => more.saturating_mul(units.saturating_add(2)) / 2,
            });
        }
        total <= PRICES_MAX && pairs <= PAIRS_MAX
    }
}

/// What is in a parcel: lines by index with their units, never zero, by rising index.
pub type Parcel = Vec<(usize, i64)>;

/// Knows the price of parcels for every load of an order.
#[derive(Debug)]
pub(crate) struct Parceler<'a> {
    instance: &'a Instance,
    /// The number of a load rises by so much with a unit of each line.
    strides: Vec<usize>,
    /// By rate, the heaviest parcel of several units.
    heaviest_g: Vec<i64>,
    /// Of each load one entry by rate: its least price, and its first parcel. Empty if there would be
    /// too many.
    table: Vec<(i64, u32)>,
}

impl<'a> Parceler<'a> {
    /// `None` where shipments are not parceled. The tables take steps; without them it is rough.
    pub fn new(instance: &'a Instance, meter: &mut Meter) -> Option<Parceler<'a>> {
        instance.parceling?;
        let mut parceler = Parceler {
            instance,
            strides: Vec::with_capacity(instance.lines.len()),
            heaviest_g: (instance.rates.iter())
                .map(|rate| instance.heaviest_parcel_g(rate))
                .collect(),
            table: Vec::new(),
        };
        let mut total = 1_usize;
        for line in &instance.lines {
            let units = line.quantity.unsigned_abs();
            parceler.strides.push(total);
            total = total.saturating_mul(usize::try_from(units + 1).unwrap_or(usize::MAX));
        }
        // Half the steps at most, since the plan is still to be found.
        let mut half = meter.part(meter.left() / 2);
        if u32::try_from(total).is_ok() && !parceler.fill_table(total, &mut half) {
            parceler.table.clear();
        }
        meter.spend(half.spent());
        Some(parceler)
    }

    /// Whether prices are the least there are.
    pub fn is_exact(&self) -> bool {
        !self.table.is_empty() || self.instance.rates.is_empty()
    }

    /// How much the number of a load rises with a unit of a line.
    pub fn stride(&self, line: usize) -> usize {
        self.strides[line]
    }

    /// Micro-cents of the cheapest service for the load of this number. Only where it is exact.
    pub fn tabled_uc(&self, services: &[Service], load: usize) -> i64 {
        let price = |one: &Service| one.of(self.entry(load, one.rate).0);
        services.iter().map(price).min().unwrap_or(0)
    }

    /// Micro-cents of the cheapest service for these lines.
    pub fn price_uc(&self, services: &[Service], lines: &[(usize, i64)]) -> i64 {
        match (services, self.table.is_empty()) {
            ([], _) => 0,
            (_, false) => self.tabled_uc(services, self.load(lines)),
            (_, true) => self.parcels(services, lines).0,
        }
    }

    /// The cheapest parcels known for these lines, and their price in micro-cents.
    pub fn parcels(&self, services: &[Service], lines: &[(usize, i64)]) -> (i64, Vec<Parcel>) {
        if !self.table.is_empty() {
            let load = self.load(lines);
            let price_uc = |service: &Service| service.of(self.entry(load, service.rate).0);
            if let Some(best) = services.iter().min_by_key(|service| price_uc(service)) {
                return (price_uc(best), self.tabled(best.rate, load));
            }
        }
        let ways = services.iter().filter_map(|service| {
            let parcels = self.roughly(service.rate, lines);
            // Another service may take the same parcels for less.
            Some((self.instance.parcels_uc(services, &parcels)?, parcels))
        });
        let best = ways.min_by_key(|(price_uc, _)| *price_uc);
        best.unwrap_or_else(|| (0, self.fill(lines, self.instance.heaviest_g())))
    }

    fn load(&self, lines: &[(usize, i64)]) -> usize {
        let numbers = lines
            .iter()
            .map(|&(line, units)| units as usize * self.strides[line]);
        numbers.sum()
    }

    fn entry(&self, load: usize, rate: u32) -> (i64, u32) {
        self.table[load * self.heaviest_g.len() + rate as usize]
    }

    /// The least price of every load at every rate, with the first parcel of each; `false` where that
    /// takes more steps than there are.
    fn fill_table(&mut self, total: usize, meter: &mut Meter) -> bool {
        let rates = &self.instance.rates;
        if rates.is_empty() {
            return true;
        }
        let prices = (total as u64).saturating_mul(rates.len() as u64);
        if !meter.take(prices) {
            return false;
        }
        let per_pair = 1 + rates.len() as u64 / 4;
        let light_g = rates.iter().zip(&self.heaviest_g);
        let light_g: Vec<i64> = light_g
            .map(|(rate, &most_g)| rate.whole_up_to_g().min(most_g))
            .collect();
        self.table = vec![(0, 0); total * rates.len()];
        let lines = &self.instance.lines;
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
            let number: i64 = units.iter().sum();
            let weight_g: i64 = units
                .iter()
                .zip(lines)
                .map(|(units, line)| units * line.unit_weight_g)
                .sum();
            let alone = units
                .iter()
                .zip(lines)
                .any(|(&units, line)| units > 0 && line.alone);
            let row = load * rates.len();
            let is_one = number == 1;
            if is_one || (!alone && light_g.iter().all(|&light_g| weight_g <= light_g)) {
                for (entry, rate) in self.table[row..].iter_mut().zip(rates) {
                    *entry = (rate.at(weight_g), load as u32);
                }
                continue;
            }
            // Every parcel within the load that holds some of its first line, by counting up.
            let limits = |at: usize| match (lines[first].alone, at == first) {
                (true, true) => 1,
                (true, false) => 0,
                (false, true) => units[first],
                (false, false) if lines[at].alone => 0,
                (false, false) => units[at],
            };
            let pairs = (first..lines.len())
                .map(|at| limits(at) as u64 + u64::from(at != first))
                .product::<u64>();
            if !meter.take(pairs.saturating_mul(per_pair)) {
                return false;
            }
            for entry in &mut self.table[row..row + rates.len()] {
                *entry = (i64::MAX, 0);
            }
            inside.fill(0);
            inside[first] = 1;
            let (mut parcel, mut parcel_g) = (self.strides[first], lines[first].unit_weight_g);
            let mut in_it = 1;
            loop {
                for (at, rate) in rates.iter().enumerate() {
                    if in_it > 1 && parcel_g > self.heaviest_g[at] {
                        continue;
                    }
                    let rest_uc = self.table[(load - parcel) * rates.len() + at].0;
                    let price_uc = rate.at(parcel_g) + rest_uc;
                    // Counting up ends with the fullest: equal prices fall to fewer parcels.
                    if price_uc <= self.table[row + at].0 {
                        self.table[row + at] = (price_uc, parcel as u32);
                    }
                }
                let mut at = first;
                while let Some(line) = lines.get(at) {
                    inside[at] += 1;
                    parcel += self.strides[at];
                    parcel_g += line.unit_weight_g;
                    in_it += 1;
                    if inside[at] <= limits(at) {
                        break;
                    }
                    let least = i64::from(at == first);
                    let back = inside[at] - least;
                    parcel -= back as usize * self.strides[at];
                    parcel_g -= back * line.unit_weight_g;
                    in_it -= back;
                    inside[at] = least;
                    at += 1;
                }
                if at >= lines.len() {
                    break;
                }
            }
        }
        true
    }

    fn tabled(&self, rate: u32, mut load: usize) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        while load > 0 {
            let parcel = self.entry(load, rate).1 as usize;
            let digit = |at: usize| {
                let radix = self.instance.lines[at].quantity as usize + 1;
                (at, (parcel / self.strides[at] % radix) as i64)
            };
            let inside = (0..self.strides.len()).map(digit);
            parcels.push(inside.filter(|&(_, units)| units > 0).collect());
            load -= parcel;
        }
        parcels
    }

    /// The best of filling parcels up to some of the steps of the rate.
    fn roughly(&self, rate: u32, lines: &[(usize, i64)]) -> Vec<Parcel> {
        let heaviest_g = self.heaviest_g[rate as usize];
        let rate = &self.instance.rates[rate as usize];
        // The heaviest parcels, and those that carry a gram for the least.
        let mut ends: Vec<&WeightStep> = rate
            .steps
            .iter()
            .filter(|step| step.up_to_g < heaviest_g)
            .collect();
        ends.sort_by_key(|step| (i128::from(step.cost_uc) << 32) / i128::from(step.up_to_g.max(1)));
        ends.truncate(FILLINGS_MAX - 1);
        let fillings = ends.iter().map(|step| step.up_to_g).chain([heaviest_g]);
        let ways = fillings.map(|up_to_g| self.fill(lines, up_to_g));
        let best = ways.min_by_key(|parcels| {
            let prices = parcels
                .iter()
                .map(|parcel| rate.at(self.instance.weight_g(parcel)));
            prices.sum::<i64>()
        });
        best.unwrap_or_default()
    }

    /// Fills parcels up to a weight, the heaviest units first, each into the first with room.
    fn fill(&self, lines: &[(usize, i64)], room_g: i64) -> Vec<Parcel> {
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
    /// The cheapest parcels of a shipment from a candidate; empty where it is one, or where shipments
    /// are not parceled.
    #[must_use]
    pub fn parcels_of(&self, candidate: usize, lines: &[(usize, i64)]) -> Vec<Parcel> {
        let mut meter = Meter::new(StepBudget::FULL.0);
        let parcels = Parceler::new(self, &mut meter).map(|parceler| {
            let (_, parcels) = parceler.parcels(&self.candidates[candidate].services, lines);
            parcels
        });
        parcels
            .filter(|parcels| parcels.len() > 1)
            .unwrap_or_default()
    }

    /// What the cheapest of these services asks for each of these parcels.
    pub(crate) fn prices_of(&self, services: &[Service], parcels: &[Parcel]) -> Vec<i64> {
        let one = |service: &Service| self.parcels_uc(std::slice::from_ref(service), parcels);
        let priced = services
            .iter()
            .filter_map(|service| Some((one(service)?, service)));
        let best = priced.min_by_key(|(price_uc, _)| *price_uc);
        let price_uc = |parcel: &Parcel| {
            best.map_or(0, |(_, service)| {
                self.rates[service.rate as usize].at(self.weight_g(parcel))
            })
        };
        parcels.iter().map(price_uc).collect()
    }

    /// Micro-cents of the cheapest of these services for these parcels; `None` where none takes them.
    pub(crate) fn parcels_uc(&self, services: &[Service], parcels: &[Parcel]) -> Option<i64> {
        let prices = services.iter().filter_map(|service| {
            let rate = &self.rates[service.rate as usize];
            let most_g = self.heaviest_parcel_g(rate);
            let parcels = parcels.iter().map(|parcel| {
                let is_taken = self.allows_parcel(parcel, most_g);
                is_taken.then(|| rate.at(self.weight_g(parcel)))
            });
            Some(service.of(parcels.sum::<Option<i64>>()?))
        });
        match services {
            [] => (parcels.iter())
                .all(|parcel| self.allows_parcel(parcel, self.heaviest_g()))
                .then_some(0),
            _ => prices.min(),
        }
    }

    pub(crate) fn weight_g(&self, lines: &[(usize, i64)]) -> i64 {
        let weights = lines.iter();
        weights
            .map(|&(line, units)| units * self.lines[line].unit_weight_g)
            .sum()
    }

    /// Whether a parcel keeps to the rules of the instance, where several units are at most so heavy.
    fn allows_parcel(&self, parcel: &[(usize, i64)], most_g: i64) -> bool {
        let units: i64 = parcel.iter().map(|&(_, units)| units).sum();
        let alone = parcel.iter().any(|&(line, _)| self.lines[line].alone);
        units == 1 || (!alone && self.weight_g(parcel) <= most_g)
    }

    /// The heaviest parcel of several units at a rate.
    fn heaviest_parcel_g(&self, rate: &Rate) -> i64 {
        let last_g = rate.steps.last().map_or(i64::MAX, |step| step.up_to_g);
        last_g.min(self.heaviest_g())
    }

    fn heaviest_g(&self) -> i64 {
        let most_g = self.parceling.and_then(|parceling| parceling.max_weight_g);
        most_g.unwrap_or(i64::MAX)
    }
}
