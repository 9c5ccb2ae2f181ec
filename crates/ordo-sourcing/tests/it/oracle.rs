//! Finds the optimum by trying every plan, with its own idea of what a plan costs.
//!
//! Nothing here calls the crate: only its plain data types are read.

use ordo_sourcing::{Cost, Instance, MAX_TIERS, Tier};

/// Units that each location ships of each line.
type Grid = Vec<Vec<i64>>;

/// The least cost of any plan.
pub fn least_cost(instance: &Instance) -> Cost {
    let mut best = None;
    let mut grid = vec![vec![0; instance.lines.len()]; instance.candidates.len()];
    try_line(instance, 0, &mut grid, &mut best);
    best.expect("shipping nothing is always a plan")
}

fn try_line(instance: &Instance, line: usize, grid: &mut Grid, best: &mut Option<Cost>) {
    if line < instance.lines.len() {
        return try_location(instance, line, 0, instance.lines[line].quantity, grid, best);
    }
    if allowed(instance, grid) {
        let cost = price(instance, grid);
        *best = Some(best.map_or(cost, |least| least.min(cost)));
    }
}

fn try_location(
    instance: &Instance,
    line: usize,
    location: usize,
    wanted: i64,
    grid: &mut Grid,
    best: &mut Option<Cost>,
) {
    if location == instance.candidates.len() {
        return try_line(instance, line + 1, grid, best);
    }
    let whole = instance.whole_lines || instance.lines[line].together.is_some();
    for units in 0..=wanted.min(instance.candidates[location].available[line].max(0)) {
        if whole && units != 0 && units != instance.lines[line].quantity {
            continue;
        }
        grid[location][line] = units;
        try_location(instance, line, location + 1, wanted - units, grid, best);
        grid[location][line] = 0;
    }
}

fn allowed(instance: &Instance, grid: &Grid) -> bool {
    let shipments = grid
        .iter()
        .filter(|row| row.iter().any(|&units| units > 0))
        .count();
    if instance
        .max_shipments
        .is_some_and(|most| shipments > most as usize)
    {
        return false;
    }
    // Of several shipments each must be worth it.
    let worth = |row: &Vec<i64>| {
        let values = instance.lines.iter().zip(row);
        values
            .map(|(line, units)| line.unit_value * units)
            .sum::<i64>()
    };
    let poor = |row: &Vec<i64>| {
        let ships = row.iter().any(|&units| units > 0);
        ships
            && instance
                .min_shipment_value
                .is_some_and(|least| worth(row) < least)
    };
    if shipments > 1 && grid.iter().any(poor) {
        return false;
    }
    // Mates ship from the same location or not at all.
    grid.iter().all(|row| {
        instance.lines.iter().zip(row).all(|(line, &units)| {
            let mut mates = instance.lines.iter().zip(row);
            line.together.is_none()
                || mates.all(|(mate, &theirs)| {
                    mate.together != line.together || (theirs > 0) == (units > 0)
                })
        })
    })
}

fn price(instance: &Instance, grid: &Grid) -> Cost {
    let mut money_uc = 0;
    let (mut shipments, mut shipped, mut distance_m) = (0, 0, 0);
    let (mut custom, mut custom_by_unit) = ([0; 2], [0; 2]);
    for (candidate, row) in instance.candidates.iter().zip(grid) {
        let units: i64 = row.iter().sum();
        if units == 0 {
            continue;
        }
        shipments += 1;
        shipped += units;
        distance_m += candidate.distance_m;
        for (sum, value) in custom.iter_mut().zip(&candidate.custom) {
            *sum += value;
        }
        for (sum, value) in custom_by_unit.iter_mut().zip(&candidate.custom) {
            *sum += value * units;
        }
        let lines = row.iter().filter(|&&units| units > 0).count() as i64;
        money_uc += candidate.handling_order_uc;
        money_uc += candidate.handling_line_uc * lines;
        money_uc += candidate.handling_unit_uc * units;
        for (price, units) in candidate.stock_price_uc.iter().zip(row) {
            money_uc += price * units;
        }
        let services = candidate.services.iter();
        let prices =
            services.map(|one| i64::max(0, one.extra_uc + parcels(instance, one.rate, row)));
        money_uc += prices.min().unwrap_or(0);
    }
    let wanted: i64 = instance.lines.iter().map(|line| line.quantity).sum();
    let unfilled = wanted - shipped;
    money_uc += instance.penalties.unfilled_unit_uc * unfilled;
    money_uc += instance.penalties.split_uc * i64::max(0, shipments - 1);
    let mut tiers = [0; MAX_TIERS];
    for (at, tier) in instance.tiers.iter().enumerate() {
        tiers[at] = match tier {
            Tier::UnfilledUnits => unfilled,
            Tier::Shipments => shipments,
            Tier::Distance => distance_m,
            Tier::Custom(which) => custom[usize::from(*which)],
            Tier::CustomPerUnit(which) => custom_by_unit[usize::from(*which)],
        };
    }
    Cost { tiers, money_uc }
}

/// The least price of what is shipped, over all ways to put its units into parcels.
fn parcels(instance: &Instance, rate: u32, row: &[i64]) -> i64 {
    let weights = instance.lines.iter().zip(row);
    let Some(parceling) = instance.parceling else {
        let weight_g = weights.map(|(line, units)| line.unit_weight_g * units);
        return carriage(instance, rate, weight_g.sum());
    };
    let mut price_uc = 0;
    let mut shared = Vec::new();
    for (line, &units) in weights {
        for _ in 0..units {
            if line.alone {
                price_uc += carriage(instance, rate, line.unit_weight_g);
            } else {
                shared.push(line.unit_weight_g);
            }
        }
    }
    let steps = &instance.rates[rate as usize].steps;
    let last_g = steps[steps.len() - 1].up_to_g;
    let most_g = parceling.max_weight_g.unwrap_or(i64::MAX).min(last_g);
    price_uc + put(instance, rate, most_g, &shared, &mut Vec::new())
}

/// Puts the first unit into each parcel begun and into a new one.
fn put(instance: &Instance, rate: u32, most_g: i64, units: &[i64], begun: &mut Vec<i64>) -> i64 {
    let Some((&unit_g, rest)) = units.split_first() else {
        return begun
            .iter()
            .map(|&weight_g| carriage(instance, rate, weight_g))
            .sum();
    };
    begun.push(unit_g);
    let mut least = put(instance, rate, most_g, rest, begun);
    begun.pop();
    for at in 0..begun.len() {
        if begun[at] + unit_g <= most_g {
            begun[at] += unit_g;
            least = least.min(put(instance, rate, most_g, rest, begun));
            begun[at] -= unit_g;
        }
    }
    least
}

fn carriage(instance: &Instance, rate: u32, mut weight_g: i64) -> i64 {
    let steps = &instance.rates[rate as usize].steps;
    let last = steps[steps.len() - 1];
    let mut cost_uc = 0;
    if weight_g > last.up_to_g {
        while weight_g >= last.up_to_g {
            cost_uc += last.cost_uc;
            weight_g -= last.up_to_g;
        }
        if weight_g == 0 {
            return cost_uc;
        }
    }
    for step in steps {
        if weight_g <= step.up_to_g {
            return cost_uc + step.cost_uc;
        }
    }
    unreachable!("the weight was brought below the last step")
}
