//! Ordo's input form as NDJSON: an order on each line, in the form that `POST /api/v1/orders` takes.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use ordo_domain::order::OrderInput;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::lines::{Line, Lines};
use super::{Item, Options, ROW_BYTES_MAX, ReadError, ReadRows, Reject, RowOrigin, Source, parsed};

pub(super) struct Reader {
    lines: Lines<Box<dyn BufRead + Send>>,
    source: Arc<str>,
    options: Options,
}

pub(super) fn reader(source: Source, options: Options) -> Reader {
    Reader {
        lines: Lines::new(source.read, ROW_BYTES_MAX),
        source: source.name.into(),
        options,
    }
}

impl ReadRows for Reader {
    fn read_row(&mut self, ready: &mut VecDeque<Item>) -> Result<bool, ReadError> {
        let line = self.lines.next_line().map_err(|error| ReadError {
            source_name: self.source.clone(),
            error,
        })?;
        let Some(line) = line else {
            return Ok(false);
        };
        if line.too_long || !line.bytes.trim_ascii().is_empty() {
            ready.push_back(self.item(line));
        }
        Ok(true)
    }
}

impl Reader {
    fn item(&self, line: Line) -> Item {
        let origin = RowOrigin {
            source: self.source.clone(),
            row: line.number,
        };
        let too_long = line.too_long;
        let raw = match text(line.bytes) {
            Ok(raw) if too_long => {
                let reason = format!("is longer than {ROW_BYTES_MAX} bytes");
                return Item::Rejected(Reject::row(origin, reason, raw));
            }
            Ok(raw) => raw,
            Err((reason, raw)) => return Item::Rejected(Reject::row(origin, reason, raw)),
        };
        match order(&raw, &self.options) {
            Ok(input) => parsed(origin, input, raw, &self.options),
            Err((field, reason)) => Item::Rejected(Reject {
                origin,
                external_id: None,
                field,
                reason,
                raw,
            }),
        }
    }
}

/// The order on a line. Where the options name a channel, the line need not.
fn order(raw: &str, options: &Options) -> Result<OrderInput, (String, String)> {
    let Some(channel) = &options.channel else {
        return from_json(raw);
    };
    let mut fields: serde_json::Map<String, serde_json::Value> = from_json(raw)?;
    fields.insert("channel".to_owned(), channel.clone().into());
    // Only now do fields stand in the form's places, so errors name them as they do above.
    let value = serde_json::Value::Object(fields);
    serde_path_to_error::deserialize(value).map_err(|error| named(&error))
}

/// `bytes` as text, or why not and what of it can be shown.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, (String, String)> {
    if bytes.contains(&0) {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        return Err(("holds a NUL".to_owned(), shown));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        (format!("is not UTF-8 from byte {at} on"), shown)
    })
}

/// Reads a JSON object; the error is a pointer to the field and what is wrong with it.
pub(super) fn from_json<T: DeserializeOwned>(raw: &str) -> Result<T, (String, String)> {
    // The parser would read an array as the form's fields in their order.
    if !raw.trim_start().starts_with('{') {
        return Err((String::new(), "is not a JSON object".to_owned()));
    }
    // The path costs time on every field, so it is asked for only where there is an error.
    if let Ok(value) = serde_json::from_str(raw) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => Err((
            String::new(),
            "has something after the JSON value".to_owned(),
        )),
        Err(error) if error.inner().is_syntax() || error.inner().is_eof() => {
            Err((String::new(), format!("is not JSON: {}", error.inner())))
        }
        Err(error) => Err(named(&error)),
    }
}

/// The field that a form's error is about, and the error.
fn named(error: &serde_path_to_error::Error<serde_json::Error>) -> (String, String) {
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push_str(&format!("/{}", escape(key)));
            }
            Segment::Unknown => {}
        }
    }
    let words = error.inner().to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    for (naming, reason) in [
        ("missing field `", "is required"),
        ("unknown field `", "is not a field of an order"),
        ("duplicate field `", "stands there twice"),
    ] {
        let name = words.strip_prefix(naming);
        if let Some(name) = name.and_then(|rest| rest.split('`').next()) {
            let last = format!("/{}", escape(name));
            if !pointer.ends_with(&last) {
                pointer.push_str(&last);
            }
            return (pointer, reason.to_owned());
        }
    }
    (pointer, words.to_owned())
}

/// A name as a part of a pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ordo_domain::order::Origin;

    use super::super::{Format, read_orders};
    use super::*;

    const GOOD: &str = r#"{"channel":"web","external_id":"1001","placed_at":"2026-11-01T10:00:00Z","currency":"EUR","lines":[{"sku":"TEE","quantity":2,"unit_price":{"amount":1000,"currency":"EUR"}}],"total":{"amount":2000,"currency":"EUR"}}"#;

    fn read(bytes: &[u8], options: &Options) -> Vec<Item> {
        let source = Source::new("orders.ndjson", Cursor::new(bytes.to_vec()));
        (read_orders(Format::Ndjson, vec![source], options).expect("one source"))
            .map(|item| item.expect("bytes in memory"))
            .collect()
    }

    fn told(item: &Item) -> (u64, &str, &str) {
        match item {
            Item::Rejected(reject) => (reject.origin.row, &reject.field, &reject.reason),
            other => panic!("expected a reject, got {other:?}"),
        }
    }

    #[test]
    fn a_bad_line_is_rejected_by_itself() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"{", "", "is not JSON: EOF while parsing an object at line 1 column 1"),
            (b"[1]", "", "is not a JSON object"),
            (b"\"\0\"", "", "holds a NUL"),
            (b"{\"channel\":\"\xff\"}", "", "is not UTF-8 from byte 13 on"),
            (br#"{"channel":"web","chanel":1}"#, "/chanel", "is not a field of an order"),
            (br#"{"channel":"web"}"#, "/external_id", "is required"),
            (
                br#"{"channel":"web","external_id":"1","placed_at":"yesterday","currency":"EUR","lines":[{"sku":"A","quantity":"two"}]}"#,
                "/lines/0/quantity",
                "invalid type: string \"two\", expected i64",
            ),
            (
                br#"{"channel":"web","external_id":"1","placed_at":"yesterday","currency":"eur","lines":[{"sku":"A","quantity":0}]}"#,
                "/currency",
                "expected a currency code of three capital letters, such as EUR; /lines/0/quantity: must be from 1 to 1000000000; /placed_at: expected an instant such as 2026-11-01T10:00:00Z",
            ),
        ];
        for (line, field, reason) in cases {
            let mut bytes = GOOD.as_bytes().to_vec();
            bytes.push(b'\n');
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\n\n");
            bytes.extend_from_slice(GOOD.as_bytes());
            let items = read(&bytes, &Options::default());
            assert_eq!(items.len(), 3);
            assert_eq!(told(&items[1]).0, 2);
            assert_eq!((told(&items[1]).1, told(&items[1]).2), (field, reason));
            assert!(matches!(&items[2], Item::Order(order) if order.origin.row == 4));
        }
    }

    #[test]
    fn a_line_over_the_limit_is_rejected_with_its_beginning() {
        let mut bytes = vec![b' '; ROW_BYTES_MAX + 1];
        bytes.push(b'\n');
        bytes.extend_from_slice(GOOD.as_bytes());
        let items = read(&bytes, &Options::default());
        assert_eq!(told(&items[0]).2, "is longer than 4194304 bytes");
        assert!(matches!(&items[1], Item::Order(_)));
    }

    #[test]
    fn options_stand_over_what_the_line_says() {
        let nameless = GOOD.replace(r#""channel":"web","#, "");
        let options = Options {
            channel: Some("old-shop".to_owned()),
            origin: Some(Origin::History),
            ..Options::default()
        };
        for line in [GOOD, &nameless] {
            let items = read(line.as_bytes(), &options);
            let Item::Order(order) = &items[0] else {
                panic!("expected an order, got {items:?}");
            };
            assert_eq!(order.capture.channel, "old-shop");
            assert_eq!(order.capture.origin, Origin::History);
            assert_eq!(order.raw, line);
        }
        assert_eq!(
            told(&read(nameless.as_bytes(), &Options::default())[0]).1,
            "/channel"
        );
    }
}
