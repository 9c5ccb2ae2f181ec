//! Goal: one effect per idempotency key, and the same answer to everybody who asks with it.
//! Method: 1,000 keys, each sent 20 times at once, on every store (three nodes on PostgreSQL); then
//! each key once more with another body.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ordo_proof::http::Http;
use ordo_proof::served::{KEY, Place, Served, check, order, program, set_up};
use serde_json::json;

const KEYS: usize = 1_000;
const TIMES: usize = 20;

#[test]
fn each_key_has_one_effect_and_one_answer_on_sqlite() {
    if let Some(program) = program("each_key_has_one_effect_and_one_answer_on_sqlite") {
        let place = Place::folder();
        let served = vec![Served::start(&program, &place)];
        repeat(&program, &place, &served);
    }
}

#[test]
fn each_key_has_one_effect_and_one_answer_through_three_servers_on_postgres() {
    let name = "each_key_has_one_effect_and_one_answer_through_three_servers_on_postgres";
    if let Some(program) = program(name) {
        let place = Place::cluster();
        let served: Vec<Served> = (0..3).map(|_| Served::start(&program, &place)).collect();
        repeat(&program, &place, &served);
    }
}

fn repeat(program: &Path, place: &Place, served: &[Served]) {
    set_up(&mut served[0].http(), "A", &json!("tracked"), 1, 0);
    let next = Arc::new(AtomicUsize::new(0));
    // Each of the clients asks for every key, so that the same key is asked for at about the same
    // time by all of them.
    let clients: Vec<_> = (0..TIMES)
        .map(|n| {
            let (next, address) = (Arc::clone(&next), served[n % served.len()].address);
            std::thread::spawn(move || {
                let mut http = Http::new(address, KEY);
                let mut answers = Vec::with_capacity(KEYS);
                for key in 0..KEYS {
                    next.fetch_add(1, Relaxed);
                    // A movement has no natural key: only the idempotency key keeps it single.
                    let body = json!({"kind": "receive", "sku": "A", "location": "L0",
                                      "quantity": 1, "reason": format!("key {key}")});
                    let name = format!("key-{key}");
                    let path = "/api/v1/stock/movements";
                    let answer = http
                        .send("POST", path, &body.to_string(), Some(&name))
                        .unwrap();
                    assert!(answer.status < 300, "{answer:?}");
                    answers.push((answer.status, answer.body));
                }
                answers
            })
        })
        .collect();
    let answers: Vec<Vec<(u16, String)>> = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .collect();
    for key in 0..KEYS {
        let first = &answers[0][key];
        assert!(
            answers.iter().all(|client| client[key] == *first),
            "key {key} has two answers"
        );
    }
    let mut http = served[0].http();
    let stock = http.get("/api/v1/stock?sku=A").unwrap().json();
    assert_eq!(stock["items"][0]["on_hand"], KEYS, "one effect per key");

    let other = json!({"kind": "receive", "sku": "A", "location": "L0", "quantity": 2});
    let reused = http
        .send(
            "POST",
            "/api/v1/stock/movements",
            &other.to_string(),
            Some("key-0"),
        )
        .unwrap();
    assert_eq!(reused.status, 422);
    assert_eq!(reused.json()["code"], "idempotency_key_reused");

    // Orders: the number, which is known only after the commit, is in the repeated answer too.
    let body = order("K1", "A", 1).to_string();
    let first = http
        .send("POST", "/api/v1/orders", &body, Some("order-1"))
        .unwrap();
    let again = http
        .send("POST", "/api/v1/orders", &body, Some("order-1"))
        .unwrap();
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert!(first.json()["number"].is_i64());
    assert_eq!(again.status, 201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    let (green, said) = check(program, place);
    assert!(green, "{said}");
}
