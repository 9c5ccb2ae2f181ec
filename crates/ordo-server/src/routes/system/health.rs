//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can work.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use ordo_domain::Code;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, App};
use crate::problem::Problem;

/// A store that takes longer is not ready.
const STORE_WAIT: Duration = Duration::from_secs(2);

/// How the process is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

/// Says that the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "System",
    responses((status = 200, description = "It lives.", body = Health)),
)]
pub async fn health(_: Arc<App>, _: Parts) -> Answer {
    Ok(answer::to_read(&OK))
}

/// Says whether the store answers.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "System",
    responses((status = 200, description = "It can work.", body = Health)),
)]
pub async fn readiness(app: Arc<App>, _: Parts) -> Answer {
    // No secret has this hash, so this is the cheapest question that reaches the rows.
    let asked = app.engine.backend().find_key(&[0; 32]);
    match tokio::time::timeout(STORE_WAIT, asked).await {
        Ok(Ok(_)) => Ok(answer::to_read(&OK)),
        Ok(Err(_)) | Err(_) => Err(Problem::new(
            Code::Unavailable,
            "the store does not answer right now",
        )),
    }
}
