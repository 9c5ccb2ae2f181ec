//! Ordo's own table of orders: a row per line, the columns of the order repeated on each.
//!
//! `docs/how-to/import-orders.md` describes the columns; a test compares the two.

use std::collections::BTreeMap;

use ordo_domain::check::{Check, MoneyInput};
use ordo_domain::money::Currency;
use ordo_domain::order::OrderInput;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::rejection::Rejection;
use serde::de::DeserializeOwned;

use super::csv::{Record, Table};
use super::decimal::Decimal;
use super::foreign::Mapped;
use super::groups::{Layout, Reader};
use super::{ImportError, Options, Source};

/// Columns of the order, the same on each of its rows.
pub(super) const ORDER_COLUMNS: [&str; 45] = [
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
    "discount",
    "payment_status",
    "payment_amount",
    "payment_refunded",
    "payment_instrument",
    "payment_id",
    "shipping_service",
    "shipping_price",
    "shipping_discount",
    "shipping_tax",
    "note",
    "gift_text",
    "labels",
    "buyer_vat_id",
    "ship_to_name",
    "ship_to_company",
    "ship_to_line1",
    "ship_to_line2",
    "ship_to_city",
    "ship_to_region",
    "ship_to_postal_code",
    "ship_to_country",
    "ship_to_email",
    "ship_to_phone",
    "bill_to_name",
    "bill_to_company",
    "bill_to_line1",
    "bill_to_line2",
    "bill_to_city",
    "bill_to_region",
    "bill_to_postal_code",
    "bill_to_country",
    "bill_to_email",
    "bill_to_phone",
];

/// Columns of the line that a row is.
pub(super) const LINE_COLUMNS: [&str; 16] = [
    "line_id",
    "sku",
    "title",
    "quantity",
    "unit_price",
    "line_discount",
    "line_tax",
    "line_kind",
    "fulfilled_by",
    "personalization",
    "final_sale",
    "ship_by",
    "deliver_by",
    "shipped",
    "shipped_from",
    "canceled_units",
];

/// Without these, no row can be an order.
const REQUIRED: [&str; 3] = ["external_id", "placed_at", "currency"];

pub(super) fn reader(source: Source, options: Options) -> Result<Reader<Columns>, ImportError> {
    let known = |name: &str| ORDER_COLUMNS.contains(&name) || LINE_COLUMNS.contains(&name);
    if let Some(name) = options.columns.keys().find(|name| !known(name)) {
        return Err(ImportError::UnknownColumn(name.clone()));
    }
    let table = Table::open(source)?;
    let layout = Columns {
        names: (ORDER_COLUMNS.into_iter().chain(LINE_COLUMNS))
            .map(|name| {
                let column = options.columns.get(name).map_or(name, String::as_str);
                (name, column.trim().to_lowercase())
            })
            .collect(),
    };
    let mapped: Vec<&str> = (options.columns.keys().map(String::as_str))
        .chain(REQUIRED)
        .map(|name| layout.column(name))
        .collect();
    table.expect(&mapped)?;
    Ok(Reader {
        table,
        layout,
        options,
        channel: None,
        next: None,
    })
}

/// The table's name of each of Ordo's columns.
pub(super) struct Columns {
    names: BTreeMap<&'static str, String>,
}

impl Columns {
    fn column<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.get(name).map_or(name, String::as_str)
    }
}

impl Layout for Columns {
    fn key(&self) -> &str {
        self.column("external_id")
    }

    fn map(&self, table: &Table, rows: &[Record]) -> Result<Mapped, Rejection> {
        let mut check = Check::default();
        for (name, column) in &self.names {
            if !ORDER_COLUMNS.contains(name) {
                continue;
            }
            let first = table.get(&rows[0], column);
            for row in &rows[1..] {
                let again = table.get(row, column);
                if again.is_some() && again != first {
                    let line = row.origin.row;
                    check.refuse(
                        *name,
                        format!("differs on row {line} from the order's first row"),
                    );
                }
            }
        }
        let code = table.get(&rows[0], self.column("currency"));
        let currency = check.currency("currency", code.unwrap_or_default());
        let cells = |row| Cells {
            columns: self,
            table,
            row,
            currency,
            problems: Vec::new(),
        };
        let mut first = cells(&rows[0]);
        let mut input = first.order();
        let mut problems = first.problems;
        for row in rows {
            let mut cells = cells(row);
            input.lines.extend(cells.line());
            problems.append(&mut cells.problems);
        }
        for (column, reason) in problems {
            check.refuse(column, reason);
        }
        check.finish(Mapped {
            skus: Vec::new(),
            input,
        })
    }
}

/// The cells of a row, read as what their columns hold.
struct Cells<'a> {
    columns: &'a Columns,
    table: &'a Table,
    row: &'a Record,
    /// Nothing where it was refused already.
    currency: Option<Currency>,
    problems: Vec<(&'static str, String)>,
}

impl Cells<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let column = self.columns.column(name);
        self.table.get(self.row, column).map(str::to_owned)
    }

    fn refuse(&mut self, name: &'static str, reason: impl std::fmt::Display) {
        let row = self.row.origin.row;
        self.problems.push((name, format!("{reason} (row {row})")));
    }

    fn amount(&mut self, name: &'static str) -> Option<MoneyInput> {
        let text = self.text(name)?;
        let currency = self.currency?;
        match currency.parse_decimal(&text) {
            Some(amount) => Some(MoneyInput::of(amount, currency)),
            None => {
                let shown: String = text.chars().take(40).collect();
                self.refuse(
                    name,
                    format!("{shown} is not an amount such as 12.50 in {currency}"),
                );
                None
            }
        }
    }

    fn whole(&mut self, name: &'static str) -> Option<i64> {
        let text = self.text(name)?;
        let whole = Decimal::parse(&text).and_then(Decimal::whole);
        if whole.is_none() {
            let shown: String = text.chars().take(40).collect();
            self.refuse(name, format!("{shown} is not a whole number"));
        }
        whole
    }

    fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.text(name)?.to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => {
                self.refuse(name, "must be true or false");
                None
            }
        }
    }

    /// A name out of a closed set, as JSON has it.
    fn choice<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?.to_lowercase();
        match serde_json::from_value(text.into()) {
            Ok(choice) => Some(choice),
            Err(error) => {
                self.refuse(name, error);
                None
            }
        }
    }

    /// An instant; a date alone means its first moment in UTC.
    fn instant(&self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let date = text.len() == 10 && !text.contains(['T', ':']);
        Some(if date {
            format!("{text}T00:00:00Z")
        } else {
            text
        })
    }

    fn order(&mut self) -> OrderInput {
        let payment_amount = self.amount("payment_amount");
        let payment_refunded = self.amount("payment_refunded");
        let payment = self.choice("payment_status").map(|status| PaymentInput {
            status,
            amount: payment_amount,
            refunded: payment_refunded,
            instrument: self.text("payment_instrument"),
            external_id: self.text("payment_id"),
        });
        let shipping = ShippingInput {
            service: self.text("shipping_service"),
            price: self.amount("shipping_price"),
            discount: self.amount("shipping_discount"),
            tax: self.amount("shipping_tax"),
        };
        let empty = ShippingInput {
            service: None,
            price: None,
            discount: None,
            tax: None,
        };
        OrderInput {
            channel: self.text("channel").unwrap_or_default(),
            external_id: self.text("external_id").unwrap_or_default(),
            source_version: self.whole("source_version"),
            origin: self.choice("origin"),
            kind: self.choice("kind"),
            terms: self.choice("terms"),
            placed_at: self.instant("placed_at").unwrap_or_default(),
            currency: self.text("currency").unwrap_or_default(),
            tax_included: self.flag("tax_included"),
            payment,
            ship_to: self.contact("ship_to"),
            bill_to: self.contact("bill_to"),
            buyer_vat_id: self.text("buyer_vat_id"),
            shipping: Some(shipping).filter(|shipping| *shipping != empty),
            discount: self.amount("discount"),
            total: self.amount("total"),
            note: self.text("note"),
            gift_text: self.text("gift_text"),
            labels: self.labels(),
            canceled: self.flag("canceled").unwrap_or(false),
            ..OrderInput::default()
        }
    }

    fn labels(&self) -> Vec<String> {
        let labels = self.text("labels").unwrap_or_default();
        (labels.split('|').map(str::trim))
            .filter(|label| !label.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn contact(&self, whose: &str) -> Option<ContactInput> {
        let part = |name: &str| self.text(&format!("{whose}_{name}"));
        let contact = ContactInput {
            name: part("name"),
            company: part("company"),
            line1: part("line1"),
            line2: part("line2"),
            city: part("city"),
            region: part("region"),
            postal_code: part("postal_code"),
            country: part("country"),
            email: part("email"),
            phone: part("phone"),
            latitude_e6: None,
            longitude_e6: None,
        };
        (contact != ContactInput::default()).then_some(contact)
    }

    /// The line of this row; none where nothing of a line stands on it.
    fn line(&mut self) -> Option<LineInput> {
        let any = LINE_COLUMNS.iter().any(|name| self.text(name).is_some());
        any.then(|| LineInput {
            external_id: self.text("line_id"),
            sku: self.text("sku").unwrap_or_default(),
            title: self.text("title"),
            quantity: self.whole("quantity").unwrap_or(0),
            unit_price: self.amount("unit_price"),
            discount: self.amount("line_discount"),
            tax: self.amount("line_tax"),
            kind: self.choice("line_kind"),
            fulfilled_by: self.choice("fulfilled_by"),
            personalization: self.text("personalization"),
            final_sale: self.flag("final_sale").unwrap_or(false),
            ship_by: self.instant("ship_by"),
            deliver_by: self.instant("deliver_by"),
            shipped: self.whole("shipped"),
            shipped_from: self.text("shipped_from"),
            canceled: self.whole("canceled_units"),
            ..LineInput::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Format, Item, read_orders};
    use super::*;

    const TEMPLATE: &str = include_str!("../../../../docs/how-to/ordo-orders.csv");
    const PAGE: &str = include_str!("../../../../docs/how-to/import-orders.md");

    fn read(text: &str, options: &Options) -> Vec<Item> {
        let source = Source::new("orders.csv", Cursor::new(text.as_bytes().to_vec()));
        (read_orders(Format::OrdoCsv, vec![source], options).expect("a header"))
            .map(|item| item.expect("bytes in memory"))
            .collect()
    }

    fn told(items: &[Item]) -> Vec<String> {
        let tell = |item: &Item| match item {
            Item::Order(order) => {
                let lines = order.capture.lines.len();
                format!("{} with {lines} lines", order.capture.external_id)
            }
            Item::Rejected(reject) => {
                format!("{}: {} {}", reject.origin.row, reject.field, reject.reason)
            }
            other => format!("{other:?}"),
        };
        items.iter().map(tell).collect()
    }

    #[test]
    fn the_template_has_every_column_and_reads() {
        let header = TEMPLATE.lines().next().expect("a header");
        let columns: Vec<&str> = header.split(',').collect();
        let all: Vec<&str> = ORDER_COLUMNS.into_iter().chain(LINE_COLUMNS).collect();
        assert_eq!(columns, all);
        for column in all {
            assert!(
                PAGE.contains(&format!("| `{column}` |")),
                "{column} is not described"
            );
        }
        let items = read(TEMPLATE, &Options::default());
        assert_eq!(told(&items), ["1001 with 2 lines", "1002 with 1 lines"]);
        let Item::Order(order) = &items[0] else {
            panic!("expected an order");
        };
        let input = &order.input;
        assert_eq!(super::super::foreign::sum(input), 4_679);
        assert_eq!(input.total.as_ref().map(|total| total.amount), Some(4_679));
        assert_eq!(order.raw.lines().count(), 2);
    }

    #[test]
    fn an_order_is_rejected_as_a_whole_and_by_its_cells() {
        let header = "external_id,channel,placed_at,currency,sku,quantity,unit_price,terms\n";
        let good = "1,web,2026-11-01,EUR,TEE,2,10.00,\n";
        for (rows, expected) in [
            (
                "2,web,2026-11-01,EUR,TEE,2,1.005,\n",
                "3: unit_price 1.005 is not an amount such as 12.50 in EUR (row 3)",
            ),
            (
                "2,web,2026-11-01,euro,TEE,2,1,\n",
                "3: currency expected a currency code of three capital letters, such as EUR",
            ),
            (
                "2,web,2026-11-01,EUR,TEE,two,1,\n",
                "3: quantity two is not a whole number (row 3)",
            ),
            (
                "2,web,2026-11-01,EUR,TEE,2,1,\n2,shop,,,MUG,1,1,\n",
                "3: channel differs on row 4 from the order's first row",
            ),
            (
                "2,web,yesterday,EUR,TEE,2,1,\n",
                "3: /placed_at expected an instant such as 2026-11-01T10:00:00Z",
            ),
            (
                ",web,2026-11-01,EUR,TEE,2,1,\n",
                "3: /external_id is required",
            ),
            (
                "2,web,2026-11-01,EUR,,,,\n",
                "3: /lines must hold at least one line",
            ),
        ] {
            let text = format!("{header}{good}{rows}{}", good.replacen('1', "9", 1));
            let items = told(&read(&text, &Options::default()));
            assert_eq!(items, ["1 with 1 lines", expected, "9 with 1 lines"]);
        }
        let rows = "2,web,2026-11-01,EUR,TEE,2,1,soon\n";
        let items = told(&read(&format!("{header}{rows}"), &Options::default()));
        assert!(
            items[0].starts_with("2: terms unknown variant `soon`, expected one of"),
            "{items:?}"
        );
    }

    #[test]
    fn an_order_with_an_unreadable_row_is_not_taken_in_part() {
        let text = "external_id,channel,placed_at,currency,sku,quantity\n\
            1,web,2026-11-01,EUR,TEE,2\n\
            1,web,2026-11-01,EUR,\"MUG,1\n\
            1,web,2026-11-01,EUR,CAP,1\n";
        let items = told(&read(text, &Options::default()));
        assert_eq!(
            items,
            [
                "3:  has a quote that is not closed",
                "2:  cannot be read whole: see row 3"
            ]
        );
    }

    #[test]
    fn columns_are_found_by_other_names() {
        let text = "Order No;Shop;Date;Currency;Article;Qty;Price\n7;web;2026-11-01;EUR;TEE;2;10\n";
        let mut options = Options::default();
        for (name, column) in [
            ("external_id", "Order No"),
            ("channel", "shop"),
            ("placed_at", "Date"),
            ("sku", "Article"),
            ("quantity", "Qty"),
            ("unit_price", "Price"),
        ] {
            options.columns.insert(name.to_owned(), column.to_owned());
        }
        assert_eq!(told(&read(text, &options)), ["7 with 1 lines"]);
        options
            .columns
            .insert("note".to_owned(), "Remark".to_owned());
        let source = || vec![Source::new("orders.csv", Cursor::new(text))];
        let error = read_orders(Format::OrdoCsv, source(), &options).err();
        assert!(matches!(error, Some(ImportError::Header { .. })));
        options
            .columns
            .insert("nonsense".to_owned(), "Date".to_owned());
        let error = read_orders(Format::OrdoCsv, source(), &options).err();
        assert!(matches!(error, Some(ImportError::UnknownColumn(_))));
    }
}
