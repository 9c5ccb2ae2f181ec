//! `GET /listings/{id}/availability`: how much of a listing could be sold right now.

use std::collections::BTreeMap;

use ordo_domain::catalog::availability::{Supply, available};
use ordo_domain::catalog::{Listing, Sku};
use ordo_domain::id::{ListingId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::world::{Key, Row};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;

/// How much of a listing could be sold.
#[derive(Serialize, ToSchema)]
#[schema(as = ListingAvailability)]
struct AvailabilityAnswer {
    /// The listing's id.
    #[schema(value_type = String)]
    listing_id: ListingId,
    /// Of a bundle as many as its scarcest component allows; `null` where nothing limits it.
    /// Backorders are not counted.
    #[schema(value_type = Option<i64>)]
    available: Option<Quantity>,
}

/// Says how much of a listing could be sold right now.
#[utoipa::path(
    get,
    path = "/api/v1/listings/{id}/availability",
    tag = "Catalog",
    params(
        ("id" = String, Path, description = "The listing's id."),
        ("channel" = Option<String>, Query, description = "The code of the channel that would sell it; its own where it has one."),
    ),
    responses((status = 200, description = "What is available.", body = AvailabilityAnswer)),
)]
pub async fn get_availability(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let code = params.text("channel", 128);
    let reference = ask.reference().await?;
    let channel = code.and_then(|code| {
        let channel = reference.channel_by_code(&code);
        if channel.is_none() {
            params.refuse("channel", "is not a channel's code");
        }
        channel.map(|channel| channel.id)
    });
    params.finish()?;
    let listing: Listing = read::find(&ask, ask.id("{id}")?).await?;
    let (skus, cells) = load(&ask, &listing).await?;
    let mut supply = Vec::with_capacity(listing.components.len());
    for part in &listing.components {
        let Some(sku) = skus.get(&part.sku) else {
            return Err(Problem::not_found());
        };
        let cells = cells.get(&part.sku).map(Vec::as_slice).unwrap_or_default();
        supply.push(Supply { sku, cells });
    }
    let channel = listing.channel.or(channel);
    let now = ask.app.engine.clock().now();
    Ok(answer::to_read(&AvailabilityAnswer {
        listing_id: listing.id,
        available: available(&reference, &listing, &supply, channel, now),
    }))
}

type Cells = BTreeMap<SkuId, Vec<(CellKey, Cell)>>;

/// The SKUs of the components, and their cells.
async fn load(ask: &Ask, listing: &Listing) -> Result<(BTreeMap<SkuId, Sku>, Cells), Problem> {
    let keys: Vec<Key> = (listing.components.iter())
        .flat_map(|part| {
            let sku = Key::Record {
                kind: RecordKind::Sku,
                id: part.sku.to_u128(),
            };
            [sku, Key::Cells(part.sku)]
        })
        .collect();
    let (mut skus, mut cells) = (BTreeMap::new(), Cells::new());
    for row in ask.backend().load(ask.organization(), &keys).await? {
        if let Row::Cells { sku, cells: found } = row {
            cells.insert(sku, found);
        } else if let Some(stored) = read::found(row) {
            let sku: Sku = read::decode(&stored)?;
            skus.insert(sku.id, sku);
        }
    }
    Ok((skus, cells))
}
