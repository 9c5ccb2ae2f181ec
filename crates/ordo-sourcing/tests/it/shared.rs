//! Random orders that share stock and shipments, and what holds for every set of plans.

use ordo_sourcing::{Batch, Draw, Instance, Member, Plan, Shipment};

use crate::generate::{self, Dice, Size};

/// How many goods the orders of one batch are about.
const GOODS: i64 = 3;

/// Orders over the same few locations. Limits are stock by location and good, then shipments by
/// location.
pub fn batch(dice: &mut Dice, orders: usize, size: Size) -> Batch {
    let locations = size.candidates as usize;
    let goods = GOODS as usize;
    let mut limits: Vec<i64> = (0..locations * goods)
        .map(|_| dice.between(0, 1 + orders as i64 / 2))
        .collect();
    limits.extend((0..locations).map(|_| dice.between(0, orders as i64)));
    let mut members = Vec::new();
    while members.len() < orders {
        let mut instance = generate::stock_priced(dice, size);
        if instance.candidates.len() == locations {
            instance.tiers.clear();
            instance.penalties.unfilled_unit_uc += 10;
            members.push(member(dice, instance, locations));
        }
    }
    Batch {
        orders: members,
        limits,
    }
}

fn member(dice: &mut Dice, instance: Instance, locations: usize) -> Member {
    let goods = GOODS as usize;
    // Orders of more lines than there are goods want some good twice.
    let first = dice.between(0, GOODS - 1) as usize;
    let wanted: Vec<usize> = (0..instance.lines.len())
        .map(|line| (first + line) % goods)
        .collect();
    let limited = !dice.one_in(3);
    let draws = (0..locations).map(|location| Draw {
        shipment: limited.then_some(locations * goods + location),
        lines: wanted.iter().map(|good| location * goods + good).collect(),
    });
    Member {
        draws: draws.collect(),
        instance,
    }
}

/// What is left of every limit. Panics where a plan takes more than is there, or is not allowed.
pub fn left<'p>(batch: &Batch, plans: impl IntoIterator<Item = &'p Plan>) -> Vec<i64> {
    let mut left = batch.limits.clone();
    for (member, plan) in batch.orders.iter().zip(plans) {
        take(&mut left, member, plan);
    }
    left
}

/// Takes what a plan needs.
pub fn take(left: &mut [i64], member: &Member, plan: &Plan) {
    member.instance.cost_of(plan).expect("allowed");
    for shipment in &plan.shipments {
        let draw = &member.draws[shipment.location];
        if let Some(limit) = draw.shipment {
            left[limit] -= 1;
            assert!(left[limit] >= 0, "too many shipments");
        }
        for &(line, units) in &shipment.lines {
            left[draw.lines[line]] -= units;
            assert!(left[draw.lines[line]] >= 0, "oversold");
        }
    }
}

/// What plans cost, each by itself.
pub fn cost<'p>(batch: &Batch, plans: impl IntoIterator<Item = &'p Plan>) -> i128 {
    let orders = batch.orders.iter().zip(plans);
    let costs = orders.map(|(member, plan)| {
        let cost = member.instance.cost_of(plan).expect("allowed");
        i128::from(cost.money_uc)
    });
    costs.sum()
}

/// The least that all orders can cost together, by trying every plan of every order.
pub fn least_cost(batch: &Batch) -> i128 {
    let mut best = None;
    try_order(batch, 0, batch.limits.clone(), 0, &mut best);
    best.expect("shipping nothing is always possible")
}

fn try_order(batch: &Batch, order: usize, left: Vec<i64>, so_far: i128, best: &mut Option<i128>) {
    if best.is_some_and(|best| so_far >= best) {
        return;
    }
    let Some(member) = batch.orders.get(order) else {
        *best = Some(so_far);
        return;
    };
    for plan in plans(&member.instance) {
        let Ok(cost) = member.instance.cost_of(&plan) else {
            continue;
        };
        let mut left = left.clone();
        let fits = member.drawn(&plan).into_iter().all(|(limit, units)| {
            left[limit] -= units;
            left[limit] >= 0
        });
        if fits {
            let so_far = so_far + i128::from(cost.money_uc);
            try_order(batch, order + 1, left, so_far, best);
        }
    }
}

/// Every way to spread an order's units over its candidates, allowed or not.
fn plans(instance: &Instance) -> Vec<Plan> {
    let mut grids = vec![Vec::new()];
    for (index, line) in instance.lines.iter().enumerate() {
        for candidate in &instance.candidates {
            let most = candidate.available[index].clamp(0, line.quantity);
            let wider = grids.iter().flat_map(|grid: &Vec<i64>| {
                (0..=most).map(|units| [grid.as_slice(), &[units]].concat())
            });
            grids = wider.collect();
        }
    }
    let width = instance.candidates.len();
    let plan = |grid: Vec<i64>| {
        let mut plan = Plan::default();
        for location in 0..width {
            let lines = (0..instance.lines.len())
                .map(|line| (line, grid[line * width + location]))
                .filter(|&(_, units)| units > 0);
            let lines: Vec<(usize, i64)> = lines.collect();
            if !lines.is_empty() {
                plan.shipments.push(Shipment {
                    location,
                    lines,
                    parcels: Vec::new(),
                });
            }
        }
        for (index, line) in instance.lines.iter().enumerate() {
            let shipped: i64 = grid[index * width..][..width].iter().sum();
            if shipped > line.quantity {
                return None;
            }
            if shipped < line.quantity {
                plan.unfilled.push((index, line.quantity - shipped));
            }
        }
        Some(plan)
    };
    grids.into_iter().filter_map(plan).collect()
}
