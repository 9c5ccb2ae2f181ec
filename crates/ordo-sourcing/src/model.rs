//! A problem in single numbers, for methods that must add, multiply and divide costs.
//!
//! Tiers and money are packed into one integer that compares as they do, which is possible where
//! their ranges fit. A column is a load from a site; it costs what the shipment costs with the split
//! penalty, so that the sum over a plan is one penalty too high wherever anything is shipped.

use crate::cost::{Cost, MAX_TIERS};
use crate::problem::{Amounts, Problem};

/// What no packed cost may reach; sums and differences of a few stay inside an i64.
const RANGE_MAX: i128 = 1 << 60;

/// A problem whose costs are packed.
pub(crate) struct Model {
    pub parts: Vec<PackedPart>,
    pub sites: Vec<PackedSite>,
    items: Vec<Item>,
    curves: Vec<PackedCurve>,
    /// Under what grains cost in every plan, without opening sites.
    pub least: i64,
    /// Charged by every column.
    pub split: i64,
    /// The most shipments of a plan, where a plan could want more.
    pub shipments_max: Option<usize>,
    /// Two plans whose costs differ, differ by at least this much.
    pub apart: i64,
    /// What the goods of every shipment must be worth.
    pub least_value: i64,
    packing: Packing,
}

/// A part as the search sees it.
pub(crate) struct PackedPart {
    pub count: u32,
    pub weight_g: i64,
    /// Leaving one grain unfilled.
    pub unfilled: i64,
    /// What the goods of one grain are worth.
    pub value: i64,
}

/// A site as the search sees it.
pub(crate) struct PackedSite {
    /// Whatever it ships, with the split penalty.
    pub opening: i64,
    curve: usize,
    items: std::ops::Range<usize>,
}

/// A part that a site can ship.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub part: usize,
    pub cap: u32,
    /// Per grain.
    pub grain: i64,
    /// For the first grain, besides.
    pub first: i64,
}

/// Prices by weight; the last step holds every load.
pub(crate) struct PackedCurve {
    pub steps: Vec<PackedStep>,
}

pub(crate) struct PackedStep {
    pub up_to_g: i64,
    pub price: i64,
    /// The least price of this and of all heavier steps.
    pub least_from: i64,
}

/// How costs become single numbers.
struct Packing {
    /// What one of each tier is worth, and of money.
    worths: [i64; MAX_TIERS + 1],
}

impl Model {
    /// `None` where the ranges of tiers and money do not fit into one number, or where a shipment's
    /// price is not one of its weight.
    pub fn new(problem: &Problem) -> Option<Model> {
        if problem.parceler.is_some() {
            return None;
        }
        let grains: i64 = problem.parts.iter().map(|part| i64::from(part.count)).sum();
        let packing = Packing::new(problem, grains)?;
        let worth = packing.worths[MAX_TIERS];
        let money = |money_uc: i64| money_uc * worth;
        let mut curves = Vec::with_capacity(problem.tariffs.curves().len());
        for curve in problem.tariffs.curves() {
            curves.push(PackedCurve::new(curve.steps()?, money));
        }
        let mut model = Model {
            parts: Vec::with_capacity(problem.parts.len()),
            sites: Vec::with_capacity(problem.sites.len()),
            items: Vec::new(),
            curves,
            least: 0,
            split: money(problem.instance.penalties.split_uc),
            shipments_max: problem.shipments_limit(),
            apart: packing.worths[MAX_TIERS],
            least_value: problem.least_value,
            packing,
        };
        for part in &problem.parts {
            model.parts.push(PackedPart {
                count: part.count,
                weight_g: part.weight_g,
                unfilled: model.packing.pack(part.unfilled),
                value: part.value,
            });
        }
        for site in 0..problem.sites.len() {
            let from = model.items.len();
            for (part, &cap) in problem.caps(site).iter().enumerate() {
                if cap > 0 {
                    let grain_uc = problem.grain_uc(site, part);
                    model.items.push(Item {
                        part,
                        cap,
                        grain: model.packing.pack(problem.grain(site, part)),
                        first: money(problem.handling_uc(site, part, 1) - grain_uc),
                    });
                }
            }
            model.sites.push(PackedSite {
                opening: model.packing.pack(problem.opening(site)) + model.split,
                curve: problem.sites[site].tariff,
                items: from..model.items.len(),
            });
        }
        let mut least: Vec<i64> = (model.parts.iter())
            .map(|part| part.unfilled * i64::from(part.count))
            .collect();
        for item in &model.items {
            let part = &model.parts[item.part];
            // However little of it comes from here, its grains cost no less than the cheapest.
            let grain = item.grain.min(part.unfilled) * i64::from(part.count);
            least[item.part] = least[item.part].min(grain);
        }
        model.least = least.iter().sum();
        Some(model)
    }

    pub fn items(&self, site: usize) -> &[Item] {
        &self.items[self.items_of(site)]
    }

    /// Where the items of a site stand among those of all sites.
    pub fn items_of(&self, site: usize) -> std::ops::Range<usize> {
        self.sites[site].items.clone()
    }

    /// What every item could give, item after item.
    pub fn caps(&self) -> Vec<u32> {
        self.items.iter().map(|item| item.cap).collect()
    }

    pub fn curve(&self, site: usize) -> &PackedCurve {
        &self.curves[self.sites[site].curve]
    }

    /// What a column costs.
    pub fn cost(&self, site: usize, load: &[u32]) -> i64 {
        let mut weight_g = 0;
        let mut cost = self.sites[site].opening;
        for item in self.items(site) {
            let grains = i64::from(load[item.part]);
            if grains > 0 {
                weight_g += grains * self.parts[item.part].weight_g;
                cost += item.first + grains * item.grain;
            }
        }
        cost + self.curve(site).at(weight_g)
    }

    /// Whether a load is worth a shipment.
    pub fn is_worth_shipping(&self, load: &[u32]) -> bool {
        if self.least_value == 0 {
            return true;
        }
        let values = self.parts.iter().zip(load);
        let value: i64 = values
            .map(|(part, &grains)| part.value * i64::from(grains))
            .sum();
        value >= self.least_value
    }

    /// What the plan costs that ships nothing.
    pub fn nothing(&self) -> i64 {
        let parts = self.parts.iter();
        parts
            .map(|part| part.unfilled * i64::from(part.count))
            .sum()
    }

    /// A packed cost, rounded down to what some plan could cost.
    pub fn unpack(&self, packed: i64) -> Cost {
        self.packing.unpack(packed)
    }

    /// A row of grains per site, from columns.
    pub fn amounts<'c>(&self, columns: impl Iterator<Item = (usize, &'c [u32])>) -> Amounts {
        let width = self.parts.len();
        let mut amounts = vec![0; self.sites.len() * width];
        for (site, load) in columns {
            amounts[site * width..][..width].copy_from_slice(load);
        }
        amounts
    }
}

impl PackedCurve {
    fn new(steps: &[(i64, i64)], money: impl Fn(i64) -> i64) -> PackedCurve {
        let steps = steps.iter().map(|&(up_to_g, cost_uc)| PackedStep {
            up_to_g,
            price: money(cost_uc),
            least_from: 0,
        });
        let mut steps: Vec<PackedStep> = steps.collect();
        let mut least = i64::MAX;
        for step in steps.iter_mut().rev() {
            least = least.min(step.price);
            step.least_from = least;
        }
        PackedCurve { steps }
    }

    pub fn at(&self, weight_g: i64) -> i64 {
        self.steps[self.step_of(weight_g)].price
    }

    /// Few steps concern one order, so they are tried one by one.
    pub fn step_of(&self, weight_g: i64) -> usize {
        let step = self.steps.iter().position(|step| weight_g <= step.up_to_g);
        step.expect("the last step holds every load")
    }
}

impl Packing {
    fn new(problem: &Problem, grains: i64) -> Option<Packing> {
        // One more than the most that a plan can have of each component.
        let ranges = problem.most().map(|most| most + 1);
        // Duals are rounded down to whole numbers, one per grain; with costs this far apart the
        // bound that they make still rounds up to the optimum.
        let mut worth = (i128::from(grains) + 2).unsigned_abs().next_power_of_two() as i128;
        let mut worths = [0; MAX_TIERS + 1];
        for (slot, range) in worths.iter_mut().zip(ranges).rev() {
            *slot = i64::try_from(worth).ok()?;
            worth = worth.checked_mul(range)?;
            if worth > RANGE_MAX {
                return None;
            }
        }
        Some(Packing { worths })
    }

    fn pack(&self, cost: Cost) -> i64 {
        let tiers = cost.tiers.iter().zip(self.worths);
        let tiers: i64 = tiers.map(|(tier, worth)| tier * worth).sum();
        tiers + cost.money_uc * self.worths[MAX_TIERS]
    }

    fn unpack(&self, packed: i64) -> Cost {
        let mut cost = Cost::ZERO;
        let mut rest = packed.max(0);
        for (slot, worth) in cost.tiers.iter_mut().zip(self.worths) {
            *slot = rest / worth;
            rest %= worth;
        }
        cost.money_uc = rest / self.worths[MAX_TIERS];
        cost
    }
}
