//! `POST /fulfillment-orders/{id}/pick`: units were collected.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::fulfillment::PickUnits;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{LineUnitsInput, line_units};

/// What was collected.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = PickInput)]
struct Input {
    /// Units of lines; all that is left where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
}

/// Records that units were collected.
///
/// As often as there are scans; once everything is collected the work is `picked`.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/pick",
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
pub async fn pick_units(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let lines = line_units(&mut check, "/lines", &input.lines);
    let command = check.finish(PickUnits {
        fulfillment_order,
        lines,
    })?;
    ask.write(Command::PickUnits(command), &body, render).await
}
