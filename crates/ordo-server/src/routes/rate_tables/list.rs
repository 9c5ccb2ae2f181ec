//! `GET /rate-tables`: a page of rate tables.

use ordo_domain::rate::RateTable;

use super::RateTableAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists rate tables.
#[utoipa::path(
    get,
    path = "/api/v1/rate-tables",
    tag = "Sourcing",
    params(PageParams),
    responses((status = 200, description = "A page of rate tables.", body = Page<RateTableAnswer>)),
)]
pub async fn list_rate_tables(ask: Ask) -> Answer {
    read::page::<RateTable>(&ask).await
}
