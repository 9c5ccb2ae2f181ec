//! Rules for those that follow along: consumers with their cursors, the timer with what is due, and
//! readers of one order's story.

use std::collections::BTreeSet;
use std::sync::Arc;

use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::{PackUnits, PickUnits, ReleaseWork, ShipWork};
use ordo_domain::id::{ReservationId, ReturnId};
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::returns::{ApproveReturn, Disposition, ReceiveReturn, RequestReturn};
use ordo_domain::rules::body::Step;
use ordo_domain::rules::{CreateRuleSet, Rules, ScopeDraft};
use ordo_domain::shipment::{ParcelState, TrackParcel, TrackingReport};
use ordo_domain::stock::{ExpireReservation, ReleaseReservation};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::{AnswerSubject, Command, Event};

use super::fixture::{Given, Shop, cancel, capture, cause, order, record_of, reserve};
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
        movements: Vec::new(),
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

/// The events that name one of several records as their subject come oldest first, in pages, and no
/// others: an order's own, and with them those of its fulfillment orders, shipments and returns.
pub async fn events_about_records_are_read_in_pages(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let first = shop
        .give(capture(&order("O1", &[("A", 1), ("unknown", 1)])))
        .await;
    let second = shop.give(capture(&order("O2", &[("A", 1)]))).await;
    let second = deliver_and_take_back(&mut shop, &second).await;
    shop.give(cancel(&first)).await;
    let log = store
        .read_log(shop.organization, 0, 1_000)
        .await
        .expect("the log is read");
    let about = |kind, id: u128| SubjectRef { kind, id };
    let story = |order: &Order| {
        let mut story = vec![about(RecordKind::Order, order.id.to_u128())];
        let work = order.fulfillment_orders.iter();
        story.extend(work.map(|id| about(RecordKind::FulfillmentOrder, id.to_u128())));
        let shipments = order.shipments.iter();
        story.extend(shipments.map(|id| about(RecordKind::Shipment, id.to_u128())));
        let returns = order.returns.iter();
        story.extend(returns.map(|id| about(RecordKind::Return, id.to_u128())));
        story
    };
    let (first, second) = (story(&first.order()), story(&second));
    let kinds: BTreeSet<RecordKind> = second.iter().map(|subject| subject.kind).collect();
    assert_eq!(kinds.len(), 4, "the story has all kinds of record");
    for subjects in [&first[..1], &first, &second[..1], &second[1..], &second] {
        let expected: Vec<LogEntry> = (log.iter())
            .filter(|entry| entry.subject.is_some_and(|of| subjects.contains(&of)))
            .cloned()
            .collect();
        assert!(expected.len() >= 3, "there is a story");
        for limit in [1, 2, expected.len(), 100] {
            let mut read: Vec<LogEntry> = Vec::new();
            loop {
                let after = read.last().map_or(0, |entry| entry.position);
                let page = lists
                    .events_about(shop.organization, subjects, after, limit)
                    .await;
                let page = page.expect("events are read");
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
    // Who let which rules count when is told of a rule set.
    let rules = Rules {
        steps: vec![Step {
            name: "any".to_owned(),
            ..Step::default()
        }],
        ..Rules::default()
    };
    let made = CreateRuleSet {
        code: "web".to_owned(),
        name: None,
        scope: ScopeDraft::default(),
        priority: 0,
        note: None,
        rules: Box::new(rules),
    };
    shop.give(Command::CreateRuleSet(made)).await;
    let log = store.read_log(shop.organization, 0, 1_000).await;
    let log = log.expect("the log is read");
    let made: Vec<LogEntry> = (log.into_iter())
        .filter(|entry| matches!(entry.event, Event::RuleSetCreated { .. }))
        .collect();
    let subject: Vec<SubjectRef> = made.iter().filter_map(|entry| entry.subject).collect();
    assert_eq!(subject.len(), 1);
    let read = lists.events_about(shop.organization, &subject, 0, 10).await;
    assert_eq!(read.expect("events are read"), made);
    // The same id of another kind is another record.
    let other = [about(RecordKind::Return, first[0].id)];
    let elsewhere = Shop::empty(store, 2).organization;
    for (organization, subjects) in [
        (shop.organization, &other[..]),
        (shop.organization, &[]),
        (elsewhere, &second),
    ] {
        let none = lists.events_about(organization, subjects, 0, 10).await;
        assert_eq!(none.expect("events are read"), []);
    }
}

/// Ships what was captured, delivers it, and takes all of it back.
pub(super) async fn deliver_and_take_back(shop: &mut Shop<'_>, captured: &Given) -> Arc<Order> {
    let order = captured.order().id;
    let fulfillment_order = captured.order().fulfillment_orders[0];
    let pack = PackUnits {
        fulfillment_order,
        parcels: Vec::new(),
        carrier: None,
        service: None,
    };
    let lines = Vec::new();
    for command in [
        Command::ReleaseWork(ReleaseWork { fulfillment_order }),
        Command::PickUnits(PickUnits {
            fulfillment_order,
            lines,
        }),
        Command::PackUnits(pack),
    ] {
        shop.give(command).await;
    }
    let ship = ShipWork {
        fulfillment_order,
        lines: Vec::new(),
        label: None,
    };
    let shipped = shop.give(Command::ShipWork(ship)).await;
    let AnswerSubject::Work { work, .. } = &shipped.applied.subject else {
        panic!("a step answers with the work");
    };
    let report = TrackingReport {
        state: ParcelState::Delivered,
        at: shop.now,
        place: None,
        code: None,
    };
    let delivered = TrackParcel {
        shipment: work.shipment.expect("it was packed"),
        parcel: None,
        report,
    };
    shop.give(Command::TrackParcel(delivered)).await;
    let request = RequestReturn {
        order,
        lines: Vec::new(),
        cause: cause(),
        location: None,
    };
    let requested = shop.give(Command::RequestReturn(request)).await;
    let id = ReturnId::from_u128(record_of(&requested.applied));
    shop.give(Command::ApproveReturn(ApproveReturn { id }))
        .await;
    let receive = ReceiveReturn {
        id,
        location: None,
        lines: Vec::new(),
        disposition: Disposition::Restock,
    };
    let received = shop.give(Command::ReceiveReturn(receive)).await;
    match received.applied.subject {
        AnswerSubject::Return { order, .. } => order,
        _ => panic!("a receipt answers with the return"),
    }
}
