//! Makes a pool: a named set of locations, and the channels that sell from it.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ChannelId, LocationId};
use crate::network::Pool;
use crate::reference::Reference;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Makes a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePool {
    /// The merchant's short name for it.
    pub code: String,
    /// The codes of the locations in it.
    pub locations: Vec<String>,
    /// The codes of the channels that sell from it; a channel in no pool sells from everywhere.
    pub channels: Vec<String>,
}

impl CreatePool {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.reference().pool_by_code(&self.code).is_some() {
            let detail = format!("a pool with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        let pool = Pool {
            id: ctx.ids.make(),
            version: 0,
            code: self.code.clone(),
            locations: locations(world.reference(), &self.locations)?,
            channels: channels(world.reference(), &self.channels)?,
        };
        let id = pool.id;
        Ok(Decided::created(vec![Event::PoolCreated { pool }], id))
    }
}

/// The locations with these codes, each once.
pub(super) fn locations(
    reference: &Reference,
    codes: &[String],
) -> Result<Vec<LocationId>, Refusal> {
    let mut found = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let Some(location) = reference.location_by_code(code) else {
            let message = format!("no location has the code {code}");
            return Err(Rejection::field(format!("/locations/{index}"), message).into());
        };
        found.push(location.id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The channels with these codes, each once.
pub(super) fn channels(reference: &Reference, codes: &[String]) -> Result<Vec<ChannelId>, Refusal> {
    let mut found = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let Some(channel) = reference.channel_by_code(code) else {
            let message = format!("no channel has the code {code}");
            return Err(Rejection::field(format!("/channels/{index}"), message).into());
        };
        found.push(channel.id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
