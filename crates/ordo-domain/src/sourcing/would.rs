//! What would have to change: the plan of a decision, had the one check that kept a location out let it
//! pass.
//!
//! Everything else is as the decision kept it. The location's own row was never made, so it is made
//! here, of what its record, the rates and the stock say today.

use std::collections::BTreeSet;

use ordo_sourcing::{Cost, Decision, Key as LocationKey, Reason, Service, StepBudget, solve};

use crate::decide::Refusal;
use crate::id::LocationId;
use crate::network::place::distance_m;
use crate::network::{Location, Place};
use crate::order::Order;
use crate::sourcing::by_cost::{Weighed, place_of};
use crate::sourcing::carriage::{Weights, keep_those_that_carry};
use crate::sourcing::guide::order_facts;
use crate::sourcing::question::{Question, Source};
use crate::sourcing::takes::Open;
use crate::sourcing::{PromiseKind, Wanted};
use crate::time::Timestamp;
use crate::world::World;

/// Steps for the question: most orders are solved exactly in far fewer.
const QUESTION: StepBudget = StepBudget(100_000);

/// What would have become of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Would {
    /// It could be told neither way: rules priced the plan, or lines were sourced apart.
    Untold,
    /// The location would have failed this later check.
    FailNext(Reason),
    /// The plan would have been the same.
    Same,
    /// The location would have shipped, and the plan have cost so much less.
    Better(Cost),
}

/// What would have become of a decision made at `at`, had the check that left `location` out let it
/// pass.
///
/// # Errors
/// A miss.
pub fn would(
    world: &World,
    order: &Order,
    decision: &Decision,
    location: LocationId,
    at: Timestamp,
) -> Result<Would, Refusal> {
    let key = LocationKey(location.to_u128());
    let failed = decision.excluded.iter().find(|one| one.key == key);
    let found = world.reference().location(location);
    let (Some(failed), Some(found)) = (failed, found) else {
        return Ok(Would::Untold);
    };
    let wanted = wanted(world, order, decision)?;
    if decision.rules.is_some() || wanted.len() != decision.instance.lines.len() {
        return Ok(Would::Untold);
    }
    let nowhere = Place::default();
    let promises =
        (order.lines.iter()).filter_map(|line| line.promise_current.or(line.channel_deliver_by));
    let question = Question {
        now: at,
        channel: None,
        to: order.ship_to.as_ref().map_or(&nowhere, |to| &to.place),
        currency: Some(order.currency),
        promised: promises.min(),
        declined: &[],
        only: None,
        wanted: &wanted,
        about: &order_facts(world.reference(), order, &wanted),
        guide: None,
    };
    let passing = passing(found, failed.reason);
    let mut instance = decision.instance.clone();
    let quantities = instance.lines.iter().map(|line| line.quantity);
    let available = match failed.reason {
        Reason::NoStock => quantities.collect(),
        Reason::Inactive
        | Reason::NotInChannel
        | Reason::NotInMarket
        | Reason::Rule(_)
        | Reason::RestrictedItem
        | Reason::OverCapacity
        | Reason::CutOffMissed
        | Reason::PromiseMissed
        | Reason::Declined => {
            let offered = question.on_offer(world, &passing)?.into_iter();
            offered
                .zip(quantities)
                .map(|(units, most)| units.min(most))
                .collect()
        }
    };
    let mut source = Source {
        location: &passing,
        available,
        distance_m: distance_m(&found.place, question.to),
    };
    if source.available.iter().all(|units| *units <= 0) {
        return Ok(Would::FailNext(Reason::NoStock));
    }
    let mut candidate = source.candidate();
    let width = instance.candidates.iter().map(|one| one.custom.len()).max();
    candidate.custom = vec![0; width.unwrap_or(0)];
    if !instance.rates.is_empty() {
        let Some((currency, tables)) = question.tables(world) else {
            return Ok(Would::Untold);
        };
        let open = match failed.reason {
            Reason::RestrictedItem => Open::All,
            _ => question.open(&tables, &mut source),
        };
        let mut weighed = Weighed::of(world, currency, at);
        if failed.reason == Reason::PromiseMissed {
            weighed.promise = PromiseKind::Soft;
        }
        let mut offers = match question.offers(world, &source, &tables, &open, &weighed)? {
            Ok(offers) => offers,
            Err(next) => return Ok(Would::FailNext(next.reason)),
        };
        question.charge(&passing, &weighed, &mut candidate);
        keep_those_that_carry(&mut offers, source.heaviest_unit_g(&instance.lines));
        let weights = Weights::of(&instance.lines);
        candidate.services = match instance.parceling {
            Some(_) => weights.services(&offers, 0, &mut instance.rates),
            None => vec![Service {
                rate: place_of(weights.price(&offers), &mut instance.rates),
                extra_uc: 0,
            }],
        };
    }
    let place = instance.candidates.len();
    instance.candidates.push(candidate);
    let Ok(solution) = solve(&instance, QUESTION) else {
        return Ok(Would::Untold);
    };
    let ships = (solution.plan.shipments.iter()).any(|shipment| shipment.location == place);
    Ok(match ships && solution.cost < decision.solution.cost {
        true => Would::Better(decision.solution.cost - solution.cost),
        false => Would::Same,
    })
}

/// The location as if the check were not made.
fn passing(location: &Location, failed: Reason) -> Location {
    let mut passing = location.clone();
    match failed {
        Reason::OverCapacity => passing.daily_capacity = None,
        Reason::CutOffMissed => {
            passing.cut_offs.clear();
            passing.hours = None;
        }
        Reason::Inactive
        | Reason::NotInChannel
        | Reason::NotInMarket
        | Reason::Rule(_)
        | Reason::RestrictedItem
        | Reason::NoStock
        | Reason::PromiseMissed
        | Reason::Declined => {}
    }
    passing
}

/// One entry per SKU of the order, in the order of its lines, as they were sourced if that was done
/// all at once.
fn wanted(world: &World, order: &Order, decision: &Decision) -> Result<Vec<Wanted>, Refusal> {
    let mut known = BTreeSet::new();
    let first = order
        .lines
        .iter()
        .filter(|line| line.sku.is_some_and(|sku| known.insert(sku)));
    let skus = first.zip(&decision.instance.lines).map(|(line, of)| {
        let sku = line.sku.map(|sku| world.sku(sku)).transpose()?.flatten();
        Ok(sku.map(|sku| Wanted {
            sku: sku.clone(),
            quantity: of.quantity,
            value: line.unit_price,
            together: of.together,
        }))
    });
    let wanted = Refusal::gather(skus.collect::<Vec<_>>().into_iter())?;
    // A line more or less than the decision has: some were sourced at another time.
    match known.len() == decision.instance.lines.len() {
        true => Ok(wanted.into_iter().flatten().collect()),
        false => Ok(Vec::new()),
    }
}
