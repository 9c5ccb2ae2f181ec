//! Sourcing rules in words: each step as sentences, each with the place in the rules that it tells of.

use ordo_domain::money::{Minor, Money};
use ordo_domain::rules::Rules;
use ordo_domain::rules::body::{Filter, Otherwise, Per, Rank, Split, Step, Take, Term, Tier};

use crate::pages::words;

/// A step, told.
pub struct StepTold {
    /// Its name.
    pub name: String,
    /// Where it stands, as a JSON pointer.
    pub at: String,
    /// What it says.
    pub says: Vec<Said>,
}

/// A sentence.
pub struct Said {
    /// What it tells of, as a JSON pointer.
    pub at: String,
    /// Its words, and the conditions in them.
    pub parts: Vec<Part>,
}

/// A part of a sentence.
pub enum Part {
    /// Words.
    Text(String),
    /// A condition as it is written.
    Code(String),
}

impl Said {
    /// The sentence without anything that a page adds.
    pub fn plain(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Code(code) => format!("`{code}`"),
        };
        self.parts.iter().map(part).collect()
    }
}

/// Every step in words.
pub fn steps(rules: &Rules) -> Vec<StepTold> {
    let steps = rules.steps.iter().enumerate();
    steps
        .map(|(index, step)| {
            let at = format!("/steps/{index}");
            StepTold {
                name: step.name.clone(),
                says: of_step(step, &at),
                at,
            }
        })
        .collect()
}

/// What becomes of what no step places.
pub fn otherwise(rules: &Rules) -> String {
    format!("What no step places is {}.", becomes_of(rules.otherwise))
}

/// The rules as lines, to be compared.
pub fn lines(rules: &Rules) -> Vec<String> {
    let mut lines = Vec::new();
    for (nth, step) in (1..).zip(steps(rules)) {
        lines.push(format!("{nth}. {}", step.name));
        lines.extend(step.says.iter().map(Said::plain));
    }
    lines.push(otherwise(rules));
    lines
}

fn of_step(step: &Step, at: &str) -> Vec<Said> {
    let mut told = Told {
        at,
        says: Vec::new(),
    };
    if let Some(when) = &step.when {
        told.say(
            "when",
            [
                "Only for orders where ".into(),
                code(when.text()),
                ".".into(),
            ],
        );
    }
    for (index, filter) in step.filters.iter().enumerate() {
        told.say(&format!("filters/{index}"), of_filter(filter));
    }
    if let Some(most) = step.max_distance_m {
        let far = distance(most);
        told.say(
            "max_distance_m",
            [format!("No location farther than {far}.").into()],
        );
    }
    if step.keep_stock > 0 {
        let units = count(step.keep_stock, "unit");
        let says = format!("Beside the safety stock, each location keeps {units} of each SKU.");
        told.say("keep_stock", [says.into()]);
    }
    if let Some(most) = step.max_orders_per_day {
        let shipments = count(most, "shipment");
        told.say(
            "max_orders_per_day",
            [format!("At most {shipments} a day from each location.").into()],
        );
    }
    for (index, term) in step.terms.iter().enumerate() {
        told.say(&format!("terms/{index}"), of_term(term));
    }
    told.say("tiers", of_tiers(&step.tiers));
    for says in of_split(&step.split) {
        told.say("split", [says.into()]);
    }
    match step.take {
        Take::WhatItCan => {}
        Take::AllOrNothing => {
            told.say("take", ["It takes all that is left, or nothing.".into()]);
        }
    }
    if let Some(then) = step.then {
        let says = format!("What it leaves is {}.", becomes_of(then));
        told.say("then", [says.into()]);
    }
    told.says
}

/// Sentences on a step.
struct Told<'a> {
    at: &'a str,
    says: Vec<Said>,
}

impl Told<'_> {
    fn say(&mut self, field: &str, parts: impl IntoIterator<Item = Part>) {
        self.says.push(Said {
            at: format!("{}/{field}", self.at),
            parts: parts.into_iter().collect(),
        });
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

fn code(text: &str) -> Part {
    Part::Code(text.to_owned())
}

fn of_filter(filter: &Filter) -> Vec<Part> {
    let mut parts = vec![format!("“{}”: ", filter.name).into()];
    if let Some(lines) = &filter.lines {
        parts.extend(["of lines where ".into(), code(lines.text()), " ".into()]);
    }
    match (&filter.keep, &filter.drop) {
        (Some(keep), _) => {
            let only = "only locations ship of which ";
            parts.extend([only.into(), code(keep.text()), " is true.".into()]);
        }
        (None, Some(drop)) => {
            let none = "no location ships of which ";
            parts.extend([none.into(), code(drop.text()), " is true.".into()]);
        }
        (None, None) => parts.push("every location may ship.".into()),
    }
    parts
}

fn of_term(term: &Term) -> Vec<Part> {
    let money = |cents: i64| {
        let amount = Minor::new(cents).unwrap_or_default();
        words::money(Money {
            amount,
            currency: term.currency,
        })
    };
    let each = match term.per {
        Per::Shipment => "each shipment",
        Per::Line => "each line of a shipment",
        Per::Unit => "each unit",
        Per::LateDay => "each day after the promised one",
    };
    let mut parts = vec![format!("“{}”: {each}", term.name).into()];
    if let Some(lines) = &term.lines {
        parts.extend([" of lines where ".into(), code(lines.text())]);
    }
    if let Some(at) = &term.at {
        let from = " from locations of which ";
        parts.extend([from.into(), code(at.text()), " is true".into()]);
    }
    parts.push(match term.amount.get() {
        less @ ..0 => format!(" costs {} less.", money(-less)).into(),
        more => format!(" costs {} more.", money(more)).into(),
    });
    parts
}

fn of_tiers(tiers: &[Tier]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for tier in tiers {
        parts.push(match parts.is_empty() {
            true => "Of all plans the one with ".into(),
            false => ", then ".into(),
        });
        match tier {
            Tier::UnfilledUnits => parts.push("the fewest units left unshipped".into()),
            Tier::Shipments => parts.push("the fewest shipments".into()),
            Tier::Distance => parts.push("the shortest way".into()),
            Tier::OutOfMarket => parts.push("the fewest shipments from another country".into()),
            Tier::Priority => parts.push("the smallest priorities of locations".into()),
            Tier::Ranked(codes) => {
                parts.push(format!("the first places in the list {}", list(codes)).into())
            }
            Tier::Number(number) => parts.extend(["the smallest ".into(), code(number.text())]),
            Tier::UnitRank(rank) => {
                parts.push("each unit from the first location that has it, ".into());
                match rank {
                    Rank::Distance => parts.push("nearest first".into()),
                    Rank::Priority => parts.push("smallest priority first".into()),
                    Rank::MostAvailable => parts.push("most on offer first".into()),
                    Rank::Ranked(codes) => {
                        parts.push(format!("in the order {}", list(codes)).into())
                    }
                    Rank::Number(number) => {
                        parts.extend(["by the smallest ".into(), code(number.text())]);
                    }
                }
            }
        }
    }
    parts.push(match parts.is_empty() {
        true => "The cheapest plan; without rates the fewest shipments, then the nearest.".into(),
        false => "; then the cheapest.".into(),
    });
    parts
}

fn of_split(split: &Split) -> Vec<String> {
    let mut says = Vec::new();
    if split.whole_order {
        says.push("Everything leaves from one location, or nothing does.".to_owned());
    }
    if let Some(most) = split.max_shipments {
        let most = count(i64::from(most), "shipment");
        says.push(format!("At most {most}."));
    }
    if split.whole_lines {
        says.push("No line is split.".to_owned());
    }
    if let Some(least) = split.min_value {
        let least = words::money(least);
        says.push(format!(
            "Of several shipments each holds goods of at least {least}."
        ));
    }
    says
}

/// What becomes of the rest.
fn becomes_of(otherwise: Otherwise) -> String {
    match otherwise {
        Otherwise::Default => {
            "backordered as far as its SKU's policy goes, else held as oversold".to_owned()
        }
        Otherwise::Queue { retry_minutes } => {
            let minutes = count(i64::from(retry_minutes), "minute");
            format!("queued, and tried again when stock comes or after {minutes}")
        }
        Otherwise::Backorder => "backordered, whatever its SKU's policy".to_owned(),
        Otherwise::CancelLine => "canceled".to_owned(),
        Otherwise::AskPerson => "held until a person has looked".to_owned(),
    }
}

/// A list of codes, cut where nobody would read on.
fn list(codes: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = codes.iter().take(SHOWN).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    match codes.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn count(number: i64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn distance(meters: i64) -> String {
    match meters % 1_000 {
        0 => format!("{} km", meters / 1_000),
        _ => format!("{meters} m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_sentence_by_sentence_with_its_places() {
        let rules: Rules = serde_json::from_str(
            r#"{"steps": [{"name": "near", "when": "order.units > 1",
                 "filters": [{"name": "shops", "drop": "location.kind == 'store'", "lines": "'x' in line.tags"}],
                 "max_distance_m": 1500, "keep_stock": 1, "max_orders_per_day": 2,
                 "terms": [{"name": "fee", "amount": -150, "currency": "EUR", "per": "unit",
                            "at": "location.code == 'B'"}],
                 "tiers": ["shipments", {"unit_rank": {"ranked": ["B", "C"]}}],
                 "split": {"max_shipments": 2, "whole_lines": true},
                 "take": "all_or_nothing", "then": {"queue": {"retry_minutes": 60}}},
                {"name": "any"}], "otherwise": "ask_person"}"#,
        )
        .unwrap();
        assert_eq!(
            lines(&rules).join("\n"),
            "1. near\n\
             Only for orders where `order.units > 1`.\n\
             “shops”: of lines where `'x' in line.tags` no location ships of which `location.kind == 'store'` is true.\n\
             No location farther than 1500 m.\n\
             Beside the safety stock, each location keeps 1 unit of each SKU.\n\
             At most 2 shipments a day from each location.\n\
             “fee”: each unit from locations of which `location.code == 'B'` is true costs 1.50 EUR less.\n\
             Of all plans the one with the fewest shipments, then each unit from the first location that has it, in the order B, C; then the cheapest.\n\
             At most 2 shipments.\n\
             No line is split.\n\
             It takes all that is left, or nothing.\n\
             What it leaves is queued, and tried again when stock comes or after 60 minutes.\n\
             2. any\n\
             The cheapest plan; without rates the fewest shipments, then the nearest.\n\
             What no step places is held until a person has looked."
        );
        let told = steps(&rules);
        assert_eq!(told[0].says[1].at, "/steps/0/filters/0");
        assert_eq!(
            (told[1].at.as_str(), told[1].says[0].at.as_str()),
            ("/steps/1", "/steps/1/tiers")
        );
    }
}
