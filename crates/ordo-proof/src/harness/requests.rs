//! Requests as text: method and address, headers, an empty line, the body. `{sku}`, `{order}` and the
//! like stand for ids of a small company, which is the same each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};
use ordo_domain::time::Timestamp;
use ordo_engine::{Clock, Engine, EngineConfig};
use ordo_store::MemoryStore;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::served::{KEY, order};

/// Answers are read up to here.
const ANSWER_MAX: usize = 4 << 20;

/// Time stands still, and chance is a count: the same input meets the same ids.
#[derive(Debug, Default)]
struct Fixed(AtomicU64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_793_527_200_000_000)
    }

    fn fresh(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Relaxed)) << 32 | 7
    }
}

/// Sends a request to a company of its own.
///
/// # Panics
/// Where it is answered with a 5xx, or with anything but JSON where that is promised.
pub fn send(input: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clock = Arc::new(Fixed::default());
        let config = EngineConfig {
            runs_timers: false,
            runs_jobs: false,
            runs_deliveries: false,
            ..EngineConfig::default()
        };
        let engine = Engine::start(Arc::new(MemoryStore::default()), clock, config);
        engine.bootstrap(KEY).await.unwrap();
        let router = ordo_server::router(engine);
        let names = set_up(&router).await;
        let Some(request) = parse(input, &names) else {
            return;
        };
        let what = format!("{} {}", request.method(), request.uri());
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        if what.contains("/stream") {
            return;
        }
        let bytes = axum::body::to_bytes(response.into_body(), ANSWER_MAX).await;
        let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        // The store in memory keeps no lists; a panic is told apart by its words.
        let no_list = text.contains("what is stored could not be read");
        assert!(
            status < 500 || no_list || text.contains("view_behind"),
            "{what}: {status} {text}"
        );
    });
}

async fn set_up(router: &Router) -> Vec<(&'static str, String)> {
    let mut names = Vec::new();
    for (name, path, body) in [
        (
            "{channel}",
            "channels",
            json!({"code": "web", "kind": "web"}),
        ),
        (
            "{location}",
            "locations",
            json!({"code": "BER", "kind": "warehouse", "country": "DE", "postal_code": "10115",
                   "time_zone": "Europe/Berlin"}),
        ),
        ("{sku}", "skus", json!({"code": "A", "weight_g": 100})),
        (
            "",
            "stock/movements",
            json!({"kind": "receive", "sku": "A", "location": "BER", "quantity": 10}),
        ),
        (
            "{rules}",
            "rule-sets",
            json!({"code": "r", "rules": {"steps": [{"name": "any"}]}}),
        ),
        (
            "{rates}",
            "rate-tables",
            json!({"code": "t", "carrier": "house", "service": "s", "currency": "EUR", "steps_g": [5000],
                   "zones": [{"name": "all", "transit_days": 1, "prices": [790]}]}),
        ),
        (
            "{reservation}",
            "reservations",
            json!({"lines": [{"sku": "A", "quantity": 1}]}),
        ),
        ("{order}", "orders", order("1001", "A", 2)),
    ] {
        let made = post(router, path, &body).await;
        if name == "{order}" {
            let work = made["fulfillment_orders"][0]["id"].as_str();
            names.push(("{work}", work.unwrap_or_default().to_owned()));
        }
        names.push((name, made["id"].as_str().unwrap_or_default().to_owned()));
    }
    names.retain(|(name, _)| !name.is_empty());
    names
}

async fn post(router: &Router, path: &str, body: &Value) -> Value {
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/v1/{path}"))
        .header("authorization", format!("Bearer {KEY}"))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), ANSWER_MAX).await;
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

fn parse(input: &[u8], names: &[(&'static str, String)]) -> Option<Request<Body>> {
    let (head, body) = split_at_blank_line(input);
    let mut head = String::from_utf8_lossy(head).into_owned();
    for (name, id) in names {
        head = head.replace(name, id);
    }
    let mut lines = head.lines();
    let (method, address) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).ok()?)
        .uri(address.trim().parse::<Uri>().ok()?)
        .header("authorization", format!("Bearer {KEY}"));
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        request = request.header(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let body = match std::str::from_utf8(body) {
        Ok(text) => {
            let mut text = text.to_owned();
            for (name, id) in names {
                text = text.replace(name, id);
            }
            text.into_bytes()
        }
        Err(_) => body.to_vec(),
    };
    request.body(Body::from(body)).ok()
}

fn split_at_blank_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, &[]),
    }
}
