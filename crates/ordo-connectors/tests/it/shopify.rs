//! Every order that Shopify's own documentation and libraries show comes out with its total.

use ordo_connectors::import::{Format, OrderItem};
use ordo_domain::order::Origin;
use ordo_domain::order::capture::PaymentStatus;
use serde_json::{Value, json};

use crate::support::{cents, find, folder, json_files, orders, total};

/// An order in full, as the interface answers it: what is sent in requests and what was asked for
/// by some of its fields only is no order.
fn is_order(at: &str, value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("line_items") && has("total_price") && has("financial_status") && !at.contains("/request/")
}

#[test]
fn every_recorded_order_agrees_with_its_total() {
    let test = "shopify::every_recorded_order_agrees_with_its_total";
    let Some(vendor) = folder("ORDO_VENDOR_DIR", test) else {
        return;
    };
    let mut seen = 0;
    for part in ["rest-exchanges-2026-07", "python-sdk-fixtures"] {
        for (name, json) in json_files(&vendor.join("shopify").join(part)) {
            let json = json.expect("Shopify's files are JSON");
            let mut found = Vec::new();
            find(&json, "", &is_order, &mut found);
            for (at, order) in found {
                let (read, rejects) = orders(Format::ShopifyJson, &order.to_string());
                assert_eq!(rejects, [], "{name}{at}");
                assert_eq!(read.len(), 1, "{name}{at}");
                let capture = &read[0].capture;
                let said = cents(order["total_price"].as_str().expect("a text"));
                assert_eq!(capture.channel_total.map(|total| total.get()), Some(said));
                let known = known_contradiction(part, &name);
                assert_eq!(total(capture), said + known, "{name}{at}");
                println!(
                    "{part}/{name}{at}: {:?} {} lines, {said}",
                    capture.origin,
                    capture.lines.len()
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= 30, "{seen} orders");
}

/// One old example lists a third line of 199.00 that its own sum of lines (398.00) leaves out. The
/// difference stays visible, for the hold `total_mismatch` to name.
fn known_contradiction(part: &str, name: &str) -> i64 {
    if (part, name) == ("python-sdk-fixtures", "order.json") {
        19_900
    } else {
        0
    }
}

#[test]
fn a_page_of_orders_reads_like_its_orders() {
    let test = "shopify::a_page_of_orders_reads_like_its_orders";
    let Some(vendor) = folder("ORDO_VENDOR_DIR", test) else {
        return;
    };
    let exchanges = vendor.join("shopify/rest-exchanges-2026-07");
    let all = json_files(&exchanges);
    let (_, json) = (all.iter().find(|(name, _)| name == "order.json")).expect("it is there");
    let exchanges = json.as_ref().expect("JSON").as_array().expect("a list");
    for exchange in exchanges {
        let answer = &exchange["response"]["json"];
        let mut found = Vec::new();
        find(answer, "", &is_order, &mut found);
        if found.is_empty() {
            continue;
        }
        let single: Vec<_> = (found.iter())
            .flat_map(|(_, order)| orders(Format::ShopifyJson, &order.to_string()).0)
            .map(|order| order.capture)
            .collect();
        let whole = orders(Format::ShopifyJson, &answer.to_string()).0;
        let pretty = serde_json::to_string_pretty(answer).expect("JSON can be written");
        let pretty = orders(Format::ShopifyJson, &pretty).0;
        for page in [whole, pretty] {
            let page: Vec<_> = page.into_iter().map(|order| order.capture).collect();
            assert_eq!(page, single);
        }
    }
}

/// An order of our own in Shopify's form, with `fields` laid over it.
fn order(fields: Value) -> Value {
    let mut order = json!({
        "id": "820982911946154508", "name": "#1001", "currency": "EUR", "financial_status": "paid",
        "created_at": "2026-10-01T09:30:00+02:00", "updated_at": "2026-10-02T09:30:00+02:00",
        "taxes_included": true, "total_price": "47.90", "total_tax": "7.65", "total_discounts": "2.00",
        "line_items": [
            {"id": 1, "sku": "TEE", "title": "T-shirt", "quantity": 2, "price": "20.00", "grams": 180,
             "total_discount": "0.00", "requires_shipping": true,
             "discount_allocations": [{"amount": "1.50"}, {"amount": "0.50"}],
             "tax_lines": [{"price": "6.07", "rate": 0.19, "title": "VAT"}]},
            {"id": 2, "sku": null, "variant_id": 77, "title": "Card", "quantity": 1, "price": "5.00",
             "gift_card": true, "requires_shipping": false, "tax_lines": []}
        ],
        "shipping_lines": [{"title": "Standard", "price": "4.90", "discounted_price": "4.90",
                            "tax_lines": [{"price": "0.78", "rate": 0.19, "title": "VAT"}]}],
        "shipping_address": null, "billing_address": null, "email": "ada@example.com"
    });
    for (name, value) in fields.as_object().expect("fields") {
        order[name] = value.clone();
    }
    order
}

fn read_one(order: &Value) -> OrderItem {
    let (mut read, rejects) = orders(Format::ShopifyJson, &order.to_string());
    assert_eq!(rejects, []);
    assert_eq!(read.len(), 1);
    read.remove(0)
}

#[test]
fn totals_are_met_in_every_way_that_they_are_made() {
    let set = |amount: &str| json!({"shop_money": {"amount": amount, "currency_code": "EUR"}});
    for (case, fields, owed) in [
        ("tax within prices", json!({}), 4_790),
        (
            "tax on top",
            json!({"taxes_included": false, "total_price": "54.75", "total_tax": "6.85"}),
            5_475,
        ),
        (
            "tax on the order only",
            json!({"taxes_included": false, "total_price": "55.55"}),
            5_555,
        ),
        (
            "a tip beside the lines",
            json!({"total_price": "50.90", "total_tip_received": "3.00"}),
            5_090,
        ),
        (
            "a tip among the lines",
            json!({"total_tip_received": "5.00"}),
            4_790,
        ),
        (
            "duties",
            json!({"total_price": "59.90", "original_total_duties_set": set("12.00")}),
            5_990,
        ),
        (
            "a discount of the order",
            json!({"total_price": "44.90", "total_discounts": "5.00"}),
            4_490,
        ),
        (
            "a removed line",
            json!({"shipping_lines": [{"title": "Old", "price": "9.00", "is_removed": true}], "total_price": "43.00"}),
            4_300,
        ),
    ] {
        let read = read_one(&order(fields));
        assert_eq!(total(&read.capture), owed, "{case}");
        assert_eq!(
            read.capture.channel_total.map(|total| total.get()),
            Some(owed),
            "{case}"
        );
    }
}

#[test]
fn what_shopify_says_has_happened_is_kept() {
    let fulfillment = json!([
        {"status": "success", "line_items": [{"id": 1, "quantity": 1}]},
        {"status": "cancelled", "line_items": [{"id": 1, "quantity": 1}]}
    ]);
    let state = |fields: Value| {
        let capture = read_one(&order(fields)).capture;
        let line = &capture.lines[0];
        (
            capture.origin,
            line.shipped.get(),
            line.canceled.get(),
            capture.canceled,
        )
    };
    assert_eq!(state(json!({})), (Origin::Live, 0, 0, false));
    assert_eq!(
        state(json!({"fulfillments": fulfillment})),
        (Origin::Live, 1, 0, false)
    );
    assert_eq!(
        state(json!({"fulfillment_status": "fulfilled"})),
        (Origin::History, 2, 0, false)
    );
    let canceled =
        json!({"cancelled_at": "2026-10-02T09:30:00+02:00", "fulfillments": fulfillment});
    assert_eq!(state(canceled), (Origin::History, 1, 1, true));
    assert_eq!(state(json!({"test": true})).0, Origin::History);
    assert_eq!(
        state(json!({"closed_at": "2026-10-09T09:30:00+02:00"})).0,
        Origin::History
    );

    let money = |fields: Value| {
        let report = read_one(&order(fields)).capture.payment.expect("a payment");
        (
            report.status,
            report.amount.map_or(0, |amount| amount.get()),
            report.refunded.get(),
        )
    };
    assert_eq!(money(json!({})), (PaymentStatus::Paid, 4_790, 0));
    let part = json!({"financial_status": "partially_paid", "total_outstanding": "17.90"});
    assert_eq!(money(part), (PaymentStatus::Paid, 3_000, 0));
    let refunds = json!([{"transactions": [
        {"kind": "refund", "status": "success", "amount": "5.00", "currency": "EUR"},
        {"kind": "refund", "status": "failure", "amount": "9.00", "currency": "EUR"}]}]);
    let back = json!({"financial_status": "partially_refunded", "refunds": refunds});
    assert_eq!(money(back), (PaymentStatus::Paid, 4_790, 500));
    assert_eq!(
        money(json!({"financial_status": "voided"})).0,
        PaymentStatus::Voided
    );
    assert_eq!(
        money(json!({"financial_status": "new_word"})).0,
        PaymentStatus::Pending
    );
}

#[test]
fn an_order_keeps_its_names_and_its_currencies() {
    let totals =
        json!({"shop_money": {"amount": "47.90"}, "presentment_money": {"amount": "52.69"}});
    let read = read_one(&order(json!({
        "presentment_currency": "USD", "total_price_set": totals, "tags": "vip, b2b", "test": true
    })));
    let input = &read.input;
    assert_eq!(input.external_id, "820982911946154508");
    assert_eq!(input.external_refs[0].value, "#1001");
    assert_eq!(input.labels, ["test", "vip", "b2b"]);
    let seen = input.presentment.as_ref().expect("another currency");
    assert_eq!((seen.currency.as_str(), seen.rate_ppm), ("USD", 1_100_000));
    let to = input.ship_to.as_ref().expect("an e-mail at least");
    assert_eq!(
        (to.email.as_deref(), to.line1.as_deref()),
        (Some("ada@example.com"), None)
    );
    assert_eq!(input.lines[1].sku, "77");
    assert_eq!(read.capture.source_version, 1_790_926_200_000_000);
}

#[test]
fn what_cannot_be_an_order_is_refused_by_name() {
    for (fields, field, reason) in [
        (
            json!({"currency": null}),
            "/currency",
            "expected a currency code of three capital letters, such as EUR",
        ),
        (
            json!({"total_price": "much"}),
            "/total_price",
            "much is not an amount",
        ),
        (json!({"id": null}), "/external_id", "is required"),
        (
            json!({"line_items": []}),
            "/lines",
            "must hold at least one line",
        ),
        (
            json!({"lineItems": {"nodes": []}}),
            "",
            "is an order of the GraphQL interface, not of the REST interface",
        ),
        (
            json!({"line_items": [{"quantity": "1.5", "price": "1"}]}),
            "/line_items/0/quantity",
            "1.5 is not a whole number",
        ),
    ] {
        let (read, rejects) = orders(Format::ShopifyJson, &order(fields).to_string());
        assert_eq!(read, []);
        assert_eq!(
            (rejects[0].field.as_str(), rejects[0].reason.as_str()),
            (field, reason)
        );
    }
}
