//! `POST /fulfillment-orders/{id}/release`: hands work to its location.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::fulfillment::ReleaseWork;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Hands work to its location.
///
/// Refused with `held_at_stage` while a hold or block stops it. Releasing twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/release",
    tag = "Fulfillment",
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn release_work(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let command = ReleaseWork { fulfillment_order };
    ask.write(Command::ReleaseWork(command), &body, render)
        .await
}
