//! Stored decisions are small, survive JSON, and replay bit for bit.

use ordo_sourcing::{
    Candidate, Cost, Decision, ENGINE, Excluded, Flaw, Instance, Key, Line, MAX_TIERS, Rate,
    Reason, ReplayError, Service, Steering, StepBudget, Tier, WeightStep, solve,
};

use crate::generate::{self, Dice, Size};

#[test]
fn a_decision_replays_after_a_round_trip_through_json() {
    for seed in 0..500 {
        let size = Size {
            lines: 5,
            quantity: 4,
            candidates: 12,
        };
        let instance = generate::priced(&mut Dice(seed), size);
        let excluded = vec![
            Excluded::new(Key(seed.into()), Reason::Rule(7)),
            Excluded {
                has: 20_758,
                wants: 20_757,
                ..Excluded::new(Key(99), Reason::PromiseMissed)
            },
            Excluded::new(Key(100), Reason::Rule(7)),
        ];
        for budget in [StepBudget(0), StepBudget::IN_BATCH] {
            let made = Decision::make(instance.clone(), excluded.clone(), budget).expect("sound");
            let text = serde_json::to_string(&made).expect("serializable");
            let read: Decision = serde_json::from_str(&text).expect("what was written");
            assert_eq!(read, made, "seed {seed}");
            assert_eq!(read.replay().as_ref(), Ok(&made.solution), "seed {seed}");
            let replayed = serde_json::to_string(&read.replay().expect("sound"));
            let stored = serde_json::to_string(&made.solution);
            assert_eq!(
                replayed.expect("json"),
                stored.expect("json"),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn ten_locations_and_three_lines_fit_in_a_kilobyte() {
    let lines = vec![
        Line {
            quantity: 250,
            unit_weight_g: 12_500,
            ..Line::default()
        };
        3
    ];
    // Keys without a leading zero, six-digit distances, and stock that needs three shipments.
    let candidate = |nth: u128| Candidate {
        key: Key(u128::MAX / 7 * 6 + nth),
        available: vec![100 + nth as i64, 120, 0],
        distance_m: 900_000 + nth as i64,
        ..Candidate::default()
    };
    let instance = Instance::nearest(lines, (0..10).map(candidate).collect());
    let made = Decision::make(instance, Vec::new(), StepBudget::IN_BATCH).expect("sound");
    assert_eq!(made.solution.plan.shipments.len(), 3);
    let text = serde_json::to_string(&made).expect("serializable");
    assert!(text.len() <= 1_024, "{} bytes: {text}", text.len());
}

#[test]
fn the_stored_form_does_not_change_unnoticed() {
    let candidate = |key, available: [i64; 2], distance_m| Candidate {
        key: Key(key),
        available: available.to_vec(),
        distance_m,
        ..Candidate::default()
    };
    let lines = vec![
        Line {
            quantity: 2,
            unit_weight_g: 500,
            ..Line::default()
        },
        Line {
            quantity: 1,
            ..Line::default()
        },
    ];
    let candidates = vec![candidate(0xb, [5, 0], 1_200), candidate(0xa, [2, 0], 1_200)];
    let excluded = vec![
        Excluded::new(Key(0xc), Reason::Inactive),
        Excluded::new(Key(0xd), Reason::Rule(3)),
    ];
    let instance = Instance::nearest(lines, candidates);
    let made = Decision::make(instance, excluded, StepBudget(1_000)).expect("sound");
    let expected = concat!(
        r#"{"v":6,"b":1000,"#,
        r#""i":{"l":[{"q":2,"w":500},{"q":1}],"#,
        r#""c":{"n":2,"k":"AAAAAAALAAAAAAAK","a":"FACA","d":[2,12]},"t":["u","s","d"]},"#,
        r#""x":{"k":"AAAAAAAMAAAAAAAN","r":["inactive",{"rule":3}],"i":"AB"},"#,
        r#""s":{"p":{"s":[{"c":1,"q":[[0,2]]}],"u":[[1,1]]},"#,
        r#""c":{"t":[1,1,1200],"m":0},"ok":true,"n":2}}"#,
    );
    assert_eq!(
        serde_json::to_string(&made).expect("serializable"),
        expected
    );
}

/// Where this fails, some order would now get another plan, cost or number of steps: raise
/// [`ENGINE`], so that stored decisions are not replayed by a solver that did not make them.
#[test]
fn plans_change_only_with_the_engine_version() {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for seed in 0..400 {
        let size = Size {
            lines: 6,
            quantity: 5,
            candidates: 9,
        };
        for instance in [
            generate::nearest(&mut Dice(seed), size),
            generate::priced(&mut Dice(seed), size),
        ] {
            for budget in [StepBudget(300), StepBudget::IN_BATCH] {
                let solution = solve(&instance, budget).expect("sound");
                for byte in serde_json::to_vec(&solution).expect("serializable") {
                    digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
    }
    assert_eq!((ENGINE, digest), (6, 17_378_946_159_865_602_694));
}

#[test]
fn another_engine_is_not_replayed() {
    let mut made = Decision::make(Instance::default(), Vec::new(), StepBudget(0)).expect("sound");
    assert!(made.replay().is_ok());
    made.engine = ENGINE + 1;
    assert_eq!(
        made.replay(),
        Err(ReplayError::OtherEngine { stored: ENGINE + 1 })
    );
}

#[test]
fn flawed_instances_are_refused() {
    let sound = generate::priced(
        &mut Dice(11),
        Size {
            lines: 2,
            quantity: 3,
            candidates: 4,
        },
    );
    assert!(sound.candidates.len() >= 2 && solve(&sound, StepBudget(0)).is_ok());
    let flaw = |damage: &dyn Fn(&mut Instance)| {
        let mut instance = sound.clone();
        damage(&mut instance);
        solve(&instance, StepBudget::IN_BATCH).expect_err("damaged")
    };
    let twin = sound.candidates[0].key;
    assert_eq!(flaw(&|i| i.lines[0].quantity = 0), Flaw::Quantity(0));
    assert_eq!(flaw(&|i| i.lines[0].quantity = i64::MAX), Flaw::Quantity(0));
    assert_eq!(
        flaw(&|i| i.candidates[1].available.clear()),
        Flaw::AvailableLength(1)
    );
    assert_eq!(
        flaw(&|i| i.candidates[1].services = vec![service(99, 0)]),
        Flaw::RateMissing(1)
    );
    assert_eq!(
        flaw(&|i| i.rates.push(Default::default())),
        Flaw::RateSteps(sound.rates.len())
    );
    assert_eq!(
        flaw(&|i| i.candidates[1].key = twin),
        Flaw::DuplicateKey(twin)
    );
    assert_eq!(
        flaw(&|i| i.candidates[1].stock_price_uc = vec![0; i.lines.len() + 1]),
        Flaw::StockPriceLength(1)
    );
    assert_eq!(
        flaw(&|i| i.candidates[1].stock_price_uc = vec![-1; i.lines.len()]),
        Flaw::Negative
    );
    assert_eq!(
        flaw(&|i| i.candidates[1].stock_price_uc = vec![i64::MAX; i.lines.len()]),
        Flaw::TooLarge
    );
    assert_eq!(flaw(&|i| i.candidates[1].distance_m = -1), Flaw::Negative);
    let paid_to_ship = |i: &mut Instance| {
        i.rates = vec![Rate {
            steps: vec![WeightStep {
                up_to_g: 1,
                cost_uc: 1,
            }],
        }];
        i.candidates.iter_mut().for_each(|one| one.services.clear());
        i.candidates[1].services = vec![service(0, i64::MIN)];
    };
    assert_eq!(flaw(&paid_to_ship), Flaw::TooLarge);
    assert_eq!(flaw(&|i| i.penalties.split_uc = -1), Flaw::Negative);
    assert_eq!(flaw(&|i| i.lines[0].unit_value = -1), Flaw::Negative);
    assert_eq!(flaw(&|i| i.min_shipment_value = Some(-1)), Flaw::Negative);
    assert_eq!(flaw(&|i| i.lines[0].unit_value = i64::MAX), Flaw::TooLarge);
    let by_unit = |i: &mut Instance| {
        i.tiers = vec![Tier::CustomPerUnit(0)];
        i.lines[0].quantity = 100;
        i.candidates[1].custom[0] = i64::MAX / 50;
    };
    assert_eq!(flaw(&by_unit), Flaw::TooLarge);
    let missing = |i: &mut Instance| {
        i.tiers = vec![Tier::CustomPerUnit(0)];
        i.candidates[1].custom.clear();
    };
    assert_eq!(flaw(&missing), Flaw::CustomMissing(1));
    assert_eq!(flaw(&|i| i.penalties.split_uc = i64::MAX), Flaw::TooLarge);
    assert_eq!(
        flaw(&|i| i.candidates[0].handling_unit_uc = i64::MAX),
        Flaw::TooLarge
    );
    assert_eq!(
        flaw(&|i| i.lines[0].unit_weight_g = i64::MAX),
        Flaw::TooLarge
    );
}

#[test]
fn costs_are_read_whatever_number_of_tiers_they_were_written_with() {
    let cost = |tiers| Cost { tiers, money_uc: 7 };
    for (text, tiers) in [
        (r#"{"m":7}"#, [0; MAX_TIERS]),
        (r#"{"t":[1,0,3],"m":7}"#, [1, 0, 3, 0, 0, 0]),
        (r#"{"t":[1,2,3,4,5,6],"m":7}"#, [1, 2, 3, 4, 5, 6]),
    ] {
        let written = serde_json::to_string(&cost(tiers)).expect("serializable");
        assert_eq!(written, text);
        let read: Cost = serde_json::from_str(text).expect("a cost");
        assert_eq!(read, cost(tiers));
    }
    // As they were written when there were four at most.
    let read: Cost = serde_json::from_str(r#"{"t":[1,2,0,0],"m":7}"#).expect("a cost");
    assert_eq!(read, cost([1, 2, 0, 0, 0, 0]));
    assert!(serde_json::from_str::<Cost>(r#"{"t":[0,0,0,0,0,0,1],"m":7}"#).is_err());
}

fn service(rate: u32, extra_uc: i64) -> Service {
    Service { rate, extra_uc }
}

/// Instances of every shape come back from columns as they were.
#[test]
fn columns_hold_what_rows_held() {
    let candidate = |key: u128, available: &[i64]| Candidate {
        key: Key(key),
        available: available.to_vec(),
        ..Candidate::default()
    };
    let even = || vec![candidate(1, &[3, 0]), candidate(2, &[4, 5])];
    let damaged = |damage: &dyn Fn(&mut Vec<Candidate>)| {
        let mut candidates = even();
        damage(&mut candidates);
        candidates
    };
    for candidates in [
        Vec::new(),
        even(),
        damaged(&|all| all[0].available = vec![4, 5]),
        damaged(&|all| all.iter_mut().for_each(|one| one.available = vec![0, 0])),
        damaged(&|all| all[1].custom = vec![7]),
        damaged(&|all| all[0].stock_price_uc = vec![490_000_000, 10]),
        damaged(&|all| all[0].services = vec![service(0, 0)]),
        damaged(&|all| all[1].services = vec![service(0, 0), service(0, 250)]),
        damaged(&|all| all[1].key = Key(u128::MAX)),
        damaged(&|all| all[1].handling_line_uc = 65_217_391),
    ] {
        let instance = Instance {
            candidates,
            rates: vec![Rate {
                steps: vec![
                    WeightStep {
                        up_to_g: 100,
                        cost_uc: 450,
                    },
                    WeightStep {
                        up_to_g: 200,
                        cost_uc: 690,
                    },
                ],
            }],
            ..Instance::default()
        };
        let text = serde_json::to_string(&instance).expect("serializable");
        let read: Instance = serde_json::from_str(&text).expect("what was written");
        assert_eq!(read, instance, "{text}");
    }
}

/// Two hundred locations of a merchant who prices shipping, handling, risk and scarce stock, a third of
/// them left out: with keys shortened as they are where decisions are stored.
#[test]
fn two_hundred_locations_fit_in_eight_kilobytes() {
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let key = |nth: u128| {
            // As ids are made: a time, and a hash.
            let hash = (nth + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            Key((0x0193_7000_0000 + nth) << 80 | hash >> 48)
        };
        let lines = (0..3).map(|_| Line {
            quantity: 1 + dice.between(0, 2),
            unit_weight_g: 100 + 50 * dice.between(0, 39),
            ..Line::default()
        });
        let lines: Vec<Line> = lines.collect();
        let rate = |dice: &mut Dice| Rate {
            steps: (1..=6)
                .map(|step| WeightStep {
                    up_to_g: 500 * step,
                    cost_uc: (300 + 100 * step + dice.between(0, 199)) * 1_000_000,
                })
                .collect(),
        };
        let candidate = |nth: u128, dice: &mut Dice, lines: &[Line]| Candidate {
            key: key(nth),
            available: lines
                .iter()
                .map(|line| dice.between(0, line.quantity))
                .collect(),
            distance_m: dice.between(0, 3999999),
            handling_order_uc: 1_000_000 * dice.between(0, 299),
            handling_line_uc: 500 * dice.between(0, 199999),
            handling_unit_uc: 1_000_000 * dice.between(0, 49),
            services: vec![service(dice.between(0, 11) as u32, 0)],
            ..Candidate::default()
        };
        let rates = (0..12).map(|_| rate(&mut dice)).collect();
        let candidates: Vec<Candidate> = (0..140)
            .map(|nth| candidate(nth, &mut dice, &lines))
            .collect();
        let reasons = [Reason::NoStock, Reason::OverCapacity, Reason::Inactive];
        let excluded = (140..200).map(|nth| Excluded {
            has: dice.between(0, 39),
            wants: 3,
            ..Excluded::new(key(nth), reasons[nth as usize % 3])
        });
        let excluded: Vec<Excluded> = excluded.collect();
        let mut instance = Instance {
            lines,
            candidates,
            rates,
            tiers: vec![Tier::UnfilledUnits],
            ..Instance::default()
        };
        let steering = Steering {
            book: 9,
            stock: (0..30)
                .map(|nth| (nth * 6, nth % 3, 315_000_000, 3))
                .collect(),
            shipments: (0..10).map(|nth| (nth * 7, 210_000_000)).collect(),
        };
        steering.steer(&mut instance);
        let mut made = Decision::make(instance, excluded, StepBudget::IN_BATCH).expect("sound");
        made.steering = Some(steering);
        let known = || (0..200).map(key);
        let text = serde_json::to_string(&made.shortened(known())).expect("serializable");
        assert!(text.len() <= 8_192, "{} bytes: {text}", text.len());
        let read: Decision = serde_json::from_str(&text).expect("what was written");
        let read = read.restored(known());
        assert_eq!(read.replay().as_ref(), Ok(&made.solution), "seed {seed}");
        assert_eq!(read.explain(), made.explain(), "seed {seed}");
    }
}
