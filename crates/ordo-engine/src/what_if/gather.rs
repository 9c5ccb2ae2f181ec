//! Reads what a what-if is about: the orders of the period in the order in which they were placed, and
//! what there is of the SKUs that they ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordo_domain::catalog::Sku;
use ordo_domain::fulfillment::{FulfillmentOrder, FulfillmentState};
use ordo_domain::id::{FulfillmentOrderId, OrderId, OrganizationId, SkuId};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::what_if::{LeftOut, PastOrder, Selection, Stocked, Supply};
use ordo_domain::world::{Key, Row, StoredRecord};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use super::{Found, WhatIf};
use crate::engine::Backend;

/// Rows of the list of orders that are read at once.
const ROWS: usize = 2_000;
/// Records that are read at once.
const RECORDS: usize = 500;
/// Orders placed after the period whose units are put back; of more, the newest.
const LATER_MAX: usize = 50_000;
/// By so much the clock of a channel may be ahead of ours.
const AHEAD_US: i64 = DAY;

/// An order's place in the period, and its number and id.
type Placed = (Timestamp, i64, OrderId);

/// Everything that the question is about.
pub(super) async fn gather(
    backend: &dyn Backend,
    organization: OrganizationId,
    reference: &Reference,
    asked: &WhatIf,
) -> Result<Found, StoreError> {
    let puts_back = asked.puts_back();
    let Period { placed, later } =
        placed(backend, organization, &asked.selection, puts_back).await?;
    let mut taken = BTreeMap::new();
    let mut left_out: BTreeMap<LeftOut, i64> = BTreeMap::new();
    let mut orders = Vec::with_capacity(placed.len());
    for piece in placed.chunks(RECORDS) {
        let bodies = load_orders(backend, organization, piece).await?;
        let read = read_all(bodies, asked).await?;
        let work = match asked.baseline.as_happened || puts_back {
            true => load_work(backend, organization, &read).await?,
            false => BTreeMap::new(),
        };
        add_taken(&mut taken, work.values());
        for (number, order) in read {
            let work: Vec<FulfillmentOrder> = (order.fulfillment_orders.iter())
                .filter_map(|id| work.get(id).cloned())
                .collect();
            match PastOrder::of(order, number, &work, &asked.selection, reference) {
                Ok(past) if asked.baseline.as_happened && !past.all_left() => {
                    *left_out.entry(LeftOut::NotShipped).or_default() += 1;
                }
                Ok(past) => orders.push(past),
                Err(reason) => *left_out.entry(reason).or_default() += 1,
            }
        }
    }
    for piece in later.chunks(RECORDS) {
        let bodies = load_orders(backend, organization, piece).await?;
        let read = read_all(bodies, asked).await?;
        let work = load_work(backend, organization, &read).await?;
        add_taken(&mut taken, work.values());
    }
    let stocked = stocked(backend, organization, &orders).await?;
    let mut supply = Supply::new(stocked.clone(), &orders).with_taken(taken.clone());
    if !asked.selection.with_unknown {
        let before = orders.len();
        orders.retain(|past| supply.knows_weights(past));
        let unknown = (before - orders.len()) as i64;
        if unknown > 0 {
            *left_out.entry(LeftOut::Unknown).or_default() += unknown;
            supply = Supply::new(stocked, &orders).with_taken(taken);
        }
    }
    Ok(Found {
        orders,
        supply,
        left_out,
    })
}

/// What the list of orders tells of a period.
struct Period {
    /// The last of its orders.
    placed: Vec<Placed>,
    /// Orders that were placed after it.
    later: Vec<Placed>,
}

/// The last of the period's orders, in the order in which they were placed. The list of orders is in
/// the order in which they came in, which is no earlier than they were placed, so that it is read
/// backwards only as far as the period begins.
async fn placed(
    backend: &dyn Backend,
    organization: OrganizationId,
    selection: &Selection,
    wants_later: bool,
) -> Result<Period, StoreError> {
    let filter = OrderFilter::default();
    let begins_ms = selection
        .from
        .map_or(0, |from| (from.as_micros() - AHEAD_US) / 1_000);
    let (mut placed, mut later) = (Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let page = backend
            .list_orders(organization, &filter, OrderSort::Newest, after, ROWS)
            .await?;
        let mut is_before = false;
        for row in &page.items {
            let at = Timestamp::from_micros(row.placed_at);
            if selection.holds(at) {
                placed.push((at, row.number, row.id));
            } else if wants_later
                && selection.until.is_some_and(|until| until <= at)
                && later.len() < LATER_MAX
            {
                later.push((at, row.number, row.id));
            }
            is_before = ((row.id.to_u128() >> 80) as i64) < begins_ms;
        }
        // Twice as many as are asked for are sorted, and those that are too early dropped.
        if placed.len() > 2 * selection.most.max(ROWS) {
            keep_last(&mut placed, selection.most);
        }
        after = page.next;
        if after.is_none() || is_before {
            break;
        }
    }
    keep_last(&mut placed, selection.most);
    Ok(Period { placed, later })
}

fn keep_last(placed: &mut Vec<Placed>, most: usize) {
    placed.sort_unstable();
    placed.drain(..placed.len().saturating_sub(most));
}

/// The stored orders, in the order of `piece`, without those that are gone meanwhile.
async fn load_orders(
    backend: &dyn Backend,
    organization: OrganizationId,
    piece: &[Placed],
) -> Result<Vec<(i64, StoredRecord)>, StoreError> {
    let keys: Vec<Key> = (piece.iter())
        .map(|(_, _, id)| record_key(RecordKind::Order, id.to_u128()))
        .collect();
    let rows = backend.load(organization, &keys).await?;
    let found = rows
        .into_iter()
        .zip(piece)
        .filter_map(|(row, (_, number, _))| match row {
            Row::Record { found, .. } => Some((*number, found?)),
            Row::Claim { .. }
            | Row::SkuByCode { .. }
            | Row::Sku { .. }
            | Row::Cells { .. }
            | Row::Lots { .. }
            | Row::Signal { .. }
            | Row::Counter { .. } => None,
        });
    Ok(found.collect())
}

/// Reads orders on as many threads as the question may use.
async fn read_all(
    bodies: Vec<(i64, StoredRecord)>,
    asked: &WhatIf,
) -> Result<Vec<(i64, Order)>, StoreError> {
    let share = bodies.len().div_ceil(asked.threads.max(1)).max(1);
    let mut bodies = bodies.into_iter();
    let mut reading = Vec::new();
    loop {
        let part: Vec<(i64, StoredRecord)> = bodies.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        reading.push(tokio::task::spawn_blocking(move || {
            let orders = part.iter().map(|(number, record)| {
                let order = serde_json::from_str::<Order>(&record.body);
                order
                    .map(|order| (*number, order))
                    .map_err(|error| corrupt(&error))
            });
            orders.collect::<Result<Vec<_>, StoreError>>()
        }));
    }
    let mut orders = Vec::new();
    for part in reading {
        let part = part
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        orders.extend(part?);
    }
    Ok(orders)
}

/// All work that these orders name.
pub(super) async fn load_work(
    backend: &dyn Backend,
    organization: OrganizationId,
    orders: &[(i64, Order)],
) -> Result<BTreeMap<FulfillmentOrderId, FulfillmentOrder>, StoreError> {
    let ids = orders
        .iter()
        .flat_map(|(_, order)| &order.fulfillment_orders);
    let keys: Vec<Key> = ids
        .map(|id| record_key(RecordKind::FulfillmentOrder, id.to_u128()))
        .collect();
    let mut work = BTreeMap::new();
    if keys.is_empty() {
        return Ok(work);
    }
    for row in backend.load(organization, &keys).await? {
        if let Row::Record {
            found: Some(record),
            ..
        } = row
        {
            let found: FulfillmentOrder =
                serde_json::from_str(&record.body).map_err(|error| corrupt(&error))?;
            work.insert(found.id, found);
        }
    }
    Ok(work)
}

/// Adds what work took from cells, unless it was given back.
fn add_taken<'a>(
    taken: &mut BTreeMap<CellKey, Quantity>,
    work: impl Iterator<Item = &'a FulfillmentOrder>,
) {
    for work in work.filter(|work| has_taken(work.state)) {
        for line in work.lines.iter().filter(|line| line.from_stock) {
            let key = CellKey {
                sku: line.sku,
                location: work.location,
                owner: line.owner,
            };
            *taken.entry(key).or_default() += line.quantity;
        }
    }
}

/// Whether work in this state has, or had until it left, units of cells to itself.
const fn has_taken(state: FulfillmentState) -> bool {
    match state {
        FulfillmentState::Open
        | FulfillmentState::Released
        | FulfillmentState::Accepted
        | FulfillmentState::Picking
        | FulfillmentState::Picked
        | FulfillmentState::Packed
        | FulfillmentState::CancelRequested
        | FulfillmentState::Shipped
        | FulfillmentState::Closed => true,
        FulfillmentState::Planned
        | FulfillmentState::Rejected
        | FulfillmentState::Canceled
        | FulfillmentState::Superseded => false,
    }
}

/// The SKUs that `orders` ask for, and what there is of them now.
pub(super) async fn stocked(
    backend: &dyn Backend,
    organization: OrganizationId,
    orders: &[PastOrder],
) -> Result<Vec<Stocked>, StoreError> {
    let ids: BTreeSet<SkuId> = (orders.iter())
        .flat_map(|past| past.wanted().map(|(sku, _)| sku))
        .collect();
    let ids: Vec<SkuId> = ids.into_iter().collect();
    let mut stocked = Vec::with_capacity(ids.len());
    for piece in ids.chunks(RECORDS) {
        let keys: Vec<Key> = (piece.iter())
            .flat_map(|id| [record_key(RecordKind::Sku, id.to_u128()), Key::Cells(*id)])
            .collect();
        let mut skus: BTreeMap<SkuId, Arc<Sku>> = BTreeMap::new();
        let mut cells: BTreeMap<SkuId, Vec<(CellKey, Cell)>> = BTreeMap::new();
        for row in backend.load(organization, &keys).await? {
            match row {
                Row::Record {
                    found: Some(record),
                    ..
                } => {
                    let sku: Sku =
                        serde_json::from_str(&record.body).map_err(|error| corrupt(&error))?;
                    skus.insert(sku.id, Arc::new(sku));
                }
                Row::Cells { sku, cells: found } => {
                    cells.insert(sku, found);
                }
                Row::Record { found: None, .. }
                | Row::Claim { .. }
                | Row::SkuByCode { .. }
                | Row::Sku { .. }
                | Row::Lots { .. }
                | Row::Signal { .. }
                | Row::Counter { .. } => {}
            }
        }
        stocked.extend(skus.into_values().map(|sku| Stocked {
            cells: cells.remove(&sku.id).unwrap_or_default(),
            sku,
        }));
    }
    Ok(stocked)
}

fn record_key(kind: RecordKind, id: u128) -> Key {
    Key::Record { kind, id }
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
