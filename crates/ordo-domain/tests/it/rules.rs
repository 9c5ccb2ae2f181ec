//! Sourcing rules: who may ship, what counts first, how far orders are split, and what becomes of
//! the rest.
//!
//! Every desk stands on Sunday, 1 November 2026, 11:00 in Berlin. `rules JSON` makes a rule set of one
//! step, `steps JSON` one of several; both count at once.

use ordo_domain::catalog::{SkuChange, UpdateSku};
use ordo_domain::id::RuleSetId;
use ordo_domain::network::{LocationChange, UpdateLocation};
use ordo_domain::rules::{
    CreateRuleSet, DraftRules, PublishRules, RetireRules, Rules, ScopeDraft, ShadowRules,
    UpdateRuleSet,
};
use ordo_domain::{Command, Event};
use ordo_sourcing::{Decision, Reason};

use crate::desk::Desk;

pub(crate) fn rules(json: &str) -> Rules {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
}

impl Desk {
    /// Makes a set and lets its first version count.
    pub fn publish(&mut self, code: &str, scope: ScopeDraft, rules: Rules) -> RuleSetId {
        let made = self.give(Command::CreateRuleSet(CreateRuleSet {
            code: code.to_owned(),
            name: None,
            scope,
            priority: 0,
            note: None,
            rules: Box::new(rules),
        }));
        let Some(Event::RuleSetCreated { rule_set }) = made.unwrap().pop() else {
            panic!("no set was made");
        };
        self.give(publishing(rule_set.id, 1)).unwrap();
        rule_set.id
    }

    /// A set that says whatever can be said, from its first draft to its end.
    pub fn live_through_rules(&mut self) {
        let all = r#"{"steps":[{"name":"all","when":"order.units > 1","filters":[
            {"name":"f","keep":"location.kind != 'store'"},
            {"name":"g","drop":"location.distance_m > 100","lines":"line.weight_g > 5"}],
            "max_distance_m":5000000,"keep_stock":1,"max_orders_per_day":900,
            "terms":[{"name":"t","at":"true","lines":"line.quantity > 1","amount":-5,
                      "currency":"EUR","per":"unit"}],
            "tiers":["shipments",{"ranked":["BER"]},{"number":"1"},{"unit_rank":"distance"}],
            "split":{"max_shipments":3,"whole_lines":true,
                     "min_value":{"amount":100,"currency":"EUR"}},
            "take":"all_or_nothing","then":"cancel_line"}],
            "otherwise":{"queue":{"retry_minutes":30}}}"#;
        let tiers = ScopeDraft {
            tiers: vec!["gold".to_owned()],
            ..ScopeDraft::default()
        };
        let rule_set = self.publish("golden", tiers, rules(all));
        for command in [
            Command::DraftRules(DraftRules {
                rule_set,
                expected: Some(2),
                number: None,
                note: Some("plain".to_owned()),
                rules: Box::new(rules(r#"{"steps":[{"name":"any"}]}"#)),
            }),
            Command::UpdateRuleSet(UpdateRuleSet {
                rule_set,
                expected: None,
                name: ordo_domain::edit::Edit::Set("Gold".to_owned()),
                scope: None,
                priority: Some(1),
            }),
            Command::ShadowRules(ShadowRules {
                rule_set,
                expected: None,
                number: 2,
                on: true,
            }),
            Command::RetireRules(RetireRules {
                rule_set,
                expected: None,
                number: 1,
            }),
        ] {
            self.give(command).unwrap();
        }
    }

    fn rule_step(&mut self, words: &[&str]) {
        match words {
            ["rules", json @ ..] => {
                let json = format!(r#"{{"steps":[{{"name":"only",{}}}]}}"#, json.join(" "));
                self.publish("all", ScopeDraft::default(), rules(&json));
            }
            ["steps", json @ ..] => {
                self.publish("all", ScopeDraft::default(), rules(&json.join(" ")));
            }
            ["priority", code, number] => self.change(
                code,
                LocationChange {
                    priority: Some(number.parse().unwrap()),
                    ..LocationChange::default()
                },
            ),
            ["tag", "location", code, tag] => self.change(
                code,
                LocationChange {
                    tags: Some(vec![(*tag).to_owned()]),
                    ..LocationChange::default()
                },
            ),
            ["tag", "sku", code, tag] => {
                let update = UpdateSku {
                    sku: self.sku(code),
                    expected: None,
                    change: SkuChange {
                        tags: Some(vec![(*tag).to_owned()]),
                        ..SkuChange::default()
                    },
                };
                self.give(Command::UpdateSku(update)).unwrap();
            }
            words if words[0] == "rates" => {
                self.weigh(words);
            }
            ["promise", basket @ .., "->", answer] => {
                let asked = [&["promise?"], basket].concat();
                let told = self.weigh(&asked).join(", ");
                assert_eq!(told.replace(' ', "_"), *answer);
            }
            words => self.play(&words.join(" ")),
        }
    }

    fn change(&mut self, code: &str, change: LocationChange) {
        let location = self.reference.location_by_code(code).unwrap().id;
        let update = UpdateLocation {
            location,
            expected: None,
            change,
        };
        self.give(Command::UpdateLocation(update)).unwrap();
    }
}

pub(crate) fn publishing(rule_set: RuleSetId, number: u32) -> Command {
    Command::PublishRules(PublishRules {
        rule_set,
        expected: None,
        number,
        from: None,
    })
}

fn check(script: &str) -> Desk {
    let mut desk = Desk::new();
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        desk.rule_step(&line.split_whitespace().collect::<Vec<_>>());
    }
    desk
}

/// A and B near, C far, in another country; `tail` after that.
pub(crate) fn three(tail: &str) -> Desk {
    check(&format!(
        "
        sku A
        sku H
        tag sku H hazmat
        location BER DE 10115
        location HAM DE 20095
        location PAR FR 75001
        tag location HAM store
        receive A@BER 5
        receive A@HAM 5
        receive A@PAR 9
        receive H@HAM 5
        receive H@PAR 5
        {tail}
    "
    ))
}

#[test]
fn without_rules_the_nearest_ships() {
    three("order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2");
}

#[test]
fn filters_keep_locations_out() {
    three(
        r#"
        rules "filters":[{"name":"no Berlin","drop":"location.code == 'BER'"}]
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax2
    "#,
    );
    three(
        r#"
        rules "filters":[{"name":"France","keep":"location.country == 'FR'"}]
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax2
    "#,
    );
}

#[test]
fn a_filter_may_be_about_some_lines_only() {
    three(
        r#"
        rules "filters":[{"name":"no hazmat in stores","drop":"'store' in location.tags","lines":"'hazmat' in line.tags"},{"name":"no Berlin","drop":"location.code == 'BER'"}]
        order O1 Hx1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Hx1
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1
    "#,
    );
}

#[test]
fn limits_on_distance_stock_and_days() {
    three(
        r#"
        rules "max_distance_m":500000,"keep_stock":4
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1, fulfillment_order.opened HAM Ax1
        order O2 Hx2 -> order.placed, order.confirmed, fulfillment_order.opened HAM Hx1, hold.placed oversold
    "#,
    );
    three(
        r#"
        rules "max_orders_per_day":1
        order O1 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax1
        order O2 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened HAM Ax1
        order O3 Ax1 -> order.placed, order.confirmed, fulfillment_order.opened PAR Ax1
        order O4 Ax1 -> order.placed, order.confirmed, hold.placed oversold
    "#,
    );
}

#[test]
fn tiers_rank_locations() {
    for (tiers, expected) in [
        (r#""distance""#, "BER"),
        (r#""priority""#, "PAR"),
        (r#"{"ranked":["HAM","PAR"]}"#, "HAM"),
        (r#"{"number":"location.country == 'FR' ? 0 : 1"}"#, "PAR"),
        (r#""out_of_market",{"ranked":["PAR","HAM"]}"#, "HAM"),
        (r#"{"unit_rank":{"ranked":["HAM"]}}"#, "HAM"),
        (r#"{"unit_rank":"priority"}"#, "PAR"),
    ] {
        three(&format!(
            r#"
            priority BER 3
            priority HAM 2
            priority PAR 1
            rules "tiers":[{tiers}]
            order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened {expected} Ax2
        "#
        ));
    }
}

#[test]
fn a_unit_rank_takes_what_the_first_has_however_often_that_splits() {
    three(
        r#"
        rules "tiers":[{"unit_rank":{"ranked":["HAM","BER","PAR"]}}]
        order O1 Ax7 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2, fulfillment_order.opened HAM Ax5
    "#,
    );
}

#[test]
fn orders_are_split_only_as_far_as_rules_let_them() {
    for (split, expected) in [
        (
            r#""filters":[{"name":"near","drop":"location.country == 'FR'"}],"#,
            "fulfillment_order.opened BER Ax5, fulfillment_order.opened HAM Ax5 Hx1",
        ),
        (
            r#""split":{"max_shipments":1},"#,
            "fulfillment_order.opened PAR Ax9 Hx1, hold.placed oversold",
        ),
        (
            r#""split":{"whole_lines":true},"filters":[{"name":"near","drop":"location.country == 'FR'"}],"#,
            "fulfillment_order.opened HAM Hx1, hold.placed oversold",
        ),
        (
            r#""split":{"whole_order":true},"filters":[{"name":"near","drop":"location.country == 'FR'"}],"#,
            "hold.placed oversold, hold.placed oversold",
        ),
        // Each unit is worth 10 EUR: the two shipments 50 and 60.
        (
            r#""split":{"min_value":{"amount":5000,"currency":"EUR"}},"filters":[{"name":"near","drop":"location.country == 'FR'"}],"#,
            "fulfillment_order.opened BER Ax5, fulfillment_order.opened HAM Ax5 Hx1",
        ),
        (
            r#""split":{"min_value":{"amount":5500,"currency":"EUR"}},"filters":[{"name":"near","drop":"location.country == 'FR'"}],"#,
            "fulfillment_order.opened HAM Ax5 Hx1, hold.placed oversold",
        ),
    ] {
        three(&format!(
            r#"
            rules {split}"terms":[]
            order O1 Ax10 Hx1 -> order.placed, order.confirmed, {expected}
        "#
        ));
    }
}

#[test]
fn steps_are_asked_in_turn_for_what_is_left() {
    three(
        r#"
        steps {"steps":[
            {"name":"warehouse","filters":[{"name":"Berlin","keep":"location.code == 'BER'"}],"keep_stock":2},
            {"name":"abroad","filters":[{"name":"France","keep":"location.country == 'FR'"}]}]}
        order O1 Ax4 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3, fulfillment_order.opened PAR Ax1
    "#
        .replace('\n', " ")
        .replace("order O1", "\norder O1")
        .as_str(),
    );
    three(
        &r#"
        steps {"steps":[
            {"name":"one parcel","take":"all_or_nothing","filters":[{"name":"Berlin","keep":"location.code == 'BER'"}]},
            {"name":"business","when":"customer.business","filters":[{"name":"Hamburg","keep":"location.code == 'HAM'"}]},
            {"name":"abroad","filters":[{"name":"France","keep":"location.country == 'FR'"}]}]}
        order O1 Ax5 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax5"#
            .replace('\n', " ")
            .replace("order O1", "\norder O1"),
    );
}

#[test]
fn a_later_step_counts_what_earlier_ones_took_and_may_ask_the_same_location() {
    three(
        &r#"
        steps {"steps":[
            {"name":"kept","filters":[{"name":"Berlin","keep":"location.code == 'BER'"}],"keep_stock":2},
            {"name":"all","filters":[{"name":"Berlin","keep":"location.code == 'BER'"}]}]}
        order O1 Ax6 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax3, fulfillment_order.opened BER Ax2, hold.placed oversold
        cell? A@BER -> on_hand 5 allocated 5 reserved 0"#
            .replace('\n', " ")
            .replace("order O1", "\norder O1")
            .replace("cell?", "\ncell?"),
    );
}

#[test]
fn what_no_step_places_goes_as_the_rules_say() {
    let nowhere = r#"[{"name":"n","filters":[{"name":"none","drop":"true"}]}]"#;
    for (otherwise, expected) in [
        (r#""default""#, "hold.placed oversold"),
        (r#""backorder""#, "order.backordered"),
        (r#""cancel_line""#, "order.lines_canceled, order.canceled"),
        (r#""ask_person""#, "hold.placed nolocation"),
        (r#"{"queue":{"retry_minutes":30}}"#, "hold.placed queued"),
    ] {
        three(&format!(
            r#"
            steps {{"steps":{nowhere},"otherwise":{otherwise}}}
            order O1 Ax2 -> order.placed, order.confirmed, {expected}
        "#
        ));
    }
    // A step may say so for what it leaves itself, and the next one is not asked.
    three(
        r#"
        steps {"steps":[{"name":"near","max_distance_m":500000,"then":"cancel_line"},{"name":"any"}]}
        order O1 Ax11 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax5, fulfillment_order.opened HAM Ax5, order.lines_canceled
        line? O1/1 -> open 0 backordered 0 allocated 10 canceled 1
    "#,
    );
}

#[test]
fn promises_are_for_locations_that_rules_let_ship() {
    three(
        r#"
        promise Ax2 -> -_-_-_BER
        steps {"steps":[{"name":"b2b","when":"order.channel_kind == 'b2b'"},{"name":"n","filters":[{"name":"not here","drop":"location.code == 'BER'"}],"split":{"max_shipments":1}}]}
        promise Ax2 -> -_-_-_HAM
        promise Ax6 Hx1 -> -_-_-_PAR
        promise Ax9 Hx6 -> out_of_stock
    "#,
    );
    three(
        r#"
        steps {"steps":[{"name":"b2b","when":"order.channel_kind == 'b2b'"}]}
        promise Ax2 -> out_of_stock
    "#,
    );
}

#[test]
fn an_order_that_rules_still_keep_back_stays_as_it_is() {
    check(
        r#"
        steps {"steps":[{"name":"all","take":"all_or_nothing"}],"otherwise":{"queue":{"retry_minutes":90}}}
        sku A
        location BER DE 10115
        order O1 Ax9 -> order.placed, order.confirmed, hold.placed queued
        receive A@BER 1
        review O1 -> nothing
        receive A@BER 8
        review O1 -> hold.released, fulfillment_order.opened BER Ax9
        "#,
    );
}

#[test]
fn a_queued_order_is_tried_again_after_its_time_and_when_stock_comes() {
    three(
        r#"
        steps {"steps":[{"name":"morning","filters":[{"name":"hours","keep":"local.hour >= 12"}]}],"otherwise":{"queue":{"retry_minutes":90}}}
        order O1 Ax2 -> order.placed, order.confirmed, hold.placed queued
        review O1 -> nothing
        wait 1800
        review O1 -> nothing
        wait 3600
        review O1 -> hold.released, fulfillment_order.opened BER Ax2
    "#,
    );
    check(
        r#"
        sku A
        location BER DE 10115
        steps {"steps":[{"name":"any"}],"otherwise":{"queue":{"retry_minutes":90}}}
        order O1 Ax2 -> order.placed, order.confirmed, hold.placed queued
        review O1 -> nothing
        receive A@BER 1
        review O1 -> hold.released, fulfillment_order.opened BER Ax1, hold.placed queued
        wait 5400
        review O1 -> hold.released, hold.placed queued
    "#,
    );
}

#[test]
fn hard_filters_bind_backorders_that_could_be_lifted() {
    check(
        r#"
        sku A backorder 10
        location BER DE 10115
        location PAR FR 75001
        rules "filters":[{"name":"home","keep":"location.country == order.country"}]
        order O1 Ax2 -> order.placed, order.confirmed, order.backordered
        receive A@PAR 5
        review O1 -> nothing
        receive A@BER 1
        review O1 -> order.backorder_lifted, fulfillment_order.opened BER Ax1
    "#,
    );
}

#[test]
fn terms_of_money_move_orders_between_locations() {
    let rates = "
            rates standard from BER days 1 5000:500
            rates standard from HAM days 1 5000:501
            rates standard from PAR days 1 5000:502";
    for (term, expected) in [
        (r#""amount":0,"per":"shipment","at":"true""#, "BER"),
        (
            r#""amount":2,"per":"shipment","at":"location.code == 'BER'""#,
            "HAM",
        ),
        (
            r#""amount":-3,"per":"shipment","at":"location.code == 'PAR'""#,
            "PAR",
        ),
        (
            r#""amount":2,"per":"unit","at":"location.code != 'PAR'""#,
            "PAR",
        ),
        (
            r#""amount":2,"per":"unit","lines":"'hazmat' in line.tags","at":"location.code != 'PAR'""#,
            "BER",
        ),
        (
            r#""amount":3,"per":"line","at":"location.code == 'BER'""#,
            "HAM",
        ),
        // Without a promise nothing is late.
        (
            r#""amount":500,"per":"late_day","at":"location.code == 'BER'""#,
            "BER",
        ),
    ] {
        three(&format!(
            r#"
            {rates}
            rules "terms":[{{"name":"t","currency":"EUR",{term}}}]
            order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened {expected} Ax2
        "#
        ));
    }
    // Other currencies do not count, and no bonus makes a shipment cost less than nothing.
    three(&format!(
        r#"
        {rates}
        rules "terms":[{{"name":"t","currency":"USD","amount":900,"per":"shipment","at":"location.code == 'BER'"}}]
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
    "#
    ));
    three(&format!(
        r#"
        {rates}
        rules "terms":[{{"name":"t","currency":"EUR","amount":-99999,"per":"shipment","at":"location.code == 'BER'"}}]
        order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2
    "#
    ));
}

#[test]
fn a_decision_names_its_rules_and_what_kept_locations_out() {
    let mut desk = three("");
    let set = desk.publish(
        "web",
        ScopeDraft::default(),
        rules(
            r#"{"steps":[{"name":"skipped","when":"false"},{"name":"s","max_distance_m":500000,
               "filters":[{"name":"no store","drop":"'store' in location.tags"}]}]}"#,
        ),
    );
    desk.play("order O1 Ax2 -> order.placed, order.confirmed, fulfillment_order.opened BER Ax2");
    let made = desk.world.into_changes().decisions;
    let decision: Decision = serde_json::from_str(&made.last().unwrap().body).unwrap();
    let used = decision.rules.unwrap();
    assert_eq!((used.set.0, used.version, used.step), (set.to_u128(), 1, 1));
    let reasons: Vec<Reason> = decision.excluded.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [Reason::Rule(0), Reason::Rule(1_000)]);
    assert_eq!(decision.replay(), Ok(decision.solution.clone()));
}
