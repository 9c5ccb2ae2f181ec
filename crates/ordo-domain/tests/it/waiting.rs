//! Orders that wait, and are looked at again when something may have freed them.

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

#[test]
fn stock_that_came_serves_what_waited_for_it_as_far_as_it_goes() {
    check(
        "
        location BER DE 10117
        sku A backorder 9
        order O1 Ax3 -> order.placed, order.confirmed, order.backordered
        order O2 Ax2 -> order.placed, order.confirmed, order.backordered
        review O1 -> nothing
        receive A@BER 4
        review O1 -> order.backorder_lifted, fulfillment_order.opened BER Ax3
        review O2 -> order.backorder_lifted, fulfillment_order.opened BER Ax1
        line? O2/1 -> open 1 backordered 1 allocated 1 canceled 0
        review O2 -> nothing
        cell? A@BER -> on_hand 4 allocated 4 reserved 0
        receive A@BER 5
        review O2 -> order.backorder_lifted, fulfillment_order.opened BER Ax1
        order O3 Ax12 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax4, order.backordered
        line? O3/1 -> open 8 backordered 8 allocated 4 canceled 0
        ",
    );
}

#[test]
fn an_oversold_line_is_freed_by_stock_and_held_again_for_the_rest() {
    check(
        "
        location BER DE 10117
        sku A
        order O1 Ax3 -> order.placed, order.confirmed, hold.placed oversold
        review O1 -> nothing
        receive A@BER 2
        review O1 -> hold.released, fulfillment_order.opened BER Ax2, hold.placed oversold
        review O1 -> nothing
        receive A@BER 1
        review O1 -> hold.released, fulfillment_order.opened BER Ax1
        order? O1 -> open
        ",
    );
}

#[test]
fn a_code_that_is_known_by_now_gives_the_line_its_sku() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 1
        order O1 Ax1 Zx2 -> order.placed, hold.placed unmappedsku, order.confirmed, fulfillment_order.opened BER Ax1
        review O1 -> nothing
        sku Z
        receive Z@BER 5
        review O1 -> hold.released, order.merged, fulfillment_order.opened BER Zx2
        line? O1/2 -> open 0 backordered 0 allocated 2 canceled 0
        order? O1 -> open
        review O1 -> nothing
        ",
    );
}

#[test]
fn an_order_that_has_ended_is_left_alone() {
    check(
        "
        location BER DE 10117
        sku A backorder 9
        order O1 Ax3
        cancel O1
        receive A@BER 4
        review O1 -> nothing
        ",
    );
}

#[test]
fn stock_at_a_location_that_declined_the_order_does_not_free_it() {
    check(
        "
        location BER DE 10117
        sku A backorder 9
        receive A@BER 1
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        release O1/1
        reject O1/1 -> fulfillment_order.rejected, order.backordered
        review O1 -> nothing
        location PAR FR 75001
        receive A@PAR 1
        review O1 -> order.backorder_lifted, fulfillment_order.opened PAR Ax1
        ",
    );
}

#[test]
fn a_shortfall_takes_back_what_is_not_picked_and_no_more() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A backorder 9
        receive A@BER 9
        order O1 Ax3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3
        order O2 Ax4 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax4
        cover O2/1 A -> nothing
        count A@BER 5
        cell? A@BER -> on_hand 5 allocated 7 reserved 0
        receive A@MUC 1
        cover O2/1 A -> fulfillment_order.shorted, fulfillment_order.opened MUC Ax1, order.backordered
        cell? A@BER -> on_hand 5 allocated 5 reserved 0
        line? O2/1 -> open 1 backordered 1 allocated 3 canceled 0
        cover O1/1 A -> nothing
        release O1/1
        accept O1/1
        pick O1/1
        count A@BER 0
        cover O1/1 A -> nothing
        cell? A@BER -> on_hand 0 allocated 5 reserved 0
        cover O2/1 A -> fulfillment_order.shorted, order.backordered
        cell? A@BER -> on_hand 0 allocated 3 reserved 0
        ",
    );
}
