//! An order through its seven stages over HTTP, on every store: each step with the counters, stock and
//! standings that it leaves, and the books proven at the end.

mod walk;

use serde_json::{Value, json};

use crate::test_app::TestApp;

/// Locations near and far from a buyer in Berlin, with stock of `A` and `B`: on each store an
/// organization of its own.
pub async fn companies(test: &str) -> Vec<TestApp> {
    let apps = TestApp::on_each_store(test).await;
    for app in &apps {
        create(app, "channels", json!({"code": "web", "kind": "web"})).await;
        for (code, postal_code) in [("BER", "10115"), ("HAM", "20095"), ("MUC", "80331")] {
            let body = json!({"code": code, "kind": "warehouse", "country": "DE",
                              "postal_code": postal_code, "time_zone": "Europe/Berlin"});
            create(app, "locations", body).await;
        }
        for code in ["A", "B"] {
            let body = json!({"code": code, "weight_g": 100, "stock_policy": "tracked"});
            create(app, "skus", body).await;
        }
        for (sku, location, quantity) in [
            ("A", "BER", 3),
            ("A", "HAM", 4),
            ("A", "MUC", 4),
            ("B", "BER", 4),
        ] {
            let body = json!({"kind": "receive", "sku": sku, "location": location,
                              "quantity": quantity});
            create(app, "stock/movements", body).await;
        }
    }
    apps
}

pub async fn create(app: &TestApp, path: &str, body: Value) -> Value {
    app.post(&format!("/api/v1/{path}"), &body)
        .await
        .expect(201)
}

/// Takes a step that changes something, and answers the state after it, which the tag gives the
/// version of.
pub async fn step(app: &TestApp, path: &str, body: Value) -> Value {
    let answer = app.post(&format!("/api/v1/{path}"), &body).await;
    assert_eq!(
        answer.header("ordo-outcome"),
        Some("updated"),
        "{path}: {}",
        answer.text
    );
    let tag = answer
        .header("etag")
        .expect("an edit answers the version")
        .to_owned();
    let state = answer.expect(200);
    assert_eq!(tag, format!("\"{}\"", state["version"]), "{path}");
    state
}

/// Takes a step that changes nothing.
pub async fn idle(app: &TestApp, path: &str, body: Value) -> Value {
    let answer = app.post(&format!("/api/v1/{path}"), &body).await;
    assert_eq!(
        answer.header("ordo-outcome"),
        Some("unchanged"),
        "{path}: {}",
        answer.text
    );
    answer.expect(200)
}

/// A step that is refused; answers the field at fault.
pub async fn refused(
    app: &TestApp,
    path: &str,
    body: Value,
    status: u16,
    code: &str,
) -> Option<String> {
    let answer = app.post(&format!("/api/v1/{path}"), &body).await;
    answer.expect_problem(status, code)
}

pub async fn read(app: &TestApp, path: &str) -> Value {
    app.get(&format!("/api/v1/{path}")).await.expect(200)
}

/// The id of a record.
pub fn id(record: &Value) -> &str {
    record["id"].as_str().expect("a record has an id")
}

/// A paid order by a buyer in Berlin.
pub fn order(external_id: &str, lines: Value) -> Value {
    let mut order = crate::test_app::order(external_id, 1);
    order["lines"] = lines;
    order
}

/// `quantity` units of a SKU at 10.00 EUR.
pub fn line(external_id: &str, sku: &str, quantity: i64) -> Value {
    json!({"external_id": external_id, "sku": sku, "quantity": quantity,
           "unit_price": {"amount": 1000, "currency": "EUR"}})
}

/// The open fulfillment order of an order at a location.
pub fn work_at<'a>(order: &'a Value, location: &str) -> &'a Value {
    let works = order["fulfillment_orders"].as_array().unwrap();
    let open = |work: &&Value| {
        work["location"] == location && !["canceled", "rejected"].contains(&state(work))
    };
    let found = works.iter().find(open);
    found.unwrap_or_else(|| panic!("no work at {location}: {works:?}"))
}

pub fn state(record: &Value) -> &str {
    record["state"].as_str().expect("it has a state")
}

/// Asserts a line's counters that are named; all others are zero.
pub fn assert_line(order: &Value, sku: &str, counters: &[(&str, i64)]) {
    let lines = order["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["sku"] == sku).unwrap();
    for name in [
        "ordered",
        "open",
        "backordered",
        "allocated",
        "shipped",
        "shipped_elsewhere",
        "canceled",
        "received",
        "refunded",
    ] {
        let expected = counters.iter().find(|(known, _)| *known == name);
        let expected = expected.map_or(0, |(_, count)| *count);
        assert_eq!(line[name], expected, "{name} of {sku}: {line}");
    }
}

/// Asserts the standings: payment, fulfillment, returns.
pub fn assert_standings(order: &Value, payment: &str, fulfillment: &str, returns: &str) {
    assert_eq!(order["payment_standing"], payment);
    assert_eq!(order["fulfillment_standing"], fulfillment);
    assert_eq!(order["return_standing"], returns);
}

/// Asserts on hand, allocated and quarantined units of a SKU, by location.
pub async fn assert_stock(app: &TestApp, sku: &str, cells: &[(&str, [i64; 3])]) {
    let stock = read(app, &format!("stock?sku={sku}")).await;
    let mut found: Vec<(&str, [i64; 3])> = (stock["items"].as_array().unwrap().iter())
        .map(|cell| {
            let count = |name: &str| cell[name].as_i64().unwrap();
            let counts = [count("on_hand"), count("allocated"), count("quarantined")];
            (cell["location"].as_str().unwrap(), counts)
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, cells, "of {sku} on {}", app.store);
}

/// Proves the books: no invariant is violated.
pub async fn assert_books_balance(app: &TestApp) {
    let backend = app.engine.backend();
    for (organization, code) in backend.organizations().await.unwrap() {
        let now = app.engine.clock().now();
        let report = ordo_engine::check(&**backend, organization, now).await;
        let report = report.unwrap();
        assert!(report.is_ok(), "{code} on {}: {report:?}", app.store);
        assert!(report.findings["I3"].checked > 0, "there are lines");
    }
}
