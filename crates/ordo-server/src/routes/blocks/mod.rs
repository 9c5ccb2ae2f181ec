//! Blocks: what stops a SKU, listing, lot, location, cell or carrier service rather than one order.

pub mod lift;
pub mod list;
pub mod place;
pub mod read;

use std::borrow::Cow;

use ordo_domain::id::{BlockId, ListingId, SkuId};
use ordo_domain::network::{Block, BlockScope, BlockStage};
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, Show, location_code};

/// A block.
#[derive(Serialize, ToSchema)]
#[schema(as = Block)]
pub struct BlockAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: BlockId,
    /// How many events have touched it.
    version: u64,
    /// What it stops.
    scope: ScopeAnswer<'a>,
    /// From when.
    from: Instant,
    /// Until when; `null` until it is lifted.
    until: Option<Instant>,
    /// Why, for people.
    reason: &'a str,
    /// The steps it stops.
    stages: &'a [BlockStage],
}

/// What a block stops. SKUs are named by id.
#[derive(Serialize, ToSchema)]
#[schema(as = BlockScope)]
#[serde(rename_all = "snake_case")]
enum ScopeAnswer<'a> {
    /// A SKU everywhere, by its id.
    #[schema(value_type = String)]
    Sku(SkuId),
    /// One listing, by its id.
    #[schema(value_type = String)]
    Listing(ListingId),
    /// One lot of a SKU.
    Lot {
        /// The SKU's id.
        #[schema(value_type = String)]
        sku: SkuId,
        /// The lot's own name.
        lot: &'a str,
    },
    /// A whole location, by its code.
    #[schema(value_type = String)]
    Location(Cow<'a, str>),
    /// A SKU at one location.
    Cell {
        /// The SKU's id.
        #[schema(value_type = String)]
        sku: SkuId,
        /// The location's code.
        #[schema(value_type = String)]
        location: Cow<'a, str>,
    },
    /// A carrier's service.
    CarrierService {
        /// The carrier's code.
        carrier: &'a str,
        /// The service's code; `null` for all of the carrier's.
        service: Option<&'a str>,
    },
}

impl Show for Block {
    type Answer<'a> = BlockAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> BlockAnswer<'a> {
        let scope = match &self.scope {
            BlockScope::Sku(sku) => ScopeAnswer::Sku(*sku),
            BlockScope::Listing(listing) => ScopeAnswer::Listing(*listing),
            BlockScope::Lot { sku, lot } => ScopeAnswer::Lot { sku: *sku, lot },
            BlockScope::Location(id) => ScopeAnswer::Location(location_code(reference, *id)),
            BlockScope::Cell { sku, location } => ScopeAnswer::Cell {
                sku: *sku,
                location: location_code(reference, *location),
            },
            BlockScope::CarrierService { carrier, service } => ScopeAnswer::CarrierService {
                carrier,
                service: service.as_deref(),
            },
        };
        BlockAnswer {
            id: self.id,
            version: self.version,
            scope,
            from: Instant(self.from),
            until: Instant::of(self.until),
            reason: &self.reason,
            stages: &self.stages,
        }
    }
}
