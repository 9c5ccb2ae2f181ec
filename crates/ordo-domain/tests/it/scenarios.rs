//! What happens to orders and stock, as scenarios.

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

#[test]
fn a_paid_order_takes_stock_at_the_nearest_location_that_has_it() {
    check(
        "
        location PAR FR 75001
        location BER DE 10117
        sku A
        receive A@PAR 5
        receive A@BER 5
        order O1 Ax3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3
        cell? A@BER -> on_hand 5 allocated 3 reserved 0
        line? O1/1 -> open 0 backordered 0 allocated 3 canceled 0
        order? O1 -> open
        ",
    );
}

#[test]
fn one_location_that_has_everything_beats_two_nearer_ones() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        sku B
        receive A@BER 5
        receive A@MUC 5
        receive B@MUC 5
        order O1 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1 Bx1
        ",
    );
}

#[test]
fn a_line_is_split_over_locations_where_none_has_enough() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 2
        receive A@MUC 2
        order O1 Ax4 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2, fulfillment_order.opened MUC Ax2
        order O2 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        ",
    );
}

#[test]
fn lines_that_share_a_sku_share_its_stock() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 3
        order O1 Ax2 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2 Ax1, hold.placed oversold
        line? O1/2 -> open 1 backordered 0 allocated 1 canceled 0
        cell? A@BER -> on_hand 3 allocated 3 reserved 0
        ",
    );
}

#[test]
fn what_is_missing_is_backordered_up_to_the_limit_over_all_orders() {
    check(
        "
        location BER DE 10117
        sku A backorder 3
        receive A@BER 1
        order O1 Ax3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, order.backordered
        line? O1/1 -> open 2 backordered 2 allocated 1 canceled 0
        order O2 Ax2 -> order.placed, order.confirmed, hold.placed oversold, order.backordered
        line? O2/1 -> open 2 backordered 1 allocated 0 canceled 0
        order? O2 -> open oversold
        cancel O1
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O4 Ax2 -> order.placed, order.confirmed, order.backordered
        ",
    );
}

#[test]
fn untracked_skus_ship_without_stock() {
    check(
        "
        location BER DE 10117
        sku A untracked
        order O1 Ax9 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax9
        cell? A@BER -> on_hand 0 allocated 0 reserved 0
        ",
    );
}

#[test]
fn an_unpaid_order_takes_stock_and_is_held() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 1
        order O1 unpaid Ax1 -> order.placed, hold.placed unpaid, order.confirmed, fulfillment_order.opened BER Ax1
        order? O1 -> open unpaid
        free O1 unpaid -> hold.released
        free O1 unpaid -> no: hold_not_found
        ",
    );
}

#[test]
fn a_line_that_no_sku_or_listing_knows_waits_and_the_rest_goes_on() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 1
        order O1 Ax1 Zx1 -> order.placed, hold.placed unmappedsku, order.confirmed, fulfillment_order.opened BER Ax1
        line? O1/2 -> open 1 backordered 0 allocated 0 canceled 0
        ",
    );
}

#[test]
fn the_channels_total_must_be_the_sum_of_the_lines() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        order O1 total 1490 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 total 1491 Ax1 -> order.placed, hold.placed totalmismatch, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn the_same_basket_from_the_same_buyer_within_a_day_is_suspected() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        order O1 from anna@example.com Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 from Anna@Example.com Ax1 -> order.placed, hold.placed duplicatesuspected, order.confirmed, fulfillment_order.opened BER Ax1
        order O3 from anna@example.com Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        wait 86400
        order O4 from anna@example.com Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        ",
    );
}

#[test]
fn the_same_external_id_is_the_same_order() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        order O1 Ax1
        order O1 Ax1 -> nothing
        cell? A@BER -> on_hand 9 allocated 1 reserved 0
        ",
    );
}

#[test]
fn canceling_gives_stock_back_and_asking_twice_is_no_mistake() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 3
        order O1 Ax3
        cancel O1 -> fulfillment_order.canceled, order.lines_canceled, order.canceled
        cancel O1 -> nothing
        cell? A@BER -> on_hand 3 allocated 0 reserved 0
        order? O1 -> canceled
        line? O1/1 -> open 0 backordered 0 allocated 0 canceled 3
        order O2 unpaid Ax1
        cancel O2
        order? O2 -> canceled
        ",
    );
}

#[test]
fn a_reservation_binds_stock_until_it_expires() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 3
        reserve R1 Ax2 for 600 -> reservation.made
        reserve R2 Ax2 for 600 -> no: out_of_stock
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, hold.placed oversold
        expire R1 -> nothing
        wait 600
        expire R1 -> reservation.expired
        cell? A@BER -> on_hand 3 allocated 1 reserved 0
        expire R1 -> nothing
        ",
    );
}

#[test]
fn facts_are_never_refused_for_lack_of_stock() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 3
        order O1 Ax3
        count A@BER 1 -> stock.moved
        cell? A@BER -> on_hand 1 allocated 3 reserved 0
        order O2 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        receive A@BER 2
        cell? A@BER -> on_hand 3 allocated 3 reserved 0
        ",
    );
}

#[test]
fn a_location_takes_no_more_shipments_than_its_day_allows() {
    check(
        "
        location BER DE 10117 capacity 1
        location MUC DE 80331
        sku A
        receive A@BER 9
        receive A@MUC 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        cancel O1
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 86400
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn a_newer_version_changes_what_is_not_begun_and_sources_it_again() {
    check(
        "
        location BER DE 10117
        sku A
        sku B
        receive A@BER 9
        receive B@BER 9
        order O1 Ax3
        order O1 v2 Ax1 Bx2 -> fulfillment_order.canceled, order.merged, fulfillment_order.opened BER Ax1 Bx2
        line? O1/1 -> open 0 backordered 0 allocated 1 canceled 0
        cell? A@BER -> on_hand 9 allocated 1 reserved 0
        order O1 v2 Ax5 -> nothing
        order O1 Ax5 -> nothing
        ",
    );
}

#[test]
fn a_newer_version_keeps_units_that_were_paid_back() {
    check(
        "
        location BER DE 10117
        sku A
        sku B
        receive B@BER 9
        order O1 Ax3
        refund O1 shipping 0 goodwill 0 Ax2 -> refund.recorded
        order O1 v2 Bx1 -> hold.released, order.merged, hold.placed unpaid, fulfillment_order.opened BER Bx1
        line? O1/1 -> open 0 backordered 0 allocated 1 canceled 1
        ",
    );
}

#[test]
fn a_newer_version_that_only_adds_leaves_the_work_alone() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        order O1 Ax1
        order O1 v2 Ax3 -> order.merged, fulfillment_order.opened BER Ax2
        line? O1/1 -> open 0 backordered 0 allocated 3 canceled 0
        ",
    );
}

#[test]
fn a_newer_version_that_is_paid_frees_an_unpaid_order() {
    check(
        "
        location BER DE 10117
        sku A backorder 9
        order O1 unpaid Ax3 -> order.placed, hold.placed unpaid, order.confirmed, order.backordered
        order O1 v2 Ax2 -> hold.released, order.merged
        order? O1 -> open
        line? O1/1 -> open 2 backordered 2 allocated 0 canceled 0
        ",
    );
}

#[test]
fn an_older_version_after_a_newer_one_is_ignored() {
    check(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        order O1 v2 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        order O1 Ax1 -> nothing
        line? O1/1 -> open 0 backordered 0 allocated 2 canceled 0
        ",
    );
}

#[test]
fn a_customer_is_known_once_however_the_address_is_written() {
    check(
        "
        customer anna@example.com -> customer.recorded
        customer Anna@Example.COM -> nothing
        customer ben@example.com -> customer.recorded
        ",
    );
}
