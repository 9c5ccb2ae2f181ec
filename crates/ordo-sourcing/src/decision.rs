//! A solved order with everything it was solved from, small enough to store with every order.
//!
//! Texts, runners-up and "why not that one" are not stored: they come from solving again, which
//! [`Decision::replay`] shows to give the same plan bit for bit.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::instance::{Flaw, Instance, Key};
use crate::plan::{Plan, Shipment, Solution, StepBudget};
use crate::solve::solve;
use crate::stored;

/// The version of the solver. It rises whenever some instance would get another plan, so that a
/// stored decision is never compared with the answer of a solver that did not make it.
pub const ENGINE: u32 = 6;

/// What was decided, from what, by which solver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// [`ENGINE`] when this was decided.
    #[serde(rename = "v")]
    pub engine: u32,
    /// The steps it was allowed.
    #[serde(rename = "b")]
    pub budget: StepBudget,
    /// What it was solved from: lines, candidate rows and prices.
    #[serde(rename = "i")]
    pub instance: Instance,
    /// The part of the instance's prices that is paid to nobody.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub steering: Option<Steering>,
    /// Micro-cents of the carriage of each shipment of the plan that are for lateness; empty where
    /// nothing is late.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    pub late_uc: Vec<i64>,
    /// What money terms of the rules did to each shipment of the plan; empty where there were none.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Termed>,
    /// Locations that were filtered out before solving.
    #[serde(
        rename = "x",
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "stored::excluded"
    )]
    pub excluded: Vec<Excluded>,
    /// The version of the time-zone database that days were reckoned by, where any were.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub time_zones: Option<String>,
    /// The sourcing rules that it was made by, where any counted.
    #[serde(rename = "ru", default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesUsed>,
    /// The plan, and what is known about it.
    #[serde(rename = "s")]
    pub solution: Solution,
}

/// A shipment that money terms of the rules had a say in: what it would cost without them, which the
/// instance does not tell, since they are part of its costs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Termed {
    /// The places of the terms that counted, in their step, rising.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<u32>,
    /// Micro-cents without them: to the carrier, for lateness, for handling, for declining, and for the
    /// goods themselves, such as duties.
    #[serde(rename = "p")]
    pub plain_uc: [i64; 5],
}

/// Prices of what orders share that are part of an instance: they steer the plan, and are no cost of
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Steering {
    /// The version of the price book that they are from.
    #[serde(rename = "v")]
    pub book: u64,
    /// Candidates and lines by index, with micro-cents per unit and the units that were free there;
    /// what is not here has no price.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<(u32, u32, i64, i64)>,
    /// Candidates by index, with micro-cents per shipment.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<(u32, i64)>,
}

impl Steering {
    /// Adds its prices to those of an instance.
    pub fn steer(&self, instance: &mut Instance) {
        self.add(instance, 1);
    }

    /// Takes its prices off those of an instance again.
    pub(crate) fn unsteer(&self, instance: &mut Instance) {
        self.add(instance, -1);
        for candidate in &mut instance.candidates {
            if candidate.stock_price_uc.iter().all(|price| *price == 0) {
                candidate.stock_price_uc.clear();
            }
        }
    }

    fn add(&self, instance: &mut Instance, times: i64) {
        let lines = instance.lines.len();
        for &(candidate, line, price_uc, _) in &self.stock {
            if let Some(candidate) = instance.candidates.get_mut(candidate as usize) {
                candidate.stock_price_uc.resize(lines, 0);
                if let Some(unit_uc) = candidate.stock_price_uc.get_mut(line as usize) {
                    *unit_uc = unit_uc.saturating_add(price_uc.saturating_mul(times));
                }
            }
        }
        for &(candidate, price_uc) in &self.shipments {
            if let Some(candidate) = instance.candidates.get_mut(candidate as usize) {
                let order_uc = candidate.handling_order_uc;
                candidate.handling_order_uc =
                    order_uc.saturating_add(price_uc.saturating_mul(times));
            }
        }
    }

    /// The units of a line that were free at a candidate, where they have a price.
    pub fn free_units(&self, candidate: usize, line: usize) -> Option<i64> {
        let found = self
            .stock
            .iter()
            .find(|(one, of, _, _)| (*one as usize, *of as usize) == (candidate, line));
        found.map(|(_, _, _, free)| *free)
    }

    /// Micro-cents of a unit of a line from a candidate.
    pub fn unit_uc(&self, candidate: usize, line: usize) -> i64 {
        let found = self
            .stock
            .iter()
            .find(|(one, of, _, _)| (*one as usize, *of as usize) == (candidate, line));
        found.map_or(0, |(_, _, uc, _)| *uc)
    }

    /// Micro-cents of a shipment from a candidate.
    pub fn shipment_uc(&self, candidate: usize) -> i64 {
        let is_it = |(one, _): &&(u32, i64)| *one as usize == candidate;
        self.shipments.iter().find(is_it).map_or(0, |(_, uc)| *uc)
    }

    /// Micro-cents of all that a shipment takes.
    pub fn of_shipment_uc(&self, shipment: &Shipment) -> i64 {
        let units = shipment.lines.iter().map(|&(line, units)| {
            let unit_uc = self.unit_uc(shipment.location, line);
            unit_uc.saturating_mul(units)
        });
        units.fold(self.shipment_uc(shipment.location), i64::saturating_add)
    }
}
/// Which rules a decision was made by. This crate does not know rules; it keeps their numbers, to
/// which those of [`Reason::Rule`] belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesUsed {
    /// The rule set.
    #[serde(rename = "k")]
    pub set: Key,
    /// Its version.
    #[serde(rename = "n")]
    pub version: u32,
    /// The step of that version, counted from 0.
    #[serde(rename = "s")]
    pub step: u32,
}

/// A location that was not a candidate, and the first check it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excluded {
    /// The location.
    pub key: Key,
    /// Why it was left out.
    pub reason: Reason,
    /// What it had of what the reason is about, in the reason's own measure; 0 where it has none.
    pub has: i64,
    /// What it would have needed, in the same measure.
    pub wants: i64,
}

impl Excluded {
    /// A location that was left out for a reason without a measure.
    pub fn new(key: Key, reason: Reason) -> Excluded {
        Excluded {
            key,
            reason,
            has: 0,
            wants: 0,
        }
    }
}

/// Why a location cannot ship an order, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is switched off.
    Inactive,
    /// It does not serve the order's channel.
    NotInChannel,
    /// It does not serve the buyer's country or market.
    NotInMarket,
    /// The sourcing rule with this number keeps it out.
    Rule(u32),
    /// It may not ship one of the goods to this buyer.
    RestrictedItem,
    /// It has none of the goods on offer. Measured in units: those on its shelves, and those wanted.
    NoStock,
    /// It has no shipments left for the day. Measured in shipments: those taken, and the day's limit.
    OverCapacity,
    /// Today's cut-off has passed and tomorrow is too late. Measured in days since 1970-01-01: when it
    /// would arrive, and when it was promised.
    CutOffMissed,
    /// It cannot deliver by the promised day. Measured likewise.
    PromiseMissed,
    /// It declined or came up short on this order before.
    Declined,
}

/// Why a decision cannot be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayError {
    /// Another version of the solver made it.
    OtherEngine {
        /// The version that made it; this one is [`ENGINE`].
        stored: u32,
    },
    /// Its instance is not one that any solver accepts, so it was not stored as it was made.
    Flawed(Flaw),
}

impl Decision {
    /// Solves an instance and keeps it with the answer.
    pub fn make(
        instance: Instance,
        excluded: Vec<Excluded>,
        budget: StepBudget,
    ) -> Result<Decision, Flaw> {
        let solution = solve(&instance, budget)?;
        Ok(Decision {
            engine: ENGINE,
            budget,
            instance,
            steering: None,
            late_uc: Vec::new(),
            terms: Vec::new(),
            excluded,
            time_zones: None,
            rules: None,
            solution,
        })
    }

    /// Micro-cents that the plan costs, without the prices that only steer it.
    pub fn paid_uc(&self) -> i64 {
        self.solution.cost.money_uc - self.steered_uc(&self.solution.plan)
    }

    /// Micro-cents of a plan's cost that nobody pays.
    pub(crate) fn steered_uc(&self, plan: &Plan) -> i64 {
        self.steering.as_ref().map_or(0, |steering| {
            let parts = plan.shipments.iter();
            parts
                .map(|shipment| steering.of_shipment_uc(shipment))
                .sum()
        })
    }

    /// Solves the stored instance again. The answer equals the stored one bit for bit.
    pub fn replay(&self) -> Result<Solution, ReplayError> {
        if self.engine != ENGINE {
            return Err(ReplayError::OtherEngine {
                stored: self.engine,
            });
        }
        solve(&self.instance, self.budget).map_err(ReplayError::Flawed)
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::OtherEngine { stored } => {
                write!(
                    f,
                    "decided by version {stored} of the solver, this is version {ENGINE}"
                )
            }
            ReplayError::Flawed(flaw) => write!(f, "the stored instance is flawed: {flaw}"),
        }
    }
}

impl std::error::Error for ReplayError {}
