//! `GET /sourcing-settings`: what sourcing weighs against what.

use ordo_domain::id::SettingsId;
use ordo_domain::sourcing::SourcingSettings;

use super::SourcingSettingsAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::wire::{self, Show};

/// Reads the sourcing settings; the defaults, at version 0, where nobody has said anything.
#[utoipa::path(
    get,
    path = "/api/v1/sourcing-settings",
    tag = "Sourcing",
    responses((status = 200, description = "The settings; `ETag` is their version.", body = SourcingSettingsAnswer)),
)]
pub async fn get_sourcing_settings(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let reference = ask.reference().await?;
    let unsaid = SourcingSettings::unsaid(SettingsId::from_u128(0));
    let settings = reference.sourcing().map_or(&unsaid, |said| &**said);
    let json = wire::to_json(&settings.show(&reference));
    Ok(answer::to_read_versioned(json, settings.version))
}
