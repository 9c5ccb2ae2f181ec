//! `GET /rules/{id}/{number}`: what a version says in words and as text, what is odd about it, when it
//! counts, and what it would do with an order.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::rules::lint::Warning;
use ordo_domain::rules::{RuleSet, RuleVersion, VersionState};

use super::editor::Editor;
use super::told::{self, Part, Said};
use super::trial;
use super::{Here, address, refusals};
use crate::pages::local_time::LocalTime;
use crate::pages::{Pages, shell, store_failed, what_if};
use crate::routes::rule_sets::lint::look;

/// Shows a version.
pub async fn get_version(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    match shown(&pages, &headers, (&id, &number), &asked).await {
        Ok(response) | Err(response) => response,
    }
}

async fn shown(
    pages: &Arc<Pages>,
    headers: &HeaderMap,
    (id, number): (&str, &str),
    asked: &[(String, String)],
) -> Result<Response, Response> {
    let here = Here::enter(pages, headers).await?;
    let (set, version) = here.version(id, number).await?;
    let order = asked.iter().find(|(name, _)| name == "order");
    let order = order.map(|(_, value)| value.trim().trim_start_matches('#'));
    let state = Shown {
        order: order.unwrap_or_default(),
        ..Shown::of(&version)
    };
    version_page(&here, &set, &version, state).await
}

/// What a page on a version shows beside it.
pub struct Shown<'a> {
    pub status: StatusCode,
    /// The text, as it is or as it was refused.
    pub editor: Editor,
    /// What the version is about, as the form has it.
    pub note: String,
    /// What was refused.
    pub refused: Vec<String>,
    /// The order to try it on.
    pub order: &'a str,
}

impl Shown<'_> {
    /// The version as it is.
    pub fn of(version: &RuleVersion) -> Self {
        Self {
            status: StatusCode::OK,
            editor: Editor::of(&version.rules),
            note: version.note.clone().unwrap_or_default(),
            refused: Vec::new(),
            order: "",
        }
    }
}

/// A version.
pub async fn version_page(
    here: &Here,
    set: &RuleSet,
    version: &RuleVersion,
    shown: Shown<'_>,
) -> Result<Response, Response> {
    let state = set.state(version.number, here.now);
    let (backend, organization) = (here.visit.backend(), here.visit.organization());
    let odd = match state {
        // Nobody changes what is over.
        Some(VersionState::Retired) | None => None,
        Some(VersionState::Draft | VersionState::Scheduled | VersionState::Live) => Some(
            look(
                backend,
                organization,
                &here.reference,
                set,
                version,
                here.now,
            )
            .await
            .map_err(|error| store_failed(&error))?,
        ),
    };
    let tried = match here.may_write() {
        true => trial::section(here, set, version, shown.order).await?,
        false => html! {},
    };
    let is_draft = state == Some(VersionState::Draft) && here.may_write();
    let here_at = address(set, Some(version.number));
    let content = html! {
        p.crumbs { a href="/rules" { "Sourcing rules" } " / " a.break href=(address(set, None)) { (set.code) } }
        div.headline {
            h1.break { (set.code) ", version " (version.number) }
            p.badges { (here.badge(set, version.number)) }
            p.quiet.break { "For " (here.scope(set)) ". " (when(here, set, version)) }
        }
        @if let Some(note) = &version.note { p.break { (note) } }
        (refusals(&shown.refused))
        div.split {
            div {
                section.card aria-label="In words" {
                    h2 { "In words" }
                    (in_words(version, odd.as_ref()))
                }
                (tried)
                section.card aria-label="As text" {
                    @if is_draft {
                        form.ask method="post" action=(here_at) {
                            input type="hidden" name="version" value=(set.version);
                            (shown.editor.field())
                            label { "Note" input name="note" maxlength="500" placeholder="what this version is about" value=(shown.note); }
                            button.primary type="submit" { "Save the draft" }
                            p.quiet { "What may stand here: " a href="/api/docs" { "API documentation" } ", at rule sets." }
                        }
                    } @else {
                        h2 { "As text" }
                        (shown.editor.shown())
                    }
                }
            }
            div.side {
                @if here.may_write() { (decide(here, set, version, state)) }
                (compare(set, version))
                @if here.may_write() {
                    form.card.ask method="post" action={ (address(set, None)) "/versions" } {
                        h2 { "Change it" }
                        input type="hidden" name="version" value=(set.version);
                        input type="hidden" name="from" value=(version.number);
                        p.quiet { "What has been published stays as it is. A new draft begins with what this one says." }
                        button type="submit" { "New draft of it" }
                    }
                }
            }
        }
    };
    let title = format!("{}, version {}", set.code, version.number);
    Ok(shell::page(
        shown.status,
        &title,
        shell::Body::Framed(&content),
    ))
}

/// When it counts.
fn when(here: &Here, set: &RuleSet, version: &RuleVersion) -> String {
    let Some(from) = version.live_from else {
        return "It counts for nothing.".to_owned();
    };
    let show = |at| format!("{} ({})", here.local.show(at), here.local.name);
    let begin = match from > here.now {
        true => format!("It will count from {}", show(from)),
        false => format!("It counted from {}", show(from)),
    };
    match set.live_until(version) {
        Some(until) => format!("{begin} until {}.", show(until)),
        None if from > here.now => format!("{begin}."),
        None => format!("It counts since {}.", show(from)),
    }
}

/// The steps, with what is odd beside them.
fn in_words(version: &RuleVersion, odd: Option<&(usize, Vec<Warning>)>) -> Markup {
    let steps = told::steps(&version.rules);
    let warnings: &[Warning] = odd.map_or(&[], |(_, warnings)| warnings);
    // Each is told at the nearest place around it that has words of its own.
    let places = steps.iter().flat_map(|step| {
        let said = step.says.iter().map(|said| said.at.as_str());
        said.chain([step.at.as_str()])
    });
    let places: Vec<&str> = places.collect();
    let nearest = |warning: &Warning| {
        let around = places.iter().filter(|place| {
            let rest = warning.at.strip_prefix(**place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        around.max_by_key(|place| place.len()).copied()
    };
    let at = |pointer: Option<&str>| -> Vec<&Warning> {
        let found = warnings.iter();
        found
            .filter(|warning| nearest(warning) == pointer)
            .collect()
    };
    html! {
        @if let Some((orders, found)) = odd {
            p.quiet {
                @match found.len() { 0 => "Nothing is odd about it", 1 => "1 thing is odd about it", more => { (more) " things are odd about it" } }
                ", held against " (orders) " of the last 30 days’ orders."
            }
        }
        (odd_here(at(None)))
        ol.steps {
            @for (nth, step) in (1..).zip(&steps) {
                li {
                    h3.break { (nth) ". " (step.name) }
                    (odd_here(at(Some(&step.at))))
                    ul {
                        @for said in &step.says {
                            li { (sentence(said)) (odd_here(at(Some(&said.at)))) }
                        }
                    }
                }
            }
        }
        p { (told::otherwise(&version.rules)) }
    }
}

fn sentence(said: &Said) -> Markup {
    html! {
        @for part in &said.parts {
            @match part { Part::Text(text) => (text), Part::Code(code) => code { (code) } }
        }
    }
}

fn odd_here(found: Vec<&Warning>) -> Markup {
    html! {
        @for warning in found { p.odd { strong { (kind(warning)) ": " } (warning.message) "." } }
    }
}

fn kind(warning: &Warning) -> &'static str {
    use ordo_domain::rules::lint::WarningKind;
    match warning.kind {
        WarningKind::Unreachable => "Never asked",
        WarningKind::Shadowed => "Says nothing new",
        WarningKind::Contradictory => "Contradicts",
        WarningKind::Unknown => "Unknown",
        WarningKind::MatchesNothing => "Did nothing",
        WarningKind::ExcludesAll => "Leaves no location",
        WarningKind::Fails => "Cannot be computed",
        WarningKind::UnfilledTooCheap => "Leaves units",
    }
}

/// What can be done with it.
fn decide(
    here: &Here,
    set: &RuleSet,
    version: &RuleVersion,
    state: Option<VersionState>,
) -> Markup {
    let here_at = address(set, Some(version.number));
    let publish = |button: &str| {
        html! {
            form.ask method="post" action={ (here_at) "/publish" } {
                input type="hidden" name="version" value=(set.version);
                label { "From" input type="datetime-local" name="from" aria-describedby="at-once"; }
                label { "Time in"
                    select name="zone" {
                        @for zone in LocalTime::choices(&here.reference) {
                            option value=(zone) selected[zone == here.local.name] { (zone) }
                        }
                    }
                }
                p.quiet #at-once {
                    "Without a time it counts at once"
                    @if let Some(live) = set.live(here.now) { ", and version " (live.number) " is over" }
                    "."
                }
                button.primary type="submit" { (button) }
            }
        }
    };
    let retire = |says: &str, button: &str| {
        html! {
            form.ask method="post" action={ (here_at) "/retire" } {
                input type="hidden" name="version" value=(set.version);
                p.quiet { (says) }
                button type="submit" { (button) }
            }
        }
    };
    html! {
        @match state {
            Some(VersionState::Draft) => {
                section.card aria-label="Publish" { h2 { "Let it count" } (publish("Publish")) }
                (what_if::shadow_of(set, version.number))
                section.card aria-label="Throw away" { h2 { "Throw it away" } (retire("It stays in the list, and can be copied.", "Throw the draft away")) }
            }
            Some(VersionState::Scheduled) => {
                section.card aria-label="Another time" { h2 { "Another time" } (publish("Publish for this time")) }
                (what_if::shadow_of(set, version.number))
                section.card aria-label="Withdraw" { h2 { "Withdraw" } (retire("It will never count; the version that counts goes on.", "Withdraw it")) }
            }
            Some(VersionState::Live) => {
                section.card aria-label="Take back" { h2 { "Take it back" } (retire("Then no version of this set counts, and other sets or none decide.", "Take it back")) }
            }
            Some(VersionState::Retired) | None => {}
        }
    }
}

/// Other versions to hold it against.
fn compare(set: &RuleSet, version: &RuleVersion) -> Markup {
    let others: Vec<u32> = (set.versions.iter().rev())
        .map(|other| other.number)
        .filter(|number| *number != version.number)
        .collect();
    html! {
        @if !others.is_empty() {
            form.card.ask method="get" action={ (address(set, Some(version.number))) "/compare" } {
                h2 { "Compare" }
                label { "with"
                    select name="with" {
                        @for number in others { option value=(number) { "version " (number) } }
                    }
                }
                button type="submit" { "Side by side" }
            }
        }
    }
}
