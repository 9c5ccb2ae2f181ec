//! Organizations: the businesses that own the data.

pub mod found;
pub mod read;

use ordo_domain::id::OrganizationId;
use ordo_domain::organization::Organization;
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::Show;

/// An organization.
#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrganizationAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: OrganizationId,
    /// Its short name, unique over all organizations.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// The name shown to people.
    name: &'a str,
}

impl Show for Organization {
    type Answer<'a> = OrganizationAnswer<'a>;

    fn show<'a>(&'a self, _: &'a Reference) -> OrganizationAnswer<'a> {
        OrganizationAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            name: &self.name,
        }
    }
}
