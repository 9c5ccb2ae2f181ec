//! Changes of what was set up: SKUs, locations, channels, pools, legal entities.

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

#[test]
fn a_changed_stock_policy_counts_from_the_next_decision_on() {
    check(
        "
        location BER DE 10117
        sku A
        order O1 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        set sku A policy backorder 5 -> sku.updated
        set sku A policy backorder 5 -> nothing
        order O2 Ax1 -> order.placed, order.confirmed, order.backordered
        set sku A policy untracked
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn a_barcode_stays_with_the_sku_that_had_it() {
    check(
        "
        sku A
        sku B
        set sku A barcode 4006381333931 -> sku.updated
        set sku B barcode 4006381333931 -> no: code_taken
        set sku A barcode -> sku.updated
        set sku B barcode 4006381333931 -> no: code_taken
        set sku A barcode 4006381333931 -> sku.updated
        ",
    );
}

#[test]
fn units_do_not_change_their_meaning_while_they_lie_there() {
    check(
        "
        location BER DE 10117
        sku A
        set sku A scale 4 -> sku.updated
        receive A@BER 1
        set sku A scale 1 -> no: invalid_input
        set sku A tracking lot -> no: invalid_input
        set sku A weight 250 -> sku.updated
        dispose A@BER 1
        set sku A scale 1 -> sku.updated
        ",
    );
}

#[test]
fn a_location_that_is_not_live_gets_nothing_new_and_finishes_what_it_has() {
    for state in ["draft", "receiving", "draining", "closed"] {
        check(&format!(
            "
            location BER DE 10117
            location MUC DE 80331
            sku A
            receive A@BER 5
            receive A@MUC 5
            order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
            set location BER state {state} -> location.updated
            order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
            reserve R1 Ax5 for 60 -> no: out_of_stock
            release O1/1 -> fulfillment_order.released
            pick O1/1 -> fulfillment_order.picked
            set location BER state live -> location.updated
            order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
            "
        ));
    }
}

#[test]
fn an_edit_for_an_older_version_is_refused() {
    check(
        "
        location BER DE 10117
        set location BER at 1 capacity 5 -> location.updated
        set location BER at 1 capacity 6 -> no: version_conflict
        set location BER at 2 capacity 6 -> location.updated
        set location BER at 3 capacity 6 -> nothing
        ",
    );
}

#[test]
fn a_channel_in_pools_sells_from_theirs_alone() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 5
        receive A@MUC 5
        pool south MUC for web -> pool.created
        pool south BER for web -> no: code_taken
        pool nowhere XXX for web -> no: invalid_input
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        set pool south BER MUC -> pool.updated
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn an_order_keeps_the_entity_that_sold_it() {
    let mut desk = Desk::new();
    desk.play(
        "
        entity de DE EUR -> legal_entity.created
        entity de DE EUR -> no: code_taken
        entity fr FR EUR -> legal_entity.created
        location BER DE 10117
        sku A
        set channel web entity nobody -> no: invalid_input
        order O1 Ax1
        set channel web entity de -> channel.updated
        order O2 Ax1
        set channel web entity fr -> channel.updated
        order O3 Ax1
        ",
    );
    let seller = |name: &str| {
        let entity = desk.order(name).entity?;
        Some(desk.reference.entity(entity).unwrap().code.clone())
    };
    assert_eq!(seller("O1"), None);
    assert_eq!(seller("O2").as_deref(), Some("de"));
    assert_eq!(seller("O3").as_deref(), Some("fr"));
}
