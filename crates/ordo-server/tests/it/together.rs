//! Orders that wait for each other and are sourced together, on every store.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// How many orders a run is tried with; `ORDO_TOGETHER_ORDERS` makes it more, to be timed.
fn many() -> u64 {
    let asked = std::env::var("ORDO_TOGETHER_ORDERS").ok();
    asked.map_or(60, |many| many.parse().expect("a whole number"))
}

async fn location(app: &TestApp, code: &str, postal: &str, prices: &[u64]) {
    let body = json!({"code": code, "kind": "warehouse", "country": "DE",
                      "postal_code": postal, "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let table = json!({
        "code": format!("parcel-{code}"), "carrier": "house", "service": "parcel",
        "currency": "EUR", "origins": [code], "steps_g": [500, 5_000],
        "zones": [{"name": "DE", "areas": [{"country": "DE"}], "transit_days": 1,
                   "prices": prices}],
    });
    app.post("/api/v1/rate-tables", &table).await.expect(201);
}

async fn receive(app: &TestApp, sku: &str, location: &str, quantity: u64) {
    let body = json!({"kind": "receive", "sku": sku, "location": location, "quantity": quantity});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

async fn window(app: &TestApp, seconds: u64) {
    let body = json!({"together_s": seconds});
    let said = app.patch("/api/v1/sourcing-settings", None, &body);
    assert_eq!(said.await.expect(200)["together_s"], seconds);
}

async fn place(app: &TestApp, name: &str, lines: &[(&str, u64)]) -> Value {
    let mut body = order(name, 1);
    let lines = lines.iter().enumerate().map(|(nth, (sku, quantity))| {
        json!({"external_id": nth.to_string(), "sku": sku, "quantity": quantity,
               "unit_price": {"amount": 500, "currency": "EUR"}})
    });
    body["lines"] = lines.collect();
    body["ship_to"]["email"] = json!(format!("{name}@example.com"));
    body["ship_to"]["line1"] = json!(format!("{name} street 1"));
    app.post("/api/v1/orders", &body).await.expect(201)
}

async fn read(app: &TestApp, order: &Value) -> Value {
    let id = order["id"].as_str().unwrap();
    app.get(&format!("/api/v1/orders/{id}")).await.expect(200)
}

/// Where an order's open work is, in order.
fn from(order: &Value) -> Vec<&str> {
    let work = order["fulfillment_orders"].as_array().unwrap().iter();
    let mut from: Vec<&str> = work
        .map(|work| work["location"].as_str().unwrap())
        .collect();
    from.sort_unstable();
    from
}

#[tokio::test]
async fn the_order_that_needs_the_last_units_most_gets_them() {
    for app in TestApp::company_on_each_store("needs_most").await {
        // Berlin is cheap and has the last two; Munich has plenty of A, and nothing else.
        location(&app, "MUC", "80331", &[600, 600]).await;
        location(&app, "NUE", "90402", &[400, 400]).await;
        app.post("/api/v1/skus", &json!({"code": "B", "weight_g": 100}))
            .await
            .expect(201);
        receive(&app, "A", "MUC", 10).await;
        receive(&app, "B", "NUE", 10).await;
        receive(&app, "A", "NUE", 1).await;
        let count = json!({"kind": "count", "sku": "A", "location": "BER", "quantity": 0});
        app.post("/api/v1/stock/movements", &count)
            .await
            .expect(201);
        window(&app, 3_600).await;
        let first = place(&app, "ONE", &[("A", 1)]).await;
        let second = place(&app, "BOTH", &[("A", 1), ("B", 1)]).await;
        assert_eq!(first["sourcing"]["waits_because"], "together", "{first}");
        assert!(first["sourcing"]["due_at"].is_string());
        assert_eq!(second["fulfillment_orders"], json!([]));
        let run = app
            .post("/api/v1/sourcing-runs", &json!({}))
            .await
            .expect(200);
        // As they came, the first would have taken the A from Nuremberg for 4.00, and the second
        // would have shipped from two places for 10.00.
        assert_eq!(run["orders"], 2);
        assert_eq!(run["more"], false);
        assert_eq!(
            run["costs"][0]["cost"],
            json!({"amount": 1_000, "currency": "EUR"}),
            "{run}"
        );
        assert_eq!(run["costs"][0]["gap"]["amount"], 0, "{run}");
        let (first, second) = (read(&app, &first).await, read(&app, &second).await);
        assert_eq!((from(&first), from(&second)), (vec!["MUC"], vec!["NUE"]));
        assert_eq!(first["sourcing"], Value::Null);
        let again = app
            .post("/api/v1/sourcing-runs", &json!({}))
            .await
            .expect(200);
        assert_eq!(again["orders"], 0, "{again}");
    }
}

#[tokio::test]
async fn a_window_ends_by_itself_and_whoever_was_canceled_is_left_out() {
    for app in TestApp::company_on_each_store("window_ends").await {
        window(&app, 1).await;
        let canceled = place(&app, "GONE", &[("A", 1)]).await;
        let cancel = format!("/api/v1/orders/{}/cancel", canceled["id"].as_str().unwrap());
        app.post(&cancel, &json!({})).await.expect(200);
        let waits = place(&app, "WAITS", &[("A", 2)]).await;
        let began = Instant::now();
        let sourced = loop {
            let found = read(&app, &waits).await;
            if found["sourcing"].is_null() {
                break found;
            }
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{}: {found:#}",
                app.store
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(from(&sourced), ["BER"]);
        assert_eq!(read(&app, &canceled).await["life"], "canceled");
    }
}

#[tokio::test]
async fn a_run_keeps_stock_and_days_and_says_how_good_it_is() {
    for app in TestApp::company_on_each_store("many_together").await {
        let orders = many();
        for at in 0..10_u64 {
            let code = format!("L{at}");
            let prices = [300 + (at * 37) % 200, 600 + (at * 71) % 300];
            location(&app, &code, &format!("{}", 10_115 + at * 8_000), &prices).await;
            if at % 2 == 0 {
                let listed = app.get("/api/v1/locations?limit=50").await.expect(200);
                let items = listed["items"].as_array().unwrap();
                let found = items
                    .iter()
                    .find(|location| location["code"] == code.as_str());
                let path = format!(
                    "/api/v1/locations/{}",
                    found.unwrap()["id"].as_str().unwrap()
                );
                let capacity = json!({"daily_capacity": orders / 10 + 1});
                app.patch(&path, None, &capacity).await.expect(200);
            }
        }
        for sku in 0..8_u64 {
            let code = format!("S{sku}");
            let body = json!({"code": code, "weight_g": 100 + 60 * sku});
            app.post("/api/v1/skus", &body).await.expect(201);
            for at in 0..10_u64 {
                if (sku * 7 + at * 3) % 5 < 2 {
                    receive(&app, &code, &format!("L{at}"), orders / 5 + 1).await;
                }
            }
        }
        window(&app, 86_400).await;
        let mut placed = Vec::new();
        for nth in 0..orders {
            let skus: Vec<String> = (0..1 + nth % 3)
                .map(|at| format!("S{}", (nth * 5 + at) % 8))
                .collect();
            let lines: Vec<(&str, u64)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
            placed.push(place(&app, &format!("O{nth}"), &lines).await);
        }
        // The view notes who waits.
        let head = app
            .engine
            .backend()
            .head(app.engine.found_main().await.unwrap());
        let position = head.await.unwrap().position;
        let organization = app.engine.found_main().await.unwrap();
        assert!(
            app.engine
                .view_caught_up(organization, position, Duration::from_secs(20))
                .await
        );
        let began = Instant::now();
        let mut sourced = 0;
        loop {
            let run = app
                .post("/api/v1/sourcing-runs", &json!({}))
                .await
                .expect(200);
            sourced += run["orders"].as_u64().unwrap();
            println!("{}: {:?} {run}", app.store, began.elapsed());
            for sum in run["costs"].as_array().unwrap() {
                let (cost, gap) = (&sum["cost"]["amount"], &sum["gap"]["amount"]);
                let (cost, gap) = (cost.as_i64().unwrap(), gap.as_i64().unwrap());
                assert!(cost > 0 && gap * 50 < cost, "{run}");
            }
            if run["more"] == false {
                break;
            }
        }
        assert_eq!(sourced, orders);
        let last = read(&app, placed.last().unwrap()).await;
        assert!(last["sourcing"].is_null(), "{last:#}");
        let backend = app.engine.backend();
        let now = ordo_engine::Clock::now(&*app.clock);
        let report = ordo_engine::check(&**backend, organization, now)
            .await
            .unwrap();
        assert!(report.is_ok(), "{report:#?}");
    }
}
