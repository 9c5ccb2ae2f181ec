//! Changes which locations a pool holds and which channels sell from it. Its code stays.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::must_be_at;
use crate::event::Event;
use crate::id::PoolId;
use crate::network::Pool;
use crate::network::create_pool::{channels, locations};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Changes a pool. What has been allocated stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePool {
    /// Which.
    pub pool: PoolId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The codes of all locations in it.
    pub locations: Option<Vec<String>>,
    /// The codes of all channels that sell from it.
    pub channels: Option<Vec<String>>,
}

impl UpdatePool {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.pool_record(self.pool)? else {
            return Err(Rejection::new(Code::NotFound, "no such pool").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut pool = Pool::clone(found);
        if let Some(codes) = &self.locations {
            pool.locations = locations(world.reference(), codes)?;
        }
        if let Some(codes) = &self.channels {
            pool.channels = channels(world.reference(), codes)?;
        }
        let id = pool.id;
        if pool == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(vec![Event::PoolUpdated { pool }], id))
    }
}
