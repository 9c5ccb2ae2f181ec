//! The part of an organization that a key is for: all of it, or the orders of some channels and the
//! stock and work of some locations.

use serde::{Deserialize, Serialize};

use crate::decide::Refusal;
use crate::id::{ChannelId, LocationId};
use crate::rejection::Rejection;
use crate::world::World;

/// What a key reaches. Where both lists are empty, that is everything its role allows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// The channels whose orders it reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// The locations whose stock and work it reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<LocationId>,
}

impl Scope {
    /// Whether nothing limits the key but its role.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.channels.is_empty() && self.locations.is_empty()
    }

    /// Whether orders of `channel` are reached.
    #[must_use]
    pub fn has_channel(&self, channel: ChannelId) -> bool {
        self.is_whole() || self.channels.contains(&channel)
    }

    /// Whether stock at `location` is reached.
    #[must_use]
    pub fn has_location(&self, location: LocationId) -> bool {
        self.is_whole() || self.locations.contains(&location)
    }
}

/// A scope by codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeDraft {
    /// The codes of the channels.
    pub channels: Vec<String>,
    /// The codes of the locations.
    pub locations: Vec<String>,
}

impl ScopeDraft {
    /// The same by ids.
    pub(super) fn find(&self, world: &World) -> Result<Scope, Refusal> {
        let mut scope = Scope::default();
        for (index, code) in self.channels.iter().enumerate() {
            let Some(channel) = world.reference().channel_by_code(code) else {
                let message = format!("no channel has the code {code}");
                return Err(Rejection::field(format!("/channels/{index}"), message).into());
            };
            scope.channels.push(channel.id);
        }
        for (index, code) in self.locations.iter().enumerate() {
            let Some(location) = world.reference().location_by_code(code) else {
                let message = format!("no location has the code {code}");
                return Err(Rejection::field(format!("/locations/{index}"), message).into());
            };
            scope.locations.push(location.id);
        }
        Ok(scope)
    }
}
