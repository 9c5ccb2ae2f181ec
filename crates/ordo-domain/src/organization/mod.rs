//! The organization, the keys that speak for it, and what their roles allow.

pub mod scope;

use serde::{Deserialize, Serialize};

pub use scope::{Scope, ScopeDraft};

use crate::claim::ClaimKind;
use crate::decide::{Attachment, Context, Decided, Refusal};
use crate::event::Event;
use crate::id::{ApiKeyId, OrganizationId};
use crate::record::{Columns, record};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// What a key or person may do. Each role may do all that the next one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on orders, stock and returns.
    Operator,
    /// Sets up channels, locations, SKUs and rules.
    Manager,
    /// Everything, keys and organizations included.
    Owner,
}

impl Role {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }
}

/// The business that owns the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// How many events have touched it.
    pub version: u64,
    /// Its short name, unique over all organizations.
    pub code: String,
    /// The name shown to people.
    pub name: String,
}
record!(Organization, OrganizationId, Organization, self => Columns::Code { code: self.code.clone() });

/// A key with which a program speaks to the API. The secret is stored nowhere; its hash is beside
/// the record and not in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// How many events have touched it.
    pub version: u64,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it reaches.
    #[serde(default, skip_serializing_if = "Scope::is_whole")]
    pub scope: Scope,
    /// Whether it was withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}
record!(ApiKey, ApiKeyId, ApiKey);

/// Makes the organization that the command is addressed to, with its first owner key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrganization {
    /// Its short name.
    pub code: String,
    /// The name shown to people.
    pub name: String,
    /// SHA-256 of the first owner key's secret; `None` where the key comes later.
    pub owner_secret_hash: Option<[u8; 32]>,
}

impl FoundOrganization {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let id = ctx.organization;
        if world.organization(id)?.is_some() {
            return Ok(Decided::unchanged(id));
        }
        if world
            .claim(ClaimKind::OrganizationCode, &self.code)?
            .is_some()
        {
            let detail = format!("an organization with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        let organization = Organization {
            id,
            version: 0,
            code: self.code.clone(),
            name: self.name.clone(),
        };
        let mut decided = Decided::created(vec![Event::OrganizationFounded { organization }], id);
        if let Some(secret_hash) = self.owner_secret_hash {
            let key: ApiKeyId = ctx.ids.make();
            let name = "owner".to_owned();
            let record = ApiKey {
                id: key,
                version: 0,
                name,
                role: Role::Owner,
                scope: Scope::default(),
                revoked: false,
            };
            decided.events.push(Event::ApiKeyCreated { key: record });
            decided = decided.with(vec![Attachment::ApiKeyHash { key, secret_hash }]);
        }
        Ok(decided)
    }
}

/// Makes a key. The caller made the secret and hands its hash to the store beside the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What it is to reach; everything where empty.
    pub scope: ScopeDraft,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
}

impl CreateApiKey {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let id: ApiKeyId = ctx.ids.make();
        let key = ApiKey {
            id,
            version: 0,
            name: self.name.clone(),
            role: self.role,
            scope: self.scope.find(world)?,
            revoked: false,
        };
        let attachment = crate::decide::Attachment::ApiKeyHash {
            key: id,
            secret_hash: self.secret_hash,
        };
        Ok(Decided::created(vec![Event::ApiKeyCreated { key }], id).with(vec![attachment]))
    }
}

/// Withdraws a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeApiKey {
    /// Which.
    pub key: ApiKeyId,
}

impl RevokeApiKey {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(key) = world.api_key(self.key)? else {
            return Err(Rejection::new(Code::NotFound, "no such key").into());
        };
        if key.revoked {
            return Ok(Decided::unchanged(key.id));
        }
        Ok(Decided::changed(
            vec![Event::ApiKeyRevoked { key: key.id }],
            key.id,
        ))
    }
}
