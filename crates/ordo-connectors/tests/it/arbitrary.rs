//! No bytes make any format panic, and no row is lost: what is no order is a reject.

use std::io::Cursor;

use ordo_connectors::import::{Format, Item, Options, Source, read_orders};
use proptest::prelude::*;

/// Pieces that the formats react to, so that random text gets somewhere.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "\n",
            "\r\n",
            ";",
            "\t",
            "\\",
            "\0",
            "-",
            "1.005",
            "\"id\":",
            "\"line_items\":[",
            "\"quantity\":",
            "\"total\":\"12.50\"",
            "\"price\":",
            "\"currency\":\"EUR\"",
            "{\"orders\":[",
            "{\"data\":",
            "\"lines\":[{\"sku\":\"A\"}]",
            "external_id,channel,sku,quantity\n",
            "1,web,TEE,2\n",
            "Name,Email,Lineitem name\n",
            "order_id,customer_id,order_status\n",
            "99999999999999999999",
            "-1",
            "1e400",
            "\u{feff}",
            "2026-11-01T10:00:00Z",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_makes_a_format_panic(pieces in proptest::collection::vec(piece(), 0..60)) {
        let bytes = pieces.concat();
        for format in Format::ALL {
            let source = Source::new("orders.csv", Cursor::new(bytes.clone()));
            let Ok(items) = read_orders(format, vec![source], &Options::default()) else {
                continue;
            };
            for item in items {
                match item.expect("bytes in memory") {
                    Item::Rejected(reject) => prop_assert!(!reject.reason.is_empty()),
                    Item::Channel(_) | Item::Location(_) | Item::Sku(_) | Item::Order(_) => {}
                }
            }
        }
    }
}
