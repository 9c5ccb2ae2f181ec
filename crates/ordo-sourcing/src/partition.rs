//! Finds the cheapest plan among columns, each site used at most once, by trying them depth first.
//!
//! The part with the fewest columns is filled first. Costs are counted as nets over the given
//! prices, so that every choice adds to what has been lost against the bound, and a branch ends as
//! soon as it has lost more than the plan at hand.

use crate::master::Column;
use crate::model::Model;
use crate::pricing::Prices;
use crate::solve::Meter;

/// Columns with what is lost by each.
pub(crate) struct Partition<'c> {
    model: &'c Model,
    columns: &'c [(i64, Column)],
    /// The loads of the columns, in lanes.
    loads: Vec<u128>,
    lanes: Lanes,
    /// Parts, the one with the fewest columns first.
    order: Vec<Choice>,
    chosen: Vec<usize>,
    /// What leaving grains has cost.
    left_cost: i64,
    /// The cost of the plan to beat.
    least: i64,
    /// What a better plan may lose at most.
    limit: i64,
    best: Option<Vec<usize>>,
}

/// A part with its columns, least lost first.
struct Choice {
    part: usize,
    columns: Vec<usize>,
    /// What leaving a grain loses.
    lack: i64,
}

/// Grains of all parts in one number: a lane of bits for each, with one bit to spare.
struct Lanes {
    /// Where the lane of each part begins, and its bits without the spare one.
    lanes: Vec<(u32, u128)>,
    spare: u128,
}

impl<'c> Partition<'c> {
    /// `None` if the grains do not fit into one number.
    pub fn new(
        model: &'c Model,
        prices: &Prices,
        columns: &'c [(i64, Column)],
        least: i64,
    ) -> Option<Partition<'c>> {
        let lanes = Lanes::new(model)?;
        let loads = columns.iter().map(|(_, column)| lanes.pack(&column.load));
        let mut by_net: Vec<usize> = (0..columns.len()).collect();
        by_net.sort_by_key(|&at| columns[at].0);
        let parts = model.parts.iter().enumerate();
        let mut order: Vec<Choice> = parts
            .map(|(part, packed)| Choice {
                part,
                columns: by_net
                    .iter()
                    .copied()
                    .filter(|&at| columns[at].1.load[part] > 0)
                    .collect(),
                lack: packed.unfilled - prices.grains[part],
            })
            .collect();
        order.sort_by_key(|choice| choice.columns.len());
        Some(Partition {
            model,
            columns,
            loads: loads.collect(),
            lanes,
            order,
            chosen: Vec::new(),
            left_cost: 0,
            least,
            limit: least - model.apart - prices.sum,
            best: None,
        })
    }

    /// The columns of the cheapest plan that is cheaper than the one at hand, and whether all were
    /// tried before the steps ran out. `credit` is what sites not used yet could win back.
    pub fn best(mut self, credit: i64, meter: &mut Meter) -> (Option<Vec<usize>>, bool) {
        let counts: Vec<u32> = self.model.parts.iter().map(|part| part.count).collect();
        let left = self.lanes.pack(&counts);
        self.limit += credit;
        let done = self.fill(0, 0, left, 0, meter);
        (self.best, done)
    }

    /// Fills what is left of the part at this place in the order, with its columns from `from` on.
    fn fill(
        &mut self,
        place: usize,
        from: usize,
        left: u128,
        lost: i64,
        meter: &mut Meter,
    ) -> bool {
        let Some(choice) = self.order.get(place) else {
            self.settle();
            return true;
        };
        let (part, lack) = (choice.part, choice.lack);
        let grains = self.lanes.grains(left, part);
        if grains == 0 {
            return self.fill(place + 1, 0, left, lost, meter);
        }
        let full = (self.model.shipments_max).is_some_and(|most| self.chosen.len() >= most);
        let count = if full { 0 } else { choice.columns.len() };
        for next in from..count {
            let at = self.order[place].columns[next];
            let (net, column) = &self.columns[at];
            let (net, site) = (*net, column.site);
            if lost + net > self.limit {
                // Those behind lose no less.
                break;
            }
            if !meter.take(1) {
                return false;
            }
            let taken = |&chosen: &usize| self.columns[chosen].1.site == site;
            if !self.lanes.fits(self.loads[at], left) || self.chosen.iter().any(taken) {
                continue;
            }
            self.chosen.push(at);
            let done = self.fill(place, next + 1, left - self.loads[at], lost + net, meter);
            self.chosen.pop();
            if !done {
                return false;
            }
        }
        let lost = lost.saturating_add(lack.saturating_mul(grains as i64));
        if lost > self.limit {
            return true;
        }
        let left_cost = self.model.parts[part].unfilled * grains as i64;
        self.left_cost += left_cost;
        let left = self.lanes.without(left, part);
        let done = self.fill(place + 1, 0, left, lost, meter);
        self.left_cost -= left_cost;
        done
    }

    /// Every part is filled or left. What was lost is no more than what was paid, rules apart.
    fn settle(&mut self) {
        let mut cost = self.left_cost;
        for &at in &self.chosen {
            cost += self.columns[at].1.cost;
        }
        if self.chosen.is_empty() {
            cost += self.model.split;
        }
        if cost < self.least {
            self.limit -= self.least - cost;
            self.least = cost;
            self.best = Some(self.chosen.clone());
        }
    }
}

impl Lanes {
    fn new(model: &Model) -> Option<Lanes> {
        let mut lanes = Lanes {
            lanes: Vec::with_capacity(model.parts.len()),
            spare: 0,
        };
        let mut shift = 0;
        for part in &model.parts {
            let bits = u32::BITS - part.count.leading_zeros();
            if shift + bits + 1 > u128::BITS {
                return None;
            }
            lanes.lanes.push((shift, ((1 << bits) - 1) << shift));
            lanes.spare |= 1 << (shift + bits);
            shift += bits + 1;
        }
        Some(lanes)
    }

    fn pack(&self, load: &[u32]) -> u128 {
        let lanes = load.iter().zip(&self.lanes);
        lanes
            .map(|(&grains, (shift, _))| u128::from(grains) << shift)
            .sum()
    }

    /// Whether a load has no more of any part than is left: then no lane borrows its spare bit.
    fn fits(&self, load: u128, left: u128) -> bool {
        ((left | self.spare) - load) & self.spare == self.spare
    }

    fn grains(&self, left: u128, part: usize) -> u128 {
        let (shift, lane) = self.lanes[part];
        (left & lane) >> shift
    }

    fn without(&self, left: u128, part: usize) -> u128 {
        left & !self.lanes[part].1
    }
}
