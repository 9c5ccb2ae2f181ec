//! The bounded search: prices for grains that no load can beat make a bound under every plan, and
//! only loads that lose little against them can be in a better plan than the one at hand.
//!
//! First a greedy plan. Then prices from the best fractional mix of loads, found by asking each site
//! for its best load at the prices so far. Where the mix is whole it is the optimum. Else plans are
//! rounded from it, and if few loads lose less than the gap, the best plan is found among them. If
//! many do, the search branches: on the number of shipments, then on whether a site ships at all.
//! If that takes long, and with the last steps, it looks around the best plan for other sets of sites.
//! Every step may end early: the bound stays true and the plan stays allowed.

use crate::around;
use crate::assign;
use crate::branch::{self, Branch};
use crate::incumbent::Incumbent;
use crate::master::{Column, Master, Rules};
use crate::model::Model;
use crate::partition::Partition;
use crate::pricing::{Pricer, Prices, Quest};
use crate::problem::Amounts;
use crate::solve::Meter;

/// Loads that are taken into the mix between two rounds of asking all sites.
const TAKEN_PER_ROUND: usize = 24;
/// With more loads within the gap than this, branching does better than trying their combinations.
const LISTED_MAX: usize = 600;
/// Sets of sites, within a branch, of which the best plan of each is found one after the other.
const SETS_MAX: u64 = 500;
/// Where nothing is left to branch on, so many are tried before giving up.
const LISTED_LAST_MAX: usize = 20_000;
/// The steps that it takes to round a mix well, at most.
const ROUNDED_MAX: u64 = 20_000;
/// Sets and steps for trying whether an order is so small that no prices are needed.
const SETS_FIRST_MAX: u64 = 200;
const FIRST_MAX: u64 = 8_000;
/// The steps that combining them may take, per branch.
const COMBINED_MAX: u64 = 30_000;
/// The steps that trying those sets may take, per branch.
const ASSIGNED_MAX: u64 = 400_000;
/// The steps after which it pays to look around the best plan, and those that looking may take.
const AROUND_AFTER: u64 = 200_000;
const AROUND_MAX: u64 = 300_000;
/// Of the best sets of sites met there, so many are searched, with so many steps each.
const TRIED_SETS: usize = 8;
const TRIED_MAX: u64 = 15_000;
/// The steps that asking a site for its best load may take.
const ASKED_MAX: u64 = 5_000;
/// More grains of a part than this are not searched: prices of so many make numbers too large.
const COUNT_MAX: u32 = 1 << 20;

/// What the search came to; costs are packed and without what no site can ship.
pub(crate) struct Found {
    pub amounts: Amounts,
    /// Under every plan.
    pub under: i64,
    pub proven: bool,
}

/// Searches as long as the steps last. `None` if there is nothing to search, or far too much.
pub(crate) fn search(model: &Model, meter: &mut Meter) -> Option<Found> {
    let too_many = model.parts.iter().any(|part| part.count > COUNT_MAX);
    if too_many || model.sites.is_empty() {
        return None;
    }
    let mut search = Search {
        model,
        pricer: Pricer::default(),
        best: Incumbent::new(model),
        has_looked: false,
    };
    search.best.fill_up(Vec::new(), meter);
    let whole = Branch {
        rules: Rules {
            at_most: model.shipments_max,
            caps: model.caps(),
            ..Rules::default()
        },
        sites: (0..model.sites.len()).collect(),
    };
    let limits = (1, search.shipments_max(&whole));
    let under = if search.assign(&whole.sites, limits, (SETS_FIRST_MAX, FIRST_MAX), meter) {
        search.best.cost
    } else {
        let pool = search.first_pool(&whole.sites);
        let mut most = meter.part(meter.left() / 8 * 7);
        let under = search.explore(whole, pool, 0, &mut most);
        meter.spend(most.spent());
        if !search.is_met(under) {
            search.look_around(meter);
        }
        under
    };
    let Incumbent { cost, plan, .. } = search.best;
    let proven = cost - under < model.apart;
    let columns = plan.iter();
    Some(Found {
        amounts: model.amounts(columns.map(|column| (column.site, &column.load[..]))),
        // The plan costs what it costs; the bound cannot be above it.
        under: (if proven { cost } else { under.min(cost) } - model.split).max(0),
        proven,
    })
}

struct Search<'m> {
    model: &'m Model,
    pricer: Pricer,
    best: Incumbent<'m>,
    /// Whether it has looked around the best plan.
    has_looked: bool,
}

/// Prices, and how much all sites together beat them by.
struct Gap {
    prices: Prices,
    credit: i64,
}

/// What asking the sites of a branch came to.
struct Asked {
    /// How much all best loads together beat the prices by.
    credit: i64,
    /// Loads that beat them, most first.
    wanted: Vec<Column>,
}

impl Search<'_> {
    /// Searches a branch, and answers a number that no plan of it is below, counted as `best`; where
    /// it is not below `best` by what sets two plans apart, no plan of the branch is better.
    fn explore(
        &mut self,
        mut branch: Branch,
        pool: Vec<Column>,
        mut under: i64,
        meter: &mut Meter,
    ) -> i64 {
        let model = self.model;
        let rules = branch.rules.clone();
        let rows = model.parts.len() + rules.used.len();
        if !meter.take((rows * rows / 4 + rules.caps.len() + pool.len() * rows / 4) as u64) {
            return under;
        }
        let mut master = Master::new(model, &rules, pool);
        let mut gap;
        loop {
            let per_turn = (rows * rows / 4 + master.pool.len() + 1) as u64;
            let most = (meter.left() / per_turn).min(1_000);
            let mut left = most;
            let settled = master.settle(&mut left);
            meter.spend((most - left) * per_turn);
            let prices = master.prices();
            let Some(asked) = self.ask_all(&prices, &mut branch, meter) else {
                return under;
            };
            under = under.max(prices.sum.saturating_sub(asked.credit));
            gap = Gap {
                prices,
                credit: asked.credit,
            };
            if self.is_met(under) {
                return under;
            }
            if asked.wanted.is_empty() || !settled {
                break;
            }
            master.pool.extend(asked.wanted);
        }
        self.round(&master, meter);
        if self.is_met(under) {
            return under;
        }
        let limits = (rules.at_least.unwrap_or(0), self.shipments_max(&branch));
        if self.assign(&branch.sites, limits, (SETS_MAX, ASSIGNED_MAX), meter) {
            return self.best.cost;
        }
        let combined = self.combine(&gap, &branch, (COMBINED_MAX, LISTED_MAX), meter);
        if combined == Some(true) {
            return self.best.cost;
        }
        if !self.has_looked && meter.spent() > AROUND_AFTER {
            self.has_looked = true;
            self.look_around(meter);
            if self.is_met(under) {
                return under;
            }
        }
        let halves = branch::parted(model, &master, &branch);
        if halves.is_empty() {
            let limits = (meter.left(), LISTED_LAST_MAX);
            let done = self.combine(&gap, &branch, limits, meter);
            return if done == Some(true) {
                self.best.cost
            } else {
                under
            };
        }
        let mut least = i64::MAX;
        for half in halves {
            if meter.left() == 0 {
                return under;
            }
            let pool = self.heirs(&master, &gap.prices, &half);
            least = least.min(self.explore(half, pool, under, meter));
        }
        under.max(least.min(self.best.cost))
    }

    /// Whether a branch with this bound holds no better plan.
    fn is_met(&self, under: i64) -> bool {
        self.best.cost - under < self.model.apart
    }

    /// The greedy plan, and everything that a site could ship, from the sites where that costs the
    /// smallest share of what it spares.
    fn first_pool(&self, sites: &[usize]) -> Vec<Column> {
        let mut full: Vec<(i64, Column)> = Vec::with_capacity(sites.len());
        for &site in sites {
            let mut load = vec![0; self.model.parts.len()];
            let mut spared = 0;
            for item in self.model.items(site) {
                load[item.part] = item.cap;
                spared += i64::from(item.cap) * self.model.parts[item.part].unfilled;
            }
            if self.model.is_worth_shipping(&load) {
                let cost = self.model.cost(site, &load);
                full.push((spared, Column { site, cost, load }));
            }
        }
        full.sort_by(|(spared, column), (others, other)| {
            let ours = i128::from(column.cost) * i128::from(*others);
            let theirs = i128::from(other.cost) * i128::from(*spared);
            ours.cmp(&theirs)
        });
        full.truncate(2 * self.model.parts.len() + 8);
        let full = full.into_iter().map(|(_, column)| column);
        self.best.plan.iter().cloned().chain(full).collect()
    }

    /// Columns for a branch: those that could be in a better plan.
    fn heirs(&self, master: &Master, prices: &Prices, branch: &Branch) -> Vec<Column> {
        let gap = self.best.cost - prices.sum;
        let mut pool = Vec::new();
        for column in &master.pool {
            let worth = column.load.iter().zip(&prices.grains);
            let worth: i64 = worth
                .map(|(&grains, price)| i64::from(grains) * price)
                .sum();
            let net = column.cost + prices.charges[column.site] - worth;
            let items = self.model.items(column.site).iter();
            let caps = &branch.rules.caps[self.model.items_of(column.site)];
            let allowed = items
                .zip(caps)
                .all(|(item, &cap)| column.load[item.part] <= cap);
            if net <= gap && allowed && branch.sites.contains(&column.site) {
                pool.push(column.clone());
            }
        }
        pool
    }

    /// Asks every site for its best load at these prices, and leaves out sites that are in no better
    /// plan.
    fn ask_all(
        &mut self,
        prices: &Prices,
        branch: &mut Branch,
        meter: &mut Meter,
    ) -> Option<Asked> {
        let mut wanted: Vec<(i64, Column)> = Vec::new();
        let mut least = Vec::with_capacity(branch.sites.len());
        let model = self.model;
        let mut credit = 0_i64;
        for &site in &branch.sites {
            let mut best: Option<(i64, Vec<u32>)> = None;
            let mut found = |net: i64, load: &[u32]| {
                if !model.is_worth_shipping(load) {
                    return None;
                }
                match &mut best {
                    Some((least, kept)) => {
                        *least = net;
                        kept.copy_from_slice(load);
                    }
                    None => best = Some((net, load.to_vec())),
                }
                Some(net - 1)
            };
            let mut quest = Quest {
                limit: -1,
                found: &mut found,
            };
            let caps = &branch.rules.caps;
            let mut part = meter.part(ASKED_MAX);
            let searched =
                (self.pricer).search(self.model, site, caps, prices, &mut quest, &mut part);
            meter.spend(part.spent());
            if !searched.done && meter.left() == 0 {
                return None;
            }
            // A site with very many loads may not have named its best: then what it could name.
            let net = best.as_ref().map_or(0, |(net, _)| *net);
            let net = if searched.done {
                net
            } else {
                searched.least.min(net)
            };
            credit = credit.saturating_sub(net);
            least.push(if net < 0 { 0 } else { searched.least.max(0) });
            if let Some((net, load)) = best {
                let cost = self.model.cost(site, &load);
                wanted.push((net, Column { site, cost, load }));
            }
        }
        let under = prices.sum.saturating_sub(credit);
        let limit = self.best.cost - self.model.apart;
        let mut least = least.iter();
        branch.sites.retain(|_| {
            let least = *least.next().expect("one per site");
            under.saturating_add(least) <= limit
        });
        wanted.sort_by_key(|(net, _)| *net);
        wanted.truncate(TAKEN_PER_ROUND);
        let wanted = wanted.into_iter().map(|(_, column)| column).collect();
        Some(Asked { credit, wanted })
    }

    /// The most shipments of a plan of this branch that could be better: more of them cost more by
    /// opening their sites than the plan at hand.
    fn shipments_max(&self, branch: &Branch) -> usize {
        let model = self.model;
        let openings = branch.sites.iter().map(|&site| {
            let cheapest = model.curve(site).steps[0].least_from;
            model.sites[site].opening + cheapest
        });
        let mut openings: Vec<i64> = openings.collect();
        openings.sort_unstable();
        let spare = self.best.cost - model.apart - model.least;
        let paid = openings.iter().scan(0_i64, |sum, opening| {
            *sum = sum.saturating_add(*opening);
            Some(*sum)
        });
        let most = paid.take_while(|paid| *paid <= spare).count();
        branch.rules.at_most.map_or(most, |limit| limit.min(most))
    }

    /// Tries all sets of these sites with so many shipments, unless there are too many. Whether none
    /// of them can hold a better plan any more.
    fn assign(
        &mut self,
        sites: &[usize],
        limits: (usize, usize),
        (sets, steps): (u64, u64),
        meter: &mut Meter,
    ) -> bool {
        if assign::sets(sites.len(), limits.0, limits.1) > sets {
            return false;
        }
        let mut part = meter.part(steps);
        let (plan, done) = assign::cheapest(self.model, sites, limits, self.best.cost, &mut part);
        meter.spend(part.spent());
        if let Some(plan) = plan {
            self.best.keep(plan);
        }
        done
    }

    /// Looks around the best plan as long as that makes it better.
    fn look_around(&mut self, meter: &mut Meter) {
        let mut part = meter.part(AROUND_MAX);
        loop {
            let seen = around::look(self.model, &self.best.plan, self.best.cost, &mut part);
            let before = self.best.cost;
            if let Some(plan) = seen.better {
                self.best.keep(plan);
            }
            for set in seen.sets.iter().take(TRIED_SETS) {
                let limits = (1, set.len());
                self.assign(set, limits, (u64::MAX, TRIED_MAX), &mut part);
            }
            if self.best.cost == before || part.left() == 0 {
                break;
            }
        }
        meter.spend(part.spent());
    }

    /// Makes plans of the mix: its shares, the largest first, as far as they fit, then filled up.
    fn round(&mut self, master: &Master, meter: &mut Meter) {
        let mix = master.mix().map(|(column, taken)| (taken, column));
        let mut mix: Vec<(i128, &Column)> = mix.collect();
        mix.sort_by_key(|(taken, _)| -taken);
        for first in 0..mix.len() {
            let rest = mix.iter().enumerate().filter(|&(at, _)| at != first);
            let kept = std::iter::once(&mix[first]).chain(rest.map(|(_, one)| one));
            self.best
                .fill_up(kept.map(|(_, column)| *column).collect(), meter);
            if mix.iter().all(|(taken, _)| taken % master.scale() == 0) {
                return;
            }
        }
        let mut sites: Vec<usize> = mix.iter().map(|(_, column)| column.site).collect();
        sites.sort_unstable();
        sites.dedup();
        let limits = (1, self.model.shipments_max.unwrap_or(sites.len()).min(4));
        self.assign(&sites, limits, (SETS_MAX, ROUNDED_MAX), meter);
    }

    /// Lists every load that a better plan of the branch could hold and finds the best plan among
    /// them. Whether all were tried, or `None` if there are more than so many.
    fn combine(
        &mut self,
        gap: &Gap,
        branch: &Branch,
        (steps, most): (u64, usize),
        meter: &mut Meter,
    ) -> Option<bool> {
        let (prices, credit) = (&gap.prices, gap.credit);
        let bound = self.best.cost - self.model.apart - prices.sum + credit;
        let mut columns: Vec<(i64, Column)> = Vec::new();
        for &site in &branch.sites {
            let model = self.model;
            let mut found = |net: i64, load: &[u32]| {
                if !model.is_worth_shipping(load) {
                    return None;
                }
                let (cost, load) = (model.cost(site, load), load.to_vec());
                columns.push((net, Column { site, cost, load }));
                // Below every net, so that a list grown too long ends.
                Some(if columns.len() > most {
                    i64::MIN / 4
                } else {
                    bound
                })
            };
            let mut quest = Quest {
                limit: bound,
                found: &mut found,
            };
            let caps = &branch.rules.caps;
            let searched = (self.pricer).search(model, site, caps, prices, &mut quest, meter);
            if !searched.done || columns.len() > most {
                return None;
            }
        }
        let mut part = meter.part(steps);
        let partition = Partition::new(self.model, prices, &columns, self.best.cost)?;
        let (best, done) = partition.best(credit, &mut part);
        meter.spend(part.spent());
        if let Some(chosen) = best {
            self.best
                .keep(chosen.into_iter().map(|at| columns[at].1.clone()).collect());
        }
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{self, Outcome};
    use crate::generate::{Dice, Size, guarded, nearest, priced, stock_priced};
    use crate::instance::Instance;
    use crate::problem::{Grain, Problem};
    use crate::tariff::Tariffs;

    const SIZES: [Size; 4] = [
        Size {
            lines: 3,
            quantity: 3,
            candidates: 5,
        },
        Size {
            lines: 7,
            quantity: 1,
            candidates: 7,
        },
        Size {
            lines: 2,
            quantity: 9,
            candidates: 4,
        },
        Size {
            lines: 5,
            quantity: 2,
            candidates: 12,
        },
    ];

    /// Two methods that share nothing but the problem give the same least cost, and with few steps
    /// the bound is true and the plan is what it says.
    #[test]
    fn the_bounded_search_agrees_with_the_program() {
        let mut proven_early = 0;
        for (seed, size) in (0..1_500).flat_map(|seed| SIZES.map(|size| (seed, size))) {
            for make in [nearest, priced, stock_priced, guarded] {
                let instance = make(&mut Dice(seed), size);
                let least = program(&instance);
                for steps in [300, 3_000, 10_000_000] {
                    let (cost, under, proven) = bounded(&instance, steps);
                    assert!(under <= least && least <= cost, "seed {seed} steps {steps}");
                    assert!(!proven || cost == least, "seed {seed} steps {steps}");
                    proven_early += u64::from(proven && steps < 10_000_000);
                    assert!(proven || steps < 10_000_000, "seed {seed} {size:?}");
                }
            }
        }
        assert!(proven_early > 10_000, "{proven_early}");
    }

    fn program(instance: &Instance) -> crate::Cost {
        let tariffs = Tariffs::new(instance);
        let problem = Problem::new(instance, &tariffs, None, Grain::Unit).expect("sound");
        match exact::optimum(&problem, &mut Meter::new(u64::MAX)) {
            Outcome::Optimal(amounts) => problem.cost_of_all(&amounts),
            Outcome::OutOfSteps { bound } => panic!("out of steps at {bound:?}"),
        }
    }

    fn bounded(instance: &Instance, steps: u64) -> (crate::Cost, crate::Cost, bool) {
        let tariffs = Tariffs::new(instance);
        let problem = Problem::new(instance, &tariffs, None, Grain::Unit).expect("sound");
        let model = Model::new(&problem).expect("small numbers");
        let Some(found) = search(&model, &mut Meter::new(steps)) else {
            let nothing = problem.cost_of_all(&Vec::new());
            return (nothing, nothing, true);
        };
        let cost = problem.cost_of_all(&found.amounts);
        let under = problem.with_base(model.unpack(found.under));
        (cost, under, found.proven)
    }
}
