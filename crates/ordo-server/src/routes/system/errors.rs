//! `GET /api/errors/{code}`: what a code means and what to do.

use std::sync::Arc;

use axum::http::request::Parts;

use super::html;
use crate::app::{Answer, App};
use crate::error_pages::{error_page, to_html};
use crate::problem::Problem;

/// Explains an error code.
#[utoipa::path(
    get,
    path = "/api/errors/{code}",
    tag = "System",
    params(("code" = String, Path, description = "A problem's code.")),
    responses((status = 200, description = "A page about the code.", body = String, content_type = "text/html")),
)]
pub async fn explain_error(_: Arc<App>, parts: Parts) -> Answer {
    let code = parts.uri.path().rsplit('/').next().unwrap_or_default();
    match error_page(code) {
        Some(page) => Ok(html(to_html(code, page))),
        None => Err(Problem::not_found()),
    }
}
