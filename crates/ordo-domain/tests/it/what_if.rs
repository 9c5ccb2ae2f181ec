//! What-if: a replay under today's setup plans what live sourcing planned; setups differ in what they
//! say and in nothing else; and every sum of a report is that of its orders.

use std::sync::Arc;

use ordo_domain::Command;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::network::{CreateLocation, LocationKind, Place};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::rules::{DraftRules, ScopeDraft};
use ordo_domain::what_if::{
    Assortment, Changes, Difference, Finding, Hypothetical, LeftOut, LocationWish, Outcome,
    PastOrder, Replay, RulesNamed, RulesSaid, RulesWish, Selection, Setup, StockWish, Stocked,
    Supply, Tally, UnitsAt, Variant, findings,
};
use proptest::prelude::*;

use crate::desk::Desk;

/// A desk with its stock as it was before any order.
struct Day {
    desk: Desk,
    before: Vec<Stocked>,
    names: Vec<String>,
}

impl Day {
    /// Sets up with `network`, and with the rules of [`STEPS`] where it has some, then plays `orders`, each of which is a line such as `O1 Ax2 Bx1`.
    fn of(network: &str, has_rules: bool, orders: &[String]) -> Self {
        let mut desk = Desk::new();
        desk.play(network);
        if has_rules {
            let steps = serde_json::from_str(STEPS).unwrap();
            desk.publish("all", ScopeDraft::default(), steps);
        }
        let cells = desk.world.all_cells();
        let codes = ["A", "B", "C"].into_iter();
        let known = codes.filter_map(|code| desk.world.sku_by_code(code).unwrap().cloned());
        let before = known.map(|sku| Stocked {
            cells: (cells.iter())
                .filter(|(key, _)| key.sku == sku.id)
                .copied()
                .collect(),
            sku,
        });
        let before = before.collect();
        for order in orders {
            desk.play(&format!("order {order}"));
        }
        let name = |order: &String| order.split(' ').next().unwrap().to_owned();
        Self {
            names: orders.iter().map(name).collect(),
            desk,
            before,
        }
    }

    fn orders(&self, selection: &Selection) -> Vec<Result<PastOrder, LeftOut>> {
        let past = self.names.iter().zip(1..).map(|(name, number)| {
            let order = Order::clone(&self.desk.order(name));
            let work = self.work(&order);
            PastOrder::of(order, number, &work, selection, &self.desk.reference)
        });
        past.collect()
    }

    fn past(&self) -> Vec<PastOrder> {
        let orders = self.orders(&Selection::default());
        orders.into_iter().collect::<Result<_, _>>().unwrap()
    }

    fn work(&self, order: &Order) -> Vec<FulfillmentOrder> {
        let work = order.fulfillment_orders.iter().map(|id| {
            let work = self.desk.world.fulfillment_order(*id).unwrap().unwrap();
            FulfillmentOrder::clone(work)
        });
        work.collect()
    }

    fn replay(&self, variant: &Variant) -> (Replay, Vec<Arc<Outcome>>, Tally) {
        let past = self.past();
        let setup = Setup::of(&self.desk.reference, variant, self.desk.now).unwrap();
        let supply = Supply::new(self.before.clone(), &past);
        let mut tally = Tally::of(&setup);
        let mut replay = Replay::new(setup, &supply);
        let outcomes = past.iter().map(|past| {
            let outcome = replay.source(past).unwrap();
            tally.add(&outcome);
            Arc::new(outcome)
        });
        let outcomes = outcomes.collect();
        (replay, outcomes, tally)
    }

    /// Codes of the locations that ship, order by order.
    fn places(&self, variant: &Variant) -> Vec<String> {
        let (replay, outcomes, _) = self.replay(variant);
        let code = |id| {
            replay
                .setup()
                .reference()
                .location(id)
                .unwrap()
                .code
                .clone()
        };
        let places = outcomes.iter().map(|outcome| {
            let codes = outcome
                .shipments
                .iter()
                .map(|shipment| code(shipment.location));
            codes.collect::<Vec<String>>().join("+")
        });
        places.collect()
    }
}

/// What leaves from where: SKU, location, units.
type Left = Vec<(SkuId, LocationId, i64)>;

fn left(outcome: &Outcome) -> Left {
    let mut left: Left = (outcome.shipments.iter())
        .flat_map(|shipment| {
            let units = shipment.units.iter();
            units.map(|(sku, units)| (*sku, shipment.location, *units))
        })
        .collect();
    left.sort_unstable();
    left
}

const THREE: &str = "
    location BER DE 10117
    location MUC DE 80331
    location HAM DE 20095
    sku A
    sku B
    sku C
    ";

/// Two steps: what is near by, if it has all of it, else whoever is cheapest by these terms.
const STEPS: &str = r#"{"steps":[
    {"name":"near","max_distance_m":300000,"take":"all_or_nothing"},
    {"name":"any","terms":[{"name":"busy","at":"location.code == 'MUC'",
        "amount":120,"currency":"EUR","per":"shipment"}]}]}"#;

fn network() -> impl Strategy<Value = (String, bool)> {
    let stock = prop::collection::vec(0_i64..12, 9);
    let prices = prop::collection::vec(200_i64..1_500, 9);
    let switches = (prop::option::of(1_i64..4), any::<bool>(), any::<bool>());
    (stock, prices, switches).prop_map(|(stock, prices, (capacity, has_rates, has_rules))| {
        let limit = capacity.map_or(String::new(), |most| format!(" capacity {most}"));
        let mut text = THREE.replace("DE 80331", &format!("DE 80331{limit}"));
        let places = ["BER", "MUC", "HAM"];
        for (at, units) in stock.iter().enumerate().filter(|(_, units)| **units > 0) {
            let sku = ["A", "B", "C"][at % 3];
            text += &format!("receive {sku}@{} {units}\n", places[at / 3]);
        }
        for (at, place) in places.iter().enumerate().filter(|_| has_rates) {
            let [a, b, c] = [prices[3 * at], prices[3 * at + 1], prices[3 * at + 2]];
            text += &format!(
                "rates parcel from {place} days {} 150:{a} 400:{b} 1000:{c}\n",
                at + 1
            );
        }
        (text + "sourcing split 150 unfilled -\n", has_rules)
    })
}

fn orders() -> impl Strategy<Value = Vec<String>> {
    let lines = prop::collection::vec(1_i64..4, 1..4);
    prop::collection::vec(lines, 1..12).prop_map(|orders| {
        let line = |(index, units): (usize, &i64)| format!("{}x{units}", ["A", "B", "C"][index]);
        let order = |(number, lines): (usize, &Vec<i64>)| {
            let lines: Vec<String> = lines.iter().enumerate().map(line).collect();
            format!("O{number} {}", lines.join(" "))
        };
        orders.iter().enumerate().map(order).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_replay_plans_what_live_sourcing_planned(network in network(), orders in orders()) {
        let day = Day::of(&network.0, network.1, &orders);
        let (_, outcomes, _) = day.replay(&Variant::default());
        for (name, outcome) in day.names.iter().zip(&outcomes) {
            let order = day.desk.order(name);
            let mut live: Left = (day.work(&order).iter())
                .flat_map(|work| {
                    let lines = work.lines.iter();
                    lines.map(|line| (line.sku, work.location, line.quantity.get()))
                })
                .collect();
            live.sort_unstable();
            prop_assert_eq!(&live, &left(outcome), "{}", name);
            let planned: Vec<_> = (day.work(&order).into_iter())
                .map(|work| (work.location, work.carriage))
                .collect();
            for shipment in &outcome.shipments {
                let live = planned.iter().find(|(location, _)| *location == shipment.location);
                prop_assert_eq!(&live.unwrap().1, &shipment.carriage);
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_orders_and_the_same_setup_changes_nothing(
        network in network(),
        orders in orders(),
    ) {
        let day = Day::of(&network.0, network.1, &orders);
        let (_, outcomes, tally) = day.replay(&Variant::default());
        let (_, again, same) = day.replay(&Variant::default());
        prop_assert_eq!(&outcomes, &again);
        prop_assert_eq!(&tally, &same);
        let mut changes = Changes::keeping(5);
        for (past, (before, after)) in day.past().iter().zip(outcomes.iter().zip(&again)) {
            changes.add(past, before, after);
        }
        prop_assert_eq!(changes.orders, 0);
        let none = Difference::between(&tally, &same);
        prop_assert!(none.money.iter().all(|money| money.total == 0 && money.freight == 0));
        prop_assert_eq!((none.shipments, none.split_orders, none.unfilled_units), (0, 0, 0));
        let costs_more = |found: &Finding| matches!(found, Finding::CostsMore { .. });
        prop_assert!(!findings(&same, &[&tally]).iter().any(costs_more));

        prop_assert_eq!(tally.orders, outcomes.len() as i64);
        let units: i64 = outcomes.iter().flat_map(|one| left(one)).map(|(_, _, units)| units).sum();
        prop_assert_eq!(tally.units - tally.unfilled_units, units);
        let asked: i64 = day.past().iter().flat_map(|past| past.wanted().map(|(_, units)| units.get()).collect::<Vec<_>>()).sum();
        prop_assert_eq!(tally.units, asked);
        let loads = tally.loads();
        prop_assert_eq!(loads.iter().map(|load| load.units).sum::<i64>(), units);
        prop_assert_eq!(loads.iter().map(|load| load.shipments).sum::<i64>(), tally.shipments);
        for money in tally.money() {
            let uc: i64 = outcomes.iter().map(|one| one.costs.total_uc()).sum();
            prop_assert_eq!(money.total, (uc + 500_000).div_euclid(1_000_000));
            let freight: i64 = outcomes.iter().map(|one| one.costs.freight_uc).sum();
            prop_assert!((money.freight - freight / 1_000_000).abs() <= 1);
        }
        for outcome in &outcomes {
            let money_uc = (outcome.decisions.iter()).map(|one| one.solution.cost.money_uc);
            prop_assert_eq!(outcome.costs.total_uc(), money_uc.sum::<i64>());
            // Without rules nothing else weighs in.
            let has_rules = outcome.decisions.iter().any(|one| one.rules.is_some());
            prop_assert!(has_rules || outcome.costs.other_uc == 0);
        }
    }
}

fn day(orders: &[&str]) -> Day {
    let network = format!(
        "{THREE}
        receive A@BER 3
        receive A@MUC 9
        receive B@MUC 9
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 2 1000:500
        rates parcel from HAM days 3 1000:700
        "
    );
    let orders: Vec<String> = orders.iter().map(|order| (*order).to_owned()).collect();
    Day::of(&network, false, &orders)
}

#[test]
fn a_location_is_switched_off_limited_or_emptied() {
    let day = day(&["O1 Ax1", "O2 Ax2", "O3 Ax1"]);
    let mut variant = Variant::default();
    assert_eq!(day.places(&variant), ["BER", "BER", "MUC"]);
    variant.locations.off = vec!["BER".into()];
    assert_eq!(day.places(&variant), ["MUC", "MUC", "MUC"]);
    variant.locations = Default::default();
    variant.locations.only = Some(vec!["BER".into()]);
    assert_eq!(day.places(&variant), ["BER", "BER", ""]);
    variant.stock = StockWish::Unlimited;
    assert_eq!(day.places(&variant), ["BER", "BER", "BER"]);
    variant = Variant::default();
    variant.safety = Some(Quantity::positive(2).unwrap());
    assert_eq!(day.places(&variant), ["BER", "MUC", "MUC"]);
    variant.safety = None;
    variant.stock = StockWish::Counts(vec![UnitsAt {
        sku: "A".into(),
        location: "BER".into(),
        quantity: Quantity::positive(1).unwrap(),
    }]);
    assert_eq!(day.places(&variant), ["BER", "MUC", "MUC"]);
    variant = Variant::default();
    variant.locations.change = vec![LocationWish {
        code: "BER".into(),
        daily_capacity: Some(Some(0)),
        ..LocationWish::default()
    }];
    assert_eq!(day.places(&variant), ["MUC", "MUC", "MUC"]);
}

#[test]
fn a_location_that_does_not_exist_ships_what_it_is_assumed_to_have() {
    let day = day(&["O1 Ax1", "O2 Bx1"]);
    let place = Place {
        country: "DE".into(),
        postal: Some("10115".into()),
        ..Place::default()
    };
    let new = |assortment| Hypothetical {
        location: CreateLocation {
            code: "NEW".into(),
            kind: LocationKind::Warehouse,
            name: None,
            place: place.clone(),
            city: None,
            time_zone: "Europe/Berlin".into(),
            daily_capacity: None,
        },
        handling: None,
        assortment,
    };
    let mut variant = Variant::default();
    // Only MUC has B; no table goes from NEW, so that it ships nothing until there is one.
    variant.locations.add = vec![new(Assortment::All)];
    assert_eq!(day.places(&variant), ["BER", "MUC"]);
    variant.rates.replaces = true;
    assert_eq!(day.places(&variant), ["NEW", "NEW"]);
    variant.locations.add = vec![new(Assortment::Listed(["B".to_owned()].into()))];
    assert_eq!(day.places(&variant), ["BER", "NEW"]);
    variant.locations.add = vec![new(Assortment::Top { ppm: 0 })];
    assert_eq!(day.places(&variant), ["BER", "MUC"]);
    let (replay, outcomes, _) = day.replay(&Variant::everything_from("NEW").assuming(&variant));
    assert!(outcomes.iter().all(|outcome| outcome.unfilled == 0));
    let open: Vec<&str> = replay.setup().open().collect();
    assert_eq!(open, ["NEW"]);
}

#[test]
fn a_version_of_the_rules_counts_where_the_variant_names_it() {
    let mut day = day(&["O1 Ax1", "O2 Bx1"]);
    let rules = |json: &str| serde_json::from_str(json).unwrap();
    let munich =
        r#"{"steps":[{"name":"m","filters":[{"name":"f","keep":"location.code == 'MUC'"}]}]}"#;
    let rule_set = day
        .desk
        .publish("all", ScopeDraft::default(), rules(munich));
    let draft = DraftRules {
        rule_set,
        expected: None,
        number: None,
        note: None,
        rules: Box::new(rules(&munich.replace("MUC", "HAM"))),
    };
    day.desk.give(Command::DraftRules(draft)).unwrap();
    let places = |rules| {
        day.places(&Variant {
            rules,
            ..Variant::default()
        })
    };
    let version = |set: &str, version| {
        RulesWish::Versions(vec![RulesNamed {
            set: set.to_owned(),
            says: RulesSaid::Version(version),
        }])
    };
    // The version that counts today counts for orders that were placed before it did.
    assert_eq!(places(RulesWish::AsTheyAre), ["MUC", "MUC"]);
    assert_eq!(places(RulesWish::None), ["BER", "MUC"]);
    assert_eq!(places(version("all", 2)), ["", ""]);
    for (rules, field) in [
        (version("other", 1), "/rules/versions/0/set"),
        (version("all", 3), "/rules/versions/0/version"),
    ] {
        let variant = Variant {
            rules,
            ..Variant::default()
        };
        let refused = Setup::of(&day.desk.reference, &variant, day.desk.now)
            .err()
            .unwrap();
        assert_eq!(refused.fields[0].field, field);
    }
}

#[test]
fn what_happened_is_priced_as_it_happened() {
    let mut day = day(&["O1 Ax2", "O2 Bx1"]);
    let past = day.orders(&Selection::default());
    assert!(past.iter().all(|past| !past.as_ref().unwrap().all_left()));
    day.desk
        .play("release O1/1\npick O1/1\npack O1/1\nship O1/1");
    let as_happened = Variant {
        as_happened: true,
        ..Variant::default()
    };
    let past = day.past();
    assert!(past[0].all_left() && !past[1].all_left());
    let (_, outcomes, _) = day.replay(&as_happened);
    let ber = day.desk.reference.location_by_code("BER").unwrap().id;
    assert_eq!(outcomes[0].shipments[0].location, ber);
    assert_eq!(outcomes[0].costs.freight_uc, 300_000_000);
    // Nobody knows from where the other would have left, and nothing is made up.
    assert_eq!((outcomes[1].shipments.len(), outcomes[1].unfilled), (0, 1));
}

#[test]
fn what_costs_more_is_said_to() {
    let day = day(&["O1 Ax1", "O2 Ax1"]);
    let (.., one) = day.replay(&Variant::everything_from("BER"));
    let mut variant = Variant::default();
    variant.locations.off = vec!["BER".into()];
    let (.., other) = day.replay(&variant);
    let found = findings(&other, &[&one]);
    let [Finding::CostsMore { by, by_ppm, .. }] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((*by, *by_ppm), (400, Some(666_666)));
    assert_eq!(findings(&one, &[&other]), []);
}

#[test]
fn canceled_units_count_where_that_is_asked_for() {
    let mut day = day(&["O1 Ax2", "O2 Bx1"]);
    day.desk.play("cancel O1 Ax1\ncancel O2");
    let asked = |with_canceled| {
        let selection = Selection {
            with_canceled,
            ..Selection::default()
        };
        let orders = day.orders(&selection).into_iter();
        orders
            .map(|past| past.map(|past| past.wanted().map(|(_, units)| units.get()).sum::<i64>()))
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(false), [Ok(1), Err(LeftOut::NothingToShip)]);
    assert_eq!(asked(true), [Ok(2), Ok(1)]);
}

#[test]
fn a_field_that_cannot_be_is_named() {
    let day = day(&[]);
    let refused = |variant: &Variant| {
        let setup = Setup::of(&day.desk.reference, variant, day.desk.now);
        setup
            .err()
            .map(|rejection| rejection.fields[0].field.clone())
    };
    let mut variant = Variant::default();
    assert_eq!(refused(&variant), None);
    variant.default_location = Some("X".into());
    assert_eq!(refused(&variant).as_deref(), Some("/default_location"));
    variant = Variant::default();
    variant.locations.off = vec!["BER".into(), "X".into()];
    assert_eq!(refused(&variant).as_deref(), Some("/locations/off/1"));
    variant = Variant::default();
    variant.stock = StockWish::Counts(vec![UnitsAt {
        sku: "A".into(),
        location: "X".into(),
        quantity: Quantity::ZERO,
    }]);
    assert_eq!(
        refused(&variant).as_deref(),
        Some("/stock/counts/0/location")
    );
}
