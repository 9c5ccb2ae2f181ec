//! `GET /organization`: the caller's own organization.

use ordo_domain::organization::Organization;

use super::OrganizationAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;
use crate::wire::Show;

/// Reads the organization that the key belongs to.
#[utoipa::path(
    get,
    path = "/api/v1/organization",
    tag = "Organization",
    responses((status = 200, description = "The organization.", body = OrganizationAnswer)),
)]
pub async fn get_organization(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let organization: Organization = read::find(&ask, ask.organization()).await?;
    let reference = ask.reference().await?;
    Ok(answer::to_read(&organization.show(&reference)))
}
