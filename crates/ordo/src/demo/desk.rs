//! The demo company at work, step by step: an order comes in, and whatever is due happens to those
//! that came before. Whoever keeps the time decides how fast the steps follow each other.
//!
//! Invariant: what happens depends on the seed and on the orders as they stand, never on the clock.
//! Invariant: at most [`STORIES_MAX`] orders are followed at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use ordo_domain::Command;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::order::{Order, OrderInput, OrderLife};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::returns::Return;
use ordo_domain::shipment::Shipment;
use ordo_domain::stock::{MoveStock, MovementKind};
use ordo_domain::world::{Key, Row};
use ordo_engine::{Backend, Engine};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use super::company::{receipt, request};
use super::dice::Dice;
use super::moves::{self, Asked, Move, Seen};
use super::orders;

/// Orders that are followed at a time; while there are so many, none comes in.
const STORIES_MAX: usize = 4_000;
/// Orders that something happens to in one step; the others wait for the next.
const AT_ONCE: usize = 48;
/// Looks after which nobody expects anything more of an order.
const LOOKS_MAX: u64 = 120;
/// Units sold of a SKU after which more are ordered from its maker.
const REORDER: i64 = 6;

/// The company at work.
pub struct Desk {
    engine: Arc<Engine>,
    organization: OrganizationId,
    seed: u64,
    /// How many commands wait for their answers at a time.
    at_once: usize,
    step: u64,
    /// The number of the order that comes next.
    next: u64,
    stories: BTreeMap<(u64, u64), Story>,
    told: u64,
    /// What makers were asked for, by when it comes.
    inbound: BTreeMap<(u64, String), (&'static str, i64)>,
    expected: BTreeSet<String>,
    sold: BTreeMap<String, i64>,
}

/// An order that is followed.
#[derive(Debug, Clone, Copy)]
struct Story {
    order: OrderId,
    looks: u64,
    was_held: bool,
}

impl Desk {
    /// Goes on with the company as it stands: numbers follow the last order, and open orders are
    /// followed from where they are.
    ///
    /// # Errors
    /// The store fails.
    pub async fn open(
        engine: Arc<Engine>,
        organization: OrganizationId,
        seed: u64,
        at_once: usize,
    ) -> Result<Self, StoreError> {
        let last = engine.backend().head(organization).await?.order_number;
        let mut desk = Self {
            engine,
            organization,
            seed,
            at_once,
            step: 0,
            next: last.max(0).unsigned_abs() + 1,
            stories: BTreeMap::new(),
            told: 0,
            inbound: BTreeMap::new(),
            expected: BTreeSet::new(),
            sold: BTreeMap::new(),
        };
        desk.find_open_orders().await?;
        Ok(desk)
    }

    async fn find_open_orders(&mut self) -> Result<(), StoreError> {
        let open = OrderFilter {
            life: Some(OrderLife::Open.name().to_owned()),
            ..OrderFilter::default()
        };
        let backend = self.engine.backend();
        let page = backend
            .list_orders(
                self.organization,
                &open,
                OrderSort::Newest,
                None,
                STORIES_MAX / 2,
            )
            .await;
        let rows = match page {
            Ok(page) => page.items,
            // The store in memory has no lists, and nothing in it is older than the process.
            Err(StoreError::Unsupported(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        for row in rows {
            let spread = Dice::of(&[self.seed, row.number.unsigned_abs(), 12]).between(1, 40);
            self.follow(row.id, spread.unsigned_abs());
        }
        Ok(())
    }

    /// How many orders are followed.
    #[cfg(test)]
    pub fn stories(&self) -> usize {
        self.stories.len()
    }

    /// Lets one step of time pass.
    ///
    /// # Errors
    /// The store fails; the next step goes on from there.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        self.step += 1;
        self.receive_goods().await?;
        self.work().await?;
        if self.stories.len() < STORIES_MAX {
            self.take_order().await?;
        }
        Ok(())
    }

    fn follow(&mut self, order: OrderId, wait: u64) {
        let story = Story {
            order,
            looks: 0,
            was_held: false,
        };
        self.follow_on(story, wait);
    }

    fn follow_on(&mut self, story: Story, wait: u64) {
        self.told += 1;
        self.stories
            .insert((self.step + wait.max(1), self.told), story);
    }

    async fn take_order(&mut self) -> Result<(), StoreError> {
        let number = self.next;
        self.next += 1;
        let now = self.engine.clock().now();
        let (input, _) = orders::placed(self.seed, number, now);
        let capture = match input.parse() {
            Ok(capture) => Command::CaptureOrder(Box::new(capture)),
            Err(refused) => {
                tracing::warn!(reason = refused.detail, "a demo order is not in order");
                return Ok(());
            }
        };
        let reply = self
            .engine
            .submit(self.organization, request(capture))
            .await;
        let reply = reply.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        debug_assert!(reply.status != 500, "order {number} met a bug");
        let Some(order) = reply.order else {
            tracing::warn!(reason = reply.template, "a demo order was not taken");
            return Ok(());
        };
        let wait = Dice::of(&[self.seed, number, 13]).between(3, 8);
        self.follow(order, wait.unsigned_abs());
        self.give(till_sales(&input)).await
    }

    /// What is due happens, to each order what is next for it.
    async fn work(&mut self) -> Result<(), StoreError> {
        let mut due = Vec::new();
        while let Some(first) = self.stories.first_entry()
            && first.key().0 <= self.step
            && due.len() < AT_ONCE
        {
            due.push(first.remove());
        }
        if due.is_empty() {
            return Ok(());
        }
        let seen = match self.look(&due).await {
            Ok(seen) => seen,
            Err(error) => {
                for story in due {
                    self.follow_on(story, 1);
                }
                return Err(error);
            }
        };
        let reference = self.engine.reference(self.organization).await?;
        let now = self.engine.clock().now();
        let mut commands = Vec::new();
        for (story, seen) in due.into_iter().zip(&seen) {
            let Some(seen) = seen else { continue };
            let Some(number) = orders::number_of(&seen.order.external_id) else {
                continue;
            };
            let asked = Asked {
                seed: self.seed,
                number,
                looks: story.looks,
                was_held: story.was_held,
                now,
                reference: &reference,
            };
            let next = moves::next(seen, &asked);
            self.order_goods(seen, story.looks, &next);
            commands.extend(next.commands);
            if let Some(wait) = next.wait
                && story.looks < LOOKS_MAX
            {
                let story = Story {
                    looks: story.looks + 1,
                    was_held: !seen.order.holds.is_empty(),
                    ..story
                };
                self.follow_on(story, wait);
            }
        }
        self.give(commands).await
    }

    /// Gives commands in their order. A refusal is part of the day: the order is looked at again.
    async fn give(&self, commands: Vec<Command>) -> Result<(), StoreError> {
        let mut replies = stream::iter(commands)
            .map(|command| {
                let name = command.name();
                let reply = self.engine.submit(self.organization, request(command));
                async move { (name, reply.await) }
            })
            .buffered(self.at_once);
        while let Some((name, reply)) = replies.next().await {
            let reply = reply.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            debug_assert!(reply.status != 500, "{name} met a bug");
            if reply.status >= 300 {
                let (status, reason) = (reply.status, reply.template);
                tracing::debug!(command = name, status, reason, "refused");
            }
        }
        Ok(())
    }

    /// What was sold is ordered again, and what somebody waits for sooner.
    fn order_goods(&mut self, seen: &Seen, looks: u64, next: &Move) {
        if looks == 0 {
            for line in seen.order.lines.iter().filter(|line| line.sku.is_some()) {
                *self.sold.entry(line.code.clone()).or_default() += line.ordered.get();
            }
            let codes: Vec<(String, i64)> = (seen.order.lines.iter())
                .filter_map(|line| Some((line.code.clone(), *self.sold.get(&line.code)?)))
                .filter(|(_, sold)| *sold >= REORDER)
                .collect();
            for (code, sold) in codes {
                if self.inbound(&code, sold, (40, 120)) {
                    self.sold.remove(&code);
                }
            }
        }
        for code in &next.wants {
            self.inbound(code, 2 * REORDER, (20, 60));
        }
    }

    /// Orders units from the maker of a SKU, unless some are on their way.
    fn inbound(&mut self, code: &str, units: i64, wait: (i64, i64)) -> bool {
        if !self.expected.insert(code.to_owned()) {
            return false;
        }
        let letters = code
            .bytes()
            .fold(0, |sum, byte| 31 * sum % 1_000_003 + u64::from(byte));
        let mut dice = Dice::of(&[self.seed, letters, self.step, 14]);
        let location = *dice.pick(&["BER-1", "BER-1", "LYS-1", "3PL-POZ"]);
        let due = self.step + dice.between(wait.0, wait.1).unsigned_abs();
        self.inbound
            .insert((due, code.to_owned()), (location, units));
        true
    }

    async fn receive_goods(&mut self) -> Result<(), StoreError> {
        let mut receipts = Vec::new();
        while let Some(first) = self.inbound.first_entry()
            && first.key().0 <= self.step
        {
            let ((_, code), (location, units)) = first.remove_entry();
            self.expected.remove(&code);
            receipts.push(receipt(&code, location, units, "from the maker"));
        }
        self.give(receipts).await
    }

    /// The orders with what serves them, in four look-ups for all of them.
    async fn look(&self, stories: &[Story]) -> Result<Vec<Option<Seen>>, StoreError> {
        let ids: Vec<u128> = stories.iter().map(|story| story.order.to_u128()).collect();
        let orders: Vec<Option<Order>> = self.records(&ids).await?;
        let of_all = |ids: fn(&Order) -> Vec<u128>| -> Vec<u128> {
            orders.iter().flatten().flat_map(ids).collect()
        };
        let work = of_all(|order| {
            order
                .fulfillment_orders
                .iter()
                .map(|id| id.to_u128())
                .collect()
        });
        let shipments = of_all(|order| order.shipments.iter().map(|id| id.to_u128()).collect());
        let returns = of_all(|order| order.returns.iter().map(|id| id.to_u128()).collect());
        let work: Vec<Option<FulfillmentOrder>> = self.records(&work).await?;
        let shipments: Vec<Option<Shipment>> = self.records(&shipments).await?;
        let returns: Vec<Option<Return>> = self.records(&returns).await?;
        Ok((orders.into_iter())
            .map(|order| {
                let order = order?;
                Some(Seen {
                    work: of(&work, |work| work.order == order.id),
                    shipments: of(&shipments, |shipment| shipment.order == order.id),
                    returns: of(&returns, |found| found.order == order.id),
                    order,
                })
            })
            .collect())
    }

    async fn records<R: Record>(&self, ids: &[u128]) -> Result<Vec<Option<R>>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let kind: RecordKind = R::KIND;
        let keys: Vec<Key> = ids.iter().map(|id| Key::Record { kind, id: *id }).collect();
        let backend: &dyn Backend = &**self.engine.backend();
        let rows = backend.load(self.organization, &keys).await?;
        (rows.into_iter())
            .map(|row| match row {
                Row::Record { found, .. } => found
                    .map(|stored| {
                        serde_json::from_str(&stored.body)
                            .map_err(|error| StoreError::Corrupt(error.to_string()))
                    })
                    .transpose(),
                _ => Ok(None),
            })
            .collect()
    }
}

fn of<R: Clone>(records: &[Option<R>], is_of: impl Fn(&R) -> bool) -> Vec<R> {
    records
        .iter()
        .flatten()
        .filter(|record| is_of(record))
        .cloned()
        .collect()
}

/// What a till has sold is no longer on the shelf.
fn till_sales(input: &OrderInput) -> Vec<Command> {
    (input.lines.iter())
        .filter_map(|line| {
            let location = line.shipped_from.clone()?;
            Some(Command::MoveStock(MoveStock {
                kind: MovementKind::Adjust,
                sku: line.sku.clone(),
                location,
                quantity: Quantity::stored(-line.quantity),
                lot: None,
                reason: Some("sold at the till".to_owned()),
            }))
        })
        .collect()
}
