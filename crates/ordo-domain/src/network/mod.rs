//! Where orders come from and where stock lies: legal entities, channels, locations, pools, blocks.
//!
//! All of these make up the [`crate::reference::Reference`], which every decision reads from memory.

pub mod block;
pub mod calendar;
pub mod channel;
pub mod create_pool;
pub mod legal_entity;
pub mod location;
pub mod place;
pub mod place_block;
pub mod pool;
pub mod update_channel;
pub mod update_location;
pub mod update_pool;

pub use block::{Block, BlockScope, BlockStage};
pub use calendar::{NeverReady, Ready};
pub use channel::{Channel, ChannelKind, CreateChannel, LegalEntity, TaxRegistration};
pub use create_pool::CreatePool;
pub use legal_entity::{CreateLegalEntity, UpdateLegalEntity};
pub use location::{
    AddLocations, Capability, Closure, CreateLocation, CutOff, Handling, Location, LocationKind,
    LocationState, Place, WeekHours,
};
pub use ordo_geo::Precision;
pub use place_block::{BlockTarget, LiftBlock, PlaceBlock};
pub use pool::Pool;
pub use update_channel::UpdateChannel;
pub use update_location::{LocationChange, UpdateLocation};
pub use update_pool::UpdatePool;
