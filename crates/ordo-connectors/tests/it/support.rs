//! Reads what a test hands over, and where recorded payloads are.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use ordo_connectors::import::{Format, Item, Options, OrderItem, Reject, Source, read_orders};
use ordo_domain::order::CaptureOrder;
use serde_json::Value;

/// The items of `text`.
pub fn read(format: Format, text: &str) -> Vec<Item> {
    let source = Source::new("test", Cursor::new(text.as_bytes().to_vec()));
    (read_orders(format, vec![source], &Options::default()).expect("one source is enough"))
        .map(|item| item.expect("bytes in memory"))
        .collect()
}

/// Orders and rejects of `text`.
pub fn orders(format: Format, text: &str) -> (Vec<OrderItem>, Vec<Reject>) {
    let mut orders = Vec::new();
    let mut rejects = Vec::new();
    for item in read(format, text) {
        match item {
            Item::Order(order) => orders.push(*order),
            Item::Rejected(reject) => rejects.push(reject),
            Item::Channel(_) | Item::Location(_) | Item::Sku(_) => {}
        }
    }
    (orders, rejects)
}

/// What the buyer owes by the parsed shares, counted here once more.
pub fn total(capture: &CaptureOrder) -> i64 {
    let mut net = capture.shipping.price.get() - capture.shipping.discount.get();
    let mut tax = capture.shipping.tax.get();
    for line in &capture.lines {
        net += line.unit_price.get() * line.quantity.get() - line.discount.get();
        tax += line.taxes.iter().map(|tax| tax.amount.get()).sum::<i64>();
    }
    if capture.tax_included { net } else { net + tax }
}

/// A decimal with at most two digits after the point, in hundredths.
pub fn cents(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    assert!(fraction.len() <= 2, "{text} is finer than a cent");
    sign * format!("{whole}{fraction:0<2}")
        .parse::<i64>()
        .expect("digits")
}

/// The folder that `variable` names; the test is counted as skipped where it names none.
pub fn folder(variable: &str, test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(variable) {
        return Some(PathBuf::from(folder));
    }
    println!("skipped: {test} needs {variable}");
    if let Some(file) = std::env::var_os("ORDO_SKIPPED_FILE") {
        let mut file = (fs::OpenOptions::new().create(true).append(true).open(file))
            .expect("the runner's file can be written");
        writeln!(file, "{variable} {test}").expect("the runner's file can be written");
    }
    None
}

/// The JSON files in `folder`, by name, with what is in them; some recorded ones are no JSON.
pub fn json_files(folder: &Path) -> Vec<(String, Option<Value>)> {
    let mut files: Vec<(String, Option<Value>)> = (fs::read_dir(folder)
        .expect("the folder is there"))
    .map(|entry| entry.expect("the folder can be read").path())
    .filter(|path| path.extension().is_some_and(|end| end == "json"))
    .map(|path| {
        let name = path.file_name().expect("a file has a name");
        let text = fs::read_to_string(&path).expect("the file can be read");
        (
            name.to_string_lossy().into_owned(),
            serde_json::from_str(&text).ok(),
        )
    })
    .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}

/// Every object below `value` that `wanted` says yes to, with a pointer to it.
pub fn find<'a>(
    value: &'a Value,
    at: &str,
    wanted: &dyn Fn(&str, &Value) -> bool,
    found: &mut Vec<(String, &'a Value)>,
) {
    match value {
        Value::Object(fields) => {
            if wanted(at, value) {
                found.push((at.to_owned(), value));
                return;
            }
            for (name, field) in fields {
                find(field, &format!("{at}/{name}"), wanted, found);
            }
        }
        Value::Array(parts) => {
            for (index, part) in parts.iter().enumerate() {
                find(part, &format!("{at}/{index}"), wanted, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
