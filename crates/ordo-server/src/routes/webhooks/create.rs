//! `POST /webhooks`: makes a webhook.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::webhook::{CreateWebhook, check_events, check_url};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookInput {
    /// Where to: an address of the open internet, with `https` but for tests.
    #[schema(
        min_length = 8,
        max_length = 2000,
        example = "https://example.com/ordo"
    )]
    url: String,
    /// What it is told of: names of events such as `order.placed`, or their beginnings followed by
    /// `*`. Everything where absent or empty.
    #[serde(default)]
    #[schema(max_items = 64)]
    events: Vec<String>,
    /// What it is for, in words.
    #[schema(max_length = 255)]
    description: Option<String>,
}

/// Makes a webhook.
///
/// From now on events are posted there as JSON, signed as Standard Webhooks has it (the headers
/// `webhook-id`, `webhook-timestamp` and `webhook-signature`), at least once each and in order per
/// subject. An answer of 2xx within 15 s says that it arrived; else it is tried again for a day.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    request_body = WebhookInput,
    responses((status = 201, description = "It was made.", body = super::WebhookAnswer)),
)]
pub async fn create_webhook(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: WebhookInput = body::parse(&body)?;
    let mut check = Check::default();
    let webhook = CreateWebhook {
        url: check_url(&mut check, "/url", &input.url),
        events: check_events(&mut check, "/events", &input.events),
        description: check.optional_text("/description", input.description.as_ref(), 255),
    };
    let command = Command::CreateWebhook(check.finish(webhook)?);
    ask.write(command, &body, render).await
}
