//! `GET /skus/{id}`: one SKU.

use ordo_domain::catalog::Sku;

use super::SkuAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a SKU.
#[utoipa::path(
    get,
    path = "/api/v1/skus/{id}",
    tag = "Catalog",
    params(("id" = String, Path, description = "The SKU's id.")),
    responses((status = 200, description = "The SKU.", body = SkuAnswer)),
)]
pub async fn get_sku(ask: Ask) -> Answer {
    read::one::<Sku>(&ask).await
}
