//! `GET /what-ifs`: a page of kept reports.

use ordo_domain::id::{RuleSetId, WhatIfId};
use ordo_engine::what_if::ShadowDay;
use ordo_store::{ReportKind, ReportsOf, StoreError};

use super::kept::HeadAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::wire::Page;

/// Lists what-ifs that were answered, newest first.
///
/// Those of rules in the shadow come once a day for each version.
#[utoipa::path(
    get,
    path = "/api/v1/what-ifs",
    tag = "Sourcing",
    params(
        PageParams,
        ("kind" = Option<String>, Query, description = "`asked` or `shadow`; both where absent."),
        ("rule_set" = Option<String>, Query, description = "The id of a rule set: only days of its version `version` in the shadow."),
        ("version" = Option<u32>, Query, description = "The version's number; with `rule_set`."),
    ),
    responses((status = 200, description = "A page of what-ifs.", body = Page<HeadAnswer>)),
)]
pub async fn list_what_ifs(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (limit, before) = (params.limit(), params.cursor(cursor::record));
    let kind = params.one_of("kind", &ReportKind::ALL.map(ReportKind::name));
    let rule_set = params.text("rule_set", 64);
    let version = params.text("version", 10);
    let series = match (&rule_set, &version) {
        (None, None) => None,
        (Some(rule_set), Some(version)) => {
            let version = version.parse::<u32>();
            if version.is_err() {
                params.refuse("version", "must be a version's number");
            }
            // What is no id is the id of nothing.
            let rule_set = rule_set.parse::<RuleSetId>().unwrap_or_default();
            Some(ShadowDay::series(rule_set, version.unwrap_or_default()))
        }
        (Some(_), None) => {
            params.refuse("version", "must be given with `rule_set`");
            None
        }
        (None, Some(_)) => {
            params.refuse("rule_set", "must be given with `version`");
            None
        }
    };
    params.finish()?;
    let of = match (series, kind.and_then(ReportKind::named)) {
        (Some(series), _) => ReportsOf::Series(series),
        (None, Some(kind)) => ReportsOf::Kind(kind),
        (None, None) => ReportsOf::All,
    };
    let before = before.map(WhatIfId::from_u128);
    let backend = ask.backend();
    let page = backend
        .list_reports(ask.organization(), &of, before, limit)
        .await?;
    let heads = page.items.iter().map(HeadAnswer::read);
    let items: Vec<HeadAnswer> = heads
        .collect::<Result<_, _>>()
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(answer::to_read(&Page {
        items,
        next_cursor: page.next.map(|id| cursor::of_record(id.to_u128())),
    }))
}
