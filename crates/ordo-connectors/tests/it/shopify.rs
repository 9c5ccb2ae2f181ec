//! Every order that Shopify's own documentation and libraries show comes out with its total.

use ordo_connectors::import::Format;
use serde_json::Value;

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
