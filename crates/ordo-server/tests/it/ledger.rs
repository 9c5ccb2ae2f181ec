//! The stock ledger, shortfalls and the report of the days over HTTP, on each store.

use axum::body::Body;
use ordo_domain::time::{DAY, Date};
use serde_json::{Value, json};

use crate::test_app::{Answer, OWNER, TestApp, order, request};

/// Reads once the view has seen all that was written.
async fn get_now(app: &TestApp, key: &str, path: &str) -> Answer {
    // A movement of nothing that anybody asks for, whose answer tells how far the log is.
    let body = json!({"kind": "receive", "sku": "mark", "location": "BER", "quantity": 1});
    let marked = app.post("/api/v1/stock/movements", &body).await;
    let position = marked.header("ordo-position").unwrap();
    let headers = [("ordo-min-position", position)];
    app.send(request("GET", path, key, &headers, Body::empty()))
        .await
}

async fn company(app: &TestApp) {
    app.set_up_company(OWNER).await;
    for (path, body) in [
        (
            "locations",
            json!({"code": "HAM", "kind": "store", "country": "DE"}),
        ),
        ("skus", json!({"code": "mark"})),
        ("skus", json!({"code": "B"})),
    ] {
        let path = format!("/api/v1/{path}");
        app.post(&path, &body).await.expect(201);
    }
}

async fn step(app: &TestApp, order: &Value, steps: &[&str]) {
    let work = order["fulfillment_orders"][0]["id"].as_str().unwrap();
    for step in steps {
        let path = format!("/api/v1/fulfillment-orders/{work}/{step}");
        app.post(&path, &json!({})).await.expect(200);
    }
}

async fn move_stock(app: &TestApp, kind: &str, at: &str, quantity: i64) {
    let body = json!({"kind": kind, "sku": "A", "location": at, "quantity": quantity,
                      "reason": "stocktaking"});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

#[tokio::test]
async fn the_ledger_tells_what_changed_the_stock_newest_first() {
    for app in TestApp::on_each_store("ledger").await {
        company(&app).await;
        move_stock(&app, "receive", "HAM", 4).await;
        move_stock(&app, "adjust", "BER", -1).await;
        move_stock(&app, "safety", "BER", 3).await;
        let shipped = app.capture("1", 2).await;
        step(&app, &shipped, &["release", "pick", "pack", "ship"]).await;

        let path = "/api/v1/stock/movements?sku=A";
        let ledger = get_now(&app, OWNER, path).await.expect(200);
        let items = ledger["items"].as_array().unwrap();
        let told: Vec<(&str, &str, i64)> = (items.iter())
            .map(|line| {
                (
                    line["kind"].as_str().unwrap(),
                    line["location"].as_str().unwrap(),
                    line["on_hand"].as_i64().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("ship", "BER", -2),
            ("safety", "BER", 0),
            ("adjust", "BER", -1),
            ("receive", "HAM", 4),
            ("receive", "BER", 10),
        ];
        assert_eq!(told, expected, "{}", app.store);
        assert_eq!(items[0]["subject"], shipped["id"]);
        assert_eq!(items[1]["subject"], Value::Null);
        assert_eq!(items[1]["reason"], "stocktaking");

        // Pages join, at one location as everywhere, and what is there is the sum.
        for (at, expected) in [
            ("", &expected[..]),
            (
                "&location=BER",
                &[expected[0], expected[1], expected[2], expected[4]],
            ),
            ("&location=HAM", &expected[3..4]),
            ("&location=nowhere", &[]),
        ] {
            let mut told = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = format!("{path}{at}&limit=1{cursor}");
                let page = app.get(&page).await.expect(200);
                let lines = page["items"].as_array().unwrap();
                told.extend(lines.iter().map(|line| line["on_hand"].as_i64().unwrap()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let expected: Vec<i64> = expected.iter().map(|line| line.2).collect();
            assert_eq!(told, expected, "at {at} on {}", app.store);
        }
        let none = app.get("/api/v1/stock/movements?sku=unknown").await;
        assert_eq!(none.expect(200)["items"], json!([]));
    }
}

#[tokio::test]
async fn a_ledger_is_of_a_sku_and_of_the_locations_that_the_key_reaches() {
    let app = TestApp::start().await;
    company(&app).await;
    move_stock(&app, "receive", "HAM", 4).await;
    let refused = app.get("/api/v1/stock/movements?location=BER").await;
    let field = refused.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/sku"));
    let key = app.limited_key("viewer", "locations", "HAM").await;
    let path = "/api/v1/stock/movements?sku=A";
    let ledger = get_now(&app, &key, path).await.expect(200);
    assert_eq!(ledger["items"].as_array().unwrap().len(), 1, "{ledger}");
    assert_eq!(ledger["items"][0]["location"], "HAM");
    let elsewhere = app.get_as(&key, &format!("{path}&location=BER")).await;
    elsewhere.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn shortfalls_name_what_is_missing_where() {
    for app in TestApp::on_each_store("shortfalls").await {
        company(&app).await;
        let path = "/api/v1/stock/shortfalls";
        let taken = app.capture("1", 8).await;
        // What was picked is not taken back by itself, so that the shortfall stays.
        step(&app, &taken, &["release", "pick"]).await;
        assert_eq!(app.get(path).await.expect(200)["items"], json!([]));
        move_stock(&app, "count", "BER", 5).await;
        let short = app.get(path).await.expect(200);
        let items = short["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{short}");
        for (field, value) in [
            ("sku", json!("A")),
            ("location", json!("BER")),
            ("missing", json!(3)),
            ("on_hand", json!(5)),
            ("allocated", json!(8)),
        ] {
            assert_eq!(items[0][field], value, "{field} on {}", app.store);
        }
        for (at, expected) in [("BER", 1), ("HAM", 0)] {
            let key = app.limited_key("viewer", "locations", at).await;
            let seen = app.get_as(&key, path).await.expect(200);
            assert_eq!(seen["items"].as_array().unwrap().len(), expected, "{at}");
        }
        move_stock(&app, "receive", "BER", 3).await;
        assert_eq!(app.get(path).await.expect(200)["items"], json!([]));
    }
}

#[tokio::test]
async fn the_report_counts_orders_by_day_channel_and_what_happened() {
    for app in TestApp::on_each_store("reports").await {
        company(&app).await;
        let body = json!({"code": "shop", "kind": "pos"});
        app.post("/api/v1/channels", &body).await.expect(201);
        let first = app.capture("1", 1).await;
        app.capture("2", 2).await;
        let mut other = order("3", 1);
        other["channel"] = json!("shop");
        app.post("/api/v1/orders", &other).await.expect(201);
        let mut past = order("4", 1);
        past["channel"] = json!("shop");
        past["origin"] = json!("history");
        past["placed_at"] = json!("2026-10-02T23:59:59Z");
        past["lines"][0]["shipped"] = json!(1);
        app.post("/api/v1/orders", &past).await.expect(201);
        let cancel = format!("/api/v1/orders/{}/cancel", first["id"].as_str().unwrap());
        app.post(&cancel, &json!({})).await.expect(200);

        let path = "/api/v1/reports/daily?from=2020-01-01&to=2100-01-01";
        let report = get_now(&app, OWNER, path).await.expect(200);
        let sums: Vec<(&str, &str, &str, i64)> = (report["items"].as_array().unwrap().iter())
            .map(|sum| {
                let text = |field: &str| sum[field].as_str().unwrap();
                let orders = sum["orders"].as_i64().unwrap();
                assert_eq!(sum["total"]["currency"], "EUR");
                (text("day"), text("channel"), text("measure"), orders)
            })
            .collect();
        let now = app.engine.clock().now().as_micros().div_euclid(DAY);
        let today = Date::from_days(now as i32).to_string();
        let today = today.as_str();
        for sum in [
            ("2026-10-02", "shop", "placed", 1),
            (today, "web", "placed", 2),
            (today, "web", "canceled", 1),
            (today, "shop", "placed", 1),
        ] {
            assert!(
                sums.contains(&sum),
                "{sum:?} is not in {sums:?} of {}",
                app.store
            );
        }
        let canceled = (report["items"].as_array().unwrap().iter())
            .find(|sum| sum["measure"] == "canceled")
            .unwrap();
        assert_eq!(canceled["total"], first["totals"]["total"]);

        let of_days = "from=2026-10-01&to=2026-10-02&channel=shop";
        let path = format!("/api/v1/reports/daily?{of_days}");
        let few = app.get(&path).await.expect(200);
        for sum in few["items"].as_array().unwrap() {
            assert_eq!(sum["day"], "2026-10-02");
        }
        let mut joined = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = "/api/v1/reports/daily?from=2020-01-01&to=2100-01-01&limit=1";
            let page = app.get(&format!("{path}{cursor}")).await.expect(200);
            joined.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(json!(joined), report["items"]);
        for (query, field) in [
            ("from=2026-13-01", "/from"),
            ("to=yesterday", "/to"),
            ("from=2026-10-02&to=2026-10-01", "/from"),
        ] {
            let refused = app.get(&format!("/api/v1/reports/daily?{query}")).await;
            let found = refused.expect_problem(422, "invalid_input");
            assert_eq!(found.as_deref(), Some(field), "{query}");
        }
    }
}
