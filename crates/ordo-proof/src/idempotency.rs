//! Goal: one effect per idempotency key, and the same answer to everybody who asks with it. Method:
//! many clients ask for every key at about the same time, on every store (three nodes on PostgreSQL),
//! while the server is killed and started again; they repeat what was not answered. Some send another
//! body with a known key, at any time; some use a known key at another address, or as another
//! organization, where it is a key of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figures::Figures;
use crate::http::Http;
use crate::part::{Asked, Part};
use crate::served::{KEY, Place, Served, check, set_up};

/// Keys on one server over SQLite.
pub const SQLITE: Part = Part {
    name: "idempotency-sqlite",
    what: "identical requests at once, with kills and changed bodies, over SQLite",
    unit: "keys",
    in_ci: 1_000,
    long: 10_000,
    piece: 2_500,
    run: |asked| repeat("idempotency-sqlite", asked, &Place::folder(), 1),
};

/// Keys on three nodes over PostgreSQL.
pub const POSTGRES: Part = Part {
    name: "idempotency-postgres",
    what: "identical requests at once, with kills and changed bodies, over three nodes on PostgreSQL",
    unit: "keys",
    in_ci: 1_000,
    long: 10_000,
    piece: 2_500,
    run: |asked| repeat("idempotency-postgres", asked, &Place::cluster(), 3),
};

/// How long the view may take to follow.
const VIEW_PATIENCE: Duration = Duration::from_secs(10);

const MOVEMENTS: &str = "/api/v1/stock/movements";

/// Clients that ask for each key: as many as a short run has time for, or all of them.
fn clients(count: u64) -> usize {
    if count > 1_000 { 100 } else { 20 }
}

/// Kills during a run.
fn kills(count: u64) -> u64 {
    if count > 1_000 { 12 } else { 4 }
}

/// An answer, as far as it must be the same for all.
type Told = (u16, String);

struct Run {
    keys: u64,
    addresses: Vec<SocketAddr>,
    /// The one answer of each key, from whoever was answered first.
    answers: Mutex<BTreeMap<u64, Told>>,
    flaws: Mutex<Vec<String>>,
    requests: AtomicU64,
    repeats: AtomicU64,
    changed: AtomicU64,
    reused: AtomicU64,
    done: AtomicU64,
}

fn repeat(name: &'static str, asked: &Asked, place: &Place, nodes: usize) -> Figures {
    let mut figures = Figures::of(name);
    let program = &asked.program;
    let mut served: Vec<Served> = (0..nodes).map(|_| Served::start(program, place)).collect();
    set_up(&mut served[0].http(), "A", &json!("tracked"), 1, 0);
    let run = Arc::new(Run {
        keys: asked.count,
        addresses: served.iter().map(|served| served.address).collect(),
        answers: Mutex::default(),
        flaws: Mutex::default(),
        requests: AtomicU64::new(0),
        repeats: AtomicU64::new(0),
        changed: AtomicU64::new(0),
        reused: AtomicU64::new(0),
        done: AtomicU64::new(0),
    });
    let count = clients(asked.count);
    let threads: Vec<_> = (0..count)
        .map(|n| {
            let run = Arc::clone(&run);
            std::thread::spawn(move || ask_for_all(&run, n))
        })
        .collect();
    // One node after another, spread over the run.
    let all = asked.count * count as u64;
    let kills = kills(asked.count);
    for kill in 0..kills {
        let from = all * (kill + 1) / (kills + 1);
        while run.done.load(Relaxed) < from && threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let node = usize::try_from((kill + asked.seed) % nodes as u64).unwrap_or_default();
        let address = served[node].address;
        served.remove(node).kill();
        served.insert(node, Served::start_at(program, place, address));
        figures.count("kills", 1);
    }
    for thread in threads {
        thread.join().unwrap();
    }
    for flaw in run.flaws.lock().unwrap().iter() {
        figures.violation(flaw.clone());
    }
    figures.count("keys", asked.count);
    figures.count("requests", run.requests.load(Relaxed));
    figures.count("repeated_after_a_kill", run.repeats.load(Relaxed));
    figures.count("changed_bodies", run.changed.load(Relaxed));
    figures.expect(run.reused.load(Relaxed) > 0, || {
        "no changed body was refused".to_owned()
    });
    audit(&run, &served[0], &mut figures);
    others_are_independent(&served[0], &mut figures);
    drop(served);
    let (green, said) = check(program, place);
    figures.expect(green, || said);
    figures
}

fn body_of(key: u64, quantity: u64) -> Value {
    // A movement has no natural key: only the idempotency key keeps it single.
    json!({"kind": "receive", "sku": "A", "location": "L0", "quantity": quantity,
           "reason": format!("key {key}")})
}

fn ask_for_all(run: &Run, client: usize) {
    let address = run.addresses[client % run.addresses.len()];
    let mut http = Http::new(address, KEY);
    for key in 0..run.keys {
        // Every few requests a client has changed its mind.
        let is_changed = (key + client as u64).is_multiple_of(17) && client > 0;
        let told = ask(run, &mut http, key, if is_changed { 2 } else { 1 });
        run.done.fetch_add(1, Relaxed);
        let mut answers = run.answers.lock().unwrap();
        match told.0 {
            201 => {
                let first = answers.entry(key).or_insert_with(|| told.clone());
                if *first != told {
                    run.flaw(format!("key {key} has two answers: {first:?} and {told:?}"));
                }
                drop(answers);
                // Whoever came first decides which body is the key's.
                if is_changed {
                    run.changed.fetch_add(1, Relaxed);
                }
            }
            422 if told.1.contains("\"idempotency_key_reused\"") => {
                run.reused.fetch_add(1, Relaxed);
            }
            _ => run.flaw(format!("key {key}: {told:?}")),
        }
    }
}

/// Asks until somebody answers.
fn ask(run: &Run, http: &mut Http, key: u64, quantity: u64) -> Told {
    let text = body_of(key, quantity).to_string();
    let name = format!("key-{key}");
    loop {
        run.requests.fetch_add(1, Relaxed);
        match http.send("POST", MOVEMENTS, &text, Some(&name)) {
            // Sent away for a moment; nothing of it is kept.
            Ok(answer) if matches!(answer.status, 429 | 503) => {}
            Ok(answer) => return (answer.status, answer.body),
            Err(_) => {
                run.repeats.fetch_add(1, Relaxed);
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Run {
    fn flaw(&self, what: String) {
        self.flaws.lock().unwrap().push(what);
    }
}

/// What lies there is the sum of what each key was answered with first.
fn audit(run: &Run, served: &Served, figures: &mut Figures) {
    let mut http = served.http();
    let answers = run.answers.lock().unwrap();
    figures.expect(answers.len() as u64 == run.keys, || {
        format!("{} of {} keys were answered", answers.len(), run.keys)
    });
    // The ledger is a view, which follows the log.
    let began = Instant::now();
    let mut effects = ledger(&mut http);
    while (effects.len() as u64) < run.keys && began.elapsed() < VIEW_PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
        effects = ledger(&mut http);
    }
    figures.count("effects", effects.len() as u64);
    let moved: BTreeMap<String, i64> = effects.iter().cloned().collect();
    figures.expect(
        effects.len() as u64 == run.keys && moved.len() == effects.len(),
        || {
            let (effects, different) = (effects.len(), moved.len());
            format!(
                "{} keys had {effects} effects, {different} different",
                run.keys
            )
        },
    );
    let stock = http.get("/api/v1/stock?sku=A").unwrap().json();
    let on_hand = stock["items"][0]["on_hand"].as_i64();
    figures.expect(on_hand == Some(moved.values().sum()), || {
        format!(
            "{on_hand:?} units are there, {} were moved",
            moved.values().sum::<i64>()
        )
    });
    for (key, told) in answers.iter().take(200) {
        let quantity = moved
            .get(&format!("key {key}"))
            .copied()
            .unwrap_or_default();
        let again = http.send(
            "POST",
            MOVEMENTS,
            &body_of(*key, quantity.unsigned_abs()).to_string(),
            Some(&format!("key-{key}")),
        );
        let again = again.unwrap();
        let same = (again.status, &again.body) == (told.0, &told.1);
        let replayed = again.header("idempotency-replayed") == Some("true");
        figures.expect(same && replayed, || {
            format!("key {key} was {told:?} and is {again:?}")
        });
    }
}

/// Every movement, by its reason.
fn ledger(http: &mut Http) -> Vec<(String, i64)> {
    let (mut moved, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{MOVEMENTS}?sku=A&limit=200{cursor}");
        let page = http.get(&path).unwrap().json();
        for movement in page["items"].as_array().unwrap() {
            let reason = movement["reason"].as_str().unwrap_or_default().to_owned();
            moved.push((reason, movement["on_hand"].as_i64().unwrap()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return moved,
        }
    }
}

/// The same key at another address, and as another organization, is another key.
fn others_are_independent(served: &Served, figures: &mut Figures) {
    let mut http = served.http();
    let reserve = json!({"lines": [{"sku": "A", "quantity": 1}]}).to_string();
    let there = http
        .send("POST", "/api/v1/reservations", &reserve, Some("key-0"))
        .unwrap();
    figures.expect(there.status == 201, || {
        format!("at another address: {there:?}")
    });
    let body = json!({"code": "other", "name": "Other"});
    let made = http.post("/api/v1/organizations", &body).unwrap().json();
    let key = made["owner_key"].as_str().unwrap();
    let mut theirs = Http::new(served.address, key);
    set_up(&mut theirs, "A", &json!("tracked"), 1, 0);
    let one = body_of(0, 1).to_string();
    let there = theirs.send("POST", MOVEMENTS, &one, Some("key-0")).unwrap();
    let is_new = there.status == 201 && there.header("idempotency-replayed").is_none();
    figures.expect(is_new, || format!("as another organization: {there:?}"));
    // What is refused before it is decided is not kept.
    let wrong = http.send("POST", MOVEMENTS, "{", Some("fresh")).unwrap();
    figures.expect(wrong.status == 400, || format!("{wrong:?}"));
    let right = http.send("POST", MOVEMENTS, &body_of(9, 1).to_string(), Some("fresh"));
    let right = right.unwrap();
    figures.expect(right.status == 201, || {
        format!("after a malformed body: {right:?}")
    });
}
