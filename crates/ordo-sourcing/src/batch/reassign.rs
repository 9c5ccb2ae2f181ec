//! Looks again at orders that have a plan but are not released yet: with all of them known, and
//! stock that came free since, some are better moved.
//!
//! Invariant: the plans that come out cost no more in total, prices of limits included, than those
//! that went in, and every move is part of an exchange that saves the threshold for each order it
//! moves: disturbing a location has its cost too.
//! Invariant: no order moves to a location that breaks its promise, and no limit is passed.

use crate::batch::relax::{Relaxation, Scene, Until};
use crate::batch::walk::Walk;
use crate::batch::{Batch, BatchFlaw, Effort, Member};
use crate::plan::{Plan, PlanFault};

/// An order with the plan it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The order and what its candidates draw on.
    pub member: Member,
    /// Its plan.
    pub plan: Plan,
    /// Per candidate, whether it reaches the buyer by the day that was promised. One that does not
    /// can keep what the plan gives it, at most.
    pub keeps_promise: Vec<bool>,
}

/// Another plan for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Index of the order.
    pub order: usize,
    /// The plan it should have.
    pub plan: Plan,
    /// What that saves, in micro-cents, prices included; below zero where the order makes room for
    /// another.
    pub saving_uc: i64,
}

/// What moving orders would bring.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reassignment {
    /// By rising order. They hold together: all of them or none.
    pub moves: Vec<Move>,
    /// What they save together, in micro-cents, prices included.
    pub saving_uc: i64,
}

/// Why plans cannot be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReassignFlaw {
    /// The orders or what they draw on are flawed.
    Batch(BatchFlaw),
    /// The plan of the order at this index is not one that its instance allows.
    Plan(usize, PlanFault),
    /// The order at this index does not say for every candidate whether it keeps the promise.
    Promise(usize),
}

/// Moves that save at least `threshold_uc` micro-cents for each order they move.
///
/// `free` is what is left of every limit beside what the plans hold, and `prices_uc` what a unit
/// of it is worth to others, both per limit. Orders keep their plans unless they are moved.
pub fn reassign(
    assigned: &[Assigned],
    free: &[i64],
    prices_uc: &[i64],
    threshold_uc: i64,
    effort: Effort,
) -> Result<Reassignment, ReassignFlaw> {
    let mut limits: Vec<i64> = free.iter().map(|&left| left.max(0)).collect();
    let mut batch = Batch {
        orders: Vec::with_capacity(assigned.len()),
        limits: Vec::new(),
    };
    for (index, one) in assigned.iter().enumerate() {
        let flaw = |flaw| Err(ReassignFlaw::Batch(flaw));
        if let Err(found) = one.member.check(index, limits.len()) {
            return flaw(found);
        }
        if one.keeps_promise.len() != one.member.draws.len() {
            return Err(ReassignFlaw::Promise(index));
        }
        if let Err(fault) = one.member.instance.cost_of(&one.plan) {
            return Err(ReassignFlaw::Plan(index, fault));
        }
        for (limit, units) in one.member.drawn(&one.plan) {
            limits[limit] = limits[limit].saturating_add(units);
        }
        batch.orders.push(one.offered(prices_uc));
    }
    batch.limits = limits;
    batch.check().map_err(ReassignFlaw::Batch)?;
    Ok(search(&batch, assigned, threshold_uc.max(1), effort))
}

fn search(batch: &Batch, assigned: &[Assigned], threshold_uc: i64, effort: Effort) -> Reassignment {
    let limits = &batch.limits;
    let mut relax = Relaxation::new(&batch.orders, limits.len(), effort.order);
    relax.desk.left = effort.steps / 2;
    let scene = Scene {
        counts: &vec![1; batch.orders.len()],
        limits,
    };
    let until = Until {
        rounds: effort.rounds,
        parts: 10_000,
    };
    relax.run(&scene, until);
    relax.desk.left = relax.desk.left.saturating_add(effort.steps / 2);
    let mut walk = Walk::new(&mut relax, limits, effort.order);
    walk.enrich(limits);
    let mut before = Vec::with_capacity(assigned.len());
    for (order, one) in assigned.iter().enumerate() {
        let known = walk.relax.desk.known(order, one.plan.clone());
        before.push(walk.learn(order, known));
    }
    walk.choose(&before);
    walk.polish(threshold_uc);
    walk.improve(effort.exchanges, threshold_uc);
    walk.polish(threshold_uc);

    let mut found = Reassignment::default();
    for (order, &had) in before.iter().enumerate() {
        let (known, at) = (&walk.pools[order].known, walk.chosen[order]);
        if at != had {
            let saving_uc = known[had].cost_uc - known[at].cost_uc;
            found.saving_uc += saving_uc;
            found.moves.push(Move {
                order,
                plan: known[at].plan.clone(),
                saving_uc,
            });
        }
    }
    found
}

impl Assigned {
    /// The order with prices in its costs and without what would break its promise.
    fn offered(&self, prices_uc: &[i64]) -> Member {
        let mut member = self.member.clone();
        let lines = member.instance.lines.len();
        let price_max_uc = member.price_max_uc();
        for (at, candidate) in member.instance.candidates.iter_mut().enumerate() {
            let draw = &member.draws[at];
            let price = |limit: usize| prices_uc[limit].clamp(0, price_max_uc);
            candidate.handling_order_uc += draw.shipment.map_or(0, price);
            candidate.stock_price_uc.resize(lines, 0);
            for (line, &limit) in draw.lines.iter().enumerate() {
                candidate.stock_price_uc[line] += price(limit);
            }
            if !self.keeps_promise[at] {
                let shipments = self.plan.shipments.iter();
                let held = shipments.filter(|shipment| shipment.location == at);
                candidate.available = vec![0; lines];
                for &(line, units) in held.flat_map(|shipment| &shipment.lines) {
                    candidate.available[line] = units;
                }
            }
        }
        member
    }
}
