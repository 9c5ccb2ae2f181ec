//! `PATCH /webhooks/{id}`: changes a webhook, switches it off, or gives it another secret.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::WebhookId;
use ordo_domain::webhook::{UpdateWebhook, Webhook, check_events, check_url};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// What is to change: an absent field stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookPatch {
    /// Where to.
    #[schema(min_length = 8, max_length = 2000)]
    url: Option<String>,
    /// What it is told of; everything where empty.
    #[schema(max_items = 64)]
    events: Option<Vec<String>>,
    /// What it is for, in words; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    description: Edit<String>,
    /// Whether it is told of anything. What could not be delivered yet is dropped with `false`.
    active: Option<bool>,
    /// `true` gives it another secret, with which everything from now on is signed.
    #[serde(default)]
    rotate_secret: bool,
}

/// Changes a webhook.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body = WebhookPatch,
    responses((status = 200, description = "The webhook as it stands then.", body = super::WebhookAnswer)),
)]
pub async fn update_webhook(ask: Ask, body: Body) -> Answer {
    let webhook: WebhookId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: WebhookPatch = body::parse(&body)?;
    let mut check = Check::default();
    let command = UpdateWebhook {
        webhook,
        expected: expected(&ask.parts)?,
        url: (input.url.as_ref()).map(|url| check_url(&mut check, "/url", url)),
        events: (input.events.as_ref()).map(|events| check_events(&mut check, "/events", events)),
        description: input
            .description
            .and_then(|text| check.optional_text("/description", Some(&text), 255)),
        active: input.active,
        rotates_secret: input.rotate_secret,
    };
    let command = Command::UpdateWebhook(check.finish(command)?);
    edit::<Webhook>(&ask, command, &body).await
}
