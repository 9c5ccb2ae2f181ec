//! Prices of scarce stock in live decisions: on both stores.

use std::sync::Arc;

use ordo_engine::{Engine, EngineConfig};
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order};

const SETTINGS: &str = "/api/v1/sourcing-settings";
const PRICES: &str = "/api/v1/sourcing-prices";
const REFRESH: &str = "/api/v1/sourcing-prices/refresh";

/// Berlin with plenty of `A`; Munich with a dozen, from where it is cheaper to anybody and much
/// cheaper to the south.
async fn company(app: &TestApp) {
    let body = json!({"code": "MUC", "kind": "warehouse", "country": "DE",
                      "postal_code": "80331", "time_zone": "Europe/Berlin"});
    app.post("/api/v1/locations", &body).await.expect(201);
    for (location, quantity) in [("BER", 90), ("MUC", 12)] {
        let body = json!({"kind": "receive", "sku": "A", "location": location,
                          "quantity": quantity});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
    }
    for (origin, south, elsewhere) in [("BER", 900, 500), ("MUC", 400, 450)] {
        let area = json!([{"country": "DE", "postal_from": "80", "postal_until": "89"}]);
        let body = json!({"code": format!("parcel-{origin}"), "carrier": "house",
                          "service": "parcel", "currency": "EUR", "origins": [origin],
                          "steps_g": [5000],
                          "zones": [{"name": "south", "areas": area, "transit_days": 1,
                                     "prices": [south]},
                                    {"name": "all", "transit_days": 1, "prices": [elsewhere]}]});
        app.post("/api/v1/rate-tables", &body).await.expect(201);
    }
}

/// The location of an order of one `A`, and the address of its decision.
async fn sourced(app: &TestApp, name: &str, postal_code: &str) -> (String, String) {
    let mut body = order(name, 1);
    body["placed_at"] = json!(app.now());
    body["ship_to"]["postal_code"] = json!(postal_code);
    let placed = app.post("/api/v1/orders", &body).await.expect(201);
    let work = &placed["fulfillment_orders"][0];
    let id = work["id"].as_str().unwrap();
    let decision = format!("/api/v1/fulfillment-orders/{id}/decision");
    (work["location"].as_str().unwrap().to_owned(), decision)
}

async fn switch(app: &TestApp, prices: Value) {
    let body = json!({ "prices": prices });
    let said = app.patch(SETTINGS, None, &body).await.expect(200);
    assert_eq!(said["prices"], prices);
}

#[tokio::test]
async fn the_last_units_in_the_south_are_kept_for_the_south() {
    for app in TestApp::company_on_each_store("prices_are_kept").await {
        company(&app).await;
        for nth in 0..9 {
            let (location, _) = sourced(&app, &format!("south-{nth}"), "80331").await;
            assert_eq!(location, "MUC");
        }
        let unknown = app.get(PRICES).await.expect(200);
        assert_eq!(
            (&unknown["version"], &unknown["units"]),
            (&json!(0), &json!([]))
        );

        // Found, but switched off: they count for nothing.
        let found = app.post(REFRESH, &json!({})).await.expect(200);
        assert_eq!(found["orders_seen"], 9, "{found}");
        assert_eq!(found["orders_expected"], 27, "three days of nine");
        let book = app.get(PRICES).await.expect(200);
        assert_eq!(book["counts"], false);
        let unit = &book["units"][0];
        assert_eq!(
            (&unit["sku"], &unit["location"], &unit["price"]),
            // A little less than what a parcel from Berlin to the south costs more.
            (
                &json!("A"),
                &json!("MUC"),
                &json!({"amount": 490, "currency": "EUR"})
            ),
            "{book}"
        );
        assert_eq!(
            sourced(&app, "plain", "10115").await.0,
            "MUC",
            "{}",
            app.store
        );

        switch(&app, json!({"horizon_days": 3})).await;
        assert_eq!(app.get(PRICES).await.expect(200)["counts"], true);
        let (location, decision) = sourced(&app, "kept", "10115").await;
        assert_eq!(location, "BER", "{}", app.store);
        // What is paid is what the carrier asks, whatever the plan was steered by.
        let told = app.get(&decision).await.expect(200);
        assert_eq!(told["cost"], json!({"amount": 500, "currency": "EUR"}));
        assert_eq!(told["prices"], 1);
        let why_not = format!("{decision}/why-not?location=MUC");
        let why_not = app.get(&why_not).await.expect(200);
        assert_eq!(
            why_not["because"],
            "The best plan with it is MUC: 0.50 EUR less, and 4.90 EUR more of stock and \
             shipments that are kept for orders still expected."
        );
        assert_eq!(why_not["dearer_by"]["amount"], -50);
        let (location, decision) = sourced(&app, "of the south", "80331").await;
        assert_eq!(location, "MUC");
        let told = app.get(&decision).await.expect(200);
        let shipment = &told["shipments"][0];
        let part = |name: &str| shipment["cost"][name]["amount"].as_i64().unwrap();
        assert_eq!((part("carrier"), part("stock_price")), (400, 490));
        let because = shipment["because"].as_str().unwrap();
        let words = "Of A, the last 2 units are kept for orders still expected, worth 4.90 EUR \
                     each. ";
        assert!(because.contains(words), "{because}");

        // What comes in makes it plenty: no price until the next book.
        let body = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 90});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
        assert_eq!(sourced(&app, "plenty", "10115").await.0, "MUC");
        let body = json!({"kind": "adjust", "sku": "A", "location": "MUC", "quantity": -90});
        app.post("/api/v1/stock/movements", &body).await.expect(201);

        // The book is stored and is what its events make of it.
        let backend = Arc::clone(app.engine.backend());
        let clock = app.engine.clock();
        let organization = app.engine.found_main().await.unwrap();
        let config = EngineConfig {
            runs_view: false,
            runs_timers: false,
            runs_jobs: false,
            runs_deliveries: false,
            ..EngineConfig::default()
        };
        let again = Engine::start(backend, Arc::clone(clock), config);
        let reference = again.reference(organization).await.unwrap();
        let known = app.engine.reference(organization).await.unwrap();
        assert!(
            reference
                .prices()
                .is_some_and(|book| !book.prices.is_empty())
        );
        assert_eq!(reference.prices(), known.prices());
        let report = ordo_engine::check(&**again.backend(), organization, clock.now()).await;
        let report = report.unwrap();
        assert!(report.is_ok(), "{report:?}");
    }
}

/// A set of rules with one step that keeps these locations out, and counts.
async fn keep_out(app: &TestApp, code: &str, drop: &str) {
    let rules =
        json!({"steps": [{"name": "who", "filters": [{"name": "not these", "drop": drop}]}]});
    let body =
        json!({"code": code, "priority": if code == "first" { 0 } else { -1 }, "rules": rules});
    let made = app.post("/api/v1/rule-sets", &body).await.expect(201);
    let path = format!(
        "/api/v1/rule-sets/{}/versions/1/publish",
        made["id"].as_str().unwrap()
    );
    app.post(&path, &json!({})).await.expect(200);
}

#[tokio::test]
async fn prices_steer_only_among_what_rules_permit_and_know_of_it() {
    for app in TestApp::company_on_each_store("prices_under_rules").await {
        company(&app).await;
        for nth in 0..9 {
            sourced(&app, &format!("south-{nth}"), "80331").await;
        }
        switch(&app, json!({"horizon_days": 3})).await;
        app.post(REFRESH, &json!({})).await.expect(200);
        // Without rules the price sends the north to Berlin; rules that keep Berlin out are stronger.
        assert_eq!(
            sourced(&app, "north", "10115").await.0,
            "BER",
            "{}",
            app.store
        );
        keep_out(
            &app,
            "first",
            "location.code == 'BER' && order.postal_code == '101'",
        )
        .await;
        let (location, decision) = sourced(&app, "ruled", "10115").await;
        assert_eq!(location, "MUC", "{}", app.store);
        let why = app.get(&decision).await.expect(200);
        assert_eq!(why["excluded"][0]["reason"], "rule", "{why}");
        assert_ne!(
            why["shipments"][0]["cost"]["stock_price"]["amount"], 0,
            "{why}"
        );
        // What no order may have is kept for none.
        keep_out(&app, "second", "location.code == 'MUC'").await;
        app.post(REFRESH, &json!({})).await.expect(200);
        let book = app.get(PRICES).await.expect(200);
        assert_eq!(book["units"], json!([]), "{book}");
        assert_eq!(sourced(&app, "south", "80331").await.0, "BER");
    }
}

#[tokio::test]
async fn prices_are_found_once_and_by_those_who_may() {
    let app = TestApp::with_company().await;
    company(&app).await;
    let once = app.post_once(REFRESH, "k", &json!({})).await.expect(200);
    assert_eq!(once["version"], 1);
    assert_eq!(once["currency"], json!(null), "there are no orders");
    assert_eq!(
        app.post_once(REFRESH, "k", &json!({})).await.expect(200),
        once
    );
    for nth in 0..9 {
        sourced(&app, &format!("south-{nth}"), "80331").await;
    }
    app.post(REFRESH, &json!({})).await.expect(200);
    let viewer = app.key("viewer").await;
    let seen = app.get_as(&viewer, PRICES).await.expect(200);
    assert_eq!(seen["version"], 2);
    let may_not = app.post_as(&viewer, REFRESH, &json!({})).await;
    may_not.expect_problem(403, "forbidden");
    for (body, field) in [
        (
            json!({"prices": {"horizon_days": 0}}),
            "/prices/horizon_days",
        ),
        (
            json!({"prices": {"horizon_days": 61}}),
            "/prices/horizon_days",
        ),
    ] {
        let refused = app.patch(SETTINGS, None, &body).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field), "{body}");
    }
    assert_eq!(
        app.get_as(OWNER, "/api/v1/sourcing-prices?limit=1")
            .await
            .expect(200)["units"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
