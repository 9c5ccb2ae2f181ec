//! A step of the sourcing rules, brought into a problem: who may ship, what counts before money, and
//! what costs beside carriage.
//!
//! Nothing here runs where no rules count.

use std::collections::BTreeMap;

use ordo_sourcing::{
    Candidate, Instance, Key, MAX_TIERS, RulesUsed, Shipment, Termed, Tier as SolverTier,
};

use crate::id::{LocationId, SkuId};
use crate::money::Currency;
use crate::network::Location;
use crate::order::Order;
use crate::rate::MICRO;
use crate::reference::Reference;
use crate::rules::body::{Filter, Per, Rank, Rules, Step, Tier};
use crate::rules::expr::{Condition, Number, OfLine, OfLocation};
use crate::rules::facts::{LineFacts, LocationFacts, OrderFacts, Subject};
use crate::rules::{RuleReason, RuleSet, RuleSubject, RuleVersion};
use crate::sourcing::Wanted;
use crate::time::Timestamp;
use crate::world::World;

/// What a rank or tier counts a location with that it says nothing of, or that says too much.
const NUMBER_MAX: i64 = 1_000_000_000;

/// The rules that count for an order.
#[derive(Clone, Copy)]
pub(crate) struct Counting<'w> {
    pub set: &'w RuleSet,
    pub version: &'w RuleVersion,
}

/// A step as it is asked.
pub(crate) struct Guide<'a> {
    pub step: &'a Step,
    /// Whether some step limits the shipments of a day, so that those of all steps are counted.
    pub counts_days: bool,
    pub subject: Subject<'a>,
    pub taken: &'a Taken,
}

/// What earlier steps of the same decision have given to locations, which the world does not know
/// yet.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    units: BTreeMap<(LocationId, SkuId), i64>,
    shipments: BTreeMap<LocationId, i64>,
}

/// What a step says of a location.
pub(super) struct Admitted {
    /// Per line the filter that keeps the location out for it; empty for none.
    pub without: Vec<Option<u32>>,
}

/// What a location's shipments cost without the money terms of the step, and which of these count
/// there.
#[derive(Debug)]
pub(super) struct Plain {
    handling_order_uc: i64,
    handling_line_uc: i64,
    handling_unit_uc: i64,
    /// Per line one unit of it, such as duties; empty for none.
    goods_uc: Vec<i64>,
    late_day_uc: i64,
    terms: Vec<TermThere>,
}

/// A money term that counts at a location.
#[derive(Debug)]
struct TermThere {
    /// Its place in the step.
    place: u32,
    per: Per,
    /// The lines that it is about.
    lines: Vec<usize>,
}

impl Plain {
    /// Micro-cents of the shipment for its lines' being declined.
    pub fn decline_uc(&self, shipment: &Shipment) -> i64 {
        self.handling_line_uc * shipment.lines.len() as i64
    }

    /// Micro-cents of being so many days late.
    pub fn late_uc(&self, days: i64) -> i64 {
        self.late_day_uc.saturating_mul(days)
    }

    /// What the shipment costs without terms, and which of them it meets.
    pub fn termed(&self, shipment: &Shipment, carrier_uc: i64, late_days: i64) -> Termed {
        let units: i64 = shipment.lines.iter().map(|(_, units)| units).sum();
        let goods_uc = shipment.lines.iter().map(|(line, units)| {
            let unit_uc = self.goods_uc.get(*line).copied().unwrap_or(0);
            unit_uc * units
        });
        let counts = |term: &&TermThere| match term.per {
            Per::Shipment | Per::Line => true,
            Per::LateDay => late_days > 0,
            Per::Unit => (shipment.lines.iter()).any(|(line, _)| term.lines.contains(line)),
        };
        Termed {
            places: (self.terms.iter().filter(counts))
                .map(|term| term.place)
                .collect(),
            plain_uc: [
                carrier_uc,
                self.late_uc(late_days),
                self.handling_order_uc + self.handling_unit_uc * units,
                self.decline_uc(shipment),
                goods_uc.sum(),
            ],
        }
    }
}

impl<'w> Counting<'w> {
    /// The rules for an order; `None` where none count.
    pub fn of(world: &'w World, subject: RuleSubject, now: Timestamp) -> Option<Self> {
        let (set, version) = world.reference().rules_for(subject, now)?;
        Some(Self { set, version })
    }

    /// The same for an order that is there.
    pub fn of_order(world: &'w World, order: &Order, now: Timestamp) -> Option<Self> {
        let subject = RuleSubject {
            channel: Some(order.channel),
            tier: order.customer_tier.as_deref().unwrap_or(""),
        };
        Self::of(world, subject, now)
    }

    pub fn rules(&self) -> &'w Rules {
        &self.version.rules
    }

    /// The step at a place, as it is asked.
    pub fn guide<'a>(
        &self,
        step: &'a Step,
        order: &'a OrderFacts<'a>,
        lines: &'a [LineFacts<'a>],
        now: Timestamp,
        taken: &'a Taken,
    ) -> Guide<'a> {
        let mut steps = self.rules().steps.iter();
        Guide {
            step,
            counts_days: steps.any(|step| step.max_orders_per_day.is_some()),
            subject: Subject::of(order, lines, now),
            taken,
        }
    }

    /// How a decision of the step at this place names them.
    pub fn used(&self, step: u32) -> RulesUsed {
        RulesUsed {
            set: Key(self.set.id.to_u128()),
            version: self.version.number,
            step,
        }
    }
}

impl Taken {
    /// Counts a shipment that a step has given.
    pub fn add_shipment(&mut self, location: LocationId) {
        *self.shipments.entry(location).or_default() += 1;
    }

    /// Counts units of such a shipment.
    pub fn add_units(&mut self, location: LocationId, sku: SkuId, units: i64) {
        *self.units.entry((location, sku)).or_default() += units;
    }

    pub fn shipments(&self, location: LocationId) -> i64 {
        self.shipments.get(&location).copied().unwrap_or(0)
    }

    pub fn units(&self, location: LocationId, sku: SkuId) -> i64 {
        self.units.get(&(location, sku)).copied().unwrap_or(0)
    }
}

/// What expressions may ask of the lines.
pub(crate) fn line_facts(wanted: &[Wanted]) -> Vec<LineFacts<'_>> {
    (wanted.iter())
        .map(|want| LineFacts {
            sku: &want.sku.code,
            quantity: want.quantity,
            unit_price: want.value.get(),
            weight_g: want.sku.weight_g,
            hs_code: want.sku.hs_code.as_deref().unwrap_or(""),
            origin_country: want.sku.origin_country.as_deref().unwrap_or(""),
            tags: &want.sku.tags,
        })
        .collect()
}

/// What expressions may ask of an order of which `wanted` is left.
pub(crate) fn order_facts<'a>(
    reference: &'a Reference,
    order: &'a Order,
    wanted: &[Wanted],
) -> OrderFacts<'a> {
    let channel = reference.channel(order.channel);
    let place = order.ship_to.as_ref().map(|to| &to.place);
    OrderFacts {
        channel: channel.map_or("", |channel| &channel.code),
        channel_kind: channel.map_or("", |channel| channel.kind.name()),
        currency: order.currency.code(),
        total: order.totals.total.get(),
        items: order.totals.items.get(),
        kind: order.kind.name(),
        terms: order.terms.name(),
        service: order.shipping.service.as_deref().unwrap_or(""),
        country: place.map_or("", |place| &place.country),
        region: place.and_then(|at| at.region.as_deref()).unwrap_or(""),
        postal_code: place.and_then(|at| at.postal.as_deref()).unwrap_or(""),
        tags: &order.tags,
        tier: order.customer_tier.as_deref().unwrap_or(""),
        is_po_box: order.ship_to.as_ref().is_some_and(|to| to.po_box),
        is_business: order.buyer_vat_id.is_some(),
        ..OrderFacts::default()
    }
    .with(wanted)
}

impl OrderFacts<'_> {
    /// The same with what is to be sourced.
    pub(crate) fn with(mut self, wanted: &[Wanted]) -> Self {
        let sum = |each: fn(&Wanted) -> i64| wanted.iter().map(each).fold(0, i64::saturating_add);
        self.units = sum(|want| want.quantity);
        self.weight_g = sum(|want| want.sku.weight_g.saturating_mul(want.quantity));
        self
    }
}

impl Filter {
    /// Whether a location may ship the lines that it is about.
    pub(crate) fn lets(&self, at: &Subject) -> bool {
        match (&self.keep, &self.drop) {
            (Some(keep), _) => keep.holds(at),
            (None, Some(drop)) => !drop.holds(at),
            (None, None) => true,
        }
    }

    /// Whether it is about any of the lines.
    pub(crate) fn is_about(&self, order: &Subject) -> bool {
        let Some(lines) = &self.lines else {
            return true;
        };
        (order.lines.iter()).any(|line| lines.holds(&order.on(line)))
    }
}

impl Guide<'_> {
    /// Whether the step is for this order at all.
    pub fn is_asked(&self) -> bool {
        (self.step.when.as_ref()).is_none_or(|when| when.holds(&self.subject))
    }

    /// Which lines a location may ship, or what keeps it out as a whole.
    pub(super) fn admit(
        &self,
        location: &Location,
        distance_m: i64,
    ) -> Result<Admitted, RuleReason> {
        if (self.step.max_distance_m).is_some_and(|most| distance_m > most) {
            return Err(RuleReason::TooFar);
        }
        if location.daily_capacity.is_some() && self.taken.shipments(location.id) > 0 {
            return Err(RuleReason::EarlierStep);
        }
        let mut without: Vec<Option<u32>> = Vec::new();
        if self.step.filters.is_empty() {
            return Ok(Admitted { without });
        }
        let facts = LocationFacts::of(location, distance_m, self.subject.now);
        let subject = self.subject.at(&facts);
        for (number, filter) in (0..).zip(&self.step.filters) {
            if filter.lets(&subject) {
                continue;
            }
            let Some(lines) = &filter.lines else {
                return Err(RuleReason::Filter(number));
            };
            without.resize(self.subject.lines.len(), None);
            for (slot, line) in without.iter_mut().zip(self.subject.lines) {
                if slot.is_none() && lines.holds(&self.subject.on(line)) {
                    *slot = Some(number);
                }
            }
        }
        Ok(Admitted { without })
    }

    /// Whether a location may ship any of the lines, whatever it has.
    pub(crate) fn lets_any(&self, location: &Location, distance_m: i64) -> bool {
        match self.admit(location, distance_m) {
            Ok(admitted) => {
                admitted.without.is_empty() || admitted.without.iter().any(Option::is_none)
            }
            Err(_) => false,
        }
    }

    /// Whether the shipments of a location are counted by the day.
    pub fn limits_days(&self, location: &Location) -> bool {
        location.daily_capacity.is_some() || self.counts_days
    }

    /// Micro-cents that a day of lateness costs at a location, where it usually costs `usual_uc`.
    pub(super) fn late_uc(
        &self,
        location: &Location,
        distance_m: i64,
        currency: Currency,
        usual_uc: i64,
    ) -> i64 {
        if !self.has_terms(currency, |per| per == Per::LateDay) {
            return usual_uc;
        }
        let facts = LocationFacts::of(location, distance_m, self.subject.now);
        let subject = self.subject.at(&facts);
        let terms_uc = self.sum_uc(&subject, currency, Per::LateDay, None);
        usual_uc.saturating_add(terms_uc).max(0)
    }

    /// What a candidate costs before [`Self::charge`]; `None` where no terms are in its currency.
    pub(super) fn plain(
        &self,
        location: &Location,
        candidate: &Candidate,
        currency: Currency,
        late_day_uc: i64,
    ) -> Option<Plain> {
        if !self.has_terms(currency, |_| true) {
            return None;
        }
        let facts = LocationFacts::of(location, candidate.distance_m, self.subject.now);
        let subject = self.subject.at(&facts);
        let terms = (0..).zip(&self.step.terms).filter(|(_, term)| {
            term.currency == currency
                && term
                    .at
                    .as_ref()
                    .is_none_or(|condition| condition.holds(&subject))
        });
        let lines = self.subject.lines;
        let terms = terms.map(|(place, term)| {
            let is_about = |(_, line): &(usize, &LineFacts)| {
                let about = term.lines.as_ref();
                about.is_none_or(|lines| lines.holds(&self.subject.on(line)))
            };
            TermThere {
                place,
                per: term.per,
                lines: (lines.iter().enumerate().filter(is_about))
                    .map(|(index, _)| index)
                    .collect(),
            }
        });
        Some(Plain {
            handling_order_uc: candidate.handling_order_uc,
            handling_line_uc: candidate.handling_line_uc,
            handling_unit_uc: candidate.handling_unit_uc,
            goods_uc: candidate.stock_price_uc.clone(),
            late_day_uc,
            terms: terms.collect(),
        })
    }

    /// Adds money terms to a candidate. Answers what is left of bonuses per shipment that its
    /// handling could not give, to be taken off its carriage.
    pub(super) fn charge(
        &self,
        location: &Location,
        candidate: &mut Candidate,
        currency: Currency,
    ) -> i64 {
        if !self.has_terms(currency, |per| per != Per::LateDay) {
            return 0;
        }
        let facts = LocationFacts::of(location, candidate.distance_m, self.subject.now);
        let subject = self.subject.at(&facts);
        let line_uc = self.sum_uc(&subject, currency, Per::Line, None);
        candidate.handling_line_uc = candidate.handling_line_uc.saturating_add(line_uc).max(0);
        if self.has_terms(currency, |per| per == Per::Unit) {
            let handling_uc = std::mem::take(&mut candidate.handling_unit_uc);
            candidate.stock_price_uc.resize(self.subject.lines.len(), 0);
            for (price_uc, line) in candidate.stock_price_uc.iter_mut().zip(self.subject.lines) {
                let terms_uc = self.sum_uc(&subject, currency, Per::Unit, Some(line));
                let unit_uc = price_uc
                    .saturating_add(handling_uc)
                    .saturating_add(terms_uc);
                *price_uc = unit_uc.max(0);
            }
        }
        let shipment_uc = self.sum_uc(&subject, currency, Per::Shipment, None);
        let order_uc = candidate.handling_order_uc.saturating_add(shipment_uc);
        candidate.handling_order_uc = order_uc.max(0);
        order_uc.min(0).saturating_neg()
    }

    fn has_terms(&self, currency: Currency, per: impl Fn(Per) -> bool) -> bool {
        let mut terms = self.step.terms.iter();
        terms.any(|term| term.currency == currency && per(term.per))
    }

    /// Micro-cents of all terms that are counted like this.
    fn sum_uc(&self, at: &Subject, currency: Currency, per: Per, line: Option<&LineFacts>) -> i64 {
        let counts = |lines: &Condition<OfLine>| {
            line.is_some_and(|line| lines.holds(&self.subject.on(line)))
        };
        (self.step.terms.iter())
            .filter(|term| term.currency == currency && term.per == per)
            .filter(|term| term.at.as_ref().is_none_or(|condition| condition.holds(at)))
            .filter(|term| term.lines.as_ref().is_none_or(counts))
            .map(|term| term.amount.get().saturating_mul(MICRO))
            .fold(0, i64::saturating_add)
    }

    /// Puts tiers and limits on splitting into a problem whose candidates are `locations`. `waits`
    /// are the full days before each of them has room, where any is full.
    pub(super) fn shape(
        &self,
        instance: &mut Instance,
        locations: &[&Location],
        waits: Option<&[i64]>,
    ) {
        let split = &self.step.split;
        instance.whole_lines = split.whole_lines;
        instance.max_shipments = split.max_shipments;
        if split.whole_order {
            for line in &mut instance.lines {
                line.together = Some(0);
            }
        }
        let currency = self.subject.order.currency;
        let least = (split.min_value).filter(|least| least.currency.code() == currency);
        if let Some(least) = least {
            instance.min_shipment_value = Some(least.amount.get());
            for (line, facts) in instance.lines.iter_mut().zip(self.subject.lines) {
                line.unit_value = facts.unit_price.max(0);
            }
        }
        if !self.step.tiers.is_empty() {
            self.put_tiers(instance, locations, waits);
        }
    }

    fn put_tiers(&self, instance: &mut Instance, locations: &[&Location], waits: Option<&[i64]>) {
        let mut tiers = Vec::with_capacity(MAX_TIERS);
        if !self.step.tiers.contains(&Tier::UnfilledUnits) {
            tiers.push(SolverTier::UnfilledUnits);
        }
        for candidate in &mut instance.candidates {
            candidate.custom.clear();
        }
        let most_available = ranked_by_stock(&instance.candidates);
        let mut customs = 0_u8;
        let mut custom = |value: &dyn Fn(usize, &Location, i64) -> i64| {
            let candidates = instance.candidates.iter_mut().zip(locations).enumerate();
            for (index, (candidate, location)) in candidates {
                let value = value(index, location, candidate.distance_m);
                candidate.custom.push(value.clamp(0, NUMBER_MAX));
            }
            customs += 1;
            customs - 1
        };
        for tier in &self.step.tiers {
            tiers.push(match tier {
                Tier::UnfilledUnits => SolverTier::UnfilledUnits,
                Tier::Shipments => SolverTier::Shipments,
                Tier::Distance => SolverTier::Distance,
                Tier::OutOfMarket => SolverTier::Custom(custom(&|_, location, _| {
                    i64::from(location.place.country != self.subject.order.country)
                })),
                Tier::Priority => SolverTier::Custom(custom(&|_, location, _| location.priority)),
                Tier::Ranked(codes) => {
                    SolverTier::Custom(custom(&|_, location, _| place_in(codes, location)))
                }
                Tier::Number(number) => SolverTier::Custom(custom(&|_, location, distance_m| {
                    self.number(number, location, distance_m)
                })),
                Tier::UnitRank(rank) => {
                    SolverTier::CustomPerUnit(custom(&|index, location, distance_m| match rank {
                        Rank::Distance => distance_m,
                        Rank::Priority => location.priority,
                        Rank::MostAvailable => most_available[index],
                        Rank::Ranked(codes) => place_in(codes, location),
                        Rank::Number(number) => self.number(number, location, distance_m),
                    }))
                }
            });
        }
        // A location with room today before one without, unless too much counts before that.
        if let Some(waits) = waits.filter(|_| tiers.len() < MAX_TIERS) {
            tiers.push(SolverTier::Custom(custom(&|index, _, _| waits[index])));
        }
        instance.tiers = tiers;
    }

    /// What a number comes to; what cannot be computed comes last.
    fn number(&self, number: &Number<OfLocation>, location: &Location, distance_m: i64) -> i64 {
        let facts = LocationFacts::of(location, distance_m, self.subject.now);
        number.of(&self.subject.at(&facts)).unwrap_or(NUMBER_MAX)
    }
}

/// How many candidates have more on offer than each has: the same for those that have as much.
fn ranked_by_stock(candidates: &[Candidate]) -> Vec<i64> {
    let on_offer = candidates.iter().map(|candidate| {
        let units = candidate.available.iter();
        units.fold(0, |sum: i64, units| sum.saturating_add((*units).max(0)))
    });
    let on_offer: Vec<i64> = on_offer.collect();
    let have_more = |units: &i64| on_offer.iter().filter(|other| *other > units).count();
    on_offer
        .iter()
        .map(|units| have_more(units) as i64)
        .collect()
}

/// Where a location stands in a ranked list; those that are not in it come last.
fn place_in(codes: &[String], location: &Location) -> i64 {
    let place = codes.iter().position(|code| *code == location.code);
    place.unwrap_or(codes.len()) as i64
}
