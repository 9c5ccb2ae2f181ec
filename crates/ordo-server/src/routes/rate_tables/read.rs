//! `GET /rate-tables/{id}`: one rate table.

use ordo_domain::rate::RateTable;

use super::RateTableAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a rate table.
#[utoipa::path(
    get,
    path = "/api/v1/rate-tables/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rate table's id.")),
    responses((status = 200, description = "The rate table; `ETag` is its version.", body = RateTableAnswer)),
)]
pub async fn get_rate_table(ask: Ask) -> Answer {
    read::one::<RateTable>(&ask).await
}
