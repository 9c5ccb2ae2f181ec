//! The best plan that the bounded search has met, and how plans are made to fill up what is left.

use crate::master::Column;
use crate::model::Model;
use crate::solve::Meter;

/// The best plan so far.
pub(crate) struct Incumbent<'m> {
    model: &'m Model,
    /// What it costs, with a split penalty for its first shipment too.
    pub cost: i64,
    pub plan: Vec<Column>,
}

impl<'m> Incumbent<'m> {
    /// Begins with shipping nothing.
    pub fn new(model: &'m Model) -> Incumbent<'m> {
        Incumbent {
            model,
            cost: model.nothing() + model.split,
            plan: Vec::new(),
        }
    }

    /// Takes what fits of these columns after each other, then at each turn the full load of the
    /// site that costs least for what it spares; keeps the plan if it is better.
    pub fn fill_up(&mut self, columns: Vec<&Column>, meter: &mut Meter) {
        let model = self.model;
        let mut left: Vec<u32> = model.parts.iter().map(|part| part.count).collect();
        let mut plan: Vec<Column> = Vec::new();
        let most = model.shipments_max.unwrap_or(usize::MAX);
        for column in columns {
            let fits = column.load.iter().zip(&left).map(|(a, b)| *a.min(b));
            let load: Vec<u32> = fits.collect();
            let site = column.site;
            let new = plan.iter().all(|one| one.site != site);
            let full = plan.len() >= most || !model.is_worth_shipping(&load);
            if new && !full && load.iter().any(|&grains| grains > 0) {
                take(&mut left, &load);
                let cost = model.cost(site, &load);
                plan.push(Column { site, cost, load });
            }
        }
        while plan.len() < most && left.iter().any(|&grains| grains > 0) {
            let Some(column) = self.next_full(&left, &plan, meter) else {
                break;
            };
            take(&mut left, &column.load);
            plan.push(column);
        }
        self.keep(plan);
    }

    /// Keeps the plan if it is better than the one at hand.
    pub fn keep(&mut self, plan: Vec<Column>) {
        let mut left: Vec<u32> = self.model.parts.iter().map(|part| part.count).collect();
        let mut cost = 0;
        for column in &plan {
            take(&mut left, &column.load);
            cost += column.cost;
        }
        for (part, &left) in self.model.parts.iter().zip(&left) {
            cost += part.unfilled * i64::from(left);
        }
        if plan.is_empty() {
            cost += self.model.split;
        }
        if cost < self.cost {
            self.cost = cost;
            self.plan = plan;
        }
    }

    /// The load of everything that a site has of what is left, from the site where it costs the
    /// smallest share of what leaving it unfilled would.
    fn next_full(&self, left: &[u32], plan: &[Column], meter: &mut Meter) -> Option<Column> {
        let model = self.model;
        let mut best: Option<(i64, i64, usize)> = None;
        for site in 0..model.sites.len() {
            let items = model.items(site);
            meter.spend(1 + items.len() as u64 / 4);
            if plan.iter().any(|column| column.site == site) {
                continue;
            }
            let (mut weight_g, mut cost, mut spared) = (0, model.sites[site].opening, 0_i64);
            let mut value = 0;
            for item in items {
                let grains = i64::from(item.cap.min(left[item.part]));
                if grains > 0 {
                    value += grains * model.parts[item.part].value;
                    weight_g += grains * model.parts[item.part].weight_g;
                    cost += item.first + grains * item.grain;
                    spared += grains * model.parts[item.part].unfilled;
                }
            }
            cost += model.curve(site).at(weight_g);
            // Shares of different sums compare by their cross products.
            let better = |(least, whole, _): (i64, i64, usize)| {
                i128::from(cost) * i128::from(whole) < i128::from(least) * i128::from(spared)
            };
            if cost < spared && value >= model.least_value && best.is_none_or(better) {
                best = Some((cost, spared, site));
            }
        }
        let (cost, _, site) = best?;
        let mut load = vec![0; left.len()];
        for item in model.items(site) {
            load[item.part] = item.cap.min(left[item.part]);
        }
        Some(Column { site, cost, load })
    }
}

fn take(left: &mut [u32], load: &[u32]) {
    for (left, grains) in left.iter_mut().zip(load) {
        *left -= grains;
    }
}
