//! One client of the load: sends, sends again under the same key, and notes what was acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ledger::{Acknowledged, Entry, IMPORT, Mark, Stock};
use crate::http::{Answer, Http};
use crate::random::Random;
use crate::served::KEY;

/// Before something is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// Longer than a node may take to answer anything.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Odd things that are told per client.
const ODD_MAX: usize = 10;

/// The nodes that serve, as clients see them.
#[derive(Debug)]
pub struct Nodes {
    /// Where they listen.
    pub addresses: Vec<SocketAddr>,
    /// Whether connections may break now: a node is being killed.
    pub may_break: AtomicBool,
    /// Counts starts of nodes; connections from before lead nowhere.
    pub starts: AtomicU64,
    /// Whether the load is to end.
    pub stop: AtomicBool,
    /// When each node last acknowledged something.
    acknowledged: Mutex<Vec<Option<Instant>>>,
}

impl Nodes {
    /// Nodes that are up.
    #[must_use]
    pub fn at(addresses: Vec<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            acknowledged: Mutex::new(vec![None; addresses.len()]),
            addresses,
            may_break: AtomicBool::new(false),
            starts: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        })
    }

    /// From here on connections may break.
    pub fn breaks(&self) {
        self.may_break.store(true, SeqCst);
    }

    fn acknowledges(&self, node: usize) {
        let mut last = (self.acknowledged.lock()).unwrap_or_else(PoisonError::into_inner);
        last[node] = Some(Instant::now());
    }

    /// Whether every node has acknowledged something since.
    #[must_use]
    pub fn all_acknowledged_since(&self, since: Instant) -> bool {
        let last = (self.acknowledged.lock()).unwrap_or_else(PoisonError::into_inner);
        last.iter()
            .all(|last| last.is_some_and(|last| last >= since))
    }

    /// Whether any node has.
    #[must_use]
    pub fn any_acknowledged_since(&self, since: Instant) -> bool {
        let last = (self.acknowledged.lock()).unwrap_or_else(PoisonError::into_inner);
        last.iter().flatten().any(|last| *last >= since)
    }

    /// The nodes that were killed are up again.
    pub fn is_whole(&self) {
        self.starts.fetch_add(1, SeqCst);
        self.may_break.store(false, SeqCst);
    }
}

/// What a client has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// What it asked for.
    pub entries: Vec<Entry>,
    /// Requests whose connection broke.
    pub broken: u64,
    /// Requests answered with 503.
    pub unavailable: u64,
    /// The longest that an answer was waited for, in milliseconds.
    pub longest_ms: u64,
    /// What must never be answered.
    pub odd: Vec<String>,
}

/// One client.
pub struct Client {
    nodes: Arc<Nodes>,
    name: String,
    home: usize,
    connections: Vec<Http>,
    starts: u64,
    /// Chooses what to do.
    pub random: Random,
    /// What it has seen so far.
    pub seen: Seen,
    asked: u64,
}

impl Client {
    /// A client with a name that no other has, at home on one of the nodes.
    #[must_use]
    pub fn new(nodes: Arc<Nodes>, name: String, home: usize, random: Random) -> Self {
        let connections = (nodes.addresses.iter())
            .map(|address| Http::new(*address, KEY).patient(ANSWER_MAX))
            .collect();
        let starts = nodes.starts.load(SeqCst);
        Self {
            home: home % nodes.addresses.len(),
            nodes,
            name,
            connections,
            starts,
            random,
            seen: Seen::default(),
            asked: 0,
        }
    }

    /// Whether the load is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.nodes.stop.load(SeqCst)
    }

    /// A name for the next thing to ask for; it is also its idempotency key.
    pub fn next_name(&mut self) -> String {
        self.asked += 1;
        format!("{}-{}", self.name, self.asked)
    }

    /// Posts under the key `name` until there is an answer. `None` where the client has lost patience
    /// after a try that nobody answered: the effect is then unknown, and the ledger says so.
    pub fn ask(
        &mut self,
        name: &str,
        path: &str,
        body: &Value,
        mark: Mark,
        stock: Stock,
    ) -> Option<Value> {
        let mut entry = Entry {
            key: name.to_owned(),
            path: path.to_owned(),
            body: body.to_string(),
            mark,
            stock,
            answer: None,
            sent: 0,
        };
        let mut node = self.home;
        loop {
            entry.sent += 1;
            let sent = self.send(node, &entry);
            if let Some(answer) = sent {
                let acknowledged = Acknowledged {
                    status: answer.status,
                    body: answer.body,
                    node,
                    at: Instant::now(),
                };
                let value = (acknowledged.is_done())
                    .then(|| serde_json::from_str(&acknowledged.body).unwrap_or(Value::Null));
                if value.is_some() {
                    self.nodes.acknowledges(node);
                } else {
                    self.odd(format!("{path} was refused: {acknowledged:?}"));
                }
                entry.answer = Some(acknowledged);
                self.seen.entries.push(entry);
                return value;
            }
            // Some never ask again; what has become of that is looked at in the end.
            if self.is_stopped() || self.random.chance(5) {
                self.seen.entries.push(entry);
                return None;
            }
            if self.random.chance(50) {
                node = (node + 1) % self.connections.len();
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Sends orders as one import, each as `(external id, body, stock)`; answers nothing, since lines
    /// that were not answered are looked at in the end.
    pub fn import(&mut self, orders: &[(String, Value, Stock)]) {
        let lines: String = (orders.iter())
            .map(|(_, order, _)| format!("{order}\n"))
            .collect();
        let name = self.next_name();
        self.renew();
        let node = self.home;
        let (answers, is_whole) = self.connections[node].post_lines(IMPORT, &lines, &name);
        if !is_whole {
            self.broke(node, "an import");
        }
        for (n, (external_id, order, stock)) in orders.iter().enumerate() {
            // A line that the store could not take in was not acknowledged.
            let answer = answers.get(n).filter(|line| !line["order_id"].is_null());
            self.seen.entries.push(Entry {
                key: name.clone(),
                path: IMPORT.to_owned(),
                body: order.to_string(),
                mark: ("order.placed", external_id.clone()),
                stock: stock.clone(),
                answer: answer.map(|line| Acknowledged {
                    status: 200,
                    body: line["order_id"].as_str().unwrap_or_default().to_owned(),
                    node,
                    at: Instant::now(),
                }),
                sent: 1,
            });
        }
    }

    /// One try: an answer that is meant, or `None` where nothing is known.
    fn send(&mut self, node: usize, entry: &Entry) -> Option<Answer> {
        self.renew();
        let Entry {
            key, path, body, ..
        } = entry;
        let begun = Instant::now();
        let sent = self.connections[node].send("POST", path, body, Some(key));
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.seen.longest_ms = self.seen.longest_ms.max(took);
        let Ok(answer) = sent else {
            self.broke(node, path);
            return None;
        };
        match answer.status {
            200..500 if answer.status != 429 => Some(answer),
            429 => None,
            503 => {
                self.seen.unavailable += 1;
                let code = answer.json()["code"].clone();
                if code != "unavailable" && code != "busy" {
                    self.odd(format!("503 with the code {code}"));
                }
                None
            }
            _ => {
                self.odd(format!("{path} was answered with {answer:?}"));
                None
            }
        }
    }

    /// Lets connections to nodes go that have been started again since.
    fn renew(&mut self) {
        let starts = self.nodes.starts.load(SeqCst);
        if starts != self.starts {
            self.starts = starts;
            self.connections.iter_mut().for_each(Http::close);
        }
    }

    /// A connection broke, which only the end of a node excuses.
    fn broke(&mut self, node: usize, what: &str) {
        self.seen.broken += 1;
        let is_excused =
            self.nodes.may_break.load(SeqCst) || self.nodes.starts.load(SeqCst) != self.starts;
        if !is_excused {
            self.odd(format!(
                "node {node} did not answer {what} and was not killed"
            ));
        }
    }

    fn odd(&mut self, what: String) {
        if self.seen.odd.len() < ODD_MAX {
            self.seen.odd.push(what);
        }
    }
}
