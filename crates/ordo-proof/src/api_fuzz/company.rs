//! A company with something of every kind and an order in every state, so that requests meet what they
//! are about. A mark in each of its texts tells its data where it must not be.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Http;
/// What the company has.
#[derive(Debug)]
pub struct Company {
    /// Stands in every text of the company, and nowhere else.
    pub mark: &'static str,
    /// Ids by the word that stands before them in an address, such as `orders`.
    pub ids: BTreeMap<&'static str, Vec<String>>,
    /// Codes by what they name, such as `sku`.
    pub codes: BTreeMap<&'static str, Vec<String>>,
    /// A key of each role, and of each limit: a name and the key.
    pub keys: Vec<(&'static str, String)>,
    /// The ids of these keys, which must not be revoked.
    pub protected: Vec<String>,
}

impl Company {
    /// Sets it up through `http`, which has the owner's key `owner`.
    #[must_use]
    pub fn set_up(http: &mut Http, owner: &str, mark: &'static str) -> Self {
        let mut company = Self {
            mark,
            ids: BTreeMap::new(),
            codes: BTreeMap::new(),
            keys: vec![("owner", owner.to_owned())],
            protected: Vec::new(),
        };
        company.add_network(http);
        company.add_keys(http);
        company.add_set_up(http);
        company.add_orders(http);
        company.add_reads(http);
        for (word, codes) in [
            ("sku", &["A", "B", "C"][..]),
            ("channel", &["web", "shop"]),
            ("location", &["BER", "HAM"]),
        ] {
            let codes = codes.iter().map(|code| company.marked(code)).collect();
            company.codes.insert(word, codes);
        }
        company
    }

    /// A text of the company.
    fn marked(&self, text: &str) -> String {
        format!("{}-{text}", self.mark)
    }

    fn add(&mut self, kind: &'static str, id: &Value) {
        let id = id.as_str().expect("an id").to_owned();
        self.ids.entry(kind).or_default().push(id);
    }

    fn add_network(&self, http: &mut Http) {
        for code in ["web", "shop"] {
            create(
                http,
                "channels",
                &json!({"code": self.marked(code), "kind": "web"}),
            );
        }
        for (code, postal_code) in [("BER", "10115"), ("HAM", "20095")] {
            let body = json!({"code": self.marked(code), "kind": "warehouse", "country": "DE",
                          "postal_code": postal_code, "time_zone": "Europe/Berlin"});
            create(http, "locations", &body);
        }
        for (code, policy) in [
            ("A", json!("tracked")),
            ("B", json!({"backorder": {"limit": 1_000}})),
            ("C", json!("untracked")),
        ] {
            let body = json!({"code": self.marked(code), "name": self.marked("thing"), "weight_g": 100,
                          "stock_policy": policy});
            create(http, "skus", &body);
            for location in ["BER", "HAM"] {
                let body = json!({"kind": "receive", "sku": self.marked(code), "location": self.marked(location),
                              "quantity": 500, "reason": self.marked("set-up")});
                create(http, "stock/movements", &body);
            }
        }
    }

    /// An order whose every text is the company's.
    fn order(&self, n: usize, quantity: i64) -> Value {
        let euro = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        let sku = ["A", "B", "C"][n % 3];
        json!({
            "channel": self.marked("web"), "external_id": self.marked(&n.to_string()), "source_version": 1,
            "placed_at": "2026-11-01T10:00:00Z", "currency": "EUR", "tax_included": true,
            "payment": {"status": "paid", "amount": euro(1_000 * quantity)},
            "ship_to": {"name": self.marked(&format!("Buyer {n}")), "line1": self.marked(&format!("Street {n}")),
                        "postal_code": "10115", "city": "Berlin", "country": "DE",
                        "email": format!("{}-{n}@example.com", self.mark)},
            "lines": [{"external_id": "1", "sku": self.marked(sku), "quantity": quantity,
                       "unit_price": euro(1_000)}]
        })
    }

    fn add_keys(&mut self, http: &mut Http) {
        let limits = [
            ("manager", json!({"role": "manager"})),
            ("operator", json!({"role": "operator"})),
            ("viewer", json!({"role": "viewer"})),
            (
                "of a channel",
                json!({"role": "owner", "channels": [self.marked("web")]}),
            ),
            (
                "of a location",
                json!({"role": "owner", "locations": [self.marked("HAM")]}),
            ),
        ];
        for (name, mut body) in limits {
            body["name"] = json!(self.marked(name));
            let made = create(http, "api-keys", &body);
            let secret = made["secret"].as_str().expect("the secret, once");
            self.keys.push((name, secret.to_owned()));
        }
        let page = read(http, "api-keys");
        for key in page["items"].as_array().expect("a list") {
            self.protected.push(text(&key["id"]).to_owned());
        }
        // Only these may be revoked by requests of our own making.
        for n in 0..3 {
            let body = json!({"name": self.marked(&format!("spare {n}")), "role": "viewer"});
            let made = create(http, "api-keys", &body);
            self.add("api-keys", &made["id"]);
        }
    }

    fn add_set_up(&mut self, http: &mut Http) {
        for (kind, body) in [
            (
                "listings",
                json!({"code": self.marked("WEB-A"), "sku": self.marked("A")}),
            ),
            (
                "pools",
                json!({"code": self.marked("all"), "locations": [self.marked("BER")]}),
            ),
            (
                "rate-tables",
                json!({"code": self.marked("t"), "carrier": "house", "service": self.marked("parcel"), "currency": "EUR",
                       "steps_g": [5000], "zones": [{"name": self.marked("all"), "transit_days": 1, "prices": [790]}]}),
            ),
            (
                "rule-sets",
                json!({"code": self.marked("r"), "name": self.marked("rules"),
                       "rules": {"steps": [{"name": self.marked("any")}]}}),
            ),
            (
                "blocks",
                json!({"scope": {"sku": self.marked("C")}, "reason": self.marked("recall"), "stages": ["publish"]}),
            ),
            // Nobody listens there, so that what is to be delivered stays.
            (
                "webhooks",
                json!({"url": format!("http://127.0.0.1:9/{}", self.mark), "events": ["order.placed"],
                       "description": self.marked("hook")}),
            ),
            (
                "legal-entities",
                json!({"code": self.marked("de"), "name": self.marked("GmbH"), "country": "DE", "currency": "EUR"}),
            ),
        ] {
            let made = create(http, kind, &body);
            self.add(kind, &made["id"]);
        }
        let set = self.ids["rule-sets"][0].clone();
        let draft =
            json!({"rules": {"steps": [{"name": self.marked("far"), "max_distance_m": 5000}]}});
        step(http, &format!("rule-sets/{set}/versions"), &draft);
        step(
            http,
            &format!("rule-sets/{set}/versions/1/publish"),
            &json!({}),
        );
        let body = json!({"code": self.marked("other"), "rules": {"steps": [{"name": self.marked("any")}]}});
        let other = create(http, "rule-sets", &body);
        self.add("rule-sets", &other["id"]);
        let numbers = ["1", "2"].map(str::to_owned);
        self.ids.insert("versions", numbers.into());
    }

    /// Two orders for every state that one can be in.
    fn add_orders(&mut self, http: &mut Http) {
        let stages: &[&[&str]] = &[
            &[],
            &["release"],
            &["release", "accept"],
            &["release", "pick"],
            &["release", "pick", "pack"],
            &["release", "pick", "pack", "ship"],
        ];
        for (n, steps) in stages.iter().chain(stages).enumerate() {
            let placed = create(http, "orders", &self.order(n, 2));
            self.add("orders", &placed["id"]);
            for work in placed["fulfillment_orders"].as_array().expect("a list") {
                self.add("fulfillment-orders", &work["id"]);
                let path = format!("fulfillment-orders/{}", text(&work["id"]));
                let mut last = Value::Null;
                for name in *steps {
                    last = step(http, &format!("{path}/{name}"), &json!({}));
                }
                if last["shipment_id"].is_string() {
                    self.add("shipments", &last["shipment_id"]);
                }
            }
        }
        self.add_ends(http);
    }

    /// Labels, reports, returns in their states, holds, a cancel, what waits, and a past order.
    fn add_ends(&mut self, http: &mut Http) {
        let shipped: Vec<String> = [5, 11].map(|n| self.ids["orders"][n].clone()).into();
        for shipment in self.ids["shipments"].clone() {
            let labelled = step(http, &format!("shipments/{shipment}/label"), &json!({}));
            for parcel in labelled["parcels"].as_array().expect("a list") {
                self.add("parcels", &parcel["id"]);
            }
        }
        for (order, steps) in shipped.iter().zip([&["approve", "receive"][..], &[]]) {
            let body = json!({"reason_code": self.marked("too_small")});
            let made = create(http, &format!("orders/{order}/returns"), &body);
            self.add("returns", &made["id"]);
            for name in steps {
                let path = format!("returns/{}/{name}", text(&made["id"]));
                step(http, &path, &json!({}));
            }
        }
        for (n, quantity) in [(20, 1), (21, 900), (22, 1)] {
            let placed = create(http, "orders", &self.order(n, quantity));
            self.add("orders", &placed["id"]);
            let path = format!("orders/{}", text(&placed["id"]));
            match n {
                20 => {
                    let body = json!({"reason": self.marked("call")});
                    let held = step(http, &format!("{path}/holds"), &body);
                    self.add("holds", &held["holds"][0]["id"]);
                }
                22 => {
                    step(http, &format!("{path}/cancel"), &json!({}));
                }
                _ => {}
            }
        }
        for _ in 0..2 {
            let body = json!({"lines": [{"sku": self.marked("A"), "quantity": 1}]});
            let made = create(http, "reservations", &body);
            self.add("reservations", &made["id"]);
        }
        let asked = step(
            http,
            "what-ifs",
            &json!({"variants": [{"name": self.marked("same")}]}),
        );
        self.add("what-ifs", &asked["id"]);
    }

    /// What is known by lists only.
    fn add_reads(&mut self, http: &mut Http) {
        for kind in ["skus", "channels", "locations"] {
            let page = read(http, kind);
            for item in page["items"].as_array().expect("a list") {
                self.add(kind, &item["id"]);
            }
        }
        let began = Instant::now();
        loop {
            let page = read(http, "deliveries?state=waiting");
            if let Some(delivery) = page["items"].get(0) {
                self.add("deliveries", &delivery["id"]);
                break;
            }
            let elapsed = began.elapsed();
            assert!(
                elapsed < Duration::from_secs(10),
                "nothing is to be delivered"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let known = ["not_found", "invalid_input"].map(str::to_owned);
        self.ids.insert("errors", known.into());
    }
}

fn create(http: &mut Http, what: &str, body: &Value) -> Value {
    let answer = http
        .post(&format!("/api/v1/{what}"), body)
        .expect("a server");
    assert!(
        matches!(answer.status, 200 | 201),
        "{what} {body}: {answer:?}"
    );
    answer.json()
}

fn step(http: &mut Http, what: &str, body: &Value) -> Value {
    create(http, what, body)
}

fn read(http: &mut Http, what: &str) -> Value {
    let answer = http.get(&format!("/api/v1/{what}")).expect("a server");
    assert_eq!(answer.status, 200, "{what}: {answer:?}");
    answer.json()
}

fn text(id: &Value) -> &str {
    id.as_str().expect("an id")
}
