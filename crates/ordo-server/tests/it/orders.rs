//! One order over HTTP: taken in, merged, read, held, canceled.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

#[tokio::test]
async fn a_capture_answers_with_the_order_as_it_was_validated_and_sourced() {
    let app = TestApp::with_company().await;
    let answer = app.post("/api/v1/orders", &order("1001", 2)).await;
    assert_eq!(answer.header("ordo-outcome"), Some("created"));
    assert!(
        answer
            .header("ordo-position")
            .unwrap()
            .parse::<i64>()
            .unwrap()
            > 0
    );
    let order = answer.expect(201);
    assert!(order["id"].as_str().unwrap().starts_with("ord_"));
    assert!(order["number"].as_i64().unwrap() > 0);
    for (pointer, expected) in [
        ("/channel", json!("web")),
        ("/external_id", json!("1001")),
        ("/life", json!("open")),
        ("/payment_standing", json!("captured")),
        ("/fulfillment_standing", json!("none")),
        ("/return_standing", json!("none")),
        ("/placed_at", json!("2026-11-01T10:00:00Z")),
        ("/holds", json!([])),
        ("/lines/0/sku", json!("A")),
        ("/lines/0/ordered", json!(2)),
        ("/lines/0/open", json!(0)),
        ("/lines/0/allocated", json!(2)),
        (
            "/lines/0/unit_price",
            json!({"amount": 1299, "currency": "EUR"}),
        ),
        ("/fulfillment_orders/0/location", json!("BER")),
        ("/fulfillment_orders/0/lines/0/sku", json!("A")),
        ("/fulfillment_orders/0/lines/0/quantity", json!(2)),
        ("/totals/total", json!({"amount": 3088, "currency": "EUR"})),
        ("/channel_total", Value::Null),
        ("/ship_to/country", json!("DE")),
        ("/ship_to/postal_prefix", json!("105")),
    ] {
        assert_eq!(order.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[tokio::test]
async fn the_same_order_again_is_unchanged_and_a_newer_version_updates_it() {
    let app = TestApp::with_company().await;
    let first = app.capture("1001", 2).await;
    let again = app.post("/api/v1/orders", &order("1001", 2)).await;
    assert_eq!(again.header("ordo-outcome"), Some("unchanged"));
    let again = again.expect(200);
    assert_eq!(again, first);

    let mut newer = order("1001", 2);
    newer["source_version"] = json!(2);
    newer["ship_to"]["city"] = json!("Potsdam");
    let updated = app.post("/api/v1/orders", &newer).await;
    assert_eq!(updated.header("ordo-outcome"), Some("updated"));
    let updated = updated.expect(200);
    assert_eq!(updated["number"], first["number"]);
    assert!(updated["version"].as_i64() > first["version"].as_i64());
}

#[tokio::test]
async fn a_read_gives_what_the_write_gave_and_the_version_as_its_tag() {
    let app = TestApp::with_company().await;
    let captured = app.capture("1001", 2).await;
    let path = format!("/api/v1/orders/{}", captured["id"].as_str().unwrap());
    let read = app.get(&path).await;
    assert_eq!(
        read.header("etag").unwrap(),
        format!("\"{}\"", captured["version"])
    );
    assert_eq!(read.expect(200), captured);
}

#[tokio::test]
async fn no_answer_holds_a_persons_data_unless_the_contact_is_asked_for() {
    let app = TestApp::with_company().await;
    let mut input = order("1001", 2);
    input["note"] = json!("Bitte bei Nachbar Krause abgeben");
    let captured = app.post_once("/api/v1/orders", "once", &input).await;
    let replayed = app.post_once("/api/v1/orders", "once", &input).await;
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    let id = captured.json()["id"].as_str().unwrap().to_owned();
    let plain = app.get(&format!("/api/v1/orders/{id}")).await;
    let events = app.get(&format!("/api/v1/orders/{id}/events")).await;
    let list = app.get("/api/v1/orders").await;
    for answer in [&captured, &replayed, &plain, &events, &list] {
        assert!(answer.status.is_success(), "{answer:?}");
        for word in ["Anna", "Turm", "10559", "anna@", "Krause"] {
            assert!(!answer.text.contains(word), "{word} in {}", answer.text);
        }
    }
    let expanded = app
        .get(&format!("/api/v1/orders/{id}?expand=contact"))
        .await;
    let contact = expanded.expect(200)["ship_to"]["contact"].take();
    for (field, value) in [
        ("name", "Anna Muster"),
        ("line1", "Turmstraße 1"),
        ("postal_code", "10559"),
        ("email", "anna@example.com"),
        ("note", "Bitte bei Nachbar Krause abgeben"),
    ] {
        assert_eq!(contact[field], value);
    }
}

#[tokio::test]
async fn the_timeline_tells_what_happened_in_pages() {
    let app = TestApp::with_company().await;
    let id = app.capture("1001", 2).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/orders/{id}/events");
    let all = app.get(&path).await.expect(200);
    let types: Vec<&str> = (all["items"].as_array().unwrap().iter())
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(types[0], "order.placed");
    assert!(types.contains(&"fulfillment_order.opened"), "{types:?}");
    assert_eq!(all["next_cursor"], Value::Null);
    let first = &all["items"][0];
    assert_eq!(first["data"]["order"]["id"], id.as_str());
    assert_eq!(first["version"], 1);
    assert!(first["actor"].as_str().unwrap().starts_with("key_"));

    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("{path}?limit=1{cursor}"))
            .await
            .expect(200);
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(Value::from(paged), all["items"]);
}

#[tokio::test]
async fn a_hold_stops_an_order_until_it_is_released_once() {
    let app = TestApp::with_company().await;
    let id = app.capture("1001", 2).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({"reason": "call the buyer", "blocks": ["ship", "pick", "ship"]});
    let held = app
        .post(&format!("/api/v1/orders/{id}/holds"), &body)
        .await
        .expect(200);
    let hold = &held["holds"][0];
    assert_eq!(hold["kind"], "manual");
    assert_eq!(hold["blocks"], json!(["pick", "ship"]));
    assert_eq!(hold["source"], "person");
    let release = format!(
        "/api/v1/orders/{id}/holds/{}/release",
        hold["id"].as_str().unwrap()
    );
    let free = app.post(&release, &json!({})).await.expect(200);
    assert_eq!(free["holds"], json!([]));
    let again = app.post(&release, &json!({})).await;
    again.expect_problem(404, "hold_not_found");

    let body = json!({"line": "lin_nonsense"});
    let refused = app.post(&format!("/api/v1/orders/{id}/holds"), &body).await;
    assert_eq!(
        refused.expect_problem(422, "invalid_input").as_deref(),
        Some("/line")
    );
}

#[tokio::test]
async fn a_canceled_order_gives_its_stock_back_and_canceling_twice_is_no_mistake() {
    let app = TestApp::with_company().await;
    let id = app.capture("1001", 2).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/orders/{id}/cancel");
    let body = json!({"reason_code": "buyer_changed_mind", "fault": "buyer"});
    let canceled = app.post(&path, &body).await.expect(200);
    assert_eq!(canceled["life"], "canceled");
    assert_eq!(canceled["lines"][0]["canceled"], 2);
    let stock = app.get("/api/v1/stock?sku=A").await.expect(200);
    assert_eq!(stock["items"][0]["available"], 10);

    let empty = request("POST", &path, OWNER, &[], Body::empty());
    let again = app.send(empty).await;
    assert_eq!(again.header("ordo-outcome"), Some("unchanged"));
    again.expect(200);
    let held = app
        .post(&format!("/api/v1/orders/{id}/holds"), &json!({}))
        .await;
    held.expect_problem(409, "order_state");
}

#[tokio::test]
async fn more_than_there_is_waits_or_is_held_but_is_never_refused() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "B", "stock_policy": {"backorder": {"limit": 100}}});
    app.post("/api/v1/skus", &body).await.expect(201);
    let mut waiting = order("1001", 3);
    waiting["lines"][0]["sku"] = json!("B");
    let waiting = app.post("/api/v1/orders", &waiting).await.expect(201);
    assert_eq!(waiting["lines"][0]["backordered"], 3);
    let oversold = app.capture("1002", 11).await;
    let kinds: Vec<&Value> = (oversold["holds"].as_array().unwrap().iter())
        .map(|hold| &hold["kind"])
        .collect();
    assert_eq!(kinds, [&json!("oversold")]);
}

/// Each code leads over a listing to its SKUs, which takes several look-ups; all lines take them
/// together.
#[tokio::test]
async fn an_order_of_many_bundles_is_taken_in_at_once() {
    let app = TestApp::with_company().await;
    let mut lines = Vec::new();
    for n in 0..12 {
        let (first, second) = (format!("A{n}"), format!("B{n}"));
        for code in [&first, &second] {
            let sku = json!({"code": code, "weight_g": 1, "stock_policy": "tracked"});
            app.post("/api/v1/skus", &sku).await.expect(201);
            let receipt = json!({"kind": "receive", "sku": code, "location": "BER", "quantity": 2});
            app.post("/api/v1/stock/movements", &receipt)
                .await
                .expect(201);
        }
        let components = json!([{"sku": first, "quantity": 1}, {"sku": second, "quantity": 2}]);
        let listing = json!({"code": format!("SET{n}"), "components": components});
        app.post("/api/v1/listings", &listing).await.expect(201);
        lines.push(json!({"sku": format!("SET{n}"), "quantity": 1,
                          "unit_price": {"amount": 900, "currency": "EUR"}}));
    }
    let mut many = order("many", 1);
    many["lines"] = json!(lines);
    let answer = app.post("/api/v1/orders", &many).await.expect(201);
    assert_eq!(answer["lines"].as_array().map(Vec::len), Some(24));
    let work = answer["fulfillment_orders"][0]["id"].as_str().unwrap();
    for step in ["release", "pick", "pack", "ship"] {
        let path = format!("/api/v1/fulfillment-orders/{work}/{step}");
        app.post(&path, &json!({})).await.expect(200);
    }
}

/// The day of each location is a row of its own; they are looked up together.
#[tokio::test]
async fn any_number_of_locations_may_limit_their_day() {
    let app = TestApp::with_company().await;
    for n in 0..12 {
        let code = format!("S{n}");
        let location = json!({"code": code, "kind": "store", "country": "DE",
                              "time_zone": "Europe/Berlin", "daily_capacity": 5});
        app.post("/api/v1/locations", &location).await.expect(201);
        let receipt = json!({"kind": "receive", "sku": "A", "location": code, "quantity": 1});
        app.post("/api/v1/stock/movements", &receipt)
            .await
            .expect(201);
    }
    let answer = app.capture("1001", 2).await;
    assert_eq!(answer["lines"][0]["allocated"], 2);
}
