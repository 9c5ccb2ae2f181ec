//! `GET /webhooks/{id}`: one webhook.

use ordo_domain::webhook::Webhook;

use super::WebhookAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a webhook.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook; `ETag` is its version.", body = WebhookAnswer)),
)]
pub async fn get_webhook(ask: Ask) -> Answer {
    read::one::<Webhook>(&ask).await
}
