//! `GET /listings`: a page of listings.

use ordo_domain::catalog::Listing;

use super::ListingAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists listings.
#[utoipa::path(
    get,
    path = "/api/v1/listings",
    tag = "Catalog",
    params(PageParams),
    responses((status = 200, description = "A page of listings.", body = Page<ListingAnswer>)),
)]
pub async fn list_listings(ask: Ask) -> Answer {
    read::page::<Listing>(&ask).await
}
