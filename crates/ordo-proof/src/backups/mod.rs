//! Goal: a backup that is taken under load holds everything acknowledged before it began, restores to
//! either store, balances, and sends nothing again by itself.
//! Method: clients send orders to `ordo serve` over a folder and over PostgreSQL, a receiver keeps a
//! ledger of webhooks, and `ordo backup` is run meanwhile. Later each file is restored elsewhere,
//! checked, exported and served: the receiver must hear nothing until a person has a parked delivery
//! sent, which then has the id that it had, or something new happens, whose id nobody had.

mod hooks;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ordo_store_postgres::cluster::{Cluster, Durability};
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::http::Http;
use crate::part::{Asked, Part};
use crate::served::{KEY, Place, Served, check_over, free_address, order, set_up};
use hooks::Hooks;

/// Backups under load.
pub const BACKUPS: Part = Part {
    name: "backups",
    what: "backups are taken under load, restored elsewhere to either store, compared and served",
    unit: "backups",
    in_ci: 6,
    long: 48,
    piece: 12,
    run: back_up,
};

const CLIENTS: usize = 3;
/// Time between backups, in which orders come in.
const BETWEEN: Duration = Duration::from_millis(400);
/// Longer than any delivery takes that is refused once.
const DELIVERED_AFTER: Duration = Duration::from_secs(60);
/// A restored shop that sends by itself does so at once.
const QUIET: Duration = Duration::from_millis(1_500);

/// One backup.
struct Taken {
    file: PathBuf,
    /// Orders that were acknowledged before it began.
    before: BTreeSet<String>,
}

fn back_up(asked: &Asked) -> Figures {
    let mut figures = Figures::of(BACKUPS.name);
    let cluster = Cluster::start(Durability::Full, &[]).unwrap();
    let half = asked.count.div_ceil(2);
    for (place, count) in [
        (Place::folder(), half),
        (Place::cluster(), asked.count - half),
    ] {
        if count > 0 {
            of_one(asked, &place, count, &cluster, &mut figures);
        }
    }
    figures
}

/// Backups of one shop.
fn of_one(asked: &Asked, place: &Place, count: u64, cluster: &Cluster, figures: &mut Figures) {
    let program = asked.program.as_path();
    let files = tempfile::tempdir().unwrap();
    let hooks = Hooks::listen();
    let served = Served::start(program, place);
    let mut http = served.http();
    set_up(&mut http, "A", &json!("tracked"), 2, 1_000_000);
    let hook = json!({"url": hooks.url(), "events": ["order.placed"]});
    let made = http.post("/api/v1/webhooks", &hook).unwrap();
    assert_eq!(made.status, 201, "{made:?}");

    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (acknowledged, stop) = (Arc::clone(&acknowledged), Arc::clone(&stop));
            let http = served.http();
            std::thread::spawn(move || send_orders(http, client, &acknowledged, &stop))
        })
        .collect();
    let mut taken = Vec::new();
    for n in 0..count {
        std::thread::sleep(BETWEEN);
        let before = acknowledged.lock().unwrap().clone();
        let file = files.path().join(format!("{n}.gz"));
        // The books are checked in what is restored.
        run(
            program,
            &["backup", "--no-check", "--to"],
            &file,
            place,
            figures,
        );
        figures.count("backups", 1);
        taken.push(Taken { file, before });
    }
    stop.store(true, Relaxed);
    for client in clients {
        let refused = client.join().unwrap();
        figures.expect(refused.is_empty(), || {
            format!("a backup keeps orders from being taken: {refused:?}")
        });
    }
    let all = acknowledged.lock().unwrap().clone();
    figures.count("acknowledged", all.len() as u64);
    let delivered = hooks.wait(DELIVERED_AFTER, |came| came.len() >= all.len());
    figures.expect(delivered && is_idle(&mut http), || {
        format!(
            "{} of {} orders were told of",
            hooks.came().len(),
            all.len()
        )
    });
    // With everything done, and checked by the program itself.
    let last = files.path().join("last.gz");
    run(program, &["backup", "--to"], &last, place, figures);
    drop(served);
    let original = export(program, &place.arguments(), figures);
    figures.expect(names(&original).is_superset(&all), || {
        "the shop itself lost orders".to_owned()
    });
    for (n, backup) in taken.iter().enumerate() {
        let to = Target::new(n % 2 == 0, cluster);
        let Some(said) = restore(program, &backup.file, &to, &[], figures) else {
            continue;
        };
        let held = names(&export(program, &to.arguments, figures));
        figures.expect(held.is_superset(&backup.before), || {
            let lost: Vec<&String> = backup.before.difference(&held).collect();
            format!("acknowledged before the backup and not in it: {lost:?}")
        });
        serve(program, &to, &hooks, &format!("new-{n}"), figures);
        if n == 0 && said.contains("are parked") {
            resume(program, &backup.file, cluster, &hooks, figures);
        }
    }
    for is_folder in [true, false] {
        let to = Target::new(is_folder, cluster);
        restore(program, &last, &to, &[], figures);
        let same = export(program, &to.arguments, figures) == original;
        figures.expect(same, || "equal states export differently".to_owned());
    }
}

/// Sends orders until told to stop; answers what was refused.
fn send_orders(
    mut http: Http,
    client: usize,
    acknowledged: &Mutex<BTreeSet<String>>,
    stop: &AtomicBool,
) -> Vec<String> {
    let mut refused = Vec::new();
    let mut sent = 0;
    while !stop.load(Relaxed) {
        let name = format!("c{client}-{sent}");
        sent += 1;
        match http.post("/api/v1/orders", &order(&name, "A", 1)) {
            Ok(answer) if answer.status == 201 => {
                acknowledged.lock().unwrap().insert(name);
            }
            other => refused.push(format!("{name}: {other:?}")),
        }
        // A store of its own speed leaves the machine to the backup too.
        std::thread::sleep(Duration::from_millis(4));
    }
    refused
}

/// Whether nothing waits to be delivered, soon.
fn is_idle(http: &mut Http) -> bool {
    for _ in 0..600 {
        if deliveries(http, "waiting").is_empty() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

fn deliveries(http: &mut Http, state: &str) -> Vec<Value> {
    let answer = http.get(&format!("/api/v1/deliveries?limit=200&state={state}"));
    let answer = answer.unwrap().json();
    answer["items"].as_array().cloned().unwrap_or_default()
}

/// Where a backup is restored to.
struct Target {
    arguments: Vec<String>,
    /// Removed in the end.
    _folder: Option<tempfile::TempDir>,
}

impl Target {
    fn new(is_folder: bool, cluster: &Cluster) -> Self {
        if is_folder {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("restored");
            return Self {
                arguments: vec!["--data".to_owned(), path.to_str().unwrap().to_owned()],
                _folder: Some(folder),
            };
        }
        let name = format!("restored_{:016x}", rand_name());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let url = runtime.block_on(cluster.create_database(&name)).unwrap();
        Self {
            arguments: vec!["--database-url".to_owned(), url],
            _folder: None,
        }
    }
}

/// Another number each time.
fn rand_name() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

/// Restores and checks; answers what was said.
fn restore(
    program: &Path,
    file: &Path,
    to: &Target,
    words: &[&str],
    figures: &mut Figures,
) -> Option<String> {
    let output = Command::new(program)
        .args(["restore", "--from"])
        .arg(file)
        .args(&to.arguments)
        .args(words)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap();
    let said = said(&output);
    figures.expect(output.status.success(), || said.clone());
    if !output.status.success() {
        return None;
    }
    figures.count("restored", 1);
    let (green, found) = check_over(program, &to.arguments);
    figures.expect(green, || found);
    Some(said)
}

/// Serves what was restored: nobody hears of it until somebody wants it.
fn serve(program: &Path, to: &Target, hooks: &Hooks, name: &str, figures: &mut Figures) {
    let before = hooks.came();
    let served = Served::start_over(program, &to.arguments, free_address());
    let mut http = served.http();
    std::thread::sleep(QUIET);
    let parked = deliveries(&mut http, "parked");
    figures.count("parked", parked.len() as u64);
    figures.expect(hooks.came() == before, || {
        format!(
            "{name}: a restored shop told of {} things",
            hooks.came().len() - before.len()
        )
    });
    if let Some(first) = parked.first() {
        let id = first["id"].as_str().unwrap();
        let path = format!("/api/v1/deliveries/{id}/retry");
        let answer = http.send("POST", &path, "", None).unwrap();
        figures.expect(answer.status < 300, || format!("{answer:?}"));
        let total = |came: &std::collections::BTreeMap<String, u64>| came.values().sum::<u64>();
        let sent = total(&before);
        let came = hooks.wait(DELIVERED_AFTER, |came| total(came) > sent);
        // What had been sent by then keeps the id under which it was.
        figures.expect(came && hooks.came().len() == before.len(), || {
            format!("{name}: a delivery that was let go came: {came}, under an id of its own")
        });
    }
    let known = hooks.came().len();
    let answer = http.post("/api/v1/orders", &order(name, "A", 1)).unwrap();
    figures.expect(answer.status == 201, || format!("{name}: {answer:?}"));
    let told = hooks.wait(DELIVERED_AFTER, |came| came.len() > known);
    figures.expect(told, || {
        format!("{name}: nobody was told of a new order, or under an id that was used")
    });
}

/// Where it is wanted, what waited goes out, under the ids that it had. A receiver that hears nothing
/// here would hear nothing elsewhere either.
fn resume(program: &Path, file: &Path, cluster: &Cluster, hooks: &Hooks, figures: &mut Figures) {
    let to = Target::new(true, cluster);
    if restore(program, file, &to, &["--resume-deliveries"], figures).is_none() {
        return;
    }
    let before = hooks.came();
    let sent: u64 = before.values().sum();
    let quiet = [to.arguments.as_slice(), &["--no-deliveries".to_owned()]].concat();
    let rehearsal = Served::start_over(program, &quiet, free_address());
    std::thread::sleep(QUIET);
    drop(rehearsal);
    figures.expect(hooks.came() == before, || {
        "a shop that was to tell nobody told somebody".to_owned()
    });
    let _served = Served::start_over(program, &to.arguments, free_address());
    let heard = hooks.wait(DELIVERED_AFTER, |came| came.values().sum::<u64>() > sent);
    figures.expect(heard && hooks.came().len() == before.len(), || {
        format!("deliveries that were to go on were heard: {heard}, under ids of their own")
    });
}

/// Runs a subcommand on the shop's store.
fn run(program: &Path, words: &[&str], file: &Path, place: &Place, figures: &mut Figures) {
    let output = Command::new(program)
        .args(words)
        .arg(file)
        .args(place.arguments())
        .env("ORDO_LOG", "warn")
        .env("ORDO_BOOTSTRAP_API_KEY", KEY)
        .output()
        .unwrap();
    figures.expect(output.status.success(), || said(&output));
}

/// The orders of a store, line by line.
fn export(program: &Path, data: &[String], figures: &mut Figures) -> String {
    let output = Command::new(program)
        .args(["export", "orders", "--format", "ndjson"])
        .args(data)
        .output()
        .unwrap();
    figures.expect(output.status.success(), || said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The external ids of exported orders.
fn names(export: &str) -> BTreeSet<String> {
    let orders = export.lines().filter_map(|line| {
        let order: Value = serde_json::from_str(line).ok()?;
        Some(order["external_id"].as_str()?.to_owned())
    });
    orders.collect()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    out + &String::from_utf8_lossy(&output.stderr)
}
