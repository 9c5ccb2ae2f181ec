//! Looking again at plans already made: never dearer, never over a limit, never late.

use ordo_sourcing::{
    Assigned, Batch, Effort, Plan, PlanFault, ReassignFlaw, Reassignment, StepBudget, reassign,
};

use crate::generate::{Dice, Size};
use crate::shared;

const SIZE: Size = Size {
    lines: 3,
    quantity: 2,
    candidates: 4,
};
const EFFORT: Effort = Effort {
    order: StepBudget::IN_BATCH,
    steps: 600_000_000,
    rounds: 20,
    exchanges: 5_000,
    knots: 0,
};

struct Desk {
    batch: Batch,
    assigned: Vec<Assigned>,
    free: Vec<i64>,
    prices_uc: Vec<i64>,
}

/// Orders that were each given their own best plan as they came.
fn desk(seed: u64) -> Desk {
    let mut dice = Dice(seed);
    let batch = shared::batch(&mut dice, 15, SIZE);
    let mut left = batch.limits.clone();
    let mut assigned = Vec::new();
    for member in &batch.orders {
        let alone = Batch {
            orders: vec![member.clone()],
            limits: left.clone(),
        };
        let found = ordo_sourcing::solve_batch(&alone, EFFORT).expect("sound");
        let plan = found.plans[0].plan.clone();
        shared::take(&mut left, member, &plan);
        assigned.push(Assigned {
            member: member.clone(),
            plan,
            keeps_promise: member.draws.iter().map(|_| !dice.one_in(4)).collect(),
        });
    }
    // Some stock came in since.
    for limit in left.iter_mut().take(6) {
        *limit += dice.between(0, 2);
    }
    let prices_uc = left.iter().map(|_| dice.between(0, 3)).collect();
    Desk {
        batch,
        assigned,
        free: left,
        prices_uc,
    }
}

impl Desk {
    fn look(&self, threshold_uc: i64) -> Reassignment {
        let found = reassign(
            &self.assigned,
            &self.free,
            &self.prices_uc,
            threshold_uc,
            EFFORT,
        );
        found.expect("sound")
    }

    /// Cost and prices of all plans, with some moved.
    fn total(&self, plans: &[Plan]) -> i128 {
        let mut total = shared::cost(&self.batch, plans);
        for (member, plan) in self.batch.orders.iter().zip(plans) {
            for (limit, units) in member.drawn(plan) {
                total += i128::from(units * self.prices_uc[limit]);
            }
        }
        total
    }
}

#[test]
fn moves_save_what_they_say_and_keep_every_limit_and_promise() {
    let mut moved = 0;
    for seed in 0..60 {
        let desk = desk(seed);
        let found = desk.look(2);
        let before: Vec<Plan> = desk.assigned.iter().map(|one| one.plan.clone()).collect();
        let mut after = before.clone();
        let mut order = None;
        for one in &found.moves {
            assert!(order < Some(one.order), "seed {seed}: out of order");
            order = Some(one.order);
            after[one.order] = one.plan.clone();
            check_promise(&desk.assigned[one.order], &one.plan);
        }
        let mut left = desk.free.clone();
        for (member, plan) in desk.batch.orders.iter().zip(&before) {
            for (limit, units) in member.drawn(plan) {
                left[limit] += units;
            }
        }
        for (member, plan) in desk.batch.orders.iter().zip(&after) {
            shared::take(&mut left, member, plan);
        }
        let saved = desk.total(&before) - desk.total(&after);
        assert_eq!(saved, i128::from(found.saving_uc), "seed {seed}");
        let parts = found.moves.iter().map(|one| one.saving_uc);
        assert_eq!(parts.sum::<i64>(), found.saving_uc, "seed {seed}");
        assert!(
            found.saving_uc >= 2 * found.moves.len() as i64,
            "seed {seed}"
        );
        assert_eq!(desk.look(2), found, "seed {seed}");
        moved += found.moves.len();
    }
    assert!(moved > 60, "only {moved} orders were moved");
}

#[test]
fn a_high_threshold_moves_nothing() {
    for seed in 0..20 {
        assert_eq!(desk(seed).look(1_000_000), Reassignment::default());
    }
}

#[test]
fn plans_that_are_not_allowed_are_refused() {
    let mut desk = desk(4);
    let look = |desk: &Desk| {
        let found = reassign(&desk.assigned, &desk.free, &desk.prices_uc, 1, EFFORT);
        found.expect_err("damaged")
    };
    desk.assigned[2].keeps_promise.pop();
    assert_eq!(look(&desk), ReassignFlaw::Promise(2));
    desk.assigned[2].keeps_promise.push(true);
    desk.assigned[1].plan = Plan::default();
    assert_eq!(
        look(&desk),
        ReassignFlaw::Plan(1, PlanFault::NotConserved(0))
    );
}

/// No location that comes too late ships more of anything than it did.
fn check_promise(assigned: &Assigned, plan: &Plan) {
    for shipment in &plan.shipments {
        if assigned.keeps_promise[shipment.location] {
            continue;
        }
        for &(line, units) in &shipment.lines {
            let had = assigned.plan.shipments.iter();
            let had = had.filter(|other| other.location == shipment.location);
            let had = had
                .flat_map(|other| &other.lines)
                .filter(|other| other.0 == line);
            assert!(
                units <= had.map(|other| other.1).sum(),
                "a late shipment grew"
            );
        }
    }
}
