//! `POST /channels`: makes a channel.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::network::{ChannelKind, CreateChannel};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A channel to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChannelInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// What sort of place it is.
    kind: ChannelKind,
    /// The name shown to people.
    #[schema(max_length = 255)]
    name: Option<String>,
}

/// Makes a channel.
#[utoipa::path(
    post,
    path = "/api/v1/channels",
    tag = "Network",
    request_body = ChannelInput,
    responses((status = 201, description = "It was made.", body = super::ChannelAnswer)),
)]
pub async fn create_channel(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: ChannelInput = body::parse(&body)?;
    let mut check = Check::default();
    let channel = CreateChannel {
        code: check.code("/code", &input.code),
        kind: input.kind,
        name: check.optional_text("/name", input.name.as_ref(), 255),
    };
    let command = Command::CreateChannel(check.finish(channel)?);
    ask.write(command, &body, render).await
}
