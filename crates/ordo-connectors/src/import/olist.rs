//! The CSV files of the Olist data set: real orders of a Brazilian marketplace, 2016 to 2018.
//!
//! Orders are read one by one and enter as history. The other tables (items, customers, products,
//! sellers, coordinates) are held: about 400 bytes a row, 60 MB for the whole published set of
//! 99,441 orders. Each item is a unit of its own with price and freight; the order's total is their
//! sum, since the set has no total of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ordo_domain::catalog::Dimensions;
use ordo_domain::check::MoneyInput;
use ordo_domain::money::Currency;
use ordo_domain::network::{ChannelKind, CreateChannel, CreateLocation, LocationKind, Place};
use ordo_domain::order::capture::PaymentStatus;
use ordo_domain::order::input::{ContactInput, LineInput, PaymentInput, ShippingInput};
use ordo_domain::order::{ExternalRef, FulfilledBy, OrderInput, Origin};

use super::csv::{Record, Row, Table};
use super::decimal::Decimal;
use super::foreign::sku;
use super::{ImportError, Item, Options, ReadError, ReadRows, Reject, Source, parsed};

pub(super) struct Reader {
    orders: Table,
    items: Table,
    customers: Option<Table>,
    products: Option<Table>,
    sellers: Option<Table>,
    customer_rows: BTreeMap<String, Record>,
    product_rows: BTreeMap<String, Record>,
    seller_rows: BTreeMap<String, Record>,
    item_rows: BTreeMap<String, Vec<Record>>,
    /// Latitude and longitude in millionths of a degree, by zip prefix.
    places: BTreeMap<String, (i32, i32)>,
    /// Told once each.
    told: BTreeSet<String>,
    options: Options,
    /// Comes before the first order: the channel, and rows of side tables that cannot be read.
    first: Vec<Item>,
}

/// Sorts `sources` by their names and reads the side tables. Files that the format does not use
/// (payments, reviews, translations) are left unread.
pub(super) fn reader(sources: Vec<Source>, mut options: Options) -> Result<Reader, ImportError> {
    let mut named: BTreeMap<String, Source> = BTreeMap::new();
    for source in sources {
        let file = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        let stem = stem.strip_prefix("olist_").unwrap_or(stem);
        let stem = stem.strip_suffix("_dataset").unwrap_or(stem);
        let stem = stem.strip_suffix("_zip_prefix").unwrap_or(stem);
        named.insert(stem.to_owned(), source);
    }
    let mut open = |name: &str, columns: &[&str]| -> Result<Option<Table>, ImportError> {
        let Some(source) = named.remove(name) else {
            return Ok(None);
        };
        let table = Table::open(source)?;
        table.expect(columns)?;
        Ok(Some(table))
    };
    let orders = open(
        "orders",
        &[
            "order_id",
            "customer_id",
            "order_status",
            "order_purchase_timestamp",
        ],
    )?;
    let items = open(
        "order_items",
        &["order_id", "product_id", "price", "freight_value"],
    )?;
    let customers = open("customers", &["customer_id"])?;
    let products = open("products", &["product_id"])?;
    let sellers = open("sellers", &["seller_id"])?;
    let geolocation = open(
        "geolocation",
        &[
            "geolocation_zip_code_prefix",
            "geolocation_lat",
            "geolocation_lng",
        ],
    )?;
    let code = options
        .channel
        .get_or_insert_with(|| "olist".to_owned())
        .clone();
    options.origin.get_or_insert(Origin::History);
    let mut reader = Reader {
        orders: orders.ok_or(ImportError::MissingFile("orders"))?,
        items: items.ok_or(ImportError::MissingFile("order_items"))?,
        customers,
        products,
        sellers,
        customer_rows: BTreeMap::new(),
        product_rows: BTreeMap::new(),
        seller_rows: BTreeMap::new(),
        item_rows: BTreeMap::new(),
        places: BTreeMap::new(),
        told: BTreeSet::new(),
        options,
        first: vec![Item::Channel(CreateChannel {
            code,
            kind: ChannelKind::Marketplace,
            name: Some("Olist".to_owned()),
        })],
    };
    let bad = &mut reader.first;
    reader.customer_rows = held(reader.customers.as_mut(), "customer_id", bad)?;
    reader.product_rows = held(reader.products.as_mut(), "product_id", bad)?;
    reader.seller_rows = held(reader.sellers.as_mut(), "seller_id", bad)?;
    each_row(Some(&mut reader.items), bad, |table, record| {
        let order = table
            .get(&record, "order_id")
            .unwrap_or_default()
            .to_owned();
        reader.item_rows.entry(order).or_default().push(record);
    })?;
    let mut geolocation = geolocation;
    each_row(geolocation.as_mut(), bad, |table, record| {
        let degrees = |column| {
            let degrees = Decimal::parse(table.get(&record, column)?)?.millionths()?;
            i32::try_from(degrees).ok()
        };
        let place = degrees("geolocation_lat").zip(degrees("geolocation_lng"));
        let zip = table.get(&record, "geolocation_zip_code_prefix");
        if let (Some(zip), Some(place)) = (zip, place) {
            reader.places.entry(zip.to_owned()).or_insert(place);
        }
    })?;
    Ok(reader)
}

/// The rows of a table by what stands in `column`.
fn held(
    table: Option<&mut Table>,
    column: &str,
    bad: &mut Vec<Item>,
) -> Result<BTreeMap<String, Record>, ReadError> {
    let mut rows = BTreeMap::new();
    each_row(table, bad, |table, record| {
        let key = table.get(&record, column).unwrap_or_default().to_owned();
        rows.insert(key, record);
    })?;
    Ok(rows)
}

fn each_row(
    table: Option<&mut Table>,
    bad: &mut Vec<Item>,
    mut take: impl FnMut(&Table, Record),
) -> Result<(), ReadError> {
    let Some(table) = table else {
        return Ok(());
    };
    while let Some(row) = table.next_row()? {
        match row {
            Row::Record(record) => take(table, record),
            Row::Bad(reject) => bad.push(Item::Rejected(reject)),
        }
    }
    Ok(())
}

impl ReadRows for Reader {
    fn read_row(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        ready.extend(self.first.drain(..));
        match self.orders.next_row()? {
            Some(Row::Record(record)) => self.order(record, ready),
            Some(Row::Bad(reject)) => ready.push_back(Item::Rejected(reject)),
            None => return Ok(self.left_over(ready)),
        }
        Ok(true)
    }
}

impl Reader {
    fn order(&mut self, record: Record, ready: &mut VecDeque<Item>) {
        let field = |column| self.orders.get(&record, column);
        let id = field("order_id").unwrap_or_default().to_owned();
        let items = self.item_rows.remove(&id).unwrap_or_default();
        let status = field("order_status").unwrap_or_default();
        let left = field("order_delivered_carrier_date").is_some()
            || matches!(status, "shipped" | "delivered");
        let approved = field("order_approved_at").is_some();
        let canceled = matches!(status, "canceled" | "unavailable") && !left;
        let deliver_by = field("order_estimated_delivery_date").map(instant);
        let mut input = OrderInput {
            external_id: id.clone(),
            placed_at: field("order_purchase_timestamp")
                .map(instant)
                .unwrap_or_default(),
            currency: BRL.to_owned(),
            canceled,
            ..OrderInput::default()
        };
        let customer = field("customer_id").and_then(|id| self.customer_rows.get(id));
        if let (Some(table), Some(customer)) = (&self.customers, customer) {
            input.ship_to = Some(self.contact(table, customer));
            input.external_refs.extend(
                table
                    .get(customer, "customer_unique_id")
                    .map(|id| reference("olist.customer", id)),
            );
        }
        let mut freight = 0;
        let mut total = 0;
        let mut sellers = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            match self.line(item, index, left, deliver_by.clone()) {
                Ok((line, cents)) => {
                    total += line.unit_price.as_ref().map_or(0, |price| price.amount) + cents;
                    freight += cents;
                    input.lines.push(line);
                }
                Err(column) => {
                    ready.push_back(Item::Rejected(Reject {
                        origin: record.origin,
                        external_id: Some(id),
                        field: column.to_owned(),
                        reason: format!("of item {} is not an amount", index + 1),
                        raw: record.raw + &item.raw,
                    }));
                    return;
                }
            }
            if let Some(seller) = self.items.get(item, "seller_id") {
                sellers.insert(seller.to_owned());
            }
        }
        let refs = sellers
            .iter()
            .map(|seller| reference("olist.seller", seller));
        input.external_refs.extend(refs.take(19));
        if !items.is_empty() {
            input.shipping = Some(ShippingInput {
                service: None,
                price: Some(brl(freight)),
                discount: None,
                tax: None,
            });
        }
        input.total = Some(brl(total));
        // The set does not say what was paid back, so nothing is claimed where nothing arrived.
        input.payment = (approved && !canceled).then(|| PaymentInput {
            status: PaymentStatus::Paid,
            amount: Some(brl(total)),
            refunded: None,
            instrument: None,
            external_id: None,
        });
        self.tell(&items, &sellers, ready);
        ready.push_back(parsed(record.origin, input, record.raw, &self.options));
    }

    /// A line of one unit, and its freight.
    fn line(
        &self,
        item: &Record,
        index: usize,
        left: bool,
        deliver_by: Option<String>,
    ) -> Result<(LineInput, i64), &'static str> {
        let currency: Currency = BRL.parse().expect("three capital letters");
        let cents = |column: &'static str| {
            (self.items.get(item, column))
                .and_then(|text| Decimal::parse(text)?.minor(currency))
                .filter(|cents| (0..=10_000_000_000).contains(cents))
                .ok_or(column)
        };
        let name = self.items.get(item, "order_item_id").map(str::to_owned);
        let product = self.items.get(item, "product_id").unwrap_or_default();
        let line = LineInput {
            external_id: Some(name.unwrap_or_else(|| (index + 1).to_string())),
            sku: product.to_owned(),
            title: self.category(product),
            quantity: 1,
            unit_price: Some(brl(cents("price")?)),
            fulfilled_by: Some(FulfilledBy::Supplier),
            ship_by: self.items.get(item, "shipping_limit_date").map(instant),
            deliver_by,
            shipped: left.then_some(1),
            shipped_from: (self.items.get(item, "seller_id"))
                .filter(|_| left)
                .map(str::to_owned),
            canceled: None,
            ..LineInput::default()
        };
        Ok((line, cents("freight_value")?))
    }

    fn category(&self, product: &str) -> Option<String> {
        let (table, row) = (self.products.as_ref()?, self.product_rows.get(product)?);
        table.get(row, "product_category_name").map(str::to_owned)
    }

    /// SKUs and locations of an order that were not told yet.
    fn tell(&mut self, items: &[Record], sellers: &BTreeSet<String>, ready: &mut VecDeque<Item>) {
        for seller in sellers {
            if self.told.insert(format!("seller {seller}")) {
                ready.push_back(Item::Location(self.location(seller)));
            }
        }
        for item in items {
            let Some(product) = self.items.get(item, "product_id").map(str::to_owned) else {
                continue;
            };
            if self.told.insert(format!("product {product}")) {
                let told = self.product(&product);
                ready.push_back(Item::Sku(told));
            }
        }
    }

    fn product(&self, id: &str) -> ordo_domain::catalog::CreateSku {
        let mut told = sku(id, self.category(id), 0);
        let row = self.product_rows.get(id);
        if let (Some(table), Some(row)) = (&self.products, row) {
            let whole = |column| Decimal::parse(table.get(row, column)?)?.whole();
            told.weight_g = whole("product_weight_g").unwrap_or(0).clamp(0, 100_000_000);
            let edge = |column| {
                Some(whole(column)?.checked_mul(10)?).filter(|mm| (1..=100_000).contains(mm))
            };
            let edges = [
                edge("product_length_cm"),
                edge("product_width_cm"),
                edge("product_height_cm"),
            ];
            if let [Some(a), Some(b), Some(c)] = edges {
                let mut edges = [a, b, c];
                edges.sort_unstable();
                let [height_mm, width_mm, length_mm] = edges;
                told.dimensions = Some(Dimensions {
                    length_mm,
                    width_mm,
                    height_mm,
                });
            }
        }
        told
    }

    fn location(&self, seller: &str) -> CreateLocation {
        let row = self.seller_rows.get(seller);
        let field = |column| Some(self.sellers.as_ref()?.get(row?, column)?.to_owned());
        let zip = field("seller_zip_code_prefix");
        CreateLocation {
            code: seller.to_owned(),
            kind: LocationKind::Supplier,
            name: None,
            place: Place {
                country: "BR".to_owned(),
                region: field("seller_state"),
                at: zip.as_ref().and_then(|zip| self.places.get(zip).copied()),
                precision: None,
                postal: zip,
            },
            city: field("seller_city"),
            time_zone: "America/Sao_Paulo".to_owned(),
            daily_capacity: None,
        }
    }

    fn contact(&self, table: &Table, customer: &Record) -> ContactInput {
        let field = |column| table.get(customer, column).map(str::to_owned);
        let zip = field("customer_zip_code_prefix");
        let at = zip.as_ref().and_then(|zip| self.places.get(zip));
        ContactInput {
            city: field("customer_city"),
            region: field("customer_state"),
            country: Some("BR".to_owned()),
            latitude_e6: at.map(|at| at.0),
            longitude_e6: at.map(|at| at.1),
            postal_code: zip,
            ..ContactInput::default()
        }
    }

    /// Items of orders that never came; says whether there were any.
    fn left_over(&mut self, ready: &mut VecDeque<Item>) -> bool {
        for (order, items) in std::mem::take(&mut self.item_rows) {
            for item in items {
                ready.push_back(Item::Rejected(Reject {
                    origin: item.origin,
                    external_id: Some(order.clone()),
                    field: "order_id".to_owned(),
                    reason: "is that of no order".to_owned(),
                    raw: item.raw,
                }));
            }
        }
        !ready.is_empty()
    }
}

const BRL: &str = "BRL";

fn brl(amount: i64) -> MoneyInput {
    MoneyInput {
        amount,
        currency: BRL.to_owned(),
    }
}

fn reference(system: &str, value: &str) -> ExternalRef {
    ExternalRef {
        system: system.to_owned(),
        value: value.to_owned(),
    }
}

/// The set writes Brasília time without saying so; its summer time is not known to the set.
fn instant(text: &str) -> String {
    format!("{}-03:00", text.replacen(' ', "T", 1))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Format, read_orders};
    use super::*;

    const ORDERS: &str = "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date\n\
        o1,c1,delivered,2018-01-02 10:00:00,2018-01-02 10:05:00,2018-01-03 09:00:00,2018-01-09 12:00:00,2018-01-20 00:00:00\n\
        o2,c9,unavailable,2018-01-02 10:00:00,2018-01-02 10:05:00,,,2018-01-20 00:00:00\n";
    const ITEMS: &str = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\n\
        o1,1,p1,s1,2018-01-05 12:00:00,99.90,27.65\n\
        o1,2,p1,s1,2018-01-05 12:00:00,99.90,0.35\n\
        o7,1,p1,s1,2018-01-05 12:00:00,1.00,0\n";
    const CUSTOMERS: &str = "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\nc1,u1,01001,sao paulo,SP\n";
    const PRODUCTS: &str = "product_id,product_category_name,product_weight_g,product_length_cm,product_height_cm,product_width_cm\np1,artes,1000,30,18,20\n";
    const SELLERS: &str =
        "seller_id,seller_zip_code_prefix,seller_city,seller_state\ns1,13023,campinas,SP\n";

    fn items() -> Vec<Item> {
        let files = [
            ("olist_orders_dataset.csv", ORDERS),
            ("folder/order_items.csv.gz", ITEMS),
            ("customers.csv", CUSTOMERS),
            ("products.csv", PRODUCTS),
            ("sellers.csv", SELLERS),
            ("order_reviews.csv", "\"never read"),
        ];
        let sources = (files.into_iter())
            .map(|(name, text)| Source::new(name, Cursor::new(text)))
            .collect();
        (read_orders(Format::Olist, sources, &Options::default()).expect("the files are there"))
            .map(|item| item.expect("bytes in memory"))
            .collect()
    }

    #[test]
    fn an_order_comes_with_its_items_seller_and_product() {
        let items = items();
        assert!(matches!(&items[0], Item::Channel(channel) if channel.code == "olist"));
        assert!(matches!(&items[1], Item::Location(seller) if seller.code == "s1"));
        let Item::Sku(sku) = &items[2] else {
            panic!("expected a SKU, got {:?}", items[2]);
        };
        assert_eq!(
            (sku.weight_g, sku.dimensions.map(|size| size.height_mm)),
            (1_000, Some(180))
        );
        let Item::Order(order) = &items[3] else {
            panic!("expected an order, got {:?}", items[3]);
        };
        let capture = &order.capture;
        assert_eq!(capture.channel_total.map(|total| total.get()), Some(22_780));
        assert_eq!(capture.shipping.price.get(), 2_800);
        assert_eq!(capture.origin, Origin::History);
        assert_eq!(
            capture
                .lines
                .iter()
                .filter(|line| line.shipped.get() == 1)
                .count(),
            2
        );
        assert_eq!(capture.lines[0].shipped_from.as_deref(), Some("s1"));
        assert_eq!(capture.placed_at.to_string(), "2018-01-02T13:00:00Z");
    }

    #[test]
    fn an_order_without_items_is_kept_and_an_item_without_order_told() {
        let items = items();
        let Item::Order(order) = &items[4] else {
            panic!("expected an order, got {:?}", items[4]);
        };
        assert!(order.capture.canceled && order.capture.lines.is_empty());
        let Item::Rejected(reject) = &items[5] else {
            panic!("expected a reject, got {:?}", items[5]);
        };
        assert_eq!(
            (reject.external_id.as_deref(), reject.origin.row),
            (Some("o7"), 4)
        );
        assert_eq!(items.len(), 6);
    }

    #[test]
    fn a_folder_without_orders_is_no_set() {
        let sources = vec![Source::new("sellers.csv", Cursor::new(SELLERS))];
        let error = read_orders(Format::Olist, sources, &Options::default());
        assert!(matches!(
            error.err(),
            Some(ImportError::MissingFile("orders"))
        ));
    }
}
