//! Channels: the places that orders come from.

pub mod create;
pub mod list;
pub mod read;
pub mod update;

use ordo_domain::id::ChannelId;
use ordo_domain::network::{Channel, ChannelKind};
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::Show;

/// A channel.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ChannelId,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// What sort of place it is.
    kind: ChannelKind,
    /// The name shown to people.
    name: Option<&'a str>,
    /// The code of the legal entity that sells here.
    entity: Option<&'a str>,
}

impl Show for Channel {
    type Answer<'a> = ChannelAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> ChannelAnswer<'a> {
        ChannelAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            kind: self.kind,
            name: self.name.as_deref(),
            entity: (self.entity)
                .and_then(|id| reference.entity(id))
                .map(|entity| entity.code.as_str()),
        }
    }
}
