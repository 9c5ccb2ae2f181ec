//! `GET /sourcing/locations/{id}`: what a location costs, when it works, and what it did with the work that
//! it was offered.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::{ROWS_MAX, amount, failed, percent, rows, text};
use crate::pages::{Pages, session, shell};

/// Shows a location.
pub async fn get_location(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let path = "/api/v1/locations/{id}";
    let location = match visit.get(path, &id, "").await {
        Ok(location) => location,
        Err(refused) => return failed(&refused),
    };
    let path = "/api/v1/locations/{id}/performance";
    let performance = match visit.get(path, &id, "").await {
        Ok(performance) => performance,
        Err(refused) => return failed(&refused),
    };
    let code = text(&location["code"]).to_owned();
    let content = html! {
        div.headline {
            h1 { (code) }
            p.badges {
                span.badge { (text(&location["kind"])) }
                span.badge.alert[location["state"] != "live"] { (text(&location["state"])) }
            }
            p.quiet { (text(&location["name"])) " " a href="/sourcing" { "Sourcing" } }
        }
        div.split {
            div {
                section.card aria-label="What it did with its work" {
                    h2 { "What it did with its work" }
                    p { "Of the work that it is offered, " strong { (percent(&performance["decline_ppm"])) } " is expected to come back." }
                    (days(&performance))
                }
            }
            div.side {
                section.card aria-label="The location" { h2 { "The location" } (facts(&location)) }
            }
        }
    };
    shell::page(StatusCode::OK, &code, shell::Body::Framed(&content))
}

/// All locations, in short.
pub fn list(page: &Value) -> Markup {
    let locations = rows(page, "items");
    html! {
        @if locations.is_empty() { p.empty { "There are no locations yet." } }
        @else {
            div.scroll.wide {
                table {
                    thead { tr { th { "Location" } th { "Where" } th.num { "Shipments a day" } th.num { "Work per shipment" } th.num { "Per unit" } th { "Cut-off" } } }
                    tbody {
                        @for one in locations {
                            @let handling = &one["handling"];
                            tr {
                                td {
                                    a.key href=(format!("/sourcing/locations/{}", text(&one["id"]))) { (text(&one["code"])) }
                                    @if one["state"] != "live" { " " span.badge.alert { (text(&one["state"])) } }
                                    div.quiet { (text(&one["kind"])) }
                                }
                                td { (text(&one["city"])) " " span.country { (text(&one["country"])) } }
                                td.num { @match one["daily_capacity"].as_i64() { Some(most) => (most), None => "–" } }
                                td.num { (amount(&handling["per_order"], text(&handling["currency"]))) }
                                td.num { (amount(&handling["per_unit"], text(&handling["currency"]))) }
                                td { (cut_offs(one)) }
                            }
                        }
                    }
                }
            }
            @if locations.len() == ROWS_MAX { p.more { "The first " (ROWS_MAX) "; the API has all of them." } }
        }
    }
}

/// `17:00`, or one per service.
fn cut_offs(location: &Value) -> String {
    let all = rows(location, "cut_offs")
        .iter()
        .map(|one| match one["service"].as_str() {
            Some(service) => format!("{} {service}", text(&one["at"])),
            None => text(&one["at"]).to_owned(),
        });
    let all: Vec<String> = all.collect();
    match all.is_empty() {
        true => "–".to_owned(),
        false => all.join(", "),
    }
}

fn facts(location: &Value) -> Markup {
    let handling = &location["handling"];
    let currency = text(&handling["currency"]);
    html! {
        dl {
            dt { "Place" } dd { (text(&location["postal_code"])) " " (text(&location["city"])) ", " (text(&location["country"])) }
            dt { "Time zone" } dd { (text(&location["time_zone"])) }
            dt { "Cut-off" } dd { (cut_offs(location)) }
            dt { "Hours" }
            dd {
                @for day in rows(location, "hours") {
                    div { (text(&day["weekday"])) " " (text(&day["opens"])) "–" (text(&day["closes"])) }
                }
                @if rows(location, "hours").is_empty() { "every day" }
            }
            @if !rows(location, "closures").is_empty() {
                dt { "Closed" }
                dd {
                    @for closure in rows(location, "closures") {
                        div { (text(&closure["from"])) "–" (text(&closure["until"])) " " span.quiet { (text(&closure["reason"])) } }
                    }
                }
            }
            dt { "Shipments a day" } dd { @match location["daily_capacity"].as_i64() { Some(most) => (most), None => "no limit" } }
            dt { "Work per shipment" } dd { (amount(&handling["per_order"], currency)) }
            dt { "Per unit" } dd { (amount(&handling["per_unit"], currency)) }
            dt { "Assumed to decline" } dd { @match location["decline_ppm"].is_null() { true => "nothing", false => (percent(&location["decline_ppm"])) } }
        }
    }
}

fn days(performance: &Value) -> Markup {
    let names = ["accepted", "rejected", "shorted", "shipped"];
    html! {
        div.scroll.wide {
            table {
                thead { tr { th { "Day (UTC)" } th.num { "Accepted" } th.num { "Refused" } th.num { "Short" } th.num { "Shipped" } } }
                tbody {
                    tr { th scope="row" { "Fourteen days" } @for name in names { td.num { strong { (performance["total"][name]) } } } }
                    @for day in rows(performance, "days") {
                        tr { td { (text(&day["day"])) } @for name in names { td.num { (day[name]) } } }
                    }
                }
            }
        }
    }
}
