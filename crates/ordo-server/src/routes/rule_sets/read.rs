//! `GET /rule-sets/{id}`: one rule set.

use ordo_domain::rules::RuleSet;

use super::RuleSetAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a rule set.
#[utoipa::path(
    get,
    path = "/api/v1/rule-sets/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rule set's id.")),
    responses((status = 200, description = "The rule set; `ETag` is its version.", body = RuleSetAnswer)),
)]
pub async fn get_rule_set(ask: Ask) -> Answer {
    read::one::<RuleSet>(&ask).await
}
