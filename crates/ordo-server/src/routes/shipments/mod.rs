//! Shipments and their parcels: labeled, and followed on their way.

pub mod label;
pub mod label_zpl;
pub mod list;
pub mod read;
pub mod track;

use std::borrow::Cow;

use ordo_domain::id::{
    FulfillmentOrderId, LineId, LocationId, OrderId, ParcelId, PayloadId, ShipmentId,
};
use ordo_domain::money::Money;
use ordo_domain::order::{Order, TaxTreatment};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::shipment::{Parcel, ParcelState, Shipment, Units};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, location_code};

/// What one location hands to one carrier.
#[derive(Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ShipmentAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ShipmentId,
    /// How many events have touched it.
    version: u64,
    /// The order.
    #[schema(value_type = String)]
    order_id: OrderId,
    /// The work that it came from.
    #[schema(value_type = String)]
    fulfillment_order_id: FulfillmentOrderId,
    /// The code of the location where it leaves.
    location: Cow<'a, str>,
    /// That location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// Who carries it.
    carrier: &'a str,
    /// Which product of theirs.
    service: &'a str,
    /// When it was packed.
    packed_at: Instant,
    /// When the carrier got it.
    shipped_at: Option<Instant>,
    /// Where it left, as it counts for tax: ISO 3166-1 alpha-2.
    from_country: Option<&'a str>,
    /// Where it goes, likewise.
    to_country: Option<&'a str>,
    /// How the sale is taxed because of that.
    treatment: Option<TaxTreatment>,
    /// Its boxes.
    parcels: Vec<ParcelAnswer<'a>>,
}

/// One labeled box.
#[derive(Serialize, ToSchema)]
#[schema(as = Parcel)]
struct ParcelAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ParcelId,
    /// Where it is, as its carrier says.
    state: ParcelState,
    /// Since when, by the carrier's clock.
    state_at: Option<Instant>,
    /// What is in it.
    lines: Vec<ParcelLineAnswer<'a>>,
    /// Gross weight in grams, where it was weighed.
    weight_g: Option<i64>,
    /// The carrier's number.
    tracking_number: Option<&'a str>,
    /// The stored label.
    #[schema(value_type = Option<String>)]
    label_id: Option<PayloadId>,
    /// What the carrier quoted.
    cost_quoted: Option<Money>,
    /// What the carrier billed.
    cost_billed: Option<Money>,
    /// When the carrier first scanned it.
    first_scan_at: Option<Instant>,
    /// When it was delivered.
    delivered_at: Option<Instant>,
}

/// Units of one order line in a parcel.
#[derive(Serialize, ToSchema)]
#[schema(as = ParcelLine)]
struct ParcelLineAnswer<'a> {
    /// The order line's id.
    #[schema(value_type = String)]
    line: LineId,
    /// The SKU's code.
    sku: &'a str,
    /// How many.
    #[schema(value_type = i64)]
    quantity: Quantity,
    /// Which of them, where they are told apart.
    units: &'a [Units],
}

impl<'a> ShipmentAnswer<'a> {
    /// What is shown of it; `order` gives its lines their codes.
    pub fn of(reference: &'a Reference, order: &'a Order, shipment: &'a Shipment) -> Self {
        Self {
            id: shipment.id,
            version: shipment.version,
            order_id: shipment.order,
            fulfillment_order_id: shipment.fulfillment_order,
            location: location_code(reference, shipment.location),
            location_id: shipment.location,
            carrier: &shipment.carrier,
            service: &shipment.service,
            packed_at: Instant(shipment.packed_at),
            shipped_at: Instant::of(shipment.shipped_at),
            from_country: shipment.from_country.as_deref(),
            to_country: shipment.to_country.as_deref(),
            treatment: shipment.treatment,
            parcels: (shipment.parcels.iter())
                .map(|parcel| ParcelAnswer::of(order, parcel))
                .collect(),
        }
    }
}

impl<'a> ParcelAnswer<'a> {
    fn of(order: &'a Order, parcel: &'a Parcel) -> Self {
        Self {
            id: parcel.id,
            state: parcel.state,
            state_at: Instant::of(parcel.state_at),
            lines: (parcel.lines.iter())
                .map(|part| ParcelLineAnswer {
                    line: part.line,
                    sku: order.line(part.line).map_or("", |line| &line.code),
                    quantity: part.quantity,
                    units: &part.units,
                })
                .collect(),
            weight_g: parcel.weight_g,
            tracking_number: parcel.tracking_number.as_deref(),
            label_id: parcel.label,
            cost_quoted: parcel.cost_quoted,
            cost_billed: parcel.cost_billed,
            first_scan_at: Instant::of(parcel.first_scan_at),
            delivered_at: Instant::of(parcel.delivered_at),
        }
    }
}
