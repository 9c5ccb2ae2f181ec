//! Goal: nothing acknowledged is lost and nothing is done twice, however the process ends.
//! Method: clients send orders and keep a ledger of what was acknowledged; the server is killed with
//! SIGKILL at random moments and started again; at the end ledger, orders and books must agree.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;

use crate::figures::Figures;
use crate::http::Http;
use crate::part::{Asked, Part};
use crate::served::{KEY, Place, Served, check, order, set_up};

const CLIENTS: usize = 12;

/// Kills of the server over its folder.
pub const SQLITE: Part = Part {
    name: "kills-sqlite",
    what: "the server over SQLite is killed under load and started again",
    unit: "kills",
    in_ci: 20,
    long: 300,
    piece: 50,
    run: |asked| survive("kills-sqlite", asked, &Place::folder()),
};

/// Kills of a node over PostgreSQL.
pub const POSTGRES: Part = Part {
    name: "kills-postgres",
    what: "a node over PostgreSQL is killed under load and started again",
    unit: "kills",
    in_ci: 10,
    long: 100,
    piece: 25,
    run: |asked| survive("kills-postgres", asked, &Place::cluster()),
};

fn survive(name: &'static str, asked: &Asked, place: &Place) -> Figures {
    let mut figures = Figures::of(name);
    let program = &asked.program;
    let mut ledger: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let next = Arc::new(AtomicUsize::new(0));
    let first = Served::start(program, place);
    set_up(&mut first.http(), "A", &json!("tracked"), 2, 1_000_000);
    let mut served = first;
    for kill in 0..asked.count {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (next, stop, address) = (Arc::clone(&next), Arc::clone(&stop), served.address);
                std::thread::spawn(move || send_orders(&next, &stop, address))
            })
            .collect();
        // Spread over batches being filled, decided, committed and answered.
        std::thread::sleep(Duration::from_micros(
            150_000 + 7_919 * (kill + asked.seed) % 400_000,
        ));
        served.kill();
        stop.store(true, Relaxed);
        for client in clients {
            ledger.extend(client.join().unwrap());
        }
        served = Served::start(program, place);
        figures.count("kills", 1);
    }
    figures.count("acknowledged", ledger.len() as u64);
    figures.expect(ledger.len() as u64 > asked.count * 20, || {
        format!("only {} orders were acknowledged", ledger.len())
    });
    audit(&served, &ledger, next.load(Relaxed), &mut figures);
    drop(served);
    let (green, said) = check(program, place);
    figures.expect(green, || said);
    figures
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
fn audit(
    served: &Served,
    ledger: &BTreeMap<String, (String, i64)>,
    sent: usize,
    figures: &mut Figures,
) {
    let mut http = served.http();
    for n in 0..sent {
        let name = format!("o{n}");
        let again = http.post("/api/v1/orders", &order(&name, "A", 1)).unwrap();
        match ledger.get(&name) {
            Some((id, number)) => {
                let body = again.json();
                let same = again.status == 200
                    && again.header("ordo-outcome") == Some("unchanged")
                    && body["id"].as_str() == Some(id.as_str())
                    && body["number"].as_i64() == Some(*number);
                figures.expect(same, || {
                    format!("{name} was acknowledged as {id} ({number}) and is {again:?}")
                });
            }
            None => figures.expect(matches!(again.status, 200 | 201), || format!("{again:?}")),
        }
    }
    let stock = http.get("/api/v1/stock?sku=A").unwrap().json();
    let allocated: i64 = (stock["items"].as_array().unwrap().iter())
        .map(|cell| cell["allocated"].as_i64().unwrap())
        .sum();
    figures.expect(allocated == i64::try_from(sent).unwrap(), || {
        format!("{allocated} units are allocated to {sent} orders of one")
    });
}
