//! The thirty days before the demo: orders as another system left them, entered as past orders.
//!
//! They take no stock and are never worked on; what they give is a company with a past to look at.

use ordo_domain::order::{OrderInput, Origin};
use ordo_domain::time::{DAY, HOUR, SECOND, Timestamp};

use super::dice::Dice;
use super::orders;

/// Orders of an ordinary day.
const A_DAY: i64 = 100;
/// How much of that, in percent, from Monday to Sunday: people shop on Sunday evening.
const WEEK: [i64; 7] = [105, 95, 90, 95, 100, 110, 130];
/// The share of each hour of the day, in percent of the busiest one.
const HOURS: [usize; 24] = [
    9, 5, 3, 2, 2, 4, 10, 22, 38, 52, 60, 66, 70, 64, 58, 56, 60, 66, 78, 92, 100, 88, 54, 24,
];
/// Numbers of past orders begin here, far from those of the orders to come.
const FIRST: u64 = 5_000_000;

/// The past orders of so many days before today, oldest first.
pub fn orders(seed: u64, now: Timestamp, days: i64) -> Vec<OrderInput> {
    let mut inputs = Vec::new();
    let today = now.as_micros().div_euclid(DAY);
    for day in today - days..today {
        let mut dice = Dice::of(&[seed, day.unsigned_abs(), 3]);
        // The first of January 1970 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as usize;
        let count = A_DAY * WEEK[weekday] / 100 + dice.between(-8, 8);
        let mut times: Vec<i64> = (0..count).map(|_| time_of_day(&mut dice)).collect();
        times.sort_unstable();
        for time in times {
            let number = FIRST + inputs.len() as u64;
            let at = Timestamp::from_micros(day * DAY + time);
            // What is a few days old may still have been on its way, but is not ours to deliver.
            inputs.push(past(orders::fine(seed, number, at), &mut dice));
        }
    }
    inputs
}

fn time_of_day(dice: &mut Dice) -> i64 {
    let whole: usize = HOURS.iter().sum();
    let mut left = dice.below(whole);
    let mut hour = 0;
    for (at, share) in HOURS.iter().enumerate() {
        hour = at as i64;
        if left < *share {
            break;
        }
        left -= share;
    }
    hour * HOUR + dice.between(0, 3_599) * SECOND
}

/// Ends an order: delivered, with a few canceled and a few paid back in part.
fn past(mut input: OrderInput, dice: &mut Dice) -> OrderInput {
    input.origin = Some(Origin::History);
    if dice.percent(3) {
        input.canceled = true;
        if let Some(payment) = &mut input.payment {
            payment.refunded.clone_from(&payment.amount);
        }
        return input;
    }
    let from = *dice.pick(&[
        "BER-1", "BER-1", "BER-1", "LYS-1", "LYS-1", "3PL-POZ", "S-MUC",
    ]);
    for line in &mut input.lines {
        line.shipped = Some(line.quantity);
        line.shipped_from.get_or_insert_with(|| from.to_owned());
    }
    if dice.percent(6)
        && let (Some(payment), Some(line)) = (&mut input.payment, input.lines.first())
    {
        let price = line.unit_price.as_ref().map_or(0, |price| price.amount);
        let off = line.discount.as_ref().map_or(0, |off| off.amount);
        payment.refunded = Some(orders::euro(price * line.quantity - off));
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_about_three_thousand_and_the_evening_is_busier_than_the_night() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let orders = orders(1, now, 30);
        assert!((2_700..3_500).contains(&orders.len()), "{}", orders.len());
        let at = |hours: &str| {
            let hour = |order: &&OrderInput| order.placed_at[11..13] == *hours;
            orders.iter().filter(hour).count()
        };
        assert!(at("20") > 5 * at("03"));
        for order in &orders {
            let placed_at: Timestamp = order.placed_at.parse().unwrap();
            assert!(placed_at < now);
            order.parse().unwrap();
        }
    }
}
