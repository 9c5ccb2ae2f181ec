//! `POST /webhooks/{id}/replay`: sends a stretch of the log again.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::id::WebhookId;
use ordo_domain::webhook::Webhook;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::read;

/// Events that are sent again at most.
const EVENTS_MAX: i64 = 10_000;

/// Which stretch of the log.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayInput {
    /// The position of the first event to be looked at.
    #[schema(minimum = 1)]
    from_position: i64,
    /// The position of the last one; the end of the log where absent. At most 10,000 positions.
    #[schema(minimum = 0)]
    to_position: Option<i64>,
}

/// What will be sent.
#[derive(Serialize, ToSchema)]
struct Replay {
    /// Events that are sent again, each under the id that it had.
    events: usize,
    /// The position of the last one looked at.
    to_position: i64,
}

/// Sends events again.
///
/// Those that the webhook asks for, each under its own `webhook-id`, so that a receiver which has it
/// already can tell.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/replay",
    tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    request_body = ReplayInput,
    responses((status = 200, description = "They will be sent.", body = Replay)),
)]
pub async fn replay_webhook(ask: Ask, body: Body) -> Answer {
    let id: WebhookId = ask.id("{id}")?;
    let webhook: Webhook = read::find(&ask, id).await?;
    let body = body::read(body).await?;
    let input: ReplayInput = body::parse(&body)?;
    let head = ask.backend().head(ask.organization()).await?.position;
    let to = input.to_position.unwrap_or(head).min(head);
    let mut check = Check::default();
    if input.from_position < 1 {
        check.refuse("/from_position", "must be at least 1");
    } else if to < 0 {
        check.refuse("/to_position", "must be at least 0");
    } else if to - input.from_position >= EVENTS_MAX {
        check.refuse("/to_position", "is more than 10,000 positions away");
    }
    let from = check.finish(input.from_position)?;
    let events = ask
        .app
        .engine
        .replay_webhook(ask.organization(), &webhook, from, to)
        .await?;
    let to_position = to;
    Ok(answer::to_read(&Replay {
        events,
        to_position,
    }))
}
