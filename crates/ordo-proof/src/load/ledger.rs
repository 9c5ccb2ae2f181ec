//! What was asked of the nodes, and what they have acknowledged. Kept outside of Ordo and believed
//! before it.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

/// One thing that was asked, under one idempotency key however often it was sent.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The `Idempotency-Key`.
    pub key: String,
    /// Where it was sent.
    pub path: String,
    /// The body.
    pub body: String,
    /// The event by which it can be told in the log.
    pub mark: Mark,
    /// What it does to stock once it is done.
    pub stock: Stock,
    /// What it was answered with, where it was.
    pub answer: Option<Acknowledged>,
    /// How often it was sent.
    pub sent: u32,
}

/// An answer that says that something is done, or refused for good.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The node that said so.
    pub node: usize,
    /// When.
    pub at: Instant,
}

impl Acknowledged {
    /// Whether it was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status < 300
    }
}

impl Entry {
    /// Whether it was acknowledged as done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.answer.as_ref().is_some_and(Acknowledged::is_done)
    }

    /// Whether it is a line of an import, which was sent among others.
    #[must_use]
    pub fn is_line(&self) -> bool {
        self.path == IMPORT
    }
}

/// Where imports are sent.
pub const IMPORT: &str = "/api/v1/orders/import";

/// An event as the ledger knows it: its type, and what tells it from others of the type.
pub type Mark = (&'static str, String);

/// What something does to the counters of a SKU, over all its locations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// The SKU's code; empty where stock is not touched.
    pub sku: &'static str,
    /// Units that are there.
    pub on_hand: i64,
    /// Units promised to orders.
    pub allocated: i64,
    /// Units reserved.
    pub reserved: i64,
}

/// The types of events that nobody but a client causes, and that the ledger therefore accounts for.
const TOLD: &[&str] = &[
    "order.placed",
    "order.canceled",
    "hold.placed",
    "hold.released",
    "stock.moved",
    "reservation.made",
    "reservation.released",
    "fulfillment_order.released",
    "fulfillment_order.rejected",
    "fulfillment_order.picked",
    "fulfillment_order.packed",
    "fulfillment_order.shipped",
    "return.requested",
    "return.approved",
    "return.received",
    "refund.recorded",
];

/// Reason of the movements that are there before the load begins.
pub const SET_UP: &str = "set-up";

/// The mark of an event of the feed; `None` where the ledger does not account for it.
#[must_use]
pub fn mark_of(event: &Value) -> Option<Mark> {
    let kind = TOLD.iter().find(|kind| event["type"] == **kind)?;
    let data = &event["data"];
    let text = match *kind {
        "order.placed" => &data["order"]["external_id"],
        "hold.placed" => &data["hold"]["reason"],
        "hold.released" => &data["hold"],
        "stock.moved" => &data["movements"][0]["reason"],
        "reservation.made" => return Some((kind, String::new())),
        "reservation.released" => &data["reservation"],
        "fulfillment_order.packed" => &data["shipment"]["fulfillment_order"],
        "return.requested" => &data["requested"]["order"],
        "return.approved" => &data["approved"],
        "return.received" => &data["received"],
        "order.canceled" | "refund.recorded" => &data["order"],
        _ => &data["fulfillment_order"],
    };
    let text = text.as_str().unwrap_or("nothing that says which");
    (text != SET_UP).then(|| (*kind, text.to_owned()))
}

/// How often a mark may and must be found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Acknowledged as done.
    pub done: u64,
    /// Never answered: done or not.
    pub open: u64,
}

/// What the log must hold by the ledger.
#[must_use]
pub fn wanted(ledger: &[Entry]) -> BTreeMap<Mark, Wanted> {
    let mut marks: BTreeMap<Mark, Wanted> = BTreeMap::new();
    for entry in ledger {
        let wanted = marks.entry(entry.mark.clone()).or_default();
        match &entry.answer {
            Some(answer) if answer.is_done() => wanted.done += 1,
            Some(_) => {}
            None => wanted.open += 1,
        }
    }
    marks
}

/// The counters of every SKU by the ledger, where `units` of each were there before.
#[must_use]
pub fn counters(ledger: &[Entry], skus: &[&'static str], units: i64) -> BTreeMap<String, [i64; 3]> {
    let start = skus.iter().map(|sku| ((*sku).to_owned(), [units, 0, 0]));
    let mut counters: BTreeMap<String, [i64; 3]> = start.collect();
    for entry in ledger.iter().filter(|entry| entry.is_done()) {
        let stock = &entry.stock;
        if let Some(counter) = counters.get_mut(stock.sku) {
            counter[0] += stock.on_hand;
            counter[1] += stock.allocated;
            counter[2] += stock.reserved;
        }
    }
    counters
}
