//! Orders of the demo company, made from a seed: most are in order, some have a problem.

use std::sync::Arc;
use std::time::Duration;

use ordo_domain::Command;
use ordo_domain::check::MoneyInput;
use ordo_domain::id::OrganizationId;
use ordo_domain::order::OrderInput;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_engine::Engine;

use super::company::{SKUS, price, request, sku_code};

const NAMES: [&str; 8] = [
    "Anna", "Bruno", "Chiara", "Daan", "Elif", "Frida", "Goran", "Hélène",
];
const SURNAMES: [&str; 8] = [
    "Albers",
    "Bianchi",
    "Carvalho",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Grabowska",
    "Huber",
];
/// Country, city and a postal code of it.
const CITIES: [(&str, &str, &str); 8] = [
    ("DE", "Hamburg", "20095"),
    ("DE", "Köln", "50667"),
    ("FR", "Lille", "59000"),
    ("FR", "Marseille", "13001"),
    ("AT", "Graz", "8010"),
    ("NL", "Utrecht", "3511"),
    ("PL", "Gdańsk", "80-001"),
    ("PT", "Lisboa", "1100"),
];
const CHANNELS: [&str; 6] = ["web", "web", "web", "market-a", "market-b", "social"];

/// Sends one order after another until it is stopped.
pub async fn stream(engine: Arc<Engine>, organization: OrganizationId, seed: u64, pause: Duration) {
    let run = engine.clock().now();
    for n in 0_u64.. {
        let input = order(seed, n, &run.to_string(), run.as_micros());
        match input.parse() {
            Ok(capture) => {
                let command = Command::CaptureOrder(Box::new(capture));
                if let Err(error) = engine.submit(organization, request(command)).await {
                    tracing::warn!(error = %error, "a demo order was not taken");
                }
            }
            Err(refused) => tracing::warn!(reason = refused.detail, "a demo order is not in order"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

/// Order `n` of `seed`; `run` keeps orders of different runs apart.
fn order(seed: u64, n: u64, placed_at: &str, run: i64) -> OrderInput {
    let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(n));
    let euro = |amount: i64| MoneyInput {
        amount,
        currency: "EUR".to_owned(),
    };
    let mut total = 490;
    let lines: Vec<LineInput> = (0..=dice.below(4))
        .map(|index| {
            let sku = dice.below(SKUS);
            let quantity = 1 + dice.below(2) as i64;
            total += price(sku) * quantity;
            LineInput {
                external_id: Some((index + 1).to_string()),
                sku: sku_code(sku),
                quantity,
                unit_price: Some(euro(price(sku))),
                ..LineInput::default()
            }
        })
        .collect();
    let (country, city, postal_code) = CITIES[dice.below(CITIES.len())];
    let (name, surname) = (
        NAMES[dice.below(NAMES.len())],
        SURNAMES[dice.below(SURNAMES.len())],
    );
    let mut ship_to = ContactInput {
        name: Some(format!("{name} {surname}")),
        line1: Some(format!("Station Road {}", 1 + dice.below(900))),
        city: Some(city.to_owned()),
        postal_code: Some(postal_code.to_owned()),
        country: Some(country.to_owned()),
        email: Some(format!("{name}.{surname}.{n}@example.com").to_lowercase()),
        ..ContactInput::default()
    };
    let mut status = PaymentStatus::Paid;
    let mut lines = lines;
    match dice.below(20) {
        0 => status = PaymentStatus::Pending,
        1 => ship_to.line1 = None,
        2 => lines[0].sku = "SUMMER-TOTE".to_owned(),
        _ => {}
    }
    OrderInput {
        channel: CHANNELS[dice.below(CHANNELS.len())].to_owned(),
        external_id: format!("D{}-{}", run / 1_000_000, n + 1),
        placed_at: placed_at.to_owned(),
        currency: "EUR".to_owned(),
        tax_included: Some(true),
        payment: Some(PaymentInput {
            status,
            amount: Some(euro(total)),
            refunded: None,
            instrument: Some("card".to_owned()),
            external_id: None,
        }),
        ship_to: Some(ship_to),
        shipping: Some(ShippingInput {
            service: Some("standard".to_owned()),
            price: Some(euro(490)),
            discount: None,
            tax: None,
        }),
        lines,
        ..OrderInput::default()
    }
}
