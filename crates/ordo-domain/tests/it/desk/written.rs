//! An order as a script writes it: in one line.

use ordo_domain::check::MoneyInput;
use ordo_domain::order::OrderInput;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};

/// `order NAME [v2] [unpaid] [free-shipping] [from EMAIL] [by INSTANT] Ax3 Bx1 …`: prepaid and paid unless it says otherwise,
/// 10 EUR a unit, to Berlin; every order from another buyer unless it names one.
pub fn order_input(name: &str, words: &[&str]) -> OrderInput {
    let euro = |amount| MoneyInput {
        amount,
        currency: "EUR".into(),
    };
    let mut lines = Vec::new();
    let mut status = PaymentStatus::Paid;
    let mut email = format!("{}@example.com", name.to_lowercase());
    let mut version = 1;
    let mut deliver_by: Option<String> = None;
    let mut total = None;
    let mut shipping = 490;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "free-shipping" => shipping = 0,
            "unpaid" => status = PaymentStatus::Pending,
            "v2" => version = 2,
            "from" => email = (*words.next().unwrap()).to_owned(),
            "by" => deliver_by = Some((*words.next().unwrap()).to_owned()),
            "total" => total = Some(euro(words.next().unwrap().parse().unwrap())),
            units => {
                let (sku, count) = units.split_once('x').expect("SKUxCOUNT");
                lines.push(LineInput {
                    external_id: Some((lines.len() + 1).to_string()),
                    sku: sku.into(),
                    quantity: count.parse().unwrap(),
                    unit_price: Some(euro(1_000)),
                    deliver_by: deliver_by.clone(),
                    ..LineInput::default()
                });
            }
        }
    }
    OrderInput {
        channel: "web".into(),
        external_id: name.into(),
        source_version: Some(version),
        placed_at: "2026-11-01T09:00:00Z".into(),
        currency: "EUR".into(),
        tax_included: Some(true),
        payment: Some(PaymentInput {
            status,
            amount: None,
            refunded: None,
            instrument: Some("card".into()),
            external_id: None,
        }),
        ship_to: Some(ContactInput {
            name: Some(format!("Buyer of {name}")),
            line1: Some(format!("Street {email}")),
            postal_code: Some("10115".into()),
            city: Some("Berlin".into()),
            country: Some("DE".into()),
            email: Some(email),
            ..ContactInput::default()
        }),
        shipping: Some(ShippingInput {
            service: Some("standard".into()),
            price: Some(euro(shipping)),
            discount: None,
            tax: None,
        }),
        total,
        lines,
        ..OrderInput::default()
    }
}
