//! Sourcing as people look at it: what counts, what locations and carriers cost, what is scarce now, and
//! what could be promised.

mod location;
mod promise;
mod rates;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use ordo_domain::money::{Currency, Minor, Money};
use ordo_domain::organization::Role;
use serde_json::Value;

use super::api::Refused;
use super::{Pages, Visit, session, shell, words};

/// The most rows that a page shows of anything.
const ROWS_MAX: usize = 200;
/// Prices of scarce units that are shown, dearest first.
const SCARCE_MAX: usize = 20;

/// Their addresses.
pub fn router() -> Router<Arc<Pages>> {
    Router::new()
        .route("/sourcing", get(get_sourcing).post(settings::change))
        .route("/sourcing/prices", post(settings::renew_prices))
        .route("/sourcing/promise", get(promise::get_promise))
        .route("/sourcing/locations/{id}", get(location::get_location))
        .route(
            "/sourcing/rates/{id}",
            get(rates::get_rates).post(rates::replace),
        )
}

async fn get_sourcing(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    match session::visit(&pages, &headers).await {
        Ok(visit) => shown(&visit, StatusCode::OK, &[]).await,
        Err(elsewhere) => elsewhere,
    }
}

/// The page, with what was refused of a form on it.
async fn shown(visit: &Visit, status: StatusCode, refused: &[String]) -> Response {
    match content(visit, refused).await {
        Ok(content) => shell::page(status, "Sourcing", shell::Body::Framed(&content)),
        Err(refused) => failed(&refused),
    }
}

async fn content(visit: &Visit, refused: &[String]) -> Result<Markup, Refused> {
    let rows = format!("limit={ROWS_MAX}");
    let settings = visit.get("/api/v1/sourcing-settings", "", "").await?;
    let locations = visit.get("/api/v1/locations", "", &rows).await?;
    let tables = visit.get("/api/v1/rate-tables", "", &rows).await?;
    let scarce = format!("limit={SCARCE_MAX}");
    let prices = visit.get("/api/v1/sourcing-prices", "", &scarce).await?;
    let may_write = visit.caller.role >= Role::Manager;
    Ok(html! {
        div.headline {
            h1 { "Sourcing" }
            p.quiet { "Every order goes to the locations that ship it at the least cost and in time." }
        }
        @for sentence in refused { p.refused role="alert" { (sentence) } }
        (promise::form(&promise::Asked::default()))
        div.split {
            div {
                section.card aria-label="Price lists" { h2 { "Price lists" } (rates::list(&tables)) }
                section.card aria-label="Locations" { h2 { "Locations" } (location::list(&locations)) }
                section.card aria-label="Scarce now" { h2 { "Scarce now" } (scarce_now(&prices, may_write)) }
            }
            div.side {
                section.card aria-label="What counts" { h2 { "What counts" } (settings::form(&settings, &tables, may_write)) }
            }
        }
    })
}

/// Units and shipments that orders still expected want more than there are.
fn scarce_now(book: &Value, may_write: bool) -> Markup {
    let units = rows(book, "units");
    let shipments = rows(book, "shipments");
    html! {
        @match book["made_at"].as_str() {
            None => p.empty { "Nobody has asked what is scarce. Give a number of days under “What counts”, or look once." },
            Some(at) => {
                p.quiet {
                    "From " (count(&book["orders_seen"], "order")) " of the last two weeks: "
                    (count(&book["orders_expected"], "order")) " expected until goods come in again. Found "
                    (at.get(..16).unwrap_or(at).replace('T', " ")) " UTC"
                    @if book["counts"] == true { ", and counting." } @else { "; it does not count." }
                }
                @if units.is_empty() && shipments.is_empty() {
                    p.empty { "Nothing is scarcer than orders still expected want it." }
                }
            }
        }
        @if !units.is_empty() {
            div.scroll.wide {
                table {
                    thead { tr { th { "SKU" } th { "Location" } th.num { "Wanted there" } th.num { "A unit is worth" } } }
                    tbody {
                        @for unit in units {
                            tr {
                                td { (text(&unit["sku"])) }
                                td { (text(&unit["location"])) }
                                td.num { (unit["wanted"]) }
                                td.num { (money(&unit["price"])) }
                            }
                        }
                    }
                }
            }
        }
        @if !shipments.is_empty() {
            div.scroll.wide {
                table {
                    thead { tr { th { "Shipments of" } th { "Next day" } th.num { "One is worth" } th.num { "On later days" } } }
                    tbody {
                        @for one in shipments {
                            tr {
                                td { (text(&one["location"])) }
                                td { (text(&one["day"])) }
                                td.num { (money(&one["price"])) }
                                td.num { (money(&one["price_later"])) }
                            }
                        }
                    }
                }
            }
        }
        @if may_write {
            form.below method="post" action="/sourcing/prices" { button type="submit" { "Find out now" } }
        }
    }
}

/// A page in the place of one that the API refused.
pub fn failed(refused: &Refused) -> Response {
    shell::failure(refused.status, &refused.words.join("; "))
}

pub fn rows<'v>(page: &'v Value, name: &str) -> &'v [Value] {
    page[name].as_array().map_or(&[], Vec::as_slice)
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `1 order`, `12 orders`.
pub fn count(number: &Value, what: &str) -> String {
    match number.as_i64().unwrap_or(0) {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

/// An amount as the API writes it; a dash where there is none.
pub fn money(value: &Value) -> String {
    amount(&value["amount"], text(&value["currency"]))
}

/// Minor units of a currency; a dash where there are none.
fn amount(minor: &Value, currency: &str) -> String {
    let currency = currency.parse::<Currency>().ok();
    match minor.as_i64().and_then(Minor::new).zip(currency) {
        Some((amount, currency)) => words::money(Money { amount, currency }),
        None => "–".to_owned(),
    }
}

/// Millionths as per cent, to a hundredth where that matters.
fn percent(ppm: &Value) -> String {
    let hundredths = (ppm.as_i64().unwrap_or(0) + 50) / 100;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match rest {
        0 => format!("{whole} %"),
        tenth if tenth % 10 == 0 => format!("{whole}.{} %", tenth / 10),
        rest => format!("{whole}.{rest:02} %"),
    }
}
