//! Goal: what a node was about to do is done by another one, and a node that comes back late changes nothing.
//! Method: three nodes over one PostgreSQL under load. The only node that is awake takes a job and
//! deliveries and is killed; the next one takes others and is frozen; the third must do it all once the
//! leases have run out. Then the frozen one goes on where it stood, and the killed one is started again.
//! At the end the ledger of the load, waiting orders, and the receiver's own ledger must agree.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ordo_store_postgres::cluster::Cluster;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::figures::Figures;
use crate::http::Http;
use crate::load::audit::audit_some;
use crate::load::client::Nodes;
use crate::load::ledger::{Entry, SET_UP};
use crate::load::{Load, mix};
use crate::part::{Asked, Part};
use crate::receiver::{Arrived, Receiver};
use crate::served::{Place, Served, check, order};

const NODES: usize = 3;
const CLIENTS: usize = 6;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(40);
/// Orders that wait for stock, for each loss.
const WAITING: i64 = 120;
/// How long a node may take to take up what is due.
const TAKE_MAX: Duration = Duration::from_secs(10);
/// How long leases last, and a little more.
const LEASE_MAX: Duration = Duration::from_secs(30);
/// How long everything else may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a node had sent so long before it was lost may not be noted yet.
const NOTED_MAX: Duration = Duration::from_secs(5);

/// Nodes that are lost while they hold leases.
pub const NODE_LOSS: Part = Part {
    name: "node-loss",
    what: "nodes that hold leases of jobs and deliveries are killed or frozen",
    unit: "losses",
    in_ci: 2,
    long: 20,
    piece: 10,
    run: survive,
};

fn survive(asked: &Asked) -> Figures {
    let mut figures = Figures::of(NODE_LOSS.name);
    let place = Place::cluster();
    let Place::Cluster(cluster) = &place else {
        unreachable!("a cluster was asked for");
    };
    let database = Database {
        cluster,
        runtime: Runtime::new().unwrap(),
    };
    let mut served: Vec<Served> = (0..NODES)
        .map(|_| Served::start(&asked.program, &place))
        .collect();
    let mut http = served[0].http();
    mix::set_up(&mut http);
    let receiver = Receiver::start(asked.seed);
    receiver.subscribe(&mut http);
    let nodes = Nodes::at(served.iter().map(|node| node.address).collect());
    let load = Load::start(&nodes, CLIENTS, PAUSE, asked.seed);
    let mut moments = Moments::default();
    for n in 0..asked.count.div_ceil(2) {
        let turn = usize::try_from(asked.seed.wrapping_add(n) % NODES as u64).unwrap();
        let [killed, frozen, left] = [turn, (turn + 1) % NODES, (turn + 2) % NODES];
        for name in [first_of(n), second_of(n)] {
            wait_for_stock(&mut served[left].http(), &name);
        }
        served[frozen].freeze();
        served[left].freeze();
        // Only one is awake: what is taken up now it holds.
        bring_stock(&mut served[killed].http(), &first_of(n));
        database.wait_for_leases(&mut figures);
        nodes.breaks();
        let address = served[killed].address;
        served[killed].end();
        moments.lost.push(Instant::now());
        served[frozen].thaw();
        bring_stock(&mut served[frozen].http(), &second_of(n));
        database.wait_for_leases(&mut figures);
        served[frozen].freeze();
        moments.lost.push(Instant::now());
        served[left].thaw();
        moments.thawed.push(Instant::now());
        figures.count("losses", 2);
        for name in [first_of(n), second_of(n)] {
            wait_until_served(&mut served[left].http(), &name, &mut figures);
        }
        served[frozen].thaw();
        moments.thawed.push(Instant::now());
        served[killed] = Served::start_at(&asked.program, &place, address);
        nodes.is_whole();
        std::thread::sleep(Duration::from_secs(2));
    }
    let was_held = figures.counted("leases held") > 0;
    figures.expect(was_held, || {
        "no node was lost while it held a job and a delivery".to_owned()
    });
    let mut ledger = load.end(&mut figures);
    let waited = waiting_orders(asked.count.div_ceil(2));
    let log = audit_beside(&served, &mut ledger, &waited, &mut figures);
    once_each(&log, &waited, &mut figures);
    receiver.audit(&log, PATIENCE * 2, &mut figures);
    let arrived = receiver.arrived();
    moments.explain(&arrived, &mut figures);
    database.all_is_done(&mut figures);
    drop(served);
    let (green, said) = check(&asked.program, &place);
    figures.expect(green, || said);
    figures
}

/// The SKU for which orders wait that a killed node serves.
fn first_of(round: u64) -> String {
    format!("K{round}")
}

/// The same of a frozen node.
fn second_of(round: u64) -> String {
    format!("F{round}")
}

/// The external ids of all orders that wait for stock.
fn waiting_orders(rounds: u64) -> Vec<String> {
    let skus = (0..rounds).flat_map(|round| [first_of(round), second_of(round)]);
    skus.flat_map(|sku| (0..WAITING).map(move |n| format!("{sku}-{n}")))
        .collect()
}

/// Orders of a SKU of which nothing is there.
fn wait_for_stock(http: &mut Http, sku: &str) {
    let policy = json!({"backorder": {"limit": WAITING}});
    let body = json!({"code": sku, "weight_g": 100, "stock_policy": policy});
    let made = http.post("/api/v1/skus", &body).unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    for n in 0..WAITING {
        let body = order(&format!("{sku}-{n}"), sku, 1);
        let made = http.post("/api/v1/orders", &body).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
    }
}

/// What they wait for.
fn bring_stock(http: &mut Http, sku: &str) {
    let body = json!({"kind": "receive", "sku": sku, "location": "L0", "quantity": WAITING,
                      "reason": SET_UP});
    let made = http.post("/api/v1/stock/movements", &body).unwrap();
    assert_eq!(made.status, 201, "{made:?}");
}

/// Waits until every order has its unit; a job that a lost node held is begun again when its lease has run
/// out.
fn wait_until_served(http: &mut Http, sku: &str, figures: &mut Figures) {
    let begun = Instant::now();
    loop {
        let answer = http.get(&format!("/api/v1/stock?sku={sku}"));
        let stock = answer.map(|answer| answer.json()).unwrap_or_default();
        let allocated = stock["items"][0]["allocated"].as_i64().unwrap_or(-1);
        if allocated == WAITING {
            let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            figures.most("taken_over_ms_max", ms);
            return;
        }
        if begun.elapsed() > LEASE_MAX + TAKE_MAX {
            figures.violation(format!(
                "{allocated} of {WAITING} orders of {sku} were served"
            ));
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The database, looked at past the nodes.
struct Database<'a> {
    cluster: &'a Cluster,
    runtime: Runtime,
}

impl Database<'_> {
    fn ask(&self, sql: &str) -> String {
        self.runtime.block_on(self.cluster.ask(sql)).unwrap()
    }

    /// Waits until a job and a delivery are held.
    fn wait_for_leases(&self, figures: &mut Figures) {
        let sql = "SELECT count(DISTINCT kind) FROM tasks
                   WHERE kind IN ('retry_waiting', 'webhook') AND state = 'waiting'
                   AND due_at > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
                   AND fence > 0 AND error IS NULL";
        let until = Instant::now() + TAKE_MAX;
        while Instant::now() < until {
            if self.ask(sql) == "2" {
                figures.count("leases held", 1);
                return;
            }
        }
        // The job may have been done between two looks; then this loss was of deliveries alone.
        figures.count("leases missed", 1);
    }

    /// Nothing is left to be delivered or done.
    fn all_is_done(&self, figures: &mut Figures) {
        let sql = "SELECT count(*) FROM tasks WHERE kind IN ('retry_waiting', 'webhook')
                   AND state <> 'done'";
        let until = Instant::now() + LEASE_MAX;
        while self.ask(sql) != "0" {
            if Instant::now() > until {
                figures.violation(format!("{} tasks are not done", self.ask(sql)));
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The audit of the load; orders that wait for stock are not of its ledger.
fn audit_beside(
    served: &[Served],
    ledger: &mut [Entry],
    waited: &[String],
    figures: &mut Figures,
) -> Vec<Value> {
    let is_of_load = |event: &Value| {
        let name = event["data"]["order"]["external_id"].as_str();
        event["type"] != "order.placed" || !waited.iter().any(|known| Some(known.as_str()) == name)
    };
    audit_some(served[0].address, ledger, is_of_load, figures)
}

/// Each waiting order was sourced once, whoever did it.
fn once_each(log: &[Value], waited: &[String], figures: &mut Figures) {
    let placed = log.iter().filter(|event| event["type"] == "order.placed");
    let names: BTreeMap<&str, &str> = placed
        .filter_map(|event| {
            let order = &event["data"]["order"];
            Some((order["external_id"].as_str()?, order["id"].as_str()?))
        })
        .collect();
    let mut opened: BTreeMap<&str, u64> = BTreeMap::new();
    for event in log {
        if event["type"] == "fulfillment_order.opened"
            && let Some(order) = event["data"]["fulfillment_order"]["order"].as_str()
        {
            *opened.entry(order).or_default() += 1;
        }
    }
    for name in waited {
        let times = names.get(name.as_str()).and_then(|id| opened.get(id));
        figures.expect(times == Some(&1), || {
            format!("work for {name} was opened {times:?} times")
        });
    }
}

/// When nodes went and came back.
#[derive(Default)]
struct Moments {
    lost: Vec<Instant>,
    thawed: Vec<Instant>,
}

impl Moments {
    /// Every repeat is explained: the answer before was lost, or the node that got it was, or the repeat is
    /// of a node that was frozen before it had sent.
    fn explain(&self, arrived: &[Arrived], figures: &mut Figures) {
        let mut before: BTreeMap<i64, &Arrived> = BTreeMap::new();
        for one in arrived {
            let Some(earlier) = before.insert(one.position, one) else {
                continue;
            };
            let lost_with_its_node = self.lost.iter().any(|lost| {
                earlier.at <= *lost + Duration::from_secs(1) && earlier.at + NOTED_MAX >= *lost
            });
            let sent_late = self
                .thawed
                .iter()
                .any(|thawed| one.at >= *thawed && one.at <= *thawed + NOTED_MAX);
            let is_explained = !earlier.answered || lost_with_its_node || sent_late;
            figures.count("explained repeats", u64::from(is_explained));
            figures.expect(is_explained, || {
                format!("{one:?} is a repeat of {earlier:?} for no reason")
            });
        }
    }
}
