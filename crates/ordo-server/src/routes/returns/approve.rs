//! `POST /returns/{id}/approve`: allows a return.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::returns::ApproveReturn;

use super::ReturnAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::render::render;

/// Approves a return.
///
/// Approving twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/returns/{id}/approve",
    tag = "Returns",
    params(
        ("id" = String, Path, description = "The return's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The return as it stands then.", body = ReturnAnswer)),
)]
pub async fn approve_return(ask: Ask, body: Body) -> Answer {
    let id = ask.id("{id}")?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let command = Command::ApproveReturn(ApproveReturn { id });
    ask.write(command, &body, render).await
}
