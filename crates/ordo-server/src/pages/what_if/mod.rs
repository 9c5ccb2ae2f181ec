//! What-ifs: `GET /what-if` shows the form and what was asked before, `POST /what-if` asks, and
//! `GET /what-if/{id}` shows what came of it, an address that can be sent to a colleague. Rules in the
//! shadow of those that count are below `/what-if/shadow`.

mod form;
mod list;
mod report;
mod shadow;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use ordo_domain::id::WhatIfId;
use ordo_domain::organization::Role;
use ordo_engine::what_if::WhatIfError;
use ordo_store::{Report, StoreError};
use serde_json::Value;

use super::form::Form;
use super::{Pages, Visit, redirect, session, shell, store_failed};
use crate::routes::what_ifs::ask::ORDERS_MAX;
use crate::routes::what_ifs::kept::Question;
use crate::routes::what_ifs::what_if_of_body;
use form::Asked;
pub use shadow::shadow_of;

/// The pages, with their addresses.
pub fn router() -> Router<Arc<Pages>> {
    Router::new()
        .route("/what-if", get(get_what_if).post(ask))
        .route("/what-if/{id}", get(get_report))
        .route("/what-if/{id}/delete", post(let_go))
        .route(
            "/what-if/shadow/{set}/{number}",
            get(shadow::get_shadow).post(shadow::switch),
        )
}

/// Somebody who may ask.
async fn enter(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Visit, Response> {
    let visit = session::visit(pages, headers).await?;
    match visit.caller.role >= Role::Manager {
        true => Ok(visit),
        false => {
            let message = "What-ifs are for managers: ask with a key of that role.";
            Err(shell::failure(StatusCode::FORBIDDEN, message))
        }
    }
}

/// The same, on a page of ours.
async fn enter_to_write(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Visit, Response> {
    if session::is_from_elsewhere(headers) {
        let message = "Send this from the page itself, not from another site.";
        return Err(shell::failure(StatusCode::FORBIDDEN, message));
    }
    enter(pages, headers).await
}

/// Shows the form, filled in as the address says, and what was asked before.
async fn get_what_if(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    match enter(&pages, &headers).await {
        Ok(visit) => shown(&visit, &Asked(asked), None).await,
        Err(elsewhere) => elsewhere,
    }
}

/// Asks, and shows what came of it; or the form again with why not.
async fn ask(State(pages): State<Arc<Pages>>, headers: HeaderMap, body: Body) -> Response {
    let visit = match enter_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let asked = Asked(Form::read(body).await.pairs());
    match answer(&visit, &asked).await {
        Ok(report) => redirect(&format!("/what-if/{}", report.head.id), None),
        Err(Refused::Store(error)) => store_failed(&error),
        Err(Refused::Because(message)) => shown(&visit, &asked, Some(&message)).await,
    }
}

/// Why there is no answer.
enum Refused {
    Store(StoreError),
    Because(String),
}

async fn answer(visit: &Visit, asked: &Asked) -> Result<Report, Refused> {
    let body = asked.question().to_string();
    let refused = |rejection: ordo_domain::Rejection| {
        let fields = rejection.fields.iter();
        let fields = fields.map(|at| format!("{}: {}", at.field, at.message));
        let all: Vec<String> = fields.collect();
        Refused::Because(match all.is_empty() {
            true => rejection.detail,
            false => all.join("; "),
        })
    };
    let mut question = what_if_of_body(body.as_bytes(), ORDERS_MAX).map_err(refused)?;
    // The other core goes on taking orders.
    question.threads = 1;
    let engine = &visit.pages.app.engine;
    let kept = Question {
        at: engine.clock().now(),
        asked_by: visit.caller.key.to_string(),
        series: String::new(),
        seed: engine.clock().fresh(),
        body: body.into_bytes(),
    };
    let tell = move |report: &_| kept.tell(report);
    match engine.what_if(visit.organization(), question, tell).await {
        Some(Ok(report)) => Ok(report),
        Some(Err(WhatIfError::Store(error))) => Err(Refused::Store(error)),
        Some(Err(WhatIfError::Rejected(rejection))) => Err(refused(*rejection)),
        None => {
            let message = "Another what-if is running. Ask again in a moment.";
            Err(Refused::Because(message.to_owned()))
        }
    }
}

/// The form, what runs in the shadow, and what was asked before.
async fn shown(visit: &Visit, asked: &Asked, refused: Option<&str>) -> Response {
    let reference = match visit.reference().await {
        Ok(reference) => reference,
        Err(error) => return store_failed(&error),
    };
    let kept = match list::read(visit, asked.one("before")).await {
        Ok(kept) => kept,
        Err(error) => return store_failed(&error),
    };
    let now = visit.pages.app.engine.clock().now();
    let content = html! {
        div.headline { h1 { "What if" } p.quiet { "Past orders, sourced again under another setup. Nothing is changed." } }
        @if let Some(message) = refused { p.refused role="alert" { (message) } }
        (form::form(&reference, asked))
        (list::shown(&kept))
        (shadow::card(&reference, now))
    };
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    shell::page(status, "What if", shell::Body::Framed(&content))
}

/// Shows a kept report.
async fn get_report(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let visit = match enter(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let found = match id.parse::<WhatIfId>() {
        Ok(id) => visit.backend().report(visit.organization(), id).await,
        Err(_) => Ok(None),
    };
    let report: Value = match found {
        Ok(Some(report)) => serde_json::from_str(&report.body).unwrap_or_default(),
        Ok(None) => return missing("No such what-if", "It may have made place for newer ones."),
        Err(error) => return store_failed(&error),
    };
    let by = match list::asker(&visit, &report["asked_by"]).await {
        Ok(by) => by,
        Err(error) => return store_failed(&error),
    };
    let content = report::shown(&report, by.as_deref());
    shell::page(StatusCode::OK, "What if", shell::Body::Framed(&content))
}

/// Lets a report go.
async fn let_go(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let visit = match enter_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let gone = match id.parse::<WhatIfId>() {
        Ok(id) => visit.backend().drop_report(visit.organization(), id).await,
        Err(_) => Ok(false),
    };
    match gone {
        Ok(_) => redirect("/what-if", None),
        Err(error) => store_failed(&error),
    }
}

fn missing(title: &str, words: &str) -> Response {
    let content = html! {
        div.headline { h1 { (title) } }
        p { (words) " " a href="/what-if" { "What-ifs" } }
    };
    shell::page(StatusCode::NOT_FOUND, title, shell::Body::Framed(&content))
}

/// An instant of an answer, to the minute.
fn minute(instant: &Value) -> Markup {
    let text = instant.as_str().unwrap_or_default();
    let words = text.get(..16).unwrap_or(text).replace('T', " ");
    html! { time datetime=(text) { (words) " UTC" } }
}
