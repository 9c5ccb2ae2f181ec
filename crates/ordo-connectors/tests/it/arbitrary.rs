//! No bytes make any format panic, and no row is lost: what is no order is a reject.

use std::io::Cursor;

use ordo_connectors::import::{Format, Item, Options, Source, read_orders};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::orders;

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

/// Values that may stand in any field.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "0",
            "-1",
            "12.50",
            "0.005",
            "999999999999999999",
            "-999999999999999999",
            "EUR",
            "JPY",
            "true",
            "2026-11-01T10:00:00Z",
            "completed",
            "paid",
            "refunded",
            "ß\u{0}",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            fields(inner),
        ]
    })
}

/// Objects with the fields that the formats know.
fn fields(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "id",
        "currency",
        "status",
        "quantity",
        "price",
        "total",
        "total_tax",
        "subtotal",
        "subtotal_tax",
        "taxes",
        "tax_lines",
        "rate",
        "rate_id",
        "rate_percent",
        "total_price",
        "total_discounts",
        "total_discount",
        "discount_allocations",
        "amount",
        "line_items",
        "shipping_lines",
        "fee_lines",
        "fulfillments",
        "refunds",
        "transactions",
        "financial_status",
        "current_quantity",
        "created_at",
        "date_created_gmt",
        "sku",
        "name",
        "shipping_address",
        "latitude",
        "billing",
        "gift_cards",
        "total_tip_received",
        "prices_include_tax",
        "taxes_included",
        "presentment_currency",
        "total_price_set",
        "shop_money",
        "presentment_money",
        "meta_data",
        "properties",
        "key",
        "value",
    ]);
    proptest::collection::btree_map(name, inner, 0..10).prop_map(|fields| {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Object(fields.collect())
    })
}

/// Enough of an order that the fields laid over it are looked at.
fn nearly_an_order(over: Value) -> String {
    let mut order = json!({
        "id": 1, "currency": "EUR", "status": "processing", "financial_status": "paid",
        "created_at": "2026-11-01T10:00:00Z", "date_created_gmt": "2026-11-01T10:00:00",
        "line_items": [{"id": 1, "sku": "A", "quantity": 2, "price": "5.00", "total": "10.00"}],
        "total_price": "10.00", "total": "10.00"
    });
    if let Value::Object(fields) = over {
        for (name, value) in fields {
            order[name] = value;
        }
    }
    order.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_order_of_json_is_one_item(over in fields(value())) {
        let text = nearly_an_order(over);
        for format in [Format::ShopifyJson, Format::WoocommerceJson] {
            let (orders, rejects) = orders(format, &text);
            prop_assert_eq!(orders.len() + rejects.len(), 1, "{}", text);
        }
    }
}
