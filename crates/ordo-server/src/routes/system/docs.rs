//! `GET /api/openapi.json` and `GET /api/docs`: the contract, for programs and for people.

use std::sync::{Arc, LazyLock};

use axum::http::request::Parts;

use super::html;
use crate::app::{Answer, App};
use crate::docs_page;
use crate::openapi;
use crate::problem::respond;

static CONTRACT: LazyLock<String> = LazyLock::new(openapi::to_json);
static PAGE: LazyLock<String> = LazyLock::new(|| docs_page::render(&openapi::to_value()));

/// Shows the contract.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "System",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
pub async fn get_openapi(_: Arc<App>, _: Parts) -> Answer {
    Ok(respond(200, CONTRACT.clone()))
}

/// Shows the contract to people.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "System",
    responses((status = 200, description = "A page about every operation.", body = String, content_type = "text/html")),
)]
pub async fn get_docs(_: Arc<App>, _: Parts) -> Answer {
    Ok(html(PAGE.clone()))
}
