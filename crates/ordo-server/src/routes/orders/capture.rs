//! `POST /orders`: takes an order in, exactly once per channel and external id.
//!
//! The busiest operation: it reads the body once, parses it once, and does nothing that it need not.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::order::OrderInput;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// Takes an order in.
///
/// Exactly once per channel and external id: the same order again changes nothing, and a newer
/// `source_version` is merged. The answer shows the order after validation, allocation and sourcing.
#[utoipa::path(
    post,
    path = "/api/v1/orders",
    tag = "Orders",
    request_body = OrderInput,
    responses(
        (status = 201, description = "It was not known before.", body = super::render::OrderAnswer),
        (status = 200, description = "It was known; `Ordo-Outcome` says whether it changed.", body = super::render::OrderAnswer),
    ),
)]
pub async fn capture_order(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: OrderInput = body::parse(&body)?;
    ask.must_reach_channel(&input.channel).await?;
    let command = Command::CaptureOrder(Box::new(input.parse()?));
    ask.write(command, &body, render).await
}
