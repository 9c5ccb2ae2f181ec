//! `POST /fulfillment-orders/{id}/answer-stop`: the location stops, or goes on as before.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::fulfillment::AnswerStop;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// The location's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerStopInput)]
struct Input {
    /// Whether it stopped; else it goes on as before.
    stopped: bool,
}

/// Answers a request to stop.
///
/// Where the work stopped, its units are canceled or sourced from elsewhere, as the request said.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/answer-stop",
    tag = "Fulfillment",
    request_body = Input,
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn answer_stop(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse(&body)?;
    let command = AnswerStop {
        fulfillment_order,
        stopped: input.stopped,
    };
    ask.write(Command::AnswerStop(command), &body, render).await
}
