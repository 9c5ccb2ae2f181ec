//! `GET /rules/{id}/{number}/compare?with=`: two versions side by side, in words and as text.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::rules::{RuleSet, RuleVersion};

use super::diff::{Row, rows};
use super::editor::as_text;
use super::told;
use super::{Here, address};
use crate::pages::{Pages, shell};

/// Shows what is different between two versions.
pub async fn get_compare(
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
    let (set, one) = here.version(id, number).await?;
    let with = asked.iter().find(|(name, _)| name == "with");
    let with = with.and_then(|(_, value)| set.numbered(value.parse().ok()?));
    let Some(other) = with else {
        return Err(super::missing());
    };
    // The older one stands on the left, whichever was asked for.
    let (before, after) = match other.number < one.number {
        true => (other, &one),
        false => (&one, other),
    };
    let text = |version: &RuleVersion| -> Vec<String> {
        let text = as_text(&version.rules);
        text.lines().map(str::to_owned).collect()
    };
    let words = [before, after].map(|version| told::lines(&version.rules));
    let texts = [before, after].map(text);
    let content = html! {
        p.crumbs { a href="/rules" { "Sourcing rules" } " / " a.break href=(address(&set, None)) { (set.code) } }
        div.headline { h1.break { (set.code) ": version " (before.number) " and version " (after.number) } }
        @if words[0] == words[1] && texts[0] == texts[1] {
            p.empty { "They say the same." }
        } @else {
            section.card.answer aria-label="In words" { h2 { "In words" } (table(&here, &set, (before, after), &words, false)) }
            section.card.answer aria-label="As text" { h2 { "As text" } (table(&here, &set, (before, after), &texts, true)) }
        }
    };
    let title = format!("{}: {} and {}", set.code, before.number, after.number);
    let body = shell::Body::Framed(&content);
    Ok(shell::page(StatusCode::OK, &title, body))
}

/// A sentence whose conditions stand between backticks.
fn sentence(line: &str) -> Markup {
    html! {
        @for (nth, part) in line.split('`').enumerate() {
            @if nth % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn table(
    here: &Here,
    set: &RuleSet,
    (before, after): (&RuleVersion, &RuleVersion),
    [left, right]: &[Vec<String>; 2],
    is_code: bool,
) -> Markup {
    let cell = |line: Option<&String>, class: &str| {
        html! {
            @match line {
                Some(line) => td class=(class) { @if is_code { pre { (line) } } @else { (sentence(line)) } },
                None => td.absent {},
            }
        }
    };
    html! {
        @match rows(left, right) {
            None => p.empty { "They are too long to be set side by side." },
            Some(rows) => div.scroll tabindex="0" role="region" aria-label="Side by side" {
                table.diff {
                    thead { tr {
                        @for version in [before, after] {
                            th scope="col" {
                                a href=(address(set, Some(version.number))) { "version " (version.number) } " "
                                (here.badge(set, version.number))
                            }
                        }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                @match row {
                                    Row::Same(line) => {
                                        (cell(Some(&line), "same"))
                                        (cell(Some(&line), "same"))
                                    }
                                    Row::Changed(gone, came) => {
                                        (cell(gone.as_ref(), "gone"))
                                        (cell(came.as_ref(), "came"))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
