//! The form of a what-if: the most common of what can be asked, as fields; and the fields of a question
//! that was asked with it.

use maud::{Markup, html};
use ordo_domain::reference::Reference;
use serde_json::{Value, json};

use crate::routes::what_ifs::ask::ORDERS_MAX;

/// Characters that a name in a report has at most.
const NAME_MAX: usize = 128;

/// What was asked, as the form's fields.
pub struct Asked(pub Vec<(String, String)>);

impl Asked {
    /// Every value of a field that is not empty.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let given = self
            .0
            .iter()
            .filter(move |(given, value)| given == name && !value.is_empty());
        given.map(|(_, value)| value.trim())
    }

    /// The first value of a field that is not empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn number(&self, name: &str) -> Value {
        match self.one(name) {
            // What is no number is refused as the API refuses it.
            Some(text) => text
                .parse::<i64>()
                .map_or(json!(text), |number| json!(number)),
            None => Value::Null,
        }
    }

    /// The body of the request that asks the same.
    pub fn question(&self) -> Value {
        let instant = |name: &str| self.one(name).map(|day| format!("{day}T00:00:00Z"));
        let capacities = self.0.iter().filter_map(|(name, value)| {
            let code = name.strip_prefix("capacity.")?;
            let most = (!value.trim().is_empty()).then(|| value.trim().parse::<i64>())?;
            Some(json!({ "code": code, "daily_capacity": most.unwrap_or(-1) }))
        });
        let versions = self.all("rules").filter_map(|chosen| {
            let (set, version) = chosen.rsplit_once('@')?;
            Some(json!({ "set": set, "version": version.parse::<u32>().ok()? }))
        });
        let versions: Vec<Value> = versions.collect();
        let baseline = match self.one("baseline") {
            Some("as_happened") => json!("as_happened"),
            _ => json!("as_configured"),
        };
        json!({
            "from": instant("from"),
            "until": instant("until"),
            "orders": self.number("orders"),
            "baseline": baseline,
            "changed": 8,
            "variants": [{
                "name": self.name(),
                "locations": {
                    "off": self.all("off").collect::<Vec<_>>(),
                    "change": capacities.collect::<Vec<Value>>(),
                },
                "default_location": self.one("default"),
                "stock": self.one("stock").unwrap_or("now"),
                "safety_stock": self.number("safety"),
                "rules": if versions.is_empty() { json!("as_they_are") } else { json!({ "versions": versions }) },
            }],
        })
    }

    /// The fields of a question, where the form can ask it.
    pub fn of_question(question: &Value) -> Option<Self> {
        let variant = &question["variants"][0];
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: &Value| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return,
            };
            fields.push((name.to_owned(), text));
        };
        for name in ["from", "until"] {
            let day = question[name].as_str().and_then(|at| at.get(..10));
            put(name, &day.map(Value::from).unwrap_or_default());
        }
        put("orders", &question["orders"]);
        put("baseline", &question["baseline"]);
        put("stock", &variant["stock"]);
        put("safety", &variant["safety_stock"]);
        put("default", &variant["default_location"]);
        for code in variant["locations"]["off"].as_array().into_iter().flatten() {
            put("off", code);
        }
        let changes = variant["locations"]["change"].as_array();
        for change in changes.into_iter().flatten() {
            let code = change["code"].as_str()?;
            put(&format!("capacity.{code}"), &change["daily_capacity"]);
        }
        let versions = variant["rules"]["versions"].as_array();
        for named in versions.into_iter().flatten() {
            let chosen = format!("{}@{}", named["set"].as_str()?, named["version"]);
            put("rules", &Value::from(chosen));
        }
        let asked = Self(fields);
        // What has no field would be lost.
        (asked.question() == *question).then_some(asked)
    }

    /// The address of the form with these fields.
    pub fn address(&self) -> String {
        let encoded = |text: &str| -> String {
            let bytes = text.bytes().map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            });
            bytes.collect()
        };
        let fields = self.0.iter();
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        format!("/what-if?{}", fields.join("&"))
    }

    /// What the setup is called: what is different in it.
    fn name(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let off: Vec<&str> = self.all("off").collect();
        if !off.is_empty() {
            parts.push(format!("without {}", off.join(", ")));
        }
        for (name, value) in &self.0 {
            let code = name.strip_prefix("capacity.");
            if let Some(code) = code.filter(|_| !value.trim().is_empty()) {
                parts.push(format!("{} a day at {code}", value.trim()));
            }
        }
        let said = [
            self.one("default")
                .map(|code| format!("everything at {code}")),
            match self.one("stock") {
                Some("unlimited") => Some("stock without limit".to_owned()),
                Some("put_back") => Some("stock put back".to_owned()),
                Some(_) | None => None,
            },
            self.one("safety")
                .map(|units| format!("safety stock {units}")),
        ];
        parts.extend(said.into_iter().flatten());
        parts.extend(
            self.all("rules")
                .map(|chosen| match chosen.rsplit_once('@') {
                    Some((set, version)) => format!("rules {set} version {version}"),
                    None => format!("rules {chosen}"),
                }),
        );
        match parts.is_empty() {
            true => "today's setup".to_owned(),
            false => parts.join("; ").chars().take(NAME_MAX).collect(),
        }
    }
}

/// The form, filled in as it was sent.
pub fn form(reference: &Reference, asked: &Asked) -> Markup {
    let locations: Vec<&str> = (reference.locations())
        .filter(|location| location.takes_new_work())
        .map(|location| location.code.as_str())
        .collect();
    let value = |name: &str| asked.one(name).unwrap_or_default().to_owned();
    let is = |name: &str, value: &str| asked.one(name) == Some(value);
    html! {
        form.card.ask method="post" action="/what-if" {
            div.fields {
                label { "Placed from" input type="date" name="from" value=(value("from")); }
                label { "until before" input type="date" name="until" value=(value("until")); }
                label { "the last" input type="number" name="orders" min="1" max=(ORDERS_MAX) placeholder="10000 orders" value=(value("orders")); }
                label { "Against"
                    select name="baseline" {
                        option value="as_configured" { "today's setup" }
                        option value="as_happened" selected[is("baseline", "as_happened")] { "what happened" }
                    }
                }
                label { "Stock"
                    select name="stock" {
                        option value="now" { "as it is now" }
                        option value="put_back" selected[is("stock", "put_back")] { "as it was before these orders" }
                        option value="unlimited" selected[is("stock", "unlimited")] { "without limit" }
                    }
                }
                label { "Safety stock" input type="number" name="safety" min="0" placeholder="as it is" value=(value("safety")); }
                label { "Has everything"
                    select name="default" {
                        option value="" { "no location" }
                        @for code in &locations {
                            option value=(code) selected[is("default", code)] { (code) }
                        }
                    }
                }
                @for set in reference.rule_sets() {
                    label { "Rules “" (set.code) "”"
                        select name="rules" {
                            option value="" { "the version that counts" }
                            @for version in &set.versions {
                                @let chosen = format!("{}@{}", set.code, version.number);
                                option value=(chosen) selected[asked.all("rules").any(|given| given == chosen)] {
                                    "version " (version.number) @if version.is_draft() { " (draft)" }
                                }
                            }
                        }
                    }
                }
            }
            div.scroll {
                table {
                    thead { tr { th { "Location" } th { "Switched off" } th.num { "Shipments a day" } } }
                    tbody {
                        @for code in locations.iter().take(100) {
                            @let capacity = format!("capacity.{code}");
                            tr {
                                td { (code) }
                                td { input type="checkbox" name="off" value=(code) aria-label=(format!("Switch {code} off")) checked[asked.all("off").any(|off| off == *code)]; }
                                td.num { input type="number" min="0" name=(capacity) placeholder="as it is" aria-label=(format!("Shipments a day at {code}")) value=(value(&capacity)); }
                            }
                        }
                    }
                }
            }
            button.primary type="submit" { "Ask" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Asked {
        let fields = fields.iter();
        Asked(
            fields
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_question_of_the_form_comes_back_as_its_fields() {
        for fields in [
            &[][..],
            &[("from", "2026-11-01"), ("orders", "5")],
            &[
                ("baseline", "as_happened"),
                ("stock", "put_back"),
                ("safety", "3"),
                ("default", "A"),
                ("off", "B"),
                ("off", "Ü & Co"),
                ("capacity.A", "7"),
                ("rules", "all@2"),
                ("until", "2026-12-01"),
            ],
        ] {
            let question = asked(fields).question();
            let again = Asked::of_question(&question);
            assert_eq!(again.map(|asked| asked.question()), Some(question));
        }
        // What the form cannot say is not offered to be said again.
        let other = json!({"variants": [{"locations": {"only": ["A"]}}]});
        assert!(Asked::of_question(&other).is_none());
    }

    #[test]
    fn a_setup_is_called_by_what_is_different() {
        for (fields, name) in [
            (
                &[("stock", "now"), ("capacity.A", " ")][..],
                "today's setup",
            ),
            (
                &[("off", "A"), ("off", "B"), ("capacity.C", "5")],
                "without A, B; 5 a day at C",
            ),
            (&[("rules", "all@2")], "rules all version 2"),
        ] {
            assert_eq!(asked(fields).name(), name);
        }
        let address = asked(&[("off", "Ü & Co")]).address();
        assert_eq!(address, "/what-if?off=%C3%9C%20%26%20Co");
    }
}
