//! Edge cases of carriers' price lists, in the sourcing of orders.

use crate::desk::Desk;

const TOMORROW: &str = "leaves 2026-11-01 arrives 2026-11-02 late 0";

fn check(script: &str) {
    Desk::new().play(script);
}

/// A location with two SKUs, of 100 g each.
fn with(script: &str) {
    check(&format!(
        "
        location BER DE 10117
        sku A
        sku B
        receive A@BER 99
        receive B@BER 99
        {script}"
    ));
}

/// Exactly on a step, one gram above, where a cell is missing, and where more weight costs less.
#[test]
fn an_order_pays_the_cell_that_its_weight_falls_into() {
    with(&format!(
        "
        rates parcel days 1 200:300 400:500 600:- 800:700 1000:650
        order O1 Ax2
        carriage? O1/1 -> day - parcel 300 for 200 g {TOMORROW}
        weight B 101
        order O2 Ax1 Bx1
        carriage? O2/1 -> day - parcel 500 for 201 g {TOMORROW}
        order O3 Ax5
        carriage? O3/1 -> day - parcel 700 for 500 g {TOMORROW}
        order O4 Ax9
        carriage? O4/1 -> day - parcel 650 for 900 g {TOMORROW}
        reprice parcel 200:- 1000:-
        order O5 Ax1
        carriage? O5/1 -> day - none
        "
    ));
}

/// A light box of 10 × 20 × 30 cm weighs 1.2 kg where 5000 cubic millimeters count as a gram, each for
/// itself, and decides from where and how it goes.
#[test]
fn what_is_large_and_light_is_weighed_by_its_volume() {
    with(&format!(
        "
        size B 300 200 100
        rates parcel days 1 1000:400 2000:600 5000:900
        order O1 Bx1
        carriage? O1/1 -> day - parcel 400 for 100 g {TOMORROW}
        table parcel divisor 5000
        order O2 Bx1
        carriage? O2/1 -> day - parcel 600 for 1200 g {TOMORROW}
        order O3 Ax1 Bx1
        carriage? O3/1 -> day - parcel 600 for 1300 g {TOMORROW}
        rates bulky days 1 5000:550
        order O4 Bx1
        carriage? O4/1 -> day - bulky 550 for 1200 g {TOMORROW}
        reprice parcel 1000:400 2000:600 3000:1900
        reprice bulky 5000:1800
        order O5 Bx2
        carriage? O5/1 -> day - parcel 1200 for 2400 g {TOMORROW} [1200 g 600 Bx1] [1200 g 600 Bx1]
        "
    ));
}

/// Fuel on the price, a residential fee for each parcel, a toll once, and a fee for what is oversize:
/// the cheapest location by the price alone is not the cheapest.
#[test]
fn surcharges_decide_with_the_price() {
    check(&format!(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 99
        receive A@MUC 99
        rates parcel from BER days 1 1000:500 5000:700
        rates parcel from MUC days 1 1000:540 5000:690
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        surcharge parcel-BER 0 62500
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day - parcel 531 for 100 g {TOMORROW}
        surcharge parcel-BER 10 0 each
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        surcharge parcel-MUC 19 0
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O4/1 -> day - parcel 541 for 100 g {TOMORROW}
        weight A 4000
        order O5 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        surcharge parcel-MUC 900 0 over 3000
        order O6 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O6/1 -> day - parcel 754 for 4000 g {TOMORROW}
        "
    ));
}

/// It is the day on which a shipment leaves that counts, not the one on which it is ordered: after the
/// cut-off of the last day of a price list the next one counts.
#[test]
fn a_new_price_list_counts_from_midnight_of_the_day_of_leaving() {
    with(&format!(
        "
        rates old days 1 1000:400
        rates new days 1 1000:450
        table old until 2026-11-01
        table new from 2026-11-02
        cut-off BER all 660
        order O1 Ax1
        carriage? O1/1 -> day - old 400 for 100 g {TOMORROW}
        wait 60
        order O2 Ax1
        carriage? O2/1 -> day - new 450 for 100 g leaves 2026-11-02 arrives 2026-11-03 late 0
        promise? Ax1 -> new 450 2026-11-03 BER
        "
    ));
}

/// A carrier on strike carries nothing, and everything goes by another or from elsewhere until it ends.
#[test]
fn what_a_carrier_on_strike_would_have_carried_goes_by_another() {
    with(&format!(
        "
        rates parcel days 1 1000:400
        rates express days 1 1000:900
        block strike carrier house@parcel ship for 60
        order O1 Ax1
        carriage? O1/1 -> day - express 900 for 100 g {TOMORROW}
        promise? Ax1 -> express 900 2026-11-02 BER
        block all carrier house ship
        order O2 Ax1
        carriage? O2/1 -> day - none
        lift all
        wait 61
        order O3 Ax1
        carriage? O3/1 -> day - parcel 400 for 100 g {TOMORROW}
        "
    ));
}
