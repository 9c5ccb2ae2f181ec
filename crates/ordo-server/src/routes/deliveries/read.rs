//! `GET /deliveries/{id}`: one delivery.

use ordo_domain::id::DeliveryId;

use super::TaskAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;

/// Reads a delivery.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries/{id}",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The delivery.", body = TaskAnswer)),
)]
pub async fn get_delivery(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let id: DeliveryId = ask.id("{id}")?;
    let found = ask.backend().task(ask.organization(), id.to_u128()).await?;
    let task = found.ok_or_else(Problem::not_found)?;
    Ok(answer::to_read(&TaskAnswer::of(task)))
}
