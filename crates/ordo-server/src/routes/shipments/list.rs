//! `GET /orders/{id}/shipments`: what of an order was packed, in the order of its fulfillment orders.

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::ShipmentId;
use ordo_domain::order::Order;
use ordo_domain::shipment::Shipment;

use super::ShipmentAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;
use crate::wire::Page;

/// Lists the shipments of an order.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}/shipments",
    tag = "Shipments",
    params(("id" = String, Path, description = "The order's id.")),
    responses((status = 200, description = "All of them, also those that are packed and have not left.", body = Page<ShipmentAnswer>)),
)]
pub async fn list_order_shipments(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let order: Order = read::find(&ask, ask.id("{id}")?).await?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let work: Vec<FulfillmentOrder> =
        read::all(backend, organization, &order.fulfillment_orders).await?;
    let ids: Vec<ShipmentId> = work.iter().filter_map(|work| work.shipment).collect();
    let shipments: Vec<Shipment> = read::all(backend, organization, &ids).await?;
    let reference = ask.reference().await?;
    Ok(answer::to_read(&Page {
        items: (shipments.iter())
            .map(|shipment| ShipmentAnswer::of(&reference, &order, shipment))
            .collect(),
        next_cursor: None,
    }))
}
