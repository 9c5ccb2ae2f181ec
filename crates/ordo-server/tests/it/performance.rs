//! How locations keep their word: counted, weighed, and where they refuse all day left alone. On both
//! stores.

use std::time::Duration;

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

const SETTINGS: &str = "/api/v1/sourcing-settings";

/// Berlin and Munich with enough of `A`; a parcel from Berlin is a little cheaper.
async fn company(app: &TestApp) {
    let body = json!({"code": "MUC", "kind": "store", "country": "DE",
                      "postal_code": "80331", "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 50});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
    for (origin, price) in [("BER", 490), ("MUC", 500)] {
        let body = json!({"code": format!("parcel-{origin}"), "carrier": "house",
                          "service": "parcel", "currency": "EUR", "origins": [origin],
                          "steps_g": [5000],
                          "zones": [{"name": "all", "transit_days": 1, "prices": [price]}]});
        app.post("/api/v1/rate-tables", &body).await.expect(201);
    }
}

/// The newest fulfillment order of a new order.
async fn work(app: &TestApp, name: &str) -> Value {
    let placed = app
        .post("/api/v1/orders", &order(name, 1))
        .await
        .expect(201);
    let all = placed["fulfillment_orders"].as_array().unwrap();
    all.last().unwrap().clone()
}

async fn step(app: &TestApp, work: &Value, step: &str) {
    let path = format!(
        "/api/v1/fulfillment-orders/{}/{step}",
        work["id"].as_str().unwrap()
    );
    app.post(&path, &json!({})).await.expect(200);
}

async fn performance(app: &TestApp, code: &str) -> Value {
    let page = app.get("/api/v1/locations").await.expect(200);
    let found = (page["items"].as_array().unwrap().iter())
        .find(|location| location["code"] == code)
        .unwrap();
    let path = format!(
        "/api/v1/locations/{}/performance",
        found["id"].as_str().unwrap()
    );
    app.get(&path).await.expect(200)
}

#[tokio::test]
async fn a_location_that_declines_is_weighed_with_it() {
    for app in TestApp::company_on_each_store("performance_is_weighed").await {
        company(&app).await;
        let body = json!({"penalties": [{"currency": "EUR", "declined_line": 500}]});
        let said = app.patch(SETTINGS, None, &body).await.expect(200);
        assert_eq!(said["penalties"][0]["declined_line"], 500);
        let kept = work(&app, "kept").await;
        for name in ["release", "accept", "pick", "pack", "ship"] {
            step(&app, &kept, name).await;
        }
        for nth in 0..3 {
            let refused = work(&app, &format!("refused-{nth}")).await;
            assert_eq!(refused["location"], "BER");
            step(&app, &refused, "reject").await;
        }
        let told = performance(&app, "BER").await;
        let outcomes = json!({"accepted": 1, "rejected": 3, "shorted": 0, "shipped": 1});
        assert_eq!(told["total"], outcomes, "{}", app.store);
        // Three of four, and twenty that say nothing.
        assert_eq!(told["decline_ppm"], 125_000);
        assert_eq!(told["days"].as_array().unwrap().len(), 14);
        assert_eq!(performance(&app, "MUC").await["decline_ppm"], 0);

        app.post("/api/v1/sourcing-prices/refresh", &json!({}))
            .await
            .expect(200);
        let next = work(&app, "next").await;
        assert_eq!(
            next["location"], "MUC",
            "0.63 of risk are more than 0.10: {}",
            app.store
        );
        // Where Munich is dearer than the risk, Berlin ships, and its risk is a part of the cost.
        let list = app.get("/api/v1/rate-tables").await.expect(200);
        let table = &list["items"][1];
        assert_eq!(table["origins"], json!(["MUC"]));
        let path = format!("/api/v1/rate-tables/{}", table["id"].as_str().unwrap());
        let dearer = json!({"zones": [{"name": "all", "transit_days": 1, "prices": [900]}]});
        app.patch(&path, None, &dearer).await.expect(200);
        let risky = work(&app, "risky").await;
        assert_eq!(risky["location"], "BER");
        let path = format!(
            "/api/v1/fulfillment-orders/{}/decision",
            risky["id"].as_str().unwrap()
        );
        let cost = &app.get(&path).await.expect(200)["shipments"][0]["cost"];
        // 12.5 % of 5.00, rounded together with the parcel.
        let parts = ["carrier", "decline_risk"].map(|part| cost[part]["amount"].as_i64().unwrap());
        assert_eq!(parts, [490, 63], "{cost}");
    }
}

#[tokio::test]
async fn a_location_that_refuses_all_day_is_left_alone() {
    for app in TestApp::company_on_each_store("performance_refuses").await {
        company(&app).await;
        let said = app
            .patch(SETTINGS, None, &json!({"refusals_max": 2}))
            .await
            .expect(200);
        assert_eq!(said["refusals_max"], 2);
        for nth in 0..2 {
            let refused = work(&app, &nth.to_string()).await;
            assert_eq!(refused["location"], "BER", "{}", app.store);
            step(&app, &refused, "reject").await;
        }
        let mut blocks = json!([]);
        for _ in 0..200 {
            blocks = app.get("/api/v1/blocks").await.expect(200)["items"].take();
            if blocks != json!([]) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let block = &blocks[0];
        assert_eq!(
            block["reason"], "refused 2 times today and took nothing",
            "{blocks}"
        );
        assert_eq!(block["stages"], json!(["allocate"]));
        assert!(block["until"].is_string(), "{block}");
        assert_eq!(work(&app, "elsewhere").await["location"], "MUC");
    }
}

#[tokio::test]
async fn what_is_assumed_counts_until_something_is_known() {
    let app = TestApp::with_company().await;
    company(&app).await;
    let page = app.get("/api/v1/locations").await.expect(200);
    let berlin = format!(
        "/api/v1/locations/{}",
        page["items"][0]["id"].as_str().unwrap()
    );
    let body = json!({"penalties": [{"currency": "EUR", "declined_line": 500}]});
    app.patch(SETTINGS, None, &body).await.expect(200);
    assert_eq!(work(&app, "1").await["location"], "BER");
    let changed = app
        .patch(&berlin, None, &json!({"decline_ppm": 80_000}))
        .await
        .expect(200);
    assert_eq!(changed["decline_ppm"], 80_000);
    assert_eq!(performance(&app, "BER").await["decline_ppm"], 80_000);
    assert_eq!(work(&app, "2").await["location"], "MUC");
    let wrong = app.patch(&berlin, None, &json!({"decline_ppm": -1})).await;
    let field = wrong.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/decline_ppm"));
    let wrong = app.patch(SETTINGS, None, &json!({"refusals_max": 0})).await;
    let field = wrong.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/refusals_max"));
}
