//! `GET /fulfillment-orders/{id}`: one fulfillment order.

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::order::Order;

use super::FulfillmentOrderAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;
use crate::wire;

/// Reads a fulfillment order.
#[utoipa::path(
    get,
    path = "/api/v1/fulfillment-orders/{id}",
    tag = "Fulfillment",
    params(("id" = String, Path, description = "The fulfillment order's id.")),
    responses((status = 200, description = "The fulfillment order; `ETag` is its version.", body = FulfillmentOrderAnswer)),
)]
pub async fn get_fulfillment_order(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let work: FulfillmentOrder = read::find(&ask, ask.id("{id}")?).await?;
    let order: Order = read::find(&ask, work.order).await?;
    let reference = ask.reference().await?;
    let json = wire::to_json(&FulfillmentOrderAnswer::of(&reference, &order, &work));
    Ok(answer::to_read_versioned(json, work.version))
}
