//! Expressions of rules: what is accepted, where what is refused begins, and the same answers as the
//! interpreter of the crate `cel` gives.

use std::sync::Arc;
#[allow(clippy::disallowed_types)] // One test measures.
use std::time::{Duration, Instant};

use cel::{Program, Value};
use ordo_domain::Command;
use ordo_domain::network::{Location, LocationChange, UpdateLocation};
use ordo_domain::rules::expr::{Condition, Number, OfLine, OfLocation, OfOrder, variables};
use ordo_domain::rules::facts::{LineFacts, LocationFacts, OrderFacts, Subject};
use ordo_domain::time::Timestamp;
use serde::Serialize;

use crate::desk::{Desk, START};

/// A store in Berlin.
fn berlin() -> Arc<Location> {
    let mut desk = Desk::new();
    desk.play("location BER DE 10115");
    let location = desk.reference.location_by_code("BER").unwrap().id;
    let update = UpdateLocation {
        location,
        expected: None,
        change: LocationChange {
            priority: Some(3),
            tags: Some(vec!["store".to_owned(), "new".to_owned()]),
            ..LocationChange::default()
        },
    };
    desk.give(Command::UpdateLocation(update)).unwrap();
    Arc::clone(desk.reference.location_by_code("BER").unwrap())
}

fn order<'a>(tags: &'a [String]) -> OrderFacts<'a> {
    OrderFacts {
        channel: "web",
        channel_kind: "web",
        currency: "EUR",
        total: 2_490,
        items: 2_000,
        units: 3,
        weight_g: 700,
        country: "DE",
        tags,
        tier: "gold",
        is_business: true,
        ..OrderFacts::default()
    }
}

fn line<'a>(sku: &'a str, quantity: i64, tags: &'a [String]) -> LineFacts<'a> {
    LineFacts {
        sku,
        quantity,
        unit_price: 1_000 - quantity,
        weight_g: 100 * quantity,
        hs_code: "",
        origin_country: "FR",
        tags,
    }
}

#[test]
fn conditions_come_to_what_they_say() {
    let (tags, hazmat) = (["gift".to_owned()], ["hazmat".to_owned()]);
    let order = order(&tags);
    let lines = [line("A", 1, &[]), line("B", 2, &hazmat)];
    let location = berlin();
    let facts = LocationFacts::of(&location, 12_345, START);
    let subject = Subject::of(&order, &lines, START);
    let there = subject.at(&facts);
    for (text, expected) in [
        ("true", Some(true)),
        ("order.units == 3 && order.total > 2000", Some(true)),
        (
            "order.channel in ['shop', 'web'] ? order.items < 1 : true",
            Some(false),
        ),
        ("'gift' in order.tags && !('x' in order.tags)", Some(true)),
        ("customer.tier == 'gold' && customer.business", Some(true)),
        (
            "has(order.country) && !has(order.region) && has(order.tags)",
            Some(true),
        ),
        ("lines.exists(l, 'hazmat' in l.tags)", Some(true)),
        ("lines.all(l, l.quantity > 1)", Some(false)),
        ("lines.exists_one(one, one.sku.startsWith('B'))", Some(true)),
        (
            "size(lines) == 2 && lines.size() == 2 && size(order.tags) == 1",
            Some(true),
        ),
        (
            "now.date == '2026-11-01' && now.weekday == 7 && now.hour == 10",
            Some(true),
        ),
        ("1 / (order.units - 3) == 1", None),
        ("1 / (order.units - 3) == 1 || true", Some(true)),
        ("order.units > 5 && 1 / 0 == 1", Some(false)),
        ("9223372036854775807 + order.units > 0", None),
        ("order.units in [1, 2, 1 + 2]", Some(true)),
        (
            "-order.units < -2 && 7 % 4 == 3 && -7 / 2 == -3",
            Some(true),
        ),
        (
            "order.service.contains('') && 'abc'.endsWith('c') && 'b' > 'a'",
            Some(true),
        ),
    ] {
        let condition = Condition::<OfOrder>::read(text);
        assert_eq!(condition.flaw(), None, "{text}");
        assert_eq!(condition.of(&subject).ok(), expected, "{text}");
        assert_eq!(
            condition.holds(&subject),
            expected.unwrap_or(false),
            "{text}"
        );
    }
    for (text, expected) in [
        (
            "location.kind == 'warehouse' && location.country == order.country",
            true,
        ),
        (
            "location.distance_m / 1000 == 12 && location.priority == 3",
            true,
        ),
        (
            "'store' in location.tags && size(location.capabilities) == 0",
            true,
        ),
        // Berlin is an hour ahead.
        ("local.hour == now.hour + 1 && local.minute == 0", true),
        ("location.city == ''", true),
    ] {
        let condition = Condition::<OfLocation>::read(text);
        assert_eq!(condition.flaw(), None, "{text}");
        assert_eq!(condition.of(&there), Ok(expected), "{text}");
    }
    let on = subject.on(&lines[1]);
    let condition =
        Condition::<OfLine>::read("line.sku == 'B' && lines.exists(l, l.quantity < line.quantity)");
    assert_eq!(condition.of(&on), Ok(true));
    let number =
        Number::<OfLocation>::read("location.country == order.country ? 0 : 1 + location.priority");
    assert_eq!(number.of(&there), Ok(0));
}

#[test]
fn what_cannot_be_told_in_advance_is_refused_where_it_begins() {
    let deep = format!("{}true{}", "(".repeat(60), ")".repeat(60));
    let choices = format!("{}true", "true ? false : ".repeat(60));
    let minus = format!("{}order.units", "-".repeat(900));
    let long = "true && ".repeat(200);
    for (text, character, says) in [
        ("", 1, "it is empty"),
        ("order.chanel == 'web'", 6, "there is no field chanel"),
        ("orders.units > 1", 1, "there is no orders here"),
        ("location.kind == 'store'", 1, "there is no location here"),
        (
            "order.units",
            6,
            "this is a whole number, not true or false",
        ),
        ("order.units > 1.5", 15, "numbers are whole"),
        (
            "order.units > '1'",
            13,
            "a whole number cannot be compared with a text",
        ),
        ("order.units > 1u", 15, "without u"),
        ("order.country == null", 18, "nothing is null"),
        (
            "order.country.matches('D.*')",
            22,
            "there is no function matches",
        ),
        (
            "lines.map(l, l.sku) == []",
            10,
            "exists, all and exists_one only",
        ),
        (
            "lines.exists(l, lines.all(m, m.sku == l.sku))",
            26,
            "inside of another one",
        ),
        (
            "order.tags.exists(t, t == 'x')",
            6,
            "only lines can be gone through",
        ),
        ("order.tags == ['x']", 12, "cannot be compared"),
        ("order.units in ['1']", 16, "never in"),
        ("'a' in ['a', 1]", 8, "not both"),
        ("{'a': 1}.a == 1", 1, "maps"),
        ("true < false", 6, "true is not more than false"),
        ("order", 1, "a field must be named"),
        ("order.units > 1 &&", 19, ""),
        (
            "order.units > 1\n  && order.cost > 2",
            0,
            "line 2, character 11: there is no field cost",
        ),
        (&deep, 1, "nested more than 16 deep"),
        (&choices, 1, "nested more than 16 deep"),
        (&minus, 0, ""),
        (&long, 1, "longer than 1000 bytes"),
    ] {
        let condition = Condition::<OfOrder>::read(text);
        let flaw = condition
            .flaw()
            .unwrap_or_else(|| panic!("accepted {text}"));
        assert!(flaw.to_string().contains(says), "{text}: {flaw}");
        if character > 0 {
            assert_eq!((flaw.line, flaw.column), (1, character), "{text}: {flaw}");
        }
        // Kept with its text, it counts as false.
        let stored = serde_json::to_string(&condition).unwrap();
        let again: Condition<OfOrder> = serde_json::from_str(&stored).unwrap();
        assert_eq!(again, condition);
        let subject_of = OrderFacts::default();
        assert!(!again.holds(&Subject::of(&subject_of, &[], START)));
    }
}

#[test]
fn every_variable_that_is_documented_can_be_read() {
    let manual = include_str!("../../../../docs/how-to/sourcing-rules.md");
    for variable in variables() {
        for (field, kind, _) in variable.fields {
            let name = format!("{}.{field}", variable.name);
            let text = match kind {
                "bool" => name.clone(),
                "int" => format!("{name} == 0"),
                "string" => format!("{name} == ''"),
                _ => format!("'x' in {name}"),
            };
            let is_known = match variable.name {
                "location" | "local" => Condition::<OfLocation>::read(&text).flaw().is_none(),
                "line" => Condition::<OfLine>::read(&text).flaw().is_none(),
                _ => Condition::<OfOrder>::read(&text).flaw().is_none(),
            };
            assert!(is_known, "{text}");
            assert!(
                manual.contains(&format!("`{field}`")),
                "{name} is not in the manual"
            );
        }
    }
}

#[derive(Serialize)]
struct Seen<'a> {
    units: i64,
    total: i64,
    country: &'a str,
    tags: &'a [String],
}

#[derive(Serialize)]
struct SeenLine<'a> {
    sku: &'a str,
    quantity: i64,
    tags: &'a [String],
}

/// xorshift64*, so that a failure can be played again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len() as u64) as usize]
    }

    fn bool(&mut self, depth: u64, each: bool) -> String {
        if depth == 0 {
            return self.one_of(&["true", "false"]).to_owned();
        }
        let depth = depth - 1;
        match self.below(if each { 7 } else { 9 }) {
            0 => format!("!({})", self.bool(depth, each)),
            1 => format!("({} && {})", self.bool(depth, each), self.bool(depth, each)),
            2 => format!("({} || {})", self.bool(depth, each), self.bool(depth, each)),
            3 => {
                let how = self.one_of(&["==", "!=", "<", "<=", ">", ">="]);
                format!(
                    "({} {how} {})",
                    self.int(depth, each),
                    self.int(depth, each)
                )
            }
            4 => {
                let how = self.one_of(&["==", "!=", "<", ">="]);
                format!("({} {how} {})", self.text(each), self.text(each))
            }
            5 => match self.below(3) {
                0 => format!("({} in order.tags)", self.text(each)),
                1 => format!(
                    "({} in [{}, {}])",
                    self.int(depth, each),
                    self.int(depth, each),
                    self.int(depth, each)
                ),
                _ => format!("{}.startsWith({})", self.text(each), self.text(each)),
            },
            6 => format!(
                "({} ? {} : {})",
                self.bool(depth, each),
                self.bool(depth, each),
                self.bool(depth, each)
            ),
            _ => {
                let how = self.one_of(&["exists", "all", "exists_one"]);
                format!("lines.{how}(l, {})", self.bool(depth, true))
            }
        }
    }

    fn int(&mut self, depth: u64, each: bool) -> String {
        if depth == 0 {
            let known = [
                "0",
                "1",
                "2",
                "9223372036854775807",
                "order.units",
                "order.total",
                "size(lines)",
                "l.quantity",
            ];
            let end = if each { known.len() } else { known.len() - 1 };
            return self.one_of(&known[..end]).to_owned();
        }
        let how = self.one_of(&["+", "-", "*", "/", "%"]);
        format!(
            "({} {how} {})",
            self.int(depth - 1, each),
            self.int(depth - 1, each)
        )
    }

    fn text(&mut self, each: bool) -> &'static str {
        let known = ["''", "'DE'", "'gift'", "order.country", "l.sku"];
        let end = if each { known.len() } else { known.len() - 1 };
        self.one_of(&known[..end])
    }
}

/// Goal: the same answers as another evaluator of CEL gives. Method: random expressions over random
/// orders, evaluated by both; what one cannot compute, the other cannot either.
#[test]
fn random_expressions_come_to_the_same_as_by_the_interpreter_of_cel() {
    let mut dice = Dice(7);
    let (mut held, mut failed) = (0, 0);
    for _ in 0..1_000 {
        let text = dice.bool(4, false);
        let condition = Condition::<OfOrder>::read(&text);
        if text.len() > 1_000 {
            continue;
        }
        assert_eq!(condition.flaw(), None, "{text}");
        let tags: Vec<String> = (0..dice.below(3))
            .map(|_| dice.one_of(&["gift", "DE"]).to_owned())
            .collect();
        let country = dice.one_of(&["", "DE", "FR"]);
        let (units, total) = (dice.below(4) as i64, dice.below(3) as i64 - 1);
        let lines: Vec<(&str, i64)> = (0..dice.below(4))
            .map(|_| (dice.one_of(&["", "DE", "gift"]), dice.below(3) as i64))
            .collect();
        let facts = OrderFacts {
            units,
            total,
            country,
            tags: &tags,
            ..OrderFacts::default()
        };
        let line_facts: Vec<LineFacts> = (lines.iter())
            .map(|(sku, quantity)| line(sku, *quantity, &[]))
            .collect();
        let ours = condition.of(&Subject::of(&facts, &line_facts, START)).ok();

        let mut context = cel::Context::default();
        let seen = Seen {
            units,
            total,
            country,
            tags: &tags,
        };
        context.add_variable_from_value("order", cel::to_value(seen).unwrap());
        let seen: Vec<SeenLine> = (lines.iter())
            .map(|(sku, quantity)| SeenLine {
                sku,
                quantity: *quantity,
                tags: &[],
            })
            .collect();
        context.add_variable_from_value("lines", cel::to_value(seen).unwrap());
        let theirs = match Program::compile(&text).unwrap().execute(&context) {
            Ok(Value::Bool(answer)) => Some(answer),
            Ok(other) => panic!("{text} is {other:?}"),
            Err(_) => None,
        };
        assert_eq!(
            ours, theirs,
            "{text} of {units} {total} {country} {tags:?} {lines:?}"
        );
        held += usize::from(ours == Some(true));
        failed += usize::from(ours.is_none());
    }
    assert!(held > 100 && failed > 30, "{held} held, {failed} failed");
}

/// Goal: nobody's text ends the program. Method: the deepest that is accepted, and the longest of what
/// nests without brackets, on a thread of the usual stack.
#[test]
fn the_deepest_expressions_fit_on_a_stack() {
    let brackets = format!("{}true{}", "(".repeat(16), ")".repeat(16));
    let choices = format!("{}true", "true ? false : ".repeat(16));
    let nots = format!("{}true", "!".repeat(996));
    let ands = format!("{}true", "true && ".repeat(124));
    let sums = format!("0 < {}1", "1 + ".repeat(248));
    let fields = format!("order{}", ".a".repeat(400));
    let lists = format!("1 in {}1{}", "[".repeat(16), "]".repeat(16));
    for text in [brackets, choices, nots, ands, sums] {
        let condition = Condition::<OfOrder>::read(&text);
        assert_eq!(condition.flaw(), None, "{text}");
        let order = OrderFacts::default();
        assert!(
            condition.of(&Subject::of(&order, &[], START)).is_ok(),
            "{text}"
        );
    }
    for text in [fields, lists] {
        assert!(Condition::<OfOrder>::read(&text).flaw().is_some(), "{text}");
    }
}

/// Goal: rules are no cost that anybody notices. Method: five filters at ten locations, ten thousand
/// times, without optimization; the bound is ten times what is measured.
#[test]
#[allow(clippy::disallowed_types)]
fn five_filters_at_ten_locations_take_microseconds() {
    let order = OrderFacts {
        country: "DE",
        ..OrderFacts::default()
    };
    let location = berlin();
    let filters = [
        "location.kind == 'warehouse' || location.country == order.country",
        "location.distance_m < 500000 && location.priority > 0",
        "!('closed' in location.tags)",
        "location.code in ['HAM', 'MUC', 'BER']",
        "order.units < 10 ? location.country == 'DE' : location.priority < 3",
    ]
    .map(Condition::<OfLocation>::read);
    let rounds = 10_000;
    let began = Instant::now();
    let mut held = 0;
    for round in 0..rounds {
        let subject = Subject::of(&order, &[], Timestamp::from_micros(round));
        for far in 0..10 {
            let facts = LocationFacts::of(&location, far, START);
            let here = subject.at(&facts);
            held += filters.iter().filter(|filter| filter.holds(&here)).count();
        }
    }
    let each = began.elapsed() / u32::try_from(rounds).unwrap();
    assert_eq!(held, 50 * rounds as usize);
    assert!(each < Duration::from_micros(500), "{each:?}");
}
