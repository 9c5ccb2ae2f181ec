//! Places a block, and lifts it before its time.

use crate::claim::ClaimKind;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{BlockId, ListingId, LocationId, SkuId};
use crate::network::{Block, BlockScope, BlockStage};
use crate::rejection::{Code, Rejection};
use crate::time::Timestamp;
use crate::world::World;

/// What is to be stopped, by codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockTarget {
    /// A SKU everywhere.
    Sku(String),
    /// One listing.
    Listing(ListingId),
    /// One lot of a SKU.
    Lot {
        /// The SKU's code.
        sku: String,
        /// The lot's own name.
        lot: String,
    },
    /// A whole location.
    Location(String),
    /// A SKU at one location.
    Cell {
        /// The SKU's code.
        sku: String,
        /// The location's code.
        location: String,
    },
    /// A carrier's service.
    CarrierService {
        /// The carrier's code.
        carrier: String,
        /// The service's code; `None` for all of the carrier's.
        service: Option<String>,
    },
}

/// Places a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceBlock {
    /// What it stops.
    pub target: BlockTarget,
    /// From when; at once where absent.
    pub from: Option<Timestamp>,
    /// Until when; until it is lifted where absent.
    pub until: Option<Timestamp>,
    /// Why, for people.
    pub reason: String,
    /// The steps it stops; at least one.
    pub stages: Vec<BlockStage>,
}

impl PlaceBlock {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let from = self.from.unwrap_or(ctx.now);
        if self.until.is_some_and(|until| until <= from) {
            return Err(Rejection::field("/until", "must be after the block begins").into());
        }
        let mut stages = self.stages.clone();
        stages.sort_unstable();
        stages.dedup();
        let block = Block {
            id: ctx.ids.make(),
            version: 0,
            scope: self.target.find(world)?,
            from,
            until: self.until,
            reason: self.reason.clone(),
            stages,
        };
        let id = block.id;
        Ok(Decided::created(vec![Event::BlockPlaced { block }], id))
    }
}

impl BlockTarget {
    /// The same by ids.
    fn find(&self, world: &World) -> Result<BlockScope, Refusal> {
        Ok(match self {
            Self::Sku(code) => BlockScope::Sku(sku(world, code, "/scope/sku")?),
            Self::Listing(id) => match world.listing_record(*id)? {
                Some(listing) => BlockScope::Listing(listing.id),
                None => return Err(Rejection::field("/scope/listing", "no such listing").into()),
            },
            Self::Lot { sku: code, lot } => BlockScope::Lot {
                sku: sku(world, code, "/scope/lot/sku")?,
                lot: lot.clone(),
            },
            Self::Location(code) => BlockScope::Location(location(world, code, "/scope/location")?),
            Self::Cell {
                sku: code,
                location: at,
            } => BlockScope::Cell {
                sku: sku(world, code, "/scope/cell/sku")?,
                location: location(world, at, "/scope/cell/location")?,
            },
            Self::CarrierService { carrier, service } => BlockScope::CarrierService {
                carrier: carrier.clone(),
                service: service.clone(),
            },
        })
    }
}

fn sku(world: &World, code: &str, field: &str) -> Result<SkuId, Refusal> {
    match world.claim(ClaimKind::SkuCode, code)? {
        Some(id) => Ok(SkuId::from_u128(id)),
        None => Err(Rejection::field(field, format!("no SKU has the code {code}")).into()),
    }
}

fn location(world: &World, code: &str, field: &str) -> Result<LocationId, Refusal> {
    match world.reference().location_by_code(code) {
        Some(location) => Ok(location.id),
        None => Err(Rejection::field(field, format!("no location has the code {code}")).into()),
    }
}

/// Ends a block now. The record stays, for whoever asks what was stopped when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftBlock {
    /// Which.
    pub block: BlockId,
}

impl LiftBlock {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(block) = world.block_record(self.block)? else {
            return Err(Rejection::new(Code::NotFound, "no such block").into());
        };
        let id = block.id;
        // Asking twice, or after its end, is not a mistake.
        if block.until.is_some_and(|until| until <= ctx.now) {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(vec![Event::BlockLifted { block: id }], id))
    }
}
