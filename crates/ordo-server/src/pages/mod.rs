//! The pages that people open: sign-in, today's orders by stage, one order, sourcing rules, what-ifs.
//! Rendered here, and whole without a script; where scripts run, today's orders move by themselves.
//!
//! They are no operations of the API and not part of its contract: nothing but a browser reads them.
//!
//! Invariant: text reaches a page through a template that escapes it; no page is put together by hand.
//! Invariant: a page shows nobody more than the API shows to the same key.

mod api;
mod board;
mod form;
mod local_time;
mod order;
mod rules;
mod session;
mod shell;
mod sourcing;
mod stage;
mod timeline;
mod today;
mod what_if;
mod why;
pub(crate) mod words;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::FutureExt;
use ordo_domain::id::OrganizationId;
use ordo_domain::reference::Reference;
use ordo_engine::{Backend, Caller};
use ordo_store::StoreError;

use crate::app::App;
use board::Boards;

/// What all pages share.
pub struct Pages {
    app: Arc<App>,
    boards: Boards,
}

/// Every page, with its address.
pub fn router(app: Arc<App>) -> Router {
    let pages = Arc::new(Pages {
        app,
        boards: Boards::default(),
    });
    Router::new()
        .route("/", get(today::get_today))
        .route("/today/stream", get(today::stream_today))
        .route("/orders", get(order::find_order))
        .route("/orders/{name}", get(order::get_order))
        .merge(rules::router())
        .route("/fulfillment/{id}/why", get(why::get_why))
        .merge(sourcing::router())
        .merge(what_if::router())
        .route("/sign-in", get(session::get_sign_in).post(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&pages),
            guard,
        ))
        .with_state(pages)
}

/// Counts answers, and keeps a panic from breaking the connection.
async fn guard(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    let running = AssertUnwindSafe(next.run(request));
    let response = running.catch_unwind().await.unwrap_or_else(|_| {
        // The panic's own message has been printed by the hook.
        tracing::error!("a page panicked");
        shell::failure(StatusCode::INTERNAL_SERVER_ERROR, "This page is broken.")
    });
    pages.app.traffic.count(response.status());
    response
}

/// Somebody who is signed in.
pub struct Visit {
    pages: Arc<Pages>,
    caller: Caller,
    /// The key itself, to see later whether it still counts.
    secret: String,
}

impl Visit {
    fn organization(&self) -> OrganizationId {
        self.caller.organization
    }

    fn backend(&self) -> &dyn Backend {
        &**self.pages.app.engine.backend()
    }

    async fn reference(&self) -> Result<Arc<Reference>, StoreError> {
        (self.pages.app.engine).reference(self.organization()).await
    }

    /// Whether the key still counts.
    async fn is_current(&self) -> bool {
        let found = self.pages.app.engine.authenticate(&self.secret).await;
        found.is_ok_and(|found| found.is_some())
    }
}

/// Sends the browser elsewhere, with a cookie where there is one to set.
fn redirect(to: &str, cookie: Option<String>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    // Addresses and cookies are made here, of letters and digits.
    if let Ok(to) = HeaderValue::from_str(to) {
        headers.insert(LOCATION, to);
    }
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

/// A page in the place of one that the store could not be read for.
fn store_failed(error: &StoreError) -> Response {
    tracing::error!(error = %error, "a page could not be read");
    shell::failure(
        StatusCode::SERVICE_UNAVAILABLE,
        "The database does not answer right now.",
    )
}
