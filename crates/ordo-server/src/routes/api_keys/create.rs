//! `POST /api-keys`: makes a key and answers its secret, this once.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::organization::{ApiKey, CreateApiKey, Role, ScopeDraft};
use ordo_domain::reference::Reference;
use ordo_domain::{Applied, Command, Rejection};
use ordo_engine::hash_secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiKeyAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render_as;
use crate::routes::pools::create::members;
use crate::secret;
use crate::wire::Show;

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiKeyInput {
    /// What it is for.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// What it may do.
    role: Role,
    /// The codes of the channels whose orders it reaches. With neither channels nor locations it
    /// reaches everything.
    #[serde(default)]
    #[schema(max_items = 1000)]
    channels: Vec<String>,
    /// The codes of the locations whose stock and fulfillment orders it reaches.
    #[serde(default)]
    #[schema(max_items = 1000)]
    locations: Vec<String>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
struct NewApiKey<'a> {
    /// The secret, to be sent as `Authorization: Bearer SECRET`. It is shown this once: a repeated
    /// request with the same `Idempotency-Key` is answered with `null`.
    secret: Option<&'a str>,
    #[serde(flatten)]
    key: ApiKeyAnswer<'a>,
}

/// Makes an API key.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys",
    tag = "Organization",
    request_body = ApiKeyInput,
    responses((status = 201, description = "It was made.", body = NewApiKey)),
)]
pub async fn create_api_key(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: ApiKeyInput = body::parse(&body)?;
    let mut check = Check::default();
    members(&mut check, "/channels", &input.channels);
    members(&mut check, "/locations", &input.locations);
    let secret = ask.app.engine.new_secret();
    let key = CreateApiKey {
        name: check.text("/name", &input.name, 128),
        role: input.role,
        scope: ScopeDraft {
            channels: input.channels,
            locations: input.locations,
        },
        secret_hash: hash_secret(&secret),
    };
    let command = Command::CreateApiKey(check.finish(key)?);
    let reply = ask.submit(command, &body, render_new).await?;
    Ok(secret::reveal(&reply, "secret", &secret))
}

/// The secret is put in after the commit, so that it is never stored.
fn render_new(reference: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    render_as::<ApiKey>(reference, result, |key, reference| {
        crate::wire::to_json(&NewApiKey {
            secret: None,
            key: key.show(reference),
        })
    })
}
