//! `GET /rule-sets/{id}/versions/{number}`: what a version says.

use ordo_domain::rules::{RuleSet, Rules, VersionState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;
use crate::wire::{self, Instant};

/// A version of rules.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleVersion)]
struct VersionAnswer<'a> {
    /// Counted from 1 within its set.
    number: u32,
    /// How it stands now.
    state: VersionState,
    /// What it is about, for people.
    note: Option<&'a str>,
    /// From when it counts; `null` for a draft and for what was taken back before it began.
    live_from: Option<Instant>,
    /// Until when it counts, where another one takes its place or it was taken back.
    live_until: Option<Instant>,
    /// What it says.
    rules: &'a Rules,
}

/// Reads a version of rules.
#[utoipa::path(
    get,
    path = "/api/v1/rule-sets/{id}/versions/{number}",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The version's number."),
    ),
    responses((status = 200, description = "The version; `ETag` is the version of its set.", body = VersionAnswer)),
)]
pub async fn get_rule_version(ask: Ask) -> Answer {
    let set: RuleSet = read::find(&ask, ask.id("{id}")?).await?;
    let number: u32 = ask.id("{number}")?;
    Params::of(&ask.parts.uri)?.finish()?;
    let now = ask.app.engine.clock().now();
    let found = set.numbered(number).zip(set.state(number, now));
    let (version, state) = found.ok_or_else(Problem::not_found)?;
    let answer = VersionAnswer {
        number,
        state,
        note: version.note.as_deref(),
        live_from: Instant::of(version.live_from),
        live_until: Instant::of(set.live_until(version)),
        rules: &version.rules,
    };
    Ok(answer::to_read_versioned(
        wire::to_json(&answer),
        set.version,
    ))
}
