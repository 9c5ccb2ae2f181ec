//! Explanations: the parts add up, and no other plan that is named would have been better.

use ordo_sourcing::{
    Candidate, Cost, Decision, Excluded, Instance, Key, Line, Penalties, Reason, Steering,
    StepBudget, WhyNot,
};

use crate::generate::{self, Dice, Size};

fn decided(instance: Instance) -> Decision {
    Decision::make(instance, Vec::new(), StepBudget::FULL).expect("a sound instance")
}

#[test]
fn the_parts_of_a_cost_add_up_and_the_runner_up_is_never_cheaper() {
    let mut with_runner_up = 0;
    for seed in 0..300 {
        let size = Size {
            lines: 4,
            quantity: 4,
            candidates: 8,
        };
        let decision = decided(generate::priced(&mut Dice(seed), size));
        let told = decision.explain().expect("sound");
        let mut sum = told.unfilled + Cost::money(told.split_uc);
        for shipment in &told.shipments {
            sum += shipment.tiers + Cost::money(shipment.weighed_uc());
            assert!(shipment.carrier_uc >= 0, "seed {seed}: {shipment:?}");
            let without = &shipment.without;
            assert!(without.dearer_by >= Cost::ZERO, "seed {seed}: {without:?}");
            let used = without.plan.shipments.iter();
            let locations: Vec<Key> = used
                .map(|one| decision.instance.candidates[one.location].key)
                .collect();
            assert!(!locations.contains(&shipment.location), "seed {seed}");
            with_runner_up += usize::from(without.dearer_by > Cost::ZERO);
        }
        assert_eq!(sum, told.cost, "seed {seed}");
    }
    assert!(with_runner_up > 100, "{with_runner_up}");
}

/// What steers a plan is told apart from what it costs, and both together are what it was weighed with.
#[test]
fn prices_that_steer_are_no_part_of_what_is_paid() {
    let mut steered = 0;
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let size = Size {
            lines: 3,
            quantity: 3,
            candidates: 6,
        };
        let mut instance = generate::priced(&mut dice, size);
        let mut steering = Steering::default();
        for (at, candidate) in (0..).zip(&instance.candidates) {
            for (line, free) in (0..).zip(&candidate.available) {
                if *free > 0 && dice.one_in(2) {
                    let price_uc = dice.between(1, 5_000_000);
                    steering.stock.push((at, line, price_uc, *free));
                }
            }
            if dice.one_in(3) {
                steering.shipments.push((at, dice.between(1, 5_000_000)));
            }
        }
        let plain = decided(instance.clone());
        steering.steer(&mut instance);
        let mut decision = decided(instance);
        decision.steering = Some(steering);
        let told = decision.explain().expect("sound");
        let (mut paid_uc, mut weighed_uc) = (told.split_uc, told.split_uc);
        for shipment in &told.shipments {
            assert!(
                shipment.paid_uc().iter().all(|uc| *uc >= 0),
                "seed {seed}: {shipment:?}"
            );
            paid_uc += shipment.paid_uc().iter().sum::<i64>();
            weighed_uc += shipment.weighed_uc();
            steered += usize::from(!shipment.scarce.is_empty());
        }
        paid_uc += told.unfilled.money_uc;
        weighed_uc += told.unfilled.money_uc;
        assert_eq!(paid_uc, decision.paid_uc(), "seed {seed}");
        assert_eq!(weighed_uc, decision.solution.cost.money_uc, "seed {seed}");
        // Whoever leaves scarce things to others does not pay less than the cheapest plan.
        let same_tiers = plain.solution.cost.tiers == decision.solution.cost.tiers;
        assert!(!same_tiers || paid_uc >= plain.paid_uc(), "seed {seed}");
    }
    assert!(steered > 30, "{steered}");
}

#[test]
fn using_another_location_is_never_cheaper_and_really_uses_it() {
    let (mut dearer, mut other) = (0, 0);
    for seed in 0..300 {
        let size = Size {
            lines: 3,
            quantity: 3,
            candidates: 6,
        };
        let decision = decided(generate::priced(&mut Dice(seed), size));
        for (place, candidate) in decision.instance.candidates.iter().enumerate() {
            match decision.why_not(candidate.key, None).expect("sound") {
                WhyNot::Dearer(found) => {
                    assert!(found.dearer_by >= Cost::ZERO, "seed {seed}: {found:?}");
                    let uses = |one: &ordo_sourcing::Shipment| one.location == place;
                    assert!(found.plan.shipments.iter().any(uses), "seed {seed}");
                    let cost = decision.instance.cost_of(&found.plan);
                    let expected = decision.solution.cost + found.dearer_by;
                    assert_eq!(cost, Ok(expected), "seed {seed}");
                    dearer += 1;
                }
                WhyNot::Ships | WhyNot::HasNone | WhyNot::CannotHelp => other += 1,
                WhyNot::Excluded(_) | WhyNot::Unknown => panic!("seed {seed}: it is a candidate"),
            }
        }
    }
    assert!(dearer > 100 && other > 100, "{dearer} {other}");
}

/// Two lines. The first location has both; the second has the second line, cheaper to handle, and
/// none of the first; the third is switched off.
fn shop() -> Decision {
    let line = Line {
        quantity: 2,
        unit_weight_g: 100,
        ..Line::default()
    };
    let candidate = |key, available: [i64; 2], order_uc, unit_uc| Candidate {
        key: Key(key),
        available: available.to_vec(),
        handling_order_uc: order_uc,
        handling_unit_uc: unit_uc,
        ..Candidate::default()
    };
    let instance = Instance {
        lines: vec![line; 2],
        candidates: vec![candidate(1, [5, 5], 300, 10), candidate(2, [0, 5], 200, 5)],
        penalties: Penalties {
            split_uc: 50,
            unfilled_unit_uc: 10_000,
        },
        ..Instance::default()
    };
    let excluded = vec![Excluded::new(Key(3), Reason::Inactive)];
    Decision::make(instance, excluded, StepBudget::FULL).expect("sound")
}

#[test]
fn every_location_gets_an_answer() {
    let shop = shop();
    let why = |key, line| shop.why_not(Key(key), line).expect("sound");
    assert_eq!(why(1, None), WhyNot::Ships);
    assert_eq!(why(2, Some(0)), WhyNot::HasNone);
    let left = Excluded::new(Key(3), Reason::Inactive);
    assert_eq!(why(3, None), WhyNot::Excluded(left));
    assert_eq!(why(9, None), WhyNot::Unknown);
    // Another shipment (200), the split (50), and two units that are 5 cheaper to handle.
    let WhyNot::Dearer(second) = why(2, None) else {
        panic!("the second location could ship")
    };
    assert_eq!(second.dearer_by, Cost::money(200 + 50 - 10));
    assert!(second.is_proven);
    let told = shop.explain().expect("sound");
    let [shipment] = told.shipments.as_slice() else {
        panic!("one shipment: {told:?}")
    };
    assert_eq!((shipment.handling_uc, shipment.carrier_uc), (340, 0));
    // Without the first location its first line stays unfilled.
    let unfilled = 2 * 10_000 + 200 + 2 * 5;
    assert_eq!(shipment.without.dearer_by, Cost::money(unfilled - 340));
}
