//! `GET /locations`: a page of locations.

use ordo_domain::network::Location;

use super::LocationAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists locations.
#[utoipa::path(
    get,
    path = "/api/v1/locations",
    tag = "Network",
    params(PageParams),
    responses((status = 200, description = "A page of locations.", body = Page<LocationAnswer>)),
)]
pub async fn list_locations(ask: Ask) -> Answer {
    read::page::<Location>(&ask).await
}
