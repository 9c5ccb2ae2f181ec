//! `GET /what-if`: asks what another setup would have meant for past orders, and shows it. All that is
//! asked stands in the address, so that an answer can be sent to a colleague.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::money::{Minor, Money};
use ordo_domain::organization::Role;
use ordo_domain::reference::Reference;
use ordo_engine::what_if::WhatIfError;
use serde_json::{Value, json};

use super::{Pages, session, shell, store_failed, words};
use crate::routes::what_ifs::kept::Question;
use crate::routes::what_ifs::{percent, what_if_of_body};

/// The most orders that a page replays.
const ORDERS_MAX: usize = 50_000;

/// What was asked, as the address has it.
struct Asked(Vec<(String, String)>);

/// Shows the form, and the answer where something is asked.
pub async fn get_what_if(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    if visit.caller.role < Role::Manager {
        let message = "What-ifs are for managers: ask with a key of that role.";
        return shell::failure(StatusCode::FORBIDDEN, message);
    }
    let reference = match visit.reference().await {
        Ok(reference) => reference,
        Err(error) => return store_failed(&error),
    };
    let asked = Asked(asked);
    let answer = match asked.all("run").next() {
        None => html! {},
        Some(_) => {
            let body = asked.question().to_string();
            let question = what_if_of_body(body.as_bytes(), ORDERS_MAX).map(|mut question| {
                // The other core goes on taking orders.
                question.threads = 1;
                question
            });
            let engine = &pages.app.engine;
            let done = match question {
                Err(rejection) => Some(Err(rejection.into())),
                Ok(question) => {
                    let kept = Question {
                        at: engine.clock().now(),
                        asked_by: visit.caller.key.to_string(),
                        series: String::new(),
                        seed: engine.clock().fresh(),
                        body: body.into_bytes(),
                    };
                    let tell = move |report: &_| kept.tell(report);
                    engine.what_if(visit.organization(), question, tell).await
                }
            };
            match done {
                None => refused("Another what-if is running. Ask again in a moment."),
                Some(Err(WhatIfError::Store(error))) => return store_failed(&error),
                Some(Err(WhatIfError::Rejected(rejection))) => {
                    let fields = rejection.fields.iter();
                    let fields = fields.map(|at| format!("{}: {}", at.field, at.message));
                    let all: Vec<String> = fields.collect();
                    refused(&if all.is_empty() {
                        rejection.detail.clone()
                    } else {
                        all.join("; ")
                    })
                }
                Some(Ok(report)) => {
                    let report: Value = serde_json::from_str(&report.body).unwrap_or_default();
                    shown(&report)
                }
            }
        }
    };
    let content = html! {
        div.headline { h1 { "What if" } p.quiet { "Past orders, sourced again under another setup. Nothing is changed." } }
        (form(&reference, &asked))
        (answer)
    };
    shell::page(StatusCode::OK, "What if", shell::Body::Framed(&content))
}

impl Asked {
    /// Every value of a field that is not empty.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let given = self
            .0
            .iter()
            .filter(move |(given, value)| given == name && !value.is_empty());
        given.map(|(_, value)| value.trim())
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn number(&self, name: &str) -> Value {
        match self.one(name) {
            // What is no number is refused as the API refuses it.
            Some(text) => text
                .parse::<i64>()
                .map_or(json!(text), |number| json!(number)),
            None => Value::Null,
        }
    }

    /// The body of the request that asks the same.
    fn question(&self) -> Value {
        let instant = |name: &str| self.one(name).map(|day| format!("{day}T00:00:00Z"));
        let capacities = self.0.iter().filter_map(|(name, value)| {
            let code = name.strip_prefix("capacity.")?;
            let most = (!value.trim().is_empty()).then(|| value.trim().parse::<i64>())?;
            Some(json!({ "code": code, "daily_capacity": most.unwrap_or(-1) }))
        });
        let versions = self.all("rules").filter_map(|chosen| {
            let (set, version) = chosen.rsplit_once('@')?;
            Some(json!({ "set": set, "version": version.parse::<u32>().ok()? }))
        });
        let versions: Vec<Value> = versions.collect();
        let baseline = match self.one("baseline") {
            Some("as_happened") => json!("as_happened"),
            _ => json!("as_configured"),
        };
        json!({
            "from": instant("from"),
            "until": instant("until"),
            "orders": self.number("orders"),
            "baseline": baseline,
            "changed": 8,
            "variants": [{
                "name": "what if",
                "locations": {
                    "off": self.all("off").collect::<Vec<_>>(),
                    "change": capacities.collect::<Vec<Value>>(),
                },
                "default_location": self.one("default"),
                "stock": self.one("stock").unwrap_or("now"),
                "safety_stock": self.number("safety"),
                "rules": if versions.is_empty() { json!("as_they_are") } else { json!({ "versions": versions }) },
            }],
        })
    }
}

/// The form, filled in as it was sent.
fn form(reference: &Reference, asked: &Asked) -> Markup {
    let locations: Vec<&str> = (reference.locations())
        .filter(|location| location.takes_new_work())
        .map(|location| location.code.as_str())
        .collect();
    let value = |name: &str| asked.one(name).unwrap_or_default().to_owned();
    let is = |name: &str, value: &str| asked.one(name) == Some(value);
    html! {
        form.card.ask method="get" action="/what-if" {
            input type="hidden" name="run" value="1";
            div.fields {
                label { "Placed from" input type="date" name="from" value=(value("from")); }
                label { "until before" input type="date" name="until" value=(value("until")); }
                label { "the last" input type="number" name="orders" min="1" max=(ORDERS_MAX) placeholder="10000 orders" value=(value("orders")); }
                label { "Against"
                    select name="baseline" {
                        option value="as_configured" { "today's setup" }
                        option value="as_happened" selected[is("baseline", "as_happened")] { "what happened" }
                    }
                }
                label { "Stock"
                    select name="stock" {
                        option value="now" { "as it is now" }
                        option value="unlimited" selected[is("stock", "unlimited")] { "without limit" }
                    }
                }
                label { "Safety stock" input type="number" name="safety" min="0" placeholder="as it is" value=(value("safety")); }
                label { "Has everything"
                    select name="default" {
                        option value="" { "no location" }
                        @for code in &locations {
                            option value=(code) selected[is("default", code)] { (code) }
                        }
                    }
                }
                @for set in reference.rule_sets() {
                    label { "Rules “" (set.code) "”"
                        select name="rules" {
                            option value="" { "the version that counts" }
                            @for version in &set.versions {
                                @let chosen = format!("{}@{}", set.code, version.number);
                                option value=(chosen) selected[asked.all("rules").any(|given| given == chosen)] {
                                    "version " (version.number) @if version.is_draft() { " (draft)" }
                                }
                            }
                        }
                    }
                }
            }
            div.scroll {
                table {
                    thead { tr { th { "Location" } th { "Switched off" } th.num { "Shipments a day" } } }
                    tbody {
                        @for code in locations.iter().take(100) {
                            @let capacity = format!("capacity.{code}");
                            tr {
                                td { (code) }
                                td { input type="checkbox" name="off" value=(code) aria-label=(format!("Switch {code} off")) checked[asked.all("off").any(|off| off == *code)]; }
                                td.num { input type="number" min="0" name=(capacity) placeholder="as it is" aria-label=(format!("Shipments a day at {code}")) value=(value(&capacity)); }
                            }
                        }
                    }
                }
            }
            button.primary type="submit" { "Ask" }
        }
    }
}

fn refused(message: &str) -> Markup {
    html! { p.refused role="alert" { (message) } }
}

/// The answer.
fn shown(report: &Value) -> Markup {
    let variant = &report["variants"][0];
    let (before, after) = (&report["baseline"], &variant["run"]);
    let one = Some(&report["one_warehouse"]).filter(|one| !one.is_null());
    let mut runs = vec![before, after];
    runs.extend(one);
    let findings = variant["findings"].as_array().into_iter().flatten();
    html! {
        section.card.answer {
            h2 { (report["orders"]) " orders" }
            @for finding in findings { p.refused { (text(finding)) } }
            div.scroll {
                table {
                    thead { tr { th {} @for run in &runs { th.num { (text(&run["name"])) } } } }
                    tbody {
                        @for (name, cells) in lines(&runs) {
                            tr { th scope="row" { (name) } @for cell in cells { td.num { (cell) } } }
                        }
                    }
                }
            }
        }
        section.card.answer {
            h2 { "Load of each location" }
            div.scroll {
                table {
                    thead { tr { th { "Location" } th.num { "before" } th.num { "what if" } th.num { "fullest day" } th { "share" } } }
                    tbody {
                        @for code in codes(&runs[..2]) {
                            @let load = load(after, &code);
                            tr {
                                td { (code) }
                                td.num { (shipments(before, &code)) }
                                td.num { (shipments(after, &code)) }
                                td.num {
                                    (load["peak_shipments"].as_i64().unwrap_or(0))
                                    @if let Some(most) = load["daily_capacity"].as_i64() { " of " (most) }
                                }
                                td { progress max="1000000" value=(load["share_ppm"].as_i64().unwrap_or(0)) aria-label=(format!("Share of {code}")) {} }
                            }
                        }
                    }
                }
            }
        }
        section.card.answer {
            h2 { (ship_otherwise(variant["changed_orders"].as_i64().unwrap_or(0))) }
            ul.parts {
                @for kind in ["savings", "losses"] {
                    @for order in variant[kind].as_array().into_iter().flatten() { (changed(order)) }
                }
            }
        }
    }
}

fn ship_otherwise(orders: i64) -> String {
    match orders {
        1 => "1 order ships otherwise".to_owned(),
        more => format!("{more} orders ship otherwise"),
    }
}

/// An order that changed, with both reasons.
fn changed(order: &Value) -> Markup {
    let id = text(&order["id"]);
    let because = |side: &str| {
        order[side]["because"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    html! {
        li {
            div.part {
                a.key href=(format!("/orders/{id}")) { "#" (order["number"]) }
                @if order["saved"]["amount"] != 0 {
                    span.total { (amount(&order["saved"]["amount"], &order["saved"]["currency"])) " saved" }
                }
            }
            @for (side, name) in [("baseline", "Before"), ("variant", "What if")] {
                @for sentence in because(side) { p { span.quiet { (name) ": " } (text(&sentence)) } }
            }
        }
    }
}

/// Names of figures, and what they are in each run.
fn lines(runs: &[&Value]) -> Vec<(&'static str, Vec<String>)> {
    let costs = |name: &'static str| {
        move |run: &Value| -> String {
            // Without rates nothing is known of costs, which is not nothing.
            if run["services"].as_array().is_none_or(Vec::is_empty) {
                return "–".to_owned();
            }
            let sums = run["costs"].as_array().into_iter().flatten();
            let sums: Vec<String> = sums
                .map(|sum| amount(&sum[name], &sum["currency"]))
                .collect();
            sums.join(" + ")
        }
    };
    let share =
        |name: &'static str| move |run: &Value| run[name].as_i64().map_or("–".to_owned(), percent);
    let days = |run: &Value| match run["door_days_milli"].as_i64() {
        Some(milli) => format!("{}.{:02}", milli / 1_000, milli % 1_000 / 10),
        None => "–".to_owned(),
    };
    let each = |cell: &dyn Fn(&Value) -> String| runs.iter().map(|run| cell(run)).collect();
    vec![
        ("Cost per order", each(&costs("total_per_order"))),
        ("Cost", each(&costs("total"))),
        ("Freight", each(&costs("freight"))),
        ("Handling", each(&costs("handling"))),
        ("Days to the door", each(&days)),
        ("On time", each(&share("on_time_ppm"))),
        ("Orders split", each(&share("split_ppm"))),
        ("Units shipped", each(&share("fill_ppm"))),
        (
            "Units unfilled",
            each(&|run| run["unfilled_units"].to_string()),
        ),
    ]
}

fn codes(runs: &[&Value]) -> Vec<String> {
    let loads = runs
        .iter()
        .flat_map(|run| run["loads"].as_array().into_iter().flatten());
    let mut codes: Vec<String> = loads.map(|load| text(&load["location"])).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn load(run: &Value, code: &str) -> Value {
    let mut loads = run["loads"].as_array().into_iter().flatten();
    loads
        .find(|load| load["location"] == code)
        .cloned()
        .unwrap_or_default()
}

fn shipments(run: &Value, code: &str) -> i64 {
    load(run, code)["shipments"].as_i64().unwrap_or(0)
}

fn amount(minor: &Value, currency: &Value) -> String {
    let amount = minor.as_i64().and_then(Minor::new);
    let currency = currency.as_str().and_then(|code| code.parse().ok());
    match (amount, currency) {
        (Some(amount), Some(currency)) => words::money(Money { amount, currency }),
        _ => "–".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
