//! What a batch does with many commands, with the same command twice, and with a bad one among good.

use ordo_domain::event::{Cause, Fault};
use ordo_domain::order::CancelOrder;
use ordo_domain::time::Date;
use ordo_domain::{Command, Event};
use ordo_engine::Reply;
use ordo_store::contract::fixture::{capture, location, order, receive, sku};

use crate::shop::Shop;

#[test]
fn one_batch_sells_no_more_than_there_is() {
    let shop = Shop::open(3);
    let orders = (0..10).map(|n| shop.admit(capture(&order(&format!("O{n}"), &[("A", 1)])), None));
    let replies = shop.run(orders.collect());
    let sold = replies
        .iter()
        .filter(|reply| reply.template.contains("\"allocated\":1"))
        .count();
    assert_eq!(sold, 3);
    assert!(replies.iter().all(|reply| reply.status == 201));
    assert_eq!(shop.allocated(), 3);
    shop.assert_sound();
}

#[test]
fn numbers_and_positions_follow_the_order_of_the_log() {
    let shop = Shop::open(9);
    let first = shop.run(vec![shop.admit(capture(&order("O1", &[("A", 1)])), None)]);
    let second = shop.run(vec![shop.admit(capture(&order("O2", &[("A", 1)])), None)]);
    assert_eq!(second[0].number, first[0].number.map(|number| number + 1));
    assert!(second[0].position > first[0].position);
    assert_eq!(first[0].body().matches("null").count(), 0);
}

#[test]
fn a_refused_command_leaves_its_neighbors_alone() {
    let shop = Shop::open(9);
    let mut unknown = order("O2", &[("A", 1)]);
    unknown.channel = "nowhere".to_owned();
    let replies = shop.run(vec![
        shop.admit(capture(&order("O1", &[("A", 1)])), None),
        shop.admit(capture(&unknown), None),
        shop.admit(sku("A"), None),
        shop.admit(capture(&order("O3", &[("A", 1)])), None),
    ]);
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [201, 422, 409, 201]);
    assert_eq!(shop.allocated(), 2);
    shop.assert_sound();
}

#[test]
fn what_is_made_in_a_batch_is_seen_by_the_rest_of_it() {
    let shop = Shop::open(9);
    let replies = shop.run(vec![
        shop.admit(sku("B"), None),
        shop.admit(location("MUC", "80331"), None),
        shop.admit(capture(&order("O1", &[("B", 1)])), None),
        shop.admit(capture(&order("O1", &[("B", 1)])), None),
    ]);
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [201, 201, 201, 200]);
    shop.assert_sound();
}

#[test]
fn the_same_request_gets_the_same_answer_within_a_batch_and_later() {
    let shop = Shop::open(9);
    let request = || capture(&order("O1", &[("A", 1)]));
    let together = shop.run(vec![
        shop.admit(request(), Some(7)),
        shop.admit(request(), Some(7)),
    ]);
    assert!(!together[0].replayed && together[1].replayed);
    assert_eq!(together[0].body(), together[1].body());
    let later = shop.run(vec![shop.admit(request(), Some(7))]);
    assert!(later[0].replayed);
    assert_eq!(
        (later[0].status, later[0].body()),
        (201, together[0].body())
    );
    assert_eq!(later[0].position, together[0].position);

    let mut other = shop.admit(request(), Some(7));
    other.idempotency.as_mut().unwrap().request_hash = [2; 16];
    let reused = shop.run(vec![other]);
    assert_eq!(
        (reused[0].status, reused[0].template.as_str()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(shop.allocated(), 1);
}

#[test]
fn a_refusal_is_kept_under_its_key_too() {
    let shop = Shop::open(9);
    let first = shop.run(vec![shop.admit(sku("A"), Some(3))]);
    let again = shop.run(vec![shop.admit(sku("A"), Some(3))]);
    assert_eq!((first[0].status, again[0].status), (409, 409));
    assert!(again[0].replayed);
}

#[test]
fn a_day_that_is_freed_and_filled_in_one_batch_is_never_beyond_its_limit() {
    let shop = Shop::open(0);
    let mut small = location("KEL", "24103");
    if let Command::CreateLocation(small) = &mut small {
        small.daily_capacity = Some(2);
    }
    let set_up = [small, receive("A", "KEL", 9)];
    for command in set_up {
        shop.run(vec![shop.admit(command, None)]);
    }
    let place = |name: &str| shop.admit(capture(&order(name, &[("A", 1)])), None);
    // Two leave today and two tomorrow.
    shop.run(vec![place("O1"), place("O2")]);
    let placed = shop.run(vec![place("O3"), place("O4")]);
    let cancel = |reply: &Reply| {
        let command = CancelOrder {
            order: reply.order.unwrap(),
            lines: Vec::new(),
            cause: Cause {
                reason_code: "buyer".to_owned(),
                fault: Fault::Buyer,
                initiator: None,
            },
        };
        shop.admit(Command::CancelOrder(command), None)
    };
    // A place of tomorrow comes free before two orders want it, the other after them.
    let (first, last) = (cancel(&placed[0]), cancel(&placed[1]));
    shop.run(vec![first, place("O5"), place("O6"), last]);
    let log = shop.log();
    let opened = log.iter().filter_map(|event| match event {
        Event::FulfillmentOrderOpened { fulfillment_order } => fulfillment_order.work_day,
        _ => None,
    });
    let days: Vec<Date> = opened.collect();
    let today = days[0];
    let after = |days| today.plus_days(days);
    let expected = [today, today, after(1), after(1), after(1), after(2)];
    assert_eq!(
        days, expected,
        "tomorrow was full when the last was decided"
    );
    shop.assert_sound();
}
