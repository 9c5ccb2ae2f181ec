//! Fulfillment orders: what a location has to do for an order, step by step.

pub mod accept;
pub mod answer_stop;
pub mod cancel;
pub mod decision;
pub mod list;
pub mod pack;
pub mod pick;
pub mod read;
pub mod reject;
pub mod release;
pub mod ship;
pub mod short;

use std::borrow::Cow;

use ordo_domain::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use ordo_domain::id::{FulfillmentOrderId, LineId, LocationId, OrderId, ShipmentId};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::shipment::Units;
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
        }
    }
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
