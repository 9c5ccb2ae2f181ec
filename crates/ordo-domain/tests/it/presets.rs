//! Presets against plain programs of the same rules: the same plan for a thousand random orders each.
//!
//! Every order meets stock of its own at seven locations. The plain programs know nothing of the
//! optimizer: they sort, and take what is there, or try every set of locations.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::network::{CreateLocation, LocationChange, LocationKind, Place, UpdateLocation};
use ordo_domain::quantity::Quantity;
use ordo_domain::rules::body::{Otherwise, Rank};
use ordo_domain::rules::preset::{
    InventoryRule, RankedRule, Sort, brokering_run, each, fewest_splits, one_else_each,
    ranked_rules,
};
use ordo_domain::rules::{Rules, ScopeDraft};
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::{Command, Event};
use ordo_geo::Point;

use crate::desk::{Desk, order_input};

const ORDERS: usize = 1_000;
const SKUS: [&str; 5] = ["A", "B", "C", "D", "E"];
const LOCATIONS: usize = 7;

/// Units by location and SKU.
type Plan = BTreeMap<usize, BTreeMap<usize, i64>>;

/// What a plain program sees.
struct Case {
    /// Units asked for, per SKU.
    wanted: [i64; SKUS.len()],
    /// Units available, per location and SKU.
    stock: [[i64; SKUS.len()]; LOCATIONS],
    distance_m: [i64; LOCATIONS],
    out_of_market: [bool; LOCATIONS],
    /// Orders that each location has got today.
    orders_today: [i64; LOCATIONS],
}

/// xorshift64*, so that a failure can be played again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        (drawn % end.unsigned_abs()) as i64
    }
}

fn code(location: usize) -> String {
    format!("L{location}")
}

/// Where locations are: three in another country, with the tag `store` on every other one.
fn company() -> (Desk, Vec<Point>) {
    let mut desk = Desk::new();
    for sku in SKUS {
        desk.play(&format!("sku {sku}"));
    }
    let mut points = Vec::new();
    for location in 0..LOCATIONS {
        let at = (
            48_000_000 + 900_137 * location as i32,
            7_000_000 + 611_953 * ((location * 3 % LOCATIONS) as i32),
        );
        points.push(at);
        let country = if location < 4 { "DE" } else { "FR" };
        desk.give(Command::CreateLocation(CreateLocation {
            code: code(location),
            kind: LocationKind::Warehouse,
            name: None,
            place: Place {
                country: country.to_owned(),
                at: Some(at),
                ..Place::default()
            },
            city: None,
            time_zone: "Europe/Berlin".to_owned(),
            daily_capacity: None,
        }))
        .unwrap();
        let id = desk.reference.location_by_code(&code(location)).unwrap().id;
        let tags = if location % 2 == 0 {
            vec![]
        } else {
            vec!["store".to_owned()]
        };
        desk.give(Command::UpdateLocation(UpdateLocation {
            location: id,
            expected: None,
            change: LocationChange {
                // Not in the order in which they were made.
                priority: Some((location as i64 * 5 + 3) % LOCATIONS as i64),
                tags: Some(tags),
                ..LocationChange::default()
            },
        }))
        .unwrap();
    }
    (desk, points)
}

fn priority(location: usize) -> i64 {
    (location as i64 * 5 + 3) % LOCATIONS as i64
}

/// Plays `ORDERS` orders under `rules` and holds every plan against `plain`.
fn check(seed: u64, rules: &Rules, plain: impl Fn(&Case) -> Plan) {
    let mut dice = Dice(seed);
    let mut split = 0;
    for round in 0..ORDERS / 100 {
        let (mut desk, points) = company();
        desk.publish("all", ScopeDraft::default(), rules.clone());
        let mut orders_today = [0; LOCATIONS];
        for order in 0..100 {
            let case = draw(&mut dice, &mut desk, &points, orders_today, order);
            let Some((case, events)) = case else { continue };
            let found = plan_of(&desk, &events);
            let expected = plain(&case);
            assert_eq!(
                found, expected,
                "order {order} of round {round}: {:?} of {:?}, {:?} m",
                case.wanted, case.stock, case.distance_m
            );
            split += usize::from(expected.len() > 1);
            for (location, _) in opened(&desk, &events) {
                orders_today[location] += 1;
            }
        }
    }
    // Else the test would prove little.
    assert!(split > ORDERS / 20, "{split} orders were split");
}

/// Stock for an order, and the order.
fn draw(
    dice: &mut Dice,
    desk: &mut Desk,
    points: &[Point],
    orders_today: [i64; LOCATIONS],
    order: usize,
) -> Option<(Case, Vec<Event>)> {
    let mut stock = [[0; SKUS.len()]; LOCATIONS];
    for (location, row) in stock.iter_mut().enumerate() {
        for (sku, units) in row.iter_mut().enumerate() {
            *units = (dice.below(7) - 2).max(0);
            let cell = desk.cell(&format!("{}@{}", SKUS[sku], code(location)));
            desk.give(Command::MoveStock(MoveStock {
                kind: MovementKind::Count,
                sku: SKUS[sku].to_owned(),
                location: code(location),
                quantity: cell.allocated + Quantity::stored(*units),
                lot: None,
                reason: None,
            }))
            .unwrap();
        }
    }
    let mut wanted = [0; SKUS.len()];
    let mut words = Vec::new();
    for (sku, units) in wanted.iter_mut().enumerate() {
        *units = (dice.below(6) - 2).max(0);
        if *units > 0 {
            words.push(format!("{}x{units}", SKUS[sku]));
        }
    }
    let buyer = (
        (47_000_000 + dice.below(8_000_000)) as i32,
        (6_000_000 + dice.below(8_000_000)) as i32,
    );
    let country = if dice.below(2) == 0 { "DE" } else { "FR" };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut input = order_input(&format!("O{order}"), &words);
    if input.lines.is_empty() {
        return None;
    }
    let to = input.ship_to.as_mut().unwrap();
    (to.latitude_e6, to.longitude_e6) = (Some(buyer.0), Some(buyer.1));
    to.country = Some(country.to_owned());
    let capture = input.parse().unwrap();
    let events = desk.give(Command::CaptureOrder(Box::new(capture))).unwrap();
    let mut case = Case {
        wanted,
        stock,
        distance_m: [0; LOCATIONS],
        out_of_market: [false; LOCATIONS],
        orders_today,
    };
    for (location, point) in points.iter().enumerate() {
        case.distance_m[location] = ordo_geo::distance_m(*point, buyer);
        let here = if location < 4 { "DE" } else { "FR" };
        case.out_of_market[location] = here != country;
    }
    let apart: BTreeSet<i64> = case.distance_m.into_iter().collect();
    // Which of two equally near ones comes first is nobody's rule.
    (apart.len() == LOCATIONS).then_some((case, events))
}

/// Work by the place of its location.
fn opened<'a>(
    desk: &'a Desk,
    events: &'a [Event],
) -> impl Iterator<Item = (usize, &'a FulfillmentOrder)> {
    events.iter().filter_map(|event| match event {
        Event::FulfillmentOrderOpened { fulfillment_order } => {
            let location = desk.reference.location(fulfillment_order.location).unwrap();
            Some((location.code[1..].parse().unwrap(), fulfillment_order))
        }
        _ => None,
    })
}

fn plan_of(desk: &Desk, events: &[Event]) -> Plan {
    let mut plan = Plan::new();
    for (location, fulfillment_order) in opened(desk, events) {
        for line in &fulfillment_order.lines {
            let sku = desk.world.sku(line.sku).unwrap().unwrap();
            let sku = SKUS.iter().position(|known| *known == sku.code).unwrap();
            *plan.entry(location).or_default().entry(sku).or_default() += line.quantity.get();
        }
    }
    plan
}

/// Locations by a rank, smallest first.
fn sorted(rank: impl Fn(usize) -> i64) -> Vec<usize> {
    let mut locations: Vec<usize> = (0..LOCATIONS).collect();
    locations.sort_by_key(|location| rank(*location));
    locations
}

/// Each SKU from the locations in turn, as far as they have it.
fn greedy(wanted: &[i64], order: &[usize], stock: impl Fn(usize, usize) -> i64) -> Plan {
    let mut plan = Plan::new();
    for (sku, units) in wanted.iter().enumerate() {
        let mut left = *units;
        for location in order {
            let taken = stock(*location, sku).min(left);
            if taken > 0 {
                *plan.entry(*location).or_default().entry(sku).or_default() += taken;
                left -= taken;
            }
        }
    }
    plan
}

fn has_all(wanted: &[i64], location: usize, stock: impl Fn(usize, usize) -> i64) -> bool {
    wanted
        .iter()
        .enumerate()
        .all(|(sku, units)| stock(location, sku) >= *units)
}

/// The best set of locations, where a set is worth what `value` says, smaller first.
fn best_set<V: Ord>(case: &Case, value: impl Fn(&[usize]) -> V) -> Plan {
    let filled = |set: &[usize]| -> i64 {
        (case.wanted.iter().enumerate())
            .map(|(sku, units)| {
                let there: i64 = set.iter().map(|location| case.stock[*location][sku]).sum();
                there.min(*units)
            })
            .sum()
    };
    let sets = (0..1_usize << LOCATIONS).map(|mask| -> Vec<usize> {
        (0..LOCATIONS)
            .filter(|location| mask >> location & 1 == 1)
            .collect()
    });
    let plans = sets.map(|set| {
        let mut order = set.clone();
        order.sort_by_key(|location| case.distance_m[*location]);
        let plan = greedy(&case.wanted, &order, |location, sku| {
            case.stock[location][sku]
        });
        let units_m: i64 = (plan.iter())
            .map(|(location, units)| case.distance_m[*location] * units.values().sum::<i64>())
            .sum();
        // A set of which some ship nothing is not that set.
        let idle = plan.len() < set.len();
        ((idle, -filled(&set), value(&set), units_m), plan)
    });
    plans.min_by(|(a, _), (b, _)| a.cmp(b)).unwrap().1
}

#[test]
fn magento_priority_and_distance() {
    check(1, &each(Rank::Priority), |case| {
        greedy(&case.wanted, &sorted(priority), |location, sku| {
            case.stock[location][sku]
        })
    });
    check(2, &each(Rank::Distance), |case| {
        let order = sorted(|location| case.distance_m[location]);
        greedy(&case.wanted, &order, |location, sku| {
            case.stock[location][sku]
        })
    });
}

#[test]
fn the_first_that_has_everything_else_each_unit_for_itself() {
    type Ranks<'a> = &'a dyn Fn(&Case, usize) -> i64;
    let by: [(Rank, Ranks); 3] = [
        (Rank::Distance, &|case, location| case.distance_m[location]),
        (Rank::Priority, &|_, location| priority(location)),
        (
            Rank::Ranked(vec![
                "L3".to_owned(),
                "L6".to_owned(),
                "L0".to_owned(),
                "L2".to_owned(),
                "L1".to_owned(),
                "L5".to_owned(),
            ]),
            &|_, location| {
                [3, 6, 0, 2, 1, 5]
                    .iter()
                    .position(|at| *at == location)
                    .unwrap_or(6) as i64
            },
        ),
    ];
    for (seed, (rank, value)) in (10..).zip(by) {
        check(seed, &one_else_each(&rank), |case| {
            let order = sorted(|location| value(case, location));
            let stock = |location: usize, sku: usize| case.stock[location][sku];
            let one = order
                .iter()
                .find(|location| has_all(&case.wanted, **location, stock));
            match one {
                Some(one) => greedy(&case.wanted, &[*one], stock),
                None => greedy(&case.wanted, &order, stock),
            }
        });
    }
}

#[test]
fn fewest_splits_then_nearest() {
    check(20, &fewest_splits(), |case| {
        best_set(case, |set| {
            let distance_m: i64 = set.iter().map(|location| case.distance_m[*location]).sum();
            (set.len(), distance_m)
        })
    });
}

#[test]
fn shopify_ranked_in_two_orders() {
    let list = vec!["L2".to_owned(), "L5".to_owned()];
    let place = |location: &usize| [2, 5].iter().position(|at| at == location).unwrap_or(2);
    let ranked = RankedRule::Ranked(list);
    let sums = |case: &Case, set: &[usize]| {
        let out = set
            .iter()
            .filter(|location| case.out_of_market[**location])
            .count();
        let rank: usize = set.iter().map(place).sum();
        let distance_m: i64 = set.iter().map(|location| case.distance_m[*location]).sum();
        (out, rank, distance_m)
    };
    let rules = [
        RankedRule::FewestSplits,
        RankedRule::StayInMarket,
        ranked.clone(),
    ];
    check(30, &ranked_rules(&rules), |case| {
        best_set(case, |set| (set.len(), sums(case, set)))
    });
    let rules = [
        RankedRule::StayInMarket,
        RankedRule::Closest,
        ranked,
        RankedRule::FewestSplits,
    ];
    check(31, &ranked_rules(&rules), |case| {
        best_set(case, |set| {
            let (out, rank, distance_m) = sums(case, set);
            (out, rank, set.len(), distance_m)
        })
    });
}

/// Three inventory rules, each for what those before it have left.
#[test]
fn hotwax_run() {
    let rule = |name: &str| InventoryRule {
        name: name.to_owned(),
        group: None,
        proximity_m: None,
        safety_stock: 0,
        order_limit: None,
        sort: Sort::Proximity,
        may_split: true,
        unfilled: None,
    };
    let run = [
        InventoryRule {
            group: Some("store".to_owned()),
            proximity_m: Some(500_000),
            safety_stock: 1,
            order_limit: Some(9),
            may_split: false,
            ..rule("stores nearby, whole")
        },
        InventoryRule {
            group: Some("store".to_owned()),
            safety_stock: 2,
            ..rule("stores, split")
        },
        InventoryRule {
            proximity_m: Some(900_000),
            unfilled: Some(Otherwise::CancelLine),
            ..rule("anywhere, split")
        },
    ];
    check(40, &brokering_run(&run), |case| broker(&run, case));
    // The same with those first that have most, in all rules and in one of them.
    for (seed, sorts) in (41..).zip([
        [Sort::Inventory, Sort::Inventory, Sort::Inventory],
        [Sort::Proximity, Sort::Inventory, Sort::Proximity],
    ]) {
        let mut run = run.clone();
        for (rule, sort) in run.iter_mut().zip(sorts) {
            rule.sort = sort;
        }
        check(seed, &brokering_run(&run), |case| broker(&run, case));
    }
}

/// What a brokering run does, as a plain program.
fn broker(run: &[InventoryRule], case: &Case) -> Plan {
    let nearest = sorted(|location| case.distance_m[location]);
    let mut wanted = case.wanted;
    let mut taken = [[0; SKUS.len()]; LOCATIONS];
    let mut plan = Plan::new();
    for rule in run {
        let may = |location: &&usize| {
            let near = rule
                .proximity_m
                .is_none_or(|most| case.distance_m[**location] <= most);
            let grouped = rule.group.is_none() || **location % 2 == 1;
            let limit = rule
                .order_limit
                .is_none_or(|most| case.orders_today[**location] < most);
            near && grouped && limit
        };
        let mut facilities: Vec<usize> = nearest.iter().filter(may).copied().collect();
        let stock = |location: usize, sku: usize| {
            (case.stock[location][sku] - taken[location][sku] - rule.safety_stock).max(0)
        };
        let inventory = |location: usize| -> i64 {
            let left = (0..SKUS.len()).filter(|sku| wanted[*sku] > 0);
            left.map(|sku| stock(location, sku)).sum()
        };
        match rule.sort {
            Sort::Proximity => {}
            // Stable, so that of those with as much the nearest is first.
            Sort::Inventory => facilities.sort_by_key(|at| Reverse(inventory(*at))),
        }
        let part = match rule.may_split {
            true => greedy(&wanted, &facilities, stock),
            false => {
                let one = facilities
                    .iter()
                    .find(|location| has_all(&wanted, **location, stock));
                one.map_or_else(Plan::new, |one| greedy(&wanted, &[*one], stock))
            }
        };
        for (location, units) in part {
            for (sku, units) in units {
                wanted[sku] -= units;
                taken[location][sku] += units;
                *plan.entry(location).or_default().entry(sku).or_default() += units;
            }
        }
    }
    plan
}
