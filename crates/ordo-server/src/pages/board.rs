//! Today's orders by stage, kept in memory beside the log: what has changed since the last look is
//! read again and nothing else, so that a page costs the same with one order a day and with a million.
//!
//! Invariant: a board holds at most [`ORDERS_MAX`] orders, and as many boards are kept as
//! organizations are looked at, at most [`BOARDS_MAX`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ChannelId, OrderId, OrganizationId};
use ordo_domain::money::Money;
use ordo_domain::order::{Order, OrderLife, Origin};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::returns::Return;
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::world::{Key, StoredRecord};
use ordo_engine::Backend;
use ordo_store::{OrderFilter, OrderSort, StoreError};

use super::stage::Stage;
use super::words;
use crate::read;

/// Orders of a board: the newest of the day.
pub const ORDERS_MAX: usize = 2_000;
/// Boards that are kept; with more organizations than that they start anew.
const BOARDS_MAX: usize = 64;
/// Held orders of earlier days that are looked for when a board starts.
const HELD_MAX: usize = 200;
/// Entries of the log after which starting anew is cheaper than following.
const ENTRIES_MAX: usize = 2_000;
/// Orders read at once.
const READ_MAX: usize = 250;

/// One order on the board.
#[derive(Debug, Clone)]
pub struct Card {
    pub number: i64,
    pub channel: ChannelId,
    pub country: String,
    pub total: Money,
    pub placed_at: Timestamp,
    pub stage: Stage,
    /// Why it is held, or what it waits for.
    pub note: Option<String>,
    /// When it last changed, as far as the board has seen.
    pub changed_at: Option<Timestamp>,
    /// The log position of that.
    moved: i64,
    /// The ids of what serves it.
    parts: Vec<u128>,
}

/// Today's orders.
#[derive(Debug, Default)]
pub struct Board {
    position: i64,
    is_started: bool,
    cards: BTreeMap<i64, Card>,
    /// Which order a fulfillment order, shipment or return belongs to.
    owners: HashMap<u128, OrderId>,
}

/// A column of the page.
pub struct Column<'a> {
    pub stage: Stage,
    pub count: usize,
    /// The ones that changed last.
    pub cards: Vec<&'a Card>,
}

impl Board {
    /// Up to which log position it has seen everything.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// How many orders it holds.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// The orders in `stage`, of which the `most` that changed last.
    pub fn column(&self, stage: Stage, most: usize) -> Column<'_> {
        let mut cards: Vec<&Card> = (self.cards.values())
            .filter(|card| card.stage == stage)
            .collect();
        let count = cards.len();
        cards.sort_unstable_by_key(|card| std::cmp::Reverse((card.moved, card.number)));
        cards.truncate(most);
        Column {
            stage,
            count,
            cards,
        }
    }

    /// Catches up with the log.
    pub async fn refresh(
        &mut self,
        backend: &dyn Backend,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let head = backend.head(organization).await?.position;
        let day_ago = now.plus_micros(-DAY);
        let is_far = head - self.position > ENTRIES_MAX as i64;
        if !self.is_started || is_far {
            *self = Self::default();
            // Read before the orders: what happens meanwhile is looked at once more.
            self.position = head;
            self.start(backend, organization, day_ago).await?;
            self.is_started = true;
        } else if head > self.position {
            self.follow(backend, organization).await?;
        }
        self.forget(day_ago);
        Ok(())
    }

    async fn start(
        &mut self,
        backend: &dyn Backend,
        organization: OrganizationId,
        day_ago: Timestamp,
    ) -> Result<(), StoreError> {
        let held = OrderFilter {
            life: Some(OrderLife::Open.name().to_owned()),
            held: Some(true),
            ..OrderFilter::default()
        };
        let mut ids = BTreeSet::new();
        let newest = OrderFilter::default();
        for (filter, most) in [(newest, ORDERS_MAX), (held, HELD_MAX)] {
            let sort = OrderSort::Newest;
            let page = backend
                .list_orders(organization, &filter, sort, None, most)
                .await?;
            let is_shown =
                |placed_at: i64| filter.held == Some(true) || placed_at >= day_ago.as_micros();
            ids.extend(
                (page.items.iter())
                    .filter(|row| is_shown(row.placed_at))
                    .map(|row| row.id),
            );
        }
        let ids: Vec<(OrderId, Option<(i64, Timestamp)>)> =
            ids.into_iter().map(|id| (id, None)).collect();
        self.look(backend, organization, &ids).await
    }

    async fn follow(
        &mut self,
        backend: &dyn Backend,
        organization: OrganizationId,
    ) -> Result<(), StoreError> {
        let entries = backend
            .read_log(organization, self.position, ENTRIES_MAX)
            .await?;
        let mut touched: BTreeMap<OrderId, (i64, Timestamp)> = BTreeMap::new();
        for entry in &entries {
            self.position = entry.position;
            let Some(subject) = entry.subject else {
                continue;
            };
            let order = match subject.kind {
                RecordKind::Order => Some(OrderId::from_u128(subject.id)),
                RecordKind::FulfillmentOrder | RecordKind::Shipment | RecordKind::Return => {
                    self.owners.get(&subject.id).copied()
                }
                _ => None,
            };
            if let Some(order) = order {
                touched.insert(order, (entry.position, entry.recorded_at));
            }
        }
        let touched: Vec<_> = (touched.into_iter())
            .map(|(order, at)| (order, Some(at)))
            .collect();
        self.look(backend, organization, &touched).await
    }

    /// Reads orders again, with what serves them: two look-ups for all of them.
    async fn look(
        &mut self,
        backend: &dyn Backend,
        organization: OrganizationId,
        ids: &[(OrderId, Option<(i64, Timestamp)>)],
    ) -> Result<(), StoreError> {
        for chunk in ids.chunks(READ_MAX) {
            let keys: Vec<Key> = (chunk.iter())
                .map(|(id, _)| Key::Record {
                    kind: RecordKind::Order,
                    id: id.to_u128(),
                })
                .collect();
            let rows = backend.load(organization, &keys).await?;
            let mut orders = Vec::with_capacity(chunk.len());
            for (row, (_, moved)) in rows.into_iter().zip(chunk) {
                let Some(stored) = read::found(row) else {
                    continue;
                };
                orders.push((read::decode::<Order>(&stored)?, stored, *moved));
            }
            let work_ids: Vec<_> = (orders.iter())
                .flat_map(|(order, ..)| order.fulfillment_orders.iter().copied())
                .collect();
            let return_ids: Vec<_> = (orders.iter())
                .flat_map(|(order, ..)| order.returns.iter().copied())
                .collect();
            let work: Vec<FulfillmentOrder> = read::all(backend, organization, &work_ids).await?;
            let returns: Vec<Return> = read::all(backend, organization, &return_ids).await?;
            let mut work = by_order(work, |work| work.order);
            let mut returns = by_order(returns, |found| found.order);
            for (order, stored, moved) in orders {
                let work = work.remove(&order.id).unwrap_or_default();
                let returns = returns.remove(&order.id).unwrap_or_default();
                self.put(&order, &stored, &work, &returns, moved);
            }
        }
        Ok(())
    }

    fn put(
        &mut self,
        order: &Order,
        stored: &StoredRecord,
        work: &[FulfillmentOrder],
        returns: &[Return],
        moved: Option<(i64, Timestamp)>,
    ) {
        // Past orders were settled elsewhere; nothing happens to them here.
        let Some(number) = stored.number else { return };
        if order.origin == Origin::History {
            return;
        }
        self.take(number);
        let parts: Vec<u128> = (work.iter().map(|work| work.id.to_u128()))
            .chain(order.shipments.iter().map(|id| id.to_u128()))
            .chain(order.returns.iter().map(|id| id.to_u128()))
            .collect();
        for part in &parts {
            self.owners.insert(*part, order.id);
        }
        let stage = Stage::of(order, work, returns);
        let card = Card {
            number,
            channel: order.channel,
            country: (order.ship_to.as_ref())
                .map(|to| to.place.country.clone())
                .unwrap_or_default(),
            total: Money {
                amount: order.totals.total,
                currency: order.currency,
            },
            placed_at: order.placed_at,
            stage,
            note: note(order, stage),
            changed_at: moved.map(|(_, at)| at),
            moved: moved.map_or(0, |(position, _)| position),
            parts,
        };
        self.cards.insert(number, card);
    }

    fn take(&mut self, number: i64) {
        if let Some(card) = self.cards.remove(&number) {
            for part in &card.parts {
                self.owners.remove(part);
            }
        }
    }

    /// Lets go of what is from an earlier day and free, and of the oldest where there are too many.
    fn forget(&mut self, day_ago: Timestamp) {
        let mut surplus = self.cards.len().saturating_sub(ORDERS_MAX);
        let mut gone = Vec::new();
        for (number, card) in &self.cards {
            let is_old = card.placed_at < day_ago && card.stage != Stage::Held;
            if is_old || surplus > 0 {
                surplus = surplus.saturating_sub(1);
                gone.push(*number);
            }
        }
        for number in gone {
            self.take(number);
        }
    }
}

fn by_order<T>(parts: Vec<T>, order: fn(&T) -> OrderId) -> HashMap<OrderId, Vec<T>> {
    let mut sorted: HashMap<OrderId, Vec<T>> = HashMap::new();
    for part in parts {
        sorted.entry(order(&part)).or_default().push(part);
    }
    sorted
}

/// Why it is held, or what it waits for.
fn note(order: &Order, stage: Stage) -> Option<String> {
    match stage {
        Stage::Held => {
            let reasons: Vec<String> = order.holds.iter().map(words::hold).collect();
            Some(reasons.join(" · "))
        }
        Stage::Captured => {
            if order.deferral.is_some() {
                return Some("Waiting for sourcing".to_owned());
            }
            let waits = |line: &&ordo_domain::order::Line| line.backordered > Quantity::ZERO;
            let codes: Vec<&str> = (order.lines.iter().filter(waits))
                .map(|line| line.code.as_str())
                .collect();
            (!codes.is_empty()).then(|| format!("Backordered: {}", codes.join(", ")))
        }
        Stage::Allocated
        | Stage::Released
        | Stage::Picking
        | Stage::Packed
        | Stage::Shipped
        | Stage::Delivered
        | Stage::Returned
        | Stage::Canceled => None,
    }
}

/// The boards of the organizations that are looked at.
#[derive(Default)]
pub struct Boards {
    kept: Mutex<HashMap<OrganizationId, Arc<tokio::sync::Mutex<Board>>>>,
}

impl Boards {
    /// The board of an organization, shared by everybody who looks at it.
    pub fn of(&self, organization: OrganizationId) -> Arc<tokio::sync::Mutex<Board>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= BOARDS_MAX && !kept.contains_key(&organization) {
            kept.clear();
        }
        Arc::clone(kept.entry(organization).or_default())
    }
}
