//! The cheapest plan from a handful of sites, by trying which of them ship, in which steps of their
//! prices, and then which part goes where.
//!
//! With the sites and their steps given, nothing is left but the cost of grains, which differs little
//! between sites, and room by weight. That is what prices for grains say little about, so the bounded
//! search hands over to this once few sites are left.

use crate::master::Column;
use crate::model::{Item, Model};
use crate::solve::Meter;

/// The search over one set of sites.
pub(crate) struct Assign<'m, 't> {
    model: &'m Model,
    meter: &'t mut Meter,
    /// The plan to beat, with a split penalty for its first shipment too.
    best: i64,
    plan: Option<Vec<Column>>,
    /// Parts, those first that have no choice, then the heaviest, with the weight that they and the
    /// parts behind could ship.
    order: Vec<(usize, i64)>,
    /// Sites that ship, what they have of each part, and the room of the step that is tried.
    sites: Vec<usize>,
    items: Vec<Vec<Option<Item>>>,
    rooms: Vec<i64>,
    loads: Vec<Vec<u32>>,
    /// Weight that no other of the sites could ship.
    forced_g: Vec<i64>,
    /// For each part, places of sites that have it, the cheapest first.
    places: Vec<Vec<usize>>,
    /// For each place in the order and each site: the weight of single grains, from there on, that
    /// are cheapest from this site, and the least that moving any of them costs for its weight.
    wishes: Vec<Wish>,
    /// Under the cost of a part, wherever it comes from.
    least: Vec<i64>,
    /// Under what leaving a grain costs over shipping it.
    lack: i64,
}

/// What parts would rather have from a site.
#[derive(Debug, Clone, Copy, Default)]
struct Wish {
    weight_g: i64,
    /// Moving so many grams elsewhere costs so much more.
    per_g: i64,
    more: i64,
}

/// How many sets a search over sets of these sizes tries.
pub(crate) fn sets(sites: usize, least: usize, most: usize) -> u64 {
    let mut sets = 0_u64;
    let mut choices = 1_u64;
    for size in 0..=most.min(sites) {
        if size >= least {
            sets = sets.saturating_add(choices);
        }
        choices = choices.saturating_mul((sites - size) as u64) / (size as u64 + 1);
    }
    sets
}

/// The cheapest plan from these sites that is cheaper than `best`, with a number of shipments within
/// the limits, and whether everything was tried before the steps ran out.
pub(crate) fn cheapest(
    model: &Model,
    sites: &[usize],
    limits: (usize, usize),
    best: i64,
    meter: &mut Meter,
) -> (Option<Vec<Column>>, bool) {
    let mut assign = Assign {
        model,
        meter,
        best,
        plan: None,
        order: Vec::new(),
        sites: Vec::new(),
        items: Vec::new(),
        rooms: Vec::new(),
        loads: Vec::new(),
        forced_g: Vec::new(),
        wishes: Vec::new(),
        places: vec![Vec::new(); model.parts.len()],
        least: vec![0; model.parts.len()],
        lack: 0,
    };
    let mut sets = Vec::new();
    let mut chosen = Vec::new();
    let mut done = assign.collect(sites, limits, &mut chosen, &mut sets);
    // The set that could be cheapest first; once one could not be better, none behind it can.
    sets.sort_by_key(|(under, _)| *under);
    for (under, set) in sets {
        if !done || under > assign.best - model.apart {
            break;
        }
        let (cost, weight_g) = assign.open(&set);
        assign.line_up(weight_g);
        done = assign.choose_steps(cost, weight_g);
    }
    (assign.plan, done)
}

impl Assign<'_, '_> {
    /// Collects every set of these sites, on top of those chosen, that could be better than the plan
    /// at hand, with a number that its cost is not below.
    fn collect(
        &mut self,
        rest: &[usize],
        limits: (usize, usize),
        chosen: &mut Vec<usize>,
        sets: &mut Vec<(i64, Vec<usize>)>,
    ) -> bool {
        let (least, most) = limits;
        if !self.meter.take(1) {
            return false;
        }
        if chosen.len() >= least.max(1) {
            let steps = chosen.len() * self.model.parts.len() / 2 + 1;
            if !self.meter.take(steps as u64) {
                return false;
            }
            let (cost, _) = self.open(chosen);
            let under = self.under(cost);
            if under <= self.best - self.model.apart {
                sets.push((under, chosen.clone()));
            }
        }
        if chosen.len() >= most || chosen.len() + rest.len() < least {
            return true;
        }
        for (at, &site) in rest.iter().enumerate() {
            chosen.push(site);
            let done = self.collect(&rest[at + 1..], limits, chosen, sets);
            chosen.pop();
            if !done {
                return false;
            }
        }
        true
    }

    /// Opens these sites and no others. Answers what they and the grains cost at least, without the
    /// price of weight, and the weight that they could ship together.
    fn open(&mut self, sites: &[usize]) -> (i64, i64) {
        let model = self.model;
        self.sites.clear();
        self.sites.extend_from_slice(sites);
        self.items
            .resize(sites.len().max(self.items.len()), Vec::new());
        self.loads.clear();
        self.loads.resize(sites.len(), vec![0; model.parts.len()]);
        self.rooms.clear();
        self.forced_g.clear();
        self.forced_g.resize(sites.len(), 0);
        self.lack = i64::MAX;
        let (mut cost, mut weight_g) = (0, 0);
        for (items, &site) in self.items.iter_mut().zip(sites) {
            cost += model.sites[site].opening;
            items.clear();
            items.resize(model.parts.len(), None);
            for &item in model.items(site) {
                items[item.part] = Some(item);
            }
        }
        for (part, packed) in model.parts.iter().enumerate() {
            let count = i64::from(packed.count);
            let open = self.items[..sites.len()].iter();
            let open = || open.clone().filter_map(|items| items[part]);
            let grain = open().map(|item| item.grain).min();
            let first = open().map(|item| item.first).min();
            let caps: i64 = open().map(|item| i64::from(item.cap)).sum();
            let unfilled = packed.unfilled * count;
            self.least[part] = match grain.zip(first) {
                Some((grain, first)) => {
                    let shipped = count.min(caps);
                    weight_g += shipped * packed.weight_g;
                    self.lack = self.lack.min(packed.unfilled - grain - first);
                    for (forced_g, items) in self.forced_g.iter_mut().zip(&self.items) {
                        if let Some(item) = items[part] {
                            let others = caps - i64::from(item.cap);
                            *forced_g += (shipped - others).max(0) * packed.weight_g;
                        }
                    }
                    let single = open().map(|item| item.grain + item.first).min();
                    let filled = match single {
                        Some(single) if count == 1 => single,
                        Some(_) | None => {
                            first + shipped * grain + (count - shipped) * packed.unfilled
                        }
                    };
                    filled.min(unfilled)
                }
                None => unfilled,
            };
            cost += self.least[part];
        }
        (cost, weight_g)
    }

    /// Under the cost of every plan from the sites that are open, each of them in use.
    fn under(&self, cost: i64) -> i64 {
        let (mut forced, mut least) = (cost, cost);
        for (&site, &forced_g) in self.sites.iter().zip(&self.forced_g) {
            let curve = self.model.curve(site);
            forced += curve.steps[curve.step_of(forced_g)].least_from;
            least += curve.steps[0].least_from;
        }
        forced.min(least.saturating_add(self.lack))
    }

    /// Puts parts and the sites of each in the order in which they are tried.
    fn line_up(&mut self, weight_g: i64) {
        let open = self.sites.len();
        for (part, places) in self.places.iter_mut().enumerate() {
            places.clear();
            places.extend((0..open).filter(|&place| self.items[place][part].is_some()));
            places
                .sort_by_key(|&place| self.items[place][part].map(|item| item.grain + item.first));
        }
        self.order.clear();
        let places = &self.places;
        self.order.extend((0..places.len()).map(|part| (part, 0)));
        let parts = &self.model.parts;
        self.order.sort_by_key(|&(part, _)| {
            let choice = places[part].len() > 1;
            (choice, -parts[part].weight_g)
        });
        let mut rest_g = weight_g;
        for (part, weight_g) in &mut self.order {
            *weight_g = rest_g;
            let items = self.items[..open].iter().filter_map(|items| items[*part]);
            let caps: i64 = items.map(|item| i64::from(item.cap)).sum();
            rest_g -= caps.min(i64::from(parts[*part].count)) * parts[*part].weight_g;
        }
        self.wish();
    }

    fn wish(&mut self) {
        let open = self.sites.len();
        self.wishes.clear();
        self.wishes
            .resize((self.order.len() + 1) * open, Wish::default());
        for at in (0..self.order.len()).rev() {
            let (here, behind) = (at * open, (at + 1) * open);
            self.wishes.copy_within(behind..behind + open, here);
            let (part, _) = self.order[at];
            let packed = &self.model.parts[part];
            let places = &self.places[part];
            let [first, others @ ..] = &places[..] else {
                continue;
            };
            if packed.count > 1 || packed.weight_g == 0 {
                continue;
            }
            let price = |place: usize| self.items[place][part].map(|item| item.grain + item.first);
            let next = others.first().and_then(|&place| price(place));
            let next = next.map_or(packed.unfilled, |next| next.min(packed.unfilled));
            let more = (next - price(*first).unwrap_or(0)).max(0);
            let wish = &mut self.wishes[here + first];
            let before = i128::from(wish.more) * i128::from(packed.weight_g);
            let after = i128::from(more) * i128::from(wish.per_g);
            if wish.weight_g == 0 || after < before {
                (wish.more, wish.per_g) = (more, packed.weight_g);
            }
            wish.weight_g += packed.weight_g;
        }
    }

    /// Under what it costs that parts from this place on do not all find room where they wish.
    fn crowding(&self, at: usize) -> i64 {
        let open = self.sites.len();
        let mut crowding = 0_i64;
        for (wish, room_g) in self.wishes[at * open..][..open].iter().zip(&self.rooms) {
            let over_g = wish.weight_g - room_g;
            if over_g > 0 && wish.more > 0 {
                let whole = i128::from(over_g) * i128::from(wish.more) / i128::from(wish.per_g);
                crowding = crowding.saturating_add(i64::try_from(whole).unwrap_or(i64::MAX));
            }
        }
        crowding
    }

    /// Tries every step of the sites from the one at hand on. `weight_g` must still find room.
    fn choose_steps(&mut self, cost: i64, weight_g: i64) -> bool {
        let model = self.model;
        let place = self.rooms.len();
        let Some(&site) = self.sites.get(place) else {
            if weight_g > 0 && cost.saturating_add(self.lack) > self.best - model.apart {
                return true;
            }
            let rooms_g: i64 = self.rooms.iter().sum();
            return self.place(0, cost, rooms_g);
        };
        let forced_g = self.forced_g[place];
        let full_g: i64 = (self.items[place].iter().flatten())
            .map(|item| i64::from(item.cap) * model.parts[item.part].weight_g)
            .sum();
        let later = (self.sites.iter().zip(&self.forced_g)).skip(place + 1);
        let later: i64 = later
            .map(|(&site, &forced_g)| {
                let curve = model.curve(site);
                // Without room for what is forced, something is lacking, which is checked last.
                let enough = curve.steps[curve.step_of(forced_g)].least_from;
                enough.min(curve.steps[0].least_from.saturating_add(self.lack))
            })
            .sum();
        for step in &model.curve(site).steps {
            if !self.meter.take(1) {
                return false;
            }
            let lack = if step.up_to_g < forced_g {
                self.lack
            } else {
                0
            };
            let under = (cost + later + step.price).saturating_add(lack);
            if under <= self.best - model.apart {
                self.rooms.push(step.up_to_g.min(full_g));
                let done =
                    self.choose_steps(cost + step.price, weight_g - step.up_to_g.min(full_g));
                self.rooms.pop();
                if !done {
                    return false;
                }
            }
            if step.up_to_g >= full_g {
                break;
            }
        }
        true
    }

    /// Places the parts from this one in the order on. `cost` holds the least cost of those to come.
    fn place(&mut self, at: usize, cost: i64, rooms_g: i64) -> bool {
        let Some(&(part, rest_g)) = self.order.get(at) else {
            self.keep();
            return true;
        };
        if rooms_g < rest_g && cost.saturating_add(self.lack) > self.best - self.model.apart {
            return true;
        }
        if cost.saturating_add(self.crowding(at)) > self.best - self.model.apart {
            return true;
        }
        let count = self.model.parts[part].count;
        let cost = cost - self.least[part];
        self.place_part(at, 0, count, cost, rooms_g)
    }

    /// Places what is left of a part on the sites from this one on.
    fn place_part(&mut self, at: usize, nth: usize, left: u32, cost: i64, rooms_g: i64) -> bool {
        if !self.meter.take(1) {
            return false;
        }
        if cost > self.best - self.model.apart {
            return true;
        }
        let (part, _) = self.order[at];
        let site = self.places[part].get(nth).copied();
        let Some(site) = site.filter(|_| left > 0) else {
            let unfilled = self.model.parts[part].unfilled * i64::from(left);
            let cost = cost + unfilled;
            return cost > self.best - self.model.apart || self.place(at + 1, cost, rooms_g);
        };
        let weight_g = self.model.parts[part].weight_g;
        if let Some(item) = self.items[site][part] {
            let mut most = item.cap.min(left);
            if weight_g > 0 {
                let fit = (self.rooms[site] / weight_g).min(i64::from(most));
                // Safety of the cast: at most `most`.
                most = fit.max(0) as u32;
            }
            for grains in (1..=most).rev() {
                let number = i64::from(grains);
                self.rooms[site] -= number * weight_g;
                self.loads[site][part] = grains;
                let cost = cost + item.first + number * item.grain;
                let rooms_g = rooms_g - number * weight_g;
                let done = self.place_part(at, nth + 1, left - grains, cost, rooms_g);
                self.loads[site][part] = 0;
                self.rooms[site] += number * weight_g;
                if !done {
                    return false;
                }
            }
        }
        self.place_part(at, nth + 1, left, cost, rooms_g)
    }

    /// Everything is placed or left: keeps the plan if it is the best.
    fn keep(&mut self) {
        let model = self.model;
        let worthy = |load: &Vec<u32>| {
            load.iter().all(|&grains| grains == 0) || model.is_worth_shipping(load)
        };
        if !self.loads.iter().all(worthy) {
            return;
        }
        let mut columns = Vec::with_capacity(self.sites.len());
        let mut cost = 0;
        for (load, &site) in self.loads.iter().zip(&self.sites) {
            if load.iter().any(|&grains| grains > 0) {
                let column = Column {
                    site,
                    cost: model.cost(site, load),
                    load: load.clone(),
                };
                cost += column.cost;
                columns.push(column);
            }
        }
        for (part, packed) in model.parts.iter().enumerate() {
            let shipped: u32 = self.loads.iter().map(|load| load[part]).sum();
            cost += packed.unfilled * i64::from(packed.count - shipped);
        }
        if columns.is_empty() {
            cost += model.split;
        }
        if cost < self.best {
            self.best = cost;
            self.plan = Some(columns);
        }
    }
}
