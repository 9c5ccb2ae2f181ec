//! A day of orders of all sorts, with what lists should show of it: worked out from what was
//! written, so that a list that forgets a change is found out.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::id::{ChannelId, OrderId};
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::{OrderInput, OrderLife, Origin};
use ordo_domain::record::{Columns, RecordKind};
use ordo_domain::world::StoredRecord;

use super::fixture::{Given, Shop, cancel, capture, channel, order};
use crate::commit::{Commit, Committed};
use crate::port::Store;
use crate::query::{OrderFilter, OrderRow};
use crate::view::{Term, ViewWrite};

/// The terms of every order of a day, of every second from the first and from the second, of every
/// third, of one alone, and of none.
pub(super) const EVERY: i64 = 1;
pub(super) const EVEN: i64 = -2;
pub(super) const ODD: i64 = 5;
pub(super) const THIRD: i64 = 3;
pub(super) const ONE: i64 = 12;
const NONE: i64 = 99;

/// A day of orders of all sorts, with what lists should show of it.
pub(super) struct Day<'a> {
    pub(super) shop: Shop<'a>,
    pub(super) channels: [ChannelId; 2],
    orders: BTreeMap<u128, OrderRow>,
    pub(super) records: BTreeMap<(RecordKind, u128), StoredRecord>,
    terms: BTreeSet<(i64, u128)>,
}

impl<'a> Day<'a> {
    pub(super) async fn pass(store: &'a dyn Store) -> Self {
        let mut shop = Shop::open(store, 1).await;
        shop.give(channel("b2b")).await;
        let reference = store.load_reference(shop.organization).await;
        let reference = reference.expect("the reference is loaded");
        let id = |code| {
            reference
                .channel_by_code(code)
                .expect("the channel is there")
                .id
        };
        let channels = [id("web"), id("b2b")];
        let mut day = Self {
            shop,
            channels,
            orders: BTreeMap::new(),
            records: BTreeMap::new(),
            terms: BTreeSet::new(),
        };
        day.note_what_is_there().await;
        let mut captured = Vec::new();
        for n in 0..24_usize {
            captured.push(day.capture(&order_of_the_day(n)).await);
        }
        let open = |given: &&Given| given.order().life == OrderLife::Open;
        for given in captured.iter().filter(open).step_by(5) {
            let (_, commit, committed) = day.shop.give_all(&[cancel(given)]).await;
            day.note(&commit, committed);
        }
        let with_terms = |(n, given): (usize, &Given)| {
            let order = given.order().id;
            let half = if n % 2 == 0 { EVEN } else { ODD };
            let third = (n % 3 == 0).then_some(THIRD);
            let one = (n == 12).then_some(ONE);
            ([EVERY, half].into_iter().chain(third).chain(one))
                .map(move |hash| Term { hash, order })
        };
        let terms: Vec<Term> = captured.iter().enumerate().flat_map(with_terms).collect();
        day.terms = terms
            .iter()
            .map(|term| (term.hash, term.order.to_u128()))
            .collect();
        let saved = store.save_view(&view(&day.shop, 0, 1, terms)).await;
        assert!(saved.expect("a view is saved"));
        day
    }

    /// Takes note of the records that were made as the shop was opened, by its log.
    async fn note_what_is_there(&mut self) {
        let log = self
            .shop
            .store
            .read_log(self.shop.organization, 0, 1_000)
            .await;
        for entry in log.expect("the log is read") {
            if let Some(of) = entry.subject {
                let record = self.shop.record(of.kind, of.id).await;
                self.records
                    .insert((of.kind, of.id), record.expect("the record is there"));
            }
        }
    }

    pub(super) async fn capture(&mut self, input: &OrderInput) -> Given {
        let given = self.shop.give(capture(input)).await;
        self.note(&given.commit, given.committed);
        given
    }

    /// Takes note of what a commit has changed.
    pub(super) fn note(&mut self, commit: &Commit, committed: Committed) {
        let mut next = committed.first_number;
        for write in &commit.changes.records {
            let before = self.records.get(&(write.kind, write.id));
            let number = match (write.kind, before) {
                (RecordKind::Order, None) => {
                    next += 1;
                    Some(next - 1)
                }
                (_, before) => before.and_then(|record| record.number),
            };
            let body = write.body.clone();
            let record = StoredRecord {
                version: write.version,
                body,
                number,
            };
            self.records.insert((write.kind, write.id), record);
            if let (Columns::Order(columns), Some(number)) = (&write.columns, number) {
                let row = OrderRow {
                    id: OrderId::from_u128(write.id),
                    number,
                    channel: ChannelId::from_u128(columns.channel),
                    external_id: columns.external_id.clone(),
                    life: columns.life.to_owned(),
                    version: write.version,
                    standings: [columns.payment, columns.fulfillment, columns.returns]
                        .map(str::to_owned),
                    holds: columns.holds,
                    placed_at: columns.placed_at,
                    total: columns.total,
                    currency: columns.currency.clone(),
                    country: columns.country.clone(),
                };
                self.orders.insert(write.id, row);
            }
        }
    }

    /// The orders that a filter should show.
    pub(super) fn matching(&self, filter: &OrderFilter) -> Vec<OrderRow> {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        let matches = |row: &&OrderRow| {
            let id = row.id.to_u128();
            is(&filter.life, &row.life)
                && is(&filter.payment, &row.standings[0])
                && is(&filter.fulfillment, &row.standings[1])
                && is(&filter.external_id, &row.external_id)
                && filter.channel.is_none_or(|channel| channel == row.channel)
                && filter.held.is_none_or(|held| held == (row.holds > 0))
                && filter
                    .terms
                    .iter()
                    .all(|hash| self.terms.contains(&(*hash, id)))
        };
        self.orders.values().filter(matches).cloned().collect()
    }

    /// Every setting of every field, alone and with each setting of each other field.
    pub(super) fn filters(&self) -> Vec<OrderFilter> {
        type Set = Box<dyn Fn(&mut OrderFilter)>;
        let text = |set: fn(&mut OrderFilter, String), values: &[&str]| -> Vec<Set> {
            let values = values.iter().map(|value| (*value).to_owned());
            values
                .map(|value| {
                    Box::new(move |filter: &mut OrderFilter| set(filter, value.clone())) as Set
                })
                .collect()
        };
        let channels = [self.channels[0], self.channels[1], ChannelId::from_u128(5)];
        let terms: [&[i64]; 9] = [
            &[EVEN],
            &[EVEN, THIRD],
            &[THIRD],
            &[EVEN, NONE],
            &[EVEN, ODD],
            &[EVERY, ONE],
            &[THIRD, ONE, EVERY],
            &[ODD, ONE],
            &[THIRD, EVERY, THIRD],
        ];
        let fields: Vec<Vec<Set>> = vec![
            text(
                |filter, value| filter.life = Some(value),
                &["open", "closed", "canceled", "draft"],
            ),
            text(
                |filter, value| filter.payment = Some(value),
                &["captured", "none", "voided"],
            ),
            text(
                |filter, value| filter.fulfillment = Some(value),
                &["none", "full", "partial"],
            ),
            text(
                |filter, value| filter.external_id = Some(value),
                &["O7", "both", "o7", "O"],
            ),
            channels
                .map(|id| {
                    Box::new(move |filter: &mut OrderFilter| filter.channel = Some(id)) as Set
                })
                .into(),
            [true, false]
                .map(|held| {
                    Box::new(move |filter: &mut OrderFilter| filter.held = Some(held)) as Set
                })
                .into(),
            terms
                .map(|terms| {
                    Box::new(move |filter: &mut OrderFilter| filter.terms = terms.to_vec()) as Set
                })
                .into(),
        ];
        let mut filters = vec![OrderFilter::default()];
        for (at, field) in fields.iter().enumerate() {
            for set in field {
                let mut alone = OrderFilter::default();
                set(&mut alone);
                filters.push(alone.clone());
                for other in fields[at + 1..].iter().flatten() {
                    let mut both = alone.clone();
                    other(&mut both);
                    filters.push(both);
                }
            }
        }
        filters
    }
}

/// Orders that differ in everything that lists filter by.
fn order_of_the_day(n: usize) -> OrderInput {
    // Stock runs out on the way, and from then on orders are held.
    let mut input = order(&format!("O{n}"), &[("A", 1), ("B", 1 + (n % 3) as i64)]);
    if n % 4 == 1 {
        input.channel = "b2b".to_owned();
    }
    if n == 10 || n == 13 {
        input.external_id = "both".to_owned();
    }
    if n % 6 == 2
        && let Some(payment) = &mut input.payment
    {
        payment.status = PaymentStatus::Pending;
    }
    if n % 7 == 3 {
        input.origin = Some(Origin::History);
        for line in &mut input.lines {
            line.shipped = Some(line.quantity - i64::from(n > 10 && line.quantity > 1));
        }
    }
    if n % 8 == 4 {
        input.ship_to = None;
        input.currency = "JPY".to_owned();
        for line in &mut input.lines {
            if let Some(price) = &mut line.unit_price {
                price.currency = "JPY".to_owned();
            }
        }
    }
    input.placed_at = format!("2026-10-{:02}T09:30:00Z", 30 - n);
    input
}

/// What the consumer `view` writes of search terms.
pub(super) fn view(shop: &Shop<'_>, after: i64, upto: i64, terms: Vec<Term>) -> ViewWrite {
    let (organization, consumer) = (shop.organization, "view");
    ViewWrite {
        organization,
        consumer,
        after,
        upto,
        terms,
        movements: Vec::new(),
        rollups: Vec::new(),
        waits: Vec::new(),
        tasks: Vec::new(),
        at: ordo_domain::time::Timestamp::default(),
    }
}
