//! Makes problems of the families that sourcing is measured on: locations over a continent, with
//! stock in all, some or few of the goods by their kind, and orders from one line to large baskets.
//!
//! The same family and seed give the same document on every machine.

use std::collections::BTreeMap;

use crate::document::{
    Document, Kind, Location, LocationKind, Order, OrderLine, Penalties, SCHEMA, Service,
};
use crate::number::{Money, Share};

/// A family of problems.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// What it is called.
    pub name: &'static str,
    /// How many locations there are.
    pub locations: usize,
    /// How many different goods.
    pub skus: usize,
    /// How many orders.
    pub orders: usize,
    /// Lines of an order.
    pub lines: Lines,
    /// The rule that orders of this family have besides.
    pub rule: Rule,
}

/// How many lines the orders of a family have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Three of five have one, one of forty more than five, and none more than ten.
    General,
    /// Baskets: five on average, this many at most.
    Basket(usize),
    /// Any number from the first to the second, all equally often.
    Between(usize, usize),
}

/// A rule of all orders in a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// None.
    Free,
    /// A line ships whole or not at all.
    WholeLines,
    /// This many shipments at most.
    MaxShipments(u32),
    /// The promise may not be missed.
    HardPromise,
    /// Locations hold one to three units of everything, and lines ask for up to five.
    PartialStock,
}

impl Family {
    /// Makes the document of a seed, of kind single.
    pub fn document(&self, seed: u64) -> Document {
        let mut dice = Dice(seed ^ 0x0005_eed0_f00d);
        let goods: Vec<i64> = (0..self.skus).map(|_| unit_g(&mut dice)).collect();
        let mut locations = Vec::with_capacity(self.locations);
        let mut stock = BTreeMap::new();
        for index in 0..self.locations {
            let location = location(&mut dice, index, self.locations);
            let shelf = self.shelf(&mut dice, &location.kind);
            stock.insert(location.id.clone(), shelf);
            locations.push(location);
        }
        let orders = (0..self.orders).map(|index| self.order(&mut dice, index, &goods));
        Document {
            schema: SCHEMA.to_owned(),
            kind: Kind::Single,
            zone_miles: vec![50.0, 150.0, 300.0, 600.0, 1_000.0, 1_400.0, 1_800.0],
            services: vec![ground(), priority()],
            locations,
            stock,
            orders: orders.collect(),
            history: Vec::new(),
            penalties: Penalties {
                split_c: cents(60),
                late_c_per_day: cents(250),
                reject_c_per_line: cents(900),
                unfilled_c_per_unit: cents(4_000),
            },
            meta: serde_json::Value::Null,
        }
    }

    /// What a location of this kind has.
    fn shelf(&self, dice: &mut Dice, kind: &LocationKind) -> BTreeMap<String, i64> {
        let mut shelf = BTreeMap::new();
        for sku in 0..self.skus {
            let (share, most) = match kind {
                LocationKind::Dc => (75, 40),
                LocationKind::ThirdParty => (50, 20),
                LocationKind::Dropship => (23, 40),
                LocationKind::Store | LocationKind::Other(_) => (32, 3),
            };
            let units = match self.rule {
                Rule::PartialStock => dice.between(1, 3),
                Rule::Free | Rule::WholeLines | Rule::MaxShipments(_) | Rule::HardPromise => {
                    dice.between(1, most)
                }
            };
            if dice.between(1, 100) <= share {
                shelf.insert(name('S', sku), units);
            }
        }
        shelf
    }

    fn order(&self, dice: &mut Dice, index: usize, goods: &[i64]) -> Order {
        let wanted = match self.lines {
            Lines::General => match dice.between(1, 200) {
                1..=124 => 1,
                125..=160 => 2,
                161..=178 => 3,
                179..=190 => 4,
                191..=195 => 5,
                _ => dice.between(6, 10) as usize,
            },
            Lines::Basket(most) => {
                let sum = (0..4)
                    .map(|_| dice.between(0, most as i64))
                    .min()
                    .unwrap_or(0);
                1 + sum.max(dice.between(0, 4)) as usize
            }
            Lines::Between(least, most) => dice.between(least as i64, most as i64) as usize,
        };
        let mut lines: Vec<OrderLine> = Vec::with_capacity(wanted);
        while lines.len() < wanted.min(self.skus / 2) {
            // Some goods are far more popular than others.
            let last = self.skus as i64 - 1;
            let sku = dice.between(0, last).min(dice.between(0, last)) as usize;
            let name = name('S', sku);
            if lines.iter().all(|line| line.sku != name) {
                lines.push(OrderLine {
                    sku: name,
                    qty: self.quantity(dice),
                    unit_g: goods[sku],
                });
            }
        }
        let (lat, lon) = place(dice);
        let max_shipments = match self.rule {
            Rule::MaxShipments(most) => Some(most),
            Rule::Free | Rule::WholeLines | Rule::HardPromise | Rule::PartialStock => None,
        };
        Order {
            id: name('O', index),
            day: 0,
            lat,
            lon,
            promise_days: [5, 5, 5, 3, 3, 2, 7][dice.between(0, 6) as usize],
            promise_hard: self.rule == Rule::HardPromise,
            max_shipments,
            allow_line_split: self.rule != Rule::WholeLines,
            lines,
        }
    }

    fn quantity(&self, dice: &mut Dice) -> i64 {
        let often = match self.rule {
            Rule::PartialStock => [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
            Rule::Free | Rule::WholeLines | Rule::MaxShipments(_) | Rule::HardPromise => {
                [1, 1, 1, 1, 1, 1, 1, 1, 2, 3]
            }
        };
        often[dice.between(0, 9) as usize]
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        low + (mixed % ((high - low + 1) as u64)) as i64
    }
}

/// A few distribution centers and the rest by kind, as the locations of a retailer are.
fn location(dice: &mut Dice, index: usize, of: usize) -> Location {
    let centers = (of * 15 / 100).clamp(2.min(of), 30);
    let kind = match dice.between(1, 100) {
        _ if index < centers => LocationKind::Dc,
        1..=70 => LocationKind::Store,
        71..=85 => LocationKind::Dropship,
        _ => LocationKind::ThirdParty,
    };
    let (order_c, unit_c, ready_days, declined_ppm) = match kind {
        LocationKind::Dc => (dice.between(120, 178), 35, 0, 5_000),
        LocationKind::ThirdParty => (dice.between(215, 270), 60, 1, 10_000),
        LocationKind::Dropship => {
            let declined_ppm = dice.between(48, 85) * 1_000;
            (dice.between(270, 320), 80, 2, declined_ppm)
        }
        LocationKind::Store | LocationKind::Other(_) => {
            let declined_ppm = dice.between(40, 180) * 1_000;
            (dice.between(310, 370), 95, 1, declined_ppm)
        }
    };
    let (lat, lon) = place(dice);
    Location {
        id: name('L', index),
        kind,
        lat,
        lon,
        handling_order_c: cents(order_c),
        handling_unit_c: cents(unit_c),
        ready_days,
        reject_prob: Share(declined_ppm),
        capacity_shipments_per_day: None,
    }
}

/// Somewhere around one of the places where people live.
#[allow(clippy::float_arithmetic)] // Geography.
fn place(dice: &mut Dice) -> (f64, f64) {
    const AROUND: [(i64, i64); 14] = [
        (40_700, -74_000),
        (34_100, -118_200),
        (41_900, -87_600),
        (29_800, -95_400),
        (33_400, -112_100),
        (40_000, -75_200),
        (32_800, -96_800),
        (39_100, -94_600),
        (33_700, -84_400),
        (47_600, -122_300),
        (42_400, -71_100),
        (38_900, -77_000),
        (39_700, -105_000),
        (25_800, -80_200),
    ];
    let (lat, lon) = AROUND[dice.between(0, AROUND.len() as i64 - 1) as usize];
    let lat = lat + dice.between(-2_500, 2_500);
    let lon = lon + dice.between(-2_500, 2_500);
    (lat as f64 / 1e3, lon as f64 / 1e3)
}

/// Most goods are light, some are heavy.
fn unit_g(dice: &mut Dice) -> i64 {
    let light = dice.between(40, 1_200);
    match dice.between(1, 10) {
        1 => light * 7,
        2..=4 => light * 2,
        _ => light,
    }
}

const BRACKETS_G: [i64; 23] = [
    113, 226, 340, 453, 907, 1_360, 1_814, 2_267, 2_721, 3_175, 3_628, 4_082, 4_535, 5_443, 6_350,
    7_257, 8_164, 9_071, 11_339, 13_607, 18_143, 22_679, 31_751,
];

/// Cheap and slow.
fn ground() -> Service {
    service("GROUND", [2, 2, 3, 3, 4, 4, 5, 5], 700, 12)
}

/// Dear and fast.
fn priority() -> Service {
    service("PRIORITY", [1, 2, 2, 2, 2, 3, 3, 3], 980, 17)
}

/// Prices that rise with weight and zone, faster for light parcels and again for very heavy ones, so
/// that two parcels can be cheaper than one, as with real carriers.
fn service(id: &str, transit_days: [i64; 8], base_c: i64, tenth_c_per_kg_zone: i64) -> Service {
    let price_c = |zone: i64, up_to_g: i64| {
        let light_c = up_to_g.min(453) * (30 + 6 * zone) / 100;
        let by_weight_c = up_to_g * (25 + tenth_c_per_kg_zone * (zone + 1) / 4) / 1_000;
        let oversize_c = (up_to_g - 9_071).max(0) * (zone + 2) / 40;
        cents(base_c + zone * 4 + light_c + by_weight_c + oversize_c)
    };
    let row = |zone| {
        BRACKETS_G
            .iter()
            .map(|&up_to_g| price_c(zone, up_to_g))
            .collect()
    };
    Service {
        id: id.to_owned(),
        transit_days: transit_days.to_vec(),
        brackets_g: BRACKETS_G.to_vec(),
        price_c: (0..8).map(row).collect(),
    }
}

fn cents(cents: i64) -> Money {
    Money(cents * 1_000_000)
}

fn name(letter: char, index: usize) -> String {
    format!("{letter}{index:05}")
}
