//! `POST /rule-sets`: makes a rule set with its first draft.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::rules::{CreateRuleSet, Rules};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RuleSetAnswer, ScopeInput, priority};
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A rule set to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleSetInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// The name shown to people.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// The orders that it is for; all where absent.
    #[serde(default)]
    scope: ScopeInput,
    /// Of several that fit an order equally well, the smallest counts; 0 where absent.
    #[serde(default)]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    priority: i64,
    /// What the first draft is about, for people.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// What the first draft says.
    rules: Rules,
}

/// Makes a rule set.
///
/// Its first version is a draft, and counts for nothing until it is published.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets",
    tag = "Sourcing",
    request_body = RuleSetInput,
    responses((status = 201, description = "It was made.", body = RuleSetAnswer)),
)]
pub async fn create_rule_set(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: RuleSetInput = body::parse(&body)?;
    let mut check = Check::default();
    let set = CreateRuleSet {
        code: check.code("/code", &input.code),
        name: check.optional_text("/name", input.name.as_ref(), 255),
        scope: input.scope.read(&mut check),
        priority: priority(&mut check, input.priority),
        note: check.optional_text("/note", input.note.as_ref(), 500),
        rules: Box::new(input.rules),
    };
    let command = Command::CreateRuleSet(check.finish(set)?);
    ask.write(command, &body, render).await
}
