//! `GET /webhooks`: a page of webhooks.

use ordo_domain::webhook::Webhook;

use super::WebhookAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists webhooks.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    params(PageParams),
    responses((status = 200, description = "A page of webhooks.", body = Page<WebhookAnswer>)),
)]
pub async fn list_webhooks(ask: Ask) -> Answer {
    read::page::<Webhook>(&ask).await
}
