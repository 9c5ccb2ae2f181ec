//! `GET /sourcing/rates/{id}`: a carrier's price list, and a form that takes another one as a spreadsheet
//! gives it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::money::{Currency, Minor};
use ordo_domain::organization::Role;
use serde_json::Value;

use super::{amount, failed, percent, rows, text};
use crate::operations::Method;
use crate::pages::form::Form;
use crate::pages::{Pages, Visit, redirect, session, shell};

const PATH: &str = "/api/v1/rate-tables/{id}";

/// Shows a price list.
pub async fn get_rates(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    match session::visit(&pages, &headers).await {
        Ok(visit) => shown(&visit, &id, StatusCode::OK, None, &[]).await,
        Err(elsewhere) => elsewhere,
    }
}

/// Takes all steps and prices from what was pasted.
pub async fn replace(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    let visit = match session::visit_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let list = Form::read(body).await.text("prices");
    let path = "/api/v1/rate-tables/{id}/prices";
    let sent = Body::from(list.clone());
    match visit.ask(Method::Post, path, &id, "", sent).await {
        Ok(_) => redirect(&format!("/sourcing/rates/{id}"), None),
        Err(refused) => {
            let words: Vec<String> = refused.words.iter().map(|words| place(words)).collect();
            shown(&visit, &id, refused.status, Some(&list), &words).await
        }
    }
}

/// What is wrong with a list is named by row and column.
fn place(words: &str) -> String {
    let mut parts = words.splitn(3, ' ');
    let row = parts.next().and_then(|row| row.parse::<usize>().ok());
    let column = parts.next().and_then(|column| column.parse::<usize>().ok());
    match (row, column, parts.next()) {
        (Some(row), Some(column), Some(rest)) => format!("Row {row}, column {column}: {rest}"),
        (Some(row), _, _) => {
            let rest = words.split_once(' ').map_or("", |(_, rest)| rest);
            format!("Row {row}: {rest}")
        }
        _ => words.to_owned(),
    }
}

async fn shown(
    visit: &Visit,
    id: &str,
    status: StatusCode,
    list: Option<&str>,
    refused: &[String],
) -> Response {
    let table = match visit.get(PATH, id, "").await {
        Ok(table) => table,
        Err(refused) => return failed(&refused),
    };
    let code = text(&table["code"]).to_owned();
    let may_write = visit.caller.role >= Role::Manager;
    let csv = list.map_or_else(|| as_csv(&table), str::to_owned);
    let content = html! {
        div.headline {
            h1 { (code) }
            p.quiet { (text(&table["carrier"])) " " (text(&table["service"])) ", " (text(&table["currency"])) ". " a href="/sourcing" { "Sourcing" } }
        }
        div.split {
            div {
                section.card aria-label="Prices" { h2 { "Prices" } (prices(&table)) }
                @if may_write {
                    section.card aria-label="Other prices" {
                        h2 { "Other prices" }
                        @for sentence in refused { p.refused role="alert" { (sentence) } }
                        form.ask method="post" action=(format!("/sourcing/rates/{id}")) {
                            label { "Paste the list: a column with the heaviest weight of each step, and one for each zone."
                                textarea.list name="prices" rows="10" spellcheck="false" required { (csv) }
                            }
                            button.primary type="submit" { "Replace all prices" }
                        }
                    }
                }
            }
            div.side { section.card aria-label="The list" { h2 { "The list" } (facts(&table)) } }
        }
    };
    shell::page(status, &code, shell::Body::Framed(&content))
}

/// All price lists, in short.
pub fn list(page: &Value) -> Markup {
    let tables = rows(page, "items");
    html! {
        @if tables.is_empty() {
            p.empty { "There are none, so the nearest location ships. " a href="/api/docs" { "The API" } " takes them." }
        } @else {
            div.scroll.wide {
                table {
                    thead { tr { th { "List" } th { "Carrier" } th { "From" } th.num { "Zones" } th.num { "Up to" } } }
                    tbody {
                        @for table in tables {
                            tr {
                                td { a.key href=(format!("/sourcing/rates/{}", text(&table["id"]))) { (text(&table["code"])) } }
                                td { (text(&table["carrier"])) " " (text(&table["service"])) }
                                td.places { (origins(table)) }
                                td.num { (rows(table, "zones").len()) }
                                td.num { @if let Some(last) = rows(table, "steps_g").last() { (weight(last)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn origins(table: &Value) -> String {
    let codes: Vec<&str> = rows(table, "origins").iter().map(text).collect();
    match codes.is_empty() {
        true => "everywhere".to_owned(),
        false => codes.join(", "),
    }
}

/// `500 g`, `2 kg`, `31.5 kg`.
fn weight(grams: &Value) -> String {
    let grams = grams.as_i64().unwrap_or(0);
    match grams {
        0..1_000 => format!("{grams} g"),
        _ if grams % 1_000 == 0 => format!("{} kg", grams / 1_000),
        _ => {
            let rest = format!("{:03}", grams % 1_000);
            format!("{}.{} kg", grams / 1_000, rest.trim_end_matches('0'))
        }
    }
}

fn prices(table: &Value) -> Markup {
    let currency = text(&table["currency"]);
    let zones = rows(table, "zones");
    html! {
        div.scroll.wide {
            table {
                thead { tr { th { "Up to" } @for zone in zones { th.num { (text(&zone["name"])) } } } }
                tbody {
                    tr {
                        th scope="row" { "Days" }
                        @for zone in zones { td.num { (zone["transit_days"]) } }
                    }
                    tr {
                        th scope="row" { "Reaches" }
                        @for zone in zones { td.num { (reach(zone)) } }
                    }
                    @for (step, grams) in rows(table, "steps_g").iter().enumerate() {
                        tr {
                            td { (weight(grams)) }
                            @for zone in zones { td.num { (amount(&zone["prices"][step], currency)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Where a zone is.
fn reach(zone: &Value) -> String {
    let far = zone["up_to_m"]
        .as_i64()
        .map(|meters| format!("{} km", meters / 1_000));
    let areas = match rows(zone, "areas") {
        [] => None,
        [one] => Some(match one["postal_from"].as_str() {
            Some(from) => format!(
                "{} {from}–{}",
                text(&one["country"]),
                text(&one["postal_until"])
            ),
            None => text(&one["country"]).to_owned(),
        }),
        many => Some(format!("{} areas", many.len())),
    };
    match (areas, far) {
        (Some(areas), Some(far)) => format!("{areas}, {far}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "everywhere".to_owned(),
    }
}

fn facts(table: &Value) -> Markup {
    let currency = text(&table["currency"]);
    let valid = match (table["valid_from"].as_str(), table["valid_until"].as_str()) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    };
    html! {
        dl {
            dt { "From" } dd { (origins(table)) }
            dt { "Valid" } dd { (valid) }
            @if let Some(takes) = table["takes"].as_str() { dt { "Takes" } dd { code { (takes) } } }
            dt { "Volume" } dd { @match table["mm3_per_g"].as_i64() { Some(size) => { (size) " mm³ count as a gram" }, None => "does not count" } }
            @for more in rows(table, "surcharges") {
                dt { (text(&more["name"])) }
                dd {
                    @if more["ppm"] != 0 { (percent(&more["ppm"])) " " }
                    @if more["flat"] != 0 { (amount(&more["flat"], currency)) }
                }
            }
        }
    }
}

/// The list as the form takes it back.
fn as_csv(table: &Value) -> String {
    let zones = rows(table, "zones");
    let currency = text(&table["currency"]).parse::<Currency>().ok();
    let decimal = |price: &Value| {
        let price = price.as_i64().and_then(Minor::new).zip(currency);
        price.map_or_else(String::new, |(price, currency)| currency.to_decimal(price))
    };
    let mut lines = vec![
        ["max_g"]
            .into_iter()
            .chain(zones.iter().map(|zone| text(&zone["name"])))
            .collect::<Vec<_>>()
            .join(","),
    ];
    for (step, grams) in rows(table, "steps_g").iter().enumerate() {
        let prices = zones.iter().map(|zone| decimal(&zone["prices"][step]));
        let cells: Vec<String> = [grams.to_string()].into_iter().chain(prices).collect();
        lines.push(cells.join(","));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn weights_are_written_as_people_say_them() {
        for (grams, told) in [
            (500, "500 g"),
            (2_000, "2 kg"),
            (31_500, "31.5 kg"),
            (1_050, "1.05 kg"),
        ] {
            assert_eq!(weight(&json!(grams)), told);
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_row_and_column() {
        assert_eq!(
            place("3 2 must be a price"),
            "Row 3, column 2: must be a price"
        );
        assert_eq!(place("4 has 2 fields, not 3"), "Row 4: has 2 fields, not 3");
        assert_eq!(place("no such thing"), "no such thing");
    }

    #[test]
    fn a_list_goes_out_as_it_comes_in() {
        let table = json!({"currency": "EUR", "steps_g": [1000, 5000], "zones": [
            {"name": "near", "prices": [450, 590]}, {"name": "far", "prices": [690, null]}]});
        assert_eq!(as_csv(&table), "max_g,near,far\n1000,4.50,6.90\n5000,5.90,");
    }
}
