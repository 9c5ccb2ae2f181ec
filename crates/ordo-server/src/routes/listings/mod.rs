//! Listings: channels' own codes for SKUs, and bundles of several.

pub mod availability;
pub mod create;
pub mod list;
pub mod read;
pub mod update;

use std::borrow::Cow;

use ordo_domain::catalog::Listing;
use ordo_domain::id::{ListingId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Show, channel_code};

/// A listing.
#[derive(Serialize, ToSchema)]
#[schema(as = Listing)]
pub struct ListingAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ListingId,
    /// The channel's code; `null` for every channel.
    channel: Option<Cow<'a, str>>,
    /// The code as it comes in on order lines.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// What it takes from stock: one component of quantity 1 is a plain listing.
    components: Vec<ComponentAnswer>,
    /// Whether the components must leave in one shipment.
    ships_together: bool,
}

/// One SKU of a listing.
#[derive(Serialize, ToSchema)]
#[schema(as = ListingComponent)]
struct ComponentAnswer {
    /// The SKU's id.
    #[schema(value_type = String)]
    sku_id: SkuId,
    /// How many of it one bundle takes.
    #[schema(value_type = i64)]
    quantity: Quantity,
    /// Its part of the price, relative to the other components'.
    price_weight: i64,
}

impl Show for Listing {
    type Answer<'a> = ListingAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> ListingAnswer<'a> {
        ListingAnswer {
            id: self.id,
            channel: self.channel.map(|id| channel_code(reference, id)),
            code: &self.code,
            version: self.version,
            components: (self.components.iter())
                .map(|part| ComponentAnswer {
                    sku_id: part.sku,
                    quantity: part.quantity,
                    price_weight: part.price_weight,
                })
                .collect(),
            ships_together: self.ships_together,
        }
    }
}
