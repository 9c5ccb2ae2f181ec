//! Drafts of rules: `POST /rule-sets/{id}/versions` makes one,
//! `PATCH /rule-sets/{id}/versions/{number}` changes one.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::RuleSetId;
use ordo_domain::rules::{DraftRules, RuleSet, Rules};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RuleSetAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};
use crate::problem::Problem;
use crate::read;

/// A draft of rules, as a whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RulesInput {
    /// What it is about, for people.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// What it says.
    rules: Rules,
}

/// Makes a draft of rules.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets/{id}/versions",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rule set's id.")),
    request_body = RulesInput,
    responses((status = 200, description = "The set with the draft, which has the highest number.", body = RuleSetAnswer)),
)]
pub async fn draft_rules(ask: Ask, body: Body) -> Answer {
    write(&ask, body, None).await
}

/// Changes a draft of rules.
///
/// What counts, or counted, or is to count, does not change: make a new draft.
#[utoipa::path(
    patch,
    path = "/api/v1/rule-sets/{id}/versions/{number}",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The draft's number."),
    ),
    request_body = RulesInput,
    responses((status = 200, description = "The set as it stands then.", body = RuleSetAnswer)),
)]
pub async fn change_draft(ask: Ask, body: Body) -> Answer {
    let number: u32 = ask.id("{number}")?;
    write(&ask, body, Some(number)).await
}

async fn write(ask: &Ask, body: Body, number: Option<u32>) -> Answer {
    let rule_set: RuleSetId = ask.id("{id}")?;
    let set: RuleSet = read::find(ask, rule_set).await?;
    if number.is_some_and(|number| set.numbered(number).is_none()) {
        return Err(Problem::not_found());
    }
    let body = body::read(body).await?;
    let input: RulesInput = body::parse(&body)?;
    let mut check = Check::default();
    let command = DraftRules {
        rule_set,
        expected: expected(&ask.parts)?,
        number,
        note: check.optional_text("/note", input.note.as_ref(), 500),
        rules: Box::new(input.rules),
    };
    let command = Command::DraftRules(check.finish(command)?);
    edit::<RuleSet>(ask, command, &body).await
}
