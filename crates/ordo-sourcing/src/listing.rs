//! Lists every plan of a small order that costs no more than a limit, by the tables of the exact
//! program: what is left of a load costs at least what the table says, so no branch is entered in
//! vain but for plans that use a site twice.

use crate::cost::Cost;
use crate::exact::{self, Loads};
use crate::problem::{Amounts, Problem};
use crate::solve::Meter;

/// A load of a site with what it costs, split penalty included.
struct Offer {
    site: usize,
    load: usize,
    digits: Vec<u32>,
    cost: Cost,
}

/// What is left to be served.
#[derive(Clone)]
struct Open {
    load: usize,
    left: Vec<u32>,
    /// The first offer to be tried for its first part.
    from: usize,
}

struct Lister<'p, 'a> {
    problem: &'p Problem<'a>,
    loads: Loads,
    /// By the first part of the load.
    offers: Vec<Vec<Offer>>,
    /// Under what serving each load costs.
    rest: Vec<Cost>,
    /// Of all columns, with the split penalty of the first.
    limit: Cost,
    /// Sites with their loads.
    chosen: Vec<(usize, usize)>,
    found: Vec<Amounts>,
    most: usize,
}

/// All plans that cost at most `limit`. `None` if the order is too large for the steps, or if there
/// are more than `most` of them.
pub(crate) fn plans_within(
    problem: &Problem,
    limit: Cost,
    most: usize,
    meter: &mut Meter,
) -> Option<Vec<Amounts>> {
    let (loads, rest) = exact::least_by_load(problem, meter)?;
    let split = Cost::money(problem.instance.penalties.split_uc);
    let mut offers: Vec<Vec<Offer>> = problem.parts.iter().map(|_| Vec::new()).collect();
    let mut pieces = Vec::new();
    for site in 0..problem.sites.len() {
        exact::pieces(problem, &loads, site, &mut pieces);
        if !meter.take(pieces.len() as u64) {
            return None;
        }
        for &(load, cost) in &pieces {
            let digits: Vec<u32> = (0..problem.parts.len())
                .map(|part| loads.grains(load, part))
                .collect();
            let first = digits.iter().position(|&grains| grains > 0)?;
            let cost = cost + split;
            offers[first].push(Offer {
                site,
                load,
                digits,
                cost,
            });
        }
    }
    for offers in &mut offers {
        offers.sort_by_key(|offer| offer.cost);
    }
    let mut lister = Lister {
        problem,
        loads,
        offers,
        rest,
        limit: limit + split,
        chosen: Vec::new(),
        found: Vec::new(),
        most,
    };
    let full: Vec<u32> = problem.parts.iter().map(|part| part.count).collect();
    let base = problem.with_base(Cost::ZERO);
    let open = Open {
        load: lister.loads.full(),
        left: full,
        from: 0,
    };
    lister.extend(&open, base, meter).then_some(lister.found)
}

impl Lister<'_, '_> {
    fn extend(&mut self, open: &Open, cost: Cost, meter: &mut Meter) -> bool {
        let (load, left) = (open.load, &open.left);
        let Some(part) = left.iter().position(|&grains| grains > 0) else {
            let empty = self.chosen.is_empty();
            let split = Cost::money(self.problem.instance.penalties.split_uc);
            if (empty && cost + split > self.limit)
                || self.chosen.len() > self.problem.shipments_max()
            {
                return true;
            }
            self.keep();
            return self.found.len() <= self.most;
        };
        let mut next = open.clone();
        for at in open.from..self.offers[part].len() {
            let offer = &self.offers[part][at];
            if !meter.take(1) {
                return false;
            }
            let fits = offer.digits.iter().zip(left).all(|(a, b)| a <= b);
            if !fits || self.chosen.iter().any(|&(site, _)| site == offer.site) {
                continue;
            }
            let (rest, so_far) = (load - offer.load, cost + offer.cost);
            if so_far + self.rest[rest] > self.limit {
                continue;
            }
            let halves = left.iter().zip(&offer.digits);
            for (slot, (all, taken)) in next.left.iter_mut().zip(halves) {
                *slot = all - taken;
            }
            next.load = rest;
            // More of the same part comes from an offer behind this one, so no plan is met twice.
            next.from = if next.left[part] > 0 { at + 1 } else { 0 };
            let chosen = (offer.site, offer.load);
            self.chosen.push(chosen);
            let done = self.extend(&next, so_far, meter);
            self.chosen.pop();
            if !done {
                return false;
            }
        }
        // Leaves the part, all that is left of it at once.
        let grains = i64::from(left[part]);
        let so_far = cost + self.problem.parts[part].unfilled.times(grains);
        next.load = load - self.loads.stride(part) * left[part] as usize;
        next.left.copy_from_slice(left);
        next.left[part] = 0;
        next.from = 0;
        so_far + self.rest[next.load] > self.limit || self.extend(&next, so_far, meter)
    }

    fn keep(&mut self) {
        let width = self.problem.parts.len();
        let mut amounts = vec![0; self.problem.sites.len() * width];
        for &(site, load) in &self.chosen {
            for part in 0..width {
                amounts[site * width + part] = self.loads.grains(load, part);
            }
        }
        self.found.push(amounts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Dice, Size, guarded, parceled, priced};
    use crate::instance::Instance;
    use crate::parcel::Parceler;
    use crate::problem::Grain;
    use crate::tariff::Tariffs;

    const SIZE: Size = Size {
        lines: 3,
        quantity: 2,
        candidates: 3,
    };

    /// Every plan is listed once, and no other: against all grids of grains, each checked and priced
    /// as plans from elsewhere are.
    #[test]
    fn every_plan_within_the_limit_is_listed_once() {
        let (mut listed, mut cut) = (0, 0);
        for seed in 0..1_500 {
            for make in [priced, guarded, parceled] {
                let mut instance = make(&mut Dice(seed), SIZE);
                // Of a single shipment the least value is not asked, but that is another search.
                instance.max_shipments = instance.max_shipments.filter(|most| *most > 1);
                let all = all_plans(&instance);
                for limit in [0, all.len() / 3, all.len()] {
                    let within = limit.checked_sub(1).map(|at| all[at].0);
                    let expected = all.iter().filter(|(cost, _)| Some(*cost) <= within);
                    let expected: Vec<_> = expected.cloned().collect();
                    let found = list(&instance, within.unwrap_or(all[0].0 - Cost::money(1)));
                    assert_eq!(found, expected, "seed {seed} {instance:?}");
                    listed += found.len();
                    cut += usize::from(found.len() < all.len());
                }
            }
        }
        assert!(listed > 40_000 && cut > 5_000, "{listed} {cut}");
    }

    fn list(instance: &Instance, limit: Cost) -> Vec<(Cost, Amounts)> {
        in_problem(instance, |problem| {
            let found = plans_within(problem, limit, 1_000_000, &mut Meter::new(u64::MAX));
            let found = found.expect("small enough").into_iter();
            found
                .map(|amounts| (problem.cost_of_all(&amounts), amounts))
                .collect()
        })
    }

    /// All plans of which each shipment is worth enough.
    fn all_plans(instance: &Instance) -> Vec<(Cost, Amounts)> {
        in_problem(instance, |problem| {
            let mut all = Vec::new();
            let mut amounts = vec![0; problem.sites.len() * problem.parts.len()];
            fill(problem, 0, &mut amounts, &mut all);
            all
        })
    }

    fn fill(problem: &Problem, at: usize, amounts: &mut Amounts, all: &mut Vec<(Cost, Amounts)>) {
        let width = problem.parts.len();
        if at == amounts.len() {
            let rows = amounts.chunks(width.max(1));
            let poor = |row: &[u32]| {
                row.iter().any(|&grains| grains > 0) && problem.value(row) < problem.least_value
            };
            let plan = problem.plan(amounts);
            if let (Ok(cost), false) = (problem.instance.cost_of(&plan), rows.clone().any(poor)) {
                all.push((cost, amounts.clone()));
            }
            return;
        }
        let part = at % width;
        let shipped: u32 = amounts[..at].iter().skip(part).step_by(width).sum();
        let most = problem.caps(at / width)[part].min(problem.parts[part].count - shipped);
        for grains in 0..=most {
            amounts[at] = grains;
            fill(problem, at + 1, amounts, all);
        }
        amounts[at] = 0;
    }

    fn in_problem(
        instance: &Instance,
        then: impl Fn(&Problem) -> Vec<(Cost, Amounts)>,
    ) -> Vec<(Cost, Amounts)> {
        let tariffs = Tariffs::new(instance);
        let parceler = Parceler::new(instance, &mut Meter::new(u64::MAX));
        let problem = Problem::new(instance, &tariffs, parceler.as_ref(), Grain::Unit);
        let mut found = then(&problem.expect("sound"));
        found.sort();
        found
    }
}
