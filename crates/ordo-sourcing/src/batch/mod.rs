//! Orders that share stock and shipments, sourced together.
//!
//! What they share is a flat list of limits: the units of one good at one location, or the
//! shipments of one location on one day. Every order says which limits each of its candidates
//! draws on; nothing here knows what a limit stands for.
//!
//! `desk` solves one order at given prices of the limits, `master` is the linear program that finds
//! those prices from plans (over a `kernel`), `relax` lets the two talk until the prices are right.
//! `assign` turns the outcome into one plan per order that keeps every limit, by a `walk` and by
//! untying each `knot`; `online` prices what is there by orders that are still to come; `reassign`
//! looks again at plans already made.

mod assign;
mod desk;
mod kernel;
mod knot;
mod master;
mod online;
mod reassign;
mod relax;
mod sequence;
mod walk;

use std::fmt;

use crate::instance::{Flaw, Instance};
use crate::plan::Plan;

pub use assign::{BatchPlan, BatchSolution, Effort, solve_batch};
pub use online::{Online, Pace, Past, Renewed, prices_until};
pub use reassign::{Assigned, Move, ReassignFlaw, Reassignment, reassign};

/// Orders, and what they share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The orders, without tiers: costs of different orders are weighed against each other in
    /// money.
    pub orders: Vec<Member>,
    /// How much there is of each shared thing; below zero counts as zero.
    pub limits: Vec<i64>,
}

/// One order of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    /// The order by itself. What its candidates have available is cut to the limits.
    pub instance: Instance,
    /// What each candidate draws on.
    pub draws: Vec<Draw>,
}

/// The limits that a candidate draws on, as indices of [`Batch::limits`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draw {
    /// One is drawn for a shipment; none means that shipments are not limited.
    pub shipment: Option<usize>,
    /// Per line, what every unit of it is drawn from.
    pub lines: Vec<usize>,
}

/// Why a batch cannot be solved. Each is a mistake of whoever built it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFlaw {
    /// The order at this index cannot be solved even alone.
    Order(usize, Flaw),
    /// The order at this index has tiers.
    Tiers(usize),
    /// The order at this index does not say for every candidate and line what it draws on, or names
    /// a limit that is not there.
    Draws(usize),
}

/// No price of a limit passes this many micro-cents (10,000 dollars).
pub(crate) const PRICE_MAX_UC: i64 = 1_000_000_000_000;

impl Batch {
    /// Whether every order can be solved and says what it draws on.
    pub fn check(&self) -> Result<(), BatchFlaw> {
        for (index, member) in self.orders.iter().enumerate() {
            member.check(index, self.limits.len())?;
        }
        Ok(())
    }
}

impl Member {
    /// What a plan draws on, by rising limit, each met once.
    pub fn drawn(&self, plan: &Plan) -> Vec<(usize, i64)> {
        let mut drawn = Vec::new();
        for shipment in &plan.shipments {
            let draw = &self.draws[shipment.location];
            drawn.extend(draw.shipment.map(|limit| (limit, 1)));
            let units = |&(line, units): &(usize, i64)| (draw.lines[line], units);
            drawn.extend(shipment.lines.iter().map(units));
        }
        drawn.sort_unstable();
        drawn.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 += later.1;
            }
            same
        });
        drawn
    }

    pub(crate) fn check(&self, index: usize, limits: usize) -> Result<(), BatchFlaw> {
        if !self.instance.tiers.is_empty() {
            return Err(BatchFlaw::Tiers(index));
        }
        let lines = self.instance.lines.len();
        let sound = |draw: &Draw| {
            draw.lines.len() == lines
                && draw
                    .lines
                    .iter()
                    .chain(&draw.shipment)
                    .all(|&at| at < limits)
        };
        if self.draws.len() != self.instance.candidates.len() || !self.draws.iter().all(sound) {
            return Err(BatchFlaw::Draws(index));
        }
        let sound = self.instance.check();
        sound.map_err(|flaw| BatchFlaw::Order(index, flaw))
    }

    /// The most that this order may be asked to pay for a unit of a limit, so that no sum of its
    /// costs overflows. Less only for orders of very many units.
    pub(crate) fn price_max_uc(&self) -> i64 {
        let mut price_uc = PRICE_MAX_UC;
        while price_uc > 0 {
            let mut dearest = self.instance.clone();
            for candidate in &mut dearest.candidates {
                candidate.handling_order_uc += price_uc;
                candidate.stock_price_uc.resize(dearest.lines.len(), 0);
                for unit_uc in &mut candidate.stock_price_uc {
                    *unit_uc += price_uc;
                }
            }
            if dearest.check().is_ok() {
                break;
            }
            price_uc /= 100;
        }
        price_uc
    }
}

impl fmt::Display for BatchFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchFlaw::Order(index, flaw) => write!(f, "order {index}: {flaw}"),
            BatchFlaw::Tiers(index) => write!(f, "order {index} has tiers"),
            BatchFlaw::Draws(index) => {
                write!(
                    f,
                    "order {index} does not say what it draws on, or names a limit that is not there"
                )
            }
        }
    }
}

impl std::error::Error for BatchFlaw {}
