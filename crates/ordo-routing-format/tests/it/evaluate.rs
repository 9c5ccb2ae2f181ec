//! What a plan costs by the words of the schema, written without our types or prices: numbers of
//! the file, floats of cents, one rule after the other.

#![allow(clippy::float_arithmetic)] // That is what makes it another implementation.

use std::collections::BTreeMap;

use serde_json::Value;

/// Cents of a plan for an order of kind single, or what it does that the order does not allow.
pub fn cost_c(instance: &Value, order: &str, plan: &Value) -> Result<f64, String> {
    let order = find(&instance["orders"], order);
    let lines = list(&order["lines"]);
    let penalties = &instance["penalties"];
    let shipments = list(plan);
    let mut shipped = vec![0; lines.len()];
    let mut seen: Vec<&str> = Vec::new();
    let mut cost_c = 0.0;
    for shipment in shipments {
        let name = shipment["location"].as_str().expect("a name");
        if seen.contains(&name) {
            return Err(format!("{name} ships twice"));
        }
        seen.push(name);
        cost_c += shipment_c(instance, order, name, &shipment["lines"], &mut shipped)?;
    }
    if shipments.len() as f64 > order["max_shipments"].as_f64().unwrap_or(f64::INFINITY) {
        return Err("too many shipments".to_owned());
    }
    cost_c += number(&penalties["split_c"]) * (shipments.len() as f64 - 1.0).max(0.0);
    for (line, units) in lines.iter().zip(&shipped) {
        let wanted = line["qty"].as_i64().expect("units");
        if *units > wanted {
            return Err("more than was ordered".to_owned());
        }
        cost_c += number(&penalties["unfilled_c_per_unit"]) * (wanted - units) as f64;
    }
    Ok(cost_c)
}

/// Cents of the plans of all orders, or where they take more of something than there is: stock once,
/// shipments of a location day by day.
pub fn total_c(instance: &Value, answer: &Value) -> Result<f64, String> {
    let mut taken: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut shipments: BTreeMap<(&str, i64), i64> = BTreeMap::new();
    let mut total_c = 0.0;
    let (orders, plans) = (list(&instance["orders"]), list(&answer["orders"]));
    if orders.len() != plans.len() {
        return Err("not one plan per order".to_owned());
    }
    for (order, plan) in orders.iter().zip(plans) {
        let id = order["id"].as_str().expect("an id");
        if plan["id"] != id {
            return Err(format!("{id} is missing"));
        }
        let cost_c = cost_c(instance, id, &plan["plan"])?;
        if (cost_c - number(&plan["claimed_cost_c"])).abs() > 0.001 {
            return Err(format!("{id} costs {cost_c}"));
        }
        total_c += cost_c;
        for shipment in list(&plan["plan"]) {
            let name = shipment["location"].as_str().expect("a name");
            let day = order["day"].as_i64().expect("a day");
            *shipments.entry((name, day)).or_default() += 1;
            for one in list(&shipment["lines"]) {
                let line = &order["lines"][one["line"].as_u64().expect("an index") as usize];
                let sku = line["sku"].as_str().expect("a SKU");
                *taken.entry((name, sku)).or_default() += one["qty"].as_i64().expect("units");
            }
        }
    }
    for ((name, sku), units) in taken {
        if units > instance["stock"][name][sku].as_i64().unwrap_or(0) {
            return Err(format!("{name} has less than {units} of {sku}"));
        }
    }
    for ((name, day), count) in shipments {
        let most = &find(&instance["locations"], name)["capacity_shipments_per_day"];
        if most.as_i64().is_some_and(|most| count > most) {
            return Err(format!("{name} cannot ship {count} times on day {day}"));
        }
    }
    Ok(total_c)
}

fn shipment_c(
    instance: &Value,
    order: &Value,
    name: &str,
    planned: &Value,
    shipped: &mut [i64],
) -> Result<f64, String> {
    let location = find(&instance["locations"], name);
    let penalties = &instance["penalties"];
    let mut cost_c = number(&location["handling_order_c"]);
    let mut weight_g = 0;
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    for one in list(planned) {
        let at = one["line"].as_u64().expect("an index") as usize;
        let units = one["qty"].as_i64().expect("units");
        let line = &order["lines"][at];
        if units < 1 {
            return Err("nothing of a line".to_owned());
        }
        if order["allow_line_split"] == false && line["qty"].as_i64() != Some(units) {
            return Err(format!("line {at} is torn apart"));
        }
        let sku = line["sku"].as_str().expect("a SKU");
        *taken.entry(sku).or_default() += units;
        if taken[sku] > instance["stock"][name][sku].as_i64().unwrap_or(0) {
            return Err(format!("{name} does not have {units} of {sku}"));
        }
        shipped[at] += units;
        weight_g += units * line["unit_g"].as_i64().expect("grams");
        cost_c += number(&location["handling_unit_c"]) * units as f64;
        cost_c += number(&location["reject_prob"]) * number(&penalties["reject_c_per_line"]);
    }
    let zone = zone(instance, order, location);
    let mut cheapest = f64::INFINITY;
    for service in list(&instance["services"]) {
        let days = number(&location["ready_days"]) + number(&service["transit_days"][zone]);
        let late = (days - number(&order["promise_days"])).max(0.0);
        if late > 0.0 && order["promise_hard"] == true {
            continue;
        }
        let late_c = late * number(&penalties["late_c_per_day"]);
        cheapest = cheapest.min(price_c(service, zone, weight_g) + late_c);
    }
    if cheapest.is_infinite() {
        return Err(format!("{name} cannot be in time"));
    }
    Ok(cost_c + cheapest)
}

fn price_c(service: &Value, zone: usize, mut weight_g: i64) -> f64 {
    let ends = list(&service["brackets_g"]);
    let prices = list(&service["price_c"][zone]);
    let last_g = ends.last().and_then(Value::as_i64).expect("brackets");
    let mut cost_c = 0.0;
    if weight_g > last_g {
        cost_c += (weight_g / last_g) as f64 * number(&prices[prices.len() - 1]);
        weight_g %= last_g;
        if weight_g == 0 {
            return cost_c;
        }
    }
    for (end, price) in ends.iter().zip(prices) {
        if weight_g <= end.as_i64().expect("grams") {
            return cost_c + number(price);
        }
    }
    unreachable!("the weight was brought below the last bracket")
}

/// By the angle between the two places as seen from the middle of the earth.
fn zone(instance: &Value, order: &Value, location: &Value) -> usize {
    let point = |of: &Value| {
        let (lat, lon) = (
            number(&of["lat"]).to_radians(),
            number(&of["lon"]).to_radians(),
        );
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let (a, b) = (point(order), point(location));
    let chord: f64 = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
    let miles = 3958.8 * 2.0 * (chord.sqrt() / 2.0).min(1.0).asin();
    let ends = list(&instance["zone_miles"]).iter().map(number);
    ends.filter(|end| miles > *end).count()
}

fn find<'v>(all: &'v Value, id: &str) -> &'v Value {
    let found = list(all).iter().find(|one| one["id"] == id);
    found.unwrap_or_else(|| panic!("there is no {id}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}
