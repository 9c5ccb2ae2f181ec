//! `POST /returns/{id}/decline`: does not allow a return, or gives it up.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::Fault;
use ordo_domain::returns::DeclineReturn;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named;

/// Why not.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclineInput)]
struct Input {
    /// A code for why, such as `too_late`; `unspecified` where absent.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was; `buyer` where absent.
    fault: Option<Fault>,
}

/// Declines a return.
///
/// As long as nothing has arrived. Declining twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/returns/{id}/decline",
    tag = "Returns",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The return's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The return as it stands then.", body = ReturnAnswer)),
)]
pub async fn decline_return(ask: Ask, body: Body) -> Answer {
    let id = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let reason = input.reason_code.as_ref();
    let cause = named::cause(&mut check, "", reason, input.fault, Fault::Buyer);
    let command = check.finish(DeclineReturn { id, cause })?;
    ask.write(Command::DeclineReturn(command), &body, render)
        .await
}
