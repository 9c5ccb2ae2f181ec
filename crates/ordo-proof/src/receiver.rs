//! A receiver of webhooks with a ledger of its own: what arrived, under which id, in which order.
//!
//! Now and then it notes a delivery and closes the connection instead of answering, so that a repeat
//! must follow.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figures::Figures;
use crate::http::Http;
use crate::random::Random;

/// What the receiver asks to be told of.
const WANTED: [&str; 3] = ["order.", "fulfillment_order.", "return."];
/// Answers out of a hundred that are lost.
const LOST_PERCENT: u64 = 1;
/// How long a receiver thinks before it answers, so that deliveries are under way at any time.
const THINKS: Duration = Duration::from_millis(30);
/// How long a connection may stay idle.
const IDLE_MAX: Duration = Duration::from_secs(120);

/// One delivery as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// `webhook-id`.
    pub id: String,
    /// The event's place in the log.
    pub position: i64,
    /// What it is about.
    pub subject: String,
    /// Whether the sender has seen an answer, as far as the receiver can tell.
    pub answered: bool,
    /// When.
    pub at: Instant,
}

/// A receiver on the loopback; ends when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens.
    #[must_use]
    pub fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let random = Arc::new(Mutex::new(Random::new(seed, 77)));
        let (ledger, stopped) = (Arc::clone(&arrived), Arc::clone(&stop));
        let acceptor = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(SeqCst) {
                    return;
                }
                let (ledger, random) = (Arc::clone(&ledger), Arc::clone(&random));
                // Ends with its connection.
                std::thread::spawn(move || serve(&stream, &ledger, &random));
            }
        });
        Self {
            address,
            arrived,
            stop,
            acceptor: Some(acceptor),
        }
    }

    /// Has a node tell the receiver of events from now on.
    pub fn subscribe(&self, http: &mut Http) {
        let events: Vec<String> = WANTED.iter().map(|prefix| format!("{prefix}*")).collect();
        let body = json!({"url": format!("http://{}/hook", self.address), "events": events});
        let answer = http.post("/api/v1/webhooks", &body).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// What has arrived so far.
    #[must_use]
    pub fn arrived(&self) -> Vec<Arrived> {
        lock(&self.arrived).clone()
    }

    /// Waits until every wanted event of the log has arrived, at most `limit`, and holds what arrived to
    /// the log: one id for each event, and first arrivals in order per subject.
    pub fn audit(&self, log: &[Value], limit: Duration, figures: &mut Figures) {
        let wanted: BTreeMap<i64, &Value> = (log.iter())
            .filter(|event| {
                let kind = event["type"].as_str().unwrap_or_default();
                WANTED.iter().any(|prefix| kind.starts_with(prefix))
            })
            .map(|event| (event["position"].as_i64().unwrap(), event))
            .collect();
        let until = Instant::now() + limit;
        let mut arrived = self.arrived();
        let missing = |arrived: &[Arrived]| {
            let there: BTreeSet<i64> = arrived.iter().map(|one| one.position).collect();
            wanted.keys().filter(|at| !there.contains(at)).count()
        };
        while missing(&arrived) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(100));
            arrived = self.arrived();
        }
        figures.count("deliveries", arrived.len() as u64);
        figures.expect(missing(&arrived) == 0, || {
            let count = missing(&arrived);
            format!("{count} of {} wanted events never arrived", wanted.len())
        });
        let repeats = judge(&wanted, &arrived, figures);
        figures.count("repeated deliveries", repeats);
    }
}

/// Looks at arrivals one after another; answers how many were repeats.
fn judge(wanted: &BTreeMap<i64, &Value>, arrived: &[Arrived], figures: &mut Figures) -> u64 {
    let mut first: BTreeMap<i64, &str> = BTreeMap::new();
    let mut last_of: BTreeMap<&str, i64> = BTreeMap::new();
    let mut repeats = 0;
    for one in arrived {
        let id = wanted.get(&one.position).map(|event| &event["id"]);
        figures.expect(id.is_some_and(|id| id == one.id.as_str()), || {
            format!("{one:?} arrived; in the log its id is {id:?}")
        });
        if first.insert(one.position, &one.id).is_some() {
            repeats += 1;
            continue;
        }
        let last = last_of.entry(&one.subject).or_default();
        figures.expect(*last < one.position, || {
            format!("{one:?} arrived after position {last}")
        });
        *last = one.position.max(*last);
    }
    repeats
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        // Wakes the acceptor up.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes deliveries over one connection until it ends.
fn serve(stream: &TcpStream, ledger: &Mutex<Vec<Arrived>>, random: &Mutex<Random>) {
    let _ = stream.set_read_timeout(Some(IDLE_MAX));
    let mut reader = BufReader::new(stream);
    while let Some((id, body)) = request(&mut reader) {
        let event: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let loses = lock(random).chance(LOST_PERCENT);
        let mut arrived = Arrived {
            id,
            position: event["position"].as_i64().unwrap_or_default(),
            subject: event["subject"].as_str().unwrap_or_default().to_owned(),
            answered: !loses,
            at: Instant::now(),
        };
        if loses {
            lock(ledger).push(arrived);
            return;
        }
        // Noted before it is answered: what the sender holds for done must be in the ledger.
        let place = {
            let mut ledger = lock(ledger);
            ledger.push(arrived.clone());
            ledger.len() - 1
        };
        std::thread::sleep(THINKS);
        let mut stream = stream;
        if stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .is_err()
        {
            arrived.answered = false;
            lock(ledger)[place] = arrived;
            return;
        }
    }
}

/// A request's `webhook-id` and body; `None` at the end.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut id, mut length) = (String::new(), 0);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => value.trim().clone_into(&mut id),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((id, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arrivals as (position, id, subject), whether they are as they must be, and repeats.
    #[test]
    fn another_id_another_order_and_what_nobody_wanted_are_told() {
        let events: Vec<Value> = (1..=3).map(|n| json!({"id": format!("e{n}")})).collect();
        let wanted: BTreeMap<i64, &Value> = (1..).zip(&events).collect();
        for (arrivals, agrees, repeats) in [
            (
                vec![(1, "e1", "s"), (2, "e2", "s"), (3, "e3", "t")],
                true,
                0,
            ),
            (
                vec![(3, "e3", "t"), (1, "e1", "s"), (2, "e2", "s")],
                true,
                0,
            ),
            (
                vec![(1, "e1", "s"), (2, "e2", "s"), (1, "e1", "s")],
                true,
                1,
            ),
            (vec![(2, "e2", "s"), (1, "e1", "s")], false, 0),
            (vec![(1, "e2", "s")], false, 0),
            (vec![(9, "e9", "s")], false, 0),
        ] {
            let arrived: Vec<Arrived> = (arrivals.iter())
                .map(|(position, id, subject)| Arrived {
                    id: (*id).to_owned(),
                    position: *position,
                    subject: (*subject).to_owned(),
                    answered: true,
                    at: Instant::now(),
                })
                .collect();
            let mut figures = Figures::of("test");
            let found = judge(&wanted, &arrived, &mut figures);
            assert_eq!(
                (figures.violations() == 0, found),
                (agrees, repeats),
                "{arrivals:?}"
            );
        }
    }
}
