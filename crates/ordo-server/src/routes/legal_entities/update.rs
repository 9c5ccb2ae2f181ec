//! `PATCH /legal-entities/{id}`: changes a legal entity.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::EntityId;
use ordo_domain::network::{LegalEntity, UpdateLegalEntity};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RegistrationBody;
use super::create::registrations;
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// What is to change: an absent field stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegalEntityPatch {
    /// The registered name.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// ISO 3166-1 alpha-2 of its seat.
    country: Option<String>,
    /// All its registrations for tax.
    tax_registrations: Option<Vec<RegistrationBody>>,
}

/// Changes a legal entity.
#[utoipa::path(
    patch,
    path = "/api/v1/legal-entities/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The legal entity's id.")),
    request_body = LegalEntityPatch,
    responses((status = 200, description = "The legal entity as it stands then.", body = super::LegalEntityAnswer)),
)]
pub async fn update_legal_entity(ask: Ask, body: Body) -> Answer {
    let entity: EntityId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: LegalEntityPatch = body::parse(&body)?;
    let mut check = Check::default();
    let command = UpdateLegalEntity {
        entity,
        expected: expected(&ask.parts)?,
        name: (input.name).map(|name| check.text("/name", &name, 255)),
        country: (input.country).map(|code| check.country("/country", &code)),
        tax_registrations: (input.tax_registrations)
            .map(|bodies| registrations(&mut check, &bodies)),
    };
    let command = Command::UpdateLegalEntity(check.finish(command)?);
    edit::<LegalEntity>(&ask, command, &body).await
}
