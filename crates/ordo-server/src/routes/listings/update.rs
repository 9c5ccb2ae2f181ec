//! `PATCH /listings/{id}`: changes what a listing takes from stock.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::catalog::{Listing, UpdateListing};
use ordo_domain::check::Check;
use ordo_domain::id::ListingId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::create::{ComponentInput, components};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// What is to change: an absent field stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListingPatch {
    /// All that it takes from stock.
    #[schema(min_items = 1, max_items = 100)]
    components: Option<Vec<ComponentInput>>,
    /// Whether the components must leave in one shipment.
    ships_together: Option<bool>,
}

/// Changes a listing.
///
/// Orders that came in before keep the components they were captured with.
#[utoipa::path(
    patch,
    path = "/api/v1/listings/{id}",
    tag = "Catalog",
    params(("id" = String, Path, description = "The listing's id.")),
    request_body = ListingPatch,
    responses((status = 200, description = "The listing as it stands then.", body = super::ListingAnswer)),
)]
pub async fn update_listing(ask: Ask, body: Body) -> Answer {
    let listing: ListingId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: ListingPatch = body::parse(&body)?;
    let mut check = Check::default();
    let command = UpdateListing {
        listing,
        expected: expected(&ask.parts)?,
        components: (input.components).map(|parts| components(&mut check, &parts)),
        ships_together: input.ships_together,
    };
    let command = Command::UpdateListing(check.finish(command)?);
    edit::<Listing>(&ask, command, &body).await
}
