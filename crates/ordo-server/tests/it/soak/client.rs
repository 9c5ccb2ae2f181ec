//! A client of the soak: in random turns it orders, cancels, lets locations work and refuse, and
//! changes stock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ordo_domain::money::Minor;
use ordo_domain::planning::MoveWork;
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::{Actor, Command};
use ordo_engine::{Clock, Lane, Request};
use serde_json::{Value, json};

use super::{LOCATIONS, SKUS, code, location};
use crate::test_app::{Answer, TestApp, order};

/// What clients did.
#[derive(Debug, Clone, Default)]
pub struct Done {
    pub captured: u64,
    pub canceled: u64,
    pub rejected: u64,
    pub shipped: u64,
    pub moved: u64,
    pub reserved: u64,
    /// Answers that no client should ever see.
    pub failed: u64,
}

impl Done {
    pub fn add(&mut self, other: &Self) {
        self.captured += other.captured;
        self.canceled += other.canceled;
        self.rejected += other.rejected;
        self.shipped += other.shipped;
        self.moved += other.moved;
        self.reserved += other.reserved;
        self.failed += other.failed;
    }
}

/// Numbers in a fixed order for a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }
}

pub struct Client {
    app: Arc<TestApp>,
    nth: u64,
    dice: Dice,
    orders: Vec<String>,
    done: Done,
}

impl Client {
    pub fn new(app: Arc<TestApp>, nth: u64, seed: u64) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (orders, done) = (Vec::new(), Done::default());
        Self {
            app,
            nth,
            dice,
            orders,
            done,
        }
    }

    /// Takes turns until it is told to stop.
    pub async fn run(mut self, stop: Arc<AtomicBool>) -> Done {
        while !stop.load(Ordering::Relaxed) {
            match self.dice.below(100) {
                0..40 => self.capture().await,
                40..50 => self.cancel().await,
                50..64 => self.work().await,
                64..68 => self.look_again().await,
                68..72 => self.reserve().await,
                _ => self.stock().await,
            }
        }
        self.done
    }

    /// Whether the answer is a success; a refusal is an answer, a failure is not.
    fn note(&mut self, answer: &Answer) -> bool {
        let status = answer.status.as_u16();
        if status >= 500 || status == 400 {
            eprintln!("client {}: {status} {}", self.nth, answer.text);
            self.done.failed += 1;
        }
        status < 300
    }

    async fn capture(&mut self) {
        let name = format!("C{}-{}", self.nth, self.done.captured);
        let mut body = order(&name, 1);
        let now = self.app.clock.now();
        let by = |days: u64| Timestamp::plus_micros(now, days as i64 * DAY).to_string();
        let deliver_by = match self.dice.below(3) {
            0 => Value::Null,
            _ => json!(by(2 + self.dice.below(4))),
        };
        let first = self.dice.below(SKUS);
        let lines: Vec<Value> = (0..1 + self.dice.below(3))
            .map(|nth| {
                json!({"external_id": nth.to_string(), "sku": code((first + nth) % SKUS),
                       "quantity": 1 + self.dice.below(3), "deliver_by": deliver_by,
                       "unit_price": {"amount": 500, "currency": "EUR"}})
            })
            .collect();
        body["lines"] = json!(lines);
        body["ship_to"]["email"] = json!(format!("{name}@example.com"));
        body["ship_to"]["line1"] = json!(format!("{name} street 1"));
        let answer = self.app.post("/api/v1/orders", &body).await;
        self.done.captured += 1;
        if self.note(&answer) {
            self.orders
                .push(answer.json()["id"].as_str().unwrap().to_owned());
        }
    }

    /// One of its orders, the late ones more often.
    fn pick(&mut self) -> Option<String> {
        let known = self.orders.len() as u64;
        let back = self.dice.below(known.clamp(1, 12));
        let at = known.checked_sub(1 + back)?;
        self.orders.get(at as usize).cloned()
    }

    async fn cancel(&mut self) {
        let Some(id) = self.pick() else { return };
        let path = format!("/api/v1/orders/{id}/cancel");
        let answer = self.app.post(&path, &json!({})).await;
        self.done.canceled += u64::from(self.note(&answer));
    }

    /// A location works on one of its orders, or refuses.
    async fn work(&mut self) {
        let Some(id) = self.pick() else { return };
        let read = self
            .app
            .get(&format!("/api/v1/orders/{id}"))
            .await
            .expect(200);
        let open: Vec<&Value> = (read["fulfillment_orders"].as_array().unwrap().iter())
            .filter(|work| work["state"] == "open" || work["state"] == "released")
            .collect();
        let Some(work) = open.first() else { return };
        let path = format!(
            "/api/v1/fulfillment-orders/{}",
            work["id"].as_str().unwrap()
        );
        let steps: &[&str] = match self.dice.below(6) {
            0..3 => &["reject"],
            3 => &["release", "accept"],
            4 => &["cancel"],
            _ => &["release", "pick", "pack", "ship"],
        };
        for step in steps {
            let answer = self.app.post(&format!("{path}/{step}"), &json!({})).await;
            if !self.note(&answer) {
                return;
            }
        }
        match steps.last() {
            Some(&"reject") => self.done.rejected += 1,
            Some(&"ship") => self.done.shipped += 1,
            _ => {}
        }
    }

    /// A job looks at the work of one of its orders again.
    async fn look_again(&mut self) {
        let Some(id) = self.pick() else { return };
        let command = Command::MoveWork(MoveWork {
            order: id.parse().unwrap(),
            threshold: Minor::new(10).unwrap(),
        });
        let organization = self.app.engine.found_main().await.unwrap();
        let request = Request {
            command,
            actor: Actor::System,
            lane: Lane::Bulk,
            idempotency: None,
            expects: None,
            size: 0,
            render: |_, result| (if result.is_ok() { 200 } else { 409 }, String::new()),
        };
        let reply = self.app.engine.submit(organization, request).await.unwrap();
        self.done.failed += u64::from(reply.status != 200);
    }

    /// A cart takes a unit for a while, and mostly leaves it.
    async fn reserve(&mut self) {
        let body = json!({"lines": [{"sku": code(self.dice.below(SKUS)), "quantity": 1}],
                          "seconds": 60});
        let answer = self.app.post("/api/v1/reservations", &body).await;
        if self.note(&answer) {
            self.done.reserved += 1;
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            if self.dice.below(2) == 0 {
                let path = format!("/api/v1/reservations/{id}/release");
                let answer = self.app.post(&path, &json!({})).await;
                self.note(&answer);
            }
        }
    }

    async fn stock(&mut self) {
        let (sku, at) = (self.dice.below(SKUS), self.dice.below(LOCATIONS));
        let (kind, quantity) = match self.dice.below(8) {
            0..4 => ("receive", 1 + self.dice.below(4) as i64),
            4..6 => ("adjust", -1 - self.dice.below(3) as i64),
            _ => ("count", self.dice.below(7) as i64),
        };
        let answer = moves(&self.app, kind, sku, at, quantity).await;
        self.done.moved += u64::from(self.note(&answer));
    }
}

/// Moves stock.
pub async fn moves(app: &TestApp, kind: &str, sku: u64, at: u64, quantity: i64) -> Answer {
    let body = json!({"kind": kind, "sku": code(sku), "location": location(at),
                      "quantity": quantity});
    app.post("/api/v1/stock/movements", &body).await
}
