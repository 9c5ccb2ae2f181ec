//! Files of orders: the first line names the format, the rest is the file.

use std::io::Cursor;

use ordo_connectors::import::{Format, Item, Options, Source, read_orders};

/// Reads a file of orders to its end. What is an order keeps its form when it is written and read again.
///
/// # Panics
/// Where it does not, or a reader panics.
pub fn read(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    let (first, rest) = at.map_or((input, &[][..]), |at| (&input[..at], &input[at + 1..]));
    let name = String::from_utf8_lossy(first);
    let (format, body) = match name.trim().parse::<Format>() {
        Ok(format) => (format, rest),
        Err(_) => {
            let any = first.first().copied().unwrap_or_default();
            (Format::ALL[usize::from(any) % Format::ALL.len()], input)
        }
    };
    let sources = sources(format, body);
    let Ok(items) = read_orders(format, sources, &Options::default()) else {
        return;
    };
    for item in items {
        let Ok(item) = item else { break };
        if let Item::Order(order) = item {
            let text = serde_json::to_string(&order.input).unwrap();
            let again: ordo_domain::order::OrderInput = serde_json::from_str(&text).unwrap();
            assert_eq!(again, order.input, "{text}");
            assert_eq!(again.parse().as_ref(), Ok(&order.capture), "{text}");
        }
    }
}

/// One source, or for the format of several files those between lines `== NAME`.
fn sources(format: Format, body: &[u8]) -> Vec<Source> {
    if format != Format::Olist {
        return vec![Source::new("file", Cursor::new(body.to_vec()))];
    }
    let text = String::from_utf8_lossy(body);
    (text.split("== ").skip(1))
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| Source::new(name.trim(), Cursor::new(text.as_bytes().to_vec())))
        .collect()
}
