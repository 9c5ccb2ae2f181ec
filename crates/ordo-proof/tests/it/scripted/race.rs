//! Goal: no unit is sold twice. Method: 100 buyers at once for one unit, on every store, and through
//! three server processes on one database.

use std::path::Path;
use std::sync::{Arc, Barrier};

use ordo_proof::http::Http;
use ordo_proof::served::{KEY, Place, Served, check, order, program, set_up};
use serde_json::{Value, json};

const BUYERS: usize = 100;

#[test]
fn one_unit_goes_to_one_of_100_buyers_on_sqlite() {
    if let Some(program) = program("one_unit_goes_to_one_of_100_buyers_on_sqlite") {
        let place = Place::folder();
        let served = vec![Served::start(&program, &place)];
        race(&program, &place, &served);
    }
}

#[test]
fn one_unit_goes_to_one_of_100_buyers_through_three_servers_on_one_postgres() {
    let name = "one_unit_goes_to_one_of_100_buyers_through_three_servers_on_one_postgres";
    if let Some(program) = program(name) {
        let place = Place::cluster();
        let served: Vec<Served> = (0..3).map(|_| Served::start(&program, &place)).collect();
        race(&program, &place, &served);
    }
}

/// Both policies: tracked units beyond the last are held as oversold, others wait on backorder.
fn race(program: &Path, place: &Place, served: &[Served]) {
    for (sku, policy, waits_as) in [
        ("T", json!("tracked"), "oversold"),
        ("B", json!({"backorder": {"limit": 1_000}}), "backordered"),
    ] {
        set_up(&mut served[0].http(), sku, &policy, 1, 1);
        let start = Arc::new(Barrier::new(BUYERS));
        let buyers: Vec<_> = (0..BUYERS)
            .map(|n| {
                let (start, sku) = (Arc::clone(&start), sku.to_owned());
                let address = served[n % served.len()].address;
                std::thread::spawn(move || {
                    let mut http = Http::new(address, KEY);
                    http.get("/healthz").unwrap();
                    start.wait();
                    let body = order(&format!("{sku}{n}"), &sku, 1);
                    http.post("/api/v1/orders", &body).unwrap()
                })
            })
            .collect();
        let mut sold = 0;
        for buyer in buyers {
            let answer = buyer.join().unwrap();
            assert_eq!(answer.status, 201, "{answer:?}");
            let body = answer.json();
            let line = &body["lines"][0];
            if line["allocated"] == 1 {
                sold += 1;
            } else if waits_as == "backordered" {
                assert_eq!(line["backordered"], 1, "{body}");
            } else {
                let held = |hold: &Value| hold["kind"] == "oversold";
                assert!(body["holds"].as_array().unwrap().iter().any(held), "{body}");
            }
        }
        assert_eq!(sold, 1, "{sku}: exactly one buyer gets the unit");
        let stock = served[0]
            .http()
            .get(&format!("/api/v1/stock?sku={sku}"))
            .unwrap()
            .json();
        assert_eq!(stock["items"][0]["allocated"], 1, "{stock}");
        assert_eq!(stock["items"][0]["available"], 0, "{stock}");
    }
    let (green, said) = check(program, place);
    assert!(green, "{said}");
}
