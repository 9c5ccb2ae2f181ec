//! `GET /api-keys`: a page of keys, without their secrets.

use ordo_domain::organization::ApiKey;

use super::ApiKeyAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists API keys.
#[utoipa::path(
    get,
    path = "/api/v1/api-keys",
    tag = "Organization",
    params(PageParams),
    responses((status = 200, description = "A page of keys.", body = Page<ApiKeyAnswer>)),
)]
pub async fn list_api_keys(ask: Ask) -> Answer {
    read::page::<ApiKey>(&ask).await
}
