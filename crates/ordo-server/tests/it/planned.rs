//! Plans that are made beside the batch, through the API, on every store.

use std::time::{Duration, Instant};

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

const LOCATIONS: u64 = 30;
const GOODS: u64 = 16;

/// Asks for the order until it is as expected; what has not happened after 10 s does not happen.
async fn becomes(app: &TestApp, id: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let order = app.get(&format!("/api/v1/orders/{id}")).await.expect(200);
        if is_so(&order) {
            return order;
        }
        let late = began.elapsed() > Duration::from_secs(10);
        assert!(!late, "{}: {what} did not happen: {order:#}", app.store);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn location(app: &TestApp, code: &str, postal: &str) {
    let body = json!({"code": code, "kind": "warehouse", "country": "DE",
                      "postal_code": postal, "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
}

async fn receive(app: &TestApp, sku: &str, location: &str, quantity: u64) {
    let body = json!({"kind": "receive", "sku": sku, "location": location, "quantity": quantity});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

/// A table of one price from `origin`; answers its path.
async fn rates(app: &TestApp, origin: &str, days: u64, steps: &[(i64, i64)]) -> String {
    let steps_g: Vec<i64> = steps.iter().map(|(step, _)| *step).collect();
    let prices: Vec<i64> = steps.iter().map(|(_, price)| *price).collect();
    let body = json!({
        "code": format!("parcel-{origin}"), "carrier": "dhl", "service": "parcel",
        "currency": "EUR", "origins": [origin], "steps_g": steps_g,
        "zones": [{"name": "all", "transit_days": days, "prices": prices}],
    });
    let made = app.post("/api/v1/rate-tables", &body).await.expect(201);
    format!("/api/v1/rate-tables/{}", made["id"].as_str().unwrap())
}

/// Goods scattered over so many locations that an order of all of them takes longer than the batch
/// has; answers its lines.
async fn scattered(app: &TestApp) -> Vec<Value> {
    for sku in 0..GOODS {
        let body = json!({"code": format!("S{sku}"), "weight_g": 100});
        app.post("/api/v1/skus", &body).await.expect(201);
    }
    for at in 0..LOCATIONS {
        let code = format!("L{at}");
        location(app, &code, &format!("{}", 10_000 + at * 1_370)).await;
        let price = |base: u64, step: u64, most: u64| (base + (at * step) % most) as i64;
        let prices = [price(200, 37, 90), price(330, 53, 140), price(520, 71, 240)];
        let steps = [(300, prices[0]), (900, prices[1]), (5_000, prices[2])];
        rates(app, &code, 1 + at % 3, &steps).await;
        for sku in 0..GOODS {
            let dice = (at * 1_000 + sku + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            if dice % 4 == 0 {
                receive(app, &format!("S{sku}"), &code, 1 + (at + sku) % 3).await;
            }
        }
    }
    (0..GOODS)
        .map(|sku| {
            json!({"external_id": sku.to_string(), "sku": format!("S{sku}"),
                   "quantity": 1 + sku % 3, "unit_price": {"amount": 1000, "currency": "EUR"}})
        })
        .collect()
}

#[tokio::test]
async fn an_order_too_large_for_the_batch_waits_and_is_sourced_by_its_plan() {
    for app in TestApp::company_on_each_store("too_large").await {
        let lines = scattered(&app).await;
        let mut large = order("LARGE", 1);
        large["lines"] = json!(lines);
        let placed = app.post("/api/v1/orders", &large).await.expect(201);
        assert_eq!(placed["sourcing"]["waits_because"], "too_large", "{placed}");
        assert_eq!(placed["holds"], json!([]));
        assert_eq!(placed["fulfillment_orders"], json!([]));
        let id = placed["id"].as_str().unwrap();
        let sourced = becomes(&app, id, "the plan", |order| order["sourcing"].is_null()).await;
        let work = sourced["fulfillment_orders"].as_array().unwrap();
        assert!(work.len() > 1, "{sourced:#}");
        let path = work[0]["id"].as_str().unwrap();
        let why = app
            .get(&format!("/api/v1/fulfillment-orders/{path}/decision"))
            .await
            .expect(200);
        assert_eq!(why["proven"], true, "{why:#}");
    }
}

#[tokio::test]
async fn work_nobody_has_begun_moves_when_it_is_looked_at_again_unless_it_is_pinned() {
    for app in TestApp::company_on_each_store("look_again").await {
        location(&app, "MUC", "80331").await;
        receive(&app, "A", "MUC", 10).await;
        let berlin = rates(&app, "BER", 1, &[(1_000, 590)]).await;
        rates(&app, "MUC", 1, &[(1_000, 490)]).await;
        let moves = app.capture("MOVES", 1).await;
        let stays = app.capture("STAYS", 1).await;
        let work = &stays["fulfillment_orders"][0];
        assert_eq!(
            (&work["location"], &work["pinned"]),
            (&json!("MUC"), &json!(false))
        );
        let pin = format!(
            "/api/v1/fulfillment-orders/{}/pin",
            work["id"].as_str().unwrap()
        );
        let pinned = app.post(&pin, &json!({})).await.expect(200);
        assert_eq!(pinned["pinned"], true);

        let settings = json!({"look_again_min": 5, "look_again_saving": 150});
        let path = "/api/v1/sourcing-settings";
        let said = app.patch(path, None, &settings).await.expect(200);
        assert_eq!(
            (&said["look_again_min"], &said["look_again_saving"]),
            (&json!(5), &json!(150))
        );
        let path = format!("{berlin}/prices");
        let headers = [("content-type", "text/csv")];
        let list = Body::from("max_kg,all\n1,3.00\n");
        app.send(request("POST", &path, OWNER, &headers, list))
            .await
            .expect(200);
        // A minute at a time, as often as it takes.
        let id = moves["id"].as_str().unwrap();
        let moved = becomes(&app, id, "the move", |order| {
            app.clock.forward(Duration::from_secs(60));
            order["fulfillment_orders"].as_array().unwrap().len() > 1
        })
        .await;
        let work = moved["fulfillment_orders"].as_array().unwrap();
        assert_eq!(
            (&work[0]["state"], &work[1]["state"]),
            (&json!("superseded"), &json!("open"))
        );
        assert_eq!(work[1]["location"], "BER");
        assert_eq!(work[1]["replaces"], work[0]["id"]);
        let events = app
            .get(&format!("/api/v1/orders/{id}/events"))
            .await
            .expect(200);
        let events = events["items"].as_array().unwrap();
        let event = (events.iter()).find(|event| event["type"] == "fulfillment_order.moved");
        assert_eq!(event.unwrap()["data"]["saving"], 190, "{events:#?}");
        let path = format!("/api/v1/orders/{}", stays["id"].as_str().unwrap());
        let stayed = app.get(&path).await.expect(200);
        assert_eq!(
            stayed["fulfillment_orders"].as_array().unwrap().len(),
            1,
            "{stayed:#}"
        );
    }
}
