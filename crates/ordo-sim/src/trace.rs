//! A trace: what people of a simulation ask for, one command after another, with the ids and times
//! that make every store decide the same. Given to several stores, it must mean the same to all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures_util::FutureExt;
use ordo_domain::Command;
use ordo_domain::fulfillment::CoverShortfall;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::ExpireReservation;
use ordo_domain::time::Timestamp;

use crate::dice::Dice;
use crate::people::Hand;
use crate::schedule::{PEOPLE, Schedule};
use crate::shelf::Shelf;
use crate::shop::shops_from;
use crate::sim::{Ask, Sim};
use crate::swarm::Swarm;

pub use crate::sim::Step;

/// 2026-11-01T10:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_793_527_200_000_000);

/// The commands of trace `number`, of two organizations that no other trace has, around this many
/// orders.
#[must_use]
pub fn trace(seed: u64, number: u64, orders: u64) -> Vec<Step> {
    let mut dice = Dice::new(seed).for_part(number);
    let swarm = Swarm::choose(&mut dice, &[]);
    let schedule = Schedule::new(START);
    let shelf = Shelf::new(Arc::clone(&schedule), None, dice.for_part(1));
    let shops = shops_from(number * 2);
    let sim = Sim::at_a_desk(Arc::clone(&schedule), Arc::new(shelf), swarm, shops, &dice);
    let done = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&done);
    let day = day(Arc::clone(&sim), dice.for_part(4), orders);
    schedule.spawn(
        PEOPLE,
        Box::pin(day.map(move |()| ended.store(true, Relaxed))),
    );
    let mut order = dice.for_part(5);
    while !done.load(Relaxed) && schedule.step(&mut order) {}
    schedule.kill(PEOPLE);
    sim.steps()
}

/// Both shops are set up, and people work in turn; jobs do their part now and then.
async fn day(sim: Arc<Sim>, mut dice: Dice, orders: u64) {
    let mut hands = Vec::new();
    for shop in &sim.shops {
        for command in shop.set_up(&sim.swarm, &mut dice) {
            let ask = Ask {
                command,
                key: None,
                expects: None,
                mark: None,
            };
            sim.ask(&mut dice, shop, ask).await;
        }
        hands.push(Hand {
            sim: Arc::clone(&sim),
            shop: Arc::clone(shop),
            dice: Dice::new(dice.bits()),
        });
    }
    let [large, small] = hands.as_mut_slice() else {
        return;
    };
    while large.shop.memory().placed < orders {
        let hand = match dice.per_mille(850) {
            true => &mut *large,
            false => &mut *small,
        };
        hand.one_thing().await;
        if dice.per_mille(100) {
            job(hand).await;
        }
        let pause = std::time::Duration::from_millis(dice.below(20_000));
        sim.schedule.sleep(pause).await;
    }
}

/// What a timer or a job would ask for.
async fn job(hand: &mut Hand) {
    let held = hand.shop.memory().reservations.first().copied();
    let command = match held.filter(|_| hand.dice.per_mille(500)) {
        Some(reservation) => Command::ExpireReservation(ExpireReservation { reservation }),
        None => {
            let work: Option<ordo_domain::fulfillment::FulfillmentOrder> =
                hand.some_record(RecordKind::FulfillmentOrder);
            let Some((work, sku)) = work.and_then(|work| Some((work.id, work.lines.first()?.sku)))
            else {
                return;
            };
            Command::CoverShortfall(CoverShortfall {
                fulfillment_order: work,
                sku,
            })
        }
    };
    hand.ask(command).await;
}
