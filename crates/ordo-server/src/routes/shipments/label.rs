//! `POST /shipments/{id}/label`: a parcel has its label.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::{Check, MoneyInput};
use ordo_domain::id::ParcelId;
use ordo_domain::shipment::{LabelDraft, LabelParcel};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ShipmentAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::amount;

/// A label.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = LabelInput)]
struct Input {
    /// The parcel's id; where absent the only one, or each that has no label.
    parcel: Option<String>,
    /// The carrier's number; the house courier's own where absent.
    #[schema(max_length = 128)]
    tracking_number: Option<String>,
    /// Who carries it; the shipment's carrier where absent.
    #[schema(max_length = 64)]
    carrier: Option<String>,
    /// Which product of theirs; the shipment's where absent.
    #[schema(max_length = 64)]
    service: Option<String>,
    /// What the carrier quoted.
    cost_quoted: Option<MoneyInput>,
}

/// Records the label of a parcel.
///
/// The house courier's numbers are made here; those of every other carrier must be given. The same
/// label again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/shipments/{id}/label",
    tag = "Shipments",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The shipment's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The shipment as it stands then.", body = ShipmentAnswer)),
)]
pub async fn label_parcel(ask: Ask, body: Body) -> Answer {
    let shipment = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let parcel = parcel(&mut check, input.parcel.as_deref());
    let number = input.tracking_number.as_ref();
    let label = LabelDraft {
        tracking_number: check.optional_text("/tracking_number", number, 128),
        carrier: check.optional_text("/carrier", input.carrier.as_ref(), 64),
        service: check.optional_text("/service", input.service.as_ref(), 64),
        payload: None,
        cost_quoted: amount(&mut check, "/cost_quoted", input.cost_quoted.as_ref()),
    };
    let command = check.finish(LabelParcel {
        shipment,
        parcel,
        label,
    })?;
    ask.write(Command::LabelParcel(command), &body, render)
        .await
}

/// Reads a parcel's id.
pub fn parcel(check: &mut Check, id: Option<&str>) -> Option<ParcelId> {
    let parsed = id?.parse();
    parsed
        .map_err(|error: ordo_domain::id::ParseIdError| check.refuse("/parcel", error.to_string()))
        .ok()
}
