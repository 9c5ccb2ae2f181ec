//! `GET /channels/{id}`: one channel.

use ordo_domain::network::Channel;

use super::ChannelAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a channel.
#[utoipa::path(
    get,
    path = "/api/v1/channels/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The channel's id.")),
    responses((status = 200, description = "The channel; `ETag` is its version.", body = ChannelAnswer)),
)]
pub async fn get_channel(ask: Ask) -> Answer {
    read::one::<Channel>(&ask).await
}
