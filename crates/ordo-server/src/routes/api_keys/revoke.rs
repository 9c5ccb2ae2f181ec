//! `POST /api-keys/{id}/revoke`: withdraws a key.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::organization::RevokeApiKey;

use super::ApiKeyAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Withdraws an API key.
///
/// It ends at once on the server that answers, and within a second on others.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys/{id}/revoke",
    tag = "Organization",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, description = "The key as it stands then.", body = ApiKeyAnswer)),
)]
pub async fn revoke_api_key(ask: Ask, body: Body) -> Answer {
    let key = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    ask.write(Command::RevokeApiKey(RevokeApiKey { key }), &body, render)
        .await
}
