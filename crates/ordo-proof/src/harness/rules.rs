//! Rules: an expression, or a whole set as JSON.

use ordo_domain::rules::Rules;
use ordo_domain::rules::expr::{Condition, Number, OfLine, OfOrder};
use ordo_domain::rules::facts::{LineFacts, OrderFacts, Subject};
use ordo_domain::time::Timestamp;

/// Reads, checks and evaluates.
///
/// # Panics
/// Where something that was accepted changes when it is written and read again, or a reader panics.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if text.trim_start().starts_with('{') {
        if let Ok(rules) = serde_json::from_str::<Rules>(text)
            && rules.must_be_sound("/rules").is_ok()
        {
            let written = serde_json::to_string(&rules).unwrap();
            let again: Rules = serde_json::from_str(&written).unwrap();
            assert_eq!(again, rules, "{written}");
        }
        return;
    }
    let tags = ["new".to_owned(), "heavy".to_owned()];
    let order = OrderFacts {
        channel: "web",
        currency: "EUR",
        total: 2_490,
        units: 3,
        weight_g: 700,
        country: "DE",
        tags: &tags,
        ..OrderFacts::default()
    };
    let line = LineFacts {
        sku: "A",
        quantity: 2,
        unit_price: 1_000,
        weight_g: 100,
        hs_code: "",
        origin_country: "FR",
        tags: &tags,
    };
    let lines = [line];
    let subject = Subject::of(
        &order,
        &lines,
        Timestamp::from_micros(1_793_527_200_000_000),
    );
    let asked = Condition::<OfOrder>::read(text);
    // What cannot be computed says so; nothing else may happen.
    let _ = (asked.of(&subject), asked.holds(&subject), asked.constant());
    let _ = Condition::<OfLine>::read(text).of(&subject.on(&subject.lines[0]));
    let number = Number::<OfOrder>::read(text);
    if number.flaw().is_none() {
        let _ = number.of(&subject);
    }
    let flaws = [asked.flaw(), number.flaw()];
    for flaw in flaws.into_iter().flatten() {
        assert!(flaw.line >= 1 && flaw.column >= 1, "{flaw}");
    }
}
