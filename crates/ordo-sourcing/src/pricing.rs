//! Finds the loads of one site that are worth more than they cost, at given prices for grains.
//!
//! A load's *net* is its cost less the worth of its grains; what makes a plan cheaper has a low net.
//! Loads are tried depth first, most worth for its weight first, and cut off by the best that the
//! parts left could do if the last of them could be taken in pieces.

use std::cmp::Ordering;

use crate::model::{Model, PackedCurve};
use crate::solve::Meter;

/// What grains are worth.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prices {
    /// Worth of a grain of each part, never above leaving it unfilled.
    pub grains: Vec<i64>,
    /// What a shipment from each site is charged besides, or rewarded, for the rules of a branch.
    pub charges: Vec<i64>,
    /// Worth of all grains and rules: under every plan of the branch, but for negative nets.
    pub sum: i64,
}

/// Room for pricing that is used again for every site.
#[derive(Default)]
pub(crate) struct Pricer {
    items: Vec<Worthy>,
    /// Weight and worth of this item and those behind it that are worth taking.
    rest: Vec<(i64, i64)>,
    /// How many items, from the first, are worth taking.
    worthy: usize,
    load: Vec<u32>,
}

/// A part that a site can ship, at given prices.
#[derive(Debug, Clone, Copy)]
struct Worthy {
    part: usize,
    cap: u32,
    grain_g: i64,
    all_g: i64,
    /// Worth of a grain over its cost.
    grain: i64,
    first: i64,
    /// The most that any number of grains is worth over its cost.
    most: i64,
}

/// What is searched for, and where it goes.
pub(crate) struct Quest<'q> {
    /// Loads with a net above this are of no interest.
    pub limit: i64,
    /// Takes a load and its net; answers the new limit, or none where the load is of no use.
    pub found: &'q mut dyn FnMut(i64, &[u32]) -> Option<i64>,
}

/// What a search came to.
pub(crate) struct Searched {
    /// A number that no net is below.
    pub least: i64,
    /// Whether all loads were tried before the steps ran out.
    pub done: bool,
}

impl Pricer {
    /// Tries the loads of a site within the caps of all items, given the prices.
    pub fn search(
        &mut self,
        model: &Model,
        site: usize,
        caps: &[u32],
        prices: &Prices,
        quest: &mut Quest,
        meter: &mut Meter,
    ) -> Searched {
        let base = model.sites[site].opening + prices.charges[site];
        let curve = model.curve(site);
        let cheapest = base + curve.steps[0].least_from;
        self.collect(model, site, caps, prices, quest.limit - cheapest);
        let (_, worth) = self.rest.first().copied().unwrap_or_default();
        if cheapest - worth > quest.limit || self.items.is_empty() {
            let steps = 1 + self.items.len() as u64 / 4;
            return Searched {
                least: cheapest - worth,
                done: meter.take(steps),
            };
        }
        self.items[..self.worthy].sort_unstable_by(Worthy::by_density);
        self.sum_up();
        self.load.clear();
        self.load.resize(model.parts.len(), 0);
        let least = self.least(curve, base, 0, 0, quest.limit);
        let done = self.extend(curve, base, 0, 0, quest, meter);
        Searched { least, done }
    }

    /// Collects what could be part of a load whose items together may cost `spare` over their worth.
    fn collect(&mut self, model: &Model, site: usize, caps: &[u32], prices: &Prices, spare: i64) {
        self.items.clear();
        self.rest.clear();
        let mut worth = 0;
        let caps = &caps[model.items_of(site)];
        for (item, &cap) in model.items(site).iter().zip(caps) {
            let part = &model.parts[item.part];
            if cap == 0 {
                continue;
            }
            let grain = prices.grains[item.part] - item.grain;
            let most = grain.max(grain * i64::from(cap)) - item.first;
            worth += most.max(0);
            self.items.push(Worthy {
                part: item.part,
                cap,
                grain_g: part.weight_g,
                all_g: part.weight_g * i64::from(cap),
                grain,
                first: item.first,
                most,
            });
        }
        // What costs more than all others together bring, and may be wasted, is in no load.
        self.items
            .retain(|item| item.most >= 0 || item.most + worth + spare >= 0);
        self.rest.push((0, worth));
        self.items.sort_unstable_by_key(|item| item.most < 0);
        self.worthy = self.items.partition_point(|item| item.most >= 0);
    }

    /// Fills `rest`, which has one entry more than items.
    fn sum_up(&mut self) {
        self.rest.clear();
        self.rest.resize(self.items.len() + 1, (0, 0));
        for at in (0..self.worthy).rev() {
            let (behind_g, behind) = self.rest[at + 1];
            let item = &self.items[at];
            self.rest[at] = (behind_g + item.all_g, behind + item.most);
        }
    }

    /// Tries every load that adds items from `from` on to the one at hand.
    fn extend(
        &mut self,
        curve: &PackedCurve,
        cost: i64,
        from: usize,
        weight_g: i64,
        quest: &mut Quest,
        meter: &mut Meter,
    ) -> bool {
        for at in from..self.items.len() {
            if !meter.take(4) {
                return false;
            }
            // What holds for these items holds for fewer of them.
            let behind = self.items[at].most.min(0);
            if at < self.worthy {
                if self.least(curve, cost, at, weight_g, quest.limit) > quest.limit {
                    return true;
                }
            } else if cost - behind + curve.steps[curve.step_of(weight_g)].least_from > quest.limit
            {
                continue;
            }
            let item = self.items[at];
            for grains in (1..=item.cap).rev() {
                if !meter.take(1) {
                    return false;
                }
                let number = i64::from(grains);
                let cost = cost + item.first - item.grain * number;
                let weight_g = weight_g + item.grain_g * number;
                self.load[item.part] = grains;
                let net = cost + curve.at(weight_g);
                if net <= quest.limit {
                    let limit = (quest.found)(net, &self.load);
                    quest.limit = limit.unwrap_or(quest.limit);
                }
                if !self.extend(curve, cost, at + 1, weight_g, quest, meter) {
                    return false;
                }
            }
            self.load[item.part] = 0;
        }
        true
    }

    /// Under the net of every load that adds items from `from` on, or of none, to one of this weight.
    fn least(&self, curve: &PackedCurve, cost: i64, from: usize, weight_g: i64, limit: i64) -> i64 {
        let first = curve.step_of(weight_g);
        let (_, all) = self.rest[from];
        let quick = cost - all + curve.steps[first].least_from;
        if quick > limit {
            return quick;
        }
        let mut least = i64::MAX;
        let (mut item, mut used_g, mut worth) = (from, 0, 0);
        for step in &curve.steps[first..] {
            let room_g = step.up_to_g.saturating_sub(weight_g);
            while item < self.worthy && used_g + self.items[item].all_g <= room_g {
                used_g += self.items[item].all_g;
                worth += self.items[item].most;
                item += 1;
            }
            if item >= self.worthy {
                return least.min(cost - worth + step.least_from);
            }
            let piece = share(
                self.items[item].most,
                room_g - used_g,
                self.items[item].all_g,
            );
            least = least.min(cost - worth - piece + step.price);
        }
        least
    }
}

impl Worthy {
    /// Most worth for its weight first, then by part.
    fn by_density(&self, other: &Worthy) -> Ordering {
        let ours = i128::from(self.most) * i128::from(other.all_g);
        let theirs = i128::from(other.most) * i128::from(self.all_g);
        // What weighs nothing comes first, also against what is worth nothing.
        let weightless = (other.all_g == 0).cmp(&(self.all_g == 0));
        weightless
            .then(theirs.cmp(&ours))
            .then(self.part.cmp(&other.part))
    }
}

/// This part of a worth, rounded up.
fn share(worth: i64, part_g: i64, all_g: i64) -> i64 {
    match worth.checked_mul(part_g) {
        Some(product) => product / all_g + 1,
        // Safety of the cast: a part of an i64.
        None => (i128::from(worth) * i128::from(part_g) / i128::from(all_g)) as i64 + 1,
    }
}
