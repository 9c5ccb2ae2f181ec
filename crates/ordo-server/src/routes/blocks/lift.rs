//! `POST /blocks/{id}/lift`: ends a block now.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::network::LiftBlock;

use super::BlockAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Lifts a block.
///
/// The record stays, with its end, for whoever asks what was stopped when.
#[utoipa::path(
    post,
    path = "/api/v1/blocks/{id}/lift",
    tag = "Network",
    params(("id" = String, Path, description = "The block's id.")),
    responses((status = 200, description = "The block as it stands then.", body = BlockAnswer)),
)]
pub async fn lift_block(ask: Ask, body: Body) -> Answer {
    let block = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    ask.write(Command::LiftBlock(LiftBlock { block }), &body, render)
        .await
}
