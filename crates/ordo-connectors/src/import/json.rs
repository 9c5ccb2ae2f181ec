//! Looks into JSON of other systems without believing much about it: numbers may be texts and texts
//! numbers, anything may be null or missing. A number is always taken by its digits.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Fields that only wrap orders, in the answers of the systems read here.
pub(super) const WRAPPERS: [&str; 3] = ["orders", "order", "data"];

/// An object, its values not yet looked at.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// The object that `raw` is; the error is what the JSON parser says.
    pub(super) fn parse(raw: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(raw).map(Self)
    }

    /// Whether the field is there and not null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// Whether it has no fields.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn raw(&self, key: &str) -> Option<&'a str> {
        self.0
            .get(key)
            .map(|raw| raw.get())
            .filter(|raw| *raw != "null")
    }

    /// A text, a number as it was written, or a truth value; nothing where it is empty.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let raw = self.raw(key)?;
        let text = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str::<String>(raw).ok()?,
            b'{' | b'[' => return None,
            _ => raw.to_owned(),
        };
        let trimmed = text.trim();
        match trimmed.len() {
            0 => None,
            length if length == text.len() => Some(text),
            _ => Some(trimmed.to_owned()),
        }
    }

    /// The first of the fields that holds a text.
    pub(super) fn any_text(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// Whether the field is true.
    pub(super) fn is_true(&self, key: &str) -> bool {
        matches!(self.text(key).as_deref(), Some("true" | "1"))
    }

    /// The texts of a list in it.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let raw = self.raw(key).unwrap_or("[]");
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// An object in it; an empty one where there is none.
    pub(super) fn object(&self, key: &str) -> Object<'a> {
        (self.raw(key))
            .and_then(|raw| Object::parse(raw).ok())
            .unwrap_or_default()
    }

    /// The objects of a list in it; of an object, that one.
    pub(super) fn list(&self, key: &str) -> Vec<Object<'a>> {
        let Some(raw) = self.raw(key) else {
            return Vec::new();
        };
        elements(raw)
            .into_iter()
            .filter_map(|raw| Object::parse(raw).ok())
            .collect()
    }
}

/// The elements of a list, or what is not a list as the one element.
fn elements(raw: &str) -> Vec<&str> {
    match serde_json::from_str::<Vec<&RawValue>>(raw) {
        Ok(list) => list.into_iter().map(RawValue::get).collect(),
        Err(_) => vec![raw],
    }
}

/// The orders in a value: itself, or what stands in it below fields that only wrap.
pub(super) fn unwrapped(raw: &str) -> Vec<&str> {
    let mut found = Vec::new();
    unwrap(raw, 0, &mut found);
    found
}

fn unwrap<'a>(raw: &'a str, depth: u32, found: &mut Vec<&'a str>) {
    if depth < 8 {
        if raw.trim_start().starts_with('[') {
            let parts = elements(raw);
            // A list that cannot be taken apart is its own only element.
            if parts != [raw] {
                for part in parts {
                    unwrap(part, depth + 1, found);
                }
                return;
            }
        }
        if let Ok(object) = Object::parse(raw) {
            let inner = (WRAPPERS.iter().filter_map(|key| object.raw(key)))
                .find(|inner| inner.starts_with(['{', '[']));
            if let Some(inner) = inner.filter(|_| !object.has("id")) {
                return unwrap(inner, depth + 1, found);
            }
        }
    }
    found.push(raw);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_whatever_their_type() {
        let raw =
            r#"{"a":"x","b":12.50,"c":null,"d":" ","e":true,"f":{"g":1},"h":[{"i":2},null,3]}"#;
        let object = Object::parse(raw).expect("JSON");
        assert_eq!(object.text("a").as_deref(), Some("x"));
        assert_eq!(object.text("b").as_deref(), Some("12.50"));
        assert_eq!(
            object.any_text(&["c", "d", "z", "e"]).as_deref(),
            Some("true")
        );
        assert!(object.is_true("e") && !object.is_true("a"));
        assert_eq!(object.object("f").text("g").as_deref(), Some("1"));
        assert_eq!(object.list("h").len(), 1);
        assert!(object.list("z").is_empty() && !object.object("a").has("x"));
    }

    #[test]
    fn wrappers_are_taken_off() {
        for (raw, orders) in [
            (
                r#"{"id":1,"order":{"x":1}}"#,
                vec![r#"{"id":1,"order":{"x":1}}"#],
            ),
            (r#"{"order":{"id":1}}"#, vec![r#"{"id":1}"#]),
            (
                r#"{"errors":[],"data":{"orders":[{"id":1},{"id":2}]}}"#,
                vec![r#"{"id":1}"#, r#"{"id":2}"#],
            ),
            (r#"[[{"id":1}],7]"#, vec![r#"{"id":1}"#, "7"]),
            ("nonsense", vec!["nonsense"]),
            ("[1", vec!["[1"]),
        ] {
            assert_eq!(unwrapped(raw), orders);
        }
    }
}
