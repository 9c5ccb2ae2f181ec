//! Goal: nothing acknowledged is lost and nothing is done twice, however the process ends.
//! Method: clients send orders and keep a ledger of what was acknowledged; the server is killed with
//! SIGKILL at random moments and started again; at the end ledger, orders and books must agree.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;

use crate::http::Http;
use crate::served::{KEY, Place, Served, check, order, program, set_up};

const KILLS: usize = 20;
const CLIENTS: usize = 12;

#[test]
fn sqlite_keeps_what_was_acknowledged_through_20_kills() {
    if let Some(program) = program("sqlite_keeps_what_was_acknowledged_through_20_kills") {
        survive(&program, &Place::folder());
    }
}

#[test]
fn postgres_keeps_what_was_acknowledged_through_20_kills_of_the_node() {
    let name = "postgres_keeps_what_was_acknowledged_through_20_kills_of_the_node";
    if let Some(program) = program(name) {
        survive(&program, &Place::cluster());
    }
}

fn survive(program: &PathBuf, place: &Place) {
    let mut ledger: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let next = Arc::new(AtomicUsize::new(0));
    let first = Served::start(program, place);
    set_up(&mut first.http(), "A", &json!("tracked"), 2, 1_000_000);
    let mut served = first;
    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (next, stop, address) = (Arc::clone(&next), Arc::clone(&stop), served.address);
                std::thread::spawn(move || send_orders(&next, &stop, address))
            })
            .collect();
        // Spread over batches being filled, decided, committed and answered.
        std::thread::sleep(Duration::from_micros(150_000 + 7_919 * kill as u64));
        served.kill();
        stop.store(true, Relaxed);
        for client in clients {
            ledger.extend(client.join().unwrap());
        }
        served = Served::start(program, place);
    }
    assert!(
        ledger.len() > KILLS * 20,
        "only {} orders were acknowledged",
        ledger.len()
    );
    audit(&served, &ledger, next.load(Relaxed));
    drop(served);
    let (green, said) = check(program, place);
    assert!(green, "{said}");
}

/// Sends orders until the server is gone; answers what was acknowledged: external id, id, number.
fn send_orders(
    next: &AtomicUsize,
    stop: &AtomicBool,
    address: std::net::SocketAddr,
) -> Vec<(String, (String, i64))> {
    let mut http = Http::new(address, KEY);
    let mut acknowledged = Vec::new();
    while !stop.load(Relaxed) {
        let name = format!("o{}", next.fetch_add(1, Relaxed));
        let Ok(answer) = http.post("/api/v1/orders", &order(&name, "A", 1)) else {
            break;
        };
        if answer.status == 201 {
            let body = answer.json();
            let id = body["id"].as_str().unwrap().to_owned();
            acknowledged.push((name, (id, body["number"].as_i64().unwrap())));
        }
    }
    acknowledged
}

/// Every acknowledged order is there as it was answered; every other one can be sent again and is
/// then there once.
fn audit(served: &Served, ledger: &BTreeMap<String, (String, i64)>, sent: usize) {
    let mut http = served.http();
    for n in 0..sent {
        let name = format!("o{n}");
        let again = http.post("/api/v1/orders", &order(&name, "A", 1)).unwrap();
        match ledger.get(&name) {
            Some((id, number)) => {
                assert_eq!(again.status, 200, "{name} was acknowledged and is gone");
                assert_eq!(again.header("ordo-outcome"), Some("unchanged"));
                let body = again.json();
                assert_eq!(body["id"].as_str(), Some(id.as_str()));
                assert_eq!(body["number"].as_i64(), Some(*number));
            }
            None => assert!(matches!(again.status, 200 | 201), "{again:?}"),
        }
    }
    let stock = http.get("/api/v1/stock?sku=A").unwrap().json();
    let allocated: i64 = (stock["items"].as_array().unwrap().iter())
        .map(|cell| cell["allocated"].as_i64().unwrap())
        .sum();
    assert_eq!(
        allocated,
        i64::try_from(sent).unwrap(),
        "one unit per order"
    );
}
