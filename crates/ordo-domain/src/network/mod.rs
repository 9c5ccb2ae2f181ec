//! Where orders come from and where stock lies: legal entities, channels, locations, pools, blocks.
//!
//! All of these make up the [`crate::reference::Reference`], which every decision reads from memory.

pub mod block;
pub mod channel;
pub mod location;
pub mod place;
pub mod pool;

pub use block::{Block, BlockScope, BlockStage};
pub use channel::{Channel, ChannelKind, CreateChannel, LegalEntity, TaxRegistration};
pub use location::{
    AddLocations, Capability, Closure, CreateLocation, CutOff, Location, LocationKind,
    LocationState, Place, WeekHours,
};
pub use pool::Pool;
