//! Channels, the places orders come from, and the legal entities that sell on them.

use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ChannelId, EntityId};
use crate::money::Currency;
use crate::record::{Columns, record};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// What sort of place a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// The merchant's own web shop.
    Web,
    /// A marketplace, which usually collects the money.
    Marketplace,
    /// A till.
    Pos,
    /// Business customers, usually on account.
    B2b,
    /// A social network's shop.
    Social,
    /// Typed in by a person.
    Manual,
}

impl ChannelKind {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Marketplace => "marketplace",
            Self::Pos => "pos",
            Self::B2b => "b2b",
            Self::Social => "social",
            Self::Manual => "manual",
        }
    }
}

/// A place that orders come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// What sort of place it is.
    pub kind: ChannelKind,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The legal entity that sells here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
}
record!(Channel, ChannelId, Channel, self => Columns::Code { code: self.code.clone() });

/// A legal entity of the organization: who sells, invoices and owes tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalEntity {
    /// Its id.
    pub id: EntityId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// The registered name.
    pub name: String,
    /// ISO 3166-1 alpha-2 of its seat.
    pub country: String,
    /// The currency of its books.
    pub currency: Currency,
    /// Where it is registered for tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax_registrations: Vec<TaxRegistration>,
}
record!(LegalEntity, EntityId, LegalEntity, self => Columns::Code { code: self.code.clone() });

/// One registration for tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRegistration {
    /// ISO 3166-1 alpha-2, with a region after a dash where tax is regional.
    pub jurisdiction: String,
    /// The number, such as a VAT id.
    pub number: String,
    /// `standard`, `oss` or `ioss`.
    pub scheme: String,
}

/// Makes a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateChannel {
    /// The merchant's short name for it.
    pub code: String,
    /// What sort of place it is.
    pub kind: ChannelKind,
    /// The name shown to people.
    pub name: Option<String>,
}

impl CreateChannel {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.reference().channel_by_code(&self.code).is_some() {
            let detail = format!("a channel with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        let channel = Channel {
            id: ctx.ids.make(),
            version: 0,
            code: self.code.clone(),
            kind: self.kind,
            name: self.name.clone(),
            entity: None,
        };
        let id = channel.id;
        Ok(Decided::created(
            vec![Event::ChannelCreated { channel }],
            id,
        ))
    }
}
