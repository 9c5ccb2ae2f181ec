//! `GET /rules/{id}`: one rule set with its versions, for whom it is, and what happened to it; and
//! `GET /rules/new`, where one begins.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::reference::Reference;
use ordo_domain::rules::preset::{Preset, presets};
use ordo_domain::rules::{RuleSet, RuleVersion};

use super::editor::Editor;
use super::history::{self, Entry};
use super::{Here, address, refusals};
use crate::pages::form::Form;
use crate::pages::{Pages, shell, store_failed};
use crate::routes::rule_sets::presets::by_priority;
use crate::wire::channel_code;

/// Shows a set.
pub async fn get_set(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    match shown(&pages, &headers, &id).await {
        Ok(response) | Err(response) => response,
    }
}

async fn shown(pages: &Arc<Pages>, headers: &HeaderMap, id: &str) -> Result<Response, Response> {
    let here = Here::enter(pages, headers).await?;
    let set = here.set(id).await?;
    let fields = Fields::of(&here, &set);
    set_page(&here, &set, &fields, StatusCode::OK, &[]).await
}

/// Shows the form of a new set, filled from a preset where one is named.
pub async fn get_new(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let here = match Here::enter(&pages, &headers).await {
        Ok(here) => here,
        Err(elsewhere) => return elsewhere,
    };
    let named = asked.iter().find(|(name, _)| name == "preset");
    let offered = offered(&here.reference);
    let preset = named.and_then(|(_, code)| offered.iter().find(|preset| preset.code == *code));
    let Some(first) = preset.or(offered.first()) else {
        return super::missing();
    };
    let fields = Fields {
        code: preset.map_or(String::new(), |preset| preset.code.replace('_', "-")),
        ..Fields::default()
    };
    let editor = Editor::of(&first.rules);
    new_page(&here, &fields, first.code, &editor, StatusCode::OK, &[])
}

/// What a set has beside its versions, as its forms have it.
#[derive(Default)]
pub struct Fields {
    pub code: String,
    pub name: String,
    pub channels: String,
    pub pools: String,
    pub tiers: String,
    pub priority: String,
    pub note: String,
}

impl Fields {
    /// Those of a set.
    fn of(here: &Here, set: &RuleSet) -> Self {
        let scope = &set.scope;
        let channels = scope.channels.iter();
        let channels: Vec<_> = channels
            .map(|id| channel_code(&here.reference, *id))
            .collect();
        let pools = scope.pools.iter();
        let pools: Vec<_> = pools
            .filter_map(|id| here.reference.pool(*id))
            .map(|pool| pool.code.as_str())
            .collect();
        Self {
            code: set.code.clone(),
            name: set.name.clone().unwrap_or_default(),
            channels: channels.join(", "),
            pools: pools.join(", "),
            tiers: scope.tiers.join(", "),
            priority: set.priority.to_string(),
            note: String::new(),
        }
    }

    /// Those that somebody sent.
    pub fn sent(form: &Form) -> Self {
        let word = |name: &str| form.word(name).to_owned();
        Self {
            code: word("code"),
            name: word("name"),
            channels: word("channels"),
            pools: word("pools"),
            tiers: word("tiers"),
            priority: word("priority"),
            note: word("note"),
        }
    }

    /// For which orders it is.
    fn inputs(&self) -> Markup {
        html! {
            label { "Name" input name="name" maxlength="255" value=(self.name); }
            label { "Channels" input name="channels" placeholder="any" value=(self.channels) aria-describedby="commas"; }
            label { "Pools" input name="pools" placeholder="any" value=(self.pools) aria-describedby="commas"; }
            label { "Customer tiers" input name="tiers" placeholder="any" value=(self.tiers) aria-describedby="commas"; }
            label { "Priority" input name="priority" type="number" placeholder="0" value=(self.priority); }
        }
    }
}

/// Presets, with lists of locations by their priority.
pub fn offered(reference: &Reference) -> Vec<Preset> {
    presets(&by_priority(reference))
}

/// The form of a new set.
pub fn new_page(
    here: &Here,
    fields: &Fields,
    preset: &str,
    editor: &Editor,
    status: StatusCode,
    refused: &[String],
) -> Response {
    let offered = offered(&here.reference);
    let content = html! {
        p.crumbs { a href="/rules" { "Sourcing rules" } }
        div.headline { h1 { "New rule set" } p.quiet { "Its first version is a draft: it counts for nothing until it is published." } }
        (refusals(refused))
        @if here.may_write() {
            form.card.ask method="get" action="/rules/new" {
                div.row {
                    label { "Begin with"
                        select name="preset" {
                            @for one in &offered {
                                option value=(one.code) selected[one.code == preset] { (one.code) }
                            }
                        }
                    }
                    button type="submit" { "Fill in" }
                }
                @if let Some(chosen) = offered.iter().find(|one| one.code == preset) { p.quiet { (chosen.about) } }
            }
            form.card.ask method="post" action="/rules/new" {
                input type="hidden" name="preset" value=(preset);
                div.fields {
                    label { "Code" input name="code" required maxlength="128" value=(fields.code); }
                    (fields.inputs())
                    label { "Note" input name="note" maxlength="500" placeholder="what this version is about" value=(fields.note); }
                }
                p.quiet #commas { "Codes are separated by commas. Of several sets that fit an order, the one that names most of channel, pool and tier counts, then the smallest priority." }
                (editor.field())
                button.primary type="submit" { "Save as a draft" }
            }
        } @else {
            p.empty { "Rule sets are made by managers." }
        }
    };
    shell::page(status, "New rule set", shell::Body::Framed(&content))
}

/// A set.
pub async fn set_page(
    here: &Here,
    set: &RuleSet,
    fields: &Fields,
    status: StatusCode,
    refused: &[String],
) -> Result<Response, Response> {
    let history = history::of(here, set).await;
    let history = history.map_err(|error| store_failed(&error))?;
    let content = html! {
        p.crumbs { a href="/rules" { "Sourcing rules" } }
        div.headline {
            h1.break { "Rules “" (set.code) "”" }
            p.badges {
                @match set.live(here.now) {
                    Some(live) => span.badge.good { "Version " (live.number) " counts" },
                    None => span.badge.quiet { "Counts for nothing" },
                }
            }
            p.quiet.break { "For " (here.scope(set)) "." @if let Some(name) = &set.name { " " (name) } }
        }
        (refusals(refused))
        div.split {
            div {
                section.card aria-label="Versions" {
                    h2 { "Versions" }
                    (versions(here, set, &history))
                }
                section.card aria-label="History" {
                    h2 { "History" }
                    p.quiet { "Times in " (here.local.name) "." }
                    ul.timeline {
                        @for entry in &history {
                            li { time { (entry.at) } span { (entry.says) span.quiet { ", by " (entry.by) } } }
                        }
                    }
                }
            }
            div.side {
                @if here.may_write() {
                    (new_draft(here, set))
                    form.card.ask method="post" action=(address(set, None)) {
                        h2 { "For which orders" }
                        input type="hidden" name="version" value=(set.version);
                        (fields.inputs())
                        p.quiet #commas { "Codes are separated by commas. What counts for orders changes at once." }
                        button type="submit" { "Change" }
                    }
                }
            }
        }
    };
    let title = format!("Rules {}", set.code);
    Ok(shell::page(status, &title, shell::Body::Framed(&content)))
}

/// The versions, the newest first.
fn versions(here: &Here, set: &RuleSet, history: &[Entry]) -> Markup {
    let newest: Vec<&RuleVersion> = set.versions.iter().rev().collect();
    let published = |number: u32| history.iter().find(|entry| entry.published == Some(number));
    html! {
        div.scroll tabindex="0" role="region" aria-label="Versions" {
            table.wide.times {
                thead { tr {
                    th scope="col" { "Version" }
                    th scope="col" { "Counts from" }
                    th scope="col" { "until" }
                    th scope="col" { "Published by" }
                    th scope="col" { "Compare" }
                } }
                tbody {
                    @for (place, version) in newest.iter().enumerate() {
                        tr {
                            td.item {
                                a.key href=(address(set, Some(version.number))) { "Version " (version.number) }
                                " " (here.badge(set, version.number))
                                @if let Some(note) = &version.note { div.quiet.title title=(note) { (note) } }
                            }
                            td { @if let Some(from) = version.live_from { (here.local.show(from)) } }
                            td { @if let Some(until) = set.live_until(version).filter(|_| version.live_from.is_some()) { (here.local.show(until)) } }
                            td.break { @if let Some(entry) = published(version.number) { (entry.by) div.quiet { (entry.at) } } }
                            td {
                                @if let Some(before) = newest.get(place + 1) {
                                    a href={ (address(set, Some(version.number))) "/compare?with=" (before.number) } { "with " (before.number) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the next draft begins.
fn new_draft(here: &Here, set: &RuleSet) -> Markup {
    html! {
        form.card.ask method="post" action={ (address(set, None)) "/versions" } {
            h2 { "New draft" }
            input type="hidden" name="version" value=(set.version);
            label { "Begin with"
                select name="from" {
                    @for version in set.versions.iter().rev() {
                        option value=(version.number) { "version " (version.number) }
                    }
                    @for preset in offered(&here.reference) {
                        option value=(preset.code) { "preset " (preset.code) }
                    }
                }
            }
            button type="submit" { "Make a draft" }
        }
    }
}
