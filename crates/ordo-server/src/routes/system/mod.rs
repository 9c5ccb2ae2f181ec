//! What needs no key: health, metrics, the contract and its pages.

pub mod docs;
pub mod errors;
pub mod health;
pub mod metrics;

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// A page of HTML that runs no script and loads nothing.
fn html(page: String) -> Response {
    let mut response = Response::new(page.into());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
