//! Sourcing by cost: rate tables, handling, cut-offs, promises and capacity decide together.
//!
//! Every desk stands on Sunday, 1 November 2026, 11:00 in Berlin; its locations work every day.

use ordo_domain::sourcing::read_decision;

use crate::desk::Desk;

fn check(script: &str) {
    Desk::new().play(script);
}

/// Berlin is near the buyer, Munich far; each has enough of both SKUs.
const TWO: &str = "
    location BER DE 10117
    location MUC DE 80331
    sku A
    sku B
    receive A@BER 9
    receive A@MUC 9
    receive B@BER 9
    receive B@MUC 9
";

fn with(script: &str) {
    check(&format!("{TWO}{script}"));
}

#[test]
fn without_rates_the_nearest_wins() {
    with(
        "
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O1/1 -> day - none
        promise? Ax1 -> - - - BER
        promise? Ax99 -> out_of_stock
        promise? Zx1 -> invalid_input
        ",
    );
}

#[test]
fn rates_may_make_the_farther_one_cheaper() {
    with(
        "
        rates parcel from BER days 1 1000:590
        rates parcel from MUC days 2 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        carriage? O1/1 -> day - parcel 490 for 100 g leaves 2026-11-01 arrives 2026-11-03 late 0
        promise? Ax1 -> parcel 490 2026-11-03 MUC
        handling MUC 90 20
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        reprice parcel-MUC 1000:470
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn a_table_that_does_not_go_there_leaves_its_location_out() {
    with(
        "
        rates parcel from MUC days 2 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        reprice parcel-MUC 1000:-
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn the_cheapest_service_is_taken_and_weight_counts() {
    with(
        "
        rates letter days 3 250:300 500:900
        rates parcel days 1 5000:500
        order O1 Ax1
        carriage? O1/1 -> day - letter 300 for 100 g leaves 2026-11-01 arrives 2026-11-04 late 0
        order O2 Ax2 Bx1
        carriage? O2/1 -> day - parcel 500 for 300 g leaves 2026-11-01 arrives 2026-11-02 late 0
        promise? Ax1 -> letter 300 2026-11-04 BER, parcel 500 2026-11-02 BER
        ",
    );
}

#[test]
fn one_shipment_is_cheaper_than_two_unless_weight_says_otherwise() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        location HAM DE 20095
        sku A
        sku B
        receive A@BER 9
        receive B@MUC 9
        receive A@HAM 9
        receive B@HAM 9
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:300
        rates parcel from HAM days 1 1000:500
        order O1 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1 Bx1
        reprice parcel-HAM 1000:650
        order O2 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, fulfillment_order.opened MUC Bx1
        sourcing split 100 unfilled -
        order O3 Ax1 Bx1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1 Bx1
        ",
    );
}

#[test]
fn lateness_costs_and_a_hard_promise_excludes() {
    with(
        "
        rates slow from BER days 4 1000:300
        rates fast from MUC days 1 1000:700
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 by 2026-11-04T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day - slow 300 for 100 g leaves 2026-11-01 arrives 2026-11-05 late 1
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        sourcing hard
        order O4 by 2026-11-04T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O5 by 2026-11-01T12:00:00Z Ax1 -> order.placed, order.confirmed, hold.placed oversold
        ",
    );
}

#[test]
fn after_the_cut_off_it_leaves_on_the_next_day() {
    with(
        "
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:400
        sourcing hard
        cut-off BER all 660
        order O1 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 60
        order O2 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O3/1 -> day - parcel 300 for 100 g leaves 2026-11-02 arrives 2026-11-03 late 0
        cut-off BER parcel 720
        order O4 by 2026-11-02T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn a_full_day_pushes_to_the_next_within_the_promise() {
    check(
        "
        location BER DE 10117 capacity 1
        location MUC DE 80331
        sku A
        receive A@BER 9
        receive A@MUC 9
        rates parcel from BER days 1 1000:300
        rates parcel from MUC days 1 1000:400
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O1/1 -> day 2026-11-01 parcel 300 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        order O2 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day 2026-11-02 parcel 300 for 100 g leaves 2026-11-02 arrives 2026-11-03 late 0
        order O3 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        cancel O2
        order O4 by 2026-11-03T12:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn without_rates_a_full_day_pushes_too_once_nobody_else_has_room() {
    check(
        "
        location BER DE 10117 capacity 1
        sku A
        receive A@BER 99
        order O1 Ax1
        order O2 Ax1
        order O3 Ax1
        carriage? O1/1 -> day 2026-11-01 none
        carriage? O2/1 -> day 2026-11-02 none
        carriage? O3/1 -> day 2026-11-03 none
        ",
    );
}

#[test]
fn duties_count_between_customs_areas_alone() {
    // The buyer is in Germany; a unit costs 10.00.
    check(
        "
        location ZRH CH 8001
        location VIE AT 1010
        sku A
        receive A@ZRH 9
        receive A@VIE 9
        rates parcel from ZRH days 1 1000:500
        rates parcel from VIE days 1 1000:700
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax1
        sourcing duty EU 150000
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax1
        order O3 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened VIE Ax2
        sourcing duty CH 150000
        order O4 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened ZRH Ax2
        ",
    );
}

#[test]
fn an_unfilled_unit_has_its_price_where_one_is_set() {
    with(
        "
        rates parcel days 1 1000:500
        sourcing split 0 unfilled 400
        order O1 Ax1 -> order.placed, order.confirmed, hold.placed oversold
        sourcing split 0 unfilled 600
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

/// Goal: a decision by cost keeps its inputs, replays bit for bit and stays small. Method: ten
/// locations with their own prices for two services; an order of one unit, and one of three lines.
#[test]
fn a_decision_by_cost_replays_and_stays_small() {
    let mut desk = Desk::new();
    for sku in ["A", "B", "C"] {
        desk.play(&format!("sku {sku}"));
    }
    for index in 0..10 {
        let at = format!("L{index}");
        let (letter, parcel) = (310 + index * 7, 520 + index * 3);
        desk.play(&format!(
            "location {at} DE {}0115
             receive A@{at} 9
             receive B@{at} {index}
             receive C@{at} 9
             rates letter from {at} days 3 150:{letter} 500:{parcel} 1000:990
             rates parcel from {at} days 1 1000:{parcel} 5000:1290",
            index % 9 + 1
        ));
    }
    desk.play("order O1 Ax1");
    desk.play("order O2 Ax1 Bx2 Cx1");
    let decisions = desk.world.into_changes().decisions;
    let [one, three] = decisions.as_slice() else {
        panic!("each order was sourced: {decisions:?}");
    };
    for (made, most) in [(one, 768), (three, 1_024)] {
        let decision = read_decision(&made.body, &desk.reference).unwrap();
        assert_eq!(decision.replay(), Ok(decision.solution.clone()));
        assert!(decision.solution.proven);
        assert!(decision.time_zones.is_some());
        assert_eq!(decision.instance.candidates.len(), 10);
        assert!(made.body.len() <= most, "{} bytes", made.body.len());
    }
}

#[test]
fn prices_steer_while_they_are_fresh_and_stock_is_scarce() {
    with(
        "
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        prices A@MUC 60 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        sourcing prices 3
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        carriage? O2/1 -> day - parcel 500 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        promise? Ax1 -> parcel 500 2026-11-02 BER
        receive A@MUC 2
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 7200
        order O5 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        wait 1
        order O6 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices -> price_book.renewed
        order O7 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices -> nothing
        ",
    );
}

/// A truck that comes in at a third location makes the last units elsewhere nothing special.
#[test]
fn a_price_ends_when_stock_has_doubled_anywhere() {
    with(
        "
        location HAM DE 20095
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        rates parcel from HAM days 1 1000:990
        sourcing prices 3
        prices A@MUC 60 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        receive A@HAM 18
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        receive A@HAM 2
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        prices A@MUC 60 9
        order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        ",
    );
}

#[test]
fn no_price_leaves_a_unit_unshipped() {
    check(
        "
        location MUC DE 80331
        sku A
        receive A@MUC 9
        rates parcel days 1 1000:500
        sourcing split 0 unfilled 600
        sourcing prices 3
        prices A@MUC 9900 9
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
}

#[test]
fn a_decision_says_what_steered_it() {
    let mut desk = Desk::new();
    desk.play(TWO);
    desk.play(
        "
        rates parcel from BER days 1 1000:500
        rates parcel from MUC days 1 1000:450
        sourcing prices 3
        prices A@MUC 30 9
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        ",
    );
    let decisions = desk.world.into_changes().decisions;
    let paid = decisions.iter().map(|made| {
        let decision = read_decision(&made.body, &desk.reference).unwrap();
        assert_eq!(decision.replay(), Ok(decision.solution.clone()));
        assert_eq!(
            decision.steering.as_ref().map(|steering| steering.book),
            Some(1)
        );
        (decision.paid_uc(), decision.solution.cost.money_uc)
    });
    let cents = |cents: i64| cents * 1_000_000;
    let expected = [(cents(500), cents(500)), (cents(450), cents(480))];
    assert_eq!(paid.collect::<Vec<_>>(), expected);
}
