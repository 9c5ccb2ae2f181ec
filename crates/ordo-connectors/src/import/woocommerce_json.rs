//! Orders of WooCommerce's REST interface (v2 and v3); bodies of its order webhooks have the same
//! form.
//!
//! Its line totals are always without tax. Where the shop's prices include tax, taxes are added to
//! them here, so that a line shows the price that the buyer saw.

use std::collections::BTreeMap;

use ordo_domain::catalog::CreateSku;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{ExternalRef, LineKind, OrderInput, Origin, TaxLine, Terms};
use ordo_domain::rejection::Rejection;
use ordo_domain::time::Timestamp;

use super::decimal::Decimal;
use super::foreign::{
    Amounts, JsonFormat, LineMoney, Mapped, full_name, settle_rounding, sku, soft, soft_contact,
    soft_some, tax,
};
use super::json::Object;

pub(super) const FORMAT: JsonFormat = JsonFormat {
    channel: ("woocommerce", "WooCommerce"),
    map,
};

fn map(order: &Object<'_>) -> Result<Mapped, Rejection> {
    let status = order.text("status").unwrap_or_default();
    if matches!(status.as_str(), "draft" | "auto-draft" | "checkout-draft") {
        return Err(Rejection::field(
            "/status",
            "is that of a draft, not of an order",
        ));
    }
    let mut reader = Reader {
        amounts: Amounts::new(order.text("currency"), "/currency")?,
        gross: order.is_true("prices_include_tax"),
        rates: rates(order),
        state: State::of(&status, order),
        skus: Vec::new(),
    };
    let mut lines = Vec::new();
    for (index, item) in order.list("line_items").iter().enumerate() {
        lines.extend(reader.line(item, index));
    }
    let mut input = OrderInput {
        external_id: order.text("id").unwrap_or_default(),
        source_version: instant(order, "date_modified")
            .and_then(|at| Some(at.parse::<Timestamp>().ok()?.as_micros())),
        origin: Some(reader.state.origin),
        terms: (order.text("payment_method").as_deref() == Some("cod")).then_some(Terms::Cod),
        placed_at: instant(order, "date_created").unwrap_or_default(),
        currency: reader.amounts.currency.code().to_owned(),
        tax_included: Some(reader.gross),
        shipping: reader.shipping(order),
        lines,
        note: soft_some(order.text("customer_note"), 2_000),
        external_refs: references(order),
        canceled: reader.state.canceled,
        ..OrderInput::default()
    };
    reader.fees(order, &mut input);
    addresses(order, &mut input);
    // What a gift card paid is owed all the same: the shop takes it off its total.
    let cards = order.list("gift_cards");
    let on_cards = (reader.amounts).sum(&cards, "amount", || "/gift_cards".to_owned());
    let total = (reader.amounts)
        .minor(|| "/total".to_owned(), order.text("total"))
        .saturating_add(on_cards);
    input.total = order.has("total").then(|| reader.amounts.money(total));
    settle_rounding(&mut input, &reader.amounts, total);
    input.payment = Some(reader.payment(order, &status, total));
    let Reader { amounts, skus, .. } = reader;
    amounts.check.finish(Mapped { skus, input })
}

/// What an order's status says of its units.
struct State {
    origin: Origin,
    shipped: bool,
    canceled: bool,
}

impl State {
    fn of(status: &str, order: &Object<'_>) -> Self {
        let was_completed = order.has("date_completed") || order.has("date_completed_gmt");
        let (done, shipped, canceled) = match status {
            "completed" => (true, true, false),
            "refunded" => (true, was_completed, false),
            "cancelled" | "failed" | "trash" => (true, false, true),
            // `pending`, `on-hold`, `processing`, and whatever plugins add.
            _ => (false, false, false),
        };
        Self {
            origin: if done { Origin::History } else { Origin::Live },
            shipped,
            canceled,
        }
    }
}

/// A rate of tax as the order lists it.
struct Rate {
    ppm: Option<i64>,
    code: Option<String>,
}

fn rates(order: &Object<'_>) -> BTreeMap<String, Rate> {
    (order.list("tax_lines").iter())
        .filter_map(|line| {
            let percent = (line.text("rate_percent")).and_then(|text| Decimal::parse(&text));
            // Ten thousand millionths are a percent.
            let ppm = percent
                .and_then(Decimal::millionths)
                .map(|millionths| millionths / 100);
            let code = line.any_text(&["label", "rate_code"]);
            Some((line.text("rate_id")?, Rate { ppm, code }))
        })
        .collect()
}

struct Reader {
    amounts: Amounts,
    /// Whether the shop's prices include tax.
    gross: bool,
    rates: BTreeMap<String, Rate>,
    state: State,
    skus: Vec<CreateSku>,
}

impl Reader {
    /// An amount of `item`, with its tax where prices include it.
    fn amount(&mut self, item: &Object<'_>, key: &str, at: &dyn Fn(&str) -> String) -> i64 {
        let net = self.amounts.minor(|| at(key), item.text(key));
        let tax_key = format!("{key}_tax");
        let tax = self.amounts.minor(|| at(&tax_key), item.text(&tax_key));
        if self.gross {
            net.saturating_add(tax)
        } else {
            net
        }
    }

    fn line(&mut self, item: &Object<'_>, index: usize) -> Option<LineInput> {
        let at = |name: &str| format!("/line_items/{index}/{name}");
        let fraction = fraction(item);
        let quantity = match fraction {
            Some(_) => 1,
            None => self.amounts.units(|| at("quantity"), item.text("quantity")),
        };
        let paid = self.amount(item, "total", &at);
        if quantity == 0 && paid == 0 && item.has("quantity") {
            return None;
        }
        let before = match item.has("subtotal") {
            true => self.amount(item, "subtotal", &at),
            false => paid,
        };
        if paid < 0 {
            self.amounts
                .check
                .refuse(at("total"), "must not be negative");
        }
        let sold = |text: String| match &fraction {
            Some(units) => format!("{text} × {units}"),
            None => text,
        };
        let title = soft_some(item.text("name").map(sold), 500);
        let known = soft_some(item.text("sku").map(sold), 128);
        if let Some(code) = known.as_ref().filter(|_| fraction.is_none()) {
            self.skus.push(sku(code, title.clone(), 0));
        }
        let product = (item.text("variation_id").filter(|id| id != "0"))
            .or_else(|| item.text("product_id").filter(|id| id != "0"));
        // What has no SKU is called by what a listing could map it by.
        let code = (known.or(product))
            .or_else(|| title.as_deref().map(|title| soft(title, 128)))
            .or_else(|| item.text("id"));
        let units = quantity.max(0);
        let shipped = if self.state.shipped { units } else { 0 };
        let canceled = if self.state.canceled {
            units - shipped
        } else {
            0
        };
        let mut line = LineInput {
            external_id: item.text("id"),
            sku: code.unwrap_or_default(),
            title,
            quantity,
            taxes: self.taxes(item, &at),
            personalization: additions(item),
            shipped: Some(shipped).filter(|units| *units > 0),
            canceled: Some(canceled).filter(|units| *units > 0),
            ..LineInput::default()
        };
        // A person can raise a line's total above what its products cost.
        let gross = before.max(paid);
        LineMoney {
            gross,
            discount: gross.saturating_sub(paid),
        }
        .set(&mut line, &mut self.amounts, &at("total"));
        Some(line)
    }

    /// The taxes of an item by rate, where they sum to its tax, else in one.
    fn taxes(&mut self, item: &Object<'_>, at: &dyn Fn(&str) -> String) -> Vec<TaxLine> {
        let total = self
            .amounts
            .minor(|| at("total_tax"), item.text("total_tax"));
        let rounded = self.amounts.rounded;
        let mut parts = Vec::new();
        for part in item.list("taxes") {
            let amount = self.amounts.minor(|| at("taxes"), part.text("total"));
            let rate = part.text("id").and_then(|id| self.rates.get(&id));
            let code = rate.and_then(|rate| rate.code.clone());
            parts.push(tax(amount, rate.and_then(|rate| rate.ppm), code));
        }
        // The parts are the shop's own working: finer than a cent, and not what the sum is made of.
        self.amounts.rounded = rounded;
        parts.retain(|part| part.amount.get() != 0);
        let sum = (parts.iter()).fold(0_i64, |sum, part| sum.saturating_add(part.amount.get()));
        match total {
            _ if sum == total => parts,
            0 => Vec::new(),
            _ => vec![tax(total, None, None)],
        }
    }

    fn shipping(&mut self, order: &Object<'_>) -> Option<ShippingInput> {
        let lines = order.list("shipping_lines");
        let (mut price, mut tax) = (0_i64, 0_i64);
        for (index, line) in lines.iter().enumerate() {
            let at = |name: &str| format!("/shipping_lines/{index}/{name}");
            price = price.saturating_add(self.amount(line, "total", &at));
            let part = self
                .amounts
                .minor(|| at("total_tax"), line.text("total_tax"));
            tax = tax.saturating_add(part);
        }
        if lines.is_empty() {
            let mut of_order =
                |key: &str| self.amounts.minor(|| format!("/{key}"), order.text(key));
            tax = of_order("shipping_tax");
            price = of_order("shipping_total").saturating_add(if self.gross { tax } else { 0 });
        }
        let service =
            (lines.first()).and_then(|line| line.any_text(&["method_title", "method_id"]));
        if service.is_none() && price == 0 && tax == 0 {
            return None;
        }
        Some(ShippingInput {
            service: soft_some(service, 255),
            price: Some(self.amounts.money(price)),
            discount: None,
            tax: self.amounts.some(tax),
        })
    }

    /// Fees are lines; a negative one is how shops write a discount on the whole order.
    fn fees(&mut self, order: &Object<'_>, input: &mut OrderInput) {
        for (index, fee) in order.list("fee_lines").iter().enumerate() {
            let at = |name: &str| format!("/fee_lines/{index}/{name}");
            let amount = self.amount(fee, "total", &at);
            let taxes = self.taxes(fee, &at);
            if amount < 0 {
                let before = input.discount.as_ref().map_or(0, |money| money.amount);
                input.discount = self.amounts.some(before.saturating_sub(amount));
                let tax =
                    (taxes.iter()).fold(0_i64, |sum, tax| sum.saturating_add(tax.amount.get()));
                lower_taxes(&mut input.lines, tax.saturating_neg());
                continue;
            }
            let canceled = self.state.canceled.then_some(1);
            input.lines.push(LineInput {
                external_id: fee.text("id"),
                title: soft_some(fee.text("name"), 500),
                quantity: 1,
                unit_price: Some(self.amounts.money(amount)),
                taxes,
                kind: Some(LineKind::Fee),
                shipped: self.state.shipped.then_some(1),
                canceled,
                ..LineInput::default()
            });
        }
    }

    fn payment(&mut self, order: &Object<'_>, status: &str, total: i64) -> PaymentInput {
        let refunds = order.list("refunds");
        let back = (self.amounts).sum(&refunds, "total", || "/refunds".to_owned());
        let paid = order.has("date_paid_gmt") || order.has("date_paid");
        let (status, back) = match status {
            "refunded" => (PaymentStatus::Refunded, 0),
            _ if paid => (PaymentStatus::Paid, back.saturating_abs().min(total.max(0))),
            _ => (PaymentStatus::Pending, 0),
        };
        PaymentInput {
            status,
            amount: Some(self.amounts.money(total)),
            refunded: self.amounts.some(back),
            instrument: soft_some(
                order.any_text(&["payment_method_title", "payment_method"]),
                64,
            ),
            external_id: soft_some(order.text("transaction_id"), 255),
        }
    }
}

/// The units of a line that was sold in parts of a unit (plugins allow it). Ordo counts whole ones,
/// so such a line becomes one unit of a code that no SKU has, and waits for a person to map it.
fn fraction(item: &Object<'_>) -> Option<String> {
    let text = item.text("quantity")?;
    let units = Decimal::parse(&text)?;
    (units.whole().is_none() && !text.starts_with('-')).then_some(text)
}

/// Takes `amount` off the taxes of the lines, the first ones first.
fn lower_taxes(lines: &mut [LineInput], amount: i64) {
    let mut left = amount.max(0);
    for part in lines.iter_mut().flat_map(|line| &mut line.taxes) {
        let taken = left.min(part.amount.get().max(0));
        *part = TaxLine {
            amount: part.amount - tax(taken, None, None).amount,
            ..part.clone()
        };
        left -= taken;
    }
}

/// What the buyer chose or wrote for a line; names that begin with an underscore are a plugin's own.
fn additions(item: &Object<'_>) -> Option<String> {
    let parts: Vec<String> = (item.list("meta_data").iter())
        .filter(|part| part.text("key").is_some_and(|key| !key.starts_with('_')))
        .filter_map(|part| {
            let name = part.any_text(&["display_key", "key"])?;
            let value = part.any_text(&["display_value", "value"])?;
            Some(format!("{name}: {value}"))
        })
        .collect();
    soft_some(Some(parts.join("; ")), 2_000)
}

/// An instant of the order: those in UTC are written without a zone, and where only the shop's local
/// one is there, it is taken for UTC.
fn instant(order: &Object<'_>, key: &str) -> Option<String> {
    let text = (order.text(&format!("{key}_gmt"))).or_else(|| order.text(key))?;
    let zoned = text.ends_with('Z') || text.get(19..).is_some_and(|rest| rest.contains(['+', '-']));
    Some(if zoned { text } else { format!("{text}Z") })
}

fn addresses(order: &Object<'_>, input: &mut OrderInput) {
    let billing = order.object("billing");
    let contact = |address: &Object<'_>| {
        soft_contact(ContactInput {
            name: full_name(address.text("first_name"), address.text("last_name")),
            company: address.text("company"),
            line1: address.text("address_1"),
            line2: address.text("address_2"),
            city: address.text("city"),
            region: address.text("state"),
            postal_code: address.text("postcode"),
            country: address.text("country"),
            email: billing.text("email"),
            phone: address.text("phone").or_else(|| billing.text("phone")),
            latitude_e6: None,
            longitude_e6: None,
        })
    };
    let shipping = order.object("shipping");
    let somewhere = ["address_1", "city", "postcode"];
    let bill_to = contact(&billing);
    input.ship_to = match shipping.any_text(&somewhere) {
        Some(_) => contact(&shipping),
        None => bill_to.clone(),
    };
    input.bill_to = bill_to.filter(|bill_to| input.ship_to.as_ref() != Some(bill_to));
}

fn references(order: &Object<'_>) -> Vec<ExternalRef> {
    (soft_some(order.text("number"), 255).into_iter())
        .map(|value| ExternalRef {
            system: "woocommerce".to_owned(),
            value,
        })
        .collect()
}
