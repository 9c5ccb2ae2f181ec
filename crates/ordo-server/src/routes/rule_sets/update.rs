//! `PATCH /rule-sets/{id}`: changes for which orders a rule set is, and what it is called.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::RuleSetId;
use ordo_domain::rules::{RuleSet, UpdateRuleSet};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RuleSetAnswer, ScopeInput, priority};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};
use crate::routes::skus::update::text;

/// What is to change: an absent field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleSetPatch {
    /// The name shown to people.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    name: Edit<String>,
    /// The orders that it is for, as a whole.
    scope: Option<ScopeInput>,
    /// Of several that fit an order equally well, the smallest counts.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    priority: Option<i64>,
}

/// Changes a rule set.
///
/// What it says is changed by a new version.
#[utoipa::path(
    patch,
    path = "/api/v1/rule-sets/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rule set's id.")),
    request_body = RuleSetPatch,
    responses((status = 200, description = "The set as it stands then.", body = RuleSetAnswer)),
)]
pub async fn update_rule_set(ask: Ask, body: Body) -> Answer {
    let rule_set: RuleSetId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: RuleSetPatch = body::parse(&body)?;
    let mut check = Check::default();
    let command = UpdateRuleSet {
        rule_set,
        expected: expected(&ask.parts)?,
        name: text(&mut check, "/name", input.name, 255),
        scope: input.scope.map(|scope| scope.read(&mut check)),
        priority: (input.priority).map(|value| priority(&mut check, value)),
    };
    let command = Command::UpdateRuleSet(check.finish(command)?);
    edit::<RuleSet>(&ask, command, &body).await
}
