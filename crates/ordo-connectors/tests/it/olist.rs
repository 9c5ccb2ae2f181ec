//! The whole Olist set comes out, every order once, with totals that its items add up to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use ordo_connectors::import::{Format, Item, Options, Source, read_orders};

use crate::support::{cents, folder, total};

const FILES: [&str; 6] = [
    "orders.csv.gz",
    "order_items.csv.gz",
    "customers.csv.gz",
    "products.csv.gz",
    "sellers.csv.gz",
    "geolocation_zip_prefix.csv.gz",
];

#[test]
fn every_order_comes_out_once_with_its_total() {
    let Some(data) = folder(
        "ORDO_DATA_DIR",
        "olist::every_order_comes_out_once_with_its_total",
    ) else {
        return;
    };
    let open = |name: &str| {
        let file = File::open(data.join("olist").join(name)).expect("the set is there");
        BufReader::new(GzDecoder::new(file))
    };
    // The source's own sums, by the plainest reading: none of its fields is quoted.
    let mut sums: BTreeMap<String, (i64, usize)> = BTreeMap::new();
    for line in open("orders.csv.gz").lines().skip(1) {
        let line = line.expect("text");
        sums.insert(line[..32].to_owned(), (0, 0));
    }
    for line in open("order_items.csv.gz").lines().skip(1) {
        let line = line.expect("text");
        let fields: Vec<&str> = line.split(',').collect();
        let (sum, units) = sums.get_mut(fields[0]).expect("every item has an order");
        *sum += cents(fields[5]) + cents(fields[6]);
        *units += 1;
    }
    let sources = FILES
        .iter()
        .map(|name| Source::new(*name, open(name)))
        .collect();
    let items =
        read_orders(Format::Olist, sources, &Options::default()).expect("the files are there");
    let (mut orders, mut with_items, mut skus, mut locations) = (0, 0, 0, 0);
    for item in items {
        match item.expect("files can be read") {
            Item::Order(order) => {
                let capture = order.capture;
                let (sum, units) = sums.remove(&capture.external_id).expect("comes once");
                assert_eq!(total(&capture), sum, "{}", capture.external_id);
                assert_eq!(capture.channel_total.map(|total| total.get()), Some(sum));
                assert_eq!(capture.lines.len(), units);
                orders += 1;
                with_items += usize::from(units > 0);
            }
            Item::Rejected(reject) => panic!("{reject:?}"),
            Item::Sku(_) => skus += 1,
            Item::Location(_) => locations += 1,
            Item::Channel(_) => {}
        }
    }
    assert!(sums.is_empty());
    assert_eq!((orders, with_items), (12_751, 11_976));
    println!("{skus} SKUs, {locations} locations");
}
