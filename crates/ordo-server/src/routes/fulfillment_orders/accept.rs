//! `POST /fulfillment-orders/{id}/accept`: the location agrees to the work.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::fulfillment::AcceptWork;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Agrees to the work, for its location.
///
/// A step that may be left out. Accepting twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/accept",
    tag = "Fulfillment",
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn accept_work(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let command = AcceptWork { fulfillment_order };
    ask.write(Command::AcceptWork(command), &body, render).await
}
