//! `GET /rule-sets`: a page of rule sets.

use ordo_domain::rules::RuleSet;

use super::RuleSetAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists rule sets.
#[utoipa::path(
    get,
    path = "/api/v1/rule-sets",
    tag = "Sourcing",
    params(PageParams),
    responses((status = 200, description = "A page of rule sets.", body = Page<RuleSetAnswer>)),
)]
pub async fn list_rule_sets(ask: Ask) -> Answer {
    read::page::<RuleSet>(&ask).await
}
