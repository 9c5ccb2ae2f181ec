//! `GET /pools`: a page of pools.

use ordo_domain::network::Pool;

use super::PoolAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists pools.
#[utoipa::path(
    get,
    path = "/api/v1/pools",
    tag = "Network",
    params(PageParams),
    responses((status = 200, description = "A page of pools.", body = Page<PoolAnswer>)),
)]
pub async fn list_pools(ask: Ask) -> Answer {
    read::page::<Pool>(&ask).await
}
