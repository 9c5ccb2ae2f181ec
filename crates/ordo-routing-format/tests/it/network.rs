//! Networks and orders that share stock and capacity: places and people of the United States,
//! popular and rare goods, stock spread unevenly. Every seed gives another one.

use std::iter::repeat;

use serde_json::{Value, json};

/// Metropolitan areas: latitude, longitude, people in thousands.
const METROS: [(f64, f64, f64); 36] = [
    (40.7, -74.0, 19_500.0),
    (34.05, -118.25, 12_900.0),
    (41.88, -87.63, 9_300.0),
    (32.78, -96.8, 8_000.0),
    (29.76, -95.37, 7_400.0),
    (38.9, -77.04, 6_300.0),
    (39.95, -75.16, 6_200.0),
    (33.75, -84.39, 6_300.0),
    (25.76, -80.19, 6_200.0),
    (33.45, -112.07, 5_000.0),
    (42.36, -71.06, 4_900.0),
    (34.0, -117.4, 4_700.0),
    (37.77, -122.42, 4_600.0),
    (42.33, -83.05, 4_300.0),
    (47.6, -122.33, 4_000.0),
    (44.98, -93.27, 3_700.0),
    (27.95, -82.46, 3_300.0),
    (32.72, -117.16, 3_300.0),
    (39.74, -104.99, 3_000.0),
    (39.29, -76.61, 2_800.0),
    (38.63, -90.2, 2_800.0),
    (28.54, -81.38, 2_800.0),
    (35.23, -80.84, 2_800.0),
    (29.42, -98.49, 2_700.0),
    (45.52, -122.68, 2_500.0),
    (30.27, -97.74, 2_400.0),
    (40.44, -79.99, 2_400.0),
    (38.58, -121.49, 2_400.0),
    (36.17, -115.14, 2_300.0),
    (39.1, -84.51, 2_260.0),
    (39.1, -94.58, 2_200.0),
    (39.96, -83.0, 2_150.0),
    (41.5, -81.69, 2_060.0),
    (39.77, -86.16, 2_100.0),
    (36.16, -86.78, 2_050.0),
    (30.33, -81.66, 1_700.0),
];

/// Where distribution centers stand, in the order they are opened.
const CENTERS: [(f64, f64); 6] = [
    (39.1, -94.6),
    (39.0, -77.1),
    (32.8, -96.8),
    (33.9, -84.4),
    (34.1, -118.1),
    (47.6, -122.3),
];

/// The set-ups that online sourcing is measured on.
pub const ONLINE: [(&str, Family); 6] = [
    (
        "A, stock 2.0",
        Family {
            stock: 2.0,
            ..STREAM
        },
    ),
    ("as given, stock 1.6", STREAM),
    (
        "B, stock 1.3",
        Family {
            stock: 1.3,
            ..STREAM
        },
    ),
    (
        "C, 40 locations",
        Family {
            locations: 40,
            stock: 2.0,
            ..STREAM
        },
    ),
    (
        "D, 5 locations, small orders",
        Family {
            locations: 5,
            small: true,
            stock: 2.0,
            ..STREAM
        },
    ),
    (
        "E, tight capacity",
        Family {
            stock: 2.0,
            capacity: 1.0,
            ..STREAM
        },
    ),
];

const STREAM: Family = Family {
    locations: 10,
    skus: 80,
    orders_per_day: 120,
    days: 15,
    history_days: 10,
    stock: 1.6,
    capacity: 1.3,
    small: false,
};

/// What a family's instances have in common.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    pub locations: usize,
    pub skus: usize,
    pub orders_per_day: usize,
    pub days: usize,
    pub history_days: usize,
    /// Stock over expected demand.
    pub stock: f64,
    /// Shipments that all locations can make, over those expected.
    pub capacity: f64,
    /// Small orders: nine in ten have one line.
    pub small: bool,
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// About normal: the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn pick(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let count = weights.clone().count();
        weights
            .into_iter()
            .position(|weight| {
                left -= weight;
                left < 0.0
            })
            .unwrap_or(count - 1)
    }
}

impl Family {
    /// An instance as the file format has it.
    pub fn instance(&self, seed: u64) -> Value {
        let mut dice = Dice(seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(7));
        let weights_g: Vec<i64> = (0..self.skus)
            .map(|_| ((6.0 + 0.95 * dice.normal()).exp() as i64).clamp(40, 9_000))
            .collect();
        let popular: Vec<f64> = (0..self.skus)
            .map(|sku| ((sku + 1) as f64).powf(-0.9))
            .collect();
        let online = self.history_days > 0;
        let history = self.orders(&mut dice, self.history_days, &weights_g, &popular, 0);
        let live_days = self.days - self.history_days;
        let orders = self.orders(&mut dice, live_days, &weights_g, &popular, history.len());
        let expected = (self.orders_per_day * live_days) as f64;
        let units_per_order = if self.small { 1.4 } else { 2.25 };

        let mut locations = Vec::new();
        let mut sizes = Vec::new();
        let centers = (self.locations * 3 / 20).clamp(2, CENTERS.len());
        for (at, center) in
            (0..self.locations).zip(CENTERS.map(Some).into_iter().chain(repeat(None)))
        {
            let roll = dice.unit();
            let kind = match at {
                _ if at < centers => "dc",
                _ if roll < 0.75 => "store",
                _ if roll < 0.85 => "3pl",
                _ => "dropship",
            };
            let metro = METROS[dice.pick(METROS.iter().map(|metro| metro.2))];
            let (lat, lon) = match center {
                Some(center) if at < centers => center,
                Some(_) | None => (metro.0, metro.1),
            };
            let (handling, unit, ready, reject, size) = match kind {
                "dc" => (
                    dice.range(120.0, 180.0),
                    35,
                    0,
                    0.005,
                    dice.range(8.0, 12.0),
                ),
                "3pl" => (dice.range(220.0, 270.0), 60, 1, 0.01, dice.range(2.0, 4.0)),
                "dropship" => (
                    dice.range(270.0, 320.0),
                    80,
                    2,
                    dice.range(0.03, 0.1),
                    dice.range(2.0, 4.0),
                ),
                _ => (
                    dice.range(310.0, 370.0),
                    95,
                    1,
                    dice.range(0.03, 0.18),
                    dice.range(0.5, 1.5),
                ),
            };
            sizes.push((kind, size));
            locations.push(json!({
                "id": format!("L{at:03}"), "kind": kind,
                "lat": round(lat + 0.2 * dice.normal(), 3), "lon": round(lon + 0.2 * dice.normal(), 3),
                "handling_order_c": handling.round(), "handling_unit_c": unit, "ready_days": ready,
                "reject_prob": round(reject, 3),
            }));
        }
        let whole: f64 = sizes.iter().map(|size| size.1).sum();
        for (location, (_, size)) in locations.iter_mut().zip(&sizes) {
            let slots = self.orders_per_day as f64 * 1.12 * self.capacity * size / whole;
            location["capacity_shipments_per_day"] = json!((slots.round() as i64).max(2));
        }

        let mut stock = serde_json::Map::new();
        let mass: f64 = popular.iter().sum();
        let mut rows = vec![serde_json::Map::new(); self.locations];
        for (sku, share) in popular.iter().enumerate() {
            let units = (expected * units_per_order * self.stock * share / mass).ceil() as i64;
            let mut shares: Vec<f64> = sizes
                .iter()
                .map(|&(kind, size)| {
                    let carried = dice.unit() < if kind == "dc" { 0.8 } else { 0.3 };
                    if carried {
                        size * dice.range(0.2, 1.8)
                    } else {
                        0.0
                    }
                })
                .collect();
            if shares.iter().sum::<f64>() == 0.0 {
                shares[0] = 1.0;
            }
            let mut counts = vec![0_i64; self.locations];
            for _ in 0..units {
                counts[dice.pick(shares.iter().copied())] += 1;
            }
            for (row, &count) in rows
                .iter_mut()
                .zip(&counts)
                .filter(|(_, count)| **count > 0)
            {
                row.insert(format!("S{sku:04}"), json!(count));
            }
        }
        for (at, row) in rows.into_iter().enumerate() {
            stock.insert(format!("L{at:03}"), Value::Object(row));
        }
        json!({
            "schema": "ordo-routing/1", "kind": if online { "online" } else { "batch" },
            "meta": { "days": self.days, "history_days": self.history_days },
            "penalties": { "split_c": 60, "late_c_per_day": 250, "reject_c_per_line": 900, "unfilled_c_per_unit": 4000 },
            "zone_miles": [50, 150, 300, 600, 1000, 1400, 1800],
            "services": services(), "locations": locations, "stock": stock, "orders": orders, "history": history,
        })
    }

    fn orders(
        &self,
        dice: &mut Dice,
        days: usize,
        weights_g: &[i64],
        popular: &[f64],
        first: usize,
    ) -> Vec<Value> {
        let mut orders = Vec::new();
        for day in 0..days {
            for _ in 0..self.orders_per_day {
                let metro = METROS[dice.pick(METROS.iter().map(|metro| metro.2))];
                let promise = [2, 3, 5, 7][dice.pick([0.15, 0.25, 0.4, 0.2].into_iter())];
                let mut wanted = 1;
                if self.small {
                    wanted += usize::from(dice.unit() < 0.08);
                } else if dice.unit() < 0.4 {
                    wanted += 1;
                    while wanted < 10 && dice.unit() < 0.5 {
                        wanted += 1;
                    }
                }
                let mut skus: Vec<usize> = Vec::new();
                while skus.len() < wanted {
                    let sku = dice.pick(popular.iter().copied());
                    if !skus.contains(&sku) {
                        skus.push(sku);
                    }
                }
                let lines: Vec<Value> = skus
                    .into_iter()
                    .map(|sku| {
                        let qty = [1, 2, 3, 5][dice.pick([0.86, 0.095, 0.03, 0.015].into_iter())];
                        json!({ "sku": format!("S{sku:04}"), "qty": qty, "unit_g": weights_g[sku] })
                    })
                    .collect();
                orders.push(json!({
                    "id": format!("O{:05}", first + orders.len()), "day": day,
                    "lat": round(metro.0 + 0.4 * dice.normal(), 3), "lon": round(metro.1 + 0.4 * dice.normal(), 3),
                    "promise_days": promise, "promise_hard": false, "max_shipments": null,
                    "allow_line_split": true, "lines": lines,
                }));
            }
        }
        orders
    }
}

/// Ground and priority at prices near a public list: by zone and kilogram, the first one dearer.
fn services() -> Value {
    let brackets_g = [
        113, 226, 340, 453, 907, 1_360, 1_814, 2_267, 2_721, 3_175, 3_628, 4_082, 4_535, 5_443,
        6_350, 7_257, 8_164, 9_071, 11_339, 13_607, 18_143, 22_679, 31_751,
    ];
    let prices = |factor: f64, base: f64| {
        let row = |zone: i32| {
            let zone = f64::from(zone);
            let price = |&grams: &i32| {
                let kg = f64::from(grams) / 1_000.0;
                let ground = 700.0 + 17.0 * zone + (140.0 + 55.0 * zone) * kg;
                let first = kg.min(1.0) * (150.0 + 20.0 * zone);
                ((ground + first) * factor + base).round() as i64
            };
            brackets_g.iter().map(price).collect::<Vec<i64>>()
        };
        (0..8).map(row).collect::<Vec<_>>()
    };
    json!([
        { "id": "GROUND", "transit_days": [2, 2, 3, 3, 4, 4, 5, 5], "brackets_g": brackets_g,
          "price_c": prices(1.0, 0.0) },
        { "id": "PRIORITY", "transit_days": [1, 2, 2, 2, 2, 3, 3, 3], "brackets_g": brackets_g,
          "price_c": prices(1.2, 150.0) },
    ])
}

fn round(number: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (number * scale).round() / scale
}
