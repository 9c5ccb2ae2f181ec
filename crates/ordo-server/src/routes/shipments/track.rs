//! `POST /shipments/{id}/track`: the carrier says where a parcel is.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::shipment::{ParcelState, TrackParcel, TrackingReport};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ShipmentAnswer;
use super::label::parcel;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// What the carrier says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrackInput)]
struct Input {
    /// The parcel's id; all of the shipment's where absent.
    parcel: Option<String>,
    /// Where it is.
    state: ParcelState,
    /// Since when, by the carrier's clock: RFC 3339; now where absent.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// The place, as the carrier writes it; no street of a person.
    #[schema(max_length = 128)]
    place: Option<String>,
    /// The carrier's own code.
    #[schema(max_length = 64)]
    code: Option<String>,
}

/// Records what a carrier says of a parcel.
///
/// Reports may come twice and in any order: a late one never takes a parcel back. The last delivery
/// closes the order.
#[utoipa::path(
    post,
    path = "/api/v1/shipments/{id}/track",
    tag = "Shipments",
    request_body = Input,
    params(
        ("id" = String, Path, description = "The shipment's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The shipment as it stands then.", body = ShipmentAnswer)),
)]
pub async fn track_parcel(ask: Ask, body: Body) -> Answer {
    let shipment = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse(&body)?;
    let mut check = Check::default();
    let parcel = parcel(&mut check, input.parcel.as_deref());
    let at = check.optional_instant("/at", input.at.as_ref());
    let report = TrackingReport {
        state: input.state,
        at: at.unwrap_or_else(|| ask.app.engine.clock().now()),
        place: check.optional_text("/place", input.place.as_ref(), 128),
        code: check.optional_text("/code", input.code.as_ref(), 64),
    };
    let command = check.finish(TrackParcel {
        shipment,
        parcel,
        report,
    })?;
    ask.write(Command::TrackParcel(command), &body, render)
        .await
}
