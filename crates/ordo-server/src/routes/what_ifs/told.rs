//! An order whose plan a variant changes, with both plans and why they are as they are.

use ordo_domain::id::OrderId;
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::reference::Reference;
use ordo_domain::time::Date;
use ordo_domain::what_if::{Change, Outcome, PastOrder, Shipped};
use ordo_engine::what_if::Side;
use serde::Serialize;
use utoipa::ToSchema;

use crate::why::Words;
use crate::wire::{Instant, location_code};

/// Micro-cents of a cent.
const CENT_UC: i64 = 1_000_000;

/// An order that is shipped otherwise.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfChangedOrder)]
pub(super) struct ChangedAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: OrderId,
    /// Its number.
    number: i64,
    /// The channel's own id of it.
    external_id: String,
    /// When it was placed.
    placed_at: Instant,
    /// What it costs less than before; below nothing where it costs more.
    saved: Money,
    /// What becomes of it under the baseline.
    baseline: PlanAnswer,
    /// What becomes of it under the variant.
    variant: PlanAnswer,
}

/// What becomes of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfPlan)]
struct PlanAnswer {
    /// Everything that it is counted as.
    cost: Money,
    /// What carriers ask.
    freight: Money,
    /// Thousandths of a day from placing to the arrival of the last shipment.
    door_days_milli: Option<i64>,
    /// Units that nobody ships.
    unfilled_units: i64,
    /// What leaves from where.
    shipments: Vec<ShipmentAnswer>,
    /// Why, a sentence or two per shipment.
    because: Vec<String>,
}

/// A shipment of a plan.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfShipment)]
struct ShipmentAnswer {
    /// The location's code.
    location: String,
    /// Meters to the buyer.
    distance_m: i64,
    /// What is in it.
    units: Vec<UnitsAnswer>,
    /// Who carries; `null` without rates.
    carrier: Option<String>,
    /// Which product of theirs.
    service: Option<String>,
    /// The table's zone.
    zone: Option<String>,
    /// What the carrier asks.
    price: Option<Money>,
    /// The day on which it is to arrive.
    #[schema(value_type = Option<String>, example = "2026-11-04")]
    arrives_on: Option<Date>,
}

/// Units of one SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIfUnits)]
struct UnitsAnswer {
    /// The SKU's code.
    sku: String,
    /// How many.
    quantity: i64,
}

impl ChangedAnswer {
    pub fn of(baseline: &Side, variant: &Side, change: &Change) -> Self {
        let past = &change.past;
        Self {
            id: past.order.id,
            number: past.number,
            external_id: past.order.external_id.clone(),
            placed_at: Instant(past.order.placed_at),
            saved: money(change.saved_uc(), past.order.currency),
            baseline: PlanAnswer::of(baseline, past, &change.before),
            variant: PlanAnswer::of(variant, past, &change.after),
        }
    }
}

impl PlanAnswer {
    fn of(side: &Side, past: &PastOrder, outcome: &Outcome) -> Self {
        let currency = outcome.currency;
        let shipments = outcome.shipments.iter();
        Self {
            cost: money(outcome.costs.total_uc(), currency),
            freight: money(outcome.costs.freight_uc, currency),
            door_days_milli: outcome.door_millidays,
            unfilled_units: outcome.unfilled,
            shipments: shipments
                .map(|shipped| ShipmentAnswer::of(side, past, shipped))
                .collect(),
            because: because(side.setup.reference(), past, outcome),
        }
    }
}

impl ShipmentAnswer {
    fn of(side: &Side, past: &PastOrder, shipped: &Shipped) -> Self {
        let code = |sku| {
            let line = past.order.lines.iter().find(|line| line.sku == Some(sku));
            line.map(|line| line.code.clone()).unwrap_or_default()
        };
        let carriage = shipped.carriage.as_ref();
        Self {
            location: location_code(side.setup.reference(), shipped.location).into_owned(),
            distance_m: shipped.distance_m,
            units: (shipped.units.iter())
                .map(|(sku, quantity)| UnitsAnswer {
                    sku: code(*sku),
                    quantity: *quantity,
                })
                .collect(),
            carrier: carriage.map(|carriage| carriage.carrier.clone()),
            service: carriage.map(|carriage| carriage.service.clone()),
            zone: carriage.map(|carriage| carriage.zone.clone()),
            price: carriage.map(|carriage| Money {
                amount: carriage.price,
                currency: carriage.currency,
            }),
            arrives_on: carriage.map(|carriage| carriage.arrives_on),
        }
    }
}

/// The reasons in words, those of a live order's decision, under the setup that `reference` is of.
pub fn because(reference: &Reference, past: &PastOrder, outcome: &Outcome) -> Vec<String> {
    let mut because: Vec<String> = Vec::new();
    for decision in &outcome.decisions {
        let words = Words {
            reference,
            order: &past.order,
            decision,
        };
        // An instance that was solved can be solved again.
        let explained = decision.explain();
        let told = explained.iter().flat_map(|told| &told.shipments);
        because.extend(told.map(|shipment| words.shipment(shipment)));
    }
    match outcome.unfilled {
        0 => {}
        1 => because.push("1 unit is at no location that may ship it.".to_owned()),
        more => because.push(format!(
            "{more} units are at no location that may ship them."
        )),
    }
    because
}

fn money(uc: i64, currency: Currency) -> Money {
    let cents = uc.saturating_add(CENT_UC / 2).div_euclid(CENT_UC);
    Money {
        amount: Minor::new(cents).unwrap_or_default(),
        currency,
    }
}
