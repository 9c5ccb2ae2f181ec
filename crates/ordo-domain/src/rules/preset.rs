//! Rules that choose as other products do, to begin with or to compare with.
//!
//! Each is what that product's rule says in words, as steps of ours; tests hold them against plain
//! programs of the same words.

use crate::rules::body::{Filter, Otherwise, Rank, Rules, Split, Step, Take, Tier};
use crate::rules::expr::Condition;

/// A preset as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its name for programs.
    pub code: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// What it says.
    pub rules: Rules,
}

/// A rule of Shopify's order routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RankedRule {
    /// As few shipments as possible.
    FewestSplits,
    /// From the buyer's country.
    StayInMarket,
    /// By a list of locations' codes.
    Ranked(Vec<String>),
    /// The nearest. Always the last, whether it is named or not.
    Closest,
}

/// A rule of a HotWax brokering run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryRule {
    /// Its name.
    pub name: String,
    /// The facility group: locations with this tag; all where absent.
    pub group: Option<String>,
    /// The farthest that a facility may be, in meters.
    pub proximity_m: Option<i64>,
    /// Units that brokering leaves at each facility.
    pub safety_stock: i64,
    /// Orders that a facility gets per day.
    pub order_limit: Option<i64>,
    /// Which facility is asked first.
    pub sort: Sort,
    /// Whether the order may be split over facilities.
    pub may_split: bool,
    /// What becomes of what is left; the next rule's turn where absent.
    pub unfilled: Option<Otherwise>,
}

/// How an inventory rule sorts its facilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The nearest first.
    Proximity,
    /// The one with most inventory of what is asked first, the nearest of those with as much.
    Inventory,
}

/// All presets. `ranked` are the locations' codes for those that need a list of them.
#[must_use]
pub fn presets(ranked: &[String]) -> Vec<Preset> {
    let preset = |code, about, rules| Preset { code, about, rules };
    let shopify = [
        RankedRule::FewestSplits,
        RankedRule::StayInMarket,
        RankedRule::Ranked(ranked.to_vec()),
        RankedRule::Closest,
    ];
    let inventory = |name: &str, group: &str, may_split| InventoryRule {
        name: name.to_owned(),
        group: Some(group.to_owned()),
        proximity_m: None,
        safety_stock: 0,
        order_limit: None,
        sort: Sort::Proximity,
        may_split,
        unfilled: None,
    };
    let hotwax = [
        inventory("warehouses, whole", "warehouse", false),
        InventoryRule {
            proximity_m: Some(100_000),
            safety_stock: 1,
            order_limit: Some(50),
            ..inventory("stores nearby, whole", "store", false)
        },
        InventoryRule {
            group: None,
            unfilled: Some(Otherwise::Queue { retry_minutes: 60 }),
            ..inventory("anywhere, split", "", true)
        },
    ];
    let by_inventory = hotwax.clone().map(|rule| InventoryRule {
        sort: Sort::Inventory,
        ..rule
    });
    vec![
        preset(
            "cheapest",
            "The cheapest plan: what happens without rules, to add filters and terms to.",
            Rules {
                steps: vec![step("cheapest")],
                otherwise: Otherwise::Default,
            },
        ),
        preset(
            "fewest_splits",
            "As few shipments as possible, then the nearest locations.",
            fewest_splits(),
        ),
        preset(
            "nearest",
            "The nearest location that has everything, else each unit from the nearest that has it.",
            one_else_each(&Rank::Distance),
        ),
        preset(
            "priority",
            "The first location by priority that has everything, else each unit from the first that has it.",
            one_else_each(&Rank::Priority),
        ),
        preset(
            "magento_priority",
            "Each unit from the first source by priority that has it, as Magento's source selection.",
            each(Rank::Priority),
        ),
        preset(
            "magento_distance",
            "Each unit from the nearest source that has it, as Magento's source selection.",
            each(Rank::Distance),
        ),
        preset(
            "shopify_ranked",
            "Fewest splits, within the market, by the list, the closest last, as Shopify's order routing.",
            ranked_rules(&shopify),
        ),
        preset(
            "hotwax_run",
            "Inventory rules in turn, by tags as facility groups: whole from warehouses, whole from stores \
             nearby, split from anywhere, else queued, as a HotWax brokering run.",
            brokering_run(&hotwax),
        ),
        preset(
            "hotwax_run_by_inventory",
            "The same run, asking first whoever has most of what is ordered, as a HotWax brokering run \
             that sorts by inventory.",
            brokering_run(&by_inventory),
        ),
    ]
}

/// As few shipments as possible, then the least distance, then each unit from the nearest of the
/// locations that ship.
#[must_use]
pub fn fewest_splits() -> Rules {
    tiers(vec![
        Tier::Shipments,
        Tier::Distance,
        Tier::UnitRank(Rank::Distance),
    ])
}

/// Each unit from the first location in `rank` that has it.
#[must_use]
pub fn each(rank: Rank) -> Rules {
    tiers(vec![Tier::UnitRank(rank)])
}

/// The first location in `rank` that has everything; where none has, each unit from the first that
/// has it.
#[must_use]
pub fn one_else_each(rank: &Rank) -> Rules {
    let whole = Step {
        split: whole_order(),
        tiers: vec![Tier::UnitRank(rank.clone())],
        take: Take::AllOrNothing,
        ..step("all from one location")
    };
    let split = Step {
        tiers: vec![Tier::UnitRank(rank.clone())],
        ..step("each unit for itself")
    };
    Rules {
        steps: vec![whole, split],
        otherwise: Otherwise::Default,
    }
}

/// Rules in the order of their importance, of which a later one decides only between plans that are
/// equal by all earlier ones.
#[must_use]
pub fn ranked_rules(rules: &[RankedRule]) -> Rules {
    let named = rules.iter().filter_map(|rule| match rule {
        RankedRule::FewestSplits => Some(Tier::Shipments),
        RankedRule::StayInMarket => Some(Tier::OutOfMarket),
        // A list of nobody ranks nobody.
        RankedRule::Ranked(codes) => (!codes.is_empty()).then(|| Tier::Ranked(codes.clone())),
        RankedRule::Closest => None,
    });
    let closest = [Tier::Distance, Tier::UnitRank(Rank::Distance)];
    tiers(named.chain(closest).collect())
}

/// Inventory rules in turn.
#[must_use]
pub fn brokering_run(run: &[InventoryRule]) -> Rules {
    let steps = run.iter().map(|rule| {
        let group = rule.group.as_ref().map(|tag| Filter {
            name: format!("facility group {tag}"),
            keep: Some(Condition::read(&format!(
                "{} in location.tags",
                quoted(tag)
            ))),
            ..Filter::default()
        });
        Step {
            filters: group.into_iter().collect(),
            max_distance_m: rule.proximity_m,
            keep_stock: rule.safety_stock,
            max_orders_per_day: rule.order_limit,
            tiers: match rule.sort {
                Sort::Proximity => vec![Tier::UnitRank(Rank::Distance)],
                Sort::Inventory => vec![
                    Tier::UnitRank(Rank::MostAvailable),
                    Tier::UnitRank(Rank::Distance),
                ],
            },
            split: match rule.may_split {
                true => Split::default(),
                false => whole_order(),
            },
            then: rule.unfilled,
            ..step(&rule.name)
        }
    });
    Rules {
        steps: steps.collect(),
        otherwise: Otherwise::Default,
    }
}

/// A text as CEL writes it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

fn tiers(tiers: Vec<Tier>) -> Rules {
    let step = Step {
        tiers,
        ..step("best plan")
    };
    Rules {
        steps: vec![step],
        otherwise: Otherwise::Default,
    }
}

fn step(name: &str) -> Step {
    Step {
        name: name.to_owned(),
        ..Step::default()
    }
}

fn whole_order() -> Split {
    Split {
        whole_order: true,
        ..Split::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_saved_and_is_known_by_its_code() {
        let ranked = ["BER".to_owned(), "O'Hare \\ 1".to_owned()];
        let mut codes: Vec<&str> = Vec::new();
        for preset in presets(&ranked).into_iter().chain(presets(&[])) {
            preset.rules.must_be_sound("").expect(preset.code);
            codes.push(preset.code);
        }
        codes.truncate(codes.len() / 2);
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(
            !brokering_run(&[InventoryRule {
                name: "tag".to_owned(),
                group: Some("it's \\ odd".to_owned()),
                proximity_m: None,
                safety_stock: 0,
                order_limit: None,
                sort: Sort::Proximity,
                may_split: true,
                unfilled: None,
            }])
            .steps
            .is_empty()
        );
    }
}
