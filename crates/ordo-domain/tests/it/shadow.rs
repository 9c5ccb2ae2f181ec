//! Versions of rules that run in the shadow of those that count.

use ordo_domain::Command;
use ordo_domain::rules::{DraftRules, ShadowRules};

use crate::desk::Desk;
use crate::rules::{publishing, rules};

#[test]
fn a_version_runs_in_the_shadow_until_it_counts() {
    let mut desk = Desk::new();
    desk.live_through_rules();
    let set = |desk: &Desk| desk.reference.rule_sets().next().unwrap().clone();
    let rule_set = set(&desk).id;
    let shadow = |number, on| {
        Command::ShadowRules(ShadowRules {
            rule_set,
            expected: None,
            number,
            on,
        })
    };
    let shadows = |desk: &Desk| -> Vec<u32> {
        let running = set(desk);
        let numbers = running.in_shadow(desk.now).map(|(number, _)| number);
        numbers.collect()
    };
    // The second version was put there; the first one has counted and was taken back.
    assert_eq!(shadows(&desk), [2]);
    assert_eq!(desk.short(shadow(2, true)), ["nothing"]);
    assert_eq!(desk.short(shadow(1, true)), ["no: rule_version_state"]);
    assert_eq!(desk.short(shadow(9, true)), ["no: not_found"]);
    // A changed draft goes on running; an end is an end.
    desk.give(Command::DraftRules(DraftRules {
        rule_set,
        expected: None,
        number: Some(2),
        note: None,
        rules: Box::new(rules(r#"{"steps":[{"name":"other"}]}"#)),
    }))
    .unwrap();
    assert_eq!(shadows(&desk), [2]);
    assert_eq!(desk.short(shadow(2, false)), ["rules.shadowed"]);
    assert!(shadows(&desk).is_empty());
    desk.give(shadow(2, true)).unwrap();
    desk.give(publishing(rule_set, 2)).unwrap();
    assert!(shadows(&desk).is_empty());
    // No more than a few at once.
    for number in 3..=6 {
        desk.give(Command::DraftRules(DraftRules {
            rule_set,
            expected: None,
            number: None,
            note: None,
            rules: Box::new(rules(r#"{"steps":[{"name":"any"}]}"#)),
        }))
        .unwrap();
        let given = desk.short(shadow(number, true));
        match number {
            3..=5 => assert_eq!(given, ["rules.shadowed"]),
            _ => assert_eq!(given, ["no: invalid_input"]),
        }
    }
}
