//! Small orders whose right answer can be told by eye, one rule each.

use ordo_sourcing::{
    Candidate, Instance, Key, Line, Parceling, Penalties, Plan, PlanFault, Rate, Service, Shipment,
    StepBudget, Tier, WeightStep, solve,
};

/// Lines by quantity.
fn lines(quantities: &[i64]) -> Vec<Line> {
    let line = |&quantity| Line {
        quantity,
        unit_weight_g: 1_000,
        ..Line::default()
    };
    quantities.iter().map(line).collect()
}

fn at(key: u128, distance_m: i64, available: &[i64]) -> Candidate {
    Candidate {
        key: Key(key),
        available: available.to_vec(),
        distance_m,
        ..Candidate::default()
    }
}

/// Shipments as `location: line x units`, then what is unfilled.
fn show(plan: &Plan) -> String {
    let list = |lines: &[(usize, i64)]| {
        let lines = lines.iter().map(|(line, units)| format!(" {line}x{units}"));
        lines.collect::<String>()
    };
    let mut parts: Vec<String> = plan
        .shipments
        .iter()
        .map(|one| format!("{}:{}", one.location, list(&one.lines)))
        .collect();
    if !plan.unfilled.is_empty() {
        parts.push(format!("unfilled:{}", list(&plan.unfilled)));
    }
    parts.join(", ")
}

fn check(instance: &Instance, expected: &str) {
    let solution = solve(instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(show(&solution.plan), expected);
    assert!(solution.proven);
}

#[test]
fn nothing_anywhere_leaves_everything_unfilled() {
    check(
        &Instance::nearest(lines(&[2, 1]), vec![]),
        "unfilled: 0x2 1x1",
    );
    check(
        &Instance::nearest(lines(&[2, 1]), vec![at(1, 5, &[0, -3])]),
        "unfilled: 0x2 1x1",
    );
    check(&Instance::nearest(vec![], vec![at(1, 5, &[])]), "");
}

#[test]
fn one_location_farther_away_beats_two_near_ones() {
    let near = [at(1, 10, &[1, 0]), at(2, 20, &[0, 1])];
    let far = at(3, 9_000, &[1, 1]);
    check(
        &Instance::nearest(lines(&[1, 1]), near.to_vec()),
        "0: 0x1, 1: 1x1",
    );
    let all = [near[0].clone(), near[1].clone(), far];
    check(
        &Instance::nearest(lines(&[1, 1]), all.to_vec()),
        "2: 0x1 1x1",
    );
}

#[test]
fn filling_more_beats_shipping_less_often() {
    let candidates = vec![at(1, 10, &[3]), at(2, 99, &[2])];
    check(
        &Instance::nearest(lines(&[6]), candidates),
        "0: 0x3, 1: 0x2, unfilled: 0x1",
    );
}

#[test]
fn a_line_is_split_only_where_no_location_has_it_all() {
    let candidates = vec![at(1, 10, &[40]), at(2, 20, &[60]), at(3, 30, &[100])];
    check(
        &Instance::nearest(lines(&[100]), candidates.clone()),
        "2: 0x100",
    );
    check(
        &Instance::nearest(lines(&[100]), candidates[..2].to_vec()),
        "0: 0x40, 1: 0x60",
    );
    let mut whole = Instance::nearest(lines(&[100]), candidates[..2].to_vec());
    whole.whole_lines = true;
    check(&whole, "unfilled: 0x100");
}

#[test]
fn mates_ship_together_or_not_at_all() {
    let mut mates = lines(&[1, 1, 1]);
    mates[0].together = Some(4);
    mates[2].together = Some(4);
    let candidates = vec![at(1, 10, &[1, 1, 0]), at(2, 20, &[1, 0, 1])];
    check(
        &Instance::nearest(mates.clone(), candidates),
        "0: 1x1, 1: 0x1 2x1",
    );
    let candidates = vec![at(1, 10, &[1, 1, 0]), at(2, 20, &[0, 0, 1])];
    check(
        &Instance::nearest(mates, candidates),
        "0: 1x1, unfilled: 0x1 2x1",
    );
}

#[test]
fn the_shipment_limit_holds_even_if_units_stay_unfilled() {
    let candidates = vec![at(1, 10, &[2, 0]), at(2, 20, &[0, 1])];
    let mut instance = Instance::nearest(lines(&[2, 1]), candidates);
    instance.max_shipments = Some(1);
    check(&instance, "0: 0x2, unfilled: 1x1");
    instance.max_shipments = Some(0);
    check(&instance, "unfilled: 0x2 1x1");
}

#[test]
fn a_weight_step_can_make_tearing_a_whole_line_apart_cheaper() {
    // Two kilograms cost 30 from either place, one costs 10; both have both units.
    let steps =
        [(1_000, 10), (2_000, 30)].map(|(up_to_g, cost_uc)| WeightStep { up_to_g, cost_uc });
    let mut candidates = vec![at(1, 0, &[2]), at(2, 0, &[2])];
    candidates
        .iter_mut()
        .for_each(|candidate| candidate.services = vec![Service::default()]);
    let mut instance = Instance {
        lines: lines(&[2]),
        candidates,
        rates: vec![Rate {
            steps: steps.to_vec(),
        }],
        penalties: Penalties {
            split_uc: 9,
            unfilled_unit_uc: 1_000,
        },
        ..Instance::default()
    };
    check(&instance, "0: 0x1, 1: 0x1");
    instance.penalties.split_uc = 11;
    check(&instance, "0: 0x2");
}

#[test]
fn a_first_shipment_is_free_of_the_split_penalty() {
    let mut only = at(1, 0, &[1]);
    only.handling_order_uc = 10;
    let mut instance = Instance {
        lines: lines(&[1]),
        candidates: vec![only],
        penalties: Penalties {
            split_uc: 50,
            unfilled_unit_uc: 11,
        },
        ..Instance::default()
    };
    check(&instance, "0: 0x1");
    instance.penalties.unfilled_unit_uc = 9;
    check(&instance, "unfilled: 0x1");
}

#[test]
fn rates_charge_full_multiples_above_the_last_step() {
    let steps = [(500, 3), (1_000, 7)].map(|(up_to_g, cost_uc)| WeightStep { up_to_g, cost_uc });
    let rate = Rate {
        steps: steps.to_vec(),
    };
    let prices = [0, 1, 500, 501, 1_000, 1_001, 1_501, 2_000, 3_400].map(|weight| rate.at(weight));
    assert_eq!(prices, [3, 3, 3, 7, 7, 10, 14, 14, 24]);
}

#[test]
fn plans_from_elsewhere_are_checked() {
    let mut instance =
        Instance::nearest(lines(&[2, 1]), vec![at(1, 10, &[2, 1]), at(2, 20, &[1, 1])]);
    let price = |instance: &Instance, shipments: &[(usize, &[(usize, i64)])], unfilled: &[_]| {
        let shipments = shipments
            .iter()
            .map(|&(location, lines)| Shipment {
                location,
                lines: lines.to_vec(),
                parcels: Vec::new(),
            })
            .collect();
        instance.cost_of(&Plan {
            shipments,
            unfilled: unfilled.to_vec(),
        })
    };
    let priced = price(&instance, &[(0, &[(0, 1)]), (1, &[(0, 1), (1, 1)])], &[]);
    assert_eq!(priced.map(|cost| cost.tiers), Ok([0, 2, 30, 0, 0, 0]));
    for (shipments, unfilled, fault) in [
        (&[(2, &[(0, 2), (1, 1)][..])][..], &[][..], PlanFault::Index),
        (&[(0, &[(1, 1), (0, 2)])], &[], PlanFault::Index),
        (
            &[(0, &[(0, 1), (1, 1)]), (0, &[(0, 1)])],
            &[],
            PlanFault::Index,
        ),
        (&[(0, &[])], &[(0, 2), (1, 1)], PlanFault::Quantity),
        (&[(0, &[(0, 0), (1, 1)])], &[(0, 2)], PlanFault::Quantity),
        (
            &[(1, &[(0, 2), (1, 1)])],
            &[],
            PlanFault::MoreThanAvailable {
                location: 1,
                line: 0,
            },
        ),
        (&[(0, &[(0, 1), (1, 1)])], &[], PlanFault::NotConserved(0)),
        (
            &[(0, &[(0, 2), (1, 1)])],
            &[(1, 1)],
            PlanFault::NotConserved(1),
        ),
    ] {
        assert_eq!(price(&instance, shipments, unfilled), Err(fault));
    }
    instance.whole_lines = true;
    let torn = price(&instance, &[(0, &[(0, 1), (1, 1)])], &[(0, 1)]);
    assert_eq!(torn, Err(PlanFault::TornApart(0)));
    instance.whole_lines = false;
    instance
        .lines
        .iter_mut()
        .for_each(|line| line.together = Some(1));
    let torn = price(&instance, &[(0, &[(0, 2)])], &[(1, 1)]);
    assert_eq!(torn, Err(PlanFault::TornApart(1)));
    instance.max_shipments = Some(0);
    let many = price(&instance, &[(0, &[(0, 2), (1, 1)])], &[]);
    assert_eq!(many, Err(PlanFault::TooManyShipments));
}

/// Up to a kilogram costs 10, up to two 30; a unit weighs a kilogram.
#[test]
fn each_shipment_of_a_split_is_worth_the_least_value() {
    // Both lines ship from two near locations; the far one has everything.
    let near = [at(1, 10, &[3, 0]), at(2, 20, &[0, 1])];
    let mut instance = Instance::nearest(lines(&[3, 1]), near.to_vec());
    instance.lines[0].unit_value = 5;
    instance.lines[1].unit_value = 9;
    instance.min_shipment_value = Some(9);
    check(&instance, "0: 0x3, 1: 1x1");
    // A split that is not worth it is not made, even if a line stays unfilled.
    instance.min_shipment_value = Some(10);
    check(&instance, "0: 0x3, unfilled: 1x1");
    let fault = Instance::cost_of(&instance, &split_of_two());
    assert_eq!(fault, Err(PlanFault::WorthTooLittle(1)));
    instance.min_shipment_value = Some(9);
    assert!(instance.cost_of(&split_of_two()).is_ok());
    // A single shipment may be worth less than any split.
    instance.min_shipment_value = Some(1_000);
    check(&instance, "0: 0x3, unfilled: 1x1");
    // Where a part of a line makes the second shipment worth it, it is taken from the first.
    instance.candidates[1].available[0] = 3;
    instance.candidates[0].handling_order_uc = 1;
    instance.candidates[1].handling_unit_uc = 4;
    instance.penalties.unfilled_unit_uc = 100;
    instance.max_shipments = Some(2);
    instance.tiers.clear();
    instance.candidates[0].available[1] = 0;
    instance.min_shipment_value = Some(10);
    check(&instance, "0: 0x2, 1: 0x1 1x1");
}

fn split_of_two() -> Plan {
    let shipment = |location, line, units| Shipment {
        location,
        lines: vec![(line, units)],
        parcels: Vec::new(),
    };
    Plan {
        shipments: vec![shipment(0, 0, 3), shipment(1, 1, 1)],
        unfilled: Vec::new(),
    }
}

#[test]
fn tiers_by_unit_send_each_line_where_its_value_is_lowest() {
    let ranked = |key, rank, available: &[i64]| Candidate {
        custom: vec![rank],
        ..at(key, 0, available)
    };
    // Everything could come from the third, but each line takes what the better ranked have first.
    let candidates = vec![
        ranked(1, 2, &[2, 1, 0]),
        ranked(2, 1, &[1, 0, 0]),
        ranked(3, 7, &[5, 1, 1]),
    ];
    let instance = Instance {
        tiers: vec![Tier::UnfilledUnits, Tier::CustomPerUnit(0)],
        ..Instance::nearest(lines(&[4, 1, 1]), candidates)
    };
    check(&instance, "0: 0x2 1x1, 1: 0x1, 2: 0x1 2x1");
    let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(solution.cost.tiers, [0, 21, 0, 0, 0, 0]);
}

fn parceled(quantities: &[i64], max_weight_g: Option<i64>) -> Instance {
    let steps =
        [(1_000, 10), (2_000, 30)].map(|(up_to_g, cost_uc)| WeightStep { up_to_g, cost_uc });
    let mut only = at(1, 0, quantities);
    let dear = Service {
        rate: 0,
        extra_uc: 1,
    };
    only.services = vec![dear, Service::default()];
    Instance {
        lines: lines(quantities),
        candidates: vec![only],
        rates: vec![Rate {
            steps: steps.to_vec(),
        }],
        penalties: Penalties {
            split_uc: 0,
            unfilled_unit_uc: 1_000,
        },
        parceling: Some(Parceling { max_weight_g }),
        ..Instance::default()
    }
}

#[test]
fn two_light_parcels_are_sent_where_one_heavy_one_is_dearer() {
    let parcels = |instance: &Instance| {
        let solution = solve(instance, StepBudget::IN_BATCH).expect("sound");
        assert!(solution.proven);
        assert_eq!(instance.cost_of(&solution.plan), Ok(solution.cost));
        let shipment = &solution.plan.shipments[0];
        (solution.cost.money_uc, shipment.parcels.clone())
    };
    let mut instance = parceled(&[2], None);
    assert_eq!(parcels(&instance), (20, vec![vec![(0, 1)], vec![(0, 1)]]));
    // Where one parcel costs no more, it is one.
    instance.rates[0].steps[1].cost_uc = 20;
    assert_eq!(parcels(&instance), (20, vec![]));
    instance.parceling = Some(Parceling {
        max_weight_g: Some(1_500),
    });
    assert_eq!(parcels(&instance), (20, vec![vec![(0, 1)], vec![(0, 1)]]));
    // A unit that is too heavy for any parcel still travels, alone.
    instance.parceling = Some(Parceling {
        max_weight_g: Some(999),
    });
    assert_eq!(parcels(&instance), (20, vec![vec![(0, 1)], vec![(0, 1)]]));
}

#[test]
fn no_parcel_of_several_units_is_heavier_than_the_last_step() {
    let mut instance = parceled(&[3], None);
    let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(solution.cost.money_uc, 30);
    assert_eq!(solution.plan.shipments[0].parcels.len(), 3);
    let in_one = Plan {
        shipments: vec![Shipment {
            parcels: Vec::new(),
            ..solution.plan.shipments[0].clone()
        }],
        unfilled: Vec::new(),
    };
    assert_eq!(instance.cost_of(&in_one), Err(PlanFault::Parcels(0)));
    // What is taken off a service is taken off once, and never more than it asks.
    instance.candidates[0].services[1].extra_uc = -25;
    let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(solution.cost.money_uc, 5);
    instance.candidates[0].services[1].extra_uc = -50;
    let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(solution.cost.money_uc, 0);
}

#[test]
fn twelve_different_units_in_parcels_are_exact_at_eight_rates() {
    let mut instance = parceled(&[1; 12], None);
    for (line, grams) in instance.lines.iter_mut().zip((9..).step_by(7)) {
        line.unit_weight_g = grams * 100;
    }
    let steps = [1_000, 2_000, 5_000, 10_000, 20_000, 31_500];
    let prices = [400, 520, 700, 1_150, 2_600, 4_400];
    instance.rates = (0..8)
        .map(|nth| {
            let steps = steps
                .iter()
                .zip(prices)
                .map(|(&up_to_g, price)| WeightStep {
                    up_to_g,
                    cost_uc: price * (10 + nth) + 37 * nth,
                });
            Rate {
                steps: steps.collect(),
            }
        })
        .collect();
    instance.penalties.unfilled_unit_uc = 1_000_000;
    instance.candidates = (0..8)
        .map(|nth| Candidate {
            services: vec![Service {
                rate: nth,
                extra_uc: i64::from(8 - nth) * 90,
            }],
            ..at(u128::from(nth) + 1, 0, &[1; 12])
        })
        .collect();
    assert!(Parceling::is_exact_for(&instance.lines, 8));
    let solution = solve(&instance, StepBudget::FULL).expect("sound");
    assert!(solution.proven, "{} steps", solution.steps);
    assert_eq!(instance.cost_of(&solution.plan), Ok(solution.cost));
    assert!(solution.plan.shipments[0].parcels.len() > 1);
}

#[test]
fn a_line_that_ships_alone_shares_no_parcel() {
    let mut instance = parceled(&[1, 1, 1], None);
    instance.lines[1].alone = true;
    instance.lines[0].unit_weight_g = 100;
    instance.lines[1].unit_weight_g = 100;
    instance.lines[2].unit_weight_g = 100;
    let solution = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    let shipment = &solution.plan.shipments[0];
    assert_eq!(solution.cost.money_uc, 20);
    assert_eq!(shipment.parcels.len(), 2);
    assert!(shipment.parcels.contains(&vec![(1, 1)]));
    // Mates leave from one place together, each in the parcel it needs.
    for line in &mut instance.lines {
        line.together = Some(1);
    }
    let together = solve(&instance, StepBudget::IN_BATCH).expect("sound");
    assert_eq!(together.cost, solution.cost);
    assert_eq!(together.plan, solution.plan);
}

#[test]
fn parcels_that_are_not_what_is_shipped_are_refused() {
    let instance = parceled(&[2, 1], Some(2_000));
    let price = |parcels: &[&[(usize, i64)]]| {
        instance.cost_of(&Plan {
            shipments: vec![Shipment {
                location: 0,
                lines: vec![(0, 2), (1, 1)],
                parcels: parcels.iter().map(|parcel| parcel.to_vec()).collect(),
            }],
            unfilled: Vec::new(),
        })
    };
    let fault = Err(PlanFault::Parcels(0));
    assert_eq!(
        price(&[&[(0, 1), (1, 1)], &[(0, 1)]]).map(|cost| cost.money_uc),
        Ok(40)
    );
    // One heavy parcel, units missing, units too many, an empty parcel.
    assert_eq!(price(&[]), fault);
    assert_eq!(price(&[&[(0, 2)]]), fault);
    assert_eq!(price(&[&[(0, 2)], &[(0, 1)], &[(1, 1)]]), fault);
    assert_eq!(price(&[&[(0, 2)], &[(1, 1)], &[]]), fault);
    assert_eq!(price(&[&[(0, 2)], &[(2, 1)]]), Err(PlanFault::Index));
    let mut one_weight = instance.clone();
    one_weight.parceling = None;
    let plan = solve(&instance, StepBudget::IN_BATCH).expect("sound").plan;
    assert_eq!(one_weight.cost_of(&plan), fault);
}
