//! `GET /webhooks/{id}/secret`: what its receiver verifies signatures with.

use axum::http::{HeaderValue, header};
use ordo_domain::Code;
use ordo_domain::id::WebhookId;
use ordo_domain::webhook::Webhook;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;

/// A webhook's secret.
#[derive(Serialize, ToSchema)]
struct WebhookSecret {
    /// As libraries for Standard Webhooks take it: `whsec_` and base 64.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// Reads a webhook's secret.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/secret",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The secret.", body = WebhookSecret)),
)]
pub async fn get_webhook_secret(ask: Ask) -> Answer {
    Params::of(&ask.parts.uri)?.finish()?;
    let id: WebhookId = ask.id("{id}")?;
    let webhook: Webhook = read::find(&ask, id).await?;
    let Some(key) = ask.app.engine.outside().master_key else {
        let detail = "this node has no master key: set ORDO_MASTER_KEY";
        return Err(Problem::new(Code::Unavailable, detail));
    };
    let secret = key.webhook_secret(id, webhook.secret);
    let mut response = answer::to_read(&WebhookSecret { secret });
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
