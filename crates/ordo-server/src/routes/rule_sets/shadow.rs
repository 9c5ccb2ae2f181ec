//! `POST /rule-sets/{id}/versions/{number}/shadow`: a version beside those that count.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::id::RuleSetId;
use ordo_domain::rules::{RuleSet, ShadowRules};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RuleSetAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// Whether a version runs in the shadow.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShadowInput)]
struct Input {
    /// Whether it is to; `true` where absent.
    on: Option<bool>,
}

/// Lets a version of rules run in the shadow of those that count, or no more.
///
/// When a day is over, its orders are sourced again by the rules that counted and by the version, and
/// the difference is kept as a what-if of the kind `shadow`. Only a draft or a scheduled version can;
/// it leaves the shadow by itself when it counts or is taken back. At most 3 versions of a set do.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets/{id}/versions/{number}/shadow",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The version's number."),
    ),
    request_body(content = Input, description = "May be empty."),
    responses((status = 200, description = "The set as it stands then.", body = RuleSetAnswer)),
)]
pub async fn shadow_rules(ask: Ask, body: Body) -> Answer {
    let (rule_set, number): (RuleSetId, u32) = (ask.id("{id}")?, ask.id("{number}")?);
    let set: RuleSet = crate::read::find(&ask, rule_set).await?;
    if set.numbered(number).is_none() {
        return Err(crate::problem::Problem::not_found());
    }
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = Command::ShadowRules(ShadowRules {
        rule_set,
        expected: expected(&ask.parts)?,
        number,
        on: input.on.unwrap_or(true),
    });
    edit::<RuleSet>(&ask, command, &body).await
}
