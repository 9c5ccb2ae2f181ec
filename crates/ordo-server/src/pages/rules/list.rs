//! `GET /rules`: what counts for which orders, and all rule sets.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::id::ChannelId;
use ordo_domain::rules::{RuleSet, RuleSubject, RuleVersion, VersionState};

use super::{Here, address};
use crate::pages::{Pages, shell};

/// More channels than anybody reads a table of.
const CHANNELS_MAX: usize = 50;
/// More tiers than fit beside one another.
const TIERS_MAX: usize = 6;

/// Shows all rule sets.
pub async fn get_rules(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let here = match Here::enter(&pages, &headers).await {
        Ok(here) => here,
        Err(elsewhere) => return elsewhere,
    };
    let mut sets: Vec<&Arc<RuleSet>> = here.reference.rule_sets().collect();
    sets.sort_by_key(|set| set.preference());
    let content = html! {
        div.headline {
            h1 { "Sourcing rules" }
            p.quiet { "Which locations ship which orders, and what becomes of the rest." }
            @if here.may_write() { a.button href="/rules/new" { "New rule set" } }
        }
        (counting(&here))
        section.card.answer aria-label="Rule sets" {
            h2 { "Rule sets" }
            @if !sets.is_empty() { p.quiet { "Times in " (here.local.name) "." } }
            @if sets.is_empty() {
                p.empty {
                    "There are none. A rule set says who may ship, what counts before money, how far orders are split, and what becomes of what nobody ships."
                }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Rule sets" {
                    table.times {
                        thead { tr {
                            th scope="col" { "Set" }
                            th scope="col" { "For" }
                            th scope="col" { "Counts" }
                            th scope="col" { "Next" }
                            th scope="col" { "Drafts" }
                        } }
                        tbody { @for set in sets { (row(&here, set)) } }
                    }
                }
            }
        }
    };
    shell::page(
        StatusCode::OK,
        "Sourcing rules",
        shell::Body::Framed(&content),
    )
}

/// A set in the table.
fn row(here: &Here, set: &RuleSet) -> Markup {
    let in_state = |wanted: VersionState| {
        let versions = set.versions.iter();
        versions.filter(move |version| set.state(version.number, here.now) == Some(wanted))
    };
    let since = |version: &RuleVersion| version.live_from.map(|at| here.local.show(at));
    html! {
        tr {
            td.item {
                a.key href=(address(set, None)) { (set.code) }
                @if let Some(name) = &set.name { div.title.quiet title=(name) { (name) } }
            }
            td.break { (here.scope(set)) @if set.priority != 0 { div.quiet { "priority " (set.priority) } } }
            td {
                @match set.live(here.now) {
                    Some(live) => {
                        a href=(address(set, Some(live.number))) { "version " (live.number) }
                        @if let Some(since) = since(live) { div.quiet { "since " (since) } }
                    }
                    None => span.quiet { "nothing" },
                }
            }
            td {
                @for next in in_state(VersionState::Scheduled) {
                    div {
                        a href=(address(set, Some(next.number))) { "version " (next.number) }
                        @if let Some(from) = since(next) { div.quiet { "from " (from) } }
                    }
                }
            }
            td {
                @for draft in in_state(VersionState::Draft) {
                    div { a href=(address(set, Some(draft.number))) { "version " (draft.number) } }
                }
            }
        }
    }
}

/// Which version counts for the orders of each channel and tier.
fn counting(here: &Here) -> Markup {
    let tiers: BTreeSet<&str> = (here.reference.rule_sets())
        .filter(|set| set.live(here.now).is_some())
        .flat_map(|set| set.scope.tiers.iter().map(String::as_str))
        .collect();
    let shown: Vec<&str> = tiers.iter().copied().take(TIERS_MAX).collect();
    let channels: Vec<_> = here.reference.channels().collect();
    let cell = |channel: ChannelId, tier: &str| {
        let channel = Some(channel);
        let found = (here.reference).rules_for(RuleSubject { channel, tier }, here.now);
        html! {
            @match found {
                Some((set, version)) => {
                    a href=(address(set, Some(version.number))) { (set.code) " " (version.number) }
                }
                None => span.quiet { "no rules" },
            }
        }
    };
    html! {
        section.card.answer aria-label="What counts now" {
            h2 { "What counts now" }
            @if channels.is_empty() {
                p.empty { "There are no channels yet that orders could come from." }
            } @else if (here.reference.rule_sets()).all(|set| set.live(here.now).is_none()) {
                p.empty { "No rules count: the cheapest plan wins, and without rates the nearest location." }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="What counts now" {
                    table {
                        thead { tr {
                            th scope="col" { "Orders from" }
                            @if shown.is_empty() { th scope="col" { "all customers" } }
                            @else { th scope="col" { "other customers" } }
                            @for tier in &shown { th scope="col" { "tier " (tier) } }
                        } }
                        tbody {
                            @for channel in channels.iter().take(CHANNELS_MAX) {
                                tr {
                                    td.break { (channel.code) }
                                    td { (cell(channel.id, "")) }
                                    @for tier in &shown { td { (cell(channel.id, tier)) } }
                                }
                            }
                        }
                    }
                }
                @if channels.len() > CHANNELS_MAX || tiers.len() > TIERS_MAX {
                    p.quiet { "The first " (CHANNELS_MAX) " channels and " (TIERS_MAX) " tiers; each set says for which orders it is." }
                }
            }
        }
    }
}
