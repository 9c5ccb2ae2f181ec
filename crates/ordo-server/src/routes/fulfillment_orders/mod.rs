//! Fulfillment orders: what a location has to do for an order, step by step.

pub mod accept;
pub mod answer_stop;
pub mod cancel;
pub mod decision;
pub mod list;
pub mod pack;
pub mod pick;
pub mod pin;
pub mod read;
pub mod reject;
pub mod release;
pub mod ship;
pub mod short;

use std::borrow::Cow;

use ordo_domain::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use ordo_domain::id::{
    FulfillmentOrderId, LineId, LocationId, OrderId, RateTableId, ShipmentId, SkuId,
};
use ordo_domain::money::Money;
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::shipment::Units;
use ordo_domain::sourcing::{ParcelUnits, PlannedCarriage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, location_code};

/// The part of an order given to one location as work.
#[derive(Serialize, ToSchema)]
#[schema(as = FulfillmentOrder)]
pub struct FulfillmentOrderAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: FulfillmentOrderId,
    /// How many events have touched it.
    version: u64,
    /// The order that it serves.
    #[schema(value_type = String)]
    order_id: OrderId,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// How far the work is.
    state: FulfillmentState,
    /// Whether a person wants it to stay at its location.
    pinned: bool,
    /// What is to be shipped.
    lines: Vec<WorkLineAnswer<'a>>,
    /// When it was opened.
    opened_at: Instant,
    /// What it is shipped as, once it is packed.
    #[schema(value_type = Option<String>)]
    shipment_id: Option<ShipmentId>,
    /// The open request to stop.
    stop: Option<StopAnswer<'a>>,
    /// The one whose place it took.
    #[schema(value_type = Option<String>)]
    replaces: Option<FulfillmentOrderId>,
    /// How it was planned to go when it was sourced; `null` where no rates decided.
    carriage: Option<CarriageAnswer<'a>>,
}

/// How a shipment was planned to go.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedCarriage)]
pub struct CarriageAnswer<'a> {
    /// Who carries.
    carrier: &'a str,
    /// Which product of theirs.
    service: &'a str,
    /// The rate table that it was priced by.
    #[schema(value_type = String)]
    rate_table_id: RateTableId,
    /// The table's zone.
    zone: &'a str,
    /// Billable grams.
    weight_g: i64,
    /// Whether the weight of some unit is not known and the default counted.
    weight_assumed: bool,
    /// What the carrier asks, with surcharges.
    price: Money,
    /// The local day on which it is to leave.
    #[schema(example = "2026-11-02")]
    leaves_on: String,
    /// The day on which it is to arrive.
    #[schema(example = "2026-11-04")]
    arrives_on: String,
    /// Days after the promised one.
    late_days: i64,
    /// What customs are expected to ask, where it crosses a border between customs areas.
    duty: Money,
    /// The parcels to pack, where it is cheaper in several or has to be; empty where it is one.
    parcels: Vec<PlannedParcelAnswer<'a>>,
}

/// One of several parcels that a shipment was planned as.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedParcel)]
struct PlannedParcelAnswer<'a> {
    /// Billable grams.
    weight_g: i64,
    /// Its part of the price: those of all parcels add up to it.
    price: Money,
    /// What is to be packed into it.
    units: Vec<ParcelUnitsAnswer<'a>>,
}

/// Units of a SKU in a planned parcel.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedParcelUnits)]
struct ParcelUnitsAnswer<'a> {
    /// The SKU's code.
    sku: &'a str,
    /// How many.
    #[schema(value_type = i64)]
    quantity: Quantity,
}

impl<'a> CarriageAnswer<'a> {
    /// What is shown of it; `code` names a SKU.
    pub fn of(carriage: &'a PlannedCarriage, code: impl Fn(SkuId) -> &'a str) -> Self {
        let units = |one: &ParcelUnits| ParcelUnitsAnswer {
            sku: code(one.sku),
            quantity: one.quantity,
        };
        let parcels = carriage.parcels.iter().map(|parcel| PlannedParcelAnswer {
            weight_g: parcel.weight_g,
            price: Money {
                amount: parcel.price,
                currency: carriage.currency,
            },
            units: parcel.units.iter().map(units).collect(),
        });
        Self {
            parcels: parcels.collect(),
            carrier: &carriage.carrier,
            service: &carriage.service,
            rate_table_id: carriage.rate_table,
            zone: &carriage.zone,
            weight_g: carriage.weight_g,
            weight_assumed: carriage.weight_assumed,
            price: Money {
                amount: carriage.price,
                currency: carriage.currency,
            },
            leaves_on: carriage.leaves_on.to_string(),
            arrives_on: carriage.arrives_on.to_string(),
            late_days: carriage.late_days,
            duty: Money {
                amount: carriage.duty,
                currency: carriage.currency,
            },
        }
    }
}

/// An order line's part of the work.
#[derive(Serialize, ToSchema)]
#[schema(as = FulfillmentLine)]
struct WorkLineAnswer<'a> {
    /// The order line's id.
    #[schema(value_type = String)]
    line: LineId,
    /// The SKU's code.
    sku: &'a str,
    /// Units to be shipped from here.
    #[schema(value_type = i64)]
    quantity: Quantity,
    /// Of them, collected.
    #[schema(value_type = i64)]
    picked: Quantity,
    /// Of them, in parcels.
    #[schema(value_type = i64)]
    packed: Quantity,
    /// Of them, handed to the carrier.
    #[schema(value_type = i64)]
    shipped: Quantity,
    /// Which units were collected, where they are told apart.
    units: &'a [Units],
}

/// A request to stop that the location has not answered.
#[derive(Serialize, ToSchema)]
#[schema(as = StopRequest)]
struct StopAnswer<'a> {
    /// Where the work goes on if the location refuses.
    previous: FulfillmentState,
    /// Whether its units are canceled with it, rather than sourced again.
    cancels_lines: bool,
    /// Why.
    reason_code: &'a str,
}

impl<'a> FulfillmentOrderAnswer<'a> {
    /// What is shown of it; `order` gives its lines their codes.
    pub fn of(reference: &'a Reference, order: &'a Order, work: &'a FulfillmentOrder) -> Self {
        Self {
            id: work.id,
            version: work.version,
            order_id: work.order,
            location: location_code(reference, work.location),
            location_id: work.location,
            state: work.state,
            pinned: work.pinned,
            lines: (work.lines.iter())
                .map(|line| WorkLineAnswer::of(order, line))
                .collect(),
            opened_at: Instant(work.opened_at),
            shipment_id: work.shipment,
            stop: work.cancel.as_ref().map(|request| StopAnswer {
                previous: request.previous,
                cancels_lines: request.cancels_lines,
                reason_code: &request.cause.reason_code,
            }),
            replaces: work.replaces,
            carriage: (work.carriage.as_ref())
                .map(|carriage| CarriageAnswer::of(carriage, |sku| code_of(order, sku))),
        }
    }
}

/// The code of a SKU that the order asks for.
fn code_of(order: &Order, sku: SkuId) -> &str {
    let line = order.lines.iter().find(|line| line.sku == Some(sku));
    line.map_or("", |line| &line.code)
}

impl<'a> WorkLineAnswer<'a> {
    fn of(order: &'a Order, line: &'a FulfillmentLine) -> Self {
        Self {
            line: line.line,
            sku: order.line(line.line).map_or("", |line| &line.code),
            quantity: line.quantity,
            picked: line.picked,
            packed: line.packed,
            shipped: line.shipped,
            units: &line.units,
        }
    }
}
