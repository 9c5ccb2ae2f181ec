//! An instance made ready for searching: what cannot be shipped is set aside, lines become parts
//! counted in the coarsest units that lose nothing, and candidates become sites in key order.
//!
//! Invariant: sites stand by rising key, so no result depends on the order of the candidates.

use std::ops::Range;

use crate::cost::{Cost, MAX_TIERS};
use crate::instance::{Flaw, Instance};
use crate::parcel::Parceler;
use crate::plan::{Plan, Shipment};
use crate::rate::Service;
use crate::tariff::Tariffs;

/// How finely lines may be split between sites while searching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Single units: loses nothing.
    Unit,
    /// The largest unit that divides what is wanted and everything on offer. This loses nothing
    /// where shipping prices do not depend on weight: then, with the shipping sites given, a line's
    /// cost is concave in what each site ships of it, so some cheapest split empties all of its
    /// sites but one, and every quantity in it is a multiple of that unit. Where a shipment must be
    /// worth something, a site may need a part of a line, so that is another matter.
    Common,
}

/// A line, or several that stay together, as the search sees it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// How many grains can be shipped at most.
    pub count: u32,
    /// Stock units in one grain, over all members.
    pub units: i64,
    pub weight_g: i64,
    /// What the goods of one grain are worth.
    pub value: i64,
    /// Leaving one grain unfilled.
    pub unfilled: Cost,
    members: Range<usize>,
}

/// A candidate that can ship something.
#[derive(Debug)]
pub(crate) struct Site {
    candidate: usize,
    tiers: [i64; MAX_TIERS],
    /// By unit.
    unit_tiers: [i64; MAX_TIERS],
    order_uc: i64,
    line_uc: i64,
    /// Its prices, as an index into the tariffs.
    pub tariff: usize,
}

/// Grains that each site ships of each part: one row per site.
pub(crate) type Amounts = Vec<u32>;

#[derive(Debug)]
pub(crate) struct Problem<'a> {
    pub instance: &'a Instance,
    pub tariffs: &'a Tariffs<'a>,
    /// Prices shipments that may be several parcels.
    pub parceler: Option<&'a Parceler<'a>>,
    pub parts: Vec<Part>,
    pub sites: Vec<Site>,
    /// What the goods of every shipment must be worth, a single one included.
    pub least_value: i64,
    /// Grains of each part on offer, one row per site.
    caps: Vec<u32>,
    /// Money for one grain of each part, one row per site.
    grain_uc: Vec<i64>,
    /// Lines in the parts, with units per grain.
    members: Vec<(usize, i64)>,
    /// The cost of what no site can ship.
    base: Cost,
}

impl<'a> Problem<'a> {
    pub fn new(
        instance: &'a Instance,
        tariffs: &'a Tariffs<'a>,
        parceler: Option<&'a Parceler<'a>>,
        grain: Grain,
    ) -> Result<Problem<'a>, Flaw> {
        let mut order: Vec<usize> = (0..instance.candidates.len()).collect();
        order.sort_unstable_by_key(|&index| instance.candidates[index].key);
        for pair in order.windows(2) {
            let key = instance.candidates[pair[0]].key;
            if key == instance.candidates[pair[1]].key {
                return Err(Flaw::DuplicateKey(key));
            }
        }
        let mut problem = Problem {
            instance,
            tariffs,
            parceler,
            parts: Vec::with_capacity(instance.lines.len()),
            sites: Vec::with_capacity(order.len()),
            least_value: instance.least_value(),
            caps: Vec::with_capacity(order.len() * instance.lines.len()),
            grain_uc: Vec::with_capacity(order.len() * instance.lines.len()),
            members: Vec::with_capacity(instance.lines.len()),
            base: Cost::ZERO,
        };
        problem.add_parts(grain);
        problem.add_sites(&order);
        Ok(problem)
    }

    /// The number of grains of each part that a site has.
    pub fn caps(&self, site: usize) -> &[u32] {
        &self.caps[site * self.parts.len()..][..self.parts.len()]
    }

    /// What a site costs whatever it ships, without the price of its weight.
    pub fn opening(&self, site: usize) -> Cost {
        Cost {
            tiers: self.sites[site].tiers,
            money_uc: self.sites[site].order_uc,
        }
    }

    /// What a site adds to the tiers, and what with every unit.
    pub fn tiers(&self, site: usize) -> ([i64; MAX_TIERS], [i64; MAX_TIERS]) {
        (self.sites[site].tiers, self.sites[site].unit_tiers)
    }

    /// Money for grains of one part in a shipment, without the price of its weight.
    pub fn handling_uc(&self, site: usize, part: usize, grains: u32) -> i64 {
        if grains == 0 {
            return 0;
        }
        let members = self.parts[part].members.len() as i64;
        self.sites[site].line_uc * members + self.grain_uc(site, part) * i64::from(grains)
    }

    /// Money for one grain of a part, without what its first grain adds.
    pub fn grain_uc(&self, site: usize, part: usize) -> i64 {
        self.grain_uc[site * self.parts.len() + part]
    }

    /// What one grain of a part costs, without what its first grain adds.
    pub fn grain(&self, site: usize, part: usize) -> Cost {
        let units = self.parts[part].units;
        Cost {
            tiers: self.sites[site].unit_tiers.map(|tier| tier * units),
            money_uc: self.grain_uc(site, part),
        }
    }

    /// What the goods of a shipment are worth.
    pub fn value(&self, amounts: &[u32]) -> i64 {
        let values = self.parts.iter().zip(amounts);
        values
            .map(|(part, &grains)| part.value * i64::from(grains))
            .sum()
    }

    /// Money for a shipment of this weight, without its handling by part. Where shipments are
    /// parceled it is the number of the load that counts.
    pub fn carriage_uc(&self, site: usize, weight_g: i64, load: usize) -> i64 {
        let site = &self.sites[site];
        let carriage_uc = match self.parceler {
            None => self.tariffs.curves()[site.tariff].at(weight_g),
            Some(parceler) => parceler.tabled_uc(self.services(site), load),
        };
        site.order_uc + carriage_uc
    }

    /// By how much a grain of a part raises the number of a load.
    pub fn load_stride(&self, part: usize) -> usize {
        let members = &self.members[self.parts[part].members.clone()];
        self.parceler.map_or(0, |parceler| {
            let strides = members.iter();
            strides
                .map(|&(line, units)| parceler.stride(line) * units as usize)
                .sum()
        })
    }

    fn services(&self, site: &Site) -> &'a [Service] {
        &self.instance.candidates[site.candidate].services
    }

    /// Lines by index with their units, by rising index.
    fn lines_of(&self, amounts: &[u32]) -> Vec<(usize, i64)> {
        let mut lines = Vec::with_capacity(amounts.len());
        let shipped = self
            .parts
            .iter()
            .zip(amounts)
            .filter(|(_, grains)| **grains > 0);
        for (part, &grains) in shipped {
            for &(line, units) in &self.members[part.members.clone()] {
                lines.push((line, units * i64::from(grains)));
            }
        }
        lines.sort_unstable();
        lines
    }

    /// What a shipment costs, without a split penalty. Nothing shipped costs nothing.
    pub fn shipment(&self, site: usize, amounts: &[u32]) -> Cost {
        if amounts.iter().all(|&grains| grains == 0) {
            return Cost::ZERO;
        }
        let (mut weight_g, mut units) = (0, 0);
        let mut money_uc = 0;
        for (part, &grains) in amounts.iter().enumerate() {
            weight_g += self.parts[part].weight_g * i64::from(grains);
            units += self.parts[part].units * i64::from(grains);
            money_uc += self.handling_uc(site, part, grains);
        }
        money_uc += match self.parceler {
            None => self.carriage_uc(site, weight_g, 0),
            Some(parceler) => {
                let services = self.services(&self.sites[site]);
                self.sites[site].order_uc + parceler.price_uc(services, &self.lines_of(amounts))
            }
        };
        self.with_tiers(site, units, money_uc)
    }

    /// A cost of so much money for a shipment of so many units.
    pub fn with_tiers(&self, site: usize, units: i64, money_uc: i64) -> Cost {
        let (mut tiers, by_unit) = self.tiers(site);
        for (tier, by_unit) in tiers.iter_mut().zip(by_unit) {
            *tier += by_unit * units;
        }
        Cost { tiers, money_uc }
    }

    /// What a plan costs that has one row of grains for each of these sites.
    pub fn cost(&self, sites: impl Iterator<Item = usize>, rows: &[u32]) -> Cost {
        let width = self.parts.len();
        let mut cost = self.base;
        let mut shipments = 0_i64;
        for (site, row) in sites.zip(rows.chunks(width.max(1))) {
            if row.iter().any(|&grains| grains > 0) {
                shipments += 1;
                cost += self.shipment(site, row);
            }
        }
        for (index, part) in self.parts.iter().enumerate() {
            let shipped: u32 = rows.iter().skip(index).step_by(width).sum();
            cost += part.unfilled.times(i64::from(part.count - shipped));
        }
        cost + Cost::money(self.instance.penalties.split_uc * (shipments - 1).max(0))
    }

    /// What a whole plan costs.
    pub fn cost_of_all(&self, amounts: &Amounts) -> Cost {
        self.cost(0..self.sites.len(), amounts)
    }

    /// Adds the cost of what no site can ship.
    pub fn with_base(&self, cost: Cost) -> Cost {
        self.base + cost
    }

    /// The most shipments a plan can usefully have.
    pub fn shipments_max(&self) -> usize {
        let allowed = self
            .instance
            .max_shipments
            .map_or(usize::MAX, |most| most as usize);
        let grains: usize = self.parts.iter().map(|part| part.count as usize).sum();
        allowed.min(self.sites.len()).min(grains)
    }

    /// The most shipments allowed, where a plan could have more.
    pub fn shipments_limit(&self) -> Option<usize> {
        let most = self.instance.max_shipments? as usize;
        let grains: usize = self.parts.iter().map(|part| part.count as usize).sum();
        (most < grains.min(self.sites.len())).then_some(most)
    }

    /// The most that a plan can have of each tier, and of money, without what no site can ship.
    pub fn most(&self) -> [i128; MAX_TIERS + 1] {
        let shipments = self.shipments_max() as i128;
        let mut most = [0_i128; MAX_TIERS + 1];
        for site in 0..self.sites.len() {
            let curve = &self.tariffs.curves()[self.sites[site].tariff];
            let handling: i128 = (0..self.parts.len())
                .map(|part| i128::from(self.handling_uc(site, part, self.caps(site)[part])))
                .sum();
            let opening = self.opening(site);
            let money = i128::from(opening.money_uc) + i128::from(curve.most()) + handling;
            for (slot, tier) in most.iter_mut().zip(opening.tiers) {
                *slot = (*slot).max(i128::from(tier) * shipments);
            }
            let split = i128::from(self.instance.penalties.split_uc);
            most[MAX_TIERS] = most[MAX_TIERS].max((money + split) * shipments);
        }
        for part in &self.parts {
            let units = i128::from(part.units) * i128::from(part.count);
            for (slot, tier) in most.iter_mut().zip(part.unfilled.tiers) {
                *slot += i128::from(tier) * i128::from(part.count);
            }
            for (at, slot) in most[..MAX_TIERS].iter_mut().enumerate() {
                let largest = self.sites.iter().map(|site| site.unit_tiers[at]).max();
                *slot += i128::from(largest.unwrap_or(0)) * units;
            }
            most[MAX_TIERS] += i128::from(part.unfilled.money_uc) * i128::from(part.count);
        }
        most
    }

    /// The plan in terms of the instance.
    pub fn plan(&self, amounts: &Amounts) -> Plan {
        let width = self.parts.len();
        let mut plan = Plan::default();
        for (row, site) in self.sites.iter().enumerate() {
            let row = &amounts[row * width..][..width];
            if row.iter().all(|&grains| grains == 0) {
                continue;
            }
            let lines = self.lines_of(row);
            let parcels = self.parceler.map(|parceler| {
                let (_, parcels) = parceler.parcels(self.services(site), &lines);
                parcels
            });
            plan.shipments.push(Shipment {
                location: site.candidate,
                lines,
                parcels: parcels
                    .filter(|parcels| parcels.len() > 1)
                    .unwrap_or_default(),
            });
        }
        for (index, line) in self.instance.lines.iter().enumerate() {
            let shipped: i64 = plan
                .shipments
                .iter()
                .flat_map(|shipment| &shipment.lines)
                .filter(|&&(shipped, _)| shipped == index)
                .map(|&(_, units)| units)
                .sum();
            if shipped < line.quantity {
                plan.unfilled.push((index, line.quantity - shipped));
            }
        }
        plan
    }

    /// The same amounts in the grains of another problem of the same instance.
    pub fn translate(&self, amounts: &Amounts, to: &Problem) -> Amounts {
        // Parts, members and sites are found before grains are chosen, so they agree one to one.
        debug_assert_eq!(
            (self.parts.len(), self.sites.len()),
            (to.parts.len(), to.sites.len())
        );
        let ratio = |part: usize| (self.parts[part].units / to.parts[part].units) as u32;
        let width = self.parts.len().max(1);
        amounts
            .iter()
            .enumerate()
            .map(|(at, &grains)| grains * ratio(at % width))
            .collect()
    }

    /// What every plan costs at least.
    pub fn bound(&self) -> Bound {
        let mut least = self.base;
        let mut all_unfilled = self.base;
        let mut all_shipped = self.base;
        let mut dearest_short: Option<Cost> = None;
        for (index, part) in self.parts.iter().enumerate() {
            let count = i64::from(part.count);
            let sites = (0..self.sites.len()).filter(|&site| self.caps(site)[index] > 0);
            let grain = sites.map(|site| self.grain(site, index)).min();
            let ship = grain.unwrap_or(Cost::ZERO);
            let cheaper = ship.min(part.unfilled);
            all_shipped += ship.times(count);
            least += cheaper.times(count);
            all_unfilled += part.unfilled.times(count);
            let extra = part.unfilled - cheaper;
            dearest_short = Some(dearest_short.map_or(extra, |least| least.min(extra)));
        }
        let sites = 0..self.sites.len();
        let mut openings: Vec<Cost> = sites.map(|site| self.least_opening(site)).collect();
        openings.sort_unstable();
        let short = match (dearest_short, openings.first()) {
            (Some(extra), Some(&opening)) => all_unfilled.min(least + extra + opening),
            (None, _) | (_, None) => all_unfilled,
        };
        Bound {
            all_shipped,
            short,
            openings,
            split: Cost::money(self.instance.penalties.split_uc),
        }
    }

    /// The fewest shipments that can carry everything that can be shipped.
    pub fn shipments_min(&self) -> usize {
        let mut most = 0;
        let mut column = Vec::with_capacity(self.sites.len());
        for (index, part) in self.parts.iter().enumerate() {
            column.clear();
            column.extend((0..self.sites.len()).map(|site| self.caps(site)[index]));
            column.sort_unstable_by(|a, b| b.cmp(a));
            let mut missing = part.count;
            let needed = column.iter().take_while(|&&cap| {
                let more = missing > 0;
                missing = missing.saturating_sub(cap);
                more
            });
            most = most.max(needed.count());
        }
        most
    }

    fn least_opening(&self, site: usize) -> Cost {
        let curve = &self.tariffs.curves()[self.sites[site].tariff];
        self.opening(site) + Cost::money(curve.least())
    }

    fn add_parts(&mut self, grain: Grain) {
        let instance = self.instance;
        for (index, line) in instance.lines.iter().enumerate() {
            let start = self.members.len();
            match line.together {
                None => self.members.push((index, 0)),
                Some(group) => {
                    let mates = || instance.lines.iter().enumerate();
                    let met = mates()
                        .take(index)
                        .any(|(_, mate)| mate.together == Some(group));
                    if met {
                        continue;
                    }
                    let group = mates().filter(|(_, mate)| mate.together == Some(group));
                    self.members.extend(group.map(|(member, _)| (member, 0)));
                }
            }
            let whole = instance.whole_lines || line.together.is_some();
            match whole {
                true => self.add_whole(start),
                false => self.add_divisible(start, index, grain),
            }
        }
    }

    /// A part of one grain that holds its members in full.
    fn add_whole(&mut self, start: usize) {
        let lines = &self.instance.lines;
        for (line, units) in &mut self.members[start..] {
            *units = lines[*line].quantity;
        }
        let members = &self.members[start..];
        let shippable = self.instance.candidates.iter().any(|candidate| {
            members
                .iter()
                .all(|&(line, units)| candidate.available[line] >= units)
        });
        self.finish_part(start, u32::from(shippable));
        if !shippable {
            let units = self.members[start..].iter().map(|&(_, units)| units).sum();
            self.base += self.instance.unfilled_cost(units);
            self.members.truncate(start);
        }
    }

    /// A part of as many grains as the sites can ship together.
    fn add_divisible(&mut self, start: usize, line: usize, grain: Grain) {
        let wanted = self.instance.lines[line].quantity;
        let offers = || {
            let offers = self.instance.candidates.iter();
            offers.map(|candidate| candidate.available[line].clamp(0, wanted))
        };
        let offered = offers().fold(0, |sum: i64, offer| sum.saturating_add(offer));
        let shippable = wanted.min(offered);
        let units = match grain {
            Grain::Unit => 1,
            Grain::Common => offers().fold(shippable, divisor),
        };
        self.base += self.instance.unfilled_cost(wanted - shippable);
        if shippable == 0 {
            self.members.truncate(start);
            return;
        }
        self.members[start].1 = units;
        let count = u32::try_from(shippable / units)
            .expect("a checked instance wants at most MAX_QUANTITY units, which fit");
        self.finish_part(start, count);
    }

    fn finish_part(&mut self, start: usize, count: u32) {
        if count == 0 {
            return;
        }
        let members = start..self.members.len();
        let mut units_in_grain = 0;
        let mut weight_g = 0;
        let mut value = 0;
        for &(line, units) in &self.members[members.clone()] {
            units_in_grain += units;
            weight_g += units * self.instance.lines[line].unit_weight_g;
            value += units * self.instance.lines[line].unit_value;
        }
        let unfilled = self.instance.unfilled_cost(units_in_grain);
        self.parts.push(Part {
            count,
            units: units_in_grain,
            weight_g,
            value,
            unfilled,
            members,
        });
    }

    fn add_sites(&mut self, order: &[usize]) {
        for &index in order {
            let candidate = &self.instance.candidates[index];
            let row = self.caps.len();
            for part in &self.parts {
                let members = &self.members[part.members.clone()];
                let grains = members.iter().map(|&(line, units)| {
                    candidate.available[line].clamp(0, i64::from(part.count) * units) / units
                });
                // Safety of the cast: clamped to the part's count, which is a u32.
                self.caps.push(grains.min().unwrap_or(0) as u32);
            }
            let nothing = self.caps[row..].iter().all(|&cap| cap == 0);
            if nothing {
                self.caps.truncate(row);
                continue;
            }
            for part in &self.parts {
                let members = &self.members[part.members.clone()];
                let money_uc =
                    |&(line, units): &(usize, i64)| units * self.instance.unit_uc(candidate, line);
                self.grain_uc.push(members.iter().map(money_uc).sum());
            }
            self.sites.push(Site {
                candidate: index,
                tiers: self.instance.shipment_tiers(candidate),
                unit_tiers: self.instance.unit_tiers(candidate),
                order_uc: candidate.handling_order_uc,
                line_uc: candidate.handling_line_uc,
                tariff: self.tariffs.of(index),
            });
        }
    }
}

/// Lower bounds that need no search. They rest on no number in an instance being negative.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Every grain shipped at its cheapest handling, without opening any site.
    all_shipped: Cost,
    /// Plans that leave a grain unfilled.
    short: Cost,
    /// The least each site can cost to open, rising.
    openings: Vec<Cost>,
    split: Cost,
}

impl Bound {
    /// Under every plan that leaves some shippable grain unfilled or has at least so many
    /// shipments.
    pub fn with_shipments(&self, at_least: usize) -> Cost {
        if at_least > self.openings.len() {
            return self.short;
        }
        let mut full = self.all_shipped;
        for (nth, &opening) in self.openings[..at_least].iter().enumerate() {
            full += opening;
            if nth > 0 {
                full += self.split;
            }
        }
        full.min(self.short)
    }
}

/// The greatest common divisor; zero divides by everything.
fn divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
