//! What events leave to be done: which orders wait from now on, and which jobs may free some.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use ordo_domain::Event;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{
    BlockId, CommandId, FulfillmentOrderId, OrderId, OrganizationId, ReservationId, SkuId, derive,
};
use ordo_domain::order::{HoldKind, Order};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::stock::{Movement, Reservation};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row};
use ordo_store::{LogEntry, Store, StoreError, TaskDraft, Wait, WaitFor, WaitKind};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::{ACTOR, RETRY_WAITING, RetryBody, SWEEP_WAITING};

/// What a step of the log leaves to be done.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    pub(crate) waits: Vec<Wait>,
    pub(crate) tasks: Vec<TaskDraft>,
}

/// The key under which orders wait for a code to be known.
pub(crate) fn code_key(organization: OrganizationId, code: &str) -> u128 {
    let mut hasher = SipHasher24::new_with_key(&organization.to_u128().to_be_bytes());
    hasher.write(code.as_bytes());
    hasher.finish128().as_u128()
}

/// What a batch of events asks about, before anything is loaded.
#[derive(Default)]
struct Asked {
    /// Orders that came to wait, and whether somebody other than a job caused it.
    waiting: BTreeMap<OrderId, bool>,
    /// SKUs of which more may be available, with the last position that says so.
    stock: BTreeMap<SkuId, (i64, Timestamp)>,
    /// Codes that are known now.
    codes: BTreeMap<String, (i64, Timestamp)>,
    /// Work that gave its units back.
    work: BTreeMap<FulfillmentOrderId, (i64, Timestamp)>,
    /// Reservations that gave their units back.
    reservations: BTreeMap<ReservationId, (i64, Timestamp)>,
    /// When blocks end by themselves.
    ends: BTreeMap<BlockId, (i64, Timestamp)>,
    /// Something changed that any waiting order may hang on.
    network: Option<(i64, Timestamp)>,
}

impl Asked {
    fn of(entries: &[LogEntry]) -> Self {
        let mut asked = Self::default();
        for entry in entries {
            let when = (entry.position, entry.recorded_at);
            match &entry.event {
                Event::StockMoved { movements } | Event::ReturnReceived { movements, .. } => {
                    asked.more(movements, when);
                }
                Event::LinesBackordered { order, .. } => asked.waits(*order, entry),
                Event::HoldPlaced { order, hold } => {
                    if matches!(hold.kind, HoldKind::Oversold | HoldKind::UnmappedSku) {
                        asked.waits(*order, entry);
                    }
                }
                Event::SkuCreated { sku } => {
                    asked.codes.insert(sku.code.clone(), when);
                }
                Event::ListingCreated { listing } | Event::ListingUpdated { listing } => {
                    asked.codes.insert(listing.code.clone(), when);
                }
                Event::FulfillmentOrderCanceled {
                    fulfillment_order, ..
                }
                | Event::FulfillmentOrderRejected {
                    fulfillment_order, ..
                } => {
                    asked.work.insert(*fulfillment_order, when);
                }
                Event::ReservationReleased { reservation }
                | Event::ReservationExpired { reservation } => {
                    asked.reservations.insert(*reservation, when);
                }
                Event::SkuUpdated { sku } => {
                    asked.stock.insert(sku.id, when);
                }
                Event::LocationCreated { .. }
                | Event::LocationUpdated { .. }
                | Event::PoolCreated { .. }
                | Event::PoolUpdated { .. }
                | Event::BlockLifted { .. } => {
                    asked.network = Some(when);
                }
                Event::BlockPlaced { block } => {
                    asked.ends.extend(block.until.map(|until| {
                        let when = (entry.position, until);
                        (block.id, when)
                    }));
                }
                _ => {}
            }
        }
        asked
    }

    fn more(&mut self, movements: &[Movement], when: (i64, Timestamp)) {
        for movement in movements {
            if movement.on_hand > Quantity::ZERO {
                self.stock.insert(movement.cell.sku, when);
            }
        }
    }

    fn waits(&mut self, order: OrderId, entry: &LogEntry) {
        let by_others = self.waiting.entry(order).or_default();
        *by_others |= entry.actor != ACTOR;
    }
}

/// What `entries` leave to be done. Loads what they only name, in one call.
pub(crate) async fn of_entries(
    store: &dyn Store,
    organization: OrganizationId,
    entries: &[LogEntry],
) -> Result<Causes, StoreError> {
    let mut asked = Asked::of(entries);
    let mut causes = Causes::default();
    let orders = load_named(store, organization, &mut asked).await?;
    let mut fresh: BTreeMap<SkuId, (i64, Timestamp)> = BTreeMap::new();
    let last = entries
        .last()
        .map(|entry| (entry.position, entry.recorded_at));
    for order in &orders {
        let by_others = asked.waiting.get(&order.id).copied().unwrap_or_default();
        for sku in order.waits_for() {
            causes
                .waits
                .push(wait(WaitKind::Stock, sku.to_u128(), order));
            if let Some(when) = last.filter(|_| by_others) {
                fresh.insert(sku, when);
            }
        }
        for line in order.lines.iter().filter(|line| line.is_unmapped()) {
            let key = code_key(organization, &line.code);
            causes.waits.push(wait(WaitKind::Code, key, order));
        }
    }
    // Stock may have come between the decision to wait and now, before anybody saw the order wait.
    fresh.retain(|sku, _| !asked.stock.contains_key(sku));
    for sku in in_stock(store, organization, fresh.keys().copied()).await? {
        asked.stock.insert(sku, fresh[&sku]);
    }
    for (sku, when) in &asked.stock {
        let what = (WaitKind::Stock, sku.to_u128());
        causes.tasks.push(retry(organization, what, *when));
    }
    for (code, when) in &asked.codes {
        let what = (WaitKind::Code, code_key(organization, code));
        causes.tasks.push(retry(organization, what, *when));
    }
    for (block, when) in &asked.ends {
        // A queue of its own: one that ends in a year keeps nobody waiting.
        let queue = format!("block:{block}");
        let body = "{}".to_owned();
        let ends = draft(organization, SWEEP_WAITING, queue, body, *when);
        causes.tasks.push(ends);
    }
    if let Some(when) = asked.network {
        causes.tasks.push(sweep(organization, when));
    }
    Ok(causes)
}

fn wait(kind: WaitKind, key: u128, order: &Order) -> Wait {
    Wait {
        what: WaitFor { kind, key },
        order: order.id,
    }
}

/// A job that looks again at the orders that wait for `what`.
pub(crate) fn retry(
    organization: OrganizationId,
    (kind, key): (WaitKind, u128),
    (position, at): (i64, Timestamp),
) -> TaskDraft {
    let body = RetryBody {
        kind: match kind {
            WaitKind::Stock => "stock",
            WaitKind::Code => "code",
        }
        .to_owned(),
        key: format!("{key:032x}"),
        after: 0,
    };
    draft(
        organization,
        RETRY_WAITING,
        format!("{}:{}", body.kind, body.key),
        serde_json::to_string(&body).expect("names and numbers are JSON"),
        (position, at),
    )
}

/// A job that looks again at all orders that wait.
pub(crate) fn sweep(organization: OrganizationId, when: (i64, Timestamp)) -> TaskDraft {
    let queue = "sweep".to_owned();
    draft(organization, SWEEP_WAITING, queue, "{}".to_owned(), when)
}

/// A task whose id is the same whoever reads the event that caused it.
fn draft(
    organization: OrganizationId,
    kind: &str,
    queue: String,
    body: String,
    (position, at): (i64, Timestamp),
) -> TaskDraft {
    let cause = format!("{position}/{kind}/{queue}");
    let id = derive(CommandId::from_u128(code_key(organization, &cause)), 0, at);
    TaskDraft {
        id,
        kind: kind.to_owned(),
        queue,
        position,
        due_at: at,
        body,
    }
}

/// Loads the orders that came to wait, and turns work and reservations that were given back into
/// their SKUs.
async fn load_named(
    store: &dyn Store,
    organization: OrganizationId,
    asked: &mut Asked,
) -> Result<Vec<Order>, StoreError> {
    let key = |kind, id| Key::Record { kind, id };
    let keys: Vec<Key> = (asked.waiting.keys())
        .map(|id| key(RecordKind::Order, id.to_u128()))
        .chain((asked.work.keys()).map(|id| key(RecordKind::FulfillmentOrder, id.to_u128())))
        .chain((asked.reservations.keys()).map(|id| key(RecordKind::Reservation, id.to_u128())))
        .collect();
    let mut orders = Vec::new();
    if keys.is_empty() {
        return Ok(orders);
    }
    for row in store.load(organization, &keys).await? {
        let Row::Record {
            kind,
            found: Some(record),
            ..
        } = row
        else {
            continue;
        };
        match kind {
            RecordKind::Order => orders.push(parse::<Order>(&record.body)?),
            RecordKind::FulfillmentOrder => {
                let work: FulfillmentOrder = parse(&record.body)?;
                let when = asked.work[&work.id];
                for line in work.lines.iter().filter(|line| line.from_stock) {
                    asked.stock.insert(line.sku, when);
                }
            }
            RecordKind::Reservation => {
                let reservation: Reservation = parse(&record.body)?;
                let when = asked.reservations[&reservation.id];
                for units in &reservation.units {
                    asked.stock.insert(units.cell.sku, when);
                }
            }
            _ => {}
        }
    }
    Ok(orders)
}

pub(crate) fn parse<R: Record>(body: &str) -> Result<R, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Those of the SKUs of which some location has something to give.
pub(crate) async fn in_stock(
    store: &dyn Store,
    organization: OrganizationId,
    skus: impl Iterator<Item = SkuId>,
) -> Result<BTreeSet<SkuId>, StoreError> {
    let keys: Vec<Key> = skus.map(Key::Cells).collect();
    let mut found = BTreeSet::new();
    if keys.is_empty() {
        return Ok(found);
    }
    for row in store.load(organization, &keys).await? {
        if let Row::Cells { sku, cells } = row {
            let some =
                |(_, cell): &(_, ordo_domain::stock::Cell)| cell.available() > Quantity::ZERO;
            if cells.iter().any(some) {
                found.insert(sku);
            }
        }
    }
    Ok(found)
}
