//! Chooses the method for an order and says how good its answer is.
//!
//! From cheap to dear: nothing to ship; one site that has everything and that a bound shows to be
//! unbeatable; the exact program; the exact program in coarser grains, improved; a greedy plan,
//! improved. An answer of the last two is proven only if it meets a lower bound.
//!
//! Where shipments of a split must be worth something, there are two kinds of plans: a single
//! shipment of any worth, and plans whose shipments are all worth enough. Each is solved by itself.

use crate::bounded;
use crate::cost::Cost;
use crate::exact::{self, Outcome};
use crate::instance::{Flaw, Instance};
use crate::model::Model;
use crate::parcel::Parceler;
use crate::plan::{Solution, StepBudget};
use crate::problem::{Amounts, Bound, Grain, Problem};
use crate::search;
use crate::tariff::Tariffs;

/// The cheapest plan for an order that the budget can find.
///
/// It is proven to be the cheapest whenever the exact program fits the budget. Plans of equal cost
/// are told apart by the keys of their locations, never by the order of the candidates.
pub fn solve(instance: &Instance, budget: StepBudget) -> Result<Solution, Flaw> {
    instance.check()?;
    let mut meter = Meter::new(budget.0);
    match instance.least_value() {
        0 => search_all(instance, &mut meter),
        _ => guard(instance, &mut meter),
    }
}

/// The best of both kinds of plans, or the best of all plans if that is one of them.
fn guard(instance: &Instance, meter: &mut Meter) -> Result<Solution, Flaw> {
    let mut unguarded = Instance {
        min_shipment_value: None,
        ..instance.clone()
    };
    let mut half = meter.part(meter.left() / 2);
    let free = search_all(&unguarded, &mut half)?;
    meter.spend(half.spent);
    if instance.worth_too_little(&free.plan).is_none() {
        return Ok(free);
    }
    unguarded.max_shipments = Some(1);
    let mut part = meter.part(meter.left() / 4);
    let single = search_all(&unguarded, &mut part)?;
    meter.spend(part.spent);
    let worthy = search_all(instance, meter)?;
    let bound = |solution: &Solution| solution.cost - solution.gap;
    let under = bound(&worthy).min(bound(&single)).max(bound(&free));
    let best = if single.cost <= worthy.cost {
        single
    } else {
        worthy
    };
    Ok(Solution {
        proven: best.cost == under,
        gap: best.cost - under,
        steps: meter.spent,
        ..best
    })
}

/// The cheapest plan that the steps can find, where any shipment worth less than the least value is
/// forbidden, a single one included.
fn search_all(instance: &Instance, meter: &mut Meter) -> Result<Solution, Flaw> {
    let tariffs = Tariffs::new(instance);
    let parceler = Parceler::new(instance, meter);
    let parceler = parceler.as_ref();
    let free = instance.least_value() == 0;
    let grain = if tariffs.are_flat() && parceler.is_none() && free {
        Grain::Common
    } else {
        Grain::Unit
    };
    let problem = Problem::new(instance, &tariffs, parceler, grain)?;
    let nothing = vec![0; problem.sites.len() * problem.parts.len()];
    if problem.shipments_max() == 0 {
        return Ok(proven(&problem, &nothing, meter));
    }
    let bound = problem.bound();
    if let Some(amounts) = from_one_site(&problem, &bound, nothing, meter) {
        return Ok(proven(&problem, &amounts, meter));
    }
    let mut under = bound.with_shipments(problem.shipments_min());
    // The exact program where it is quick, the bounded search, and the program again if it failed.
    let mut quick = meter.part(QUICK);
    let relaxed = match exact::optimum(&problem, &mut quick) {
        Outcome::Optimal(amounts) => {
            meter.spend(quick.spent);
            return Ok(proven(&problem, &amounts, meter));
        }
        Outcome::OutOfSteps { bound } => bound,
    };
    meter.spend(quick.spent);
    if let Some(relaxed) = relaxed {
        under = under.max(problem.with_base(relaxed));
    }
    let mut best: Option<Amounts> = None;
    if let Some(model) = Model::new(&problem) {
        // Half is kept where the program could still do it, and else a little for improving.
        let half = meter.left() / 2;
        let kept = if exact::fits(&problem, half) {
            half
        } else {
            half / 8
        };
        let mut most = meter.part(meter.left() - kept);
        let found = bounded::search(&model, &mut most);
        meter.spend(most.spent);
        if let Some(found) = found {
            if found.proven {
                return Ok(proven(&problem, &found.amounts, meter));
            }
            under = under.max(problem.with_base(model.unpack(found.under)));
            best = Some(found.amounts);
        }
    }
    match exact::optimum(&problem, meter) {
        Outcome::Optimal(amounts) => return Ok(proven(&problem, &amounts, meter)),
        Outcome::OutOfSteps { bound: None } => {}
        Outcome::OutOfSteps { bound: Some(bound) } => under = under.max(problem.with_base(bound)),
    }
    if let Some(amounts) = coarse(&problem, &tariffs, grain, meter)? {
        best = Some(cheaper(&problem, best, amounts));
    }
    let amounts = match best {
        Some(amounts) => amounts,
        None => search::greedy(&problem, meter),
    };
    let amounts = search::improve(&problem, amounts, meter);
    let cost = problem.cost_of_all(&amounts);
    debug_assert!(under <= cost);
    Ok(Solution {
        plan: problem.plan(&amounts),
        cost,
        proven: cost == under,
        gap: cost - under,
        steps: meter.spent,
    })
}

/// Steps of the exact program that are fewer than the bounded search would mostly take.
const QUICK: u64 = 9_000;

/// Counts steps against the budget.
pub(crate) struct Meter {
    spent: u64,
    limit: u64,
}

impl Meter {
    pub fn new(limit: u64) -> Meter {
        Meter { spent: 0, limit }
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent)
    }

    /// Steps taken.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// A meter of its own for at most so many of the steps that are left.
    pub fn part(&self, most: u64) -> Meter {
        Meter::new(most.min(self.left()))
    }

    /// Takes the steps if they are left.
    pub fn take(&mut self, steps: u64) -> bool {
        let left = self.limit.saturating_sub(self.spent);
        if steps <= left {
            self.spent += steps;
        }
        steps <= left
    }

    /// Takes steps that must be taken, left or not.
    pub fn spend(&mut self, steps: u64) {
        self.spent += steps;
    }
}

/// Everything from the cheapest site that has it all, if no other kind of plan can cost less.
fn from_one_site(
    problem: &Problem,
    bound: &Bound,
    mut nothing: Amounts,
    meter: &mut Meter,
) -> Option<Amounts> {
    let width = problem.parts.len();
    let mut best: Option<(Cost, usize)> = None;
    for site in 0..problem.sites.len() {
        meter.spend(1);
        let caps = problem.caps(site);
        if caps
            .iter()
            .zip(&problem.parts)
            .all(|(&cap, part)| cap == part.count)
        {
            let cost = problem.with_base(problem.shipment(site, caps));
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, site));
            }
        }
    }
    let (cost, site) = best?;
    if cost > bound.with_shipments(2) {
        return None;
    }
    nothing[site * width..][..width].copy_from_slice(problem.caps(site));
    Some(nothing)
}

/// The optimum in coarser grains, where that is a smaller problem and fits the budget.
fn coarse(
    problem: &Problem,
    tariffs: &Tariffs,
    grain: Grain,
    meter: &mut Meter,
) -> Result<Option<Amounts>, Flaw> {
    if grain == Grain::Common {
        return Ok(None);
    }
    let smaller = Problem::new(problem.instance, tariffs, problem.parceler, Grain::Common)?;
    let grains = |of: &Problem| {
        of.parts
            .iter()
            .map(|part| u64::from(part.count))
            .sum::<u64>()
    };
    if grains(&smaller) == grains(problem) {
        return Ok(None);
    }
    Ok(match exact::optimum(&smaller, meter) {
        Outcome::Optimal(amounts) => Some(smaller.translate(&amounts, problem)),
        Outcome::OutOfSteps { bound: _ } => None,
    })
}

fn cheaper(problem: &Problem, best: Option<Amounts>, other: Amounts) -> Amounts {
    match best {
        Some(best) if problem.cost_of_all(&best) <= problem.cost_of_all(&other) => best,
        Some(_) | None => other,
    }
}

fn proven(problem: &Problem, amounts: &Amounts, meter: &Meter) -> Solution {
    Solution {
        plan: problem.plan(amounts),
        cost: problem.cost_of_all(amounts),
        proven: true,
        gap: Cost::ZERO,
        steps: meter.spent,
    }
}
