//! Orders of Shopify's Admin REST interface; bodies of its order webhooks have the same form.
//!
//! Amounts are those in the shop's currency. Everything that was ordered counts, also what was
//! removed or paid back later, so that the shares sum to `total_price`.

use ordo_domain::catalog::CreateSku;
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{
    ContactInput, LineInput, PaymentInput, PresentmentInput, ShippingInput,
};
use ordo_domain::order::{ExternalRef, LineKind, OrderInput, Origin, TaxLine, Terms};
use ordo_domain::rejection::Rejection;
use ordo_domain::time::Timestamp;

use super::decimal::Decimal;
use super::foreign::{
    Amounts, JsonFormat, Mapped, full_name, share_taxes, sku, soft, soft_contact, soft_some, sum,
    tax,
};
use super::json::Object;

pub(super) const FORMAT: JsonFormat = JsonFormat {
    channel: ("shopify", "Shopify"),
    map,
};

fn map(order: &Object<'_>) -> Result<Mapped, Rejection> {
    if order.has("lineItems") {
        let reason = "is an order of the GraphQL interface, not of the REST interface";
        return Err(Rejection::field("", reason));
    }
    let mut amounts = Amounts::new(order.text("currency"), "/currency")?;
    let settled = Settled::of(order);
    let mut skus = Vec::new();
    let mut lines = Vec::new();
    for (index, item) in order.list("line_items").iter().enumerate() {
        lines.extend(line(item, index, &settled, &mut amounts, &mut skus));
    }
    let total = amounts.minor(|| "/total_price".to_owned(), order.text("total_price"));
    let updated = order.any_text(&["updated_at", "created_at"]);
    let ship_to = contact(&order.object("shipping_address"), order);
    let bill_to = Some(order.object("billing_address"))
        .filter(|address| !address.is_empty())
        .and_then(|address| contact(&address, order))
        .filter(|bill_to| ship_to.as_ref() != Some(bill_to));
    let placed_at = order.any_text(&["processed_at", "created_at"]);
    let mut input = OrderInput {
        external_id: order.text("id").unwrap_or_default(),
        source_version: updated.and_then(|at| Some(at.parse::<Timestamp>().ok()?.as_micros())),
        origin: Some(settled.origin(order)),
        terms: is_cash_on_delivery(order).then_some(Terms::Cod),
        placed_at: placed_at.unwrap_or_default(),
        currency: amounts.currency.code().to_owned(),
        tax_included: Some(order.is_true("taxes_included")),
        ship_to,
        bill_to,
        shipping: shipping(order, &mut amounts),
        lines,
        total: order.has("total_price").then(|| amounts.money(total)),
        note: soft_some(order.text("note"), 2_000),
        external_refs: references(order),
        labels: labels(order),
        canceled: settled.canceled,
        ..OrderInput::default()
    };
    add_unshared_taxes(order, &mut input, &mut amounts);
    add_unshared_discount(order, &mut input, &mut amounts, total);
    add_extra_lines(order, &mut input, &mut amounts, total);
    input.payment = payment(order, total, &mut amounts);
    input.presentment = presentment(order, amounts.currency.code());
    amounts.check.finish(Mapped { skus, input })
}

/// What Shopify says has happened with the order already.
struct Settled {
    canceled: bool,
    fulfilled: bool,
    /// Units that successful fulfillments name, by line.
    shipped: Vec<(String, i64)>,
}

impl Settled {
    fn of(order: &Object<'_>) -> Self {
        let mut shipped = Vec::new();
        for fulfillment in order.list("fulfillments") {
            if fulfillment.text("status").as_deref() == Some("success") {
                for item in fulfillment.list("line_items") {
                    shipped.extend(item.text("id").zip(count(&item, "quantity")));
                }
            }
        }
        Self {
            canceled: order.has("cancelled_at"),
            fulfilled: order.text("fulfillment_status").as_deref() == Some("fulfilled"),
            shipped,
        }
    }

    /// How many of the line's `quantity` units have left, and how many never will.
    fn of_line(&self, item: &Object<'_>, quantity: i64) -> (i64, i64) {
        let id = item.text("id").unwrap_or_default();
        let named = (self.shipped.iter())
            .filter(|(line, _)| *line == id)
            .fold(0_i64, |sum, (_, units)| sum.saturating_add(*units));
        let line_fulfilled = item.text("fulfillment_status").as_deref() == Some("fulfilled");
        let shipped = if self.shipped.is_empty() && (self.fulfilled || line_fulfilled) {
            quantity
        } else {
            named.clamp(0, quantity)
        };
        let left = quantity - shipped;
        let removed = count(item, "current_quantity")
            .map_or(0, |current| quantity.saturating_sub(current).clamp(0, left));
        (shipped, if self.canceled { left } else { removed })
    }

    /// Whether there is anything left to do. A test order must never be shipped.
    fn origin(&self, order: &Object<'_>) -> Origin {
        let paid_back = matches!(
            order.text("financial_status").as_deref(),
            Some("refunded" | "voided")
        );
        let done = self.canceled
            || self.fulfilled
            || paid_back
            || order.has("closed_at")
            || order.is_true("test");
        if done { Origin::History } else { Origin::Live }
    }
}

fn count(object: &Object<'_>, key: &str) -> Option<i64> {
    Decimal::parse(&object.text(key)?)?.whole()
}

fn line(
    item: &Object<'_>,
    index: usize,
    settled: &Settled,
    amounts: &mut Amounts,
    skus: &mut Vec<CreateSku>,
) -> Option<LineInput> {
    let at = |name: &str| format!("/line_items/{index}/{name}");
    let quantity = amounts.units(|| at("quantity"), item.text("quantity"));
    if quantity == 0 && item.has("quantity") {
        return None; // Edited away before anything was paid for it.
    }
    let price = amounts.minor(|| at("price"), item.text("price"));
    let allocations = item.list("discount_allocations");
    let discount = if allocations.is_empty() {
        amounts.minor(|| at("total_discount"), item.text("total_discount"))
    } else {
        amounts.sum(&allocations, "amount", || at("discount_allocations"))
    };
    let title = soft_some(item.any_text(&["name", "title"]), 500);
    let ships = item.text("requires_shipping").as_deref() != Some("false");
    let kind = match () {
        () if item.is_true("gift_card") => LineKind::GiftCard,
        () if ships => LineKind::Physical,
        () if !item.has("product_id") && title.as_deref() == Some("Tip") => LineKind::Tip,
        () => LineKind::Digital,
    };
    let known = soft_some(item.text("sku"), 128);
    if let Some(code) = known.as_ref().filter(|_| kind == LineKind::Physical) {
        skus.push(sku(code, title.clone(), count(item, "grams").unwrap_or(0)));
    }
    // What has no SKU is called by what a listing could map it by.
    let code = (known.or_else(|| item.text("variant_id")))
        .or_else(|| title.as_deref().map(|title| soft(title, 128)))
        .or_else(|| item.text("id"));
    let (shipped, canceled) = settled.of_line(item, quantity.max(0));
    Some(LineInput {
        external_id: item.text("id"),
        sku: code.unwrap_or_default(),
        title,
        quantity,
        unit_price: Some(amounts.money(price)),
        discount: amounts.some(discount),
        taxes: taxes(item, amounts, || at("tax_lines")),
        kind: Some(kind).filter(|kind| *kind != LineKind::Physical),
        personalization: properties(item),
        shipped: Some(shipped).filter(|units| *units > 0),
        canceled: Some(canceled).filter(|units| *units > 0),
        ..LineInput::default()
    })
}

fn taxes(item: &Object<'_>, amounts: &mut Amounts, at: impl Fn() -> String) -> Vec<TaxLine> {
    let mut taxes = Vec::new();
    for part in item.list("tax_lines") {
        let amount = amounts.minor(&at, part.text("price"));
        let rate = (part.text("rate")).and_then(|rate| Decimal::parse(&rate)?.millionths());
        let remitted_by = part.is_true("channel_liable").then(|| "channel".to_owned());
        taxes.push(TaxLine {
            remitted_by,
            ..tax(amount, rate, part.text("title"))
        });
    }
    taxes
}

/// What the buyer wrote for a line; names that begin with an underscore are an app's own.
fn properties(item: &Object<'_>) -> Option<String> {
    let parts: Vec<String> = (item.list("properties").iter())
        .filter_map(|part| Some((part.text("name")?, part.text("value")?)))
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    soft_some(Some(parts.join("; ")), 2_000)
}

fn shipping(order: &Object<'_>, amounts: &mut Amounts) -> Option<ShippingInput> {
    let mut all = order.list("shipping_lines");
    all.retain(|line| !line.is_true("is_removed"));
    let first = all.first()?;
    let service = first.any_text(&["title", "code"]);
    let (mut price, mut discount, mut tax) = (0_i64, 0_i64, 0_i64);
    for (index, line) in all.iter().enumerate() {
        let at = |name: &str| format!("/shipping_lines/{index}/{name}");
        let full = amounts.minor(|| at("price"), line.text("price"));
        let less = if line.has("discounted_price") {
            full.saturating_sub(
                amounts.minor(|| at("discounted_price"), line.text("discounted_price")),
            )
        } else {
            let parts = line.list("discount_allocations");
            amounts.sum(&parts, "amount", || at("discount_allocations"))
        };
        let taxes = amounts.sum(&line.list("tax_lines"), "price", || at("tax_lines"));
        price = price.saturating_add(full);
        discount = discount.saturating_add(less);
        tax = tax.saturating_add(taxes);
    }
    Some(ShippingInput {
        service: soft_some(service, 255),
        price: Some(amounts.money(price)),
        discount: amounts.some(discount),
        tax: amounts.some(tax),
    })
}

/// Taxes that stand on the order only (older payloads) are shared over its lines.
fn add_unshared_taxes(order: &Object<'_>, input: &mut OrderInput, amounts: &mut Amounts) {
    let all = amounts.minor(|| "/total_tax".to_owned(), order.text("total_tax"));
    let on_shipping = (input.shipping.as_ref())
        .and_then(|shipping| shipping.tax.as_ref())
        .map_or(0, |tax| tax.amount);
    let on_lines = (input.lines.iter().flat_map(|line| &line.taxes))
        .fold(on_shipping, |sum, tax| sum.saturating_add(tax.amount.get()));
    let rest = all.saturating_sub(on_lines);
    if rest > 0 {
        let parts = order.list("tax_lines");
        let only = parts.first().filter(|_| parts.len() == 1);
        let rate = only
            .and_then(|part| part.text("rate"))
            .and_then(|rate| Decimal::parse(&rate)?.millionths());
        share_taxes(
            &mut input.lines,
            &[],
            rest,
            rate,
            only.and_then(|part| part.text("title")),
        );
    }
}

/// A discount that no line and no shipping carries, as far as the total confirms it.
fn add_unshared_discount(
    order: &Object<'_>,
    input: &mut OrderInput,
    amounts: &mut Amounts,
    total: i64,
) {
    let all = amounts.minor(
        || "/total_discounts".to_owned(),
        order.text("total_discounts"),
    );
    let shared = (input.lines.iter().map(|line| line.discount.as_ref()))
        .chain([input
            .shipping
            .as_ref()
            .and_then(|part| part.discount.as_ref())])
        .flatten()
        .fold(0_i64, |sum, part| sum.saturating_add(part.amount));
    let over = i64::try_from(sum(input) - i128::from(total)).unwrap_or(0);
    let rest = all.saturating_sub(shared).min(over);
    if rest > 0 {
        input.discount = amounts.some(rest);
    }
}

/// What the total holds beside lines and shipping: tips, duties and fees.
fn add_extra_lines(order: &Object<'_>, input: &mut OrderInput, amounts: &mut Amounts, total: i64) {
    let set = |key: &str| order.object(key).object("shop_money").text("amount");
    let extras = [
        (
            "tip",
            "Tip",
            LineKind::Tip,
            order.text("total_tip_received"),
        ),
        (
            "duties",
            "Duties",
            LineKind::Fee,
            set("original_total_duties_set"),
        ),
        (
            "fees",
            "Fees",
            LineKind::Fee,
            set("original_total_additional_fees_set"),
        ),
    ];
    for (id, title, kind, text) in extras {
        let amount = amounts.minor(|| format!("/{id}"), text);
        // Some payloads carry them as lines already: then nothing is missing from the total.
        if amount > 0 && sum(input) + i128::from(amount) <= i128::from(total) {
            input.lines.push(LineInput {
                external_id: Some(id.to_owned()),
                title: Some(title.to_owned()),
                quantity: 1,
                unit_price: Some(amounts.money(amount)),
                kind: Some(kind),
                ..LineInput::default()
            });
        }
    }
}

fn payment(order: &Object<'_>, total: i64, amounts: &mut Amounts) -> Option<PaymentInput> {
    let mut refunded = 0_i64;
    let currency = amounts.currency;
    for refund in order.list("refunds") {
        let own =
            |part: &Object<'_>| (part.text("currency")).is_none_or(|code| code == currency.code());
        let mut paid_back = refund.list("transactions");
        paid_back.retain(|part| {
            part.text("kind").as_deref() == Some("refund")
                && part.text("status").as_deref() == Some("success")
        });
        let at = || "/refunds".to_owned();
        let amount = if paid_back.iter().all(own) {
            amounts.sum(&paid_back, "amount", at)
        } else {
            // Paid back in the buyer's currency: its items are in the shop's.
            let items = refund.list("refund_line_items");
            amounts
                .sum(&items, "subtotal", at)
                .saturating_add(amounts.sum(&items, "total_tax", at))
        };
        refunded = refunded.saturating_add(amount);
    }
    let outstanding = amounts.minor(
        || "/total_outstanding".to_owned(),
        order.text("total_outstanding"),
    );
    let status = order.text("financial_status")?;
    let (status, amount, back) = standing(&status, total, outstanding, refunded);
    let gateways = order.texts("payment_gateway_names");
    let gateway = gateways
        .into_iter()
        .next()
        .or_else(|| order.text("gateway"));
    Some(PaymentInput {
        status,
        amount: Some(amounts.money(amount)),
        refunded: amounts.some(back),
        instrument: soft_some(gateway, 64),
        external_id: None,
    })
}

/// Payment status, amount and what was paid back, by Shopify's financial status.
pub(super) fn standing(
    financial_status: &str,
    total: i64,
    outstanding: i64,
    refunded: i64,
) -> (PaymentStatus, i64, i64) {
    match financial_status {
        "authorized" => (PaymentStatus::Authorized, total, 0),
        "paid" | "partially_refunded" => (PaymentStatus::Paid, total, refunded),
        "partially_paid" => {
            let paid = total.saturating_sub(outstanding).max(0);
            (PaymentStatus::Paid, paid, refunded)
        }
        "refunded" => (PaymentStatus::Refunded, total, 0),
        "voided" | "expired" => (PaymentStatus::Voided, total, 0),
        // Also what Shopify may call something new one day: no money is claimed to be there.
        _ => (PaymentStatus::Pending, total, 0),
    }
}

fn is_cash_on_delivery(order: &Object<'_>) -> bool {
    (order.texts("payment_gateway_names").iter())
        .map(|name| name.to_ascii_lowercase())
        .any(|name| name.contains("cash on delivery") || name.contains("(cod)"))
}

/// A contact at `address`, with the order's e-mail.
fn contact(address: &Object<'_>, order: &Object<'_>) -> Option<ContactInput> {
    let degrees = |key: &str| {
        let degrees = Decimal::parse(&address.text(key)?)?.millionths()?;
        i32::try_from(degrees).ok()
    };
    let customer = order.object("customer");
    let email = order.any_text(&["email", "contact_email"]);
    soft_contact(ContactInput {
        name: address
            .text("name")
            .or_else(|| full_name(address.text("first_name"), address.text("last_name"))),
        company: address.text("company"),
        line1: address.text("address1"),
        line2: address.text("address2"),
        city: address.text("city"),
        region: address.any_text(&["province_code", "province"]),
        postal_code: address.text("zip"),
        country: address.any_text(&["country_code", "country"]),
        email: email.or_else(|| customer.text("email")),
        phone: address.text("phone").or_else(|| order.text("phone")),
        latitude_e6: degrees("latitude"),
        longitude_e6: degrees("longitude"),
    })
}

fn references(order: &Object<'_>) -> Vec<ExternalRef> {
    [("shopify", "name"), ("po_number", "po_number")]
        .into_iter()
        .filter_map(|(system, key)| {
            Some(ExternalRef {
                system: system.to_owned(),
                value: soft_some(order.text(key), 255)?,
            })
        })
        .collect()
}

fn labels(order: &Object<'_>) -> Vec<String> {
    let tags = order.text("tags").unwrap_or_default();
    let test = order.is_true("test").then_some("test");
    (test.into_iter().chain(tags.split(',')))
        .filter_map(|tag| soft_some(Some(tag.to_owned()), 255))
        .take(50)
        .collect()
}

/// The buyer's currency, at the rate that the two totals have to each other.
fn presentment(order: &Object<'_>, own: &str) -> Option<PresentmentInput> {
    let currency = order
        .text("presentment_currency")
        .filter(|code| code != own)?;
    let totals = order.object("total_price_set");
    let amount = |key: &str| Decimal::parse(&totals.object(key).text("amount")?);
    let rate_ppm = amount("presentment_money")?.per_million_of(amount("shop_money")?)?;
    Some(PresentmentInput { currency, rate_ppm })
}
