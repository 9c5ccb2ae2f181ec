//! Sales channels: new orders, the same again, newer versions, and older ones that were delayed.

use ordo_domain::Command;
use ordo_domain::check::MoneyInput;
use ordo_domain::id::OrderId;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{LineKind, Order, OrderInput, Origin};
use ordo_domain::record::RecordKind;

use super::Hand;
use crate::dice::Dice;
use crate::shop::{BUNDLES, CHANNELS, SKUS};
use crate::sim::Ask;
use crate::swarm::Trait;

/// A new order comes in.
pub async fn place(hand: &mut Hand) {
    let number = {
        let mut memory = hand.shop.memory();
        memory.placed += 1;
        memory.placed
    };
    let mut input = new_order(hand, number);
    if hand.sim.swarm.has(Trait::Carts) && hand.dice.per_mille(400) {
        let reservations = &mut hand.shop.memory().reservations;
        input.reservation_id = reservations.pop().map(|id| id.to_string());
    }
    hand.shop.memory().sent.push(input.clone());
    send(hand, &input).await;
}

/// An order comes in again: as it was, newer, or older than the last.
pub async fn send_again(hand: &mut Hand) {
    let (at, mut input) = {
        let memory = hand.shop.memory();
        let back = hand.dice.below(memory.sent.len().min(30) as u64);
        let Some(at) = (memory.sent.len() as u64).checked_sub(1 + back) else {
            return;
        };
        let at = usize::try_from(at).unwrap_or(0);
        (at, memory.sent[at].clone())
    };
    match hand.dice.below(10) {
        0..3 => {}
        3 => {
            // Delayed on its way: an older version, and changed, so that it would do harm.
            input.source_version = input.source_version.map(|version| version - 1);
            change(hand, &mut input);
        }
        _ => {
            input.source_version = Some(input.source_version.unwrap_or(1) + 1);
            change(hand, &mut input);
            hand.shop.memory().sent[at] = input.clone();
        }
    }
    send(hand, &input).await;
}

async fn send(hand: &mut Hand, input: &OrderInput) {
    let Ok(capture) = input.parse() else {
        return;
    };
    // Channels have their own name for an order, so they may always send it again.
    let ask = Ask {
        command: Command::CaptureOrder(Box::new(capture)),
        key: Some(hand.dice.bits()),
        expects: None,
        mark: None,
    };
    let sim = std::sync::Arc::clone(&hand.sim);
    let Some(told) = sim.ask(&mut hand.dice, &hand.shop, ask).await else {
        return;
    };
    let id: Option<OrderId> = told.field("id").and_then(|id| id.parse().ok());
    let Some(id) = id.filter(|_| told.is_done()) else {
        return;
    };
    let organization = hand.shop.organization;
    hand.sim.ledger().told(organization, &format!("order {id}"));
    let order: Option<Order> = hand.stored(RecordKind::Order, id.to_u128());
    let is_it = order.is_some_and(|order| order.external_id == input.external_id);
    if !is_it {
        let what = format!(
            "{} was answered with {id}, another order",
            input.external_id
        );
        hand.sim.ledger().violation("I5", what);
    }
    let orders = &mut hand.shop.memory().orders;
    if !orders.contains(&id) {
        orders.push(id);
    }
}

fn euro(amount: i64) -> MoneyInput {
    MoneyInput {
        amount,
        currency: "EUR".to_owned(),
    }
}

fn new_order(hand: &mut Hand, number: u64) -> OrderInput {
    let dice = &mut hand.dice;
    let (channel, _) = CHANNELS[dice.weighted(&[60, 20, 5, 15]).unwrap_or(0)];
    let origin = match (channel, dice.below(50)) {
        ("till", _) => Some(Origin::Till),
        (_, 0) => Some(Origin::History),
        _ => None,
    };
    let count = 1 + dice.weighted(&[50, 30, 10, 10]).unwrap_or(0);
    let bundles = hand.sim.swarm.has(Trait::Bundles);
    let mut lines: Vec<LineInput> = Vec::new();
    for n in 0..count {
        lines.push(line(dice, n, bundles, origin.is_some()));
    }
    let total: i64 = (lines.iter())
        .map(|line| {
            let price = line.unit_price.as_ref().map_or(0, |price| price.amount);
            price * line.quantity - line.discount.as_ref().map_or(0, |of| of.amount)
        })
        .sum();
    let status = match dice.below(20) {
        0 => PaymentStatus::Authorized,
        1..4 => PaymentStatus::Pending,
        4 => PaymentStatus::Voided,
        _ => PaymentStatus::Paid,
    };
    let shipping = dice.between(0, 900);
    let now = hand.sim.schedule.now();
    OrderInput {
        channel: channel.to_owned(),
        external_id: format!("X{number}"),
        source_version: Some(10),
        origin,
        placed_at: now.plus_micros(-dice.between(0, 3_600_000_000)).to_string(),
        currency: "EUR".to_owned(),
        tax_included: Some(dice.per_mille(700)),
        payment: Some(PaymentInput {
            status,
            amount: Some(euro(total + shipping)),
            refunded: None,
            instrument: None,
            external_id: Some(format!("pay-{number}")),
        }),
        ship_to: dice.per_mille(970).then(|| address(dice, number)),
        shipping: Some(ShippingInput {
            service: Some("standard".to_owned()),
            price: Some(euro(shipping)),
            discount: None,
            tax: None,
        }),
        lines,
        total: dice.per_mille(30).then(|| euro(total)),
        canceled: dice.per_mille(10),
        ..OrderInput::default()
    }
}

fn line(dice: &mut Dice, n: usize, bundles: bool, is_past: bool) -> LineInput {
    let sku = match dice.below(40) {
        0 => "UNKNOWN",
        1..5 if bundles => BUNDLES[usize::from(dice.per_mille(500))].0,
        _ => SKUS[usize::try_from(dice.below(SKUS.len() as u64)).unwrap_or(0)].0,
    };
    let quantity = 1 + dice.weighted(&[60, 20, 10, 5, 5]).unwrap_or(0) as i64;
    let price = dice.between(0, 5_000);
    LineInput {
        external_id: Some(n.to_string()),
        sku: sku.to_owned(),
        quantity,
        unit_price: Some(euro(price)),
        discount: dice
            .per_mille(200)
            .then(|| euro(dice.between(0, price * quantity))),
        tax: dice
            .per_mille(300)
            .then(|| euro(dice.between(0, price * quantity / 5))),
        kind: dice.per_mille(30).then_some(LineKind::Service),
        shipped: is_past.then(|| dice.between(0, quantity)),
        ..LineInput::default()
    }
}

fn address(dice: &mut Dice, number: u64) -> ContactInput {
    // Few people, so that the same one comes again and again.
    let person = match dice.per_mille(300) {
        true => dice.below(8),
        false => 1_000 + number,
    };
    let (country, postal, city) = *dice
        .pick(&[
            ("DE", "10117", "Berlin"),
            ("DE", "80331", "München"),
            ("US", "10001", "New York"),
            ("GB", "EC1A 1BB", "London"),
            ("NZ", "1010", "Auckland"),
            ("FR", "75001", "Paris"),
        ])
        .unwrap_or(&("DE", "10117", "Berlin"));
    ContactInput {
        name: Some(format!("Person {person}")),
        line1: dice.per_mille(980).then(|| format!("Street {person}")),
        postal_code: Some(postal.to_owned()),
        city: Some(city.to_owned()),
        country: Some(country.to_owned()),
        email: Some(format!("person-{person}@example.com")),
        ..ContactInput::default()
    }
}

/// Changes what channels change.
fn change(hand: &mut Hand, input: &mut OrderInput) {
    let dice = &mut hand.dice;
    match dice.below(8) {
        0 => {
            if let Some(payment) = &mut input.payment {
                payment.status = PaymentStatus::Paid;
            }
        }
        1 => input.ship_to = Some(address(dice, 5)),
        2 => {
            let at = usize::try_from(dice.below(input.lines.len() as u64)).unwrap_or(0);
            if let Some(line) = input.lines.get_mut(at) {
                line.quantity = (line.quantity + dice.between(-2, 2)).max(1);
            }
        }
        3 => {
            let next = input.lines.len();
            if next < 8 {
                input.lines.push(line(dice, next, false, false));
            }
        }
        4 => {
            if input.lines.len() > 1 {
                input.lines.pop();
            }
        }
        5 => {
            let at = usize::try_from(dice.below(input.lines.len() as u64)).unwrap_or(0);
            if let Some(line) = input.lines.get_mut(at) {
                line.canceled = Some(dice.between(1, line.quantity));
            }
        }
        6 => input.canceled = dice.per_mille(300),
        _ => {
            if let Some(payment) = &mut input.payment {
                let amount = payment.amount.as_ref().map_or(0, |amount| amount.amount);
                payment.refunded = Some(euro(dice.between(0, amount.max(0))));
            }
        }
    }
}
