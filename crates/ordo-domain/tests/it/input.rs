//! The input form: what is refused, by which field, and that everything is refused at once.

use ordo_domain::Code;
use ordo_domain::check::MoneyInput;
use ordo_domain::money::Minor;
use ordo_domain::order::{OrderInput, TaxLine};

use crate::desk::order_input;

fn refused(change: impl FnOnce(&mut OrderInput)) -> Vec<String> {
    let mut input = order_input("O1", &["Ax3", "Bx1"]);
    change(&mut input);
    let rejection = input.parse().expect_err("it is refused");
    assert_eq!(rejection.code, Code::InvalidInput);
    rejection
        .fields
        .into_iter()
        .map(|problem| problem.field)
        .collect()
}

#[test]
fn each_bad_field_is_named() {
    let euro = |amount| {
        Some(MoneyInput {
            amount,
            currency: "EUR".into(),
        })
    };
    assert_eq!(refused(|o| o.lines[0].quantity = 0), ["/lines/0/quantity"]);
    assert_eq!(
        refused(|o| o.lines[1].quantity = 1_000_000_001),
        ["/lines/1/quantity"]
    );
    assert_eq!(
        refused(|o| o.lines[0].quantity = i64::MIN),
        ["/lines/0/quantity"]
    );
    assert_eq!(refused(|o| o.external_id = " ".into()), ["/external_id"]);
    assert_eq!(refused(|o| o.external_id = "a\0b".into()), ["/external_id"]);
    assert_eq!(
        refused(|o| o.external_id = "x".repeat(256)),
        ["/external_id"]
    );
    assert_eq!(
        refused(|o| o.placed_at = "yesterday".into()),
        ["/placed_at"]
    );
    assert_eq!(refused(|o| o.currency = "eur".into()), ["/currency"]);
    assert_eq!(refused(|o| o.lines.clear()), ["/lines"]);
    assert_eq!(
        refused(|o| o.lines = vec![o.lines[0].clone(); 1_001])
            .last()
            .unwrap(),
        "/lines/999/external_id"
    );
    assert_eq!(
        refused(|o| o.lines[1].external_id = Some("1".into())),
        ["/lines/1/external_id"]
    );
    assert_eq!(
        refused(|o| o.lines[0].unit_price = euro(-1)),
        ["/lines/0/unit_price/amount"]
    );
    assert_eq!(
        refused(|o| o.lines[0].unit_price = euro(i64::MAX)),
        ["/lines/0/unit_price/amount"]
    );
    assert_eq!(
        refused(|o| o.lines[0].unit_price = euro(900_000_000_000_000)),
        ["/lines/0/unit_price"]
    );
    assert_eq!(
        refused(|o| o.lines[0].discount = euro(3_001)),
        ["/lines/0/discount"]
    );
    assert_eq!(refused(|o| o.discount = euro(4_001)), ["/discount"]);
    assert_eq!(
        refused(|o| o.source_version = Some(-1)),
        ["/source_version"]
    );
    assert_eq!(
        refused(|o| o.reservation_id = Some("ord_1".into())),
        ["/reservation_id"]
    );
    assert_eq!(
        refused(|o| o.ship_to.as_mut().unwrap().country = Some("Germany".into())),
        ["/ship_to/country"]
    );
    let dollars = Some(MoneyInput {
        amount: 1,
        currency: "USD".into(),
    });
    assert_eq!(
        refused(|o| o.lines[0].tax = dollars),
        ["/lines/0/tax/currency"]
    );
}

#[test]
fn all_bad_fields_are_told_at_once() {
    let fields = refused(|o| {
        o.channel = String::new();
        o.lines[0].quantity = 0;
        o.lines[1].sku = String::new();
    });
    assert_eq!(fields, ["/lines/0/quantity", "/lines/1/sku", "/channel"]);
}

#[test]
fn sums_past_the_range_of_an_amount_are_refused() {
    let large = |amount| {
        Some(MoneyInput {
            amount,
            currency: "EUR".into(),
        })
    };
    let fields = refused(|o| {
        o.lines[0].quantity = 1;
        for line in &mut o.lines {
            line.unit_price = large(600_000_000_000_000);
        }
    });
    assert_eq!(fields, ["/lines"]);
}

#[test]
fn taxes_are_bounded_and_their_texts_clean() {
    let with = |change: fn(&mut TaxLine)| {
        let mut tax: TaxLine = serde_json::from_str(r#"{"amount":19}"#).unwrap();
        change(&mut tax);
        refused(move |o| o.lines[0].taxes = vec![tax])
    };
    let least = Minor::new(-1_000_000_000_000_000).unwrap();
    let at = |name: &str| vec![format!("/lines/0/taxes/0/{name}")];
    assert_eq!(
        with(|tax| tax.amount = -Minor::new(1).unwrap()),
        at("amount")
    );
    assert_eq!(with(|tax| tax.rate_ppm = Some(-1)), at("rate_ppm"));
    assert_eq!(with(|tax| tax.code = Some("a\0b".into())), at("code"));
    assert_eq!(
        with(|tax| tax.jurisdiction = Some("x".repeat(17))),
        at("jurisdiction")
    );
    let tax: TaxLine = serde_json::from_str(r#"{"amount":19}"#).unwrap();
    let many = TaxLine {
        amount: least,
        ..tax
    };
    let fields = refused(move |o| o.lines[0].taxes = vec![many; 21]);
    assert_eq!(fields.len(), 21);
}

#[test]
fn an_order_discount_is_shared_by_price_to_the_cent() {
    let mut input = order_input("O1", &["Ax3", "Bx1", "Cx1"]);
    input.discount = Some(MoneyInput {
        amount: 101,
        currency: "EUR".into(),
    });
    let parsed = input.parse().unwrap();
    let shares: Vec<i64> = parsed
        .lines
        .iter()
        .map(|line| line.discount.get())
        .collect();
    assert_eq!(shares, [61, 20, 20]);
}

#[test]
fn card_numbers_are_masked_before_anything_is_kept() {
    let mut input = order_input("O1", &["Ax1"]);
    input.note = Some("my card is 4111 1111 1111 1111, thanks".into());
    let parsed = input.parse().unwrap();
    assert!(parsed.card_number_masked);
    let note = parsed.ship_to.unwrap().note.unwrap();
    assert_eq!(note, "my card is **** **** **** ****, thanks");
}
