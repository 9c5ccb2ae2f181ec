//! `POST /fulfillment-orders/{id}/pin`: says whether work stays at its location.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::planning::PinWork;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// Whether the work stays.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = PinWorkInput)]
struct Input {
    /// Whether it stays; `true` where absent.
    pinned: Option<bool>,
}

/// Pins work to its location, or lets it move again.
///
/// Pinned work stays where it is when work is looked at again because another location has become
/// cheaper. A location that refuses it, or does not find its units, still loses it.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/pin",
    tag = "Fulfillment",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn pin_work(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = PinWork {
        fulfillment_order,
        pinned: input.pinned.unwrap_or(true),
    };
    ask.write(Command::PinWork(command), &body, render).await
}
