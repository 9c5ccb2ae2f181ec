//! A second exact solver that shares nothing with the first: it takes location after location and
//! keeps, for every set of units still to be had and every number of shipments, the least cost.
//!
//! It prices by the words of the schema from the document itself. Its tables have an entry per
//! combination of units of all lines, so it is for orders of a few units.

#![allow(clippy::float_arithmetic)] // Geography, as in the schema.

use ordo_routing_format::{Document, Location, Order};

/// Units of all lines together that the tables can hold.
pub const COMBINATIONS_MAX: usize = 4_000;

/// How many combinations of units an order has.
pub fn combinations(order: &Order) -> usize {
    order
        .lines
        .iter()
        .map(|line| line.qty as usize + 1)
        .product()
}

/// The least cost of an order of kind single, in micro-cents.
pub fn least_uc(document: &Document, order: &Order) -> i64 {
    let total = combinations(order);
    let most = order.max_shipments.map_or(usize::MAX, |most| most as usize);
    let units: usize = order.lines.iter().map(|line| line.qty as usize).sum();
    let layers = most.min(units).min(document.locations.len()) + 1;
    // By shipments so far and units had: the least cost, if it can be.
    let mut had: Vec<Option<i64>> = vec![None; layers * total];
    had[0] = Some(0);
    for location in &document.locations {
        let loads = loads(document, order, location);
        for shipments in (1..layers).rev() {
            for before in 0..total {
                let Some(cost) = had[(shipments - 1) * total + before] else {
                    continue;
                };
                let before_units = digits(order, before);
                for (load, load_units, load_uc) in &loads {
                    let room = before_units.iter().zip(load_units).zip(&order.lines);
                    if room
                        .clone()
                        .any(|((had, more), line)| had + more > line.qty)
                    {
                        continue;
                    }
                    let slot = &mut had[shipments * total + before + load];
                    let with = cost + load_uc;
                    *slot = Some(slot.map_or(with, |least| least.min(with)));
                }
            }
        }
    }
    let penalties = &document.penalties;
    let mut least = i64::MAX;
    for shipments in 0..layers {
        for (at, cost) in had[shipments * total..][..total].iter().enumerate() {
            let Some(cost) = cost else { continue };
            let short: i64 = (digits(order, at).iter().zip(&order.lines))
                .map(|(had, line)| line.qty - had)
                .sum();
            let splits = shipments.saturating_sub(1) as i64;
            let rest = short * penalties.unfilled_c_per_unit.0 + splits * penalties.split_c.0;
            least = least.min(cost + rest);
        }
    }
    least
}

/// Every load that a location could ship, with its units and what it costs.
fn loads(document: &Document, order: &Order, location: &Location) -> Vec<(usize, Vec<i64>, i64)> {
    let mut loads = Vec::new();
    let stock = document.stock.get(&location.id);
    for load in 1..combinations(order) {
        let units = digits(order, load);
        let there = units.iter().zip(&order.lines).all(|(&units, line)| {
            let has = stock.and_then(|stock| stock.get(&line.sku)).copied();
            let whole = order.allow_line_split || units == 0 || units == line.qty;
            units <= has.unwrap_or(0) && whole
        });
        if !there {
            continue;
        }
        let weight_g = units
            .iter()
            .zip(&order.lines)
            .map(|(n, line)| n * line.unit_g)
            .sum();
        let lines = units.iter().filter(|&&units| units > 0).count() as i64;
        if let Some(carriage_uc) = carriage_uc(document, order, location, weight_g) {
            let declined_uc = document.penalties.reject_c_per_line.0 * location.reject_prob.0;
            let cost_uc = location.handling_order_c.0
                + location.handling_unit_c.0 * units.iter().sum::<i64>()
                + declined_uc / 1_000_000 * lines
                + carriage_uc;
            loads.push((load, units, cost_uc));
        }
    }
    loads
}

fn carriage_uc(document: &Document, order: &Order, from: &Location, weight_g: i64) -> Option<i64> {
    let point = |lat: f64, lon: f64| {
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let (a, b) = (point(order.lat, order.lon), point(from.lat, from.lon));
    let cosine: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let miles = 3_958.8 * cosine.clamp(-1.0, 1.0).acos();
    let zone = document
        .zone_miles
        .iter()
        .filter(|end| miles > **end)
        .count();
    let prices = document.services.iter().filter_map(|service| {
        let late = (from.ready_days + service.transit_days[zone] - order.promise_days).max(0);
        if late > 0 && order.promise_hard {
            return None;
        }
        let (mut rest_g, mut price_uc) = (weight_g, late * document.penalties.late_c_per_day.0);
        let last = service.brackets_g.len() - 1;
        while rest_g > service.brackets_g[last] {
            rest_g -= service.brackets_g[last];
            price_uc += service.price_c[zone][last].0;
        }
        let bracket = service.brackets_g.iter().position(|end| rest_g <= *end)?;
        Some(price_uc + service.price_c[zone][bracket].0)
    });
    prices.min()
}

/// Units of each line in a combination.
fn digits(order: &Order, mut combination: usize) -> Vec<i64> {
    let digit = |line: &ordo_routing_format::OrderLine| {
        let radix = line.qty as usize + 1;
        let digit = combination % radix;
        combination /= radix;
        digit as i64
    };
    order.lines.iter().map(digit).collect()
}
