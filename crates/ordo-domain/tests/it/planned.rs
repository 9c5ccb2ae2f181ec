//! Plans that are made beside the batch: what waits for them, what makes them stale, and work that
//! moves before anybody has begun.

use std::fmt::Write as _;

use ordo_domain::id::{CommandId, LocationId, OrganizationId};
use ordo_domain::money::Minor;
use ordo_domain::order::{HoldKind, PlaceHold, Stage};
use ordo_domain::planning::{DeferralCause, MoveWork, PinWork, SourceOrder, plan_order};
use ordo_domain::sourcing::UpdateSourcingSettings;
use ordo_domain::sourcing::read_decision;
use ordo_domain::{Command, Context};
use ordo_sourcing::{Decision, StepBudget};

use crate::desk::Desk;

impl Desk {
    /// Plays one step about plans.
    pub fn plan(&mut self, words: &[&str]) -> Vec<String> {
        match words {
            // The worker reads and solves now; what it gives comes with `take`.
            ["ask", name] => {
                let context = Context::new(
                    OrganizationId::from_u128(1),
                    CommandId::from_u128(0),
                    self.now,
                );
                let order = self.order(name).id;
                let asked = plan_order(&self.world, &context, order).unwrap();
                let made = asked.map(|asked| asked.solve());
                let told = made.as_ref().map_or("nothing", |made| match &made.plan {
                    None => "no plan",
                    Some(_) => "a plan",
                });
                self.plans
                    .extend(made.map(|made| ((*name).to_owned(), made)));
                vec![told.to_owned()]
            }
            ["take", name] => {
                let made = self.plans.remove(*name).expect("it was asked for");
                self.short(Command::SourceOrder(Box::new(made)))
            }
            ["take-none", name] => {
                let order = self.order(name).id;
                self.short(Command::SourceOrder(Box::new(SourceOrder {
                    order,
                    plan: None,
                })))
            }
            ["look-again", name, threshold] => {
                let order = self.order(name).id;
                let threshold = Minor::new(threshold.parse().unwrap()).unwrap();
                self.short(Command::MoveWork(MoveWork { order, threshold }))
            }
            [pin @ ("pin" | "unpin"), name] => {
                let fulfillment_order = self.work(name);
                self.short(Command::PinWork(PinWork {
                    fulfillment_order,
                    pinned: *pin == "pin",
                }))
            }
            ["hold", name] => {
                let order = self.order(name).id;
                self.short(Command::PlaceHold(PlaceHold {
                    order,
                    kind: HoldKind::Manual,
                    line: None,
                    blocks: vec![Stage::Source],
                    reason: None,
                }))
            }
            ["window", seconds] => {
                let update = UpdateSourcingSettings {
                    together_s: Some(seconds.parse().unwrap()),
                    ..UpdateSourcingSettings::default()
                };
                self.short(Command::UpdateSourcingSettings(update))
            }
            ["deferral?", name] => {
                let order = self.order(name);
                let told = order.deferral.map_or("none".to_owned(), |deferral| {
                    let why = match deferral.why {
                        DeferralCause::TooLarge => "too large",
                        DeferralCause::Together => "together",
                    };
                    let stale = if deferral.went_stale { " stale" } else { "" };
                    format!("{why}{stale}")
                });
                vec![told]
            }
            other => panic!("no such step: {other:?}"),
        }
    }
}

fn check(script: &str) {
    Desk::new().play(script);
}

/// Two cheap locations that share no goods but A, and a dear one that has both.
const TWO: &str = "
    location BER DE 10117
    location MUC DE 80331
    sku A
    receive A@BER 9
    receive A@MUC 9
    rates parcel from BER days 1 1000:590
    rates parcel from MUC days 2 1000:490
";

/// A company with goods scattered over so many locations that an order of all of them takes longer
/// than the batch has; and the order's words.
fn scattered() -> (Desk, String) {
    const LOCATIONS: u64 = 30;
    const GOODS: u64 = 16;
    let mut script = String::new();
    for sku in 0..GOODS {
        writeln!(script, "sku S{sku}").unwrap();
    }
    for at in 0..LOCATIONS {
        let postal = 10_000 + at * 1_370;
        writeln!(script, "location L{at} DE {postal}").unwrap();
        let prices = (
            200 + (at * 37) % 90,
            330 + (at * 53) % 140,
            520 + (at * 71) % 240,
        );
        let (days, (light, middle, heavy)) = (1 + at % 3, prices);
        writeln!(
            script,
            "rates parcel from L{at} days {days} 300:{light} 900:{middle} 5000:{heavy}"
        )
        .unwrap();
        for sku in 0..GOODS {
            let dice = (at * 1_000 + sku + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            if dice % 4 == 0 {
                writeln!(script, "receive S{sku}@L{at} {}", 1 + (at + sku) % 3).unwrap();
            }
        }
    }
    let words: Vec<String> = (0..GOODS)
        .map(|sku| format!("S{sku}x{}", 1 + sku % 3))
        .collect();
    let mut desk = Desk::new();
    desk.prepare(&script);
    (desk, words.join(" "))
}

/// The decision that was made last.
fn decision(desk: Desk) -> Decision {
    let decisions = desk.world.into_changes().decisions;
    read_decision(&decisions.last().expect("a decision").body, &desk.reference).unwrap()
}

#[test]
fn an_order_too_large_for_the_batch_waits_for_its_plan_and_gets_it_bit_for_bit() {
    let (mut desk, words) = scattered();
    desk.play(&format!(
        "order O1 {words} -> order.placed, order.confirmed, order.sourcing_deferred
        deferral? O1 -> too large
        review O1 -> nothing
        ask O1 -> a plan"
    ));
    let made = desk.plans["O1"].plan.clone().expect("a plan");
    assert_eq!(made.budget, StepBudget::FULL);
    let happened = desk.perform("take O1");
    assert_eq!(happened[0], "order.sourcing_resumed");
    assert!(
        happened[1].starts_with("fulfillment_order.opened"),
        "{happened:?}"
    );
    desk.play("deferral? O1 -> none\ntake-none O1 -> nothing");
    let stored = decision(desk);
    assert_eq!(stored, made);
    assert_eq!(stored.replay().as_ref(), Ok(&made.solution));
}

#[test]
fn a_plan_whose_units_are_gone_is_made_again_once_and_then_the_batch_takes_its_best() {
    let (mut desk, words) = scattered();
    desk.play(&format!("order O1 {words}"));
    for (round, deferral) in ["too large stale", "none"].into_iter().enumerate() {
        desk.play("ask O1 -> a plan");
        let made = desk.plans["O1"].plan.as_ref().expect("a plan");
        // Somebody counts what the plan wanted, and finds nothing.
        let shipment = &made.solution.plan.shipments[0];
        let line = shipment.lines[0].0;
        let key = made.instance.candidates[shipment.location].key;
        let location = LocationId::from_u128(key.0);
        let code = desk.reference.location(location).unwrap().code.clone();
        desk.perform(&format!("count S{line}@{code} 0"));
        let happened = desk.perform("take O1");
        desk.play(&format!("deferral? O1 -> {deferral}"));
        match round {
            0 => assert_eq!(happened, ["order.sourcing_deferred"]),
            _ => assert_eq!(happened[0], "order.sourcing_resumed"),
        }
    }
    assert!(decision(desk).budget < StepBudget::FULL);
}

#[test]
fn a_plan_is_stale_when_its_cost_its_location_or_its_order_changed() {
    for (change, text) in [
        (
            "set location L% state draining",
            "the location takes no new work",
        ),
        ("reprice parcel-L% 300:1 900:2 5000:3", "it costs less now"),
        ("cancel O1 S1x2", "less is wanted"),
    ] {
        let (mut desk, words) = scattered();
        desk.play(&format!("order O1 {words}\nask O1 -> a plan"));
        let made = desk.plans["O1"].plan.as_ref().expect("a plan");
        let first = made.solution.plan.shipments[0].location;
        let location = LocationId::from_u128(made.instance.candidates[first].key.0);
        let code = desk.reference.location(location).unwrap().code.clone();
        desk.perform(&change.replace("L%", &code));
        assert_eq!(
            desk.perform("take O1"),
            ["order.sourcing_deferred"],
            "{text}"
        );
    }
}

#[test]
fn an_order_that_is_stopped_meanwhile_takes_no_plan_and_asks_anew_when_it_goes_on() {
    let (mut desk, words) = scattered();
    desk.play(&format!(
        "order O1 {words}
        ask O1 -> a plan
        hold O1 -> hold.placed manual
        take O1 -> order.sourcing_resumed
        free O1 manual -> hold.released, order.sourcing_deferred
        cancel O1 -> order.lines_canceled, order.canceled
        deferral? O1 -> none
        take-none O1 -> nothing"
    ));
}

#[test]
fn orders_of_a_window_wait_and_fall_back_to_their_own_best() {
    check(&format!(
        "{TWO}
        window 60
        order O1 Ax1 -> order.placed, order.confirmed, order.sourcing_deferred
        deferral? O1 -> together
        line? O1/1 -> open 1 backordered 0 allocated 0 canceled 0
        ask O1 -> a plan
        take O1 -> order.sourcing_resumed, fulfillment_order.opened MUC Ax1
        order O2 Ax1
        ask O2 -> a plan
        count A@MUC 1
        take O2 -> order.sourcing_resumed, fulfillment_order.opened BER Ax1
        reject O2/1 -> fulfillment_order.rejected, hold.placed oversold
        window 0
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        "
    ));
}

#[test]
fn work_nobody_has_begun_moves_where_that_saves_enough() {
    check(&format!(
        "{TWO}
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        look-again O1 1 -> nothing
        reprice parcel-BER 1000:440
        look-again O1 51 -> nothing
        look-again O1 50 -> fulfillment_order.moved, fulfillment_order.opened BER Ax1
        cell? A@MUC -> on_hand 9 allocated 0 reserved 0
        cell? A@BER -> on_hand 9 allocated 1 reserved 0
        look-again O1 1 -> nothing
        reprice parcel-BER 1000:990
        pin O1/2 -> fulfillment_order.pinned
        look-again O1 1 -> nothing
        unpin O1/2 -> fulfillment_order.pinned
        release O1/2
        look-again O1 1 -> nothing
        "
    ));
}

#[test]
fn work_moves_to_its_own_full_day_and_frees_the_day_it_leaves() {
    check(
        "
        location BER DE 10117 capacity 1
        location MUC DE 80331 capacity 1
        sku A
        receive A@BER 9
        receive A@MUC 9
        rates parcel from BER days 1 1000:590
        rates parcel from MUC days 1 1000:490
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        look-again O1 1 -> nothing
        reprice parcel-BER 1000:390
        look-again O1 1 -> fulfillment_order.moved, fulfillment_order.opened BER Ax1
        carriage? O1/2 -> day 2026-11-01 parcel 390 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        reprice parcel-BER 1000:690
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened MUC Ax1
        carriage? O2/1 -> day 2026-11-01 parcel 490 for 100 g leaves 2026-11-01 arrives 2026-11-02 late 0
        ",
    );
}

#[test]
fn work_does_not_move_to_where_it_would_be_later() {
    check(
        "
        location BER DE 10117
        location MUC DE 80331
        sku A
        receive A@BER 9
        receive A@MUC 9
        rates parcel from BER days 1 1000:590
        rates parcel from MUC days 4 1000:490
        order O1 by 2026-11-02T20:00:00Z Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        reprice parcel-BER 1000:9900
        look-again O1 1 -> nothing
        ",
    );
}
