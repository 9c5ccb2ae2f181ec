//! What an order's answer form shows of its shipments and returns; the rest is read with their ids.

use std::borrow::Cow;

use ordo_domain::id::{FulfillmentOrderId, LineId, ParcelId, ReturnId, ShipmentId};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::returns::{Return, ReturnState};
use ordo_domain::shipment::{ParcelState, Shipment};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, location_code};

/// A shipment of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = ShipmentSummary)]
pub struct ShipmentSummary<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ShipmentId,
    /// How many events have touched it.
    version: u64,
    /// The work that it came from.
    #[schema(value_type = String)]
    fulfillment_order_id: FulfillmentOrderId,
    /// The code of the location where it leaves.
    location: Cow<'a, str>,
    /// Who carries it.
    carrier: &'a str,
    /// When the carrier got it.
    shipped_at: Option<Instant>,
    /// Its boxes.
    parcels: Vec<ParcelSummary<'a>>,
}

/// A parcel of a shipment.
#[derive(Serialize, ToSchema)]
#[schema(as = ParcelSummary)]
struct ParcelSummary<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ParcelId,
    /// Where it is, as its carrier says.
    state: ParcelState,
    /// The carrier's number.
    tracking_number: Option<&'a str>,
    /// When it was delivered.
    delivered_at: Option<Instant>,
}

/// A return of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = ReturnSummary)]
pub struct ReturnSummary<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ReturnId,
    /// How many events have touched it.
    version: u64,
    /// How far it is.
    state: ReturnState,
    /// What may come.
    lines: Vec<ReturnLineSummary<'a>>,
}

/// One order line's part of a return.
#[derive(Serialize, ToSchema)]
#[schema(as = ReturnLineSummary)]
struct ReturnLineSummary<'a> {
    /// The order line's id.
    #[schema(value_type = String)]
    line: LineId,
    /// The SKU's code.
    sku: &'a str,
    /// How many may come.
    #[schema(value_type = i64)]
    requested: Quantity,
    /// Of them, arrived.
    #[schema(value_type = i64)]
    received: Quantity,
}

impl<'a> ShipmentSummary<'a> {
    /// What is shown of it.
    pub fn of(reference: &'a Reference, shipment: &'a Shipment) -> Self {
        Self {
            id: shipment.id,
            version: shipment.version,
            fulfillment_order_id: shipment.fulfillment_order,
            location: location_code(reference, shipment.location),
            carrier: &shipment.carrier,
            shipped_at: Instant::of(shipment.shipped_at),
            parcels: (shipment.parcels.iter())
                .map(|parcel| ParcelSummary {
                    id: parcel.id,
                    state: parcel.state,
                    tracking_number: parcel.tracking_number.as_deref(),
                    delivered_at: Instant::of(parcel.delivered_at),
                })
                .collect(),
        }
    }
}

impl<'a> ReturnSummary<'a> {
    /// What is shown of it.
    pub fn of(order: &'a Order, found: &'a Return) -> Self {
        Self {
            id: found.id,
            version: found.version,
            state: found.state,
            lines: (found.lines.iter())
                .map(|part| ReturnLineSummary {
                    line: part.line,
                    sku: order.line(part.line).map_or("", |line| &line.code),
                    requested: part.requested,
                    received: part.received,
                })
                .collect(),
        }
    }
}
