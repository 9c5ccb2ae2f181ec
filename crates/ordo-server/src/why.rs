//! Sourcing decisions in words: why a location ships, and why another does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{
    DecisionId, FulfillmentOrderId, LocationId, OrganizationId, RuleSetId, SkuId,
};
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::network::Precision;
use ordo_domain::order::Order;
use ordo_domain::reference::Reference;
use ordo_domain::rules::body::Step;
use ordo_domain::rules::{RuleReason, RuleSet};
use ordo_domain::sourcing::{Would, read_decision};
use ordo_domain::time::Date;
use ordo_engine::Backend;
use ordo_sourcing::{
    Alternative, Decision, Excluded, Instance, Key, Reason, ShipmentReason, Tier, cents_of,
    in_cents,
};
use ordo_store::StoreError;

use crate::pages::words;
use crate::wire::location_code;

/// Micro-cents of a cent.
const CENT_UC: i64 = 1_000_000;

/// Why each fulfillment order went to its location, in words. One decision usually opened all of them.
pub async fn of_work(
    backend: &dyn Backend,
    organization: OrganizationId,
    reference: &Reference,
    order: &Order,
    work: &[FulfillmentOrder],
) -> Result<BTreeMap<FulfillmentOrderId, String>, StoreError> {
    let mut reasons = BTreeMap::new();
    let ids: BTreeSet<DecisionId> = work.iter().filter_map(|work| work.decision).collect();
    for id in ids {
        let body = backend.decision(organization, id).await?;
        let Some(body) = body else { continue };
        let corrupt = |error: &dyn std::fmt::Display| StoreError::Corrupt(error.to_string());
        let decision = read_decision(&body, reference).map_err(|error| corrupt(&error))?;
        let told = decision.explain().map_err(|flaw| corrupt(&flaw))?;
        let words = Words {
            reference,
            order,
            decision: &decision,
        };
        for work in work.iter().filter(|work| work.decision == Some(id)) {
            let here = |one: &&ShipmentReason| one.location.0 == work.location.to_u128();
            if let Some(shipment) = told.shipments.iter().find(here) {
                reasons.insert(work.id, words.shipment(shipment));
            }
        }
    }
    Ok(reasons)
}

/// What the words are about.
pub struct Words<'a> {
    /// Gives locations their codes.
    pub reference: &'a Reference,
    /// The order, which says what money is in and how well the buyer's place is known.
    pub order: &'a Order,
    /// The decision.
    pub decision: &'a Decision,
}

impl Words<'_> {
    /// How the buyer's place was found, where it was looked up.
    pub fn precision(&self) -> Option<Precision> {
        self.order.ship_to.as_ref()?.place.precision
    }

    /// One sentence on a shipment and one on what there is without it.
    pub fn shipment(&self, shipment: &ShipmentReason) -> String {
        let units = units(shipment.lines.iter().map(|(_, units)| units).sum());
        let place = self.code(shipment.location);
        let away = match shipment.distance_m {
            0 => String::new(),
            far => format!(", {} away{}", distance(far), self.middle()),
        };
        let money = match shipment.paid_uc().iter().sum() {
            0 => String::new(),
            uc => format!(", for {}", self.money(uc)),
        };
        let parcels = self.parcels(shipment);
        let without = self.without(&shipment.without);
        let terms = self.terms(shipment);
        let scarce = self.scarce(shipment);
        format!("{place} ships {units}{parcels}{away}{money}. {terms}{scarce}{without}")
    }

    /// In which parcels it goes, where they are several.
    fn parcels(&self, shipment: &ShipmentReason) -> String {
        if shipment.parcels.len() < 2 {
            return String::new();
        }
        let parts_uc = shipment.parcels.iter().map(|parcel| parcel.carrier_uc);
        let parts_uc: Vec<i64> = parts_uc.collect();
        let cents = in_cents(&shipment.paid_uc())[0];
        let prices = cents_of(cents, &parts_uc).into_iter();
        let each: Vec<String> = (shipment.parcels.iter().zip(prices))
            .map(|(parcel, cents)| {
                let kilograms = parcel.weight_g / 1_000;
                let tenths = parcel.weight_g % 1_000 / 100;
                let price = words::money(self::cents(cents, self.order.currency));
                format!("{kilograms}.{tenths} kg for {price}")
            })
            .collect();
        format!(" in {} parcels ({})", each.len(), each.join(", "))
    }

    /// What money terms of the rules did to it.
    fn terms(&self, shipment: &ShipmentReason) -> String {
        let step = self.step().map(|(_, step)| step);
        let names = shipment.terms.iter().filter_map(|place| {
            let term = step?.terms.get(*place as usize)?;
            Some(format!("“{}”", term.name))
        });
        let names: Vec<String> = names.collect();
        let who = match names.is_empty() {
            true => "terms of the rules".to_owned(),
            false => names.join(" and "),
        };
        match shipment.terms_uc {
            0 => String::new(),
            less @ ..0 => format!("That is {} less by {who}. ", self.money(-less)),
            more => format!("Of that, {} is by {who}. ", self.money(more)),
        }
    }

    /// What it takes although others are expected to want it.
    fn scarce(&self, shipment: &ShipmentReason) -> String {
        let mut text = String::new();
        let steering = self.decision.steering.as_ref();
        let index = |key: Key| {
            let mut candidates = self.decision.instance.candidates.iter();
            candidates.position(|one| one.key == key)
        };
        for (line, free) in &shipment.scarce {
            let each = steering.zip(index(shipment.location));
            let each = each.map_or(0, |(prices, at)| prices.unit_uc(at, *line));
            let left = match free {
                1 => "the last unit".to_owned(),
                more => format!("the last {more} units"),
            };
            let each = self.money(each);
            // Writing to a text cannot fail.
            let _ = write!(
                text,
                "Of {}, {left} are kept for orders still expected, worth {each} each. ",
                self.good(*line)
            );
        }
        if shipment.shipment_price_uc > 0 {
            let worth = self.money(shipment.shipment_price_uc);
            let _ = write!(
                text,
                "A shipment of that day is worth {worth} to other orders. "
            );
        }
        text
    }

    /// The code of a line of the problem, which has one per SKU that was to be sourced: where that
    /// was the whole order, it is the code of that SKU's first line.
    fn good(&self, line: usize) -> &str {
        let mut codes: Vec<(SkuId, &str)> = Vec::new();
        for of in &self.order.lines {
            if let Some(sku) = of.sku
                && codes.iter().all(|(known, _)| *known != sku)
            {
                codes.push((sku, &of.code));
            }
        }
        match codes.get(line) {
            Some((_, code)) if codes.len() == self.decision.instance.lines.len() => code,
            Some(_) | None => "one of the goods",
        }
    }

    /// Why a location was left out, with what it had and what it needed.
    pub fn excluded(&self, left: &Excluded) -> String {
        let (has, wants) = (left.has, left.wants);
        match left.reason {
            Reason::NoStock if has > 0 => format!(
                "It had nothing on offer: {} on its shelves are promised, kept back or blocked, and \
                 {} wanted.",
                units(has),
                units(wants)
            ),
            Reason::NoStock if wants > 0 => {
                format!(
                    "It had nothing on offer: none there, {} wanted.",
                    units(wants)
                )
            }
            Reason::OverCapacity if wants > 0 => {
                format!("Its shipments of the day were all taken: {has} of {wants}.")
            }
            Reason::CutOffMissed if wants > 0 => format!(
                "The day's cut-off had passed: it would have arrived on {}, promised for {}.",
                day(has),
                day(wants)
            ),
            Reason::PromiseMissed if wants > 0 => format!(
                "It could not deliver by the promised day: on {}, promised for {}.",
                day(has),
                day(wants)
            ),
            plain => self.left_out(plain),
        }
    }

    /// Says so where distances are rough.
    fn middle(&self) -> &'static str {
        match self.precision() {
            None | Some(Precision::PostalCode | Precision::PostalPrefix) => "",
            Some(Precision::City) => " (from the middle of the city)",
            Some(Precision::Region) => " (from the middle of the region)",
            Some(Precision::Country) => " (from the middle of the country)",
        }
    }

    fn without(&self, other: &Alternative) -> String {
        let places = self.places(other);
        if places.is_empty() {
            return "No other location could.".to_owned();
        }
        match self.difference(other) {
            None => format!("{places} would have done as well."),
            Some(difference) => format!("The next best is {places}: {difference}."),
        }
    }

    /// What a plan would have cost less, as money.
    pub fn saved(&self, would: &Would) -> Option<Money> {
        match would {
            Would::Better(saved) if saved.tiers.iter().all(|tier| *tier == 0) => {
                Some(cents(rounded(saved.money_uc), self.order.currency))
            }
            Would::Better(_) | Would::Untold | Would::FailNext(_) | Would::Same => None,
        }
    }

    /// What would have become of the plan without the check that a location failed.
    pub fn would(&self, failed: Reason, would: &Would) -> String {
        let had = match failed {
            Reason::Inactive => "Had it taken work",
            Reason::NotInChannel => "Had the channel sold from it",
            Reason::NotInMarket => "Had it gone there",
            Reason::Rule(_) => "Had the rule let it pass",
            Reason::RestrictedItem => "Had a carrier taken it",
            Reason::NoStock => "Had it had all of it",
            Reason::OverCapacity => "Had it had room that day",
            Reason::CutOffMissed => "Had the cut-off been later",
            Reason::PromiseMissed => "Had it been allowed to be late",
            Reason::Declined => "Had it not declined",
        };
        match would {
            Would::Untold => String::new(),
            Would::FailNext(next) => {
                format!(
                    " {had}, it would still have failed: {}",
                    self.left_out(*next)
                )
            }
            Would::Same => format!(" {had}, the plan would have been the same."),
            Would::Better(_) => match self.saved(would) {
                Some(saved) => {
                    let saved = words::money(saved);
                    format!(" {had}, the plan would have cost {saved} less.")
                }
                None => format!(" {had}, it would have shipped."),
            },
        }
    }

    /// The check that a location failed, without values.
    fn left_out(&self, reason: Reason) -> String {
        let told = match reason {
            Reason::Inactive => "It does not take new work: its state or its capabilities say so.",
            Reason::NotInChannel => "It is in no pool that the order's channel sells from.",
            Reason::NotInMarket => "It does not serve the buyer's country.",
            Reason::Rule(number) => return self.rule(number),
            Reason::RestrictedItem => "None of its carriers takes what it would ship.",
            Reason::NoStock => "It had nothing on offer: no stock, all of it promised, or blocked.",
            Reason::OverCapacity => "Its shipments of the day were all taken.",
            Reason::CutOffMissed => "The day's cut-off had passed, and the next day is too late.",
            Reason::PromiseMissed => "It could not deliver by the promised day.",
            Reason::Declined => "It declined this order before, or came up short.",
        };
        told.to_owned()
    }

    /// The step of the rules that the decision was made by, while its version is kept.
    pub fn step(&self) -> Option<(&RuleSet, &Step)> {
        let used = self.decision.rules?;
        let set = self.reference.rule_set(RuleSetId::from_u128(used.set.0))?;
        let step = set.numbered(used.version)?.rules.step(used.step)?;
        Some((set, step))
    }

    /// Which part of a step kept a location out.
    fn rule(&self, number: u32) -> String {
        let Some((_, step)) = self.step() else {
            return "A sourcing rule keeps it out.".to_owned();
        };
        let name = &step.name;
        match RuleReason::of(number) {
            Some(RuleReason::Filter(place)) => match step.filters.get(place as usize) {
                Some(filter) => format!("The rule “{}” keeps it out.", filter.name),
                None => format!("A rule of the step “{name}” keeps it out."),
            },
            Some(RuleReason::TooFar) => {
                let far = distance(step.max_distance_m.unwrap_or(0));
                format!("It is farther than the {far} that the step “{name}” allows.")
            }
            Some(RuleReason::KeptStock) => {
                let kept = units(step.keep_stock);
                format!("The step “{name}” keeps {kept} there, or an earlier one took the rest.")
            }
            Some(RuleReason::DayFull) => {
                let most = step.max_orders_per_day.unwrap_or(0);
                format!("It has the {most} shipments of the day that the step “{name}” allows.")
            }
            Some(RuleReason::EarlierStep) => {
                "An earlier step gave it work, and its shipments are counted by the day.".to_owned()
            }
            None => format!("A rule of the step “{name}” keeps it out."),
        }
    }

    /// What a plan with another location would mean.
    pub fn dearer(&self, other: &Alternative) -> String {
        match self.difference(other) {
            None => "It would have done as well; equal plans are told apart by the order in which \
                     locations were made."
                .to_owned(),
            Some(difference) => format!(
                "The best plan with it is {}: {difference}.",
                self.places(other)
            ),
        }
    }

    /// The locations of a plan.
    fn places(&self, other: &Alternative) -> String {
        let keys = (other.plan.shipments.iter())
            .map(|shipment| self.decision.instance.candidates[shipment.location].key);
        let codes: Vec<String> = keys.map(|key| self.code(key)).collect();
        codes.join(" and ")
    }

    /// The first thing in which a plan is worse, in the order of what matters; `None` where in none.
    fn difference(&self, other: &Alternative) -> Option<String> {
        let by = other.dearer_by;
        let tiers = &self.decision.instance.tiers;
        let worse = tiers.iter().zip(by.tiers).find(|(_, more)| *more != 0);
        Some(match worse {
            Some((Tier::UnfilledUnits, more)) => format!("{} would wait", units(more)),
            Some((Tier::Shipments, 1)) => "one more shipment".to_owned(),
            Some((Tier::Shipments, more)) => format!("{more} more shipments"),
            Some((Tier::Distance, more)) => format!("{} further", distance(more)),
            Some((Tier::Custom(_), _)) => "a location of a lower rank".to_owned(),
            Some((Tier::CustomPerUnit(_), _)) => "units from locations of a lower rank".to_owned(),
            None if by.money_uc == 0 => return None,
            None => match (by.money_uc - other.steered_by_uc, other.steered_by_uc) {
                (more, 0) => format!("{} more", self.money(more)),
                (paid, steered) => format!(
                    "{}, and {} of stock and shipments that are kept for orders still expected",
                    self.more_or_less(paid),
                    self.more_or_less(steered)
                ),
            },
        })
    }

    fn more_or_less(&self, uc: i64) -> String {
        match uc {
            less if less < 0 => format!("{} less", self.money(-less)),
            more => format!("{} more", self.money(more)),
        }
    }

    /// Micro-cents, as money.
    pub fn money(&self, uc: i64) -> String {
        words::money(cents(rounded(uc), self.order.currency))
    }

    fn code(&self, key: Key) -> String {
        location_code(self.reference, LocationId::from_u128(key.0)).into_owned()
    }
}

/// Micro-cents as cents, halves up.
pub fn rounded(uc: i64) -> i64 {
    (uc + CENT_UC / 2).div_euclid(CENT_UC)
}

/// Cents of a plan, as money.
pub fn cents(cents: i64, currency: Currency) -> Money {
    let amount = Minor::new(cents).expect("micro-cents fit 64 bits, so that their cents are money");
    Money { amount, currency }
}

/// Whether money plays a part in an instance.
pub fn has_money(instance: &Instance) -> bool {
    !instance.rates.is_empty()
        || (instance.candidates.iter()).any(|candidate| {
            candidate.handling_order_uc + candidate.handling_unit_uc + candidate.handling_line_uc
                > 0
        })
}

/// The name of a check that a location failed.
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Inactive => "inactive",
        Reason::NotInChannel => "not_in_channel",
        Reason::NotInMarket => "not_in_market",
        Reason::Rule(_) => "rule",
        Reason::RestrictedItem => "restricted_item",
        Reason::NoStock => "no_stock",
        Reason::OverCapacity => "over_capacity",
        Reason::CutOffMissed => "cut_off_missed",
        Reason::PromiseMissed => "promise_missed",
        Reason::Declined => "declined",
    }
}

fn units(count: i64) -> String {
    match count {
        1 => "1 unit".to_owned(),
        more => format!("{more} units"),
    }
}

/// A day from its number.
fn day(number: i64) -> String {
    let days = i32::try_from(number).unwrap_or_default();
    Date::from_days(days).to_string()
}

/// Meters, as people say them.
fn distance(meters: i64) -> String {
    match meters {
        near if near < 1_000 => format!("{near} m"),
        far => format!("{} km", (far + 500) / 1_000),
    }
}
