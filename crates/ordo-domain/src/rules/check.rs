//! What a version must fulfil to be saved; each refusal names its field.

use std::collections::BTreeSet;

use crate::rejection::{Code, FieldProblem, Rejection};
use crate::rules::body::{Filter, Otherwise, Per, Rank, Rules, Split, Step, Term, Tier};
use crate::rules::expr::{Condition, Number, Scope};

/// The most steps.
pub const STEPS_MAX: usize = 20;
/// The most filters of a step.
pub const FILTERS_MAX: usize = 50;
/// The most money terms of a step.
pub const TERMS_MAX: usize = 20;
/// The most tiers of a step, with that of unfilled units.
pub const TIERS_MAX: usize = ordo_sourcing::MAX_TIERS;
/// The most locations of a ranked list.
pub const RANKED_MAX: usize = 1_000;
/// The longest name, in characters.
pub const NAME_MAX: usize = 100;
/// The largest money term, in minor units.
pub const AMOUNT_MAX: i64 = 100_000_000;
/// The longest time until a queued order is tried again: a week.
pub const RETRY_MINUTES_MAX: u32 = 7 * 24 * 60;
/// The most units, meters or shipments of a limit.
const LIMIT_MAX: i64 = 1_000_000_000;

impl Rules {
    /// Refuses what cannot be saved.
    ///
    /// # Errors
    /// Every field at fault, below `field`.
    pub fn must_be_sound(&self, field: &str) -> Result<(), Rejection> {
        let mut found = Findings::default();
        found.within("steps", self.steps.len(), 1..=STEPS_MAX);
        let mut names = BTreeSet::new();
        for (index, step) in self.steps.iter().enumerate() {
            let place = format!("/steps/{index}");
            if !names.insert(step.name.as_str()) {
                found.add(
                    format!("{place}/name"),
                    "is the name of an earlier step too",
                );
            }
            step.check(&place, &mut found);
        }
        self.otherwise.check("/otherwise", &mut found);
        found.finish(field)
    }
}

/// What is wrong, so far.
#[derive(Default)]
struct Findings(Vec<FieldProblem>);

impl Findings {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldProblem {
            field: field.into(),
            message: message.into(),
        });
    }

    fn within(&mut self, name: &str, count: usize, range: std::ops::RangeInclusive<usize>) {
        if !range.contains(&count) {
            let message = format!("must hold {} to {}", range.start(), range.end());
            self.add(format!("/{name}"), message);
        }
    }

    fn name(&mut self, place: &str, name: &str) {
        if name.trim().is_empty() || name.chars().count() > NAME_MAX {
            let message = format!("must have 1 to {NAME_MAX} characters");
            self.add(format!("{place}/name"), message);
        }
    }

    fn number(&mut self, field: String, value: i64, range: std::ops::RangeInclusive<i64>) {
        if !range.contains(&value) {
            let message = format!("must be from {} to {}", range.start(), range.end());
            self.add(field, message);
        }
    }

    fn condition<S: Scope>(&mut self, field: String, condition: Option<&Condition<S>>) {
        if let Some(flaw) = condition.and_then(Condition::flaw) {
            self.add(field, flaw.to_string());
        }
    }

    fn expression<S: Scope>(&mut self, field: String, number: &Number<S>) {
        if let Some(flaw) = number.flaw() {
            self.add(field, flaw.to_string());
        }
    }

    fn ranked(&mut self, field: String, codes: &[String]) {
        let each: BTreeSet<&String> = codes.iter().collect();
        if codes.is_empty() || codes.len() > RANKED_MAX {
            self.add(field, format!("must hold 1 to {RANKED_MAX} codes"));
        } else if each.len() < codes.len() {
            self.add(field, "names a location twice");
        }
    }

    fn finish(self, field: &str) -> Result<(), Rejection> {
        let Some(first) = self.0.first() else {
            return Ok(());
        };
        let mut rejection = Rejection::new(
            Code::InvalidInput,
            format!("{}: {}", first.field, first.message),
        );
        rejection.fields = (self.0.into_iter())
            .map(|problem| FieldProblem {
                field: format!("{field}{}", problem.field),
                ..problem
            })
            .collect();
        Err(rejection)
    }
}

impl Step {
    fn check(&self, place: &str, found: &mut Findings) {
        found.name(place, &self.name);
        found.condition(format!("{place}/when"), self.when.as_ref());
        let at = |name: &str| format!("{}/{name}", &place[1..]);
        found.within(&at("filters"), self.filters.len(), 0..=FILTERS_MAX);
        found.within(&at("terms"), self.terms.len(), 0..=TERMS_MAX);
        for (index, filter) in self.filters.iter().enumerate() {
            filter.check(&format!("{place}/filters/{index}"), found);
        }
        for (index, term) in self.terms.iter().enumerate() {
            term.check(&format!("{place}/terms/{index}"), found);
        }
        let limit = |value: Option<i64>| value.unwrap_or(1);
        found.number(
            format!("{place}/max_distance_m"),
            limit(self.max_distance_m),
            1..=LIMIT_MAX,
        );
        found.number(
            format!("{place}/keep_stock"),
            self.keep_stock,
            0..=LIMIT_MAX,
        );
        let per_day = limit(self.max_orders_per_day);
        found.number(
            format!("{place}/max_orders_per_day"),
            per_day,
            1..=LIMIT_MAX,
        );
        self.check_tiers(place, found);
        self.split.check(&format!("{place}/split"), found);
        if let Some(then) = &self.then {
            then.check(&format!("{place}/then"), found);
        }
    }

    fn check_tiers(&self, place: &str, found: &mut Findings) {
        let names_unfilled = self.tiers.contains(&Tier::UnfilledUnits);
        let count = self.tiers.len() + usize::from(!names_unfilled);
        if !self.tiers.is_empty() && count > TIERS_MAX {
            let message =
                format!("there can be {TIERS_MAX}, with unfilled_units, which always counts");
            found.add(format!("{place}/tiers"), message);
        }
        for (index, tier) in self.tiers.iter().enumerate() {
            let field = format!("{place}/tiers/{index}");
            if self.tiers[..index].contains(tier) {
                found.add(field.clone(), "stands here twice");
            }
            match tier {
                Tier::Ranked(codes) => found.ranked(format!("{field}/ranked"), codes),
                Tier::Number(number) => found.expression(format!("{field}/number"), number),
                Tier::UnitRank(Rank::Ranked(codes)) => {
                    found.ranked(format!("{field}/unit_rank/ranked"), codes);
                }
                Tier::UnitRank(Rank::Number(number)) => {
                    found.expression(format!("{field}/unit_rank/number"), number);
                }
                Tier::UnitRank(Rank::Distance | Rank::Priority | Rank::MostAvailable)
                | Tier::UnfilledUnits
                | Tier::Shipments
                | Tier::Distance
                | Tier::OutOfMarket
                | Tier::Priority => {}
            }
        }
    }
}

impl Filter {
    fn check(&self, place: &str, found: &mut Findings) {
        found.name(place, &self.name);
        if self.keep.is_some() == self.drop.is_some() {
            found.add(place, "must have either keep or drop");
        }
        found.condition(format!("{place}/keep"), self.keep.as_ref());
        found.condition(format!("{place}/drop"), self.drop.as_ref());
        found.condition(format!("{place}/lines"), self.lines.as_ref());
    }
}

impl Term {
    fn check(&self, place: &str, found: &mut Findings) {
        found.name(place, &self.name);
        found.condition(format!("{place}/at"), self.at.as_ref());
        found.condition(format!("{place}/lines"), self.lines.as_ref());
        if self.lines.is_some() && self.per != Per::Unit {
            found.add(format!("{place}/lines"), "needs per to be unit");
        }
        let amount = self.amount.get();
        found.number(format!("{place}/amount"), amount, -AMOUNT_MAX..=AMOUNT_MAX);
    }
}

impl Split {
    fn check(&self, place: &str, found: &mut Findings) {
        let most = self.max_shipments.map_or(1, i64::from);
        found.number(format!("{place}/max_shipments"), most, 1..=1_000);
        if let Some(least) = self.min_value {
            found.number(
                format!("{place}/min_value/amount"),
                least.amount.get(),
                1..=LIMIT_MAX,
            );
        }
    }
}

impl Otherwise {
    fn check(&self, place: &str, found: &mut Findings) {
        match self {
            Self::Queue { retry_minutes } => {
                let field = format!("{place}/queue/retry_minutes");
                let most = i64::from(RETRY_MINUTES_MAX);
                found.number(field, i64::from(*retry_minutes), 1..=most);
            }
            Self::Default | Self::Backorder | Self::CancelLine | Self::AskPerson => {}
        }
    }
}
