//! Rule sets as they are kept: which of several counts, and what cannot be saved.

use ordo_domain::rules::{
    CreateRuleSet, DraftRules, PublishRules, RetireRules, ScopeDraft, UpdateRuleSet,
};
use ordo_domain::{Command, Refusal};

use crate::desk::Desk;
use crate::rules::{publishing, rules, three};

#[test]
fn the_most_specific_live_set_counts() {
    let only = |code: &str| {
        rules(&format!(
            r#"{{"steps":[{{"name":"s","filters":[{{"name":"f","keep":"location.code == '{code}'"}}]}}]}}"#
        ))
    };
    let mut desk = three("");
    let everyone = desk.publish("everyone", ScopeDraft::default(), only("HAM"));
    desk.play("order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1");
    let web = ScopeDraft {
        channels: vec!["web".to_owned()],
        ..ScopeDraft::default()
    };
    let web = desk.publish("web", web, only("PAR"));
    desk.play("order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax1");
    let gold = ScopeDraft {
        tiers: vec!["gold".to_owned()],
        ..ScopeDraft::default()
    };
    desk.publish("gold", gold, only("BER"));
    desk.play("order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax1");
    // A new draft says nothing until it is published.
    let draft = DraftRules {
        rule_set: web,
        expected: None,
        number: None,
        note: None,
        rules: Box::new(only("BER")),
    };
    desk.give(Command::DraftRules(draft.clone())).unwrap();
    desk.play("order O4 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax1");
    let at_noon = desk.now.plus_micros(3_600_000_000);
    desk.give(Command::PublishRules(PublishRules {
        rule_set: web,
        expected: None,
        number: 2,
        from: Some(at_noon),
    }))
    .unwrap();
    desk.play("order O5 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax1");
    desk.play("wait 3600");
    desk.play("order O6 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1");
    // What counts does not change.
    let change = DraftRules {
        number: Some(2),
        ..draft
    };
    assert_eq!(
        desk.short(Command::DraftRules(change)),
        ["no: rule_version_state"]
    );
    assert_eq!(desk.short(publishing(web, 1)), ["no: rule_version_state"]);
    assert_eq!(desk.short(publishing(web, 2)), ["nothing"]);
    // Taken back, the set says nothing, and the next best counts.
    desk.give(Command::RetireRules(RetireRules {
        rule_set: web,
        expected: None,
        number: 2,
    }))
    .unwrap();
    desk.play("order O7 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1");
    desk.give(Command::UpdateRuleSet(UpdateRuleSet {
        rule_set: everyone,
        expected: None,
        name: ordo_domain::edit::Edit::Keep,
        scope: Some(ScopeDraft {
            tiers: vec!["silver".to_owned()],
            ..ScopeDraft::default()
        }),
        priority: None,
    }))
    .unwrap();
    desk.play("order O8 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1");
}

#[test]
fn what_cannot_be_saved_names_its_fields() {
    let long = "x".repeat(1_001);
    for (json, fields) in [
        (r#"{"steps":[]}"#.to_owned(), vec!["/rules/steps"]),
        (
            r#"{"steps":[{"name":"a","when":"order.cost > 1"}]}"#.to_owned(),
            vec!["/rules/steps/0/when"],
        ),
        (
            r#"{"steps":[{"name":"","filters":[{"name":"f"}]},{"name":""}]}"#.to_owned(),
            vec![
                "/rules/steps/0/name",
                "/rules/steps/0/filters/0",
                "/rules/steps/1/name",
                "/rules/steps/1/name",
            ],
        ),
        (
            r#"{"steps":[{"name":"a","filters":[{"name":"f","keep":"line.sku == 'A'","lines":"location.code == 'B'"}]}]}"#.to_owned(),
            vec!["/rules/steps/0/filters/0/keep", "/rules/steps/0/filters/0/lines"],
        ),
        (
            r#"{"steps":[{"name":"a","tiers":["shipments","shipments",{"ranked":[]},{"number":"1 == 1"},"distance","priority","out_of_market"]}]}"#.to_owned(),
            vec![
                "/rules/steps/0/tiers",
                "/rules/steps/0/tiers/1",
                "/rules/steps/0/tiers/2/ranked",
                "/rules/steps/0/tiers/3/number",
            ],
        ),
        (
            r#"{"steps":[{"name":"a","keep_stock":-1,"max_distance_m":0,"then":{"queue":{"retry_minutes":0}},"split":{"max_shipments":0},"terms":[{"name":"t","amount":1,"currency":"EUR","per":"line","lines":"true"}]}]}"#.to_owned(),
            vec![
                "/rules/steps/0/terms/0/lines",
                "/rules/steps/0/max_distance_m",
                "/rules/steps/0/keep_stock",
                "/rules/steps/0/split/max_shipments",
                "/rules/steps/0/then/queue/retry_minutes",
            ],
        ),
        (
            format!(r#"{{"steps":[{{"name":"a","when":"'{long}' == ''"}}]}}"#),
            vec!["/rules/steps/0/when"],
        ),
    ] {
        let mut desk = Desk::new();
        let made = desk.give(Command::CreateRuleSet(CreateRuleSet {
            code: "x".to_owned(),
            name: None,
            scope: ScopeDraft::default(),
            priority: 0,
            note: None,
            rules: Box::new(rules(&json)),
        }));
        let Err(Refusal::Rejected(rejection)) = made else {
            panic!("accepted {json}");
        };
        let refused: Vec<&str> = (rejection.fields.iter())
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(refused, fields, "{json}");
    }
}
