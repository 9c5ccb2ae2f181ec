//! `POST /fulfillment-orders/{id}/short`: units were not found.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::Fault;
use ordo_domain::fulfillment::ShortUnits;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{self, LineUnitsInput, line_units};

/// What was not found.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = ShortInput)]
struct Input {
    /// Units of lines; all that was not collected where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
    /// A code for why, such as `damaged`; `unspecified` where absent.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was; `seller` where absent.
    fault: Option<Fault>,
}

/// Records that units were not found.
///
/// They leave the books of the location, and the order's units are sourced again in the same commit,
/// never from there. Work of which nothing is left is canceled.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/short",
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
pub async fn short_units(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let lines = line_units(&mut check, "/lines", &input.lines);
    let reason = input.reason_code.as_ref();
    let cause = named::cause(&mut check, "", reason, input.fault, Fault::Seller);
    let command = check.finish(ShortUnits {
        fulfillment_order,
        lines,
        cause,
    })?;
    ask.write(Command::ShortUnits(command), &body, render).await
}
