//! What was asked before, newest first, with a link to each report.

use maud::{Markup, html};
use ordo_domain::id::{ApiKeyId, WhatIfId};
use ordo_domain::organization::ApiKey;
use ordo_store::{Page, ReportHead, ReportKind, ReportsOf, StoreError};
use serde_json::Value;

use super::report::{amount, signed};
use crate::pages::Visit;
use crate::read;
use crate::routes::what_ifs::kept::{HeadAnswer, ResultAnswer};

/// Reports of a page.
const PAGE: usize = 20;

/// The reports that somebody asked for, below the id `before`.
pub async fn read(
    visit: &Visit,
    before: Option<&str>,
) -> Result<Page<ReportHead, WhatIfId>, StoreError> {
    let before = before.and_then(|id| id.parse().ok());
    let asked = ReportsOf::Kind(ReportKind::Asked);
    let (backend, organization) = (visit.backend(), visit.organization());
    backend
        .list_reports(organization, &asked, before, PAGE)
        .await
}

/// The name of the key that asked; `None` where nobody did, or the key is gone.
pub async fn asker(visit: &Visit, id: &Value) -> Result<Option<String>, StoreError> {
    let id = id.as_str().and_then(|id| id.parse::<ApiKeyId>().ok());
    let Some(id) = id else { return Ok(None) };
    let found = read::all::<ApiKey>(visit.backend(), visit.organization(), &[id]).await?;
    Ok(found.into_iter().next().map(|key| key.name))
}

/// The list; nothing where nothing was asked.
pub fn shown(kept: &Page<ReportHead, WhatIfId>) -> Markup {
    let heads: Vec<HeadAnswer> = (kept.items.iter())
        .filter_map(|head| HeadAnswer::read(head).ok())
        .collect();
    html! {
        section.card.answer {
            h2 { "Asked before" }
            @if heads.is_empty() {
                p.quiet { "Nothing yet. What you ask is kept here, the newest 200." }
            } @else {
                div.scroll {
                    table {
                        thead { tr { th { "What if" } th { "Asked" } th.num { "Orders" } th.num { "Ship otherwise" } th.num { "Cost" } th.num { "Unfilled" } } }
                        tbody { @for head in &heads { (rows(head)) } }
                    }
                }
            }
            @if let Some(next) = kept.next {
                p { a href=(format!("/what-if?before={next}")) { "Older ones" } }
            }
        }
    }
}

/// A report, with a row per variant.
fn rows(head: &HeadAnswer) -> Markup {
    let asked_at = Value::from(head.about.created_at.as_str());
    html! {
        @for (index, result) in head.results.iter().enumerate() {
            tr.also[index > 0] {
                td.names { a href=(format!("/what-if/{}", head.about.id)) { (result.name) } }
                @if index == 0 {
                    td.nowrap { (super::minute(&asked_at)) }
                    td.num { (head.orders) }
                } @else {
                    td {}
                    td {}
                }
                td.num { (result.changed_orders) }
                td.num { (cost(result)) }
                td.num { (signed(result.unfilled_units)) }
            }
        }
    }
}

/// What a variant costs more or less.
pub fn cost(result: &ResultAnswer) -> String {
    let costs = result.costs.iter().map(|cost| {
        let sign = if cost.total > 0 { "+" } else { "" };
        let currency = Value::from(cost.currency.to_string());
        format!("{sign}{}", amount(&Value::from(cost.total), &currency))
    });
    let costs: Vec<String> = costs.collect();
    match costs.is_empty() {
        true => "–".to_owned(),
        false => costs.join(" "),
    }
}
