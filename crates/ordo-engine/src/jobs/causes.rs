//! What events leave to be done: which orders wait from now on, and which jobs may free some.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use ordo_domain::Event;
use ordo_domain::claim::ClaimKind;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{
    BlockId, ChannelId, CommandId, FulfillmentOrderId, LocationId, OrderId, OrganizationId,
    ReservationId, RuleSetId, SkuId, derive,
};
use ordo_domain::order::{HoldKind, Order};
use ordo_domain::planning::DeferralCause;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::stock::{Movement, Reservation};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row};
use ordo_store::{LogEntry, Store, StoreError, TaskDraft, Wait, WaitFor, WaitKind};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::engine::Backend;

use super::plans::PlanBody;
use super::refusals::RefusalsBody;
use super::together::WAIT;
use super::{
    ACTOR, CHECK_REFUSALS, MAKE_PLAN, RETRY_WAITING, RetryBody, SOURCE_TOGETHER, SWEEP_WAITING,
};

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

/// Position and time of the event that says so.
type When = (i64, Timestamp);

/// What a batch of events asks about, before anything is loaded.
#[derive(Default)]
struct Asked {
    /// Orders that came to wait, and whether somebody other than a job caused it.
    waiting: BTreeMap<OrderId, bool>,
    /// SKUs of which more may be available, with the last position that says so.
    stock: BTreeMap<SkuId, When>,
    /// Codes that are known now.
    codes: BTreeMap<String, When>,
    /// Work that gave its units back.
    work: BTreeMap<FulfillmentOrderId, When>,
    /// Work that its location refused, and those locations.
    refused: BTreeSet<FulfillmentOrderId>,
    refusing: BTreeMap<LocationId, When>,
    /// Reservations that gave their units back.
    reservations: BTreeMap<ReservationId, When>,
    /// Orders that want a plan each.
    plans: BTreeMap<OrderId, When>,
    /// Orders that are sourced together, with when that is due.
    together: Vec<(OrderId, i64, Timestamp)>,
    /// When blocks end by themselves.
    ends: BTreeMap<BlockId, When>,
    /// From when rules count.
    rules: BTreeMap<RuleSetId, When>,
    /// When orders that are queued for a SKU are tried again.
    again: BTreeSet<(OrderId, When)>,
    /// Something changed that any waiting order may hang on.
    network: Option<When>,
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
                    if matches!(
                        hold.kind,
                        HoldKind::Oversold | HoldKind::Queued | HoldKind::UnmappedSku
                    ) {
                        asked.waits(*order, entry);
                    }
                    asked.again.extend(hold.auto_release_at.map(|at| {
                        let when = (entry.position, at);
                        (*order, when)
                    }));
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
                }
                | Event::WorkMoved {
                    fulfillment_order, ..
                } => {
                    asked.work.insert(*fulfillment_order, when);
                    if matches!(entry.event, Event::FulfillmentOrderRejected { .. }) {
                        asked.refused.insert(*fulfillment_order);
                    }
                }
                Event::ReservationReleased { reservation }
                | Event::ReservationExpired { reservation } => {
                    asked.reservations.insert(*reservation, when);
                }
                Event::SourcingDeferred { order, deferral } => match deferral.why {
                    DeferralCause::TooLarge => {
                        asked.plans.insert(*order, when);
                    }
                    DeferralCause::Together => {
                        let due_at = deferral.due_at.unwrap_or(entry.recorded_at);
                        asked.together.push((*order, entry.position, due_at));
                    }
                },
                Event::SkuUpdated { sku } => {
                    asked.stock.insert(sku.id, when);
                }
                Event::LocationCreated { .. }
                | Event::LocationUpdated { .. }
                | Event::PoolCreated { .. }
                | Event::PoolUpdated { .. }
                | Event::RateTableCreated { .. }
                | Event::RateTableUpdated { .. }
                | Event::SourcingSettingsUpdated { .. }
                | Event::RuleSetUpdated { .. }
                | Event::RulesRetired { .. }
                | Event::BlockLifted { .. } => {
                    asked.network = Some(when);
                }
                Event::RulesPublished { rule_set, from, .. } => {
                    asked.rules.insert(*rule_set, (entry.position, *from));
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

    fn more(&mut self, movements: &[Movement], when: When) {
        for movement in movements {
            if movement.on_hand - movement.safety > Quantity::ZERO {
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
    backend: &dyn Backend,
    organization: OrganizationId,
    entries: &[LogEntry],
) -> Result<Causes, StoreError> {
    let store: &dyn Store = backend;
    let mut asked = Asked::of(entries);
    let mut causes = Causes::default();
    let orders = load_named(store, organization, &mut asked).await?;
    let mut skus: BTreeSet<SkuId> = BTreeSet::new();
    let mut codes: BTreeSet<(ChannelId, String)> = BTreeSet::new();
    for order in &orders {
        let by_others = asked.waiting.get(&order.id).copied().unwrap_or_default();
        for sku in order.waits_for() {
            let what = (WaitKind::Stock, sku.to_u128());
            causes.waits.push(wait(what, order));
            skus.extend(by_others.then_some(sku));
        }
        for line in order.lines.iter().filter(|line| line.is_unmapped()) {
            let what = (WaitKind::Code, code_key(organization, &line.code));
            causes.waits.push(wait(what, order));
            codes.extend(by_others.then(|| (order.channel, line.code.clone())));
        }
    }
    // Stock may have come, or a code become known, between the decision to wait and now, before
    // anybody saw the order wait.
    if let Some(now) = entries.last().map(|last| (last.position, last.recorded_at)) {
        for sku in in_stock(store, organization, skus.into_iter()).await? {
            asked.stock.entry(sku).or_insert(now);
        }
        for code in known(store, organization, codes).await? {
            asked.codes.entry(code).or_insert(now);
        }
    }
    for (what, when) in asked
        .waited_for(backend, organization, &causes.waits)
        .await?
    {
        causes.tasks.push(retry(organization, what, when));
    }
    for (order, when) in &asked.plans {
        let body = serde_json::to_string(&PlanBody { order: *order }).expect("an id is JSON");
        let queue = format!("plan:{order}");
        causes
            .tasks
            .push(draft(organization, MAKE_PLAN, queue, body, *when));
    }
    let mut windows: BTreeMap<Timestamp, i64> = BTreeMap::new();
    for (order, position, due_at) in &asked.together {
        let what = WAIT;
        causes.waits.push(Wait {
            what,
            order: *order,
        });
        windows.insert(*due_at, *position);
    }
    for (due_at, position) in windows {
        causes.tasks.push(together(organization, position, due_at));
    }
    for (block, when) in &asked.ends {
        // A queue of its own: one that ends in a year keeps nobody waiting.
        let queue = format!("block:{block}");
        let body = "{}".to_owned();
        let ends = draft(organization, SWEEP_WAITING, queue, body, *when);
        causes.tasks.push(ends);
    }
    for (location, when) in &asked.refusing {
        let queue = format!("refusals:{location}");
        let location = *location;
        let body = serde_json::to_string(&RefusalsBody { location });
        let body = body.expect("an id is JSON");
        let looks = draft(organization, CHECK_REFUSALS, queue, body, *when);
        causes.tasks.push(looks);
    }
    for (rules, when) in &asked.rules {
        let queue = format!("rules:{rules}");
        let body = "{}".to_owned();
        let begin = draft(organization, SWEEP_WAITING, queue, body, *when);
        causes.tasks.push(begin);
    }
    for (id, when) in &asked.again {
        let order = orders.iter().find(|order| order.id == *id);
        // The first SKU stands for all of the order's: a review looks at every line.
        let sku = order.and_then(|order| order.waits_for().first().copied());
        if let Some(sku) = sku {
            let mut again = retry(organization, (WaitKind::Stock, sku.to_u128()), *when);
            // As above: who waits for the clock keeps nobody waiting who waits for stock.
            again.queue = format!("again:{}", again.queue);
            causes.tasks.push(again);
        }
    }
    if let Some(when) = asked.network {
        causes.tasks.push(sweep(organization, when));
    }
    Ok(causes)
}

impl Asked {
    /// What may have come, of that for which orders wait: those in the store, and those of `fresh`.
    async fn waited_for(
        &self,
        backend: &dyn Backend,
        organization: OrganizationId,
        fresh: &[Wait],
    ) -> Result<Vec<((WaitKind, u128), When)>, StoreError> {
        let stock = (self.stock.iter()).map(|(sku, when)| {
            let kind = WaitKind::Stock;
            (
                WaitFor {
                    kind,
                    key: sku.to_u128(),
                },
                *when,
            )
        });
        let codes = (self.codes.iter()).map(|(code, when)| {
            let (kind, key) = (WaitKind::Code, code_key(organization, code));
            (WaitFor { kind, key }, *when)
        });
        let came: Vec<(WaitFor, When)> = stock.chain(codes).collect();
        if came.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<WaitFor> = came.iter().map(|(what, _)| *what).collect();
        let mut waited: BTreeSet<WaitFor> = fresh.iter().map(|wait| wait.what).collect();
        waited.extend(backend.waited(organization, &asked).await?);
        let is_waited_for = |(what, _): &(WaitFor, When)| waited.contains(what);
        let found = came.into_iter().filter(is_waited_for);
        Ok(found
            .map(|(what, when)| ((what.kind, what.key), when))
            .collect())
    }
}

/// Those of the codes that name a SKU, or a listing of their channel or of all.
async fn known(
    store: &dyn Store,
    organization: OrganizationId,
    codes: BTreeSet<(ChannelId, String)>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut keys = Vec::new();
    let mut names = Vec::new();
    for (channel, code) in codes {
        let listing = |key| Key::Claim {
            kind: ClaimKind::ListingCode,
            key,
        };
        let sku = Key::Claim {
            kind: ClaimKind::SkuCode,
            key: code.clone(),
        };
        keys.extend([
            sku,
            listing(format!("{channel}:{code}")),
            listing(format!(":{code}")),
        ]);
        names.extend([code.clone(), code.clone(), code]);
    }
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = store.load(organization, &keys).await?;
    let held = |row: &Row| {
        matches!(
            row,
            Row::Claim {
                holder: Some(_),
                ..
            }
        )
    };
    let found = names.into_iter().zip(&rows).filter(|(_, row)| held(row));
    Ok(found.map(|(name, _)| name).collect())
}

fn wait((kind, key): (WaitKind, u128), order: &Order) -> Wait {
    Wait {
        what: WaitFor { kind, key },
        order: order.id,
    }
}

/// A job that looks again at the orders that wait for `what`.
pub(crate) fn retry(
    organization: OrganizationId,
    (kind, key): (WaitKind, u128),
    (position, at): When,
) -> TaskDraft {
    let body = RetryBody {
        kind: match kind {
            WaitKind::Stock => "stock",
            WaitKind::Code => "code",
            WaitKind::Plan => "plan",
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

/// A job that sources the orders of a window: one for all that a step of the log has seen, not one for
/// the window, since the job of an earlier step may be at work already and not know these orders.
fn together(organization: OrganizationId, position: i64, due_at: Timestamp) -> TaskDraft {
    let queue = format!("together:{}", due_at.as_micros());
    let body = "{}".to_owned();
    let when = (position, due_at);
    let mut task = draft(organization, SOURCE_TOGETHER, queue.clone(), body, when);
    let seed = CommandId::from_u128(code_key(organization, &queue));
    task.id = derive(seed, position.unsigned_abs(), due_at);
    task
}

/// A job that looks again at all orders that wait.
pub(crate) fn sweep(organization: OrganizationId, when: When) -> TaskDraft {
    let queue = "sweep".to_owned();
    draft(organization, SWEEP_WAITING, queue, "{}".to_owned(), when)
}

/// A task whose id is the same whoever reads the event that caused it.
fn draft(
    organization: OrganizationId,
    kind: &str,
    queue: String,
    body: String,
    (position, at): When,
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
                if asked.refused.contains(&work.id) {
                    asked.refusing.insert(work.location, when);
                }
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
