//! Blocks: what stops a SKU, lot, location, cell or carrier service rather than one order.

use serde::{Deserialize, Serialize};

use crate::id::{BlockId, ListingId, LocationId, SkuId};
use crate::record::record;
use crate::time::Timestamp;

/// What a block stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockScope {
    /// A SKU everywhere (a recall, a stop-sale).
    Sku(SkuId),
    /// One listing.
    Listing(ListingId),
    /// One lot of a SKU.
    Lot {
        /// The SKU.
        sku: SkuId,
        /// The lot's own name.
        lot: String,
    },
    /// A whole location (a closed store).
    Location(LocationId),
    /// A SKU at one location.
    Cell {
        /// The SKU.
        sku: SkuId,
        /// The location.
        location: LocationId,
    },
    /// A carrier's service (a strike).
    CarrierService {
        /// The carrier's code.
        carrier: String,
        /// The service's code; `None` for all of the carrier's.
        service: Option<String>,
    },
}

/// A step that a block stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlockStage {
    /// Telling channels that there is stock.
    Publish,
    /// Giving stock to orders.
    Allocate,
    /// Handing work to the location.
    Release,
    /// Picking.
    Pick,
    /// Shipping.
    Ship,
}

/// A stop with a reason and, mostly, an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// How many events have touched it.
    pub version: u64,
    /// What it stops.
    pub scope: BlockScope,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why, for people.
    pub reason: String,
    /// The steps it stops.
    pub stages: Vec<BlockStage>,
}
record!(Block, BlockId, Block);

impl Block {
    /// Whether it stops `stage` at `now`.
    #[must_use]
    pub fn stops(&self, stage: BlockStage, now: Timestamp) -> bool {
        self.from <= now
            && self.until.is_none_or(|until| now < until)
            && self.stages.contains(&stage)
    }
}
