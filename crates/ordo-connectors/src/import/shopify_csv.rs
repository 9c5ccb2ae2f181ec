//! The file of orders that Shopify's admin exports: a row per line, what concerns the order on the
//! first of them.
//!
//! It says less than the interface: taxes and most discounts stand on the order only, and are shared
//! over its lines so that the shares sum to `Total`.

use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{ExternalRef, FulfilledBy, LineKind, OrderInput, Origin, Terms};
use ordo_domain::rejection::Rejection;

use super::csv::{Record, Table};
use super::foreign::{
    Amounts, Mapped, share_taxes, sku, soft, soft_contact, soft_some, sum, web_channel,
};
use super::groups::{Layout, Reader};
use super::shopify_json::{FORMAT, standing};
use super::{ImportError, Options, Source};

pub(super) fn reader(source: Source, options: &Options) -> Result<Reader<Export>, ImportError> {
    let table = Table::open(source)?;
    table.expect(&[
        "Name",
        "Currency",
        "Total",
        "Created at",
        "Lineitem quantity",
        "Lineitem price",
    ])?;
    let (channel, options) = web_channel(FORMAT.channel, options);
    Ok(Reader {
        table,
        layout: Export,
        options,
        channel: Some(channel),
        next: None,
    })
}

pub(super) struct Export;

impl Layout for Export {
    fn key(&self) -> &str {
        "Name"
    }

    fn map(&self, table: &Table, rows: &[Record]) -> Result<Mapped, Rejection> {
        let cell = |column: &str| text(table, &rows[0], column);
        let status = |column: &str| cell(column).unwrap_or_default().to_lowercase();
        let mut amounts = Amounts::new(cell("Currency"), "Currency")?;
        let canceled = cell("Cancelled at").is_some();
        let fulfilled = status("Fulfillment Status") == "fulfilled";
        let paid = status("Financial Status");
        let done = canceled || fulfilled || matches!(paid.as_str(), "refunded" | "voided");
        let mut skus = Vec::new();
        let mut lines = Vec::new();
        let mut taxable = Vec::new();
        for row in rows {
            if text(table, row, "Lineitem quantity").is_none() {
                continue; // A row of a further payment or refund.
            }
            let line = line(table, row, fulfilled, canceled, &mut amounts);
            if line.kind.is_none() && text(table, row, "Lineitem sku").is_some() {
                skus.push(sku(&line.sku, line.title.clone(), 0));
            }
            taxable.push(text(table, row, "Lineitem taxable").is_none_or(|is| is != "false"));
            lines.push(line);
        }
        let mut amount = |column: &str| amounts.minor(|| column.to_owned(), cell(column));
        let total = amount("Total");
        let taxes = amount("Taxes");
        let shipping = amount("Shipping");
        let duties = amount("Duties");
        let (outstanding, refunded) = (amount("Outstanding Balance"), amount("Refunded Amount"));
        let subtotal = cell("Subtotal").map(|_| amount("Subtotal"));
        let discount_amount = amount("Discount Amount");
        let tax_included = taxes > 0
            && subtotal.is_some_and(|items| {
                let sum = i128::from(items) + i128::from(shipping) + i128::from(duties);
                sum == i128::from(total)
            });
        let mut input = OrderInput {
            external_id: cell("Id").or_else(|| cell("Name")).unwrap_or_default(),
            origin: Some(if done { Origin::History } else { Origin::Live }),
            terms: status("Payment Method")
                .contains("cash on delivery")
                .then_some(Terms::Cod),
            placed_at: cell("Created at")
                .map(|text| instant(&text))
                .unwrap_or_default(),
            currency: amounts.currency.code().to_owned(),
            tax_included: Some(tax_included),
            ship_to: contact(table, &rows[0], "Shipping"),
            bill_to: contact(table, &rows[0], "Billing"),
            lines,
            total: cell("Total").map(|_| amounts.money(total)),
            note: soft_some(cell("Notes"), 2_000),
            external_refs: references(cell("Name")),
            labels: labels(cell("Tags")),
            canceled,
            ..OrderInput::default()
        };
        if input.bill_to == input.ship_to {
            input.bill_to = None;
        }
        let items = i64::try_from(sum(&input)).unwrap_or(0);
        let mut rest =
            items.saturating_sub(subtotal.unwrap_or(items.saturating_sub(discount_amount)));
        // A tip is a line that the subtotal leaves out.
        let tips = (input
            .lines
            .iter()
            .filter(|line| line.kind == Some(LineKind::Tip)))
        .filter_map(|line| line.unit_price.as_ref())
        .fold(0_i64, |sum, price| sum.saturating_add(price.amount));
        let owed = i128::from(items) - i128::from(rest)
            + i128::from(shipping)
            + i128::from(duties)
            + i128::from(if tax_included { 0 } else { taxes });
        if subtotal.is_some() && owed + i128::from(tips) == i128::from(total) {
            rest = rest.saturating_sub(tips);
        }
        input.discount = amounts.some(rest.max(0));
        let service = soft_some(cell("Shipping Method"), 255);
        if service.is_some() || shipping != 0 {
            input.shipping = Some(ShippingInput {
                service,
                price: Some(amounts.money(shipping)),
                discount: None,
                tax: None,
            });
        }
        add_taxes(&cell, &mut input, &taxable, &mut amounts, taxes);
        if duties > 0 {
            input.lines.push(LineInput {
                title: Some("Duties".to_owned()),
                quantity: 1,
                unit_price: Some(amounts.money(duties)),
                kind: Some(LineKind::Fee),
                ..LineInput::default()
            });
        }
        let (status, amount, back) = standing(&paid, total, outstanding, refunded);
        input.payment = (!paid.is_empty()).then(|| PaymentInput {
            status,
            amount: Some(amounts.money(amount)),
            refunded: amounts.some(back),
            instrument: soft_some(cell("Payment Method"), 64),
            external_id: soft_some(cell("Payment Reference"), 255),
        });
        amounts.check.finish(Mapped { skus, input })
    }
}

/// What stands in a column; Shopify writes an apostrophe before what a spreadsheet would take for a
/// number.
fn text(table: &Table, row: &Record, column: &str) -> Option<String> {
    let cell = table.get(row, column)?;
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    (!cell.is_empty()).then(|| cell.to_owned())
}

fn line(
    table: &Table,
    row: &Record,
    fulfilled: bool,
    canceled: bool,
    amounts: &mut Amounts,
) -> LineInput {
    let cell = |name: &str| text(table, row, &format!("Lineitem {name}"));
    let at = |name: &str| format!("Lineitem {name} on row {}", row.origin.row);
    let quantity = amounts.units(|| at("quantity"), cell("quantity"));
    let price = amounts.minor(|| at("price"), cell("price"));
    let discount = amounts.minor(|| at("discount"), cell("discount"));
    let title = soft_some(cell("name"), 500);
    let ships = cell("requires shipping").is_none_or(|is| is != "false");
    let kind = match () {
        () if ships => None,
        () if title.as_deref() == Some("Tip") => Some(LineKind::Tip),
        () => Some(LineKind::Digital),
    };
    let status = cell("fulfillment status")
        .unwrap_or_default()
        .to_lowercase();
    let units = quantity.max(0);
    let shipped = if fulfilled || status == "fulfilled" {
        units
    } else {
        0
    };
    let left = if canceled { units - shipped } else { 0 };
    LineInput {
        sku: (soft_some(cell("sku"), 128))
            .or_else(|| title.as_deref().map(|title| soft(title, 128)))
            .unwrap_or_default(),
        title,
        quantity,
        unit_price: Some(amounts.money(price)),
        discount: amounts.some(discount),
        kind,
        // Nobody here knows how many of its units are gone, so none may be sent by us.
        fulfilled_by: (status == "partial" && shipped == 0).then_some(FulfilledBy::Channel),
        shipped: Some(shipped).filter(|units| *units > 0),
        canceled: Some(left).filter(|units| *units > 0),
        ..LineInput::default()
    }
}

/// Shares the taxes over the lines, by name where the named ones sum to all of them.
fn add_taxes(
    cell: &dyn Fn(&str) -> Option<String>,
    input: &mut OrderInput,
    taxable: &[bool],
    amounts: &mut Amounts,
    taxes: i64,
) {
    let mut named = Vec::new();
    for n in 1..=5 {
        let column = format!("Tax {n} Value");
        let amount = amounts.minor(|| column.clone(), cell(&column));
        if amount > 0 {
            named.push((amount, cell(&format!("Tax {n} Name"))));
        }
    }
    let sum = (named.iter()).fold(0_i64, |sum, (amount, _)| sum.saturating_add(*amount));
    if sum != taxes {
        named = vec![(taxes, None)];
    }
    if input.lines.is_empty() {
        if let Some(shipping) = &mut input.shipping {
            shipping.tax = amounts.some(taxes);
        }
        return;
    }
    for (amount, name) in named {
        share_taxes(&mut input.lines, taxable, amount, None, name);
    }
}

/// `2026-11-01 10:00:00 +0100` as RFC 3339; anything else as it is.
fn instant(text: &str) -> String {
    let parts: Vec<&str> = text.split(' ').collect();
    match parts.as_slice() {
        [date, time, zone] if zone.len() == 5 && zone.is_ascii() => {
            format!("{date}T{time}{}:{}", &zone[..3], &zone[3..])
        }
        [date, time, "UTC"] => format!("{date}T{time}Z"),
        _ => text.to_owned(),
    }
}

fn contact(table: &Table, row: &Record, whose: &str) -> Option<ContactInput> {
    let of_order = |column: &str| text(table, row, column);
    let part = |name: &str| of_order(&format!("{whose} {name}"));
    part("Name")
        .or_else(|| part("Street"))
        .or_else(|| part("City"))?;
    soft_contact(ContactInput {
        name: part("Name"),
        company: part("Company"),
        line1: part("Address1").or_else(|| part("Street")),
        line2: part("Address2"),
        city: part("City"),
        region: part("Province"),
        postal_code: part("Zip"),
        country: part("Country"),
        email: of_order("Email"),
        phone: part("Phone").or_else(|| of_order("Phone")),
        latitude_e6: None,
        longitude_e6: None,
    })
}

fn references(name: Option<String>) -> Vec<ExternalRef> {
    (soft_some(name, 255).into_iter())
        .map(|value| ExternalRef {
            system: "shopify".to_owned(),
            value,
        })
        .collect()
}

fn labels(tags: Option<String>) -> Vec<String> {
    (tags.unwrap_or_default().split(','))
        .filter_map(|tag| soft_some(Some(tag.to_owned()), 255))
        .take(50)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Format, Item, OrderItem, read_orders};
    use super::*;

    const HEADER: &str = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Address1,Billing City,Billing Zip,Billing Province,Billing Country,Shipping Name,Shipping Address1,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Outstanding Balance,Id,Tags,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Duties\n";

    /// An export of ours in the form of Shopify's: rows of an order, by the columns that matter.
    fn export(rows: &[&[(&str, &str)]]) -> Vec<Item> {
        let columns: Vec<&str> = HEADER.trim_end().split(',').collect();
        let mut text = HEADER.to_owned();
        for row in rows {
            let cells: Vec<String> = (columns.iter())
                .map(|column| {
                    let cell = row.iter().find(|(name, _)| name == column);
                    cell.map_or(String::new(), |(_, cell)| format!("\"{cell}\""))
                })
                .collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        let source = Source::new("orders_export.csv", Cursor::new(text.into_bytes()));
        (read_orders(Format::ShopifyCsv, vec![source], &Options::default()).expect("a header"))
            .map(|item| item.expect("bytes in memory"))
            .collect()
    }

    fn orders(items: Vec<Item>) -> Vec<OrderItem> {
        let mut orders = Vec::new();
        for item in items {
            match item {
                Item::Order(order) => orders.push(*order),
                Item::Rejected(reject) => panic!("{reject:?}"),
                Item::Channel(_) | Item::Sku(_) | Item::Location(_) => {}
            }
        }
        orders
    }

    const FIRST: [(&str, &str); 18] = [
        ("Name", "#1001"),
        ("Email", "ada@example.com"),
        ("Financial Status", "paid"),
        ("Fulfillment Status", "unfulfilled"),
        ("Currency", "USD"),
        ("Created at", "2026-10-01 09:30:00 -0400"),
        ("Lineitem quantity", "2"),
        ("Lineitem name", "T-shirt - M"),
        ("Lineitem price", "20.00"),
        ("Lineitem sku", "TEE-M"),
        ("Lineitem requires shipping", "true"),
        ("Lineitem taxable", "true"),
        ("Shipping Name", "Ada Example"),
        ("Shipping Address1", "1 Sample Street"),
        ("Shipping City", "Springfield"),
        ("Shipping Zip", "'62701"),
        ("Shipping Country", "US"),
        ("Id", "450789469"),
    ];

    #[test]
    fn rows_of_one_name_are_one_order_with_its_total() {
        let first = [
            FIRST.as_slice(),
            &[
                ("Subtotal", "43.50"),
                ("Shipping", "5.00"),
                ("Taxes", "3.63"),
                ("Total", "52.13"),
                ("Discount Code", "TEN"),
                ("Discount Amount", "5.00"),
                ("Shipping Method", "Ground"),
                ("Lineitem discount", "1.50"),
                ("Tax 1 Name", "State 6%"),
                ("Tax 1 Value", "2.61"),
                ("Tax 2 Name", "City 2%"),
                ("Tax 2 Value", "1.02"),
                ("Tags", "vip, wholesale"),
            ],
        ]
        .concat();
        let second = [
            ("Name", "#1001"),
            ("Lineitem quantity", "1"),
            ("Lineitem name", "Sticker"),
            ("Lineitem price", "10.00"),
            ("Lineitem taxable", "false"),
        ];
        let other = [
            FIRST.as_slice(),
            &[
                ("Subtotal", "40.00"),
                ("Shipping", "0.00"),
                ("Taxes", "0.00"),
                ("Total", "40.00"),
            ],
        ]
        .concat();
        let other: Vec<_> = (other.into_iter())
            .map(|(name, cell)| (name, if cell == "#1001" { "#1002" } else { cell }))
            .collect();
        let read = orders(export(&[&first, &second, &other]));
        assert_eq!(read.len(), 2);
        let input = &read[0].input;
        assert_eq!(sum(input), 5_213);
        assert_eq!(
            (input.external_id.as_str(), read[0].origin.row),
            ("450789469", 2)
        );
        assert_eq!(input.discount.as_ref().map(|money| money.amount), Some(500));
        assert_eq!(input.lines[1].sku, "Sticker");
        assert!(input.lines[1].taxes.is_empty() && input.lines[0].taxes.len() == 2);
        assert_eq!(input.labels, ["vip", "wholesale"]);
        assert_eq!(
            read[0].capture.placed_at.to_string(),
            "2026-10-01T13:30:00Z"
        );
        let to = input.ship_to.as_ref().expect("an address");
        assert_eq!(to.postal_code.as_deref(), Some("62701"));
        assert_eq!(read[0].capture.origin, Origin::Live);
        assert_eq!(sum(&read[1].input), 4_000);
    }

    #[test]
    fn totals_are_met_however_tax_and_tips_are_written() {
        for (cells, total, included) in [
            (
                vec![
                    ("Subtotal", "40.00"),
                    ("Shipping", "4.90"),
                    ("Taxes", "7.17"),
                    ("Total", "44.90"),
                ],
                4_490,
                true,
            ),
            (
                vec![
                    ("Subtotal", "40.00"),
                    ("Shipping", "0"),
                    ("Taxes", "0"),
                    ("Duties", "3.00"),
                    ("Total", "43.00"),
                ],
                4_300,
                false,
            ),
            (
                vec![
                    ("Subtotal", "30.00"),
                    ("Discount Amount", "10.00"),
                    ("Taxes", "2.40"),
                    ("Total", "32.40"),
                ],
                3_240,
                false,
            ),
        ] {
            let row = [FIRST.as_slice(), &cells].concat();
            let read = orders(export(&[&row]));
            assert_eq!(
                (sum(&read[0].input), read[0].input.tax_included),
                (total, Some(included))
            );
        }
        let row = [
            FIRST.as_slice(),
            &[("Subtotal", "40.00"), ("Taxes", "0.00"), ("Total", "45.00")],
        ]
        .concat();
        let tip = [
            ("Name", "#1001"),
            ("Lineitem quantity", "1"),
            ("Lineitem name", "Tip"),
            ("Lineitem price", "5.00"),
            ("Lineitem requires shipping", "false"),
        ];
        let read = orders(export(&[&row, &tip]));
        assert_eq!(sum(&read[0].input), 4_500);
        assert_eq!(read[0].input.discount, None);
    }

    #[test]
    fn what_has_happened_is_kept() {
        let with = |cells: &[(&'static str, &'static str)]| {
            let mut row: Vec<(&str, &str)> = FIRST.to_vec();
            row.retain(|(name, _)| !cells.iter().any(|(other, _)| other == name));
            row.extend([("Subtotal", "40.00"), ("Taxes", "0"), ("Total", "40.00")]);
            row.extend(cells);
            orders(export(&[&row])).remove(0).capture
        };
        let fulfilled = with(&[
            ("Fulfillment Status", "fulfilled"),
            ("Refunded Amount", "5.00"),
            ("Financial Status", "partially_refunded"),
        ]);
        assert_eq!(fulfilled.origin, Origin::History);
        assert_eq!(fulfilled.lines[0].shipped.get(), 2);
        assert_eq!(
            fulfilled.payment.map(|report| report.refunded.get()),
            Some(500)
        );
        let canceled = with(&[("Cancelled at", "2026-10-02 09:30:00 -0400")]);
        assert!(canceled.canceled && canceled.lines[0].canceled.get() == 2);
        let partial = with(&[
            ("Fulfillment Status", "partial"),
            ("Lineitem fulfillment status", "partial"),
        ]);
        assert_eq!(partial.origin, Origin::Live);
        assert_eq!(partial.lines[0].fulfilled_by, FulfilledBy::Channel);
    }
}
