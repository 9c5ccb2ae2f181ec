//! A good plan for orders that are too large to solve exactly: open sites greedily, then try
//! leaving out and swapping sites, then moving single parts. Nothing is proven here.
//!
//! Sites and parts are tried in order and only strict gains are taken, so the plan is the same on
//! every machine; only the number of gains tried depends on the budget.

use crate::cost::Cost;
use crate::problem::{Amounts, Problem};
use crate::solve::Meter;

/// Numbers that are only compared, as many as take the time of one step.
const LOOKS: usize = 8;

/// Opens sites while that helps, then leaves out and swaps them while that helps.
///
/// Where the steps do not last for trying each site, those are opened that have most of what is
/// missing, because there must be a plan.
pub(crate) fn greedy(problem: &Problem, meter: &mut Meter) -> Amounts {
    let mut trial = Trial::new(problem);
    let mut open: Vec<usize> = Vec::new();
    let mut best = trial.fill(&open);
    let mut in_time = true;
    while in_time && open.len() < problem.shipments_max() {
        let mut gain: Option<(Cost, usize)> = None;
        for site in 0..problem.sites.len() {
            if open.contains(&site) {
                continue;
            }
            open.push(site);
            in_time = meter.take(trial.steps(&open));
            let cost = in_time.then(|| trial.fill(&open));
            open.pop();
            let Some(cost) = cost else { break };
            if cost < gain.map_or(best, |(least, _)| least) {
                gain = Some((cost, site));
            }
        }
        let Some((cost, site)) = gain else { break };
        best = cost;
        open.push(site);
    }
    if !in_time {
        best = open_the_fullest(problem, &mut trial, &mut open, best, meter);
    }
    while let Some((cost, better)) = exchange(problem, &mut trial, &open, best, meter) {
        best = cost;
        open = better;
    }
    trial.fill(&open);
    trial.amounts(&open)
}

/// Opens the site that has most of what is missing, and again, while that costs less. Answers what the
/// plan costs then.
fn open_the_fullest(
    problem: &Problem,
    trial: &mut Trial,
    open: &mut Vec<usize>,
    mut best: Cost,
    meter: &mut Meter,
) -> Cost {
    let width = problem.parts.len();
    let mut closed: Vec<usize> = (0..problem.sites.len())
        .filter(|site| !open.contains(site))
        .collect();
    trial.fill(open);
    let mut missing = trial.missing();
    while open.len() < problem.shipments_max() {
        let has = |&site: &usize| -> u64 {
            let caps = problem.caps(site).iter().zip(&missing);
            caps.map(|(&cap, &missing)| u64::from(cap.min(missing)))
                .sum()
        };
        meter.spend((closed.len() * width / LOOKS) as u64);
        // Of equally full sites the first, as everywhere.
        let fullest = (0..closed.len()).rev().max_by_key(|&at| has(&closed[at]));
        let Some(at) = fullest.filter(|&at| has(&closed[at]) > 0) else {
            break;
        };
        open.push(closed.remove(at));
        meter.spend(trial.steps(open));
        let cost = trial.fill(open);
        if cost < best {
            best = cost;
            missing = trial.missing();
        } else {
            open.pop();
        }
    }
    best
}

/// The first way of closing an open site, with or without opening another, that costs less.
fn exchange(
    problem: &Problem,
    trial: &mut Trial,
    open: &[usize],
    best: Cost,
    meter: &mut Meter,
) -> Option<(Cost, Vec<usize>)> {
    let mut sites = Vec::with_capacity(open.len());
    for out in 0..open.len() {
        let others = (0..problem.sites.len())
            .filter(|site| !open.contains(site))
            .map(Some);
        for instead in std::iter::once(None).chain(others) {
            sites.clear();
            sites.extend_from_slice(open);
            match instead {
                None => drop(sites.remove(out)),
                Some(site) => sites[out] = site,
            }
            if !meter.take(trial.steps(&sites)) {
                return None;
            }
            let cost = trial.fill(&sites);
            if cost < best {
                return Some((cost, sites));
            }
        }
    }
    None
}

/// Moves all that one site ships of a part, or one grain of it, to another site while that helps.
pub(crate) fn improve(problem: &Problem, mut amounts: Amounts, meter: &mut Meter) -> Amounts {
    let mut best = problem.cost_of_all(&amounts);
    while let Some((cost, better)) = relocation(problem, &amounts, best, meter) {
        best = cost;
        amounts = better;
    }
    amounts
}

fn relocation(
    problem: &Problem,
    amounts: &Amounts,
    best: Cost,
    meter: &mut Meter,
) -> Option<(Cost, Amounts)> {
    let width = problem.parts.len();
    let mut trial = amounts.clone();
    for from in 0..amounts.len() {
        let part = from % width;
        for site in (0..problem.sites.len()).filter(|_| amounts[from] > 0) {
            let to = site * width + part;
            let room = problem.caps(site)[part] - amounts[to];
            let all = amounts[from].min(room);
            if to == from || all == 0 {
                continue;
            }
            for grains in [all, 1].into_iter().take(if all > 1 { 2 } else { 1 }) {
                if !meter.take(trial.len() as u64) {
                    return None;
                }
                trial[from] -= grains;
                trial[to] += grains;
                let rows = [from, to].map(|at| &trial[at / width * width..][..width]);
                let allowed = shipments(&trial, width) <= problem.shipments_max()
                    && rows.iter().all(|row| is_worth_shipping(problem, row));
                let cost = problem.cost_of_all(&trial);
                if allowed && cost < best {
                    return Some((cost, trial));
                }
                trial[from] += grains;
                trial[to] -= grains;
            }
        }
    }
    None
}

/// Whether a site may ship this, or ships nothing.
fn is_worth_shipping(problem: &Problem, row: &[u32]) -> bool {
    problem.least_value == 0
        || row.iter().all(|&grains| grains == 0)
        || problem.value(row) >= problem.least_value
}

fn shipments(amounts: &Amounts, width: usize) -> usize {
    amounts
        .chunks(width)
        .filter(|row| row.iter().any(|&grains| grains > 0))
        .count()
}

/// Fills parts from a given list of open sites, each from the cheapest by handling and stock price
/// first, then as listed.
struct Trial<'p, 'a> {
    problem: &'p Problem<'a>,
    /// What each open site ships: one row per site, as listed.
    rows: Vec<u32>,
    /// Places in the list, cheapest for the part at hand first.
    places: Vec<usize>,
    /// Places in the list that would ship too little to be worth it.
    closed: Vec<usize>,
}

impl<'p, 'a> Trial<'p, 'a> {
    fn new(problem: &'p Problem<'a>) -> Trial<'p, 'a> {
        Trial {
            problem,
            rows: Vec::new(),
            places: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// What filling from so many sites takes.
    fn steps(&self, open: &[usize]) -> u64 {
        (2 * (open.len() + 1) * self.problem.parts.len()) as u64
    }

    fn fill(&mut self, open: &[usize]) -> Cost {
        let problem = self.problem;
        let width = problem.parts.len();
        self.closed.clear();
        loop {
            self.fill_rows(open);
            let mut rows = self.rows.chunks(width.max(1));
            match rows.position(|row| !is_worth_shipping(problem, row)) {
                Some(place) => self.closed.push(place),
                None => return problem.cost(open.iter().copied(), &self.rows),
            }
        }
    }

    fn fill_rows(&mut self, open: &[usize]) {
        let problem = self.problem;
        let width = problem.parts.len();
        self.rows.clear();
        self.rows.resize(open.len() * width, 0);
        for (index, part) in problem.parts.iter().enumerate() {
            self.places.clear();
            let closed = &self.closed;
            self.places
                .extend((0..open.len()).filter(|place| !closed.contains(place)));
            self.places
                .sort_by_key(|&place| problem.grain(open[place], index));
            let mut missing = part.count;
            for &place in &self.places {
                let site = open[place];
                let grains = problem.caps(site)[index].min(missing);
                let first_uc = problem.handling_uc(site, index, 1) - problem.grain_uc(site, index);
                let number = i64::from(grains);
                let handling = problem.grain(site, index).times(number) + Cost::money(first_uc);
                if grains > 0 && handling <= part.unfilled.times(number) {
                    self.rows[place * width + index] = grains;
                    missing -= grains;
                }
            }
        }
    }

    /// Grains of each part that the last filling leaves.
    fn missing(&self) -> Vec<u32> {
        let parts = self.problem.parts.iter();
        let mut missing: Vec<u32> = parts.map(|part| part.count).collect();
        for row in self.rows.chunks(missing.len().max(1)) {
            for (missing, shipped) in missing.iter_mut().zip(row) {
                *missing -= shipped;
            }
        }
        missing
    }

    /// The last filling, with a row for every site.
    fn amounts(&self, open: &[usize]) -> Amounts {
        let width = self.problem.parts.len();
        let mut amounts = vec![0; self.problem.sites.len() * width];
        for (&site, row) in open.iter().zip(self.rows.chunks(width)) {
            amounts[site * width..][..width].copy_from_slice(row);
        }
        amounts
    }
}
