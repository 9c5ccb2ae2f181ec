//! `GET /what-ifs/{id}`: a kept report, and `DELETE /what-ifs/{id}`: lets it go.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use ordo_domain::id::WhatIfId;

use super::kept::WhatIfAnswer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::params::Params;
use crate::problem::{Problem, respond};

/// Reads a what-if as it was answered.
#[utoipa::path(
    get,
    path = "/api/v1/what-ifs/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The what-if's id.")),
    responses((status = 200, description = "What it would have meant.", body = WhatIfAnswer)),
)]
pub async fn get_what_if(ask: Ask) -> Answer {
    let id: WhatIfId = ask.id("{id}")?;
    let found = ask.backend().report(ask.organization(), id).await?;
    let report = found.ok_or_else(Problem::not_found)?;
    Params::of(&ask.parts.uri)?.finish()?;
    Ok(respond(200, report.body))
}

/// Lets a what-if go.
#[utoipa::path(
    delete,
    path = "/api/v1/what-ifs/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The what-if's id.")),
    responses((status = 204, description = "It is gone.")),
)]
pub async fn delete_what_if(ask: Ask, body: Body) -> Answer {
    let id: WhatIfId = ask.id("{id}")?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let found = backend.report(organization, id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    body::parse_or_default::<Nothing>(&body::read(body).await?)?;
    // Whoever else lets it go at this moment does what was asked.
    backend.drop_report(organization, found.head.id).await?;
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    Ok(answer)
}
