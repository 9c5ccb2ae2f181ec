//! Listings and bundles: what is sold is one thing, what leaves the shelf are several.

use ordo_domain::money::Minor;

use crate::desk::Desk;

const COMPANY: &str = "
    location BER DE 10117
    location MUC DE 80331
    sku A
    sku B
    receive A@BER 6
    receive B@BER 3
    receive B@MUC 4
    ";

fn check(script: &str) -> Desk {
    let mut desk = Desk::new();
    desk.play(COMPANY);
    desk.play(script);
    desk
}

#[test]
fn a_channels_own_code_leads_to_the_sku() {
    let desk = check(
        "
        listing WEB-A@web = Ax1 -> listing.created
        listing WEB-A@web = Bx1 -> no: code_taken
        listing A = Bx1 -> no: code_taken
        listing C = Zx1 -> no: invalid_input
        listing C = Ax1 Ax2 -> no: invalid_input
        order O1 WEB-Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        ",
    );
    let line = desk.order("O1").lines[0].clone();
    assert_eq!(
        (line.code.as_str(), line.listing.as_deref()),
        ("A", Some("WEB-A"))
    );
    assert!(line.parent.is_none());
}

#[test]
fn a_bundle_takes_its_components_and_shares_its_money_to_the_cent() {
    let desk = check(
        "
        listing SET = Ax2*70 Bx1*30 -> listing.created
        order O1 SETx3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax6 Bx3
        ",
    );
    let order = desk.order("O1");
    assert_eq!(order.lines.len(), 2);
    let paid: Minor = (order.lines.iter())
        .map(|line| line.gross() - line.discount)
        .sum();
    assert_eq!(paid, Minor::new(3_000).unwrap());
    let of = |at: usize| (order.lines[at].gross() - order.lines[at].discount).get();
    assert_eq!((of(0), of(1)), (2_100, 900));
    let parent = |at: usize| order.lines[at].parent.clone().unwrap();
    assert_eq!(parent(0).id, parent(1).id);
    assert_eq!((parent(0).each.get(), parent(1).each.get()), (2, 1));
    assert_eq!(parent(1).ordered.get(), 3);
}

#[test]
fn a_bundle_is_there_as_often_as_its_scarcest_component() {
    check(
        "
        listing SET = Ax2 Bx1
        offer? SET -> 3
        receive B@MUC 5
        offer? SET -> 3
        receive A@BER 1
        offer? SET -> 3
        receive A@BER 1
        offer? SET -> 4
        block stop cell A@BER publish for 60
        offer? SET -> 0
        wait 60
        offer? SET -> 4
        pool south MUC for web
        offer? SET -> 0
        sku D untracked
        listing FREE = Dx1
        offer? FREE -> unlimited
        set listing SET = Bx3 -> listing.updated
        offer? SET -> 3
        ",
    );
}

#[test]
fn a_bundle_that_ships_together_needs_one_location_with_all_of_it() {
    check(
        "
        receive A@MUC 3
        receive B@MUC 1
        listing SET = Ax1 Bx1 together
        offer? SET -> 6
        order O1 SETx4 -> order.placed, order.confirmed, hold.placed oversold, hold.placed oversold
        order O2 SETx4 Ax1 -> order.placed, order.confirmed, hold.placed oversold, hold.placed oversold, hold.placed oversold
        order O3 SETx3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3 Bx3
        listing LOOSE = Ax1 Bx1
        order O4 LOOSEx4 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, fulfillment_order.opened MUC Ax3 Bx4
        ",
    );
}

#[test]
fn the_components_of_two_lines_share_one_stock() {
    check(
        "
        listing SET = Ax2 Bx1
        order O1 SETx2 Ax3 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax4 Ax2 Bx2, hold.placed oversold
        cell? A@BER -> on_hand 6 allocated 6 reserved 0
        ",
    );
}

#[test]
fn canceling_bundles_cancels_whole_sets_of_components() {
    check(
        "
        listing SET = Ax2 Bx1
        order O1 SETx3
        cancel O1 SETx4 -> no: quantity_exceeded
        cancel O1 SETx1 Ax1 -> no: invalid_input
        cancel O1 SETx1 -> fulfillment_order.canceled, order.lines_canceled, fulfillment_order.opened BER Ax4 Bx2
        line? O1/1/1 -> open 0 backordered 0 allocated 4 canceled 2
        line? O1/1/2 -> open 0 backordered 0 allocated 2 canceled 1
        cancel O1 SETx2 -> fulfillment_order.canceled, order.lines_canceled, order.canceled
        cell? A@BER -> on_hand 6 allocated 0 reserved 0
        cell? B@BER -> on_hand 3 allocated 0 reserved 0
        cancel O1 SETx1 -> nothing
        ",
    );
}

#[test]
fn a_bundle_comes_back_whole_or_in_parts_and_refunds_its_shares() {
    check(
        "
        listing SET = Ax2*70 Bx1*30
        order O1 SETx3
        release O1/1
        pick O1/1
        pack O1/1
        ship O1/1
        track O1/1 delivered
        return R1 O1 SETx1 -> return.requested
        return R2 O1 SETx3 -> no: quantity_exceeded
        return R2 O1 Bx1 -> return.requested
        back R1 BER restock Ax2 Bx1 -> return.received
        refund R1 -> refund.recorded
        money? O1 -> captured 3490 back 1000 in 1000
        back R2 BER restock Bx1 -> return.received
        refund R2 -> refund.recorded
        money? O1 -> captured 3490 back 1300 in 1000+300
        refund O1 shipping 0 goodwill 0 SETx1 -> refund.recorded
        money? O1 -> captured 3490 back 2300 in 1000+300+1000
        ",
    );
}

#[test]
fn orders_keep_the_components_they_came_in_with() {
    check(
        "
        listing SET = Ax1 Bx1
        order O1 SETx1
        set listing SET = Ax1 -> listing.updated
        order O2 SETx1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        line? O1/1/2 -> open 0 backordered 0 allocated 1 canceled 0
        ",
    );
}

#[test]
fn a_newer_version_with_more_bundles_brings_more_of_each_component() {
    let desk = check(
        "
        listing SET = Ax2 Bx1
        order O1 SETx1
        order O1 v2 SETx2 -> order.merged, fulfillment_order.opened BER Ax2 Bx1
        line? O1/1/1 -> open 0 backordered 0 allocated 4 canceled 0
        ",
    );
    let order = desk.order("O1");
    assert_eq!(order.lines.len(), 2);
    assert_eq!(order.lines[0].parent.as_ref().unwrap().ordered.get(), 2);
}
