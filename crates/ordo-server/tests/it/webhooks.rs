//! Webhooks over real connections: signed, in order, tried again, parked, replayed; and the feed and
//! the stream of the same events.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::test_app::TestApp;

/// What a receiver was sent.
#[derive(Clone)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Verifies the signature as a receiver does.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature") == expected
    }
}

/// A receiver on the loopback, which answers with the statuses it was told to, then with 200.
#[derive(Clone, Default)]
struct Receiver {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    async fn listen(answers: &[u16]) -> (Self, String) {
        let receiver = Self::default();
        *receiver.answers.lock().unwrap() = answers.iter().rev().copied().collect();
        let router = Router::new()
            .route("/hook", post(take))
            .with_state(receiver.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, format!("http://{address}/hook"))
    }

    /// What came, once there are `count` of them.
    async fn gets(&self, count: usize) -> Vec<Received> {
        let began = Instant::now();
        loop {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= count {
                return received;
            }
            let patience = Duration::from_secs(10);
            assert!(
                began.elapsed() < patience,
                "{} of {count} came",
                received.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = receiver.answers.lock().unwrap().pop().unwrap_or(200);
    receiver
        .received
        .lock()
        .unwrap()
        .push(Received { headers, body });
    StatusCode::from_u16(answer).unwrap()
}

async fn make(app: &TestApp, url: &str, events: &[&str]) -> String {
    let input = json!({ "url": url, "events": events });
    let made = app.post("/api/v1/webhooks", &input).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn capture(app: &TestApp, external_id: &str) -> Value {
    let order = json!({
        "channel": "web", "external_id": external_id, "currency": "EUR",
        "placed_at": "2026-11-01T10:00:00Z",
        "payment": { "status": "paid" },
        "ship_to": {
            "name": "Anna Weber", "line1": "Ahornallee 1", "postal_code": "10115",
            "city": "Berlin", "country": "DE",
        },
        "lines": [{
            "external_id": "1", "sku": "A", "quantity": 1,
            "unit_price": { "amount": 100, "currency": "EUR" },
        }],
    });
    app.post("/api/v1/orders", &order).await.expect(201)
}

#[tokio::test]
async fn events_are_posted_signed_and_in_order() {
    let app = TestApp::with_company().await;
    let (receiver, url) = Receiver::listen(&[]).await;
    let id = make(&app, &url, &["order.*", "fulfillment_order.opened"]).await;
    let secret = app
        .get(&format!("/api/v1/webhooks/{id}/secret"))
        .await
        .expect(200);
    let secret = secret["secret"].as_str().unwrap().to_owned();
    let order = capture(&app, "W1").await;
    let received = receiver.gets(3).await;
    let names: Vec<String> = (received.iter())
        .map(|one| one.json()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "order.placed",
            "order.confirmed",
            "fulfillment_order.opened"
        ]
    );
    for one in &received {
        assert!(one.is_signed_with(&secret));
        let body = one.json();
        assert_eq!(body["subject"], order["id"]);
        assert_eq!(body["id"], one.header("webhook-id"));
        assert_eq!(body["specversion"], "1.0");
        let text = String::from_utf8(one.body.to_vec()).unwrap();
        assert!(
            !text.contains("Weber") && !text.contains("Ahornallee"),
            "{text}"
        );
    }
    // Another secret from now on.
    let rotate = json!({ "rotate_secret": true });
    let patched = app
        .patch(&format!("/api/v1/webhooks/{id}"), None, &rotate)
        .await
        .expect(200);
    assert_eq!(patched["secret_number"], 2);
    capture(&app, "W2").await;
    let received = receiver.gets(4).await;
    assert!(!received[3].is_signed_with(&secret));
    let secret = app
        .get(&format!("/api/v1/webhooks/{id}/secret"))
        .await
        .expect(200);
    assert!(received[3].is_signed_with(secret["secret"].as_str().unwrap()));
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_under_the_same_id() {
    let app = TestApp::with_company().await;
    let (receiver, url) = Receiver::listen(&[503]).await;
    make(&app, &url, &["order.placed"]).await;
    capture(&app, "R1").await;
    // The receiver refuses the first try. On a busy machine a try may also run into its time limit.
    // Once a failure is noted, the time until the next try need not be waited for: the clock is put
    // forward by the second pause, which is shorter than a lease, so that none runs out by it.
    let pause = Duration::from_secs(30);
    let began = Instant::now();
    let mut failures = 0;
    while receiver.received.lock().unwrap().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(100), "not sent again");
        let page = app.get("/api/v1/deliveries?state=waiting").await;
        let tried = page.expect(200)["items"][0].clone();
        let attempts = tried["attempts"].as_i64().unwrap_or(0);
        if attempts > failures && tried["error"].is_string() {
            failures = attempts;
            app.clock.forward(pause);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        failures > 0,
        "the failure was noted before it was sent again"
    );
    let received = receiver.gets(2).await;
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_webhook_that_is_switched_off_gets_nothing_and_a_replay_sends_again() {
    let app = TestApp::with_company().await;
    let (receiver, url) = Receiver::listen(&[]).await;
    let id = make(&app, &url, &["order.placed"]).await;
    capture(&app, "P1").await;
    let first = receiver.gets(1).await;
    let path = format!("/api/v1/webhooks/{id}");
    app.patch(&path, None, &json!({ "active": false }))
        .await
        .expect(200);
    capture(&app, "P2").await;
    app.patch(&path, None, &json!({ "active": true }))
        .await
        .expect(200);
    let replay = json!({ "from_position": 1 });
    let replayed = app
        .post(&format!("{path}/replay"), &replay)
        .await
        .expect(200);
    assert_eq!(replayed["events"], 2);
    let received = receiver.gets(3).await;
    let ids: Vec<&str> = received
        .iter()
        .map(|one| one.header("webhook-id"))
        .collect();
    assert_eq!(ids[0], first[0].header("webhook-id"));
    assert!(ids[1..].contains(&ids[0]), "the same event has the same id");
    let too_far = json!({ "from_position": 0 });
    let refused = app.post(&format!("{path}/replay"), &too_far).await;
    assert_eq!(
        refused.expect_problem(422, "invalid_input").as_deref(),
        Some("/from_position")
    );
}

#[tokio::test]
async fn deliveries_are_seen_and_only_parked_ones_are_retried() {
    let app = TestApp::with_company().await;
    let (_receiver, url) = Receiver::listen(&[500]).await;
    make(&app, &url, &["order.placed"]).await;
    capture(&app, "D1").await;
    let began = Instant::now();
    let waiting = loop {
        let page = app
            .get("/api/v1/deliveries?state=waiting")
            .await
            .expect(200);
        if page["items"][0]["error"].is_string() {
            break page["items"][0].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{page:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(waiting["error"].as_str().unwrap().starts_with("500"));
    let path = format!("/api/v1/deliveries/{}", waiting["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200)["kind"], "webhook");
    let retry = app.post(&format!("{path}/retry"), &json!({})).await;
    retry.expect_problem(409, "delivery_state");
    let jobs = app.get("/api/v1/jobs").await.expect(200);
    assert_eq!(jobs["items"], json!([]));
}

#[tokio::test]
async fn the_feed_gives_every_event_once_in_pages() {
    let app = TestApp::with_company().await;
    for n in 0..7 {
        capture(&app, &format!("E{n}")).await;
    }
    let mut positions = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/events?types=order.*&limit=3{cursor}");
        let page = app.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        positions.extend(items.iter().map(|item| item["position"].as_i64().unwrap()));
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
    }
    assert_eq!(positions.len(), 14, "placed and confirmed");
    assert!(positions.is_sorted());
    let all = app.get("/api/v1/events?limit=200").await.expect(200);
    let keys = all["items"].to_string().contains("api_key");
    assert!(!keys, "settings are nobody's business");
    let refused = app.get("/api/v1/events?types=nothing").await;
    assert_eq!(
        refused.expect_problem(422, "invalid_input").as_deref(),
        Some("/types")
    );
}

#[tokio::test]
async fn the_stream_tells_what_happens_from_where_its_reader_was() {
    let app = TestApp::with_company().await;
    capture(&app, "S1").await;
    let response = app
        .stream("/api/v1/events/stream?types=order.placed", "0")
        .await;
    let mut chunks = response.into_body().into_data_stream();
    let mut text = String::new();
    let mut more = async |until: &str| {
        while !text.contains(until) {
            let chunk = tokio::time::timeout(Duration::from_secs(5), chunks.next()).await;
            let chunk = chunk.expect("something comes").unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        text.clone()
    };
    more("\"external_id\":\"S1\"").await;
    capture(&app, "S2").await;
    let text = more("\"external_id\":\"S2\"").await;
    assert_eq!(text.matches("event: order.placed\n").count(), 2);
    assert!(!text.contains("order.confirmed"));
}
