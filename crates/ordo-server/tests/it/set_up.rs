//! Setting a company up over HTTP: changes with `If-Match`, listings, pools, blocks, legal entities.

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// The address of the first record of a list.
async fn first(app: &TestApp, list: &str) -> String {
    let page = app.get(&format!("/api/v1/{list}")).await.expect(200);
    let id = page["items"][0]["id"].as_str().unwrap().to_owned();
    format!("/api/v1/{list}/{id}")
}

#[tokio::test]
async fn a_sku_changes_in_the_fields_that_are_sent() {
    let app = TestApp::with_company().await;
    let sku = first(&app, "skus").await;
    let before = app.get(&sku).await;
    assert_eq!(before.header("etag"), Some("\"1\""));
    let body = json!({"name": "Apple", "stock_policy": {"backorder": {"limit": 5}},
                      "dimensions": {"length_mm": 3, "width_mm": 2, "height_mm": 1}});
    let changed = app.patch(&sku, Some("\"1\""), &body).await;
    assert_eq!(changed.header("ordo-outcome"), Some("updated"));
    let changed = changed.expect(200);
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["name"], "Apple");
    assert_eq!(changed["weight_g"], 100, "what was not sent stays");
    assert_eq!(app.get(&sku).await.expect(200), changed);

    // The new policy is at work at once.
    let order = app.post("/api/v1/orders", &order("1", 12)).await;
    assert_eq!(order.expect(201)["lines"][0]["backordered"], 2);

    let cleared = app.patch(&sku, None, &json!({"name": null})).await;
    assert_eq!(cleared.expect(200)["name"], json!(null));
    let same = app.patch(&sku, None, &json!({"name": null})).await;
    assert_eq!(same.header("ordo-outcome"), Some("unchanged"));
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_shown_the_fresh_one() {
    let app = TestApp::with_company().await;
    for (list, body) in [
        ("skus", json!({"name": "new"})),
        ("locations", json!({"name": "new"})),
        ("channels", json!({"name": "new"})),
    ] {
        let path = first(&app, list).await;
        app.patch(&path, Some("\"1\""), &body).await.expect(200);
        let late = app
            .patch(&path, Some("\"1\""), &json!({"name": "other"}))
            .await;
        late.expect_problem(409, "version_conflict");
        let current = &late.json()["current"];
        assert_eq!(current["name"], "new", "{list}");
        assert_eq!(*current, app.get(&path).await.expect(200));
    }
    let path = first(&app, "skus").await;
    let wrong = app.patch(&path, Some("2"), &json!({})).await;
    let field = wrong.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/If-Match"));
}

#[tokio::test]
async fn a_location_tells_when_it_works_as_it_was_told() {
    let app = TestApp::with_company().await;
    let path = first(&app, "locations").await;
    let body = json!({
        "state": "draining",
        "capabilities": ["returns", "ship"],
        "hours": [{"weekday": "monday", "opens": "08:00", "closes": "18:30"}],
        "closures": [{"from": "2026-12-24", "until": "2026-12-26", "reason": "holidays"}],
        "cut_offs": [{"service": "express", "at": "14:00"}, {"service": null, "at": "16:00"}],
        "time_zone": "Europe/Paris",
        "daily_capacity": 100,
        "latitude_e6": 52_500_000, "longitude_e6": 13_400_000,
        "city": "Berlin",
    });
    let mut told = app.patch(&path, None, &body).await.expect(200);
    assert_eq!(app.get(&path).await.expect(200), told);
    let mut wanted = body;
    wanted["capabilities"] = json!(["ship", "returns"]);
    for (field, value) in wanted.as_object().unwrap() {
        assert_eq!(told[field].take(), *value, "{field}");
    }
    for (body, field) in [
        (json!({"latitude_e6": 1}), "/longitude_e6"),
        (json!({"time_zone": "Mars/Olympus"}), "/time_zone"),
        (
            json!({"closures": [{"from": "soon", "until": "2026-12-26", "reason": "x"}]}),
            "/closures/0/from",
        ),
        (json!({"cut_offs": [{"at": "25:00"}]}), "/cut_offs/0/at"),
        (json!({"code": "X"}), "/code"),
    ] {
        let refused = app.patch(&path, None, &body).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field));
    }
}

#[tokio::test]
async fn a_bundle_is_sold_and_its_availability_told() {
    let app = TestApp::with_company().await;
    app.post("/api/v1/skus", &json!({"code": "B"}))
        .await
        .expect(201);
    let body = json!({"kind": "receive", "sku": "B", "location": "BER", "quantity": 3});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
    let body = json!({"channel": "web", "code": "SET",
                      "components": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]});
    let listing = app.post("/api/v1/listings", &body).await.expect(201);
    assert_eq!(listing["channel"], "web");
    assert_eq!(listing["components"][0]["quantity"], 2);
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200), listing);
    let available = async || {
        let told = app.get(&format!("{path}/availability")).await.expect(200);
        told["available"].clone()
    };
    assert_eq!(available().await, 3);
    let mut bundle = order("1001", 1);
    bundle["lines"][0]["sku"] = json!("SET");
    let sold = app.post("/api/v1/orders", &bundle).await.expect(201);
    let lines = sold["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["allocated"], &lines[1]["allocated"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(lines[0]["bundle"]["each"], 2);
    assert_eq!(available().await, 2);
    // The parent's id stands for both lines.
    let cancel = format!("/api/v1/orders/{}/cancel", sold["id"].as_str().unwrap());
    let body = json!({"reason_code": "test", "fault": "buyer",
                      "lines": [{"line": lines[0]["bundle"]["id"], "quantity": 1}]});
    let canceled = app.post(&cancel, &body).await.expect(200);
    assert_eq!(canceled["life"], "canceled", "{canceled}");
    assert_eq!(available().await, 3);

    let body = json!({"components": [{"sku": "B", "quantity": 3}], "ships_together": true});
    let changed = app.patch(&path, Some("\"1\""), &body).await.expect(200);
    assert_eq!(changed["ships_together"], true);
    assert_eq!(available().await, 1);
    let taken = app
        .post("/api/v1/listings", &json!({"code": "A", "sku": "B"}))
        .await;
    let field = taken.expect_problem(409, "code_taken");
    assert_eq!(field.as_deref(), Some("/code"));
}

#[tokio::test]
async fn a_block_stops_until_it_is_lifted() {
    let app = TestApp::with_company().await;
    let body = json!({"scope": {"cell": {"sku": "A", "location": "BER"}}, "reason": "leak",
                      "stages": ["allocate", "publish"]});
    let block = app.post("/api/v1/blocks", &body).await.expect(201);
    assert_eq!(block["scope"]["cell"]["location"], "BER");
    assert_eq!(block["until"], json!(null));
    let held = app.capture("1001", 1).await;
    assert_eq!(held["holds"][0]["kind"], "oversold");
    let path = format!("/api/v1/blocks/{}", block["id"].as_str().unwrap());
    let lifted = app.post(&format!("{path}/lift"), &json!({})).await;
    let lifted = lifted.expect(200);
    assert!(lifted["until"].is_string());
    assert_eq!(app.get(&path).await.expect(200), lifted);
    let list = app.get("/api/v1/blocks").await.expect(200);
    assert_eq!(list["items"], json!([lifted]));
    let free = app.capture("1002", 1).await;
    assert_eq!(free["lines"][0]["allocated"], 1);
    let mut late = body;
    late["until"] = json!("2020-01-01T00:00:00Z");
    let refused = app.post("/api/v1/blocks", &late).await;
    let field = refused.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/until"));
}

#[tokio::test]
async fn pools_and_sellers_take_part_in_orders() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "de", "name": "Muster GmbH", "country": "DE", "currency": "EUR",
                      "tax_registrations": [{"jurisdiction": "DE", "number": "DE1", "scheme": "oss"}]});
    let entity = app.post("/api/v1/legal-entities", &body).await.expect(201);
    assert_eq!(entity["tax_registrations"], body["tax_registrations"]);
    let path = first(&app, "legal-entities").await;
    let changed = app.patch(&path, None, &json!({"name": "Muster AG"})).await;
    assert_eq!(changed.expect(200)["name"], "Muster AG");

    let channel = first(&app, "channels").await;
    let body = json!({"entity": "de"});
    let seller = app.patch(&channel, None, &body).await.expect(200);
    assert_eq!(seller["entity"], "de");
    let order = app.capture("1001", 1).await;
    assert_eq!(order["entity"], "de");

    let body = json!({"code": "HAM", "kind": "store", "country": "DE"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"code": "north", "locations": ["HAM"], "channels": ["web"]});
    let pool: Value = app.post("/api/v1/pools", &body).await.expect(201);
    assert_eq!(pool["locations"], json!(["HAM"]));
    let held = app.capture("1002", 2).await;
    assert_eq!(held["holds"][0]["kind"], "oversold");
    let path = first(&app, "pools").await;
    let body = json!({"locations": ["HAM", "BER"]});
    app.patch(&path, None, &body).await.expect(200);
    let sold = app.capture("1003", 3).await;
    assert_eq!(sold["lines"][0]["allocated"], 3, "{sold}");
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_named_at_any_depth() {
    let app = TestApp::with_company().await;
    let mut body = order("1001", 1);
    body["lines"][0]["taxes"] = json!([{"amount": 1, "colour": "red"}]);
    let refused = app.post("/api/v1/orders", &body).await;
    let field = refused.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/lines/0/taxes/0/colour"));
    let mut body = order("1001", 1);
    body["external_refs"] = json!([{"system": "erp", "id": "1", "colour": "red"}]);
    let refused = app.post("/api/v1/orders", &body).await;
    let field = refused.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/external_refs/0/colour"));
}
