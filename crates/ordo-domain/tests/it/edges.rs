//! Edge cases of sourcing: what is rare, and what is easily got wrong.
//!
//! `docs/sourcing-edge-cases.md` lists all of them with the tests that hold them, these among them.

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

#[test]
fn safety_stock_above_what_is_there_offers_nothing_and_takes_nothing_back() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 5
        safety A@BER 8 -> stock.moved
        order O1 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        safety A@BER 3
        order O2 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        order O3 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        safety A@BER 9
        cover O2/1 A -> nothing
        line? O2/1 -> open 0 backordered 0 allocated 2 canceled 0
        ",
    );
}

#[test]
fn safety_stock_serves_promises_before_any_is_taken_back() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 5
        safety A@BER 3
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        count A@BER 2
        cover O1/1 A -> nothing
        count A@BER 1
        cover O1/1 A -> fulfillment_order.shorted, hold.placed oversold
        line? O1/1 -> open 1 backordered 0 allocated 1 canceled 0
        ",
    );
}

#[test]
fn a_location_without_any_capacity_gets_nothing() {
    check(
        "
        location BER DE 10117 capacity 0
        location MUC DE 80331
        sku A
        receive A@BER 5
        receive A@MUC 1
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O2 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        ",
    );
}

#[test]
fn a_store_that_only_hands_over_does_not_ship() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 5
        receive A@MUC 5
        set location BER only pickup
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn prices_in_another_currency_do_not_count() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 5
        receive A@MUC 5
        rates in USD parcel days 1 1000:1
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O1/1 -> day - none
        ",
    );
}

#[test]
fn what_the_buyer_pays_for_shipping_plays_no_part() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 5
        receive A@MUC 5
        rates parcel from BER days 1 1000:590
        rates parcel from MUC days 2 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O2 free-shipping Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn after_five_refusals_a_person_looks() {
    let mut desk = Desk::new();
    desk.play("sku A");
    for index in 1..=7 {
        desk.play(&format!(
            "location L{index} DE {index}0115
             receive A@L{index} 1"
        ));
    }
    desk.play("order O1 Ax1");
    for refusal in 1..=4 {
        desk.play(&format!("reject O1/{refusal}"));
    }
    desk.play(
        "
        order? O1 -> open
        reject O1/5 -> fulfillment_order.rejected, hold.placed nolocation
        order? O1 -> open nolocation
        free O1 nolocation
        order? O1 -> open
        ",
    );
    // Once a person said so it goes on, to where it was not refused yet.
    let all = desk.order("O1").fulfillment_orders.clone();
    let locations: std::collections::BTreeSet<_> = (all.iter())
        .map(|id| desk.world.fulfillment_order(*id).unwrap().unwrap().location)
        .collect();
    assert_eq!((all.len(), locations.len()), (6, 6));
}

#[test]
fn an_order_of_fifty_lines_is_sourced_at_once() {
    let mut desk = Desk::new();
    for (code, postal) in [("BER", 10117), ("HAM", 20095), ("MUC", 80331)] {
        desk.play(&format!("location {code} DE {postal}"));
    }
    desk.play("rates parcel days 1 5000:500 31500:1200");
    let mut units = String::new();
    for index in 0..50 {
        desk.play(&format!("sku S{index}"));
        // Every third SKU is in Munich alone, the others near the buyer.
        let at = match index % 3 {
            0 => "MUC",
            1 => "BER",
            _ => "HAM",
        };
        desk.play(&format!("receive S{index}@{at} 2"));
        units.push_str(&format!(" S{index}x2"));
    }
    desk.play(&format!("order O1{units}"));
    desk.play("order? O1 -> open");
    let order = desk.order("O1");
    assert_eq!(order.fulfillment_orders.len(), 3);
    let allocated = order.lines.iter().map(|line| line.allocated.get());
    assert_eq!(allocated.sum::<i64>(), 100);
}

#[test]
fn a_missing_weight_counts_as_the_default() {
    check(
        "
        location BER DE 10117
        sku A
        set sku A weight 0
        receive A@BER 5
        rates parcel days 1 400:300 1000:500
        order O1 Ax1
        carriage? O1/1 -> day - parcel 500 for 500 g leaves 2026-11-01 arrives 2026-11-02 late 0
        sourcing weight 350
        order O2 Ax1
        carriage? O2/1 -> day - parcel 300 for 350 g leaves 2026-11-01 arrives 2026-11-02 late 0
        ",
    );
}

/// Goods that a service does not take leave by another, or from elsewhere; others of the order are not
/// held up by them.
#[test]
fn goods_that_a_service_does_not_take_leave_by_another_or_from_elsewhere() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        sku L
        tag L lithium
        receive A@BER 9
        receive L@BER 9
        receive L@MUC 9
        rates air from BER days 1 1000:300
        rates ground from MUC days 3 1000:500
        table air-BER takes !lines.exists(l, 'lithium' in l.tags)
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 Lx1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Lx1
        order O3 Ax1 Lx2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, fulfillment_order.opened MUC Lx2
        rates ground from BER days 3 1000:400
        order O4 Ax2 Lx1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2 Lx1
        carriage? O4/1 -> day - ground 400 for 300 g leaves 2026-11-01 arrives 2026-11-04 late 0
        ",
    );
}

/// Where no carrier takes a good at all, it waits: it never leaves by distance alone.
#[test]
fn what_no_carrier_takes_waits() {
    check(
        "
        location BER DE 10117
        sku L
        tag L hazmat
        receive L@BER 9
        rates air days 1 1000:300
        table air takes !lines.exists(l, 'hazmat' in l.tags)
        order O1 Lx1 -> order.placed, order.confirmed, hold.placed oversold
        ",
    );
}
