//! Lots: units that are told apart, from receipt over pick and ship to return.

use crate::desk::Desk;

fn check(script: &str) {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        sku B
        set sku A tracking lot
        receive A@BER#old/2026-12-01 3 -> stock.moved
        receive A@BER#new/2027-12-01 5 -> stock.moved
        receive B@BER 5
        ",
    );
    desk.play(script);
}

#[test]
fn movements_of_a_sku_with_lots_name_one_and_others_do_not() {
    check(
        "
        receive A@BER 1 -> no: invalid_input
        receive B@BER#x 1 -> no: invalid_input
        lots? A@BER -> new 5, old 3
        adjust A@BER#old -1 -> stock.moved
        count A@BER#new 4 -> stock.moved
        quarantine A@BER#new 2 -> stock.moved
        lots? A@BER -> new 2 bad 2, old 2
        cell? A@BER -> on_hand 4 allocated 0 reserved 0
        unquarantine A@BER#new 3 -> no: quantity_exceeded
        unquarantine A@BER#new 1
        dispose A@BER#old 2
        dispose A@BER 1 -> no: invalid_input
        lots? A@BER -> new 3 bad 1
        transfer_out A@BER#new 3
        transfer_in A@MUC#new 3
        lots? A@MUC -> new 3
        receive A@MUC#new:used 2
        lots? A@MUC -> new 3, new:used 2
        cell? A@MUC -> on_hand 5 allocated 0 reserved 0
        set sku A tracking none -> no: invalid_input
        ",
    );
}

#[test]
fn what_expires_first_is_collected_first_and_leaves_its_lot_at_ship() {
    check(
        "
        order O1 Ax4
        release O1/1
        pick O1/1 -> fulfillment_order.picked
        lots? A@BER -> new 5 picked 1, old 3 picked 3
        order O2 Ax2
        release O2/1
        pick O2/1
        lots? A@BER -> new 5 picked 3, old 3 picked 3
        pack O1/1
        ship O1/1
        lots? A@BER -> new 4 picked 2
        cell? A@BER -> on_hand 4 allocated 2 reserved 0
        ",
    );
}

#[test]
fn two_lines_of_one_sku_do_not_collect_the_same_units() {
    check(
        "
        order O1 Ax2 Ax3
        release O1/1
        pick O1/1
        lots? A@BER -> new 5 picked 2, old 3 picked 3
        ",
    );
}

#[test]
fn a_scanned_lot_counts_as_far_as_it_is_there() {
    check(
        "
        order O1 Ax4
        release O1/1
        pick O1/1 Ax4 of old -> no: quantity_exceeded
        pick O1/1 Ax4 of nowhere -> no: quantity_exceeded
        pick O1/1 Ax4 of new -> fulfillment_order.picked
        lots? A@BER -> new 5 picked 4, old 3
        order O2 Bx1
        release O2/1
        pick O2/1 Bx1 of new -> no: invalid_input
        ",
    );
}

#[test]
fn what_no_lot_has_is_counted_before_it_is_collected() {
    check(
        "
        order O1 Ax4
        release O1/1
        count A@BER#old 0
        count A@BER#new 3
        pick O1/1 -> no: quantity_exceeded
        pick O1/1 Ax3 -> fulfillment_order.picked
        lots? A@BER -> new 3 picked 3
        count A@BER#new 4
        pick O1/1 -> fulfillment_order.picked
        pack O1/1
        ship O1/1
        cell? A@BER -> on_hand 0 allocated 0 reserved 0
        ",
    );
}

#[test]
fn units_come_out_of_quarantine_as_far_as_they_are_in_it() {
    check(
        "
        quarantine B@BER 2
        unquarantine B@BER 3 -> no: quantity_exceeded
        unquarantine B@MUC 1 -> no: quantity_exceeded
        unquarantine B@BER 2 -> stock.moved
        unquarantine B@BER 1 -> no: quantity_exceeded
        ",
    );
}

#[test]
fn work_that_stops_puts_its_units_back_into_their_lots() {
    check(
        "
        order O1 Ax4
        release O1/1
        pick O1/1 Ax2 of new
        stop O1/1 -> fulfillment_order.cancel_requested
        lots? A@BER -> new 5 picked 2, old 3
        stopped O1/1 -> fulfillment_order.canceled, hold.placed oversold
        lots? A@BER -> new 5, old 3
        ",
    );
}

#[test]
fn what_is_not_found_leaves_the_lot_that_would_have_been_collected() {
    check(
        "
        order O1 Ax4
        release O1/1
        short O1/1 Ax1
        lots? A@BER -> new 5, old 2
        cell? A@BER -> on_hand 7 allocated 3 reserved 0
        ",
    );
}

#[test]
fn goods_come_back_into_the_lot_that_is_named() {
    check(
        "
        order O1 Ax3
        release O1/1
        pick O1/1
        pack O1/1
        ship O1/1
        return R1 O1 Ax3
        back R1 MUC restock Ax1 of old:used -> return.received
        back R1 MUC quarantine Ax1 of old -> return.received
        back R1 MUC restock Ax1 -> return.received
        lots? A@MUC -> old 0 bad 1, old:used 1
        cell? A@MUC -> on_hand 2 allocated 0 reserved 0
        dispose A@MUC 1 -> stock.moved
        dispose A@MUC 1 -> no: invalid_input
        ",
    );
}

#[test]
fn a_recalled_lot_is_not_promised_collected_or_shipped() {
    check(
        "
        block r1 lot A@new allocate for 60
        order O1 Ax3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3
        order O2 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        reserve R1 Ax1 for 60 -> no: out_of_stock
        wait 60
        reserve R1 Ax1 for 60 -> reservation.made
        release O1/1
        block r2 lot A@old pick for 60
        pick O1/1 Ax1 of old -> no: held_at_stage
        pick O1/1 Ax1 -> fulfillment_order.picked
        lots? A@BER -> new 5 picked 1, old 3
        wait 60
        pick O1/1
        pack O1/1
        block r3 lot A@old ship for 60
        ship O1/1 -> no: held_at_stage
        wait 60
        ship O1/1 -> fulfillment_order.shipped
        lots? A@BER -> new 4, old 1
        ",
    );
}
