//! Pools: named sets of locations that sell as one.

pub mod create;
pub mod list;
pub mod read;
pub mod update;

use std::borrow::Cow;

use ordo_domain::id::PoolId;
use ordo_domain::network::Pool;
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Show, channel_code, location_code};

/// A pool.
#[derive(Serialize, ToSchema)]
#[schema(as = Pool)]
pub struct PoolAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: PoolId,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// The codes of the locations in it.
    locations: Vec<Cow<'a, str>>,
    /// The codes of the channels that sell from it, and from no location that is in none of their
    /// pools.
    channels: Vec<Cow<'a, str>>,
}

impl Show for Pool {
    type Answer<'a> = PoolAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> PoolAnswer<'a> {
        PoolAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            locations: (self.locations.iter())
                .map(|id| location_code(reference, *id))
                .collect(),
            channels: (self.channels.iter())
                .map(|id| channel_code(reference, *id))
                .collect(),
        }
    }
}
