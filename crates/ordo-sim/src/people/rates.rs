//! Price lists, what sourcing weighs, and rules: changed while orders come in.

use ordo_domain::Command;
use ordo_domain::edit::Edit;
use ordo_domain::money::Minor;
use ordo_domain::planning::MoveWork;
use ordo_domain::rate::{Area, CreateRateTable, RateTableDraft, Zone};
use ordo_domain::record::Record;
use ordo_domain::rules::preset::presets;
use ordo_domain::rules::{
    CreateRuleSet, DraftRules, PublishRules, RetireRules, RuleSet, ScopeDraft, ShadowRules,
};
use ordo_domain::sourcing::{Penalties, PromiseKind, UpdateSourcingSettings};

use super::Hand;
use crate::shop::LOCATIONS;
use crate::swarm::Trait;

/// Changes what sourcing goes by.
pub async fn change(hand: &mut Hand) {
    let command = match hand.dice.below(8) {
        0..2 => Some(rate_table(hand)),
        2..4 => Some(settings(hand)),
        4 => Some(rule_set(hand)),
        7 => {
            let order = hand.some_order_id();
            let threshold = Minor::new(hand.dice.between(1, 200)).unwrap_or_default();
            order.map(|order| Command::MoveWork(MoveWork { order, threshold }))
        }
        _ => rules(hand),
    };
    if let Some(command) = command {
        hand.ask(command).await;
    }
}

fn rate_table(hand: &mut Hand) -> Command {
    let dice = &mut hand.dice;
    let mut price = || Minor::new(dice.between(100, 3_000));
    let zones = ["DE", "US", "GB", "NZ", "FR"].map(|country| Zone {
        name: country.to_owned(),
        areas: vec![Area {
            country: country.to_owned(),
            postal: None,
        }],
        up_to_m: None,
        transit_days: 2,
        prices: vec![price(), price()],
    });
    let origins = match dice.per_mille(500) {
        true => vec![LOCATIONS[usize::from(dice.per_mille(500))].0.to_owned()],
        false => Vec::new(),
    };
    let table = RateTableDraft {
        code: hand.shop.name("rates").replace(' ', "-"),
        carrier: "house".to_owned(),
        service: "parcel".to_owned(),
        currency: "EUR".parse().expect("a currency"),
        origins,
        zones: zones.to_vec(),
        steps_g: vec![1_000, 20_000],
        mm3_per_g: None,
        surcharges: Vec::new(),
        takes: None,
        valid_from: None,
        valid_until: None,
    };
    let table = Box::new(table);
    Command::CreateRateTable(CreateRateTable { table })
}

/// What sourcing weighs; windows where the simulation has them.
pub fn settings(hand: &mut Hand) -> Command {
    let windows = hand.sim.swarm.has(Trait::Windows);
    let dice = &mut hand.dice;
    let hard = dice.per_mille(300);
    let some = |amount| Minor::new(amount).unwrap_or_default();
    let penalties = Penalties {
        currency: "EUR".parse().expect("a currency"),
        split: some(dice.between(0, 500)),
        late_per_day: some(dice.between(0, 300)),
        unfilled_unit: None,
        declined_line: some(0),
    };
    Command::UpdateSourcingSettings(UpdateSourcingSettings {
        expected: None,
        promise: Some(match hard {
            true => PromiseKind::Hard,
            false => PromiseKind::Soft,
        }),
        default_weight_g: Some(dice.between(1, 2_000)),
        penalties: Some(vec![penalties]),
        duties: None,
        prices: Edit::Keep,
        together_s: windows.then(|| dice.between(0, 5)),
        look_again_min: windows.then(|| dice.between(0, 2)),
        look_again_saving: Some(some(dice.between(1, 100))),
        refusals_max: Edit::Set(u16::try_from(dice.between(1, 20)).unwrap_or(1)),
    })
}

fn rule_set(hand: &mut Hand) -> Command {
    let ranked = vec![hand.some_location(), hand.some_location()];
    let offered = presets(&ranked);
    let at = usize::try_from(hand.dice.below(offered.len() as u64)).unwrap_or(0);
    let rules = offered[at].rules.clone();
    Command::CreateRuleSet(CreateRuleSet {
        code: hand.shop.name("rules").replace(' ', "-"),
        name: None,
        scope: ScopeDraft::default(),
        priority: hand.dice.between(0, 5),
        note: None,
        rules: Box::new(rules),
    })
}

fn rules(hand: &mut Hand) -> Option<Command> {
    let set: RuleSet = hand.some_record(RuleSet::KIND)?;
    let number = set.versions.last().map_or(1, |version| version.number);
    let rule_set = set.id;
    Some(match hand.dice.below(5) {
        0..2 => Command::PublishRules(PublishRules {
            rule_set,
            expected: None,
            number,
            from: None,
        }),
        2 => Command::RetireRules(RetireRules {
            rule_set,
            expected: None,
            number,
        }),
        3 => Command::ShadowRules(ShadowRules {
            rule_set,
            expected: None,
            number,
            on: hand.dice.per_mille(500),
        }),
        _ => {
            let ranked = vec![hand.some_location()];
            let rules = presets(&ranked).remove(0).rules;
            Command::DraftRules(DraftRules {
                rule_set,
                expected: None,
                number: None,
                note: None,
                rules: Box::new(rules),
            })
        }
    })
}
