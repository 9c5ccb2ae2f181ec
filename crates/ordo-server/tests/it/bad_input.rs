//! What bad input gets: a problem with a code and a pointer, and never a 5xx.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

/// Sends an order with one value replaced; answers status, code and first pointer.
async fn refuse(app: &TestApp, pointer: &str, value: Value) -> (u16, String, String) {
    let mut body = order("1001", 2);
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
        }
    }
    let answer = app.post("/api/v1/orders", &body).await;
    let problem = answer.json();
    let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("code"), text("field"))
}

#[tokio::test]
async fn every_field_is_refused_by_its_own_pointer() {
    let app = TestApp::with_company().await;
    for (pointer, value) in [
        ("/channel", json!("nowhere")),
        ("/channel", json!(5)),
        ("/channel", json!("")),
        ("/external_id", json!("a\u{0}b")),
        ("/external_id", json!("x".repeat(256))),
        ("/placed_at", json!("yesterday")),
        ("/placed_at", json!("1969-12-31T23:59:59Z")),
        ("/currency", json!("euro")),
        ("/source_version", json!(-1)),
        ("/lines", json!([])),
        ("/lines/0/quantity", json!(0)),
        ("/lines/0/quantity", json!(-2)),
        ("/lines/0/quantity", json!(1.5)),
        ("/lines/0/quantity", json!(1_000_000_001)),
        ("/lines/0/quantity", json!("2")),
        ("/lines/0/quantity", json!(1e300)),
        ("/lines/0/unit_price/amount", json!(-1)),
        (
            "/lines/0/unit_price/amount",
            json!(1_000_000_000_000_001_i64),
        ),
        ("/lines/0/unit_price/amount", json!(u64::MAX)),
        ("/lines/0/unit_price/currency", json!("USD")),
        ("/lines/0/unit_price", json!(12.99)),
        ("/lines/0/colour", json!("red")),
        ("/lines/0/kind", json!("spiritual")),
        ("/ship_to/country", json!("Germany")),
        ("/ship_to/name", json!("x".repeat(256))),
        ("/ship_to/latitude_e6", json!("north")),
        ("/payment/status", json!("stolen")),
        ("/shipping/price/currency", json!("USD")),
        ("/reservation_id", json!("rsv_nonsense")),
        ("/colour", json!("red")),
    ] {
        let found = refuse(&app, pointer, value.clone()).await;
        let expected = (422, "invalid_input".to_owned(), pointer.to_owned());
        assert_eq!(found, expected, "{pointer} = {value}");
    }
    let page = app.get("/api/v1/orders").await.expect(200);
    assert_eq!(page["items"], json!([]), "something was taken in");
}

#[tokio::test]
async fn amounts_that_overflow_together_are_refused() {
    let app = TestApp::with_company().await;
    let mut body = order("1001", 1_000_000_000);
    body["lines"][0]["unit_price"]["amount"] = json!(1_000_000_000_000_000_i64);
    let answer = app.post("/api/v1/orders", &body).await;
    let field = answer.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/lines/0/unit_price"));

    let mut body = order("1001", 1);
    body["lines"][0]["unit_price"]["amount"] = json!(900_000_000_000_000_i64);
    body["shipping"]["price"]["amount"] = json!(900_000_000_000_000_i64);
    let answer = app.post("/api/v1/orders", &body).await;
    let field = answer.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/lines"));
}

/// Found by random commands: sourcing was asked for more units of a SKU than a problem may hold.
#[tokio::test]
async fn more_of_a_sku_than_can_be_sourced_waits_or_is_held() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "PACK", "components": [{"sku": "A", "quantity": 1_000_000}]});
    app.post("/api/v1/listings", &body).await.expect(201);
    let mut twice = order("1001", 1_000_000_000);
    twice["lines"][0]["unit_price"]["amount"] = json!(0);
    let mut again = twice["lines"][0].clone();
    again["external_id"] = json!("2");
    twice["lines"].as_array_mut().unwrap().push(again);
    let mut bundle = order("1002", 1_000_000_000);
    bundle["lines"][0]["unit_price"]["amount"] = json!(0);
    bundle["lines"][0]["sku"] = json!("PACK");
    for body in [twice, bundle] {
        let placed = app.post("/api/v1/orders", &body).await.expect(201);
        let kinds: Vec<&str> = (placed["holds"].as_array().unwrap().iter())
            .map(|hold| hold["kind"].as_str().unwrap())
            .collect();
        assert!(kinds.contains(&"oversold"), "{placed}");
    }
}

#[tokio::test]
async fn too_many_lines_and_too_many_bytes_are_refused() {
    let app = TestApp::with_company().await;
    let line = order("1001", 1)["lines"][0].clone();
    let lines = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| {
                let mut line = line.clone();
                line["external_id"] = json!(n.to_string());
                line
            })
            .collect()
    };
    let mut body = order("1001", 1);
    body["lines"] = lines(1_001).into();
    let answer = app.post("/api/v1/orders", &body).await;
    assert_eq!(
        answer.expect_problem(422, "invalid_input").as_deref(),
        Some("/lines")
    );
    body["lines"] = lines(1_000).into();
    app.post("/api/v1/orders", &body).await.expect(201);
    body["note"] = json!("x".repeat(1 << 20));
    let answer = app.post("/api/v1/orders", &body).await;
    answer.expect_problem(413, "body_too_large");
}

/// Every operation that takes a body, with bodies that none takes.
#[tokio::test]
async fn no_body_brings_the_server_down() {
    let app = TestApp::with_company().await;
    let id = app.capture("1001", 1).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let deep = |open: &str, close: &str| {
        format!("{}1{}", open.repeat(100_000), close.repeat(100_000)).into_bytes()
    };
    let bodies: Vec<(Vec<u8>, &[u16])> = vec![
        (b"nonsense".to_vec(), &[400]),
        (b"{".to_vec(), &[400]),
        (b"\xff\xfe\x00".to_vec(), &[400]),
        (b"{\"code\": \"\xff\"}".to_vec(), &[400]),
        (b"\0".to_vec(), &[400]),
        (b"[]".to_vec(), &[422]),
        (b"null".to_vec(), &[422]),
        (b"1e999999".to_vec(), &[400, 422]),
        (deep("[", "]"), &[422]),
        (deep("{\"a\":", "}"), &[422]),
        (b"{\"__proto__\":{}}".to_vec(), &[422]),
    ];
    for path in [
        "/api/v1/orders".to_owned(),
        format!("/api/v1/orders/{id}/cancel"),
        format!("/api/v1/orders/{id}/holds"),
        "/api/v1/skus".to_owned(),
        "/api/v1/locations".to_owned(),
        "/api/v1/channels".to_owned(),
        "/api/v1/stock/movements".to_owned(),
        "/api/v1/reservations".to_owned(),
        "/api/v1/api-keys".to_owned(),
        "/api/v1/organizations".to_owned(),
    ] {
        for (body, statuses) in &bodies {
            let asked = request("POST", &path, OWNER, &[], Body::from(body.clone()));
            let answer = app.send(asked).await;
            let start = String::from_utf8_lossy(&body[..body.len().min(30)]);
            let status = answer.status.as_u16();
            assert!(
                statuses.contains(&status),
                "{path} {start}: {}",
                answer.text
            );
            let code = if status == 400 {
                "malformed_body"
            } else {
                "invalid_input"
            };
            answer.expect_problem(status, code);
        }
    }
    let order = app.get(&format!("/api/v1/orders/{id}")).await.expect(200);
    assert_eq!(order["life"], "open");
}

#[tokio::test]
async fn unknown_addresses_methods_and_ids_are_problems_too() {
    let app = TestApp::with_company().await;
    for path in [
        "/nothing",
        "/api",
        "/api/v1/nothing",
        "/api/v1/orders/",
        "/api/v1/orders/ord_",
        "/api/v1/orders/ord_00000000000000000000000000",
        "/api/v1/orders/1%20OR%201=1",
        "/api/v1/orders/%00",
        "/api/v1/orders/ord_00000000000000000000000000/events",
        "/api/v1/reservations/rsv_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "/api/errors/nonsense",
    ] {
        app.get(path).await.expect_problem(404, "not_found");
    }
    for path in [
        "/api/v1/orders/ord_00000000000000000000000000/cancel",
        "/api/v1/orders/ord_00000000000000000000000000/holds",
        "/api/v1/orders/ord_0/holds/hld_0/release",
        "/api/v1/api-keys/key_00000000000000000000000000/revoke",
        "/api/v1/reservations/rsv_00000000000000000000000000/release",
    ] {
        app.post(path, &json!({}))
            .await
            .expect_problem(404, "not_found");
    }
    for (method, path) in [
        ("DELETE", "/api/v1/orders"),
        ("PUT", "/api/v1/skus"),
        ("POST", "/healthz"),
    ] {
        let answer = app
            .send(request(method, path, OWNER, &[], Body::empty()))
            .await;
        answer.expect_problem(405, "method_not_allowed");
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
}

/// Found by requests made from the contract: operations that need no key let any pass.
#[tokio::test]
async fn an_idempotency_key_that_is_none_is_refused_everywhere() {
    let app = TestApp::with_company().await;
    let long = "k".repeat(256);
    for path in [
        "sourcing-runs",
        "sourcing-prices/refresh",
        "what-ifs",
        "orders/import",
    ] {
        for key in ["", "a b", &long] {
            let headers = [("idempotency-key", key)];
            let path = format!("/api/v1/{path}");
            let asked = request("POST", &path, OWNER, &headers, Body::empty());
            let field = app.send(asked).await.expect_problem(422, "invalid_input");
            assert_eq!(field.as_deref(), Some("/Idempotency-Key"), "{path} {key:?}");
        }
    }
}

/// Found in the same way: the distance between the ends overflowed.
#[tokio::test]
async fn a_stretch_of_the_log_that_ends_before_it_begins_is_refused() {
    let app = TestApp::with_company().await;
    let body = json!({"url": "http://127.0.0.1:9/", "events": ["order.placed"]});
    let made = app.post("/api/v1/webhooks", &body).await.expect(201);
    let path = format!("/api/v1/webhooks/{}/replay", made["id"].as_str().unwrap());
    for to in [i64::MIN, -1] {
        let body = json!({"from_position": 1, "to_position": to});
        let field = app
            .post(&path, &body)
            .await
            .expect_problem(422, "invalid_input");
        assert_eq!(field.as_deref(), Some("/to_position"));
    }
    let body = json!({"from_position": i64::MAX, "to_position": i64::MAX});
    let answer = app.post(&path, &body).await.expect(200);
    assert_eq!(answer["events"], 0);
}
