//! `GET /blocks/{id}`: one block.

use ordo_domain::network::Block;

use super::BlockAnswer;
use crate::app::{Answer, Ask};
use crate::read;

/// Reads a block.
#[utoipa::path(
    get,
    path = "/api/v1/blocks/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The block's id.")),
    responses((status = 200, description = "The block; `ETag` is its version.", body = BlockAnswer)),
)]
pub async fn get_block(ask: Ask) -> Answer {
    read::one::<Block>(&ask).await
}
