//! `POST /rule-sets/{id}/versions/{number}/publish` and `…/retire`: when a version counts.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::RuleSetId;
use ordo_domain::rules::{PublishRules, RetireRules, RuleSet};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RuleSetAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::edit::{edit, expected};

/// From when a version counts.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishInput {
    /// RFC 3339; at once where absent or past.
    #[schema(example = "2026-11-27T00:00:00Z")]
    from: Option<String>,
}

/// Lets a version of rules count.
///
/// The version that counts until then is over by itself. A version that is not to count yet can be
/// published again, for another time.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets/{id}/versions/{number}/publish",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The version's number."),
    ),
    request_body(content = PublishInput, description = "May be empty."),
    responses((status = 200, description = "The set as it stands then.", body = RuleSetAnswer)),
)]
pub async fn publish_rules(ask: Ask, body: Body) -> Answer {
    let (rule_set, number): (RuleSetId, u32) = (ask.id("{id}")?, ask.id("{number}")?);
    let body = body::read(body).await?;
    let input: PublishInput = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let from = check.optional_instant("/from", input.from.as_ref());
    let command = PublishRules {
        rule_set,
        expected: expected(&ask.parts)?,
        number,
        from,
    };
    let command = Command::PublishRules(check.finish(command)?);
    edit::<RuleSet>(&ask, command, &body).await
}

/// Takes a version of rules back.
///
/// A live one counts no more, one that is to count never will, and a draft is over.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets/{id}/versions/{number}/retire",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The version's number."),
    ),
    responses((status = 200, description = "The set as it stands then.", body = RuleSetAnswer)),
)]
pub async fn retire_rules(ask: Ask, body: Body) -> Answer {
    let (rule_set, number): (RuleSetId, u32) = (ask.id("{id}")?, ask.id("{number}")?);
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let command = Command::RetireRules(RetireRules {
        rule_set,
        expected: expected(&ask.parts)?,
        number,
    });
    edit::<RuleSet>(&ask, command, &body).await
}
