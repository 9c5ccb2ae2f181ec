//! `GET /fulfillment-orders/{id}/decision` and `…/why-not`: why the work went to its location, and
//! why not to another one.

use std::borrow::Cow;

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{DecisionId, LocationId, RuleSetId};
use ordo_domain::money::Money;
use ordo_domain::network::Precision;
use ordo_domain::order::Order;
use ordo_domain::sourcing::{Would, read_decision, would};
use ordo_domain::{Code, Rejection};
use ordo_sourcing::{Decision, Flaw, Key, ShipmentReason, WhyNot, cents_of, in_cents};
use ordo_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;
use crate::why::{self, Words};
use crate::wire::location_code;

/// Locations that are compared with those that were chosen.
const OTHERS_MAX: usize = 50;

/// Why an order was given to the locations that it was given to.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingDecision)]
struct DecisionAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: DecisionId,
    /// Whether no other plan could have been better.
    proven: bool,
    /// Search steps that it took.
    steps: u64,
    /// What the plan cost; `null` where distance and the number of shipments decided alone.
    #[schema(value_type = Option<Money>)]
    cost: Option<Money>,
    /// The version of the sourcing prices that steered it; `null` where none counted.
    prices: Option<u64>,
    /// How the buyer's place was found, by which distances are measured: `postal_code`,
    /// `postal_prefix`, `city`, `region` or `country`; `null` where coordinates came with the order
    /// or nothing is known.
    place_known_by: Option<&'static str>,
    /// The sourcing rules that it was made by; `null` where none counted.
    rules: Option<RulesAnswer<'a>>,
    /// One per location that ships.
    shipments: Vec<ShipmentAnswer<'a>>,
    /// What every other location that was looked at lacked.
    excluded: Vec<ExcludedAnswer<'a>>,
    /// Locations that could have shipped something and were not chosen: ask `why-not` about each.
    #[schema(value_type = Vec<String>)]
    not_chosen: Vec<Cow<'a, str>>,
    /// With `others`: what the best plan with each of these would have been, the nearest first, of at
    /// most 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Vec<WhyNotAnswer<'a>>>,
}

/// The sourcing rules that a decision was made by.
#[derive(Serialize, ToSchema)]
#[schema(as = DecisionRules)]
struct RulesAnswer<'a> {
    /// The rule set's id.
    #[schema(value_type = String)]
    rule_set_id: RuleSetId,
    /// The rule set's code; `null` where its version is no longer kept.
    code: Option<&'a str>,
    /// The version's number.
    version: u32,
    /// The place of the step, counted from 1.
    step: u32,
    /// The step's name; `null` where its version is no longer kept.
    name: Option<&'a str>,
}

/// Why a location ships.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingShipment)]
struct ShipmentAnswer<'a> {
    /// The location's code.
    #[schema(value_type = String)]
    location: Cow<'a, str>,
    /// Units that it ships.
    units: i64,
    /// Meters to the buyer.
    distance_m: i64,
    /// What the shipment costs, by what it is for; the parts that are paid add up to the cent.
    cost: Option<CostAnswer>,
    /// Its parcels, where it was weighed whether there should be several. Their prices add up to the
    /// carrier's.
    parcels: Vec<ParcelAnswer>,
    /// The reason in words.
    because: String,
}

/// A parcel of a shipment.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingParcel)]
struct ParcelAnswer {
    /// Billable grams.
    weight_g: i64,
    /// Units in it.
    units: i64,
    /// Its part of the carrier's price.
    price: Money,
}

/// What a shipment costs.
#[derive(Serialize, ToSchema)]
#[schema(as = SourcingCost)]
struct CostAnswer {
    /// To the carrier.
    carrier: Money,
    /// For arriving after the promised day, as the settings price it.
    lateness: Money,
    /// For handling the shipment and its units.
    handling: Money,
    /// What the location's declining it is expected to cost.
    decline_risk: Money,
    /// At a customs border.
    duties: Money,
    /// What money terms of the sourcing rules add, or take off where below zero.
    rule_terms: Money,
    /// What the units that it takes are worth to orders still expected. It steered the plan; nobody
    /// pays it.
    stock_price: Money,
    /// What the shipment that it takes of the location's day is worth to them. Nobody pays it either.
    shipment_price: Money,
}

/// A location that was left out.
#[derive(Serialize, ToSchema)]
#[schema(as = ExcludedLocation)]
struct ExcludedAnswer<'a> {
    /// The location's code.
    #[schema(value_type = String)]
    location: Cow<'a, str>,
    /// The first check that it failed.
    reason: &'static str,
    /// The same in words.
    because: String,
}

/// Why a location does not ship.
#[derive(Serialize, ToSchema)]
#[schema(as = WhyNot)]
struct WhyNotAnswer<'a> {
    /// The location's code.
    #[schema(value_type = String)]
    location: Cow<'a, str>,
    /// `ships`, `excluded`, `has_none`, `dearer`, `cannot_help` or `unknown` (the location came
    /// later).
    standing: &'static str,
    /// The check that it failed, where it was excluded.
    reason: Option<&'static str>,
    /// How much more the best plan with it costs, where money decides between them. Below zero where
    /// only prices of scarce stock or shipments speak against it.
    #[schema(value_type = Option<Money>)]
    dearer_by: Option<Money>,
    /// How much less the plan would have cost, had the check that the location failed let it pass;
    /// `null` where the plan would have been the same, or it cannot be told.
    #[schema(value_type = Option<Money>)]
    would_save: Option<Money>,
    /// The answer in words.
    because: String,
}

/// Says why the work went to its location.
#[utoipa::path(
    get,
    path = "/api/v1/fulfillment-orders/{id}/decision",
    tag = "Fulfillment",
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("others" = Option<bool>, Query, description = "Whether to solve again with each location that was not chosen."),
    ),
    responses((status = 200, description = "The decision that opened it, taken apart.", body = DecisionAnswer)),
)]
pub async fn get_decision(ask: Ask) -> Answer {
    let (id, order, decision) = decided(&ask).await?;
    let mut params = Params::of(&ask.parts.uri)?;
    let with_others = params.flag("others").unwrap_or(false);
    params.finish()?;
    let (decision, others) = match with_others {
        true => {
            let (decision, others) = compared(decision).await?;
            (decision, Some(others))
        }
        false => (decision, None),
    };
    let reference = ask.reference().await?;
    let words = Words {
        reference: &reference,
        order: &order,
        decision: &decision,
    };
    let told = decision.explain().map_err(unreadable)?;
    let has_money = why::has_money(&decision.instance);
    let money = |cents| why::cents(cents, order.currency);
    let code = |key: Key| location_code(&reference, LocationId::from_u128(key.0));
    let shipment = |one: &ShipmentReason| {
        let cents = in_cents(&one.paid_uc());
        let prices = in_cents(&[one.stock_price_uc, one.shipment_price_uc]);
        let parts_uc: Vec<i64> = one.parcels.iter().map(|parcel| parcel.carrier_uc).collect();
        let parts = cents_of(cents[0], &parts_uc);
        ShipmentAnswer {
            location: code(one.location),
            units: one.lines.iter().map(|(_, units)| units).sum(),
            distance_m: one.distance_m,
            cost: has_money.then(|| CostAnswer {
                carrier: money(cents[0]),
                lateness: money(cents[1]),
                handling: money(cents[2]),
                decline_risk: money(cents[3]),
                duties: money(cents[4]),
                rule_terms: money(cents[5]),
                stock_price: money(prices[0]),
                shipment_price: money(prices[1]),
            }),
            parcels: (one.parcels.iter().zip(parts))
                .map(|(parcel, cents)| ParcelAnswer {
                    weight_g: parcel.weight_g,
                    units: parcel.lines.iter().map(|(_, units)| units).sum(),
                    price: money(cents),
                })
                .collect(),
            because: words.shipment(one),
        }
    };
    let ships = |key: Key| told.shipments.iter().any(|one| one.location == key);
    let candidates = decision.instance.candidates.iter().map(|one| one.key);
    let others = others.map(|others| {
        let others = others
            .iter()
            .map(|(location, found)| WhyNotAnswer::of(&words, *location, found, &Would::Untold));
        others.collect()
    });
    let answer = DecisionAnswer {
        id,
        proven: told.is_proven,
        steps: decision.solution.steps,
        cost: has_money.then(|| money(in_cents(&[decision.paid_uc()])[0])),
        prices: decision.steering.as_ref().map(|steering| steering.book),
        place_known_by: words.precision().map(Precision::name),
        rules: decision.rules.map(|used| RulesAnswer {
            rule_set_id: RuleSetId::from_u128(used.set.0),
            code: words.step().map(|(set, _)| set.code.as_str()),
            version: used.version,
            step: used.step + 1,
            name: words.step().map(|(_, step)| step.name.as_str()),
        }),
        shipments: told.shipments.iter().map(shipment).collect(),
        excluded: (decision.excluded.iter())
            .map(|one| ExcludedAnswer {
                location: code(one.key),
                reason: why::reason(one.reason),
                because: words.excluded(one),
            })
            .collect(),
        not_chosen: candidates.filter(|key| !ships(*key)).map(code).collect(),
        others,
    };
    Ok(answer::to_read(&answer))
}

/// Solves again with each location that was not chosen, beside the threads that answer requests.
async fn compared(decision: Decision) -> Result<(Decision, Vec<(LocationId, WhyNot)>), Problem> {
    let solve = move || {
        let plan = &decision.solution.plan;
        let mut others: Vec<(i64, Key)> = (decision.instance.candidates.iter().enumerate())
            .filter(|(place, _)| plan.shipments.iter().all(|one| one.location != *place))
            .map(|(_, one)| (one.distance_m, one.key))
            .collect();
        others.sort_unstable();
        others.truncate(OTHERS_MAX);
        let found = others.into_iter().map(|(_, key)| {
            let found = decision.why_not(key, None)?;
            Ok((LocationId::from_u128(key.0), found))
        });
        let found: Result<Vec<_>, Flaw> = found.collect();
        found.map(|found| (decision, found))
    };
    let solved = tokio::task::spawn_blocking(solve).await;
    let solved = solved.map_err(|_| Problem::new(Code::Internal, "it could not be compared"))?;
    solved.map_err(unreadable)
}

/// Says why the work did not go to another location.
#[utoipa::path(
    get,
    path = "/api/v1/fulfillment-orders/{id}/decision/why-not",
    tag = "Fulfillment",
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("location" = String, Query, description = "The other location's code."),
    ),
    responses((status = 200, description = "What a plan with it would have been.", body = WhyNotAnswer)),
)]
pub async fn why_not(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let asked = params.text("location", 128);
    params.finish()?;
    let (_, order, decision) = decided(&ask).await?;
    let work: FulfillmentOrder = read::find(&ask, ask.id("{id}")?).await?;
    let reference = ask.reference().await?;
    let found = asked.and_then(|code| reference.location_by_code(&code));
    let Some(location) = found else {
        return Err(Rejection::field("/location", "must be the code of a location").into());
    };
    let words = Words {
        reference: &reference,
        order: &order,
        decision: &decision,
    };
    let key = Key(location.id.to_u128());
    let answer = decision.why_not(key, None).map_err(unreadable)?;
    let would = match &answer {
        WhyNot::Excluded(_) => {
            let would = read::over_world(&ask, |world| {
                would(world, &order, &decision, location.id, work.opened_at)
            });
            would.await?
        }
        _ => Would::Untold,
    };
    let answer = WhyNotAnswer::of(&words, location.id, &answer, &would);
    Ok(answer::to_read(&answer))
}

impl<'a> WhyNotAnswer<'a> {
    /// What is told of a location, and of what would have been without the check that it failed.
    fn of(words: &Words<'a>, location: LocationId, found: &WhyNot, would: &Would) -> Self {
        let has_money = why::has_money(&words.decision.instance);
        let (standing, reason, dearer_by, because) = match found {
            WhyNot::Ships => ("ships", None, None, "It does ship some of it.".to_owned()),
            WhyNot::Excluded(left) => {
                let because = words.excluded(left) + &words.would(left.reason, would);
                ("excluded", Some(why::reason(left.reason)), None, because)
            }
            WhyNot::HasNone => {
                let because = "It had nothing of what was left to source.";
                ("has_none", None, None, because.to_owned())
            }
            WhyNot::CannotHelp => {
                let because = "It has some, but every plan with it splits more than is allowed, or \
                               is worse than leaving those units unshipped.";
                ("cannot_help", None, None, because.to_owned())
            }
            WhyNot::Unknown => {
                let because = "It was not there yet when this was decided.";
                ("unknown", None, None, because.to_owned())
            }
            WhyNot::Dearer(other) => {
                let is_money = other.dearer_by.tiers.iter().all(|tier| *tier == 0);
                let by = (has_money && is_money).then(|| {
                    let paid_uc = other.dearer_by.money_uc - other.steered_by_uc;
                    let cents = why::rounded(paid_uc);
                    why::cents(cents, words.order.currency)
                });
                ("dearer", None, by, words.dearer(other))
            }
        };
        Self {
            location: location_code(words.reference, location),
            standing,
            reason,
            dearer_by,
            would_save: words.saved(would).filter(|_| has_money),
            because,
        }
    }
}

/// The decision behind the fulfillment order that the address names, and its order.
async fn decided(ask: &Ask) -> Result<(DecisionId, Order, Decision), Problem> {
    let work: FulfillmentOrder = read::find(ask, ask.id("{id}")?).await?;
    let order: Order = read::find(ask, work.order).await?;
    let id = work.decision.ok_or_else(Problem::not_found)?;
    let body = ask.backend().decision(ask.organization(), id).await?;
    let body = body.ok_or_else(Problem::not_found)?;
    let reference = ask.reference().await?;
    let decision = read_decision(&body, &reference).map_err(unreadable)?;
    Ok((id, order, decision))
}

fn unreadable(error: impl std::fmt::Display) -> Problem {
    StoreError::Corrupt(format!("a decision: {error}")).into()
}
