//! Pools: named sets of locations that sell as one.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, LocationId, PoolId};
use crate::record::{Columns, record};

/// A named set of locations, and the channels that may sell from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// The locations in it.
    pub locations: Vec<LocationId>,
    /// The channels that sell from it, and from no location that is in none of their pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
}
record!(Pool, PoolId, Pool, self => Columns::Code { code: self.code.clone() });
