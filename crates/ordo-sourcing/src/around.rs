//! Looks around the best plan for a better one: other sets of sites, each filled roughly and the
//! promising ones improved part by part.
//!
//! With the sites given, what a part costs differs little between them, and everything hangs on which
//! weights stay below which step. A search that proves something takes long for that; moving and
//! exchanging single parts mostly ends at the best plan within microseconds. Nothing is proven here.

use crate::master::Column;
use crate::model::{Item, Model};
use crate::solve::Meter;

/// Sites whose pairs are tried, and whose triples: those that ship most for their cost.
const PAIRED: usize = 48;
const TRIPLED: usize = 16;
/// Sets that are improved after rough filling.
const IMPROVED: usize = 48;

/// What looking around found.
pub(crate) struct Seen {
    /// A plan cheaper than the one at hand.
    pub better: Option<Vec<Column>>,
    /// Sets of sites that made the cheapest plans, the best first.
    pub sets: Vec<Vec<usize>>,
}

/// Looks around a plan of this cost, as long as the steps last.
pub(crate) fn look(model: &Model, plan: &[Column], cost: i64, meter: &mut Meter) -> Seen {
    let mut around = Around {
        model,
        sites: Vec::new(),
        items: Vec::new(),
        loads: Vec::new(),
        weights_g: Vec::new(),
        units: Vec::new(),
        unfilled: 0,
    };
    let at_hand: Vec<usize> = plan.iter().map(|column| column.site).collect();
    let mut ranked: Vec<(i64, Vec<usize>)> = Vec::new();
    for set in sets(model, &at_hand) {
        if !meter.take((set.len() * set.len() * model.parts.len()) as u64 / 2) {
            break;
        }
        ranked.extend(around.roughly(set));
    }
    ranked.sort();
    ranked.truncate(IMPROVED);
    let mut best: Option<(i64, Vec<Column>)> = None;
    let mut improved = Vec::with_capacity(ranked.len());
    for (_, order) in ranked {
        around.fill(&order);
        let found = around.improve(meter);
        improved.push((found, around.used()));
        let least = best.as_ref().map_or(cost, |(least, _)| *least);
        if found < least {
            best = around.columns().map(|columns| (found, columns)).or(best);
        }
    }
    improved.sort();
    improved.dedup();
    Seen {
        better: best.map(|(_, columns)| columns),
        sets: improved.into_iter().map(|(_, set)| set).collect(),
    }
}

/// Sets of sites: that of the plan with one left out, one taken in, or both, and all small sets of
/// the sites that ship most for their cost.
fn sets(model: &Model, at_hand: &[usize]) -> Vec<Vec<usize>> {
    let mut sets = Vec::new();
    for out in (0..at_hand.len()).map(Some).chain([None]) {
        let others = (0..model.sites.len()).filter(|site| !at_hand.contains(site));
        for site in others.map(Some).chain([None]) {
            let kept = at_hand.iter().enumerate();
            let kept = kept.filter(|&(place, _)| Some(place) != out);
            sets.push(kept.map(|(_, &site)| site).chain(site).collect::<Vec<_>>());
        }
    }
    let strong = strongest(model);
    for (nth, &one) in strong.iter().enumerate() {
        for (mth, &other) in strong[..nth].iter().enumerate() {
            sets.push(vec![one, other]);
            if nth < TRIPLED {
                sets.extend(strong[..mth].iter().map(|&third| vec![one, other, third]));
            }
        }
    }
    let most = model.shipments_max.unwrap_or(usize::MAX);
    sets.retain(|set| !set.is_empty() && set.len() <= most);
    sets
}

/// The sites that, shipping all they have, cost the smallest share of what that spares.
fn strongest(model: &Model) -> Vec<usize> {
    let mut sites: Vec<(i64, i64, usize)> = Vec::with_capacity(model.sites.len());
    let mut load = vec![0; model.parts.len()];
    for site in 0..model.sites.len() {
        load.fill(0);
        let mut spared = 0;
        for item in model.items(site) {
            load[item.part] = item.cap;
            spared += i64::from(item.cap) * model.parts[item.part].unfilled;
        }
        sites.push((model.cost(site, &load), spared, site));
    }
    sites.sort_by(|(cost, spared, _), (other, others, _)| {
        let ours = i128::from(*cost) * i128::from(*others);
        ours.cmp(&(i128::from(*other) * i128::from(*spared)))
    });
    sites.truncate(PAIRED);
    sites.into_iter().map(|(_, _, site)| site).collect()
}

/// A plan from a few sites that is being changed.
struct Around<'m> {
    model: &'m Model,
    sites: Vec<usize>,
    /// What each of the sites has of each part.
    items: Vec<Vec<Option<Item>>>,
    loads: Vec<Vec<u32>>,
    weights_g: Vec<i64>,
    units: Vec<u32>,
    /// The cost of what no site of the set has.
    unfilled: i64,
}

impl Around<'_> {
    /// The order of these sites in which filling one after the other costs least, with that cost.
    fn roughly(&mut self, mut set: Vec<usize>) -> Option<(i64, Vec<usize>)> {
        let mut best: Option<(i64, Vec<usize>)> = None;
        for turn in 0..set.len() {
            // Every site comes first once, with the others behind it in both directions.
            for flipped in [false, true].into_iter().take(set.len().min(2)) {
                let mut order = set.clone();
                if flipped {
                    order[1..].reverse();
                }
                let cost = self.fill(&order);
                if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                    best = Some((cost, order));
                }
            }
            if turn + 1 < set.len() {
                set.rotate_left(1);
            }
        }
        best
    }

    /// Gives every part to the first of the sites that has it. Answers what that costs.
    fn fill(&mut self, order: &[usize]) -> i64 {
        let model = self.model;
        let width = model.parts.len();
        self.sites.clear();
        self.sites.extend_from_slice(order);
        let room = self.items.len().max(order.len());
        self.items.resize(room, Vec::new());
        self.loads.resize(room, Vec::new());
        self.weights_g.clear();
        self.units.clear();
        for (place, &site) in order.iter().enumerate() {
            let items = &mut self.items[place];
            items.clear();
            items.resize(width, None);
            for &item in model.items(site) {
                items[item.part] = Some(item);
            }
            self.loads[place].clear();
            self.loads[place].resize(width, 0);
            self.weights_g.push(0);
            self.units.push(0);
        }
        self.unfilled = 0;
        for (part, packed) in model.parts.iter().enumerate() {
            let mut left = packed.count;
            for place in 0..order.len() {
                let cap = self.items[place][part].map_or(0, |item| item.cap);
                let grains = cap.min(left);
                left -= grains;
                self.put(place, part, i64::from(grains));
            }
            self.unfilled += packed.unfilled * i64::from(left);
        }
        self.cost()
    }

    fn put(&mut self, place: usize, part: usize, grains: i64) {
        // Safety of the casts: loads stay between zero and what a site has.
        let load = &mut self.loads[place][part];
        *load = (i64::from(*load) + grains) as u32;
        self.units[place] = (i64::from(self.units[place]) + grains) as u32;
        self.weights_g[place] += grains * self.model.parts[part].weight_g;
    }

    /// With a split penalty for the first shipment too.
    fn cost(&self) -> i64 {
        let mut cost = self.unfilled;
        for place in 0..self.sites.len() {
            cost += self.opened(place, self.units[place].into(), self.weights_g[place]);
            for part in 0..self.model.parts.len() {
                cost += self.item_cost(place, part, self.loads[place][part].into());
            }
        }
        cost
    }

    /// What a site costs that ships so many units of such a weight, without its items.
    fn opened(&self, place: usize, units: i64, weight_g: i64) -> i64 {
        let site = self.sites[place];
        match units {
            0 => 0,
            _ => self.model.sites[site].opening + self.model.curve(site).at(weight_g),
        }
    }

    fn item_cost(&self, place: usize, part: usize, grains: i64) -> i64 {
        match self.items[place][part] {
            Some(item) if grains > 0 => item.first + item.grain * grains,
            Some(_) | None => 0,
        }
    }

    /// Moves and exchanges parts while that saves. Answers what the plan costs then.
    fn improve(&mut self, meter: &mut Meter) -> i64 {
        let mut cost = self.cost();
        let places = self.sites.len();
        let parts = self.model.parts.len();
        let steps = places * places * parts * parts / 8 + 1;
        while meter.take(steps as u64) {
            let mut best: (i64, Option<[Shift; 2]>) = (0, None);
            for from in 0..places {
                for to in (0..places).filter(|to| *to != from) {
                    for part in 0..parts {
                        let Some(shift) = self.shift(part, from, to) else {
                            continue;
                        };
                        let none = Shift { grains: 0, ..shift };
                        let saved = self.saved(from, to, shift, none);
                        if saved > best.0 {
                            best = (saved, Some([shift, none]));
                        }
                        for other in (0..parts).filter(|other| *other != part && from < to) {
                            if let Some(back) = self.shift(other, to, from) {
                                let saved = self.saved(from, to, shift, back);
                                if saved > best.0 {
                                    best = (saved, Some([shift, back]));
                                }
                            }
                        }
                    }
                }
            }
            let (saved, Some([there, back])) = best else {
                break;
            };
            for shift in [there, back] {
                self.put(shift.from, shift.part, -shift.grains);
                self.put(shift.to, shift.part, shift.grains);
            }
            cost -= saved;
        }
        cost
    }

    /// As much of a part as can go from one site to another.
    fn shift(&self, part: usize, from: usize, to: usize) -> Option<Shift> {
        let item = self.items[to][part]?;
        let room = item.cap - self.loads[to][part];
        let grains = i64::from(self.loads[from][part].min(room));
        (grains > 0).then(|| {
            let before = |place: usize| i64::from(self.loads[place][part]);
            let saved = self.item_cost(from, part, before(from))
                + self.item_cost(to, part, before(to))
                - self.item_cost(from, part, before(from) - grains)
                - self.item_cost(to, part, before(to) + grains);
            Shift {
                part,
                from,
                to,
                grains,
                weight_g: grains * self.model.parts[part].weight_g,
                saved,
            }
        })
    }

    /// What two opposite shifts between two sites save.
    fn saved(&self, from: usize, to: usize, there: Shift, back: Shift) -> i64 {
        let back_saved = if back.grains == 0 { 0 } else { back.saved };
        let back_g = if back.grains == 0 { 0 } else { back.weight_g };
        let grains = there.grains - back.grains;
        let weight_g = there.weight_g - back_g;
        let before = |place: usize| (i64::from(self.units[place]), self.weights_g[place]);
        let ((from_units, from_g), (to_units, to_g)) = (before(from), before(to));
        there.saved
            + back_saved
            + self.opened(from, from_units, from_g)
            + self.opened(to, to_units, to_g)
            - self.opened(from, from_units - grains, from_g - weight_g)
            - self.opened(to, to_units + grains, to_g + weight_g)
    }

    /// The sites that ship something, by rising number.
    fn used(&self) -> Vec<usize> {
        let sites = self.sites.iter().zip(&self.units);
        let sites = sites.filter(|(_, units)| **units > 0);
        let mut used: Vec<usize> = sites.map(|(&site, _)| site).collect();
        used.sort_unstable();
        used
    }

    /// The plan, if every shipment is worth it.
    fn columns(&self) -> Option<Vec<Column>> {
        let mut columns = Vec::new();
        for (place, &site) in self.sites.iter().enumerate() {
            let load = &self.loads[place];
            if self.units[place] == 0 {
                continue;
            }
            if !self.model.is_worth_shipping(load) {
                return None;
            }
            columns.push(Column {
                site,
                cost: self.model.cost(site, load),
                load: load.clone(),
            });
        }
        Some(columns)
    }
}

/// Grains of a part on their way from one site to another.
#[derive(Debug, Clone, Copy)]
struct Shift {
    part: usize,
    from: usize,
    to: usize,
    grains: i64,
    weight_g: i64,
    /// On items alone.
    saved: i64,
}
