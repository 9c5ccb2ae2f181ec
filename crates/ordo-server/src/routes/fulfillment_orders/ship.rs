//! `POST /fulfillment-orders/{id}/ship`: the carrier has the parcels.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::fulfillment::ShipWork;
use ordo_domain::shipment::LabelDraft;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{LineUnitsInput, line_units};

/// What the carrier got.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = ShipInput)]
struct Input {
    /// Units of lines: all that is in the parcels, which is also meant where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
    /// The carrier's number, for parcels that have no label yet.
    #[schema(max_length = 128)]
    tracking_number: Option<String>,
    /// Who carries it, with `tracking_number`; the shipment's carrier where absent.
    #[schema(max_length = 64)]
    carrier: Option<String>,
    /// Which product of theirs, with `tracking_number`; the shipment's where absent.
    #[schema(max_length = 64)]
    service: Option<String>,
}

/// Records that the carrier has the parcels.
///
/// The units leave the location's books and the order's allocation. Shipping twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/ship",
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
pub async fn ship_work(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let number = input.tracking_number.as_ref();
    let draft = LabelDraft {
        tracking_number: check.optional_text("/tracking_number", number, 128),
        carrier: check.optional_text("/carrier", input.carrier.as_ref(), 64),
        service: check.optional_text("/service", input.service.as_ref(), 64),
        payload: None,
        cost_quoted: None,
    };
    let says_something = draft != LabelDraft::default();
    let lines = line_units(&mut check, "/lines", &input.lines);
    let command = check.finish(ShipWork {
        fulfillment_order,
        lines,
        label: says_something.then_some(draft),
    })?;
    ask.write(Command::ShipWork(command), &body, render).await
}
