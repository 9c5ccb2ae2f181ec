//! `Idempotency-Key` over HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use serde_json::json;

use crate::test_app::{OWNER, TestApp, order, request};

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_happens_once() {
    let app = TestApp::with_company().await;
    let body = json!({"kind": "receive", "sku": "A", "location": "BER", "quantity": 5});
    let first = app.post_once("/api/v1/stock/movements", "k1", &body).await;
    let again = app.post_once("/api/v1/stock/movements", "k1", &body).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    for name in ["ordo-outcome", "ordo-position", "content-type"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    assert_eq!(first.text, again.text);
    assert_eq!(again.expect(201)["on_hand"], 15);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let app = TestApp::with_company().await;
    app.post_once("/api/v1/orders", "k1", &order("1001", 1))
        .await
        .expect(201);
    let other = app
        .post_once("/api/v1/orders", "k1", &order("1002", 1))
        .await;
    other.expect_problem(422, "idempotency_key_reused");
    // Another operation, or another caller, is another scope.
    app.post_once("/api/v1/skus", "k1", &json!({"code": "B"}))
        .await
        .expect(201);
    let key = app.key("operator").await;
    let headers = [("idempotency-key", "k1")];
    let body = Body::from(order("1002", 1).to_string());
    app.send(request("POST", "/api/v1/orders", &key, &headers, body))
        .await
        .expect(201);
}

#[tokio::test]
async fn rejections_are_kept_and_refusals_before_the_decision_are_not() {
    let app = TestApp::with_company().await;
    let body = json!({"lines": [{"sku": "A", "quantity": 11}]});
    let path = "/api/v1/reservations";
    app.post_once(path, "k1", &body)
        .await
        .expect_problem(409, "out_of_stock");
    let stock = json!({"kind": "receive", "sku": "A", "location": "BER", "quantity": 5});
    app.post("/api/v1/stock/movements", &stock)
        .await
        .expect(201);
    let again = app.post_once(path, "k1", &body).await;
    again.expect_problem(409, "out_of_stock");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    let broken = app.post_once(path, "k2", &json!({"lines": "none"})).await;
    broken.expect_problem(422, "invalid_input");
    app.post_once(path, "k2", &body).await.expect(201);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let app = TestApp::with_company().await;
    for key in ["", "with space", "\u{7f}", &"x".repeat(256)] {
        let mut asked = request(
            "POST",
            "/api/v1/skus",
            OWNER,
            &[],
            Body::from(r#"{"code":"B"}"#),
        );
        let value = axum::http::HeaderValue::from_bytes(key.as_bytes());
        // What HTTP itself refuses does not come this far.
        let Ok(value) = value else { continue };
        asked.headers_mut().insert("idempotency-key", value);
        let refused = app.send(asked).await;
        let field = refused.expect_problem(422, "invalid_input");
        assert_eq!(field.as_deref(), Some("/Idempotency-Key"));
    }
    let longest = "x".repeat(255);
    app.post_once("/api/v1/skus", &longest, &json!({"code": "B"}))
        .await
        .expect(201);
}

/// 50 keys, each used by 20 requests at the same time: one order per key, and 20 equal answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_requests_at_the_same_time_are_one() {
    let app = Arc::new(TestApp::with_company().await);
    let mut tasks = Vec::new();
    for key in 0..50 {
        for _ in 0..20 {
            let app = Arc::clone(&app);
            tasks.push(tokio::spawn(async move {
                let once = format!("key-{key}");
                let body = order(&format!("order-{key}"), 1);
                let answer = app.post_once("/api/v1/orders", &once, &body).await;
                (key, answer.status.as_u16(), answer.text)
            }));
        }
    }
    let mut answers = BTreeSet::new();
    for task in tasks {
        answers.insert(task.await.unwrap());
    }
    assert_eq!(answers.len(), 50, "answers differ");
    assert!(answers.iter().all(|(_, status, _)| *status == 201));
    let page = app.get("/api/v1/orders?count=true").await.expect(200);
    assert_eq!(page["count"]["value"], 50);
}
