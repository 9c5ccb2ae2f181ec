//! A plan, what it costs, and whether an instance allows it.
//!
//! [`Instance::cost_of`] knows nothing of how plans are found. It prices a plan that came from
//! anywhere, so a plan that waited can be checked again against today's stock before it is used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::instance::{Candidate, Instance};
use crate::parcel::Parcel;

/// How many search steps a solve may take. Steps stand in for time, so that a machine's speed
/// never changes an answer; 1,000 steps took 1 to 20 microseconds where this was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepBudget(pub u64);

impl StepBudget {
    /// For a solve inside the engine's batch: about a millisecond of the dynamic program. Large orders
    /// that take the bounded search need 2 to 5.
    pub const IN_BATCH: StepBudget = StepBudget(250_000);
    /// For a solve outside of it: below 50 milliseconds.
    pub const FULL: StepBudget = StepBudget(2_500_000);
}

/// Which locations ship which lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// At most one per location, by rising key of the location.
    #[serde(rename = "s")]
    pub shipments: Vec<Shipment>,
    /// Lines by index with the units that no location ships, never zero, by rising index.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub unfilled: Vec<(usize, i64)>,
}

/// What one location ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Index of the candidate.
    #[serde(rename = "c")]
    pub location: usize,
    /// Lines by index with their units, never zero, by rising index.
    #[serde(rename = "q")]
    pub lines: Vec<(usize, i64)>,
    /// Its parcels where it is several; empty where it is one.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub parcels: Vec<Parcel>,
}

/// A plan with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// The best plan found.
    #[serde(rename = "p")]
    pub plan: Plan,
    /// What it costs.
    #[serde(rename = "c")]
    pub cost: Cost,
    /// Whether no other plan can cost less.
    #[serde(rename = "ok")]
    pub proven: bool,
    /// The most by which some other plan could be cheaper: cost less a lower bound. Zero if proven.
    #[serde(rename = "g", default, skip_serializing_if = "is_zero")]
    pub gap: Cost,
    /// Search steps taken.
    #[serde(rename = "n")]
    pub steps: u64,
}

/// Why an instance does not allow a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFault {
    /// A candidate index or line index outside the instance, or out of order, or met twice.
    Index,
    /// A shipped or unfilled quantity below 1, or a shipment without lines.
    Quantity,
    /// This candidate would ship more of this line than it has.
    MoreThanAvailable {
        /// Index of the candidate.
        location: usize,
        /// Index of the line.
        line: usize,
    },
    /// The units shipped and unfilled of this line are not the units wanted.
    NotConserved(usize),
    /// This line, or the group it belongs to, is torn apart.
    TornApart(usize),
    /// More shipments than the instance allows.
    TooManyShipments,
    /// One of several shipments, the one from this candidate, is worth too little.
    WorthTooLittle(usize),
    /// The parcels of the shipment from this candidate are not what it ships, or not allowed.
    Parcels(usize),
}

impl Instance {
    /// What a plan costs, or why this instance does not allow it.
    ///
    /// The instance must pass [`Instance::check`].
    pub fn cost_of(&self, plan: &Plan) -> Result<Cost, PlanFault> {
        if self
            .max_shipments
            .is_some_and(|most| plan.shipments.len() > most as usize)
        {
            return Err(PlanFault::TooManyShipments);
        }
        let mut planned = vec![0_i64; self.lines.len()];
        let mut cost = Cost::ZERO;
        for (nth, shipment) in plan.shipments.iter().enumerate() {
            let met = &plan.shipments[..nth];
            if met
                .iter()
                .any(|earlier| earlier.location == shipment.location)
            {
                return Err(PlanFault::Index);
            }
            cost += self.shipment_cost(shipment)?;
            if nth > 0 {
                cost += Cost::money(self.penalties.split_uc);
            }
            count(&mut planned, &shipment.lines)?;
        }
        count(&mut planned, &plan.unfilled)?;
        for (line, wanted) in self.lines.iter().enumerate() {
            if planned[line] != wanted.quantity {
                return Err(PlanFault::NotConserved(line));
            }
        }
        for &(_, units) in &plan.unfilled {
            cost += self.unfilled_cost(units);
        }
        self.check_wholeness(plan)?;
        match self.worth_too_little(plan) {
            Some(location) => Err(PlanFault::WorthTooLittle(location)),
            None => Ok(cost),
        }
    }

    /// The candidate of a shipment that is worth too little to be one of several.
    pub(crate) fn worth_too_little(&self, plan: &Plan) -> Option<usize> {
        if plan.shipments.len() < 2 {
            return None;
        }
        let mut shipments = plan.shipments.iter();
        let poor = shipments.find(|one| self.value(&one.lines) < self.least_value())?;
        Some(poor.location)
    }

    pub(crate) fn shipment_cost(&self, shipment: &Shipment) -> Result<Cost, PlanFault> {
        let candidate = self
            .candidates
            .get(shipment.location)
            .ok_or(PlanFault::Index)?;
        if shipment.lines.is_empty() {
            return Err(PlanFault::Quantity);
        }
        let mut money_uc = candidate.handling_order_uc;
        let mut shipped = 0;
        for &(index, units) in &shipment.lines {
            let line = self.lines.get(index).ok_or(PlanFault::Index)?;
            if units > candidate.available[index] {
                let location = shipment.location;
                return Err(PlanFault::MoreThanAvailable {
                    location,
                    line: index,
                });
            }
            if units < 1 || units > line.quantity {
                return Err(PlanFault::Quantity);
            }
            money_uc += candidate.handling_line_uc + units * self.unit_uc(candidate, index);
            shipped += units;
        }
        money_uc += self.price_parcels(shipment, candidate)?;
        let fixed = Cost {
            tiers: self.shipment_tiers(candidate),
            money_uc,
        };
        let by_unit = Cost {
            tiers: self.unit_tiers(candidate),
            money_uc: 0,
        };
        Ok(fixed + by_unit.times(shipped))
    }

    /// Micro-cents of the cheapest service for the parcels of a shipment.
    fn price_parcels(&self, shipment: &Shipment, candidate: &Candidate) -> Result<i64, PlanFault> {
        let fault = PlanFault::Parcels(shipment.location);
        if self.parceling.is_none() {
            let weight_g = self.weight_g(&shipment.lines);
            let whole = shipment.parcels.is_empty();
            return if whole {
                Ok(self.carriage_uc(&candidate.services, weight_g))
            } else {
                Err(fault)
            };
        }
        let one = std::slice::from_ref(&shipment.lines);
        let parcels = if shipment.parcels.is_empty() {
            one
        } else {
            &shipment.parcels
        };
        let mut packed = vec![0; self.lines.len()];
        for parcel in parcels {
            count(&mut packed, parcel)?;
            if parcel.is_empty() {
                return Err(fault);
            }
        }
        for &(line, units) in &shipment.lines {
            packed[line] -= units;
        }
        if packed.iter().any(|&units| units != 0) {
            return Err(fault);
        }
        (self.parcels_uc(&candidate.services, parcels)).ok_or(fault)
    }

    /// Whole lines and groups are shipped by one location in full, or by none at all.
    fn check_wholeness(&self, plan: &Plan) -> Result<(), PlanFault> {
        for shipment in &plan.shipments {
            for &(index, units) in &shipment.lines {
                let line = &self.lines[index];
                let whole = self.whole_lines || line.together.is_some();
                if whole && units != line.quantity {
                    return Err(PlanFault::TornApart(index));
                }
                for (other, mate) in self.lines.iter().enumerate() {
                    let grouped = line.together.is_some() && mate.together == line.together;
                    if grouped && !shipment.lines.iter().any(|&(line, _)| line == other) {
                        return Err(PlanFault::TornApart(other));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Adds units to their lines, which must come by rising index.
fn count(planned: &mut [i64], lines: &[(usize, i64)]) -> Result<(), PlanFault> {
    let mut below = None;
    for &(line, units) in lines {
        if below.is_some_and(|below| line <= below) {
            return Err(PlanFault::Index);
        }
        below = Some(line);
        if units < 1 {
            return Err(PlanFault::Quantity);
        }
        let sum = planned.get_mut(line).ok_or(PlanFault::Index)?;
        *sum = sum
            .checked_add(units)
            .ok_or(PlanFault::NotConserved(line))?;
    }
    Ok(())
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanFault::Index => f.write_str("an index is unknown, out of order or met twice"),
            PlanFault::Quantity => f.write_str("a quantity below 1 or above the line's"),
            PlanFault::MoreThanAvailable { location, line } => {
                write!(
                    f,
                    "candidate {location} does not have that much of line {line}"
                )
            }
            PlanFault::NotConserved(line) => {
                write!(f, "the units of line {line} do not sum to what it wants")
            }
            PlanFault::TornApart(line) => write!(f, "line {line} must not be torn apart"),
            PlanFault::WorthTooLittle(location) => {
                write!(
                    f,
                    "the goods of the shipment from candidate {location} are worth too little"
                )
            }
            PlanFault::Parcels(location) => {
                write!(
                    f,
                    "the parcels from candidate {location} are not what it ships"
                )
            }
            PlanFault::TooManyShipments => f.write_str("too many shipments"),
        }
    }
}

impl std::error::Error for PlanFault {}

fn is_zero(cost: &Cost) -> bool {
    *cost == Cost::ZERO
}
