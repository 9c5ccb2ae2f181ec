//! `GET /channels`: a page of channels.

use ordo_domain::network::Channel;

use super::ChannelAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists channels.
#[utoipa::path(
    get,
    path = "/api/v1/channels",
    tag = "Network",
    params(PageParams),
    responses((status = 200, description = "A page of channels.", body = Page<ChannelAnswer>)),
)]
pub async fn list_channels(ask: Ask) -> Answer {
    read::page::<Channel>(&ask).await
}
