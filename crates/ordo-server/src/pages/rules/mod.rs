//! `/rules`: sourcing rules as people work with them. Which set counts for which orders, what a version
//! says in words and as text, what is odd about it, what it would do with an order, and who let it
//! count when.
//!
//! Invariant: what is changed here is changed by the commands that the API gives, and refused in its
//! words.

mod compare;
mod diff;
mod editor;
mod history;
mod list;
mod place;
mod set;
mod told;
mod trial;
mod version;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use ordo_domain::Command;
use ordo_domain::id::RuleSetId;
use ordo_domain::organization::Role;
use ordo_domain::reference::Reference;
use ordo_domain::rejection::{FieldProblem, Rejection};
use ordo_domain::rules::{RuleSet, RuleVersion, VersionState};
use ordo_domain::time::Timestamp;
use ordo_engine::{Lane, Overloaded};

use super::local_time::LocalTime;
use super::{Pages, Visit, session, shell, store_failed};
use crate::read;
use crate::render::render;
use crate::wire::channel_code;

/// The pages on rules, with their addresses.
pub fn router() -> Router<Arc<Pages>> {
    Router::new()
        .route("/rules", get(list::get_rules))
        .route("/rules/new", get(set::get_new).post(write::create))
        .route("/rules/{id}", get(set::get_set).post(write::update))
        .route("/rules/{id}/versions", post(write::draft))
        .route(
            "/rules/{id}/{number}",
            get(version::get_version).post(write::save),
        )
        .route("/rules/{id}/{number}/publish", post(write::publish))
        .route("/rules/{id}/{number}/retire", post(write::retire))
        .route("/rules/{id}/{number}/compare", get(compare::get_compare))
}

/// What every page on rules needs.
struct Here {
    visit: Visit,
    reference: Arc<Reference>,
    now: Timestamp,
    local: LocalTime,
}

impl Here {
    /// Somebody who may look.
    async fn enter(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Self, Response> {
        let visit = session::visit(pages, headers).await?;
        let reference = visit.reference().await;
        let reference = reference.map_err(|error| store_failed(&error))?;
        Ok(Self {
            now: pages.app.engine.clock().now(),
            local: LocalTime::of(&reference),
            visit,
            reference,
        })
    }

    /// Somebody who may change rules, on a page of ours.
    async fn enter_to_write(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Self, Response> {
        if session::is_from_elsewhere(headers) {
            let message = "Send this from the page itself, not from another site.";
            return Err(shell::failure(StatusCode::FORBIDDEN, message));
        }
        let here = Self::enter(pages, headers).await?;
        match here.may_write() {
            true => Ok(here),
            false => {
                let message = "Rules are changed by managers: sign in with a key of that role.";
                Err(shell::failure(StatusCode::FORBIDDEN, message))
            }
        }
    }

    fn may_write(&self) -> bool {
        self.visit.caller.role >= Role::Manager
    }

    /// The set with the id that stands in an address, as it is stored.
    async fn set(&self, id: &str) -> Result<RuleSet, Response> {
        let Ok(id) = id.parse::<RuleSetId>() else {
            return Err(missing());
        };
        let (backend, organization) = (self.visit.backend(), self.visit.organization());
        let found = read::all::<RuleSet>(backend, organization, &[id]).await;
        let found = found.map_err(|error| store_failed(&error))?;
        found.into_iter().next().ok_or_else(missing)
    }

    /// A version of it.
    async fn version(&self, id: &str, number: &str) -> Result<(RuleSet, RuleVersion), Response> {
        let set = self.set(id).await?;
        let number = number.parse().ok();
        let version = number.and_then(|number| set.numbered(number)).cloned();
        version.map(|version| (set, version)).ok_or_else(missing)
    }

    /// Has a command decided; answers the body that the API would answer with.
    async fn submit(&self, command: Command, size: usize) -> Result<serde_json::Value, Refused> {
        let request = ordo_engine::Request {
            command,
            actor: ordo_domain::Actor::ApiKey(self.visit.caller.key),
            lane: Lane::People,
            idempotency: None,
            expects: None,
            size,
            render,
        };
        let engine = &self.visit.pages.app.engine;
        let reply = engine.submit(self.visit.organization(), request).await?;
        let body = serde_json::from_str(&reply.body()).unwrap_or_default();
        match reply.status {
            200..300 => Ok(body),
            status => Err(Refused::of_problem(status, &body)),
        }
    }

    /// For which orders a set is, in words.
    fn scope(&self, set: &RuleSet) -> String {
        let scope = &set.scope;
        let channels = scope.channels.iter();
        let channels: Vec<_> = channels
            .map(|id| channel_code(&self.reference, *id).into_owned())
            .collect();
        let pools = scope.pools.iter();
        let pools: Vec<_> = pools
            .map(|id| match self.reference.pool(*id) {
                Some(pool) => pool.code.clone(),
                None => id.to_string(),
            })
            .collect();
        let named = [
            ("channel", &channels),
            ("pool", &pools),
            ("customer tier", &scope.tiers),
        ];
        let named = named.iter().filter(|(_, names)| !names.is_empty());
        let named: Vec<String> = named
            .map(|(what, names)| format!("{what} {}", names.join(" or ")))
            .collect();
        match named.is_empty() {
            true => "all orders".to_owned(),
            false => named.join(", "),
        }
    }

    /// How a version stands, with a color where it matters.
    fn badge(&self, set: &RuleSet, number: u32) -> Markup {
        let (class, word) = match set.state(number, self.now) {
            Some(VersionState::Live) => ("badge good", "Counts"),
            Some(VersionState::Scheduled) => ("badge", "Scheduled"),
            Some(VersionState::Draft) => ("badge", "Draft"),
            Some(VersionState::Retired) | None => ("badge quiet", "Over"),
        };
        html! { span class=(class) { (word) } }
    }
}

/// Why something was not done.
struct Refused {
    status: StatusCode,
    detail: String,
    fields: Vec<FieldProblem>,
}

impl Refused {
    fn of_problem(status: u16, problem: &serde_json::Value) -> Self {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let fields = problem["fields"].as_array().into_iter().flatten();
        let fields = fields.map(|at| FieldProblem {
            field: text(&at["field"]),
            message: text(&at["message"]),
        });
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            detail: text(&problem["detail"]),
            fields: fields.collect(),
        }
    }

    /// What is refused of fields that begin with `prefix`, without it, and of the others.
    fn split(self, prefix: &str) -> (Vec<FieldProblem>, Vec<String>) {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        if self.fields.is_empty() {
            outside.push(self.detail);
        }
        for problem in self.fields {
            match problem.field.strip_prefix(prefix) {
                Some(rest) => inside.push(FieldProblem {
                    field: rest.to_owned(),
                    ..problem
                }),
                None => outside.push(format!("{}: {}", problem.field, problem.message)),
            }
        }
        (inside, outside)
    }
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self {
            status: StatusCode::from_u16(rejection.code.status())
                .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            detail: rejection.detail,
            fields: rejection.fields,
        }
    }
}

impl From<Overloaded> for Refused {
    fn from(_: Overloaded) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            detail: "Too much is waiting right now. Try again in a moment.".to_owned(),
            fields: Vec::new(),
        }
    }
}

/// Sentences on what was refused.
fn refusals(said: &[String]) -> Markup {
    html! {
        @if !said.is_empty() {
            div.card.holds role="alert" {
                @for sentence in said { p.refused { (sentence) } }
            }
        }
    }
}

fn missing() -> Response {
    let content = html! {
        div.headline { h1 { "No such rules" } }
        p { "No rule set or version is at this address. " a href="/rules" { "Sourcing rules" } }
    };
    let body = shell::Body::Framed(&content);
    shell::page(StatusCode::NOT_FOUND, "No such rules", body)
}

/// The address of a set, or of one of its versions.
fn address(set: &RuleSet, number: Option<u32>) -> String {
    match number {
        Some(number) => format!("/rules/{}/{number}", set.id),
        None => format!("/rules/{}", set.id),
    }
}
