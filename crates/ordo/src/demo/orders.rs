//! Orders of the demo company, made from a seed and a number: most are fine, some have a problem.
//!
//! The same seed and number give the same order, so that a newer version of it can be sent later.

use ordo_domain::check::MoneyInput;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{OrderInput, Origin};
use ordo_domain::time::{DAY, Timestamp};

use super::catalog::{ITEMS, SETS, listed_as};
use super::dice::Dice;
use super::people;

/// What is wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The money is not there yet.
    Unpaid,
    /// The street is missing.
    NoStreet,
    /// A line has a code that nobody knows.
    UnknownCode,
    /// The channel's total is not the sum of the lines.
    WrongTotal,
    /// The buyer sent the order before once more.
    Twice,
    /// A card number stands in the note.
    CardNumber,
    /// One of many from the same address within minutes.
    Burst,
}

/// Orders after which a run of suspicious ones comes.
const BURST_EVERY: u64 = 300;
/// How many of them.
const BURST: u64 = 12;

/// Channels, those that sell more more than once.
const CHANNELS: [&str; 20] = [
    "web", "web", "web", "web", "web", "web", "web", "web", "web", "market-a", "market-a",
    "market-a", "market-a", "market-b", "market-b", "pos", "pos", "b2b", "social", "social",
];

/// The stores, where tills are.
pub const STORES: [&str; 4] = ["S-MUC", "S-PAR", "S-WIE", "S-AMS"];

/// Order `number` of `seed` as it was placed, and what is wrong with it.
pub fn placed(seed: u64, number: u64, at: Timestamp) -> (OrderInput, Trouble) {
    let mut dice = Dice::of(&[seed, number, 1]);
    let mut input = fine(seed, number, at);
    let trouble = match input.channel.as_str() {
        "pos" => Trouble::None,
        _ if number % BURST_EVERY >= BURST_EVERY - BURST => Trouble::Burst,
        channel => match dice.below(100) {
            0..3 if channel == "web" || channel == "social" => Trouble::Unpaid,
            3..5 => Trouble::NoStreet,
            5 if channel != "b2b" => Trouble::UnknownCode,
            6 => Trouble::WrongTotal,
            7 if channel == "web" => Trouble::CardNumber,
            8 => Trouble::Twice,
            _ => Trouble::None,
        },
    };
    match trouble {
        Trouble::None => {}
        Trouble::Unpaid => {
            if let Some(payment) = &mut input.payment {
                payment.status = PaymentStatus::Pending;
            }
        }
        Trouble::NoStreet => {
            if let Some(to) = &mut input.ship_to {
                to.line1 = None;
            }
        }
        Trouble::UnknownCode => {
            if let Some(line) = input.lines.first_mut() {
                line.sku = unknown_code(number);
            }
        }
        Trouble::WrongTotal => {
            let total = total(&input) + dice.between(1, 9) * 100;
            input.total = Some(euro(total));
        }
        Trouble::CardNumber => {
            input.note = Some("Please charge 4111 1111 1111 1111 instead".to_owned());
        }
        Trouble::Twice => {
            let before = fine(seed, number.saturating_sub(1), at);
            // A till's order has nobody to compare, and stays the only one.
            if before.channel != "pos" {
                let external_id = external_id(&before.channel, number);
                input = OrderInput {
                    external_id,
                    ..before
                };
            }
        }
        Trouble::Burst => {
            let run = number / BURST_EVERY;
            let (_, buyer) = people::buyer(&mut Dice::of(&[seed, run, 2]));
            input.ship_to = Some(buyer);
        }
    }
    (input, trouble)
}

/// The newer version that the channel sends when the buyer has paid and the address is complete.
pub fn mended(seed: u64, number: u64, at: Timestamp) -> OrderInput {
    OrderInput {
        source_version: Some(2),
        ..fine(seed, number, at)
    }
}

/// Order `number` without anything wrong.
pub fn fine(seed: u64, number: u64, at: Timestamp) -> OrderInput {
    let mut dice = Dice::of(&[seed, number, 0]);
    let channel = *dice.pick(&CHANNELS);
    let (land, buyer) = match channel {
        "b2b" => people::shop(&mut dice),
        _ => people::buyer(&mut dice),
    };
    let mut lines = lines(&mut dice, channel);
    for line in &mut lines {
        let price = line.unit_price.as_ref().map_or(0, |price| price.amount);
        let paid = price * line.quantity - line.discount.as_ref().map_or(0, |off| off.amount);
        line.tax = Some(euro(tax_within(paid, land.vat)));
    }
    let mut input = OrderInput {
        channel: channel.to_owned(),
        external_id: external_id(channel, number),
        placed_at: at.to_string(),
        currency: "EUR".to_owned(),
        tax_included: Some(true),
        ship_to: Some(buyer),
        lines,
        ..OrderInput::default()
    };
    let pay = match channel {
        "pos" => {
            let store = *dice.pick(&STORES);
            input.origin = Some(Origin::Till);
            for line in &mut input.lines {
                line.shipped_from = Some(store.to_owned());
            }
            input.ship_to = None;
            Some(*dice.pick(&["card", "cash"]))
        }
        "b2b" => {
            input.buyer_vat_id = Some(people::tax_number(land, &mut dice));
            input.shipping = Some(shipping("freight", 1_490, land.vat));
            // On account: paid when the invoice is due.
            None
        }
        "market-a" | "market-b" => {
            input.shipping = Some(shipping("standard", 390, land.vat));
            Some("marketplace")
        }
        _ => {
            let is_free = total(&input) >= 10_000;
            input.shipping = Some(match dice.below(10) {
                0 | 1 => shipping("express", 990, land.vat),
                _ if is_free => shipping("standard", 0, land.vat),
                _ => shipping("standard", 490, land.vat),
            });
            if dice.percent(3) {
                input.gift_text = Some("Happy birthday!".to_owned());
            }
            Some(*dice.pick(&["card", "card", "paypal", "ideal", "klarna"]))
        }
    };
    if let Some(service) = input.shipping.as_ref().and_then(|of| of.service.as_deref()) {
        let promised = at.plus_micros(days_to_door(service) * DAY).to_string();
        for line in &mut input.lines {
            line.deliver_by = Some(promised.clone());
        }
    }
    if let Some(instrument) = pay {
        input.payment = Some(PaymentInput {
            status: PaymentStatus::Paid,
            amount: Some(euro(total(&input))),
            refunded: None,
            instrument: Some(instrument.to_owned()),
            external_id: None,
        });
    }
    input
}

/// Days after which the shop says that an order arrives.
fn days_to_door(service: &str) -> i64 {
    match service {
        "express" => 2,
        "freight" => 7,
        _ => 5,
    }
}

fn lines(dice: &mut Dice, channel: &str) -> Vec<LineInput> {
    let count = match (channel, dice.below(10)) {
        ("b2b", _) => dice.between(2, 6),
        (_, 0..6) => 1,
        (_, 6..9) => 2,
        _ => dice.between(3, 5),
    };
    let mut lines: Vec<LineInput> = Vec::new();
    for _ in 0..count {
        let is_set = matches!(channel, "web" | "social") && dice.percent(8);
        let (sku, title, price) = if is_set {
            let set = dice.pick(&SETS);
            (set.code.clone(), set.title.clone(), set.price)
        } else {
            let n = popular(dice);
            let item = &ITEMS[n];
            let code = listed_as(channel, n).unwrap_or_else(|| item.code.clone());
            (code, item.title.clone(), item.price)
        };
        if lines.iter().any(|line| line.sku == sku) {
            continue;
        }
        let quantity = match channel {
            "b2b" => 2 * dice.between(1, 6),
            _ if dice.percent(12) => 2,
            _ => 1,
        };
        let off = (channel == "web" && dice.percent(12)).then(|| euro(price * quantity / 10));
        lines.push(LineInput {
            external_id: Some((lines.len() + 1).to_string()),
            sku,
            title: Some(title),
            quantity,
            unit_price: Some(euro(price)),
            discount: off,
            ..LineInput::default()
        });
    }
    lines
}

/// An item: a third of what is sold is of forty items, spread over all families.
fn popular(dice: &mut Dice) -> usize {
    match dice.below(3) {
        0 => dice.below(40) * 12 % ITEMS.len(),
        _ => dice.below(ITEMS.len()),
    }
}

/// The channel's own id of order `number`, in the form that such channels use.
pub fn external_id(channel: &str, number: u64) -> String {
    match channel {
        "market-a" => format!("302-{:07}-{number:07}", 1_234_567 + number % 7_919),
        "market-b" => format!("B-{number:09}"),
        "pos" => format!("R-{number:07}"),
        "b2b" => format!("PO-{number:06}"),
        "social" => format!("S{number:08}"),
        _ => format!("NL{number:06}"),
    }
}

/// The number in the channel's own id: its last digits.
pub fn number_of(external_id: &str) -> Option<u64> {
    let digits = |sign: char| sign.is_ascii_digit();
    let start = external_id.trim_end_matches(digits).len();
    external_id[start..].parse().ok()
}

/// A code that nobody knows when it first comes: a new one every few hundred orders.
pub fn unknown_code(number: u64) -> String {
    format!("SUMMER-TOTE-{}", 1 + number / 250)
}

/// What the buyer owes.
pub fn total(input: &OrderInput) -> i64 {
    let amount = |money: Option<&MoneyInput>| money.map_or(0, |money| money.amount);
    let lines: i64 = (input.lines.iter())
        .map(|line| {
            amount(line.unit_price.as_ref()) * line.quantity - amount(line.discount.as_ref())
        })
        .sum();
    let shipping = input.shipping.as_ref();
    lines + shipping.map_or(0, |shipping| amount(shipping.price.as_ref()))
}

fn shipping(service: &str, price: i64, vat: i64) -> ShippingInput {
    ShippingInput {
        service: Some(service.to_owned()),
        price: Some(euro(price)),
        discount: None,
        tax: Some(euro(tax_within(price, vat))),
    }
}

/// The tax within an amount, rounded half up.
fn tax_within(amount: i64, percent: i64) -> i64 {
    (2 * amount * percent + 100 + percent) / (2 * (100 + percent))
}

/// An amount of cents.
pub fn euro(amount: i64) -> MoneyInput {
    MoneyInput {
        amount,
        currency: "EUR".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_can_be_read_and_has_its_number_in_its_name() {
        for number in 0..3_000 {
            let at = Timestamp::from_micros(1_790_000_000_000_000);
            let (input, _) = placed(1, number, at);
            input.parse().unwrap();
            assert_eq!(number_of(&input.external_id), Some(number));
            assert_eq!(placed(1, number, at).0, input);
            mended(1, number, at).parse().unwrap();
        }
    }

    #[test]
    fn every_trouble_comes_and_most_orders_have_none() {
        let at = Timestamp::from_micros(1_790_000_000_000_000);
        let troubles: Vec<Trouble> = (0..2_000).map(|number| placed(1, number, at).1).collect();
        let count = |trouble| troubles.iter().filter(|found| **found == trouble).count();
        for trouble in [
            Trouble::Unpaid,
            Trouble::NoStreet,
            Trouble::UnknownCode,
            Trouble::WrongTotal,
            Trouble::Twice,
            Trouble::CardNumber,
            Trouble::Burst,
        ] {
            assert!(count(trouble) > 0, "{trouble:?}");
        }
        assert!(count(Trouble::None) > 1_600);
    }

    #[test]
    fn tax_is_rounded_half_up() {
        for (amount, percent, tax) in [
            (11_900, 19, 1_900),
            (100, 19, 16),
            (0, 19, 0),
            (490, 20, 82),
        ] {
            assert_eq!(tax_within(amount, percent), tax);
        }
    }
}
