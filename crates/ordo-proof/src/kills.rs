//! Goal: nothing acknowledged is lost and nothing is done twice, however processes end.
//! Method: clients do what people and channels do and keep a ledger of what was acknowledged; the
//! server, the database or both are killed with SIGKILL at random moments and started again; at the end
//! ledger, log, stock, books and webhooks must agree.

use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::http::Http;
use crate::load::audit::audit;
use crate::load::client::Nodes;
use crate::load::{Load, mix};
use crate::part::{Asked, Part};
use crate::random::Random;
use crate::receiver::Receiver;
use crate::served::{KEY, Place, Served, check};

const CLIENTS: usize = 10;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);
/// How long everything may take to work again.
const RECOVERY_MAX: Duration = Duration::from_secs(30);
/// How long webhooks may take to arrive: what a killed node was about to send waits for its lease to run
/// out, and what nobody answered for the next try.
const DELIVERY_MAX: Duration = Duration::from_secs(150);

/// Kills of the server over its folder.
pub const SQLITE: Part = Part {
    name: "kills-sqlite",
    what: "the server over SQLite is killed under load and started again",
    unit: "kills",
    in_ci: 20,
    long: 300,
    piece: 50,
    run: |asked| survive("kills-sqlite", asked, Place::folder()),
};

/// Kills of a node over PostgreSQL, of the database, and of both.
pub const POSTGRES: Part = Part {
    name: "kills-postgres",
    what: "a node, its PostgreSQL or both are killed under load and started again",
    unit: "kills",
    in_ci: 10,
    long: 100,
    piece: 25,
    run: |asked| survive("kills-postgres", asked, Place::cluster()),
};

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Node,
    Database,
    Both,
}

impl Victim {
    fn of(place: &Place, n: u64) -> Self {
        match (place, n % 3) {
            (Place::Folder(_), _) | (Place::Cluster(_), 1) => Self::Node,
            (Place::Cluster(_), 0) => Self::Database,
            (Place::Cluster(_), _) => Self::Both,
        }
    }

    const fn counted_as(self) -> &'static str {
        match self {
            Self::Node => "of a node",
            Self::Database => "of the database",
            Self::Both => "of both",
        }
    }
}

fn survive(name: &'static str, asked: &Asked, mut place: Place) -> Figures {
    let mut figures = Figures::of(name);
    let mut random = Random::new(asked.seed, 0);
    let mut served = Served::start(&asked.program, &place);
    let mut http = served.http();
    mix::set_up(&mut http);
    let receiver = Receiver::start(asked.seed);
    receiver.subscribe(&mut http);
    let nodes = Nodes::at(vec![served.address]);
    let load = Load::start(&nodes, CLIENTS, PAUSE, asked.seed);
    let mut restarts = Vec::new();
    for n in 0..asked.count {
        // Spread over batches being filled, decided, committed and answered.
        std::thread::sleep(Duration::from_micros(200_000 + random.below(400_000)));
        let victim = Victim::of(&place, n);
        if victim != Victim::Database {
            nodes.breaks();
        }
        let address = served.address;
        let node = match victim {
            Victim::Database => Some(served),
            Victim::Node | Victim::Both => {
                served.kill();
                None
            }
        };
        if let (Place::Cluster(cluster), Victim::Database | Victim::Both) = (&mut place, victim) {
            cluster.kill();
            // Clients meet a node without its database for a moment.
            std::thread::sleep(Duration::from_micros(random.below(400_000)));
            cluster.restart().unwrap();
        }
        let again = Instant::now();
        served = match node {
            Some(node) => node,
            None => Served::start_at(&asked.program, &place, address),
        };
        restarts.push(first_answer(&served, again, &mut figures));
        nodes.is_whole();
        figures.count("kills", 1);
        figures.count(victim.counted_as(), 1);
    }
    let mut ledger = load.end(&mut figures);
    figures.expect(ledger.len() as u64 > asked.count * 20, || {
        format!("only {} things were asked for", ledger.len())
    });
    restarts.sort_unstable();
    let last = restarts.len().saturating_sub(1);
    figures.most("restart_p99_ms", restarts[last * 99 / 100]);
    let log = audit(served.address, &mut ledger, &mut figures);
    receiver.audit(&log, DELIVERY_MAX, &mut figures);
    drop(served);
    let (green, said) = check(&asked.program, &place);
    figures.expect(green, || said);
    figures
}

/// Milliseconds until a request that needs the store is answered with success.
fn first_answer(served: &Served, since: Instant, figures: &mut Figures) -> u64 {
    let mut http = Http::new(served.address, KEY);
    loop {
        let answer = http.get("/api/v1/stock?sku=A");
        if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
            return u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        }
        if since.elapsed() > RECOVERY_MAX {
            figures.violation(format!("after {RECOVERY_MAX:?} it is still {answer:?}"));
            return u64::try_from(RECOVERY_MAX.as_millis()).unwrap_or(u64::MAX);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
