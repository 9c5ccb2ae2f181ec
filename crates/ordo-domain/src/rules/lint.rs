//! Says what is odd about rules: what can never happen, what says the same twice or the opposite, and
//! what did nothing for the orders of late.
//!
//! What is found does not keep rules from being saved: it may be meant.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::catalog::Sku;
use crate::money::Currency;
use crate::network::place::distance_m;
use crate::network::{Location, Place};
use crate::order::Order;
use crate::reference::Reference;
use crate::rules::body::{Filter, Rank, Rules, Step, Tier};
use crate::rules::expr::{Condition, OfLocation, Scope};
use crate::rules::facts::{LineFacts, LocationFacts, OrderFacts, Subject};
use crate::sourcing::{Guide, Taken, Wanted, line_facts, order_facts};

/// The most orders that are looked at.
pub const ORDERS_MAX: usize = 500;
/// Orders of so many days are looked at.
pub const DAYS: i64 = 30;

/// Something odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RuleWarning))]
pub struct Warning {
    /// What sort of thing it is.
    pub kind: WarningKind,
    /// Where, as a JSON pointer into the rules.
    pub at: String,
    /// What is odd, in a sentence.
    pub message: String,
}

/// What sort of thing is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RuleWarningKind))]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// A step is never asked.
    Unreachable,
    /// Something earlier does the same or more.
    Shadowed,
    /// Two things cannot both hold, or something never can.
    Contradictory,
    /// A code names nothing.
    Unknown,
    /// It did nothing for any of the orders looked at.
    MatchesNothing,
    /// It leaves no location for some of the orders looked at.
    ExcludesAll,
    /// It could not be computed for some of the orders looked at.
    Fails,
    /// Leaving units unshipped costs less than shipping them.
    UnfilledTooCheap,
}

/// An order of late, with what of it could be sourced.
pub struct Recent<'a> {
    order: &'a Order,
    wanted: Vec<Wanted>,
}

/// What is odd about rules whatever the orders are.
#[must_use]
pub fn lint(rules: &Rules, reference: &Reference) -> Vec<Warning> {
    let mut found = Found::default();
    for (index, step) in rules.steps.iter().enumerate() {
        let at = format!("/steps/{index}");
        let before = &rules.steps[..index];
        found.reach(&at, step, before);
        found.filters(&at, &step.filters);
        found.terms(&at, step);
        found.tiers(&at, step, reference);
        found.split(&at, step);
    }
    found.penalties(rules, reference);
    found.0
}

/// What is odd about rules given the orders of late. Each is looked at as of when it was placed.
#[must_use]
pub fn lint_recent(rules: &Rules, reference: &Reference, recent: &[Recent]) -> Vec<Warning> {
    let mut found = Found::default();
    if recent.is_empty() {
        return found.0;
    }
    let mut tallies: Vec<Tally> = rules.steps.iter().map(Tally::of).collect();
    let mut nowhere = 0;
    for one in recent {
        let mut has_location = false;
        let order = order_facts(reference, one.order, &one.wanted);
        let lines = line_facts(&one.wanted);
        for (step, tally) in rules.steps.iter().zip(&mut tallies) {
            has_location |= tally.look(step, reference, one, &order, &lines);
        }
        nowhere += usize::from(!has_location);
    }
    for (index, (step, tally)) in rules.steps.iter().zip(&tallies).enumerate() {
        tally.tell(&format!("/steps/{index}"), step, recent.len(), &mut found);
    }
    if nowhere > 0 {
        let share = share(nowhere, recent.len());
        let message = format!("no step leaves a location for {share}");
        found.add(WarningKind::ExcludesAll, "/steps", message);
    }
    found.0
}

impl<'a> Recent<'a> {
    /// An order with those of `skus` that it names; `None` where it names none of them.
    #[must_use]
    pub fn of(order: &'a Order, skus: &[Arc<Sku>]) -> Option<Self> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for line in &order.lines {
            let sku = skus.iter().find(|sku| Some(sku.id) == line.sku);
            let (Some(sku), true) = (sku, line.kind.ships()) else {
                continue;
            };
            match wanted.iter_mut().find(|want| want.sku.id == sku.id) {
                Some(want) => want.quantity += line.ordered.get(),
                None => wanted.push(Wanted {
                    sku: Arc::clone(sku),
                    quantity: line.ordered.get(),
                    value: line.unit_price,
                    together: None,
                }),
            }
        }
        (!wanted.is_empty()).then_some(Self { order, wanted })
    }
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Warning>);

impl Found {
    fn add(&mut self, kind: WarningKind, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Warning {
            kind,
            at: at.into(),
            message: message.into(),
        });
    }

    fn reach(&mut self, at: &str, step: &Step, before: &[Step]) {
        let is_always =
            |step: &Step| (step.when.as_ref()).is_none_or(|when| when.constant() == Some(true));
        if step.when.as_ref().and_then(Condition::constant) == Some(false) {
            let message = "its condition is never true";
            self.add(WarningKind::Unreachable, format!("{at}/when"), message);
        }
        let ends = |earlier: &&Step| {
            let covers = is_always(earlier) || earlier.when == step.when;
            earlier.then.is_some() && covers
        };
        if let Some(earlier) = before.iter().find(ends) {
            let message = format!(
                "the step “{}” is asked before, and says what becomes of all it leaves",
                earlier.name
            );
            self.add(WarningKind::Unreachable, at, message);
        }
        let same = |earlier: &&Step| {
            let as_named = Step {
                name: step.name.clone(),
                ..Step::clone(earlier)
            };
            as_named == *step && earlier.then.is_none()
        };
        if let Some(earlier) = before.iter().find(same) {
            let message = format!("the step “{}” says the same before it", earlier.name);
            self.add(WarningKind::Shadowed, at, message);
        }
    }

    fn filters(&mut self, at: &str, filters: &[Filter]) {
        for (index, filter) in filters.iter().enumerate() {
            let at = format!("{at}/filters/{index}");
            let keep = filter.keep.as_ref().and_then(Condition::constant);
            let drop = filter.drop.as_ref().and_then(Condition::constant);
            if keep == Some(false) || drop == Some(true) {
                let what = match filter.lines {
                    Some(_) => "no location may ever ship these lines",
                    None => "no location may ever ship",
                };
                self.add(WarningKind::Contradictory, at.clone(), what);
            }
            if keep == Some(true) || drop == Some(false) {
                let message = "it keeps no location out";
                self.add(WarningKind::MatchesNothing, at.clone(), message);
            }
            for earlier in &filters[..index] {
                // An earlier filter about all lines does what a later one about some would.
                let covers = earlier.lines.is_none() || earlier.lines == filter.lines;
                if !covers {
                    continue;
                }
                let is = |a: &Option<Condition<OfLocation>>, b: &Option<Condition<OfLocation>>| {
                    a.is_some() && a == b
                };
                if is(&earlier.keep, &filter.keep) || is(&earlier.drop, &filter.drop) {
                    let message = format!("the filter “{}” does the same before it", earlier.name);
                    self.add(WarningKind::Shadowed, at.clone(), message);
                }
                if is(&earlier.keep, &filter.drop) || is(&earlier.drop, &filter.keep) {
                    let message = format!(
                        "it wants the opposite of the filter “{}”, so that no location may ship",
                        earlier.name
                    );
                    self.add(WarningKind::Contradictory, at.clone(), message);
                }
            }
        }
    }

    fn terms(&mut self, at: &str, step: &Step) {
        for (index, term) in step.terms.iter().enumerate() {
            let is_never = term.at.as_ref().and_then(Condition::constant) == Some(false)
                || term.lines.as_ref().and_then(Condition::constant) == Some(false);
            if is_never || term.amount.get() == 0 {
                let at = format!("{at}/terms/{index}");
                self.add(
                    WarningKind::MatchesNothing,
                    at,
                    "it never counts for anything",
                );
            }
        }
    }

    fn tiers(&mut self, at: &str, step: &Step, reference: &Reference) {
        for (index, tier) in step.tiers.iter().enumerate() {
            let at = format!("{at}/tiers/{index}");
            let ranked = match tier {
                Tier::Ranked(codes) | Tier::UnitRank(Rank::Ranked(codes)) => codes.as_slice(),
                Tier::UnfilledUnits
                | Tier::Shipments
                | Tier::Distance
                | Tier::OutOfMarket
                | Tier::Priority
                | Tier::Number(_)
                | Tier::UnitRank(_) => &[],
            };
            for code in ranked {
                if reference.location_by_code(code).is_none() {
                    let message = format!("no location has the code {code}");
                    self.add(WarningKind::Unknown, at.clone(), message);
                }
            }
            let is_priority = matches!(tier, Tier::Priority | Tier::UnitRank(Rank::Priority));
            let all_same = || {
                let each: BTreeSet<i64> = reference.locations().map(|at| at.priority).collect();
                each.len() == 1 && reference.locations().count() > 1
            };
            if is_priority && all_same() {
                let message = "all locations have the same priority, so it decides nothing";
                self.add(WarningKind::MatchesNothing, at, message);
            }
        }
    }

    fn split(&mut self, at: &str, step: &Step) {
        let split = &step.split;
        let at = format!("{at}/split");
        let is_one = split.whole_order || split.max_shipments == Some(1);
        if is_one && split.min_value.is_some() {
            let message = "the least value counts for several shipments, of which there are none";
            self.add(WarningKind::Contradictory, at.clone(), message);
        }
        if split.whole_order && (split.whole_lines || split.max_shipments.is_some()) {
            let message = "an order that leaves as a whole is not split in any other way";
            self.add(WarningKind::Shadowed, at.clone(), message);
        }
        if is_one && step.tiers.contains(&Tier::Shipments) {
            let message = "there is one shipment at most, so their number decides nothing";
            self.add(WarningKind::Shadowed, at, message);
        }
    }

    /// A unit that is left costs less than the cheapest parcel that could carry it.
    fn penalties(&mut self, rules: &Rules, reference: &Reference) {
        let money_decides = |step: &Step| step.tiers.is_empty();
        let Some(settings) = reference.sourcing() else {
            return;
        };
        if !rules.steps.iter().any(money_decides) {
            return;
        }
        let currencies: BTreeSet<Currency> = (reference.rate_tables())
            .map(|table| table.currency)
            .collect();
        for currency in currencies {
            let unfilled = settings.penalties(currency).unfilled_unit;
            let prices = (reference.rate_tables())
                .filter(|table| table.currency == currency)
                .flat_map(|table| {
                    table
                        .zones
                        .iter()
                        .flat_map(|zone| zone.prices.iter().flatten())
                });
            let cheapest = prices.min();
            if let (Some(unfilled), Some(cheapest)) = (unfilled, cheapest)
                && unfilled < *cheapest
            {
                let message = format!(
                    "in {} a unit that is not shipped costs {}, less than the cheapest parcel at {}: \
                     single units would stay unshipped",
                    currency.code(),
                    unfilled.get(),
                    cheapest.get()
                );
                self.add(WarningKind::UnfilledTooCheap, "", message);
            }
        }
    }
}

/// What a step did for the orders looked at.
struct Tally {
    asked: usize,
    /// Orders for which each filter kept a location out, and failed.
    filters: Vec<(usize, usize)>,
    /// Orders for which each term counted.
    terms: Vec<usize>,
    /// Orders for which its own condition failed.
    fails: usize,
    nowhere: usize,
}

impl Tally {
    fn of(step: &Step) -> Self {
        Self {
            asked: 0,
            filters: vec![(0, 0); step.filters.len()],
            terms: vec![0; step.terms.len()],
            fails: 0,
            nowhere: 0,
        }
    }

    /// Counts an order; whether the step leaves a location for any of its lines.
    fn look(
        &mut self,
        step: &Step,
        reference: &Reference,
        one: &Recent,
        order: &OrderFacts,
        lines: &[LineFacts],
    ) -> bool {
        let now = one.order.placed_at;
        let subject = Subject::of(order, lines, now);
        self.fails += usize::from(fails(step.when.as_ref(), &subject));
        if !(step.when.as_ref()).is_none_or(|when| when.holds(&subject)) {
            return false;
        }
        self.asked += 1;
        let nowhere = Place::default();
        let to = one.order.ship_to.as_ref().map_or(&nowhere, |to| &to.place);
        let taken = Taken::default();
        let guide = Guide {
            step,
            counts_days: false,
            subject,
            taken: &taken,
        };
        let mut kept_out: Vec<(bool, bool)> = vec![(false, false); step.filters.len()];
        let mut counted = vec![false; step.terms.len()];
        let mut has_location = false;
        for location in reference
            .locations()
            .filter(|at| may_serve(reference, one, at))
        {
            let facts = LocationFacts::of(location, distance_m(&location.place, to), now);
            let here = guide.subject.at(&facts);
            for (slot, filter) in kept_out.iter_mut().zip(&step.filters) {
                slot.0 |= !filter.lets(&here) && filter.is_about(&guide.subject);
                slot.1 |= fails(filter.keep.as_ref(), &here) || fails(filter.drop.as_ref(), &here);
            }
            for (slot, term) in counted.iter_mut().zip(&step.terms) {
                *slot |= term.at.as_ref().is_none_or(|at| at.holds(&here));
            }
            has_location |= guide.lets_any(location, facts.distance_m);
        }
        for (slot, (keeps, fails)) in self.filters.iter_mut().zip(kept_out) {
            slot.0 += usize::from(keeps);
            slot.1 += usize::from(fails);
        }
        for (slot, counts) in self.terms.iter_mut().zip(counted) {
            *slot += usize::from(counts);
        }
        self.nowhere += usize::from(!has_location);
        has_location
    }

    fn tell(&self, at: &str, step: &Step, orders: usize, found: &mut Found) {
        if self.fails > 0 {
            let message = format!("it cannot be computed for {}", share(self.fails, orders));
            found.add(WarningKind::Fails, format!("{at}/when"), message);
        }
        if self.asked == 0 {
            let message = format!("none of {orders} orders of the last {DAYS} days asks this step");
            found.add(WarningKind::MatchesNothing, at, message);
            return;
        }
        for (index, ((keeps, fails), filter)) in self.filters.iter().zip(&step.filters).enumerate()
        {
            let at = format!("{at}/filters/{index}");
            if *fails > 0 {
                let message = format!("it cannot be computed for {}", share(*fails, self.asked));
                found.add(WarningKind::Fails, at.clone(), message);
            }
            if *keeps == 0 {
                let message = format!(
                    "“{}” kept no location out for any of {} orders of the last {DAYS} days",
                    filter.name, self.asked
                );
                found.add(WarningKind::MatchesNothing, at, message);
            }
        }
        for (index, (counts, term)) in self.terms.iter().zip(&step.terms).enumerate() {
            if *counts == 0 {
                let message = format!(
                    "“{}” counted at no location for any of {} orders of the last {DAYS} days",
                    term.name, self.asked
                );
                let at = format!("{at}/terms/{index}");
                found.add(WarningKind::MatchesNothing, at, message);
            }
        }
        if self.nowhere > 0 {
            let share = share(self.nowhere, self.asked);
            let message = format!("it leaves no location for {share}");
            found.add(WarningKind::ExcludesAll, at, message);
        }
    }
}

/// Whether the location could ship the order if there were no rules.
fn may_serve(reference: &Reference, one: &Recent, location: &Location) -> bool {
    location.takes_new_work() && reference.may_sell_from(one.order.channel, location.id)
}

fn fails<S: Scope>(condition: Option<&Condition<S>>, subject: &Subject) -> bool {
    condition.is_some_and(|condition| condition.of(subject).is_err())
}

/// `12 of 200 orders (6 %)`.
fn share(some: usize, all: usize) -> String {
    let percent = some * 100 / all.max(1);
    format!("{some} of {all} orders ({percent} %)")
}
