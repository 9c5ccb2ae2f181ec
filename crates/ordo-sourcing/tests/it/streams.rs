//! Orders that come one by one: limits hold on every day, and nothing is known before it comes.

use ordo_sourcing::{BatchPlan, Member, Online, Pace, Past, Renewed};

use crate::generate::{Dice, Size};
use crate::shared;

const SIZE: Size = Size {
    lines: 3,
    quantity: 2,
    candidates: 4,
};
const PER_DAY: usize = 20;
const DAYS: usize = 3;

/// A stream over a batch's limits, the last ones of which are a day's shipments.
struct Stream {
    past: Past,
    orders: Vec<Member>,
    limits: Vec<i64>,
    shipments: usize,
}

fn stream(seed: u64) -> Stream {
    let all = shared::batch(&mut Dice(seed), 2 * PER_DAY * DAYS, SIZE);
    let locations = SIZE.candidates as usize;
    let shipments = all.limits.len() - locations;
    let mut limits = all.limits;
    let renewed = (0..locations).map(|location| Renewed {
        today: shipments + location,
        later: shipments + locations + location,
        per_day: limits[shipments + location] / DAYS as i64,
    });
    let renewed: Vec<Renewed> = renewed.collect();
    limits.resize(limits.len() + locations, 0);
    let mut orders = all.orders;
    let coming = orders.split_off(PER_DAY * DAYS);
    Stream {
        past: Past::new(orders, renewed),
        orders: coming,
        limits,
        shipments,
    }
}

impl Stream {
    fn source(&self, orders: &[Member]) -> Vec<BatchPlan> {
        let pace = Pace {
            orders_per_day: PER_DAY,
            days: DAYS,
        };
        let mut online = Online::new(&self.past, self.limits.clone(), pace).expect("sound");
        let mut plans = Vec::new();
        for (nth, order) in orders.iter().enumerate() {
            if nth % PER_DAY == 0 {
                online.begin_day();
            }
            plans.push(online.source(order).expect("sound"));
        }
        plans
    }
}

#[test]
fn stock_lasts_and_every_day_has_its_shipments() {
    for seed in 0..6 {
        let stream = stream(seed);
        let plans = stream.source(&stream.orders);
        let mut left = stream.limits.clone();
        let locations = SIZE.candidates as usize;
        let days = stream.orders.chunks(PER_DAY).zip(plans.chunks(PER_DAY));
        for (orders, plans) in days {
            for location in 0..locations {
                let limit = stream.shipments + location;
                left[limit] = stream.limits[limit] / DAYS as i64;
            }
            for (order, one) in orders.iter().zip(plans) {
                shared::take(&mut left, order, &one.plan);
                let cost = order.instance.cost_of(&one.plan).expect("allowed");
                assert_eq!(
                    cost.money_uc, one.cost_uc,
                    "seed {seed}: a price is no cost"
                );
            }
        }
    }
}

#[test]
fn a_plan_does_not_depend_on_later_orders() {
    let stream = stream(3);
    let whole = stream.source(&stream.orders);
    let half = stream.orders.len() / 2 + 3;
    assert_eq!(stream.source(&stream.orders[..half]), whole[..half]);
    let mut others = stream.orders.clone();
    others[half..].reverse();
    assert_eq!(stream.source(&others)[..half], whole[..half]);
}

#[test]
fn prices_of_the_future_save_money() {
    let (mut with, mut without) = (0, 0);
    for seed in 0..20 {
        let mut stream = stream(seed);
        let total = |plans: Vec<BatchPlan>| {
            let costs = plans.iter().map(|one| i128::from(one.cost_uc));
            costs.sum::<i128>()
        };
        with += total(stream.source(&stream.orders));
        let renewed = (0..SIZE.candidates as usize).map(|location| Renewed {
            today: stream.shipments + location,
            later: stream.shipments + SIZE.candidates as usize + location,
            per_day: stream.limits[stream.shipments + location] / DAYS as i64,
        });
        stream.past = Past::new(Vec::new(), renewed.collect());
        without += total(stream.source(&stream.orders));
    }
    assert!(with < without, "{with} against {without}");
}
