//! One order's sourcing problem: its lines, the locations that may ship them, and what that costs.
//!
//! Serialized names are short because a stored decision carries its instance; a field left at its
//! default is not written.
//! Invariant: an instance that passes [`Instance::check`] cannot overflow any sum in this crate.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::cost::{Cost, MAX_TIERS};
use crate::parcel::{self, Parceling};
use crate::rate::{Rate, Service};
use crate::stored;

/// The most units one line may ask for.
pub const MAX_QUANTITY: i64 = 1_000_000_000;

/// What no component of any sum may pass; adding a few such sums stays inside an i64.
const SUM_MAX: i128 = (i64::MAX / 4) as i128;

/// A sourcing problem. Candidates may stand in any order: the plan chosen depends on their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Instance {
    /// The order lines that want stock.
    #[serde(rename = "l")]
    pub lines: Vec<Line>,
    /// The locations that passed every filter.
    #[serde(rename = "c", with = "stored::candidates")]
    pub candidates: Vec<Candidate>,
    /// What is minimized before money, most important first; at most [`MAX_TIERS`].
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// Price tables that services refer to by index, so that equal ones are stored once.
    #[serde(
        rename = "r",
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "stored::rates"
    )]
    pub rates: Vec<Rate>,
    /// What splitting and not filling cost.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub penalties: Penalties,
    /// A line ships whole from one location or not at all.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub whole_lines: bool,
    /// Shipments may be several parcels, in this way; without it each is priced as one weight.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub parceling: Option<Parceling>,
    /// The most shipments the plan may have.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub max_shipments: Option<u32>,
    /// A plan of two or more shipments is allowed only if the goods of each are worth at least this,
    /// by [`Line::unit_value`]. A single shipment may be worth less.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub min_shipment_value: Option<i64>,
}

/// An order line, or the part of it that still wants stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Line {
    /// Units wanted, 1 to [`MAX_QUANTITY`].
    #[serde(rename = "q")]
    pub quantity: i64,
    /// Grams of one unit; zero where weight is unknown or does not matter.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub unit_weight_g: i64,
    /// Lines with the same number ship from one location, all of them in full, or not at all.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub together: Option<u32>,
    /// Each unit is a parcel of its own. Of meaning only with [`Instance::parceling`].
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub alone: bool,
    /// What one unit is worth, in any unit of value. Of meaning only with
    /// [`Instance::min_shipment_value`].
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub unit_value: i64,
}

/// A location that may ship, and what one shipment from it to this buyer costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// The location's id; plans of equal cost are told apart by it, smaller first.
    pub key: Key,
    /// Units on offer, one number per line; below zero counts as zero.
    pub available: Vec<i64>,
    /// Meters to the buyer.
    pub distance_m: i64,
    /// Values of [`Tier::Custom`], added once per shipment, and of [`Tier::CustomPerUnit`], added once
    /// per unit.
    pub custom: Vec<i64>,
    /// Micro-cents per shipment.
    pub handling_order_uc: i64,
    /// Micro-cents per line in a shipment, such as the expected cost of the location declining it.
    pub handling_line_uc: i64,
    /// Micro-cents per unit.
    pub handling_unit_uc: i64,
    /// The price of scarce stock: micro-cents per unit, one number per line; empty for none. What a
    /// unit taken here is expected to cost the orders that will want it.
    pub stock_price_uc: Vec<i64>,
    /// What may carry its shipment; the cheapest does. Without any it ships for nothing.
    pub services: Vec<Service>,
}

/// The opaque id of a location. Written as 32 hexadecimal digits or fewer, without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(pub u128);

/// Something that is minimized before money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Units left unfilled.
    #[serde(rename = "u")]
    UnfilledUnits,
    /// Number of shipments.
    #[serde(rename = "s")]
    Shipments,
    /// Meters from each shipping location to the buyer, summed over shipments.
    #[serde(rename = "d")]
    Distance,
    /// The candidate's own value at this index of [`Candidate::custom`], summed over shipments.
    #[serde(rename = "x")]
    Custom(u8),
    /// The candidate's own value at this index of [`Candidate::custom`], summed over shipped units.
    /// Lines then go to the lowest value each for itself, since what one line does changes nothing
    /// for another.
    #[serde(rename = "xu")]
    CustomPerUnit(u8),
}

/// What a plan pays for what it does badly, in micro-cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Penalties {
    /// Per shipment after the first.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub split_uc: i64,
    /// Per unit that no location ships.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub unfilled_unit_uc: i64,
}

/// Why an instance cannot be solved. Each is a mistake of whoever built it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The line at this index asks for less than 1 or more than [`MAX_QUANTITY`] units.
    Quantity(usize),
    /// The candidate at this index does not offer one number per line.
    AvailableLength(usize),
    /// The candidate at this index has prices of stock, but not one per line.
    StockPriceLength(usize),
    /// The candidate at this index lacks a value that a custom tier reads.
    CustomMissing(usize),
    /// The candidate at this index names a rate that is not there.
    RateMissing(usize),
    /// The rate at this index has no steps, or they do not rise from above zero.
    RateSteps(usize),
    /// Two candidates have this key.
    DuplicateKey(Key),
    /// The heaviest parcel is not above zero.
    ParcelWeight,
    /// More than [`MAX_TIERS`] tiers.
    TooManyTiers,
    /// A weight, value, distance, custom value, price or penalty is below zero.
    Negative,
    /// The numbers are so large that a sum of them could overflow.
    TooLarge,
}

impl Instance {
    /// The problem of a merchant who configured nothing: fill as much as possible, then in the
    /// fewest shipments, then from nearest by. Money plays no part.
    pub fn nearest(lines: Vec<Line>, candidates: Vec<Candidate>) -> Instance {
        Instance {
            lines,
            candidates,
            tiers: vec![Tier::UnfilledUnits, Tier::Shipments, Tier::Distance],
            ..Instance::default()
        }
    }

    /// Whether every number is there, is not negative, and is small enough to be summed.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.tiers.len() > MAX_TIERS {
            return Err(Flaw::TooManyTiers);
        }
        let mut units = 0_i64;
        let mut weight_g = 0_i128;
        let mut value = 0_i128;
        for (index, line) in self.lines.iter().enumerate() {
            if line.quantity < 1 || line.quantity > MAX_QUANTITY {
                return Err(Flaw::Quantity(index));
            }
            if line.unit_weight_g < 0 || line.unit_value < 0 {
                return Err(Flaw::Negative);
            }
            units = units.checked_add(line.quantity).ok_or(Flaw::TooLarge)?;
            weight_g += i128::from(line.quantity) * i128::from(line.unit_weight_g);
            value += i128::from(line.quantity) * i128::from(line.unit_value);
        }
        let mut shipping_uc = self.check_rates(weight_g)?;
        if let Some(parceling) = self.parceling {
            if parceling.max_weight_g.is_some_and(|most| most < 1) {
                return Err(Flaw::ParcelWeight);
            }
            if units > parcel::UNITS_MAX {
                return Err(Flaw::TooLarge);
            }
            shipping_uc *= i128::from(units.max(1));
        }
        let shipment = self.check_candidates(units, shipping_uc)?;
        let negative = self.penalties.split_uc < 0
            || self.penalties.unfilled_unit_uc < 0
            || self.min_shipment_value.is_some_and(|least| least < 0);
        if negative {
            return Err(Flaw::Negative);
        }
        // No sum formed anywhere holds more than every unit unfilled and, per candidate, the
        // dearest possible shipment with its split.
        let unfilled = i128::from(units) * i128::from(self.penalties.unfilled_unit_uc.max(1));
        let shipments = (self.candidates.len() as i128 + 1)
            * (shipment + i128::from(self.penalties.split_uc) + 1);
        if weight_g.max(value).max(unfilled).max(shipments) > SUM_MAX {
            return Err(Flaw::TooLarge);
        }
        Ok(())
    }

    /// The largest price any rate can ask for a shipment up to this weight, in micro-cents.
    fn check_rates(&self, weight_g: i128) -> Result<i128, Flaw> {
        let mut largest = 0;
        for (index, rate) in self.rates.iter().enumerate() {
            let last = rate.steps.last().ok_or(Flaw::RateSteps(index))?;
            let mut below = 0;
            let mut dearest = 0;
            for step in &rate.steps {
                if step.up_to_g <= below {
                    return Err(Flaw::RateSteps(index));
                }
                if step.cost_uc < 0 {
                    return Err(Flaw::Negative);
                }
                below = step.up_to_g;
                dearest = dearest.max(step.cost_uc);
            }
            let multiples = weight_g / i128::from(last.up_to_g) + 1;
            let most = multiples
                .checked_mul(i128::from(dearest))
                .ok_or(Flaw::TooLarge)?;
            largest = largest.max(most);
        }
        if largest > SUM_MAX {
            return Err(Flaw::TooLarge);
        }
        Ok(largest)
    }

    /// The largest single number that a shipment can add to any component of a cost.
    fn check_candidates(&self, units: i64, shipping_uc: i128) -> Result<i128, Flaw> {
        let custom_needed = self.custom_needed();
        let lines = self.lines.len() as i128;
        let mut largest = 0;
        for (index, candidate) in self.candidates.iter().enumerate() {
            if candidate.available.len() != self.lines.len() {
                return Err(Flaw::AvailableLength(index));
            }
            if candidate.custom.len() < custom_needed {
                return Err(Flaw::CustomMissing(index));
            }
            let rate_missing = |service: &Service| service.rate as usize >= self.rates.len();
            if candidate.services.iter().any(rate_missing) {
                return Err(Flaw::RateMissing(index));
            }
            let extras = candidate.services.iter().map(|service| service.extra_uc);
            // What is taken off must not overflow either.
            let extra = extras.map(|extra_uc| i128::from(extra_uc).abs()).max();
            let prices = &candidate.stock_price_uc;
            if !prices.is_empty() && prices.len() != self.lines.len() {
                return Err(Flaw::StockPriceLength(index));
            }
            let smallest_price = prices.iter().copied().min().unwrap_or(0);
            let smallest_custom = candidate.custom.iter().copied().min().unwrap_or(0);
            let smallest = candidate
                .distance_m
                .min(candidate.handling_order_uc)
                .min(candidate.handling_line_uc)
                .min(candidate.handling_unit_uc)
                .min(smallest_price)
                .min(smallest_custom);
            if smallest < 0 {
                return Err(Flaw::Negative);
            }
            let money = i128::from(candidate.handling_order_uc)
                + lines * i128::from(candidate.handling_line_uc)
                + i128::from(units) * i128::from(candidate.handling_unit_uc)
                + stock_price(&self.lines, prices)
                + extra.unwrap_or(0)
                + shipping_uc;
            let largest_custom = candidate.custom.iter().copied().max().unwrap_or(0);
            // Per unit where any tier asks for that, else per shipment, of which there is one.
            let times = match self.has_unit_tiers() {
                true => i128::from(units.max(1)),
                false => 1,
            };
            let tier = i128::from(largest_custom) * times;
            largest = largest.max(money).max(tier);
            largest = largest.max(i128::from(candidate.distance_m));
        }
        if largest > SUM_MAX {
            return Err(Flaw::TooLarge);
        }
        Ok(largest)
    }

    fn custom_needed(&self) -> usize {
        let needed = self.tiers.iter().map(|tier| match tier {
            Tier::Custom(index) | Tier::CustomPerUnit(index) => usize::from(*index) + 1,
            Tier::UnfilledUnits | Tier::Shipments | Tier::Distance => 0,
        });
        needed.max().unwrap_or(0)
    }

    /// What the goods of each of several shipments must be worth; zero where they need not.
    pub(crate) fn least_value(&self) -> i64 {
        self.min_shipment_value.unwrap_or(0)
    }

    fn has_unit_tiers(&self) -> bool {
        let mut tiers = self.tiers.iter();
        tiers.any(|tier| matches!(tier, Tier::CustomPerUnit(_)))
    }

    /// What one shipment from this candidate adds to the tiers, whatever it holds.
    pub(crate) fn shipment_tiers(&self, candidate: &Candidate) -> [i64; MAX_TIERS] {
        let mut tiers = [0; MAX_TIERS];
        for (slot, tier) in tiers.iter_mut().zip(&self.tiers) {
            *slot = match tier {
                Tier::UnfilledUnits | Tier::CustomPerUnit(_) => 0,
                Tier::Shipments => 1,
                Tier::Distance => candidate.distance_m,
                Tier::Custom(index) => candidate.custom[usize::from(*index)],
            };
        }
        tiers
    }

    /// What each unit of a shipment from this candidate adds to the tiers.
    pub(crate) fn unit_tiers(&self, candidate: &Candidate) -> [i64; MAX_TIERS] {
        let mut tiers = [0; MAX_TIERS];
        for (slot, tier) in tiers.iter_mut().zip(&self.tiers) {
            *slot = match tier {
                Tier::CustomPerUnit(index) => candidate.custom[usize::from(*index)],
                Tier::UnfilledUnits | Tier::Shipments | Tier::Distance | Tier::Custom(_) => 0,
            };
        }
        tiers
    }

    /// What the goods of a shipment are worth.
    pub(crate) fn value(&self, lines: &[(usize, i64)]) -> i64 {
        let values = lines
            .iter()
            .map(|&(line, units)| units * self.lines[line].unit_value);
        values.sum()
    }

    /// What leaving so many units unfilled costs.
    pub(crate) fn unfilled_cost(&self, units: i64) -> Cost {
        let mut cost = Cost::money(units * self.penalties.unfilled_unit_uc);
        for (slot, tier) in cost.tiers.iter_mut().zip(&self.tiers) {
            *slot = match tier {
                Tier::UnfilledUnits => units,
                Tier::Shipments | Tier::Distance | Tier::Custom(_) | Tier::CustomPerUnit(_) => 0,
            };
        }
        cost
    }

    /// Micro-cents of one unit of a line, by handling and by the scarcity of stock.
    pub(crate) fn unit_uc(&self, candidate: &Candidate, line: usize) -> i64 {
        let price = candidate.stock_price_uc.get(line);
        candidate.handling_unit_uc + price.copied().unwrap_or(0)
    }

    /// Micro-cents of a service for a shipment of this weight.
    pub(crate) fn service_uc(&self, service: Service, weight_g: i64) -> i64 {
        service.of(self.rates[service.rate as usize].at(weight_g))
    }

    /// Micro-cents of the cheapest of these services for a shipment of this weight.
    pub(crate) fn carriage_uc(&self, services: &[Service], weight_g: i64) -> i64 {
        let prices = services
            .iter()
            .map(|&service| self.service_uc(service, weight_g));
        prices.min().unwrap_or(0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct Hex;
        impl de::Visitor<'_> for Hex {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("up to 32 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                u128::from_str_radix(text, 16).map(Key).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Quantity(line) => {
                write!(
                    f,
                    "line {line} asks for less than 1 or more than {MAX_QUANTITY} units"
                )
            }
            Flaw::AvailableLength(candidate) => {
                write!(
                    f,
                    "candidate {candidate} does not offer one number per line"
                )
            }
            Flaw::StockPriceLength(candidate) => {
                write!(
                    f,
                    "candidate {candidate} has prices of stock for some lines only"
                )
            }
            Flaw::CustomMissing(candidate) => {
                write!(f, "candidate {candidate} lacks a value of a custom tier")
            }
            Flaw::RateMissing(candidate) => {
                write!(f, "candidate {candidate} names a rate that is not there")
            }
            Flaw::RateSteps(rate) => write!(f, "the steps of rate {rate} do not rise from above 0"),
            Flaw::DuplicateKey(key) => write!(f, "two candidates have the key {key}"),
            Flaw::ParcelWeight => f.write_str("the heaviest parcel is not above zero"),
            Flaw::TooManyTiers => write!(f, "more than {MAX_TIERS} tiers"),
            Flaw::Negative => {
                f.write_str("a weight, value, distance, price or penalty is below zero")
            }
            Flaw::TooLarge => f.write_str("the numbers are too large to be summed"),
        }
    }
}

impl std::error::Error for Flaw {}

/// What the stock of every line would cost at these prices.
fn stock_price(lines: &[Line], prices: &[i64]) -> i128 {
    lines
        .iter()
        .zip(prices)
        .map(|(line, &price)| i128::from(line.quantity) * i128::from(price))
        .sum()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
