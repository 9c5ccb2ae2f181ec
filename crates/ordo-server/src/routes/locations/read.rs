//! `GET /locations/{id}`: one location.

use ordo_domain::network::Location;

use super::LocationAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a location.
#[utoipa::path(
    get,
    path = "/api/v1/locations/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The location's id.")),
    responses((status = 200, description = "The location; `ETag` is its version.", body = LocationAnswer)),
)]
pub async fn get_location(ask: Ask) -> Answer {
    read::one::<Location>(&ask).await
}
