//! Numbers at the edge of what is allowed, and orders far larger than most: each is refused as a
//! whole or solved soundly, never summed wrongly, and never taken longer over than it may be.

use ordo_sourcing::{
    Batch, Candidate, Draw, Effort, Instance, Key, Line, MAX_QUANTITY, Member, Penalties, Plan,
    Rate, Service, Solution, StepBudget, Tier, WeightStep, solve, solve_batch,
};

use crate::generate::Dice;
use crate::shared;

/// Goal: no sum overflows, whatever the numbers. Method: every number of an instance is drawn from
/// both ends of its range; what passes the check must come back as a plan that conserves quantities,
/// takes no more than is there and costs what it says. Overflow panics in the profile of tests.
#[test]
fn edge_numbers_are_refused_or_solved_soundly() {
    let (mut solved, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut dice = Dice(seed);
        let instance = at_the_edge(&mut dice);
        match solve(&instance, StepBudget(20_000)) {
            Ok(solution) => {
                look(&instance, &solution, seed);
                solved += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(solved > 4_000 && refused > 4_000, "{solved} {refused}");
}

/// The same for orders that share limits of any size.
#[test]
fn batches_of_edge_numbers_are_refused_or_solved_soundly() {
    let (mut solved, mut refused) = (0, 0);
    for seed in 0..2_000 {
        let batch = batch_at_the_edge(&mut Dice(seed));
        let effort = Effort {
            order: StepBudget(5_000),
            steps: 5_000_000,
            rounds: 12,
            exchanges: 300,
            knots: 3_000,
        };
        let Ok(solution) = solve_batch(&batch, effort) else {
            refused += 1;
            continue;
        };
        solved += 1;
        let mut taken = batch.clone();
        let limits = &mut taken.limits;
        limits.iter_mut().for_each(|limit| *limit = (*limit).max(0));
        let plans = || solution.plans.iter().map(|one| &one.plan);
        shared::left(&taken, plans());
        let cost_uc: i128 = (solution.plans.iter().map(|one| i128::from(one.cost_uc))).sum();
        assert_eq!(cost_uc, solution.cost_uc, "seed {seed}");
        assert!(solution.bound_uc <= solution.cost_uc, "seed {seed}");
        for (member, one) in batch.orders.iter().zip(&solution.plans) {
            let cost = member.instance.cost_of(&one.plan).expect("allowed");
            assert_eq!(cost.money_uc, one.cost_uc, "seed {seed}");
        }
    }
    assert!(solved > 400 && refused > 400, "{solved} {refused}");
}

/// Goal: an order of very many lines does not stop everybody else. Method: the steps of its plan,
/// which take about as long as those of others, stay near the budget, and there is a plan for all
/// that can be shipped, whether one location has it or only many together.
#[test]
fn orders_of_hundreds_of_lines_stay_near_their_budget() {
    for (lines, candidates) in [(64, 200), (250, 200), (1_000, 40), (1_000, 200)] {
        for (budget, one_has_all) in [
            (StepBudget::IN_BATCH, true),
            (StepBudget::IN_BATCH, false),
            (StepBudget::FULL, true),
            (StepBudget::FULL, false),
        ] {
            let instance = wide(lines, candidates, one_has_all);
            let solution = solve(&instance, budget).expect("sound");
            look(&instance, &solution, lines as u64);
            let what = format!("{lines} x {candidates}, {budget:?}, {one_has_all}");
            assert!(solution.plan.unfilled.is_empty(), "{what}");
            assert!(one_has_all || solution.plan.shipments.len() > 1, "{what}");
            let steps = solution.steps;
            // A few milliseconds more than it has.
            assert!(steps <= budget.0 + 500_000, "{what}: {steps} steps");
        }
    }
}

/// Goal: batches of large orders end in their time too. Method: forty orders that would take two
/// hundred times the steps; every order still gets a plan within the limits, and the
/// bound stands.
#[test]
fn batches_of_large_orders_stay_near_their_steps() {
    let lines = 18;
    let instance = wide(lines, 30, false);
    let draws = (0..30).map(|location| Draw {
        shipment: Some(30 * lines + location),
        lines: (0..lines).map(|line| lines * location + line).collect(),
    });
    let member = Member {
        draws: draws.collect(),
        instance,
    };
    let batch = Batch {
        orders: vec![member; 40],
        limits: (0..30 * lines + 30).map(|at| 5 + at as i64 % 40).collect(),
    };
    let effort = Effort {
        order: StepBudget::IN_BATCH,
        steps: 4_000_000,
        rounds: 40,
        exchanges: 20_000,
        knots: 40_000,
    };
    let solution = solve_batch(&batch, effort).expect("sound");
    shared::left(&batch, solution.plans.iter().map(|one| &one.plan));
    assert!(solution.bound_uc > 0 && solution.bound_uc <= solution.cost_uc);
    let steps: u64 = solution.plans.iter().map(|one| one.steps).sum();
    assert!(steps < effort.steps * 3 / 2, "{steps} steps");
    let unfilled = solution.plans.iter().flat_map(|one| &one.plan.unfilled);
    let unfilled: i64 = unfilled.map(|(_, units)| units).sum();
    // With a hundred times the steps it is nine units of some 1,400.
    assert!(unfilled <= 30, "{unfilled} units stay");
}

/// Nothing to ship and nobody to ship it are plans too.
#[test]
fn nothing_and_nobody_are_solved() {
    for (lines, candidates, most) in [(0, 3, None), (3, 0, None), (0, 0, None), (3, 3, Some(0))] {
        let mut instance = wide(lines, candidates, true);
        instance.max_shipments = most;
        let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
        assert!(solution.proven && solution.plan.shipments.is_empty());
        assert_eq!(solution.plan.unfilled.len(), lines);
    }
}

fn look(instance: &Instance, solution: &Solution, seed: u64) {
    let mut planned = vec![0; instance.lines.len()];
    let mut locations: Vec<usize> = Vec::new();
    for shipment in &solution.plan.shipments {
        locations.push(shipment.location);
        for &(line, units) in &shipment.lines {
            let available = instance.candidates[shipment.location].available[line];
            assert!(0 < units && units <= available, "seed {seed}");
            planned[line] += units;
        }
    }
    locations.sort_unstable();
    locations.dedup();
    assert_eq!(
        locations.len(),
        solution.plan.shipments.len(),
        "seed {seed}"
    );
    for &(line, units) in &solution.plan.unfilled {
        planned[line] += units;
    }
    let wanted: Vec<i64> = instance.lines.iter().map(|line| line.quantity).collect();
    assert_eq!(planned, wanted, "seed {seed}");
    assert_eq!(
        instance.cost_of(&solution.plan),
        Ok(solution.cost),
        "seed {seed}"
    );
    // Another plan for comparison: nothing is shipped.
    let nothing = Plan {
        shipments: Vec::new(),
        unfilled: wanted.into_iter().enumerate().collect(),
    };
    let nothing = instance.cost_of(&nothing).expect("allowed");
    assert!(solution.cost <= nothing, "seed {seed}: dearer than nothing");
    assert!(solution.cost - solution.gap <= solution.cost, "seed {seed}");
}

/// A number that is mostly tiny or near one of several powers of ten.
fn edge(dice: &mut Dice, digits: i64) -> i64 {
    let power = 10_i64.pow(dice.between(0, digits) as u32);
    match dice.between(0, 3) {
        0 => dice.between(0, 2),
        1 => power - 1,
        2 => power,
        _ => power.saturating_mul(dice.between(1, 9)),
    }
}

fn at_the_edge(dice: &mut Dice) -> Instance {
    let lines: Vec<Line> = (0..dice.between(0, 4))
        .map(|_| Line {
            quantity: edge(dice, 9).clamp(1, MAX_QUANTITY),
            unit_weight_g: edge(dice, 7),
            together: dice.one_in(5).then_some(1),
            unit_value: edge(dice, 6),
            ..Line::default()
        })
        .collect();
    // One order in two is of modest money, else nearly all would be refused.
    let digits = [10, 15, 18][dice.between(0, 2) as usize];
    let rates: Vec<Rate> = (0..2).map(|_| edge_rate(dice, digits)).collect();
    let candidates = (0..dice.between(0, 4)).map(|nth| Candidate {
        key: Key(nth as u128),
        available: lines
            .iter()
            .map(|line| match dice.between(0, 6) {
                0 => i64::MIN,
                1 => i64::MAX,
                2 => 0,
                3 => line.quantity - 1,
                _ => edge(dice, 9),
            })
            .collect(),
        distance_m: edge(dice, 9),
        handling_order_uc: edge(dice, digits),
        handling_line_uc: edge(dice, digits),
        handling_unit_uc: edge(dice, digits - 6),
        services: (0..dice.between(0, 2))
            .map(|rate| Service {
                rate: rate as u32,
                extra_uc: edge(dice, digits),
            })
            .collect(),
        ..Candidate::default()
    });
    let candidates = candidates.collect();
    Instance {
        candidates,
        lines,
        rates,
        tiers: match dice.between(0, 2) {
            0 => vec![Tier::UnfilledUnits, Tier::Shipments, Tier::Distance],
            1 => vec![Tier::UnfilledUnits],
            _ => Vec::new(),
        },
        penalties: Penalties {
            split_uc: edge(dice, digits),
            unfilled_unit_uc: edge(dice, digits - 2),
        },
        whole_lines: dice.one_in(4),
        max_shipments: dice.one_in(3).then(|| dice.between(0, 2) as u32),
        min_shipment_value: dice.one_in(4).then(|| edge(dice, 12)),
        ..Instance::default()
    }
}

fn edge_rate(dice: &mut Dice, digits: i64) -> Rate {
    let first_g = edge(dice, 6).max(1);
    Rate {
        steps: [first_g, first_g + edge(dice, 18).max(1)]
            .into_iter()
            .map(|up_to_g| WeightStep {
                up_to_g,
                cost_uc: edge(dice, digits),
            })
            .collect(),
    }
}

/// A few edge orders of the same three locations and two goods.
fn batch_at_the_edge(dice: &mut Dice) -> Batch {
    const LOCATIONS: usize = 3;
    let mut orders = Vec::new();
    for _ in 0..dice.between(0, 3) {
        let mut instance = at_the_edge(dice);
        instance.tiers.clear();
        let draws = (0..instance.candidates.len()).map(|at| {
            let location = at % LOCATIONS;
            let lines = 0..instance.lines.len();
            Draw {
                shipment: (!dice.one_in(3)).then_some(2 * LOCATIONS + location),
                lines: lines.map(|line| 2 * location + line % 2).collect(),
            }
        });
        let draws = draws.collect();
        orders.push(Member { instance, draws });
    }
    let limit = |dice: &mut Dice| match dice.between(0, 4) {
        0 => i64::MIN,
        1 => i64::MAX,
        _ => edge(dice, 12),
    };
    Batch {
        orders,
        limits: (0..3 * LOCATIONS).map(|_| limit(dice)).collect(),
    }
}

/// An order of very many lines, of which only the first location may have all.
fn wide(lines: usize, candidates: usize, one_has_all: bool) -> Instance {
    let mut dice = Dice(7);
    Instance {
        lines: (0..lines)
            .map(|_| Line {
                quantity: dice.between(1, 3),
                unit_weight_g: dice.between(1, 9) * 100,
                ..Line::default()
            })
            .collect(),
        candidates: (0..candidates)
            .map(|nth| Candidate {
                key: Key(nth as u128),
                available: (0..lines)
                    .map(|_| match nth {
                        0 if one_has_all => 3,
                        _ => dice.between(0, 1) * dice.between(0, 3),
                    })
                    .collect(),
                handling_order_uc: dice.between(1, 9) * 1_000_000,
                handling_unit_uc: if nth == 0 {
                    900_000
                } else {
                    dice.between(1, 9) * 10_000
                },
                services: vec![Service {
                    rate: 0,
                    extra_uc: 0,
                }],
                ..Candidate::default()
            })
            .collect(),
        rates: vec![Rate {
            steps: (1..=20)
                .map(|step| WeightStep {
                    up_to_g: step * 1_000,
                    cost_uc: 4_000_000 + step * 300_000,
                })
                .collect(),
        }],
        penalties: Penalties {
            split_uc: 100_000,
            unfilled_unit_uc: 40_000_000,
        },
        ..Instance::default()
    }
}
