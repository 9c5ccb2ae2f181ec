//! The demo company's sourcing rules: retail partners get theirs from warehouses, in one delivery where
//! that can be; and a draft that would spare the stores.

use ordo_domain::Command;
use ordo_domain::reference::Reference;
use ordo_domain::rules::{CreateRuleSet, PublishRules, Rules, ScopeDraft};

/// The set that counts.
const PARTNERS: &str = "partners";
const PARTNER_RULES: &str = r#"{"steps": [
  {"name": "one delivery", "take": "all_or_nothing", "split": {"whole_order": true},
   "filters": [{"name": "no stores", "drop": "location.kind == 'store'"}]},
  {"name": "several deliveries", "split": {"whole_lines": true},
   "filters": [{"name": "no stores", "drop": "location.kind == 'store'"}]}],
 "otherwise": "backorder"}"#;

/// The set of which there is a draft alone.
const STORES: &str = "spare-stores";
const STORE_RULES: &str = r#"{"steps": [
  {"name": "warehouses near by", "take": "all_or_nothing",
   "filters": [{"name": "no stores", "drop": "location.kind == 'store'"}]},
  {"name": "stores too, with two of each left", "keep_stock": 2,
   "terms": [{"name": "people wait at the till", "amount": 150, "currency": "EUR",
              "per": "shipment", "at": "location.kind == 'store'"}]}]}"#;

/// The sets, each with a draft.
pub fn sets() -> impl Iterator<Item = Command> {
    let sets = [
        (PARTNERS, "Retail partners", "b2b", PARTNER_RULES),
        (STORES, "Spare the stores", "web", STORE_RULES),
    ];
    sets.into_iter().map(|(code, name, channel, text)| {
        Command::CreateRuleSet(CreateRuleSet {
            code: code.to_owned(),
            name: Some(name.to_owned()),
            scope: ScopeDraft {
                channels: vec![channel.to_owned()],
                ..ScopeDraft::default()
            },
            priority: 0,
            note: None,
            rules: Box::new(read(text)),
        })
    })
}

/// Lets the partners' set count.
pub fn publish(reference: &Reference) -> Option<Command> {
    let set = reference.rule_sets().find(|set| set.code == PARTNERS)?;
    let draft = set.versions.first().filter(|first| first.is_draft())?;
    Some(Command::PublishRules(PublishRules {
        rule_set: set.id,
        expected: None,
        number: draft.number,
        from: None,
    }))
}

/// Rules as they stand here; a test reads them.
fn read(text: &str) -> Rules {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_can_be_read() {
        for text in [PARTNER_RULES, STORE_RULES] {
            serde_json::from_str::<Rules>(text).unwrap();
            assert_eq!(read(text).steps.len(), 2);
        }
    }
}
