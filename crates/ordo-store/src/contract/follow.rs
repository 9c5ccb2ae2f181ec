//! Rules for those that follow along: consumers with their cursors, the timer with what is due, and
//! readers of one order's events.

use ordo_domain::Command;
use ordo_domain::id::{OrderId, ReservationId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{ExpireReservation, ReleaseReservation};
use ordo_domain::time::{SECOND, Timestamp};

use super::fixture::{Shop, cancel, capture, order, record_of, reserve};
use crate::log::LogEntry;
use crate::port::Store;
use crate::query::Query;
use crate::view::{Rollup, RollupMeasure, Term, ViewWrite};

/// A consumer's results are saved only where its cursor is still where it was read.
pub async fn a_cursor_moves_from_where_it_was_read(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await.order();
    let term = Term {
        hash: -7,
        order: captured.id,
    };
    let rollup = Rollup {
        day: 20_758,
        channel: captured.channel,
        measure: RollupMeasure::Placed,
        currency: captured.currency,
        count: 1,
        amount: captured.totals.total.get(),
    };
    let write = |consumer, after, upto| ViewWrite {
        organization: shop.organization,
        consumer,
        after,
        upto,
        terms: vec![term, term],
        rollups: vec![rollup, rollup],
        waits: Vec::new(),
        tasks: Vec::new(),
        at: Timestamp::default(),
    };
    for (consumer, after, upto, saved, cursor) in [
        ("view", 1, 2, false, 0),
        ("view", 0, 2, true, 2),
        ("view", 0, 2, false, 2),
        ("view", 2, 5, true, 5),
        // Another consumer has a cursor of its own.
        ("mail", 5, 6, false, 0),
        ("mail", 0, 1, true, 1),
        ("view", 5, 5, true, 5),
        ("view", 2, 3, false, 5),
    ] {
        let result = store.save_view(&write(consumer, after, upto)).await;
        assert_eq!(
            result.expect("a view is saved"),
            saved,
            "{consumer} from {after} to {upto}"
        );
        let found = store.cursor(shop.organization, consumer).await;
        assert_eq!(found.expect("a cursor is read"), cursor);
    }
}

/// Reservations come when they are due, the soonest first, at most as many as asked for, and not
/// once they have ended.
pub async fn due_reservations_come_soonest_first(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut due: Vec<(ReservationId, Timestamp)> = Vec::new();
    for seconds in [900, 100, 500, 300, 100] {
        let given = shop.give(reserve("A", 1, seconds)).await;
        let id = ReservationId::from_u128(record_of(&given.applied));
        due.push((id, shop.now.plus_micros(seconds * SECOND)));
    }
    let released = due.remove(2).0;
    shop.give(Command::ReleaseReservation(ReleaseReservation {
        reservation: released,
    }))
    .await;
    due.sort_by_key(|(_, at)| *at);
    let organization = shop.organization;
    let read = |until: Timestamp, limit: usize| async move {
        let found = store.due_reservations(organization, until, limit).await;
        found.expect("reservations are read")
    };
    let end = Timestamp::from_micros(i64::MAX);
    assert_eq!(read(end, 100).await, due);
    assert_eq!(read(end, 2).await, due[..2]);
    assert_eq!(read(end, 0).await, []);
    for (n, (_, at)) in due.iter().enumerate() {
        assert_eq!(
            read(*at, 100).await,
            due[..=n],
            "at its end a reservation is due"
        );
        assert_eq!(
            read(at.plus_micros(-1), 100).await,
            due[..n],
            "before its end it is not"
        );
    }
    let (first, at) = due[0];
    shop.now = at;
    shop.give(Command::ExpireReservation(ExpireReservation {
        reservation: first,
    }))
    .await;
    assert_eq!(read(end, 100).await, due[1..]);
}

/// The events that name an order as their subject come oldest first, in pages, and no others.
pub async fn an_orders_events_are_read_in_pages(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let first = shop
        .give(capture(&order("O1", &[("A", 1), ("unknown", 1)])))
        .await;
    let second = shop.give(capture(&order("O2", &[("A", 1)]))).await;
    shop.give(cancel(&first)).await;
    let log = store
        .read_log(shop.organization, 0, 1_000)
        .await
        .expect("the log is read");
    for given in [&first, &second] {
        let id = given.order().id;
        let expected: Vec<LogEntry> = (log.iter())
            .filter(|entry| {
                let of = entry.subject;
                of.is_some_and(|of| of.kind == RecordKind::Order && of.id == id.to_u128())
            })
            .cloned()
            .collect();
        assert!(expected.len() >= 3, "the order has a story");
        for limit in [1, 2, expected.len(), 100] {
            let mut read: Vec<LogEntry> = Vec::new();
            loop {
                let after = read.last().map_or(0, |entry| entry.position);
                let page = lists
                    .order_events(shop.organization, id, after, limit)
                    .await;
                let page = page.expect("an order's events are read");
                assert!(page.len() <= limit, "no page is longer than asked for");
                assert!(
                    page.iter().all(|entry| entry.position > after),
                    "pages go on"
                );
                if page.is_empty() {
                    break;
                }
                read.extend(page);
            }
            assert_eq!(read, expected, "in pages of {limit}");
        }
    }
    let nobody = OrderId::from_u128(5);
    let none = lists.order_events(shop.organization, nobody, 0, 10).await;
    assert_eq!(none.expect("an order's events are read"), []);
    let elsewhere = Shop::empty(store, 2).organization;
    let none = lists.order_events(elsewhere, first.order().id, 0, 10).await;
    assert_eq!(none.expect("an order's events are read"), []);
}
