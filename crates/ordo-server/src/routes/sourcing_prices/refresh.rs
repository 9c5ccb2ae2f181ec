//! `POST /sourcing-prices/refresh`: finds prices now.

use axum::body::Body;
use ordo_domain::Command;

use super::PricesAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// Finds the prices of scarce stock and shipments now, rather than at the next full hour.
///
/// From the organization's own orders of the last two weeks, today's stock and shipments, and
/// today's rates. Where prices are switched off in the sourcing settings, they can be looked at and
/// count for nothing.
#[utoipa::path(
    post,
    path = "/api/v1/sourcing-prices/refresh",
    tag = "Sourcing",
    responses((status = 200, description = "The prices in short; `GET /sourcing-prices` has all.", body = PricesAnswer)),
)]
pub async fn refresh_sourcing_prices(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let renewed = ask.app.engine.forecast_prices(ask.organization()).await?;
    let command = Command::RenewPrices(Box::new(renewed));
    ask.write(command, &body, render).await
}
