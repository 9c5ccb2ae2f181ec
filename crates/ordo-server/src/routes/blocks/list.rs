//! `GET /blocks`: a page of blocks.

use ordo_domain::network::Block;

use super::BlockAnswer;
use crate::app::{Answer, Ask};
use crate::params::PageParams;
use crate::read;
use crate::wire::Page;

/// Lists blocks.
#[utoipa::path(
    get,
    path = "/api/v1/blocks",
    tag = "Network",
    params(PageParams),
    responses((status = 200, description = "A page of blocks.", body = Page<BlockAnswer>)),
)]
pub async fn list_blocks(ask: Ask) -> Answer {
    read::page::<Block>(&ask).await
}
