//! `GET /legal-entities/{id}`: one legal entity.

use ordo_domain::network::LegalEntity;

use super::LegalEntityAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a legal entity.
#[utoipa::path(
    get,
    path = "/api/v1/legal-entities/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The legal entity's id.")),
    responses((status = 200, description = "The legal entity; `ETag` is its version.", body = LegalEntityAnswer)),
)]
pub async fn get_legal_entity(ask: Ask) -> Answer {
    read::one::<LegalEntity>(&ask).await
}
