//! Every answer against the oracle: equal cost where proven, a true bound where not.

use ordo_sourcing::{Cost, Instance, Solution, StepBudget, solve};

use crate::generate::{self, Dice, Size};
use crate::oracle;

const SMALL: Size = Size {
    lines: 3,
    quantity: 3,
    candidates: 4,
};
const SINGLE_LINE: Size = Size {
    lines: 1,
    quantity: 12,
    candidates: 4,
};
const MANY_LINES: Size = Size {
    lines: 6,
    quantity: 1,
    candidates: 4,
};
const TINY: Size = Size {
    lines: 3,
    quantity: 2,
    candidates: 3,
};
/// Enough for any instance here.
const PLENTY: StepBudget = StepBudget(u64::MAX);

#[test]
fn unconfigured_plans_are_optimal_and_proven() {
    for size in [SMALL, SINGLE_LINE, MANY_LINES] {
        for seed in 0..1_000 {
            let instance = generate::nearest(&mut Dice(seed), size);
            check_optimal(&instance, seed);
        }
    }
}

#[test]
fn priced_plans_are_optimal_and_proven() {
    for size in [SMALL, SINGLE_LINE, MANY_LINES] {
        for seed in 0..2_000 {
            let instance = generate::priced(&mut Dice(seed), size);
            check_optimal(&instance, seed);
        }
    }
}

#[test]
fn plans_over_priced_stock_are_optimal_and_proven() {
    for size in [SMALL, SINGLE_LINE, MANY_LINES] {
        for seed in 0..1_000 {
            let instance = generate::stock_priced(&mut Dice(seed), size);
            check_optimal(&instance, seed);
        }
    }
}

#[test]
fn plans_of_worthy_shipments_and_by_unit_are_optimal_and_proven() {
    let mut guarded = 0;
    for size in [SMALL, SINGLE_LINE, MANY_LINES] {
        for seed in 0..2_000 {
            let instance = generate::guarded(&mut Dice(seed), size);
            check_optimal(&instance, seed);
            let mut free = instance.clone();
            free.min_shipment_value = None;
            guarded += u32::from(oracle::least_cost(&free) != oracle::least_cost(&instance));
        }
    }
    assert!(guarded > 200, "the least value mattered {guarded} times");
}

#[test]
fn plans_in_parcels_are_optimal_and_proven() {
    for seed in 0..600 {
        check_optimal(&generate::parceled(&mut Dice(seed), TINY), seed);
    }
}

#[test]
fn without_steps_the_plan_is_allowed_and_the_gap_is_true() {
    let (mut equal, mut total) = (0, 0);
    for size in [SMALL, SINGLE_LINE, MANY_LINES] {
        for seed in 0..1_000 {
            for instance in [
                generate::nearest(&mut Dice(seed), size),
                generate::priced(&mut Dice(seed), size),
                generate::stock_priced(&mut Dice(seed), size),
                generate::guarded(&mut Dice(seed), size),
                generate::parceled(&mut Dice(seed), TINY),
            ] {
                for budget in [0, 40, 400] {
                    let solution = solve(&instance, StepBudget(budget)).expect("sound");
                    let least = oracle::least_cost(&instance);
                    check_bounds(&instance, &solution, least, seed);
                    equal += u32::from(solution.cost == least);
                    total += 1;
                }
            }
        }
    }
    // A fallback that stopped improving would show here first.
    assert!(
        equal * 100 > total * 90,
        "only {equal} of {total} fallback plans are optimal"
    );
}

fn check_optimal(instance: &Instance, seed: u64) {
    let solution = solve(instance, PLENTY).expect("sound");
    let least = oracle::least_cost(instance);
    assert!(solution.proven, "seed {seed} is not proven: {instance:?}");
    assert_eq!(
        solution.cost, least,
        "seed {seed}: {instance:?} {solution:?}"
    );
    check_bounds(instance, &solution, least, seed);
}

fn check_bounds(instance: &Instance, solution: &Solution, least: Cost, seed: u64) {
    let priced = instance.cost_of(&solution.plan);
    assert_eq!(
        priced,
        Ok(solution.cost),
        "seed {seed}: {instance:?} {solution:?}"
    );
    assert!(solution.cost >= least, "seed {seed}: cheaper than possible");
    let bound = solution.cost - solution.gap;
    assert!(
        bound <= least,
        "seed {seed}: {bound:?} is no bound for {least:?}: {instance:?}"
    );
    assert_eq!(solution.proven, solution.gap == Cost::ZERO, "seed {seed}");
    assert!(
        !solution.proven || solution.cost == least,
        "seed {seed}: falsely proven"
    );
}
