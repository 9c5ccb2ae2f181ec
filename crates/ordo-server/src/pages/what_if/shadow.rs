//! Rules in the shadow of those that count: which versions there are, each one's days, and the switch.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::id::RuleSetId;
use ordo_domain::reference::Reference;
use ordo_domain::rules::{RuleSet, ShadowRules, VersionState};
use ordo_domain::time::Timestamp;
use ordo_domain::{Actor, Command};
use ordo_engine::what_if::ShadowDay;
use ordo_engine::{Lane, Request};
use ordo_store::ReportsOf;

use super::list::cost;
use super::report::signed;
use super::{Pages, Visit, enter, enter_to_write, missing};
use crate::pages::form::Form;
use crate::pages::{redirect, shell, store_failed};
use crate::render::render;
use crate::routes::what_ifs::kept::HeadAnswer;

/// Days of a page.
const PAGE: usize = 60;

/// The versions that may run in the shadow, where there are any rules at all.
pub fn card(reference: &Reference, now: Timestamp) -> Markup {
    let waiting = reference.rule_sets().flat_map(|set| {
        let versions = set.versions.iter().map(|version| version.number);
        let waiting = versions.filter(|number| waits(set, *number, now));
        let set = Arc::clone(set);
        waiting
            .map(move |number| (Arc::clone(&set), number))
            .collect::<Vec<_>>()
    });
    let waiting: Vec<(Arc<RuleSet>, u32)> = waiting.collect();
    html! {
        @if !waiting.is_empty() {
            section.card.answer {
                h2 { "Rules in the shadow" }
                p.quiet { "A draft or scheduled version can run beside the rules that count: when a day is over, its orders are sourced again by both." }
                div.scroll {
                    table {
                        thead { tr { th { "Rules" } th { "Version" } th { "How it stands" } th {} } }
                        tbody {
                            @for (set, number) in &waiting {
                                tr {
                                    td.names { a href=(address(set.id, *number)) { (set.name.as_deref().unwrap_or(&set.code)) } }
                                    td { (number) }
                                    td { (state(set, *number, now)) ", " (since(set, *number)) }
                                    td { (switch_form(set, *number)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// On the page of a version that does not count yet: its days, and the switch.
pub fn shadow_of(set: &RuleSet, number: u32) -> Markup {
    html! {
        section.card.answer aria-label="In the shadow" {
            h2 { "In the shadow" }
            p.quiet { "Each day's orders are sourced by this version as well, beside what counts." }
            p { "It is " (since(set, number)) ". " a href=(address(set.id, number)) { "Its days" } }
            (switch_form(set, number))
        }
    }
}

/// The days of a version.
pub async fn get_shadow(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((set, number)): Path<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Response {
    let visit = match enter(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let (set, number) = match find(&visit, &set, &number).await {
        Ok(found) => found,
        Err(elsewhere) => return elsewhere,
    };
    let before = given.iter().find(|(name, _)| name == "before");
    let before = before.and_then(|(_, id)| id.parse().ok());
    let series = ReportsOf::Series(ShadowDay::series(set.id, number));
    let (backend, organization) = (visit.backend(), visit.organization());
    let page = backend
        .list_reports(organization, &series, before, PAGE)
        .await;
    let page = match page {
        Ok(page) => page,
        Err(error) => return store_failed(&error),
    };
    let days: Vec<HeadAnswer> = (page.items.iter())
        .filter_map(|head| HeadAnswer::read(head).ok())
        .collect();
    let now = visit.pages.app.engine.clock().now();
    let name = set.name.as_deref().unwrap_or(&set.code);
    let content = html! {
        div.headline {
            h1 { (name) ", version " (number) }
            p.quiet { "This version is " (state(&set, number, now)) ", and " (since(&set, number)) "." }
        }
        section.card.answer {
            @if waits(&set, number, now) { (switch_form(&set, number)) }
            @if days.is_empty() {
                p.quiet { "No day yet. A quarter of an hour after midnight, in the time zone of most locations, the day's orders are sourced by the rules that count and by this version." }
            } @else {
                p.quiet { "By this version, less by the rules that counted." }
                div.scroll {
                    table {
                        thead { tr { th { "Day" } th.num { "Orders" } th.num { "Ship otherwise" } th.num { "Cost" } th.num { "Split" } th.num { "Late" } th.num { "Units unfilled" } } }
                        tbody { @for day in &days { (row(day)) } }
                    }
                }
            }
            @if let Some(next) = page.next {
                p { a href=(format!("{}?before={next}", address(set.id, number))) { "Older days" } }
            }
            p { a href="/what-if" { "What-ifs" } }
        }
    };
    let title = format!("{name} version {number}");
    shell::page(StatusCode::OK, &title, shell::Body::Framed(&content))
}

/// Lets a version run in the shadow, or no more.
pub async fn switch(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((set, number)): Path<(String, String)>,
    body: Body,
) -> Response {
    let visit = match enter_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let (set, number) = match find(&visit, &set, &number).await {
        Ok(found) => found,
        Err(elsewhere) => return elsewhere,
    };
    let on = Form::read(body).await.word("on") == "1";
    let request = Request {
        command: Command::ShadowRules(ShadowRules {
            rule_set: set.id,
            expected: None,
            number,
            on,
        }),
        actor: Actor::ApiKey(visit.caller.key),
        lane: Lane::People,
        idempotency: None,
        expects: None,
        size: 0,
        render,
    };
    let engine = &visit.pages.app.engine;
    match engine.submit(visit.organization(), request).await {
        Ok(reply) if reply.status < 300 => redirect(&address(set.id, number), None),
        Ok(reply) => {
            let problem: serde_json::Value =
                serde_json::from_str(&reply.body()).unwrap_or_default();
            let detail = problem["detail"].as_str().unwrap_or("This was refused.");
            shell::failure(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
        Err(_) => {
            let message = "Too much is waiting right now. Try again in a moment.";
            shell::failure(StatusCode::TOO_MANY_REQUESTS, message)
        }
    }
}

async fn find(visit: &Visit, set: &str, number: &str) -> Result<(Arc<RuleSet>, u32), Response> {
    let reference = visit.reference().await;
    let reference = reference.map_err(|error| store_failed(&error))?;
    let (set, number) = (set.parse::<RuleSetId>().ok(), number.parse::<u32>().ok());
    let mut sets = reference.rule_sets();
    let found = sets.find(|known| Some(known.id) == set);
    let found = found.zip(number);
    let found = found.filter(|(set, number)| set.numbered(*number).is_some());
    found
        .map(|(set, number)| (Arc::clone(set), number))
        .ok_or_else(|| missing("No such rules", "No rules have this address."))
}

fn address(set: RuleSetId, number: u32) -> String {
    format!("/what-if/shadow/{set}/{number}")
}

/// Whether a version does not count yet.
fn waits(set: &RuleSet, number: u32, now: Timestamp) -> bool {
    match set.state(number, now) {
        Some(VersionState::Draft | VersionState::Scheduled) => true,
        Some(VersionState::Live | VersionState::Retired) | None => false,
    }
}

fn state(set: &RuleSet, number: u32, now: Timestamp) -> &'static str {
    match set.state(number, now) {
        Some(VersionState::Draft) => "a draft",
        Some(VersionState::Scheduled) => "scheduled",
        Some(VersionState::Live) => "what counts now",
        Some(VersionState::Retired) | None => "over",
    }
}

fn since(set: &RuleSet, number: u32) -> Markup {
    html! {
        @match set.shadows.get(&number) {
            Some(since) => { "in the shadow since " (super::minute(&since.to_string().into())) }
            None => "not in the shadow",
        }
    }
}

fn switch_form(set: &RuleSet, number: u32) -> Markup {
    let is_on = set.shadows.contains_key(&number);
    html! {
        form method="post" action=(address(set.id, number)) {
            input type="hidden" name="on" value=(if is_on { "0" } else { "1" });
            button type="submit" { @if is_on { "End it" } @else { "Run in the shadow" } }
        }
    }
}

fn row(day: &HeadAnswer) -> Markup {
    let date = (day.about.shadow.as_ref()).map_or(String::new(), |shadow| shadow.day.to_string());
    html! {
        tr {
            td.nowrap { a href=(format!("/what-if/{}", day.about.id)) { (date) } }
            td.num { (day.orders) }
            @for result in &day.results {
                td.num { (result.changed_orders) }
                td.num { (cost(result)) }
                td.num { (signed(result.split_orders)) }
                td.num { (signed(result.late_orders)) }
                td.num { (signed(result.unfilled_units)) }
            }
        }
    }
}
