//! `GET /skus`: a page of SKUs.

use ordo_domain::catalog::Sku;

use super::SkuAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists SKUs.
#[utoipa::path(
    get,
    path = "/api/v1/skus",
    tag = "Catalog",
    params(PageParams),
    responses((status = 200, description = "A page of SKUs.", body = Page<SkuAnswer>)),
)]
pub async fn list_skus(ask: Ask) -> Answer {
    read::page::<Sku>(&ask).await
}
