//! Goal: eight clients at once cannot make Ordo sell what is not there, give a location more than its
//! day holds, or break a hard promise. Method: they order, cancel, reject, count and receive for a
//! while, in random turns, while jobs plan beside them and time passes quickly; then an auditor
//! replays the log and looks after every event.
//!
//! A few seconds by default; `ORDO_SOAK_SECONDS=60` makes it the whole proof.

mod audit;
mod client;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::test_app::TestApp;
use audit::Audit;
use client::{Client, Done};

/// Clients at once.
const CLIENTS: u64 = 8;
/// Locations; every other one limits its days.
const LOCATIONS: u64 = 8;
/// SKUs; every third may be backordered.
const SKUS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_cannot_break_a_limit_on_sqlite() {
    soak(TestApp::start().await, 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_cannot_break_a_limit_on_postgres() {
    let apps = TestApp::on_each_store("clients_cannot_break_a_limit_on_postgres").await;
    for app in apps.into_iter().filter(|app| app.store == "postgres") {
        soak(app, 23).await;
    }
}

fn length() -> Duration {
    let asked = std::env::var("ORDO_SOAK_SECONDS").ok();
    let seconds = asked.map_or(5, |seconds| seconds.parse().expect("whole seconds"));
    Duration::from_secs(seconds)
}

async fn soak(app: TestApp, seed: u64) {
    set_up(&app).await;
    let app = Arc::new(app);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|nth| {
            let client = Client::new(Arc::clone(&app), nth, seed * 1_000 + nth);
            tokio::spawn(client.run(Arc::clone(&stop)))
        })
        .collect();
    let began = Instant::now();
    let mut waits = false;
    while began.elapsed() < length() {
        // The second half waits to be sourced together.
        if !waits && began.elapsed() > length() / 2 {
            waits = true;
            let settings = json!({"together_s": 1});
            app.patch("/api/v1/sourcing-settings", None, &settings)
                .await
                .expect(200);
        }
        // Two minutes of the company's time in each quarter of a second: looks at open work, passed
        // cut-offs and the change of days all happen. PostgreSQL goes by its own clock, by which jobs
        // of that future would not be due.
        if app.store == "sqlite" {
            app.clock.forward(Duration::from_secs(120));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut done = Done::default();
    for client in clients {
        done.add(&client.await.unwrap());
    }
    at_rest(&app).await;
    let audit = Audit::of(&app).await;
    println!(
        "{}: {} s: {done:?}; {audit:?}",
        app.store,
        length().as_secs()
    );
    assert_eq!(done.failed, 0, "{done:?}");
    assert!(
        done.captured > 20 && done.rejected > 0 && done.canceled > 0,
        "{done:?}"
    );
    assert!(
        audit.opened > 20 && audit.full_days > 0 && audit.promised > 0,
        "{audit:?}"
    );
    assert_eq!(
        (audit.oversold, audit.over_capacity, audit.late),
        (0, 0, 0),
        "{audit:?}"
    );
    let organization = app.engine.found_main().await.unwrap();
    let now = ordo_engine::Clock::now(&*app.clock);
    let report = ordo_engine::check(&**app.engine.backend(), organization, now).await;
    let report = report.unwrap();
    assert!(report.is_ok(), "{report:#?}");
}

/// Until no cell is short that work could cover, and nobody waits for a plan.
async fn at_rest(app: &TestApp) {
    let began = Instant::now();
    loop {
        let jobs = app.get("/api/v1/jobs?state=waiting").await.expect(200);
        if jobs["items"].as_array().unwrap().is_empty() {
            return;
        }
        let late = began.elapsed() > Duration::from_secs(30);
        assert!(!late, "{}: jobs do not come to an end: {jobs:#}", app.store);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn set_up(app: &TestApp) {
    let channel = json!({"code": "web", "kind": "web"});
    app.post("/api/v1/channels", &channel).await.expect(201);
    for at in 0..LOCATIONS {
        let mut body = json!({"code": location(at), "kind": "warehouse", "country": "DE",
                              "postal_code": format!("{}", 10_115 + at * 9_000),
                              "time_zone": "Europe/Berlin"});
        if at % 2 == 0 {
            body["daily_capacity"] = json!(5 + at);
        }
        app.post("/api/v1/locations", &body).await.expect(201);
        let (price, heavy) = (300 + (at * 37) % 200, 600 + (at * 71) % 300);
        let table = json!({
            "code": format!("parcel-{at}"), "carrier": "house", "service": "parcel",
            "currency": "EUR", "origins": [location(at)], "steps_g": [500, 5_000],
            "zones": [{"name": "DE", "areas": [{"country": "DE"}],
                       "transit_days": 1 + at % 3, "prices": [price, heavy]}],
        });
        app.post("/api/v1/rate-tables", &table).await.expect(201);
    }
    for sku in 0..SKUS {
        let mut body = json!({"code": code(sku), "weight_g": 100 + sku * 100});
        if sku % 3 == 0 {
            body["stock_policy"] = json!({"backorder": {"limit": 30}});
        }
        app.post("/api/v1/skus", &body).await.expect(201);
        for at in 0..LOCATIONS {
            if (sku + at) % 3 != 0 {
                client::moves(app, "receive", sku, at, 6).await;
            }
        }
    }
    let settings = json!({"promise": "hard", "look_again_min": 5, "look_again_saving": 10});
    app.patch("/api/v1/sourcing-settings", None, &settings)
        .await
        .expect(200);
}

fn location(at: u64) -> String {
    format!("L{at}")
}

fn code(sku: u64) -> String {
    format!("S{sku}")
}
