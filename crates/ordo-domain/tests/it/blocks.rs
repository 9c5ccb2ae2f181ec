//! Blocks: each stage is really stopped, and goes on by itself when the block ends.

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
        listing WEB-A@web = Ax1
        ",
    );
    desk.play(script);
}

#[test]
fn what_is_blocked_at_one_place_is_allocated_at_another() {
    for (kind, about) in [("location", "BER"), ("cell", "A@BER")] {
        check(&format!(
            "
            block stop {kind} {about} allocate for 60 -> block.placed
            order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
            reserve R1 Ax5 for 600 -> no: out_of_stock
            wait 60
            order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
            reserve R1 Ax5 for 600 -> reservation.made
            "
        ));
    }
}

#[test]
fn what_is_blocked_everywhere_waits_with_the_blocks_reason() {
    for (kind, about, sold_as) in [("sku", "A", "A"), ("listing", "WEB-A", "WEB-A")] {
        check(&format!(
            "
            block recall {kind} {about} allocate for 60
            order O1 {sold_as}x1 Bx1 -> order.placed, order.confirmed, hold.placed oversold, fulfillment_order.opened BER Bx1
            cell? A@BER -> on_hand 5 allocated 0 reserved 0
            free O1 oversold -> hold.released, hold.placed oversold
            review O1 -> nothing
            wait 60
            order O2 {sold_as}x1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
            review O1 -> hold.released, fulfillment_order.opened BER Ax1
            "
        ));
    }
}

#[test]
fn a_blocked_listing_leaves_its_sku_to_others() {
    check(
        "
        block stop listing WEB-A allocate
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn work_on_the_floor_stops_at_the_blocked_step_and_goes_on_after_its_end() {
    for (kind, about) in [
        ("sku", "A"),
        ("listing", "WEB-A"),
        ("location", "BER"),
        ("cell", "A@BER"),
    ] {
        check(&format!(
            "
            order O1 WEB-Ax1
            block b1 {kind} {about} release for 60
            release O1/1 -> no: held_at_stage
            wait 60
            release O1/1 -> fulfillment_order.released
            block b2 {kind} {about} pick for 60
            pick O1/1 -> no: held_at_stage
            wait 60
            pick O1/1 -> fulfillment_order.picked
            pack O1/1
            block b3 {kind} {about} ship for 60
            ship O1/1 -> no: held_at_stage
            wait 60
            ship O1/1 -> fulfillment_order.shipped
            "
        ));
    }
}

#[test]
fn a_strike_stops_the_carriers_parcels_alone() {
    for (about, stopped) in [
        ("house", true),
        ("house@standard", true),
        ("house@express", false),
        ("other", false),
    ] {
        let answer = if stopped {
            "no: held_at_stage"
        } else {
            "fulfillment_order.shipped"
        };
        check(&format!(
            "
            order O1 Ax1
            release O1/1
            pick O1/1
            pack O1/1
            block strike carrier {about} ship
            ship O1/1 -> {answer}
            "
        ));
    }
}

#[test]
fn a_lifted_block_ends_at_once_and_lifting_twice_is_no_mistake() {
    check(
        "
        block stop sku A allocate
        lift stop -> block.lifted
        lift stop -> nothing
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        block past sku Z allocate -> no: invalid_input
        ",
    );
}
