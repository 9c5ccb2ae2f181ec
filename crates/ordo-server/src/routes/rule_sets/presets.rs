//! `GET /rule-presets`: rules to begin with.

use ordo_domain::reference::Reference;
use ordo_domain::rules::preset::presets;
use ordo_domain::rules::{RANKED_MAX, Rules};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;

/// The longest list of codes, in bytes.
const RANKED_BYTES_MAX: usize = 4_000;

/// Rules to begin with.
#[derive(Serialize, ToSchema)]
#[schema(as = RulePresets)]
struct PresetsAnswer {
    /// Each as a draft's `rules`.
    items: Vec<PresetAnswer>,
}

/// Rules to begin with.
#[derive(Serialize, ToSchema)]
#[schema(as = RulePreset)]
struct PresetAnswer {
    /// Its name for programs.
    code: &'static str,
    /// What it does.
    about: &'static str,
    /// What it says.
    rules: Rules,
}

/// Lists rules to begin with.
///
/// They choose as other products do; each is given as a draft's `rules`, to be changed at will.
#[utoipa::path(
    get,
    path = "/api/v1/rule-presets",
    tag = "Sourcing",
    params(("ranked" = Option<String>, Query, description = "Locations' codes, separated by commas, for presets that rank them; all by priority where absent.")),
    responses((status = 200, description = "All presets.", body = PresetsAnswer)),
)]
pub async fn list_rule_presets(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let ranked = params.text("ranked", RANKED_BYTES_MAX);
    params.finish()?;
    let ranked: Vec<String> = match ranked {
        Some(codes) => codes
            .split(',')
            .map(|code| code.trim().to_owned())
            .collect(),
        None => by_priority(&*ask.reference().await?),
    };
    let items = presets(&ranked).into_iter().map(|preset| PresetAnswer {
        code: preset.code,
        about: preset.about,
        rules: preset.rules,
    });
    Ok(answer::to_read(&PresetsAnswer {
        items: items.collect(),
    }))
}

/// The codes of all locations, those of the smallest priority first.
pub fn by_priority(reference: &Reference) -> Vec<String> {
    let mut locations: Vec<_> = reference.locations().collect();
    locations.sort_by_key(|location| location.priority);
    let first = locations.iter().take(RANKED_MAX);
    first.map(|location| location.code.clone()).collect()
}
