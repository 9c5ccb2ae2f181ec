//! Holds nodes to a ledger: each acknowledged effect is in the log once, each other one at most once and,
//! sent again under its key, once; every key has one answer; counters of stock are what the ledger adds
//! up to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ledger::{Acknowledged, Entry, Mark, counters, mark_of, wanted};
use super::mix::{SKUS, UNITS_OF_SKU};
use crate::figures::Figures;
use crate::http::{Answer, Http};
use crate::served::KEY;

/// How long a node may go on saying that it cannot answer right now.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections over which the ledger is asked for again.
const CONNECTIONS: usize = 4;

/// Compares nodes and ledger; afterwards every entry has its answer. Answers the log, as the feed
/// tells it.
pub fn audit(address: SocketAddr, ledger: &mut [Entry], figures: &mut Figures) -> Vec<Value> {
    audit_some(address, ledger, |_| true, figures)
}

/// The same where only some events of the log are of the ledger's clients.
pub fn audit_some(
    address: SocketAddr,
    ledger: &mut [Entry],
    is_of_load: impl Fn(&Value) -> bool,
    figures: &mut Figures,
) -> Vec<Value> {
    let mut http = Http::new(address, KEY);
    let mut log = feed(&mut http, 0);
    let of_load = |log: &[Value]| -> Vec<Value> {
        let found = log.iter().filter(|event| is_of_load(event));
        found.cloned().collect()
    };
    let lost = compare(&of_load(&log), ledger, figures);
    figures.count("lost", lost);
    ask_again(address, ledger, figures);
    let last = log.last().and_then(|event| event["position"].as_i64());
    log.extend(feed(&mut http, last.unwrap_or(0)));
    compare(&of_load(&log), ledger, figures);
    compare_stock(&mut http, ledger, figures);
    log
}

/// Every event after a position.
fn feed(http: &mut Http, after: i64) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let mut path = format!("/api/v1/events?limit=200&after={after}");
    loop {
        let answer = patiently(|| http.get(&path)).json();
        let items = answer["items"].as_array().unwrap();
        if items.is_empty() {
            return events;
        }
        events.extend(items.iter().cloned());
        let cursor = answer["next_cursor"].as_str().unwrap();
        path = format!("/api/v1/events?limit=200&cursor={cursor}");
    }
}

/// An answer that is not "not now".
fn patiently(mut ask: impl FnMut() -> std::io::Result<Answer>) -> Answer {
    let until = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) if !matches!(answer.status, 429 | 503) => return answer,
            other => assert!(Instant::now() < until, "for a minute: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Compares what the log holds with what it must and may hold by the ledger; answers how much of what was
/// acknowledged is not there.
pub fn compare(log: &[Value], ledger: &[Entry], figures: &mut Figures) -> u64 {
    let mut found: BTreeMap<Mark, u64> = BTreeMap::new();
    for mark in log.iter().filter_map(mark_of) {
        *found.entry(mark).or_default() += 1;
    }
    let wanted = wanted(ledger);
    let mut lost = 0;
    for (mark, wanted) in &wanted {
        let times = found.remove(mark).unwrap_or(0);
        lost += wanted.done.saturating_sub(times);
        figures.expect(times >= wanted.done, || {
            format!(
                "{mark:?} was acknowledged {} times and is there {times} times",
                wanted.done
            )
        });
        figures.expect(times <= wanted.done + wanted.open, || {
            format!("{mark:?} is there {times} times and was asked for {wanted:?}")
        });
    }
    for (mark, times) in found {
        figures.violation(format!(
            "nobody asked for {mark:?}, which is there {times} times"
        ));
    }
    lost
}

/// Sends every entry once more under its key: what was answered is answered the same, what was not is
/// answered now.
fn ask_again(address: SocketAddr, ledger: &mut [Entry], figures: &mut Figures) {
    let size = ledger.len().div_ceil(CONNECTIONS).max(1);
    let found: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = (ledger.chunks_mut(size))
            .map(|part| scope.spawn(move || ask_part_again(address, part)))
            .collect();
        let found = parts.into_iter().map(|part| part.join().unwrap());
        found.flatten().collect()
    });
    for violation in found {
        figures.violation(violation);
    }
}

fn ask_part_again(address: SocketAddr, entries: &mut [Entry]) -> Vec<String> {
    let mut http = Http::new(address, KEY);
    let mut found = Vec::new();
    for entry in entries {
        let answer = again(&mut http, entry);
        match &entry.answer {
            Some(before) if (before.status, &before.body) == (answer.status, &answer.body) => {}
            Some(before) => found.push(format!(
                "{} under {} was answered {} {} and is answered {} {}",
                entry.path, entry.key, before.status, before.body, answer.status, answer.body
            )),
            None if answer.status < 300 => {}
            None => found.push(format!(
                "{} under {} was not answered, and is refused now: {answer:?}",
                entry.path, entry.key
            )),
        }
        entry.answer.get_or_insert(Acknowledged {
            status: answer.status,
            body: answer.body,
            node: 0,
            at: Instant::now(),
        });
    }
    found
}

/// Lines of an import are single orders now: they are known by channel and external id.
fn again(http: &mut Http, entry: &Entry) -> Answer {
    if !entry.is_line() {
        let key = Some(entry.key.as_str());
        return patiently(|| http.send("POST", &entry.path, &entry.body, key));
    }
    let answer = patiently(|| http.send("POST", "/api/v1/orders", &entry.body, None));
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    match (answer.status, answer.header("ordo-outcome")) {
        (200, Some("unchanged")) => Answer { body: id, ..answer },
        // One that was acknowledged must not be new.
        (201, _) if entry.answer.is_none() => Answer { body: id, ..answer },
        _ => answer,
    }
}

fn compare_stock(http: &mut Http, ledger: &[Entry], figures: &mut Figures) {
    let wanted = counters(ledger, &SKUS, UNITS_OF_SKU);
    for (sku, wanted) in wanted {
        let stock = patiently(|| http.get(&format!("/api/v1/stock?sku={sku}"))).json();
        let mut found = [0_i64; 3];
        for cell in stock["items"].as_array().unwrap() {
            for (sum, name) in found.iter_mut().zip(["on_hand", "allocated", "reserved"]) {
                *sum += cell[name].as_i64().unwrap();
            }
        }
        figures.expect(found == wanted, || {
            format!("{sku} has {found:?} on hand, allocated and reserved; by the ledger {wanted:?}")
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::load::ledger::Stock;

    fn entry(reason: &str, status: Option<u16>) -> Entry {
        Entry {
            key: reason.to_owned(),
            path: "/api/v1/stock/movements".to_owned(),
            body: String::new(),
            mark: ("stock.moved", reason.to_owned()),
            stock: Stock::default(),
            answer: status.map(|status| Acknowledged {
                status,
                body: String::new(),
                node: 0,
                at: Instant::now(),
            }),
            sent: 1,
        }
    }

    fn moved(reason: &str) -> Value {
        json!({"type": "stock.moved", "data": {"movements": [{"reason": reason}]}})
    }

    /// Log, ledger, and whether they agree.
    #[test]
    fn what_log_and_ledger_do_not_share_is_told() {
        let acknowledged = || entry("a", Some(201));
        let refused = || entry("a", Some(409));
        let unanswered = || entry("a", None);
        for (log, ledger, agrees) in [
            (vec![moved("a")], vec![acknowledged()], true),
            (vec![], vec![acknowledged()], false),
            (vec![moved("a"), moved("a")], vec![acknowledged()], false),
            (vec![], vec![unanswered()], true),
            (vec![moved("a")], vec![unanswered()], true),
            (vec![moved("a"), moved("a")], vec![unanswered()], false),
            (vec![], vec![refused()], true),
            (vec![moved("a")], vec![refused()], false),
            (vec![moved("b")], vec![], false),
        ] {
            let mut figures = Figures::of("test");
            compare(&log, &ledger, &mut figures);
            assert_eq!(figures.violations() == 0, agrees, "{log:?} {ledger:?}");
        }
    }
}
