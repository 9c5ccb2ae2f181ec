//! `GET /pools/{id}`: one pool.

use ordo_domain::network::Pool;

use super::PoolAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a pool.
#[utoipa::path(
    get,
    path = "/api/v1/pools/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The pool's id.")),
    responses((status = 200, description = "The pool; `ETag` is its version.", body = PoolAnswer)),
)]
pub async fn get_pool(ask: Ask) -> Answer {
    read::one::<Pool>(&ask).await
}
