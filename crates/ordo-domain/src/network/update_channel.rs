//! Changes a channel: its name and the legal entity that sells there. Its code and kind stay.
//!
//! Orders keep the entity that was the seller when they came in.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at};
use crate::event::Event;
use crate::id::ChannelId;
use crate::network::Channel;
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Changes a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateChannel {
    /// Which.
    pub channel: ChannelId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The name shown to people.
    pub name: Edit<String>,
    /// The code of the legal entity that sells here.
    pub entity: Edit<String>,
}

impl UpdateChannel {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.channel_record(self.channel)? else {
            return Err(Rejection::new(Code::NotFound, "no such channel").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut channel = Channel::clone(found);
        self.name.apply(&mut channel.name);
        match &self.entity {
            Edit::Keep => {}
            Edit::Clear => channel.entity = None,
            Edit::Set(code) => {
                let Some(entity) = world.reference().entity_by_code(code) else {
                    let message = format!("no legal entity has the code {code}");
                    return Err(Rejection::field("/entity", message).into());
                };
                channel.entity = Some(entity.id);
            }
        }
        let id = channel.id;
        if channel == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::ChannelUpdated { channel }],
            id,
        ))
    }
}
