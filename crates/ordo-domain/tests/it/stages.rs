//! An order on its way through the stages: work, parcels, delivery, return, refund.

use crate::desk::Desk;

fn check(script: &str) {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        sku B
        receive A@BER 5
        receive A@MUC 5
        receive B@BER 5
        ",
    );
    desk.play(script);
}

#[test]
fn an_order_walks_from_release_to_delivery_and_closes() {
    check(
        "
        order O1 Ax2 Bx1
        release O1/1 -> fulfillment_order.released
        release O1/1 -> nothing
        accept O1/1 -> fulfillment_order.accepted
        pick O1/1 Ax1 -> fulfillment_order.picked
        pack O1/1 -> no: fulfillment_state
        pick O1/1 Ax2 -> no: quantity_exceeded
        pick O1/1 -> fulfillment_order.picked
        ship O1/1 -> no: fulfillment_state
        pack O1/1 -> fulfillment_order.packed
        ship O1/1 -> fulfillment_order.shipped
        ship O1/1 -> nothing
        cell? A@BER -> on_hand 3 allocated 0 reserved 0
        shipped? O1/1 -> shipped 2 received 0 refunded 0
        order? O1 -> open
        track O1/1 in_transit -> parcel.tracked
        track O1/1 delivered -> parcel.tracked, order.closed
        track O1/1 in_transit -> nothing
        order? O1 -> closed
        ",
    );
}

#[test]
fn a_split_order_closes_with_its_last_parcel() {
    check(
        "
        order O1 Ax7 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax5, fulfillment_order.opened MUC Ax2
        release O1/1
        pick O1/1
        pack O1/1
        ship O1/1
        track O1/1 delivered -> parcel.tracked
        release O1/2
        pick O1/2
        pack O1/2
        ship O1/2
        track O1/2 delivered -> parcel.tracked, order.closed
        ",
    );
}

#[test]
fn a_refused_order_goes_elsewhere_and_never_back() {
    check(
        "
        order O1 Ax1
        release O1/1
        reject O1/1 -> fulfillment_order.rejected, fulfillment_order.opened MUC Ax1
        cell? A@BER -> on_hand 5 allocated 0 reserved 0
        release O1/2
        reject O1/2 -> fulfillment_order.rejected, hold.placed oversold
        ",
    );
}

#[test]
fn a_short_pick_ships_what_is_there_and_sources_the_rest_elsewhere() {
    check(
        "
        order O1 Ax3
        release O1/1
        pick O1/1 Ax2
        short O1/1 Ax2 -> no: quantity_exceeded
        short O1/1 Ax1 -> fulfillment_order.shorted, stock.moved, fulfillment_order.opened MUC Ax1
        cell? A@BER -> on_hand 4 allocated 2 reserved 0
        pack O1/1 -> fulfillment_order.packed
        ship O1/1
        cell? A@BER -> on_hand 2 allocated 0 reserved 0
        shipped? O1/1 -> shipped 2 received 0 refunded 0
        ",
    );
}

#[test]
fn a_pick_that_finds_nothing_gives_the_day_of_its_location_back() {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117 capacity 1
        location MUC DE 80331
        sku A
        receive A@BER 9
        receive A@MUC 9
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        release O1/1
        short O1/1 Ax1 -> fulfillment_order.shorted, stock.moved, fulfillment_order.opened MUC Ax1
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        short O1/1 -> fulfillment_order.shorted, stock.moved, fulfillment_order.opened MUC Ax1
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O5 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn what_was_canceled_is_paid_back_and_with_the_whole_order_its_shipping() {
    check(
        "
        order O1 Ax2 Bx1
        refund O1 shipping 0 goodwill 0 -> nothing
        cancel O1 Ax1
        refund O1 shipping 0 goodwill 0 -> refund.recorded
        refund O1 shipping 0 goodwill 0 -> nothing
        money? O1 -> captured 3490 back 1000 in 1000
        cancel O1
        refund O1 shipping 0 goodwill 0 -> refund.recorded
        money? O1 -> captured 3490 back 3490 in 1000+2490
        refund O1 shipping 0 goodwill 0 -> nothing
        ",
    );
}

#[test]
fn holds_stop_the_next_step_of_work_on_the_floor() {
    check(
        "
        order O1 unpaid Ax1
        release O1/1 -> no: held_at_stage
        free O1 unpaid
        release O1/1 -> fulfillment_order.released
        ",
    );
}

#[test]
fn units_are_canceled_as_far_as_nobody_has_begun() {
    check(
        "
        order O1 Ax3
        cancel O1 Ax1 -> fulfillment_order.canceled, order.lines_canceled, fulfillment_order.opened BER Ax2
        line? O1/1 -> open 0 backordered 0 allocated 2 canceled 1
        release O1/2
        cancel O1 Ax1 -> no: quantity_exceeded
        cancel O1 -> fulfillment_order.cancel_requested
        cancel O1 -> nothing
        pick O1/2 -> no: fulfillment_state
        refused O1/2 -> fulfillment_order.cancel_refused
        pick O1/2 -> fulfillment_order.picked
        cancel O1 -> fulfillment_order.cancel_requested
        stopped O1/2 -> fulfillment_order.canceled, order.lines_canceled, order.canceled
        cell? A@BER -> on_hand 5 allocated 0 reserved 0
        order? O1 -> canceled
        ",
    );
}

#[test]
fn stopping_work_sources_its_units_from_elsewhere() {
    check(
        "
        order O1 Ax1
        stop O1/1 -> fulfillment_order.rejected, fulfillment_order.opened MUC Ax1
        release O1/2
        stop O1/2 -> fulfillment_order.cancel_requested
        stopped O1/2 -> fulfillment_order.canceled, hold.placed oversold
        ",
    );
}

#[test]
fn a_return_is_received_anywhere_and_paid_back_to_the_cent() {
    check(
        "
        order O1 Ax3
        return R0 O1 Ax1 -> no: quantity_exceeded
        release O1/1
        pick O1/1
        pack O1/1
        ship O1/1
        track O1/1 delivered
        return R1 O1 Ax2 -> return.requested
        return R2 O1 Ax2 -> no: quantity_exceeded
        approve R1 -> return.approved
        back R1 MUC restock Ax1 -> return.received
        cell? A@MUC -> on_hand 6 allocated 0 reserved 0
        cell? A@BER -> on_hand 2 allocated 0 reserved 0
        refund R1 -> refund.recorded
        refund R1 -> nothing
        back R1 BER quarantine Ax1 -> return.received
        back R1 BER restock Ax1 -> no: return_state
        cell? A@BER -> on_hand 2 allocated 0 reserved 0
        refund R1 -> refund.recorded
        shipped? O1/1 -> shipped 3 received 2 refunded 2
        money? O1 -> captured 3490 back 2000 in 1000+1000
        refund O1 shipping 491 goodwill 0 -> no: invalid_input
        refund O1 shipping 490 goodwill 1001 -> no: refund_exceeds_captured
        refund O1 shipping 490 goodwill 0 Ax1 -> refund.recorded
        money? O1 -> captured 3490 back 3490 in 1000+1000+1490
        refund O1 shipping 0 goodwill 1 -> no: refund_exceeds_captured
        ",
    );
}
