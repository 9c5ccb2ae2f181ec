//! `POST /deliveries/{id}/retry`: lets a parked delivery be tried again.

use axum::body::Body;
use ordo_domain::Code;
use ordo_domain::id::DeliveryId;

use super::TaskAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::problem::Problem;

/// Tries a parked delivery again.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/{id}/retry",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The delivery's id.")),
    responses((status = 200, description = "It is tried again at once.", body = TaskAnswer)),
)]
pub async fn retry_delivery(ask: Ask, body: Body) -> Answer {
    let id: DeliveryId = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let now = ask.app.engine.clock().now();
    let retried = backend.retry_task(organization, id.to_u128(), now).await?;
    let found = backend.task(organization, id.to_u128()).await?;
    let task = found.ok_or_else(Problem::not_found)?;
    if !retried {
        let detail = format!("the delivery is {}, not parked", task.state.name());
        return Err(Problem::new(Code::DeliveryState, detail));
    }
    Ok(answer::to_read(&TaskAnswer::of(task)))
}
