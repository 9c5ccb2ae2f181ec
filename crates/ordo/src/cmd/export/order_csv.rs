//! Orders as Ordo's table of orders, a row per line: what `ordo import orders --format ordo-csv`
//! reads. Persons' names and addresses stay behind, as do holds, work and returns.

use ordo_domain::money::Minor;
use ordo_domain::order::{Order, OrderLife};
use ordo_domain::reference::Reference;
use serde_json::{Value, json};

use crate::cmd::csv;

/// The columns: of the order, then of the line.
pub(super) const COLUMNS: [&str; 33] = [
    "external_id",
    "channel",
    "placed_at",
    "currency",
    "origin",
    "kind",
    "terms",
    "source_version",
    "tax_included",
    "canceled",
    "total",
    "payment_status",
    "payment_amount",
    "payment_refunded",
    "shipping_service",
    "shipping_price",
    "shipping_discount",
    "shipping_tax",
    "labels",
    "ship_to_region",
    "ship_to_country",
    "line_id",
    "sku",
    "title",
    "quantity",
    "unit_price",
    "line_discount",
    "line_tax",
    "line_kind",
    "fulfilled_by",
    "final_sale",
    "shipped",
    "canceled_units",
];
/// How many of them are of the line.
const LINE: usize = 12;

/// The rows of an order.
pub(super) fn rows(order: &Order, reference: &Reference) -> String {
    let first = order_cells(order, reference);
    if order.lines.is_empty() {
        return csv::row(first.into_iter().chain(vec![String::new(); LINE]));
    }
    let lines = line_cells(order);
    lines
        .map(|line| csv::row(first.iter().chain(&line)))
        .collect()
}

fn order_cells(order: &Order, reference: &Reference) -> Vec<String> {
    let decimal = |amount: Minor| order.currency.to_decimal(amount);
    let channel = reference.channel(order.channel);
    let place = order.ship_to.as_ref().map(|to| &to.place);
    let (captured, back) = (order.captured(), order.paid_back());
    let taken = captured > Minor::ZERO;
    let payment = |text: String| if taken { text } else { String::new() };
    vec![
        order.external_id.clone(),
        channel
            .map(|channel| channel.code.clone())
            .unwrap_or_default(),
        order.placed_at.to_string(),
        order.currency.code().to_owned(),
        word(&json!(order.origin)),
        word(&json!(order.kind)),
        word(&json!(order.terms)),
        order.source_version.to_string(),
        order.tax_included.to_string(),
        (order.life == OrderLife::Canceled).to_string(),
        order.channel_total.map(decimal).unwrap_or_default(),
        payment("paid".to_owned()),
        payment(decimal(captured)),
        payment(decimal(back)),
        order.shipping.service.clone().unwrap_or_default(),
        decimal(order.shipping.price),
        decimal(order.shipping.discount),
        decimal(order.shipping.tax),
        order.labels.join("|"),
        place
            .and_then(|place| place.region.clone())
            .unwrap_or_default(),
        place.map(|place| place.country.clone()).unwrap_or_default(),
    ]
}

fn line_cells(order: &Order) -> impl Iterator<Item = [String; LINE]> {
    let decimal = |amount: Minor| order.currency.to_decimal(amount);
    order.lines.iter().map(move |line| {
        [
            line.external_id.clone(),
            line.code.clone(),
            line.title.clone().unwrap_or_default(),
            line.ordered.to_string(),
            decimal(line.unit_price),
            decimal(line.discount),
            decimal(line.tax()),
            word(&json!(line.kind)),
            word(&json!(line.fulfilled_by)),
            line.final_sale.to_string(),
            (line.shipped + line.shipped_elsewhere).to_string(),
            line.canceled.to_string(),
        ]
    })
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
