//! API keys: with them programs speak for an organization.

pub mod create;
pub mod list;
pub mod revoke;

use ordo_domain::id::ApiKeyId;
use ordo_domain::organization::{ApiKey, Role};
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::reach::codes;
use crate::wire::Show;

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ApiKeyId,
    /// How many events have touched it.
    version: u64,
    /// What it is for.
    name: &'a str,
    /// What it may do.
    role: Role,
    /// The codes of the channels whose orders it reaches. With neither channels nor locations it
    /// reaches everything.
    channels: Vec<&'a str>,
    /// The codes of the locations whose stock and fulfillment orders it reaches.
    locations: Vec<&'a str>,
    /// Whether it was withdrawn.
    revoked: bool,
}

impl Show for ApiKey {
    type Answer<'a> = ApiKeyAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> ApiKeyAnswer<'a> {
        let (channels, locations) = codes(&self.scope, reference);
        ApiKeyAnswer {
            id: self.id,
            version: self.version,
            name: &self.name,
            role: self.role,
            channels,
            locations,
            revoked: self.revoked,
        }
    }
}
