//! The exact optimum by dynamic programming over loads.
//!
//! A load says how many grains of each part are meant; loads are numbered in mixed radix, so that
//! subtracting a contained load subtracts its number. First every load gets its cheapest site,
//! then `best(load) = min over contained loads L with the first open part of offer(L) +
//! best(load - L)`, where leaving a grain unfilled is one more choice.
//!
//! That recursion is a relaxation: it may use a site twice, or too many shipments, and it charges
//! a split penalty for the first shipment too. What it gets wrong is put right and solved again:
//! a site met twice becomes *exclusive* (a stage of its own that uses it at most once), and where
//! the number of shipments matters, tables are kept per number. A relaxed optimum that breaks no
//! rule is the true one, so most orders need one round.

use crate::cost::Cost;
use crate::problem::{Amounts, Problem};
use crate::solve::Meter;

/// More parts than this never fit a budget: even two grains each make 3^20 steps.
const PARTS_MAX: usize = 20;

/// How the search ended.
pub(crate) enum Outcome {
    /// The cheapest plan there is.
    Optimal(Amounts),
    /// The next round would not fit the budget. The bound is under every plan, if a round ran.
    OutOfSteps { bound: Option<Cost> },
}

/// A choice of [`Table`]: ship this load, or one of these two.
const LEAVE: u32 = u32::MAX;
const UNREACHED: u32 = u32::MAX - 1;

/// Whether a first round would take no more than so many steps.
pub(crate) fn fits(problem: &Problem, steps: u64) -> bool {
    Loads::new(problem).is_some_and(|loads| round_steps(problem, &loads, &[], Layers::Any) <= steps)
}

/// Runs rounds until the relaxed optimum breaks no rule.
pub(crate) fn optimum(problem: &Problem, meter: &mut Meter) -> Outcome {
    let mut bound = None;
    let Some(loads) = Loads::new(problem) else {
        return Outcome::OutOfSteps { bound };
    };
    let mut exclusive: Vec<usize> = Vec::new();
    let mut layers = Layers::Any;
    loop {
        if !meter.take(round_steps(problem, &loads, &exclusive, layers)) {
            return Outcome::OutOfSteps { bound };
        }
        let found = Round::run(problem, &loads, &exclusive, layers);
        let twice = found.sites_met_twice(&exclusive);
        let next_layers = match layers {
            Layers::Any if found.needs_counting(problem) => {
                Layers::Counted(problem.shipments_max())
            }
            Layers::Any | Layers::Counted(_) => layers,
        };
        if twice.is_empty() && next_layers == layers {
            return Outcome::Optimal(found.amounts(problem, &loads));
        }
        bound = bound.max(Some(found.value));
        exclusive.extend(twice);
        layers = next_layers;
    }
}

/// The numbering of loads, and what serving each of them costs at least, with a split penalty for
/// every shipment. `None` if that takes more steps than are left.
pub(crate) fn least_by_load(problem: &Problem, meter: &mut Meter) -> Option<(Loads, Vec<Cost>)> {
    let loads = Loads::new(problem)?;
    if !meter.take(round_steps(problem, &loads, &[], Layers::Any)) {
        return None;
    }
    let split = Cost::money(problem.instance.penalties.split_uc);
    let mut scratch = Vec::with_capacity(loads.total);
    let mut offers = vec![NO_OFFER; loads.total];
    for site in 0..problem.sites.len() {
        offer(problem, &loads, site, split, &mut scratch, &mut offers);
    }
    let table = Table::shared(problem, &loads, &offers, Layers::Any);
    Some((loads, table.costs))
}

/// Every load that a site could ship, with what the shipment costs.
pub(crate) fn pieces(problem: &Problem, loads: &Loads, site: usize, into: &mut Vec<(usize, Cost)>) {
    let mut scratch = Vec::new();
    into.clear();
    take_apart(problem, loads, site, 0, &mut scratch);
    for piece in &scratch[1..] {
        if piece.value >= problem.least_value {
            into.push((piece.load, piece.cost(problem, site)));
        }
    }
}

/// Whether tables are kept per number of shipments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layers {
    Any,
    /// Zero to this many.
    Counted(usize),
}

impl Layers {
    fn count(self) -> usize {
        match self {
            Layers::Any => 1,
            Layers::Counted(most) => most + 1,
        }
    }

    /// The layer that is left after one shipment.
    fn below(self, layer: usize) -> Option<usize> {
        match self {
            Layers::Any => Some(layer),
            Layers::Counted(_) => layer.checked_sub(1),
        }
    }
}

/// The numbering of loads.
pub(crate) struct Loads {
    counts: Vec<u32>,
    strides: Vec<usize>,
    total: usize,
    /// Pairs of a load and a load contained in it.
    pairs: u64,
}

impl Loads {
    fn new(problem: &Problem) -> Option<Loads> {
        let rough = problem
            .parceler
            .is_some_and(|parceler| !parceler.is_exact());
        if problem.parts.len() > PARTS_MAX || rough {
            return None;
        }
        let mut loads = Loads {
            counts: problem.parts.iter().map(|part| part.count).collect(),
            strides: Vec::with_capacity(problem.parts.len()),
            total: 1,
            pairs: 1,
        };
        for &count in &loads.counts {
            loads.strides.push(loads.total);
            loads.total = loads.total.checked_mul(count as usize + 1)?;
            let grains = u64::from(count);
            loads.pairs = loads.pairs.checked_mul((grains + 1) * (grains + 2) / 2)?;
        }
        // The tables are indexed by u32, and the two largest values mean something else.
        (loads.total < UNREACHED as usize).then_some(loads)
    }

    pub fn full(&self) -> usize {
        self.total - 1
    }

    /// By how much a grain of a part raises the number of a load.
    pub fn stride(&self, part: usize) -> usize {
        self.strides[part]
    }

    pub fn grains(&self, load: usize, part: usize) -> u32 {
        ((load / self.strides[part]) % (self.counts[part] as usize + 1)) as u32
    }
}

/// One part of a load that is being taken apart.
#[derive(Debug, Clone, Copy, Default)]
struct Axis {
    limit: u32,
    stride: usize,
}

/// The parts of which a load holds any, first part first.
struct Axes {
    axes: [Axis; PARTS_MAX],
    len: usize,
}

impl Axes {
    fn of(digits: &[u32], caps: Option<&[u32]>, strides: &[usize]) -> Axes {
        let mut axes = Axes {
            axes: [Axis::default(); PARTS_MAX],
            len: 0,
        };
        for (part, (&digit, &stride)) in digits.iter().zip(strides).enumerate() {
            let limit = caps.map_or(digit, |caps| digit.min(caps[part]));
            if limit > 0 {
                axes.axes[axes.len] = Axis { limit, stride };
                axes.len += 1;
            }
        }
        axes
    }

    /// Visits the loads within the limits, largest number first, with at least `floor` grains on
    /// the first axis. Going down makes equal costs fall to the largest load, so that shipments
    /// are not split for nothing.
    #[inline]
    fn for_each(&self, floor: u32, mut visit: impl FnMut(usize)) {
        let axes = &self.axes[..self.len];
        let Some((first, others)) = axes.split_first() else {
            return;
        };
        let mut left = [0_u32; PARTS_MAX];
        let mut outer = 0;
        for (slot, axis) in left.iter_mut().zip(others) {
            *slot = axis.limit;
            outer += axis.limit as usize * axis.stride;
        }
        loop {
            for grains in (floor..=first.limit).rev() {
                visit(outer + grains as usize * first.stride);
            }
            let mut borrowed = false;
            for (slot, axis) in left.iter_mut().zip(others) {
                if *slot > 0 {
                    *slot -= 1;
                    outer -= axis.stride;
                    borrowed = true;
                    break;
                }
                *slot = axis.limit;
                outer += axis.limit as usize * axis.stride;
            }
            if !borrowed {
                return;
            }
        }
    }
}

/// A load of one site while its offers are made.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    load: usize,
    /// The number of the load among those that are parceled.
    parcels: usize,
    weight_g: i64,
    money_uc: i64,
    units: i64,
    value: i64,
}

/// What shipping a load costs, from which site.
#[derive(Debug, Clone, Copy)]
struct Offer {
    cost: Cost,
    site: u32,
}

const NO_SITE: u32 = u32::MAX;
const NO_OFFER: Offer = Offer {
    cost: Cost::ZERO,
    site: NO_SITE,
};

/// The cheapest way to serve each load, layer after layer, and its first choice.
struct Table {
    costs: Vec<Cost>,
    choices: Vec<u32>,
}

/// The relaxed optimum under the rules known so far.
struct Round {
    shipments: Vec<(usize, usize)>,
    /// Under every plan, without what no site can ship.
    value: Cost,
}

fn round_steps(problem: &Problem, loads: &Loads, exclusive: &[usize], layers: Layers) -> u64 {
    let mut offers = 0_u64;
    for site in 0..problem.sites.len() {
        let caps = problem.caps(site).iter();
        let within = caps.fold(1_u64, |product, &cap| {
            product.saturating_mul(u64::from(cap) + 1)
        });
        offers = offers.saturating_add(within);
    }
    let mut pairs = loads.pairs;
    for &site in exclusive {
        let within = problem
            .caps(site)
            .iter()
            .zip(&loads.counts)
            .map(|(&cap, &count)| {
                // Loads of this part's count, each with its contained loads up to the cap.
                let (cap, count) = (u64::from(cap), u64::from(count));
                (cap + 1) * (2 * (count + 1) - cap) / 2
            });
        pairs = pairs.saturating_add(within.fold(1_u64, u64::saturating_mul));
    }
    offers.saturating_add(pairs.saturating_mul(layers.count() as u64))
}

impl Round {
    fn run(problem: &Problem, loads: &Loads, exclusive: &[usize], layers: Layers) -> Round {
        let split = Cost::money(problem.instance.penalties.split_uc);
        let mut scratch = Vec::with_capacity(loads.total);
        let mut offers = vec![NO_OFFER; loads.total];
        for site in (0..problem.sites.len()).filter(|site| !exclusive.contains(site)) {
            offer(problem, loads, site, split, &mut scratch, &mut offers);
        }
        let mut table = Table::shared(problem, loads, &offers, layers);
        let mut stages: Vec<(Vec<Offer>, Vec<u32>)> = Vec::with_capacity(exclusive.len());
        for &site in exclusive {
            let mut own = vec![NO_OFFER; loads.total];
            offer(problem, loads, site, split, &mut scratch, &mut own);
            let choices = table.add_exclusive(problem.caps(site), loads, &own, layers);
            stages.push((own, choices));
        }

        let (mut layer, value) = table.cheapest(loads, layers, split);
        let mut shipments = Vec::new();
        let mut load = loads.full();
        for ((_, choices), &site) in stages.iter().zip(exclusive).rev() {
            let shipped = choices[layer * loads.total + load] as usize;
            if shipped > 0 {
                shipments.push((site, shipped));
                load -= shipped;
                layer = layers
                    .below(layer)
                    .expect("a shipment was counted, so one is left");
            }
        }
        while load > 0 {
            match table.choices[layer * loads.total + load] {
                UNREACHED => unreachable!("only reached entries are chosen"),
                LEAVE => load -= loads.first_stride(load),
                shipped => {
                    shipments.push((offers[shipped as usize].site as usize, shipped as usize));
                    load -= shipped as usize;
                    layer = layers
                        .below(layer)
                        .expect("a shipment was counted, so one is left");
                }
            }
        }
        Round { shipments, value }
    }

    /// Sites that ship twice. Could their shipments be merged without loss, the larger load would
    /// have been chosen at once; so each is a break of the rules.
    fn sites_met_twice(&self, exclusive: &[usize]) -> Vec<usize> {
        let mut sites: Vec<usize> = self.shipments.iter().map(|&(site, _)| site).collect();
        sites.sort_unstable();
        let mut twice: Vec<usize> = sites
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        twice.dedup();
        debug_assert!(twice.iter().all(|site| !exclusive.contains(site)));
        twice
    }

    /// Whether the number of shipments must be watched: there are too many of them, or there is
    /// none and a first one, free of the split penalty that was charged, could still pay.
    fn needs_counting(&self, problem: &Problem) -> bool {
        let none_but_could = self.shipments.is_empty() && problem.instance.penalties.split_uc > 0;
        self.shipments.len() > problem.shipments_max() || none_but_could
    }

    fn amounts(&self, problem: &Problem, loads: &Loads) -> Amounts {
        let width = problem.parts.len();
        let mut amounts = vec![0; problem.sites.len() * width];
        for &(site, load) in &self.shipments {
            for part in 0..width {
                amounts[site * width + part] += loads.grains(load, part);
            }
        }
        amounts
    }
}

impl Piece {
    fn cost(&self, problem: &Problem, site: usize) -> Cost {
        let carriage_uc = problem.carriage_uc(site, self.weight_g, self.parcels);
        problem.with_tiers(site, self.units, self.money_uc + carriage_uc)
    }
}

/// Lowers the offers to what this site asks for the loads it has, split penalty included.
fn offer(
    problem: &Problem,
    loads: &Loads,
    site: usize,
    split: Cost,
    scratch: &mut Vec<Piece>,
    offers: &mut [Offer],
) {
    take_apart(problem, loads, site, split.money_uc, scratch);
    let worthy = |piece: &&Piece| piece.value >= problem.least_value;
    for piece in scratch[1..].iter().filter(worthy) {
        let cost = piece.cost(problem, site);
        let best = &mut offers[piece.load];
        if best.site == NO_SITE || cost < best.cost {
            // Safety of the cast: a problem with 2^32 sites does not fit into memory.
            *best = Offer {
                cost,
                site: site as u32,
            };
        }
    }
}

/// Collects all loads of a site, the empty one first, with so much added to the money of each.
fn take_apart(
    problem: &Problem,
    loads: &Loads,
    site: usize,
    money_uc: i64,
    scratch: &mut Vec<Piece>,
) {
    scratch.clear();
    scratch.push(Piece {
        money_uc,
        ..Piece::default()
    });
    for (part, &cap) in problem.caps(site).iter().enumerate() {
        let so_far = scratch.len();
        let stride = problem.load_stride(part);
        for grains in 1..=cap {
            let load = grains as usize * loads.strides[part];
            let parcels = grains as usize * stride;
            let weight_g = i64::from(grains) * problem.parts[part].weight_g;
            let money_uc = problem.handling_uc(site, part, grains);
            let units = i64::from(grains) * problem.parts[part].units;
            let value = i64::from(grains) * problem.parts[part].value;
            for at in 0..so_far {
                let base = scratch[at];
                scratch.push(Piece {
                    load: base.load + load,
                    parcels: base.parcels + parcels,
                    weight_g: base.weight_g + weight_g,
                    money_uc: base.money_uc + money_uc,
                    units: base.units + units,
                    value: base.value + value,
                });
            }
        }
    }
}

impl Table {
    /// The recursion over all sites that are not exclusive.
    fn shared(problem: &Problem, loads: &Loads, offers: &[Offer], layers: Layers) -> Table {
        let mut table = Table {
            costs: vec![Cost::ZERO; loads.total * layers.count()],
            choices: vec![UNREACHED; loads.total * layers.count()],
        };
        table.choices[0] = LEAVE;
        for layer in 0..layers.count() {
            let here = layer * loads.total;
            let below = layers.below(layer).map(|below| below * loads.total);
            let mut digits = [0_u32; PARTS_MAX];
            let digits = &mut digits[..loads.counts.len()];
            for load in 1..loads.total {
                loads.advance(digits);
                let mut best: Option<(Cost, u32)> = None;
                if let Some(below) = below {
                    let axes = Axes::of(digits, None, &loads.strides);
                    axes.for_each(1, |shipped| {
                        let offer = &offers[shipped];
                        let rest = below + load - shipped;
                        if offer.site == NO_SITE || table.choices[rest] == UNREACHED {
                            return;
                        }
                        let cost = offer.cost + table.costs[rest];
                        if best.is_none_or(|(least, _)| cost < least) {
                            // Safety of the cast: load numbers are below UNREACHED.
                            best = Some((cost, shipped as u32));
                        }
                    });
                }
                let (first, stride) = loads.first_open(digits);
                let rest = here + load - stride;
                if table.choices[rest] != UNREACHED {
                    let cost = problem.parts[first].unfilled + table.costs[rest];
                    if best.is_none_or(|(least, _)| cost < least) {
                        best = Some((cost, LEAVE));
                    }
                }
                if let Some((cost, choice)) = best {
                    table.costs[here + load] = cost;
                    table.choices[here + load] = choice;
                }
            }
        }
        table
    }

    /// Lets one more site ship at most one load. Answers the load it ships, zero for none.
    fn add_exclusive(
        &mut self,
        caps: &[u32],
        loads: &Loads,
        own: &[Offer],
        layers: Layers,
    ) -> Vec<u32> {
        let mut choices = vec![0; self.choices.len()];
        for layer in (0..layers.count()).rev() {
            let Some(below) = layers.below(layer) else {
                continue;
            };
            let (here, below) = (layer * loads.total, below * loads.total);
            let mut digits = [0_u32; PARTS_MAX];
            let digits = &mut digits[..loads.counts.len()];
            digits.copy_from_slice(&loads.counts);
            // Downward, so that the smaller loads read here do not know this site yet.
            for load in (1..loads.total).rev() {
                let axes = Axes::of(digits, Some(caps), &loads.strides);
                axes.for_each(0, |shipped| {
                    let rest = below + load - shipped;
                    // Of zero there is no offer, nor of what is not worth shipping.
                    if own[shipped].site == NO_SITE || self.choices[rest] == UNREACHED {
                        return;
                    }
                    let cost = own[shipped].cost + self.costs[rest];
                    let reached = self.choices[here + load] != UNREACHED;
                    if reached && cost >= self.costs[here + load] {
                        return;
                    }
                    if !reached {
                        // Marks the entry as reached; the way back asks this stage first.
                        self.choices[here + load] = LEAVE;
                    }
                    self.costs[here + load] = cost;
                    choices[here + load] = shipped as u32;
                });
                loads.retreat(digits);
            }
        }
        choices
    }

    /// The layer that serves everything at least cost, and a bound under every plan.
    fn cheapest(&self, loads: &Loads, layers: Layers, split: Cost) -> (usize, Cost) {
        let full = loads.full();
        match layers {
            // Whether the plan ships at all is not known here, so the bound assumes it does.
            Layers::Any => (0, self.costs[full] - split),
            Layers::Counted(most) => {
                let mut best: Option<(usize, Cost)> = None;
                for layer in 0..=most {
                    let at = layer * loads.total + full;
                    if self.choices[at] == UNREACHED {
                        continue;
                    }
                    let charged = if layer == 0 { Cost::ZERO } else { split };
                    let cost = self.costs[at] - charged;
                    if best.is_none_or(|(_, least)| cost < least) {
                        best = Some((layer, cost));
                    }
                }
                best.expect("leaving everything unfilled is always possible")
            }
        }
    }
}

impl Loads {
    /// Counts the digits up by one.
    fn advance(&self, digits: &mut [u32]) {
        for (digit, &count) in digits.iter_mut().zip(&self.counts) {
            if *digit < count {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
    }

    /// Counts the digits down by one.
    fn retreat(&self, digits: &mut [u32]) {
        for (digit, &count) in digits.iter_mut().zip(&self.counts) {
            if *digit > 0 {
                *digit -= 1;
                return;
            }
            *digit = count;
        }
    }

    /// The first part of which these digits hold any, and its stride.
    fn first_open(&self, digits: &[u32]) -> (usize, usize) {
        let first = digits
            .iter()
            .position(|&digit| digit > 0)
            .expect("a load above zero is open");
        (first, self.strides[first])
    }

    fn first_stride(&self, load: usize) -> usize {
        let first = (0..self.counts.len()).find(|&part| self.grains(load, part) > 0);
        self.strides[first.expect("a load above zero is open")]
    }
}
