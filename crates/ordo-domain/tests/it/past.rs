//! Past orders: taken over as they ended, without an effect on stock or people.

use std::sync::Arc;

use ordo_domain::order::past::{NEVER_SHIPPED, WITHOUT_LINES};
use ordo_domain::order::{
    FulfillmentStanding, Order, OrderInput, OrderLife, PaymentStanding, ReturnStanding,
};
use ordo_domain::quantity::Quantity;
use ordo_domain::returns::{RefundLineDraft, RefundOrder};
use ordo_domain::{Command, Event};
use serde_json::{Value, json};

use crate::desk::Desk;

fn euro(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

fn line(name: &str, sku: &str, quantity: i64, shipped: i64) -> Value {
    json!({"external_id": name, "sku": sku, "quantity": quantity, "shipped": shipped,
           "unit_price": euro(1_000)})
}

/// A past order with what `with` says otherwise.
fn past(version: i64, lines: &[Value], with: &Value) -> Value {
    let mut order = json!({
        "channel": "web", "external_id": "P1", "source_version": version, "origin": "history",
        "placed_at": "2018-03-01T12:00:00Z", "currency": "EUR", "tax_included": true,
        "ship_to": {"name": "Anna", "line1": "Street 1", "postal_code": "10115", "city": "Berlin",
                    "country": "DE", "email": "anna@example.com"},
        "lines": lines,
    });
    for (name, value) in with.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// Takes an order in; answers it as it stands, and the names of what happened.
fn take(desk: &mut Desk, order: &Value) -> (Arc<Order>, Vec<&'static str>) {
    let input: OrderInput = serde_json::from_value(order.clone()).unwrap();
    let capture = input.parse().expect("the order parses");
    let happened = desk
        .give(Command::CaptureOrder(Box::new(capture)))
        .expect("a past order is taken in");
    let id = desk
        .log()
        .iter()
        .find_map(|event| match event {
            Event::OrderPlaced { order } => Some(order.id),
            _ => None,
        })
        .unwrap();
    let order = Arc::clone(desk.world.order(id).unwrap().unwrap());
    for line in &order.lines {
        assert!(line.is_conserved(), "{line:?}");
    }
    assert_eq!(
        Order::sum_totals(&order.lines, &order.shipping, order.tax_included),
        order.totals
    );
    assert!(order.paid_back() <= order.captured());
    let rebuilt = desk.rebuilt();
    assert_eq!(rebuilt.order(id).unwrap().unwrap(), &order);
    let names = happened.iter().map(Event::name).collect();
    (order, names)
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117
        sku A
        receive A@BER 5
        ",
    );
    desk
}

/// Open, shipped elsewhere and canceled units of every line.
fn units(order: &Order) -> Vec<(i64, i64, i64)> {
    (order.lines.iter())
        .map(|line| {
            (
                line.open.get(),
                line.shipped_elsewhere.get(),
                line.canceled.get(),
            )
        })
        .collect()
}

#[test]
fn a_delivered_order_ends_closed_and_touches_no_stock() {
    let mut desk = desk();
    let (order, happened) = take(&mut desk, &past(1, &[line("1", "A", 2, 2)], &json!({})));
    assert_eq!(happened, ["order.placed"]);
    assert_eq!(order.life, OrderLife::Closed);
    assert_eq!(units(&order), [(0, 2, 0)]);
    assert_eq!(PaymentStanding::of(&order), PaymentStanding::SettledOutside);
    assert_eq!(FulfillmentStanding::of(&order), FulfillmentStanding::Full);
    assert_eq!(ReturnStanding::of(&order), ReturnStanding::None);
    assert!(order.labels.is_empty() && order.holds.is_empty());
    let cell = desk.cell("A@BER");
    assert_eq!((cell.on_hand.get(), cell.allocated.get()), (5, 0));
}

#[test]
fn unknown_skus_bad_addresses_and_repetition_hold_nothing() {
    let mut desk = desk();
    let odd = json!({"ship_to": {"country": "DE", "email": "anna@example.com"},
                     "payment": {"status": "pending"}, "total": euro(1)});
    let (order, happened) = take(
        &mut desk,
        &past(1, &[line("1", "nobody-knows", 200, 200)], &odd),
    );
    assert_eq!(happened, ["order.placed"]);
    assert_eq!(order.lines[0].sku, None);
    assert_eq!(order.lines[0].code, "nobody-knows");
    // A live order of the same buyer right after is the first that is seen.
    desk.play("order O1 from anna@example.com Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1");
}

#[test]
fn what_the_source_leaves_open_is_canceled_where_it_travels_and_delivered_where_not() {
    let gift =
        json!({"external_id": "3", "kind": "gift_card", "quantity": 1, "unit_price": euro(500)});
    for (lines, with, life, expected, label) in [
        // Partly shipped: the rest never will be.
        (
            vec![line("1", "A", 3, 1)],
            json!({}),
            OrderLife::Closed,
            vec![(0, 1, 2)],
            None,
        ),
        // Nothing left and nobody canceled: said by a label.
        (
            vec![line("1", "A", 3, 0)],
            json!({}),
            OrderLife::Canceled,
            vec![(0, 0, 3)],
            Some(NEVER_SHIPPED),
        ),
        (
            vec![line("1", "A", 3, 0)],
            json!({"canceled": true}),
            OrderLife::Canceled,
            vec![(0, 0, 3)],
            None,
        ),
        // The source called it canceled after part of it had left.
        (
            vec![line("1", "A", 3, 2)],
            json!({"canceled": true}),
            OrderLife::Canceled,
            vec![(0, 2, 1)],
            None,
        ),
        (
            vec![line("1", "A", 1, 1), gift.clone()],
            json!({}),
            OrderLife::Closed,
            vec![(0, 1, 0), (0, 1, 0)],
            None,
        ),
        (
            vec![gift],
            json!({"canceled": true}),
            OrderLife::Canceled,
            vec![(0, 0, 1)],
            None,
        ),
        (
            vec![],
            json!({}),
            OrderLife::Closed,
            vec![],
            Some(WITHOUT_LINES),
        ),
        (
            vec![],
            json!({"canceled": true}),
            OrderLife::Canceled,
            vec![],
            Some(WITHOUT_LINES),
        ),
    ] {
        let (order, _) = take(&mut desk(), &past(1, &lines, &with));
        assert_eq!(order.life, life, "{lines:?} {with}");
        assert_eq!(units(&order), expected, "{lines:?} {with}");
        assert_eq!(order.labels, label.into_iter().collect::<Vec<_>>());
        assert!(order.ended_at.is_some());
    }
}

#[test]
fn a_newer_version_with_fewer_units_than_were_paid_back_keeps_those() {
    let mut desk = desk();
    let paid = json!({"payment": {"status": "paid"}});
    let (order, _) = take(&mut desk, &past(1, &[line("1", "A", 3, 0)], &paid));
    let refund = RefundOrder {
        order: order.id,
        return_id: None,
        lines: vec![RefundLineDraft {
            line: order.lines[0].id.into(),
            quantity: Quantity::stored(2),
        }],
        shipping: None,
        goodwill: None,
        reason_code: None,
        external_id: None,
    };
    desk.give(Command::RefundOrder(refund)).unwrap();
    let (order, _) = take(&mut desk, &past(2, &[line("1", "A", 1, 0)], &paid));
    let line = &order.lines[0];
    assert_eq!((line.ordered.get(), line.refunded.get()), (2, 2));
}

#[test]
fn what_the_source_paid_back_is_kept_and_never_more_than_was_taken() {
    for (payment, standing, captured, back) in [
        (
            json!({"status": "paid"}),
            PaymentStanding::Captured,
            2_000,
            0,
        ),
        (
            json!({"status": "paid", "refunded": euro(500)}),
            PaymentStanding::PartRefunded,
            2_000,
            500,
        ),
        (
            json!({"status": "refunded"}),
            PaymentStanding::Refunded,
            2_000,
            2_000,
        ),
        (
            json!({"status": "refunded", "refunded": euro(9_999)}),
            PaymentStanding::Refunded,
            2_000,
            2_000,
        ),
        (json!({"status": "voided"}), PaymentStanding::Voided, 0, 0),
    ] {
        let with = json!({"payment": payment});
        let (order, _) = take(&mut desk(), &past(1, &[line("1", "A", 2, 2)], &with));
        assert_eq!(PaymentStanding::of(&order), standing, "{with}");
        assert_eq!(
            (order.captured().get(), order.paid_back().get()),
            (captured, back)
        );
    }
}

#[test]
fn an_equal_version_changes_nothing_and_a_newer_one_is_followed() {
    let mut desk = desk();
    let paid = |back: i64| json!({"payment": {"status": "paid", "refunded": euro(back)}});
    let first = [line("1", "A", 3, 1), line("2", "B", 1, 0)];
    let (before, _) = take(&mut desk, &past(1, &first, &paid(0)));
    let (same, happened) = take(&mut desk, &past(1, &first, &paid(0)));
    assert!(happened.is_empty());
    assert_eq!(same, before);

    // Two more units left, the second line is gone, a third came, and money went back.
    let newer = [line("1", "A", 3, 3), line("3", "C", 1, 1)];
    let (order, happened) = take(&mut desk, &past(2, &newer, &paid(700)));
    assert_eq!(happened, ["order.merged"]);
    assert_eq!(units(&order), [(0, 3, 0), (0, 1, 0)]);
    assert_eq!(order.lines[0].id, before.lines[0].id);
    assert_eq!(order.lines[1].code, "C");
    assert_eq!(order.life, OrderLife::Closed);
    assert_eq!(order.paid_back().get(), 700);
    assert_eq!(order.totals.total.get(), 4_000);

    // A version that forgets what left does not bring it back.
    let forgetful = [line("1", "A", 3, 0), line("3", "C", 1, 1)];
    let (order, _) = take(&mut desk, &past(3, &forgetful, &paid(700)));
    assert_eq!(units(&order), [(0, 3, 0), (0, 1, 0)]);
}

#[test]
fn lines_that_come_later_take_the_label_away() {
    let mut desk = desk();
    let (order, _) = take(&mut desk, &past(1, &[], &json!({"labels": ["vip"]})));
    assert_eq!(order.labels, ["vip", WITHOUT_LINES]);
    let (order, _) = take(&mut desk, &past(2, &[line("1", "A", 1, 0)], &json!({})));
    assert_eq!(order.labels, ["vip", NEVER_SHIPPED]);
    assert_eq!(order.life, OrderLife::Canceled);
    let (order, _) = take(&mut desk, &past(3, &[line("1", "A", 1, 1)], &json!({})));
    assert_eq!(order.labels, ["vip"]);
    assert_eq!(order.life, OrderLife::Closed);
}

#[test]
fn a_past_order_can_come_back() {
    let mut desk = desk();
    let paid = json!({"payment": {"status": "paid"}});
    let (order, _) = take(&mut desk, &past(1, &[line("1", "A", 2, 2)], &paid));
    desk.name_order("P1", order.id);
    desk.play(
        "
        return R1 P1 Ax1 -> return.requested
        approve R1 -> return.approved
        back R1 BER restock Ax1 -> return.received
        cell? A@BER -> on_hand 6 allocated 0 reserved 0
        ",
    );
    // A newer version of the source knows nothing of it, and takes nothing of it away.
    let (order, _) = take(&mut desk, &past(2, &[line("1", "A", 2, 2)], &paid));
    assert_eq!(order.lines[0].received.get(), 1);
}

#[test]
fn a_live_order_that_its_channel_canceled_keeps_no_open_unit() {
    let mut desk = desk();
    let canceled = json!({"origin": "live", "canceled": true, "payment": {"status": "voided"}});
    let mut only = line("1", "A", 3, 0);
    only.as_object_mut().unwrap().remove("shipped");
    let (order, happened) = take(&mut desk, &past(1, &[only], &canceled));
    assert_eq!(happened, ["order.placed"]);
    assert_eq!(order.life, OrderLife::Canceled);
    assert_eq!(units(&order), [(0, 0, 3)]);
}
