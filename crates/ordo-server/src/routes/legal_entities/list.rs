//! `GET /legal-entities`: a page of legal entities.

use ordo_domain::network::LegalEntity;

use super::LegalEntityAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists legal entities.
#[utoipa::path(
    get,
    path = "/api/v1/legal-entities",
    tag = "Network",
    params(PageParams),
    responses((status = 200, description = "A page of legal entities.", body = Page<LegalEntityAnswer>)),
)]
pub async fn list_legal_entities(ask: Ask) -> Answer {
    read::page::<LegalEntity>(&ask).await
}
