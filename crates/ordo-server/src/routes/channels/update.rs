//! `PATCH /channels/{id}`: changes a channel.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::ChannelId;
use ordo_domain::network::{Channel, UpdateChannel};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};
use crate::routes::skus::update::text;

/// What is to change: an absent field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChannelPatch {
    /// The name shown to people.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    name: Edit<String>,
    /// The code of the legal entity that sells here.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 128)]
    entity: Edit<String>,
}

/// Changes a channel.
///
/// Orders keep the legal entity that was the seller when they came in.
#[utoipa::path(
    patch,
    path = "/api/v1/channels/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The channel's id.")),
    request_body = ChannelPatch,
    responses((status = 200, description = "The channel as it stands then.", body = super::ChannelAnswer)),
)]
pub async fn update_channel(ask: Ask, body: Body) -> Answer {
    let channel: ChannelId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: ChannelPatch = body::parse(&body)?;
    let mut check = Check::default();
    let command = UpdateChannel {
        channel,
        expected: expected(&ask.parts)?,
        name: text(&mut check, "/name", input.name, 255),
        entity: text(&mut check, "/entity", input.entity, 128),
    };
    let command = Command::UpdateChannel(check.finish(command)?);
    edit::<Channel>(&ask, command, &body).await
}
