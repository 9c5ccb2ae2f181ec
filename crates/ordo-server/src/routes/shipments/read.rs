//! `GET /shipments/{id}`: one shipment with its parcels.

use ordo_domain::order::Order;
use ordo_domain::shipment::Shipment;

use super::ShipmentAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;
use crate::wire;

/// Reads a shipment.
#[utoipa::path(
    get,
    path = "/api/v1/shipments/{id}",
    tag = "Shipments",
    params(("id" = String, Path, description = "The shipment's id.")),
    responses((status = 200, description = "The shipment; `ETag` is its version.", body = ShipmentAnswer)),
)]
pub async fn get_shipment(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let shipment: Shipment = read::find(&ask, ask.id("{id}")?).await?;
    let order: Order = read::find(&ask, shipment.order).await?;
    let reference = ask.reference().await?;
    let json = wire::to_json(&ShipmentAnswer::of(&reference, &order, &shipment));
    Ok(answer::to_read_versioned(json, shipment.version))
}
