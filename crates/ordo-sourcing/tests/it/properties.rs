//! What holds for every answer, at sizes no oracle can try.

use std::thread;

use ordo_sourcing::{Candidate, Instance, Key, Solution, StepBudget, solve};

use crate::generate::{self, Dice, Size};

const SIZES: [Size; 4] = [
    Size {
        lines: 3,
        quantity: 3,
        candidates: 8,
    },
    Size {
        lines: 8,
        quantity: 4,
        candidates: 20,
    },
    Size {
        lines: 2,
        quantity: 1_000,
        candidates: 12,
    },
    Size {
        lines: 30,
        quantity: 9,
        candidates: 40,
    },
];

/// Shipments by key, with what is left over.
type ByKey = (Vec<(Key, Vec<(usize, i64)>)>, Vec<(usize, i64)>);

#[test]
fn plans_conserve_quantities_and_take_no_more_than_is_there() {
    each(|instance, solution, seed| {
        let mut planned = vec![0; instance.lines.len()];
        for shipment in &solution.plan.shipments {
            for &(line, units) in &shipment.lines {
                let available = instance.candidates[shipment.location].available[line];
                assert!(
                    0 < units && units <= available,
                    "seed {seed} takes {units} of {available}"
                );
                planned[line] += units;
            }
        }
        for &(line, units) in &solution.plan.unfilled {
            assert!(units > 0, "seed {seed} mentions a filled line");
            planned[line] += units;
        }
        let wanted: Vec<i64> = instance.lines.iter().map(|line| line.quantity).collect();
        assert_eq!(planned, wanted, "seed {seed}");
        assert_eq!(
            instance.cost_of(&solution.plan),
            Ok(solution.cost),
            "seed {seed}"
        );
    });
}

#[test]
fn the_order_of_candidates_does_not_matter() {
    each(|instance, solution, seed| {
        let mut shuffled = instance.clone();
        Dice(seed ^ 0x5eed).shuffle(&mut shuffled.candidates);
        let again = solve(&shuffled, BUDGET).expect("sound");
        assert_eq!(
            by_key(&shuffled, &again),
            by_key(instance, solution),
            "seed {seed}"
        );
        assert_eq!(again.cost, solution.cost, "seed {seed}");
        assert_eq!(again.steps, solution.steps, "seed {seed}");
    });
}

#[test]
fn a_larger_budget_never_gives_a_dearer_plan_once_it_proves() {
    each(|instance, solution, seed| {
        let proven = solve(instance, StepBudget(BUDGET.0 * 4)).expect("sound");
        assert!(
            !solution.proven || proven.proven,
            "seed {seed} is no longer proven"
        );
        assert!(
            !proven.proven || proven.cost <= solution.cost,
            "seed {seed}"
        );
    });
}

#[test]
fn a_far_key_wins_only_where_it_is_cheaper() {
    let candidate = |key, distance_m| Candidate {
        key: Key(key),
        available: vec![1],
        distance_m,
        ..Candidate::default()
    };
    let line = ordo_sourcing::Line {
        quantity: 1,
        ..Default::default()
    };
    let location = |candidates| {
        let instance = Instance::nearest(vec![line], candidates);
        solve(&instance, BUDGET).expect("sound").plan.shipments[0].location
    };
    assert_eq!(
        location(vec![candidate(9, 10), candidate(2, 10), candidate(5, 10)]),
        1
    );
    assert_eq!(
        location(vec![candidate(9, 9), candidate(2, 10), candidate(5, 10)]),
        0
    );
}

/// Goal: nothing is shared between problems that are solved side by side. Method: the same instances
/// on one thread and dealt out to two and to seven.
#[test]
fn any_number_of_threads_gives_the_same_plans() {
    let instances: Vec<Instance> = (SIZES.into_iter())
        .flat_map(|size| (0..25).map(move |seed| generate::priced(&mut Dice(seed), size)))
        .collect();
    let on = |threads: usize| {
        let mut solved: Vec<(usize, Solution)> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let all = instances.iter().enumerate();
                    let own = all.skip(worker).step_by(threads);
                    scope.spawn(move || {
                        own.map(|(at, instance)| (at, solve(instance, BUDGET).expect("sound")))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let solved = workers.into_iter().map(|worker| worker.join());
            solved.flat_map(|done| done.expect("no panic")).collect()
        });
        solved.sort_by_key(|(at, _)| *at);
        solved
    };
    let alone = on(1);
    assert_eq!(alone.len(), instances.len());
    assert_eq!(on(2), alone);
    assert_eq!(on(7), alone);
}

const BUDGET: StepBudget = StepBudget(20_000);

fn each(check: impl Fn(&Instance, &Solution, u64)) {
    for size in SIZES {
        for seed in 0..150 {
            for instance in [
                generate::nearest(&mut Dice(seed), size),
                generate::priced(&mut Dice(seed), size),
                generate::parceled(&mut Dice(seed), size),
            ] {
                let solution = solve(&instance, BUDGET).expect("sound");
                check(&instance, &solution, seed);
            }
        }
    }
}

fn by_key(instance: &Instance, solution: &Solution) -> ByKey {
    let shipments = solution.plan.shipments.iter();
    let shipments = shipments.map(|shipment| {
        (
            instance.candidates[shipment.location].key,
            shipment.lines.clone(),
        )
    });
    (shipments.collect(), solution.plan.unfilled.clone())
}
