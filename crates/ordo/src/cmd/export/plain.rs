//! What stays of an order's answer form when ids, numbers and times of recording are left out.

use serde_json::Value;

/// Names that hold an id of Ordo's without saying so.
const IDS: [&str; 5] = ["id", "line", "replaces", "returns", "original"];

/// The answer form without what two stores would say differently, its fields in the order of their
/// names.
///
/// # Errors
/// The answer is not JSON.
pub fn order(answer: &str) -> serde_json::Result<String> {
    let mut order: Value = serde_json::from_str(answer)?;
    // The channel's own time, unlike all others that end in `_at`.
    let placed_at = order["placed_at"].take();
    strip(&mut order);
    order["placed_at"] = placed_at;
    serde_json::to_string(&order)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| stays(name));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn stays(name: &str) -> bool {
    let id = IDS.contains(&name) || (name.ends_with("_id") && name != "external_id");
    let time = name == "at" || name.ends_with("_at");
    !id && !time && name != "number"
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn what_the_source_said_stays_and_what_ordo_made_goes() {
        let answer = r#"{"id":"ord_1","number":7,"channel":"web","channel_id":"chn_1",
            "external_id":"1001","placed_at":"2018-01-01T00:00:00Z","captured_at":"x","ended_at":null,
            "ship_to":{"contact_id":"con_1","country":"BR"},"returns":["rma_1"],"original":null,
            "holds":[{"id":"hld_1","kind":"manual","line":"lin_1","placed_at":"x"}],
            "lines":[{"id":"lin_1","external_id":"1","sku":"A","sku_id":"sku_1","ordered":2}],
            "payments":[{"id":"pay_1","kind":"capture","at":"x","amount":{"amount":1,"currency":"BRL"}}]}"#;
        assert_eq!(
            order(answer).unwrap(),
            concat!(
                r#"{"channel":"web","external_id":"1001","holds":[{"kind":"manual"}],"#,
                r#""lines":[{"external_id":"1","ordered":2,"sku":"A"}],"#,
                r#""payments":[{"amount":{"amount":1,"currency":"BRL"},"kind":"capture"}],"#,
                r#""placed_at":"2018-01-01T00:00:00Z","ship_to":{"country":"BR"}}"#
            )
        );
    }
}
