//! Batches against an oracle that tries everything, and what holds at sizes it cannot try.

use ordo_sourcing::{Batch, BatchFlaw, Effort, Flaw, StepBudget, Tier, solve_batch};

use crate::generate::{Dice, Size};
use crate::shared;

const TINY: Size = Size {
    lines: 2,
    quantity: 2,
    candidates: 2,
};
const SMALL: Size = Size {
    lines: 4,
    quantity: 3,
    candidates: 5,
};
const EFFORT: Effort = Effort {
    order: StepBudget::IN_BATCH,
    steps: 600_000_000,
    rounds: 40,
    exchanges: 20_000,
    knots: 400_000,
};

#[test]
fn small_batches_are_as_cheap_as_can_be() {
    let (mut equal, mut total) = (0, 0);
    for seed in 0..300 {
        let batch = shared::batch(&mut Dice(seed), 4, TINY);
        let solution = solve_batch(&batch, EFFORT).expect("sound");
        let plans = || solution.plans.iter().map(|one| &one.plan);
        shared::left(&batch, plans());
        assert_eq!(
            shared::cost(&batch, plans()),
            solution.cost_uc,
            "seed {seed}"
        );
        let least = shared::least_cost(&batch);
        assert!(
            solution.cost_uc >= least,
            "seed {seed}: cheaper than possible"
        );
        assert!(solution.bound_uc <= least, "seed {seed}: not a bound");
        equal += u32::from(solution.cost_uc == least);
        total += 1;
    }
    assert!(
        equal * 100 >= total * 99,
        "only {equal} of {total} are optimal"
    );
}

#[test]
fn plans_keep_every_limit_and_the_gaps_add_up() {
    for seed in 0..40 {
        let batch = shared::batch(&mut Dice(seed), 30, SMALL);
        let solution = solve_batch(&batch, EFFORT).expect("sound");
        let plans = || solution.plans.iter().map(|one| &one.plan);
        let left = shared::left(&batch, plans());
        assert_eq!(
            shared::cost(&batch, plans()),
            solution.cost_uc,
            "seed {seed}"
        );
        let unused = left.iter().zip(&solution.prices_uc);
        let unused = unused.map(|(&left, &price)| i128::from(left) * i128::from(price));
        let gaps = solution.plans.iter().map(|one| i128::from(one.gap_uc));
        assert!(
            solution.plans.iter().all(|one| one.gap_uc >= 0),
            "seed {seed}"
        );
        let distance = solution.cost_uc - solution.bound_uc;
        assert_eq!(
            gaps.sum::<i128>() + unused.sum::<i128>(),
            distance,
            "seed {seed}"
        );
        assert_eq!(
            solve_batch(&batch, EFFORT).as_ref(),
            Ok(&solution),
            "seed {seed}"
        );
    }
}

#[test]
fn longer_walks_do_not_cost_more() {
    let (mut short, mut long) = (0, 0);
    for seed in 0..20 {
        let batch = shared::batch(&mut Dice(seed), 40, SMALL);
        let walk = |exchanges| {
            let effort = Effort {
                exchanges,
                knots: 20 * exchanges,
                ..EFFORT
            };
            solve_batch(&batch, effort).expect("sound").cost_uc
        };
        short += walk(0);
        long += walk(40_000);
    }
    // Without the walk, plans follow the relaxation and the first come is the first served.
    assert!(long < short, "{long} against {short}");
}

#[test]
fn limits_below_zero_count_as_zero_and_no_orders_cost_nothing() {
    let mut batch = shared::batch(&mut Dice(5), 6, SMALL);
    batch.limits.iter_mut().for_each(|limit| *limit = -3);
    let solution = solve_batch(&batch, EFFORT).expect("sound");
    assert!(
        solution
            .plans
            .iter()
            .all(|one| one.plan.shipments.is_empty())
    );
    assert_eq!(solution.cost_uc, solution.bound_uc);
    let nobody = solve_batch(&Batch::default(), EFFORT).expect("sound");
    assert_eq!(
        (nobody.cost_uc, nobody.bound_uc, nobody.plans.len()),
        (0, 0, 0)
    );
}

#[test]
fn orders_of_very_many_units_are_sourced_too() {
    let mut batch = shared::batch(&mut Dice(9), 5, SMALL);
    for member in &mut batch.orders {
        member.instance.max_shipments = None;
        for line in &mut member.instance.lines {
            line.quantity = 700_000_000;
        }
        for candidate in &mut member.instance.candidates {
            candidate
                .available
                .iter_mut()
                .for_each(|units| *units = 900_000_000);
        }
    }
    batch.limits.iter_mut().for_each(|limit| *limit = i64::MAX);
    let effort = Effort {
        exchanges: 200,
        knots: 4_000,
        ..EFFORT
    };
    let solution = solve_batch(&batch, effort).expect("sound");
    let plans = || solution.plans.iter().map(|one| &one.plan);
    shared::left(&batch, plans());
    assert!(solution.bound_uc <= solution.cost_uc);
}

#[test]
fn flawed_batches_are_refused() {
    let sound = shared::batch(&mut Dice(7), 3, SMALL);
    let flaw = |damage: &dyn Fn(&mut Batch)| {
        let mut batch = sound.clone();
        damage(&mut batch);
        solve_batch(&batch, EFFORT).expect_err("damaged")
    };
    assert_eq!(
        flaw(&|batch| batch.orders[1].instance.lines[0].quantity = 0),
        BatchFlaw::Order(1, Flaw::Quantity(0))
    );
    assert_eq!(
        flaw(&|batch| batch.orders[2].instance.tiers.push(Tier::Shipments)),
        BatchFlaw::Tiers(2)
    );
    assert_eq!(flaw(&|batch| batch.limits.truncate(1)), BatchFlaw::Draws(0));
    assert_eq!(
        flaw(&|batch| batch.orders[0].draws.clear()),
        BatchFlaw::Draws(0)
    );
    assert_eq!(
        flaw(&|batch| batch.orders[0].draws[0].lines.clear()),
        BatchFlaw::Draws(0)
    );
}
