//! Goal: no request that anybody can make gets a 5xx, an answer that the contract does not describe,
//! or anything of another organization. Method: a fuzzer makes requests from the contract (what it
//! allows, and what is just outside), as every role, as limited keys, and as another organization with
//! the first one's ids; hooks beside it know what is there and what may be told to whom.

pub mod company;
pub mod session;

use std::net::SocketAddr;
use std::path::Path;

use ordo_server::openapi_json;
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::http::Http;
use crate::part::{Asked, Part};
use crate::served::{KEY, Place, Served, check};
use company::Company;
use session::{Fuzzer, Session};

/// Requests made from the contract.
pub const PART: Part = Part {
    name: "api-fuzz",
    what: "requests made from the contract, as every role and as another organization",
    unit: "requests",
    in_ci: 5_000,
    long: 100_000,
    piece: 25_000,
    run,
};

/// About how many cases one caller gets from the contract's own limits.
const SUGGESTED: u64 = 14_000;
/// Rounds that are made to come to the number that was asked for.
const ROUNDS_MAX: u64 = 8;

fn run(asked: &Asked) -> Figures {
    let mut figures = Figures::of(PART.name);
    let Some(program) = session::program() else {
        figures.violation(format!(
            "{} does not say where the fuzzer is",
            session::VARIABLE
        ));
        return figures;
    };
    let place = Place::folder();
    let served = Served::start(&asked.program, &place);
    let folder = tempfile::tempdir().unwrap();
    let contract = folder.path().join("openapi.json");
    std::fs::write(&contract, openapi_json()).unwrap();
    let fuzzer = Fuzzer {
        program,
        contract,
        address: served.address,
        folder: folder.path().to_owned(),
    };
    let ours = Company::set_up(&mut served.http(), KEY, "zq7mark");
    let theirs = other_company(served.address);
    for round in 0..ROUNDS_MAX {
        let missing = asked.count.saturating_sub(figures.counted("requests"));
        if missing == 0 {
            break;
        }
        let seed = asked.seed.wrapping_mul(ROUNDS_MAX).wrapping_add(round);
        let sessions = sessions(&ours, &theirs, missing, seed);
        run_all(&fuzzer, &sessions, &mut figures);
    }
    audit(&mut figures, asked.count);
    drop(served);
    let (green, said) = check(&asked.program, &place);
    figures.expect(green, || said);
    figures
}

/// An organization beside `main`, as complete as it is.
fn other_company(address: SocketAddr) -> Company {
    let body = json!({"code": "kx3other", "name": "kx3other"});
    let mut http = Http::new(address, KEY);
    let made = http.post("/api/v1/organizations", &body).unwrap().json();
    let key = made["owner_key"].as_str().unwrap();
    Company::set_up(&mut Http::new(address, key), key, "kx3other")
}

/// Who asks, and how much: half of it is the owner's, who may do most.
fn sessions(ours: &Company, theirs: &Company, count: u64, seed: u64) -> Vec<Session> {
    let random = (count / 2_500).clamp(1, 10);
    let share = |percent: u64| (count * percent * 10_000 / SUGGESTED).min(1_000_000);
    let mut sessions = Vec::new();
    for (name, key) in &ours.keys {
        let is_owner = *name == "owner";
        sessions.push(Session {
            name: name.replace(' ', "-"),
            key: key.clone(),
            facts: facts(ours, ours, theirs),
            share_ppm: share(if is_owner { 50 } else { 5 }),
            random: if is_owner { random } else { 0 },
            seed,
        });
    }
    // The ids of the first, and nothing else of it.
    sessions.push(Session {
        name: "another-organization".to_owned(),
        key: theirs.keys[0].1.clone(),
        facts: facts(theirs, ours, ours),
        share_ppm: share(25),
        random: random.div_ceil(2),
        seed,
    });
    sessions.push(Session {
        name: "nobody".to_owned(),
        key: "none-that-is-known".to_owned(),
        facts: facts(theirs, ours, ours),
        share_ppm: share(2),
        random: 0,
        seed,
    });
    sessions
}

/// What the hooks know of a caller with the codes of `own`, asking about the ids of `asked_about`,
/// who must see nothing of `hidden`.
fn facts(own: &Company, asked_about: &Company, hidden: &Company) -> Value {
    json!({
        "ids": asked_about.ids, "codes": own.codes, "protected": own.protected,
        "secrets": [hidden.mark], "foreign": own.mark != asked_about.mark,
    })
}

/// Two at a time: each waits for the server about as long as it thinks.
fn run_all(fuzzer: &Fuzzer, sessions: &[Session], figures: &mut Figures) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let all = std::sync::Mutex::new(figures);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(session) = sessions.get(at) else {
                        break;
                    };
                    let mut own = Figures::of(PART.name);
                    fuzzer.run(session, &mut own);
                    all.lock().unwrap().add(&own);
                }
            });
        }
    });
}

/// A run in which nobody was let in, or nothing was there, proves nothing.
fn audit(figures: &mut Figures, count: u64) {
    let of = |name: &str, figures: &Figures| figures.counted(name);
    let requests = of("requests", figures);
    let (fine, foreign) = (of("answered_2xx", figures), of("foreign_ids", figures));
    figures.expect(requests >= count, || {
        format!("only {requests} requests were sent")
    });
    figures.expect(fine * 20 >= requests, || {
        format!("only {fine} of {requests} requests succeeded")
    });
    figures.expect(foreign * 100 >= requests, || {
        format!("only {foreign} of {requests} requests named what is another organization's")
    });
}

/// Whether the fuzzer is here; what a test needs to know before it runs this part.
#[must_use]
pub fn is_installed() -> bool {
    session::program().is_some_and(|program| Path::new(&program).is_file())
}
