//! Orders that wait are freed by what comes, without anybody asking.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::test_app::TestApp;

/// Asks for the order until it is as expected; what has not happened after 5 s does not happen.
async fn becomes(app: &TestApp, id: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let order = app.get(&format!("/api/v1/orders/{id}")).await.expect(200);
        if is_so(&order) {
            return order;
        }
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{what} did not happen: {order:#}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn capture(app: &TestApp, external_id: &str, sku: &str, quantity: i64) -> Value {
    let order = json!({
        "channel": "web", "external_id": external_id, "currency": "EUR",
        "placed_at": "2026-11-01T10:00:00Z",
        "payment": { "status": "paid" },
        "ship_to": {
            "name": "Anna Weber", "line1": "Ahornallee 1", "postal_code": "10115",
            "city": "Berlin", "country": "DE",
        },
        "lines": [{
            "external_id": "1", "sku": sku, "quantity": quantity,
            "unit_price": { "amount": 100, "currency": "EUR" },
        }],
    });
    app.post("/api/v1/orders", &order).await.expect(201)
}

fn line(order: &Value, counter: &str) -> i64 {
    order["lines"][0][counter].as_i64().unwrap()
}

fn id(order: &Value) -> &str {
    order["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_receipt_serves_the_backorders_in_the_order_in_which_they_came() {
    let app = TestApp::with_company().await;
    let sku = json!({ "code": "LATE", "stock_policy": { "backorder": { "limit": 1_000 } } });
    app.post("/api/v1/skus", &sku).await.expect(201);
    let mut orders = Vec::new();
    // More than two pages of the job.
    for n in 0..230 {
        let order = capture(&app, &format!("L{n}"), "LATE", 1).await;
        assert_eq!(line(&order, "backordered"), 1);
        orders.push(order);
    }
    let receive = json!({
        "kind": "receive", "sku": "LATE", "location": "BER", "quantity": 225,
    });
    app.post("/api/v1/stock/movements", &receive)
        .await
        .expect(201);
    let served = |order: &Value| line(order, "allocated") == 1;
    becomes(&app, id(&orders[224]), "service of the last unit", served).await;
    for (n, order) in orders.iter().enumerate() {
        let order = app
            .get(&format!("/api/v1/orders/{}", id(order)))
            .await
            .expect(200);
        let expected = i64::from(n < 225);
        assert_eq!(line(&order, "allocated"), expected, "order {n}");
        assert_eq!(line(&order, "backordered"), 1 - expected, "order {n}");
    }
}

#[tokio::test]
async fn what_a_canceled_order_gives_back_frees_one_that_is_held() {
    let app = TestApp::with_company().await;
    app.post("/api/v1/skus", &json!({ "code": "FEW" }))
        .await
        .expect(201);
    let receive = json!({ "kind": "receive", "sku": "FEW", "location": "BER", "quantity": 1 });
    app.post("/api/v1/stock/movements", &receive)
        .await
        .expect(201);
    let first = capture(&app, "F1", "FEW", 1).await;
    let second = capture(&app, "F2", "FEW", 1).await;
    assert_eq!(second["holds"][0]["kind"], "oversold");
    let cancel = format!("/api/v1/orders/{}/cancel", id(&first));
    app.post(&cancel, &json!({})).await.expect(200);
    let freed = becomes(&app, id(&second), "the release", |order| {
        line(order, "allocated") == 1
    });
    assert_eq!(freed.await["holds"], json!([]));
}

#[tokio::test]
async fn a_new_sku_frees_the_orders_that_named_it() {
    let app = TestApp::with_company().await;
    let order = capture(&app, "U1", "NEW", 2).await;
    assert_eq!(order["holds"][0]["kind"], "unmapped_sku");
    let sku = json!({ "code": "NEW", "stock_policy": "untracked" });
    app.post("/api/v1/skus", &sku).await.expect(201);
    let freed = becomes(&app, id(&order), "the mapping", |order| {
        line(order, "allocated") == 2
    });
    assert_eq!(freed.await["holds"], json!([]));
}

#[tokio::test]
async fn what_a_count_did_not_find_is_sourced_again_from_elsewhere_or_waits() {
    let app = TestApp::with_company().await;
    let sku = json!({ "code": "GONE", "stock_policy": { "backorder": { "limit": 99 } } });
    app.post("/api/v1/skus", &sku).await.expect(201);
    let hamburg = json!({
        "code": "HAM", "kind": "warehouse", "country": "DE", "postal_code": "20095",
        "time_zone": "Europe/Berlin",
    });
    app.post("/api/v1/locations", &hamburg).await.expect(201);
    let moves = async |kind: &str, location: &str, quantity: i64| {
        let body = json!({
            "kind": kind, "sku": "GONE", "location": location, "quantity": quantity,
        });
        app.post("/api/v1/stock/movements", &body).await.expect(201)
    };
    moves("receive", "BER", 5).await;
    let first = capture(&app, "G1", "GONE", 3).await;
    let second = capture(&app, "G2", "GONE", 2).await;
    moves("receive", "HAM", 1).await;
    let counted = moves("count", "BER", 2).await;
    assert_eq!(counted["available"], -3);
    // The newest work gives back first, and takes what Hamburg has.
    let second = becomes(&app, id(&second), "the shortfall of the second", |order| {
        line(order, "backordered") == 1 && line(order, "allocated") == 1
    });
    let second = second.await;
    let open = (second["fulfillment_orders"].as_array().unwrap().iter())
        .find(|work| work["location"] == "HAM");
    assert!(open.is_some(), "{second:#}");
    let first = becomes(&app, id(&first), "the shortfall of the first", |order| {
        line(order, "backordered") == 1 && line(order, "allocated") == 2
    });
    first.await;
    let stock = app.get("/api/v1/stock?sku=GONE").await.expect(200);
    for cell in stock["items"].as_array().unwrap() {
        assert_eq!(cell["available"], 0, "{cell}");
    }
}
