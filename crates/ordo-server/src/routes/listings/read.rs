//! `GET /listings/{id}`: one listing.

use ordo_domain::catalog::Listing;

use super::ListingAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a listing.
#[utoipa::path(
    get,
    path = "/api/v1/listings/{id}",
    tag = "Catalog",
    params(("id" = String, Path, description = "The listing's id.")),
    responses((status = 200, description = "The listing; `ETag` is its version.", body = ListingAnswer)),
)]
pub async fn get_listing(ask: Ask) -> Answer {
    read::one::<Listing>(&ask).await
}
