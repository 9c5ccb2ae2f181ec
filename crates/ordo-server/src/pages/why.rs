//! `GET /fulfillment/{id}/why`: why work went to its location, what that costs, and what each other location
//! would have meant.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::api::{Refused, encoded};
use super::sourcing::{count, failed, money, rows, text};
use super::{Pages, Visit, session, shell, words};

/// Parts of a shipment's cost, and what they are called.
const PARTS: [(&str, &str); 6] = [
    ("carrier", "Carrier"),
    ("handling", "Work"),
    ("lateness", "Lateness"),
    ("decline_risk", "Risk of its coming back"),
    ("duties", "Duties"),
    ("rule_terms", "Terms of rules"),
];
/// What nobody pays, but what steered.
const STEERED: [(&str, &str); 2] = [
    ("stock_price", "Stock kept for others"),
    ("shipment_price", "Shipments kept for others"),
];

/// Shows why.
pub async fn get_why(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let asked = asked.into_iter().find(|(name, _)| name == "location");
    let asked = asked.map(|(_, code)| code);
    match content(&visit, &id, asked.as_deref()).await {
        Ok(content) => shell::page(StatusCode::OK, "Why", shell::Body::Framed(&content)),
        Err(refused) => failed(&refused),
    }
}

async fn content(visit: &Visit, id: &str, asked: Option<&str>) -> Result<Markup, Refused> {
    let path = "/api/v1/fulfillment-orders/{id}";
    let work = visit.get(path, id, "").await?;
    let path = "/api/v1/fulfillment-orders/{id}/decision";
    let decision = visit.get(path, id, "others=true").await?;
    let compared = match asked {
        Some(code) => {
            let path = "/api/v1/fulfillment-orders/{id}/decision/why-not";
            let query = format!("location={}", encoded(code));
            Some(visit.get(path, id, &query).await?)
        }
        None => None,
    };
    let address = |code: &str| format!("/fulfillment/{id}/why?location={}", encoded(code));
    let excluded = rows(&decision, "excluded");
    let mut others: Vec<&Value> = rows(&decision, "others").iter().collect();
    others.sort_by_key(|other| other["dearer_by"]["amount"].as_i64().unwrap_or(i64::MAX));
    let order = format!("/orders/{}", text(&work["order_id"]));
    Ok(html! {
        div.headline {
            h1 { "Why " (text(&work["location"])) }
            p.badges {
                @if decision["proven"] == true { span.badge { "No cheaper plan exists" } }
                @else { span.badge { "The best plan found" } }
                @if let Some(by) = place_known_by(&decision) { span.badge { (by) } }
            }
            p.quiet { a href=(order) { "The order" } }
        }
        section.card.answer {
            h2 { "The plan" @if !decision["cost"].is_null() { ": " (money(&decision["cost"])) } }
            @let rules = &decision["rules"];
            @if !rules.is_null() {
                p.quiet {
                    "By the rules " a href=(format!("/rules/{}/{}", text(&rules["rule_set_id"]), rules["version"])) {
                        (rules["code"].as_str().unwrap_or("of a set that is gone")) ", version " (rules["version"])
                    }
                    ", step " (rules["step"])
                    @if let Some(name) = rules["name"].as_str() { " (" (name) ")" }
                }
            }
            ul.parts {
                @for shipment in rows(&decision, "shipments") {
                    li {
                        div.part { strong { (text(&shipment["location"])) } span.quiet { (count(&shipment["units"], "unit")) } }
                        p { (text(&shipment["because"])) }
                        (parcels(shipment))
                        @if !shipment["cost"].is_null() { (cost(&shipment["cost"])) }
                    }
                }
            }
        }
        @if let Some(compared) = &compared {
            section.card.answer {
                h2 { "Why not " (text(&compared["location"])) }
                p { (text(&compared["because"])) }
            }
        }
        @if !others.is_empty() {
            section.card.answer {
                h2 { "Others that could have" }
                div.scroll {
                    table {
                        thead { tr { th { "Location" } th { "The best plan with it" } th.num { "Dearer by" } } }
                        tbody {
                            @for other in others {
                                tr {
                                    td.key { (text(&other["location"])) }
                                    td { (text(&other["because"])) }
                                    td.num { @if other["dearer_by"].is_null() { "–" } @else { (money(&other["dearer_by"])) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if !excluded.is_empty() {
            section.card.answer {
                h2 { "Others that could not" }
                div.scroll {
                    table {
                        thead { tr { th { "Location" } th { "Because" } th {} } }
                        tbody {
                            @for left in excluded {
                                @let code = text(&left["location"]);
                                tr {
                                    td.key { (code) }
                                    td { (text(&left["because"])) }
                                    td { a href=(address(code)) { "What if it had?" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// How well the buyer's place is known, where distances are rough.
fn place_known_by(decision: &Value) -> Option<String> {
    match decision["place_known_by"].as_str()? {
        "postal_code" => None,
        by => Some(format!("Distances by {}", words::name(by).to_lowercase())),
    }
}

/// Its parcels, where there are several.
fn parcels(shipment: &Value) -> Markup {
    let parcels = rows(shipment, "parcels");
    html! {
        @if parcels.len() > 1 {
            p.quiet {
                "In " (parcels.len()) " parcels: "
                @for (at, parcel) in parcels.iter().enumerate() {
                    @if at > 0 { ", " }
                    (count(&parcel["units"], "unit")) " of " (parcel["weight_g"]) " g for " (money(&parcel["price"]))
                }
                "."
            }
        }
    }
}

fn cost(cost: &Value) -> Markup {
    let is_there = |(name, _): &&(&str, &str)| cost[*name]["amount"].as_i64().unwrap_or(0) != 0;
    html! {
        dl.sums {
            @for (name, what) in PARTS.iter().filter(is_there) {
                dt { (what) } dd { (money(&cost[*name])) }
            }
            @for (name, what) in STEERED.iter().filter(is_there) {
                dt.quiet { (what) ", not paid" } dd.quiet { (money(&cost[*name])) }
            }
        }
    }
}
