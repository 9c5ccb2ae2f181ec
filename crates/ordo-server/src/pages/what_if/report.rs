//! What a what-if came to: figures side by side, what every location has to do, and the orders that
//! would ship otherwise with both reasons.

use maud::{Markup, html};
use ordo_domain::money::{Minor, Money};
use serde_json::Value;

use super::form::Asked;
use crate::pages::words;
use crate::routes::what_ifs::percent;

/// The report, asked for by the key called `by`.
pub fn shown(report: &Value, by: Option<&str>) -> Markup {
    let variants = || report["variants"].as_array().into_iter().flatten();
    let before = &report["baseline"];
    let mut runs = vec![before];
    runs.extend(variants().map(|variant| &variant["run"]));
    let compared = runs.clone();
    runs.extend(Some(&report["one_warehouse"]).filter(|one| !one.is_null()));
    html! {
        (head(report, by))
        section.card.answer {
            h2 { (orders(report)) }
            @for finding in variants().flat_map(|variant| variant["findings"].as_array().into_iter().flatten()) {
                p.refused { (text(finding)) }
            }
            div.scroll {
                table {
                    thead { tr { th {} @for run in &runs { th.num.names scope="col" { (text(&run["name"])) } } } }
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
            (loads(&compared))
        }
        @for variant in variants() {
            section.card.answer {
                h2 {
                    (ship_otherwise(variant["changed_orders"].as_i64().unwrap_or(0)))
                    @if compared.len() > 2 { ": " (text(&variant["run"]["name"])) }
                }
                ul.parts {
                    @for kind in ["savings", "losses"] {
                        @for order in variant[kind].as_array().into_iter().flatten() { (changed(order)) }
                    }
                }
            }
        }
        (beside(report))
    }
}

/// What it is about, and what can be done with it.
fn head(report: &Value, by: Option<&str>) -> Markup {
    let shadow = Some(&report["shadow"]).filter(|shadow| !shadow.is_null());
    let again = Asked::of_question(&report["question"]);
    html! {
        div.headline {
            @match shadow {
                Some(shadow) => {
                    h1 { (text(&shadow["code"])) " version " (shadow["version"]) " on " (text(&shadow["day"])) }
                    p.quiet { "In the shadow of the rules that counted. Made " (super::minute(&report["created_at"])) "." }
                }
                None => {
                    h1 { (title(report)) }
                    p.quiet {
                        "What if, asked " (super::minute(&report["created_at"]))
                        @if let Some(by) = by { " with the key “" (by) "”" } "."
                    }
                }
            }
        }
        div.part.actions {
            a href="/what-if" { "What-ifs" }
            @if let Some(shadow) = shadow {
                a href=(format!("/what-if/shadow/{}/{}", text(&shadow["rule_set"]), shadow["version"])) { "All days" }
            }
            @if let Some(again) = again { a href=(again.address()) { "Change and ask again" } }
            form method="post" action=(format!("/what-if/{}/delete", text(&report["id"]))) {
                button.link type="submit" { "Delete this report" }
            }
        }
    }
}

/// What the setup is called, where there is one.
fn title(report: &Value) -> String {
    match report["variants"].as_array().map(Vec::as_slice) {
        Some([variant]) => text(&variant["run"]["name"]),
        Some(variants) => format!("{} setups", variants.len()),
        None => String::new(),
    }
}

/// How many orders of when.
fn orders(report: &Value) -> String {
    let count = match report["orders"].as_i64().unwrap_or(0) {
        1 => "1 order".to_owned(),
        more => format!("{more} orders"),
    };
    let day = |name: &str| report[name].as_str().and_then(|at| at.get(..10));
    let placed = match (day("first_placed_at"), day("last_placed_at")) {
        (Some(first), Some(last)) if first == last => format!(", placed {first}"),
        (Some(first), Some(last)) => format!(", placed {first} to {last}"),
        (Some(_), None) | (None, _) => String::new(),
    };
    let left_out = &report["left_out"];
    let why = [
        ("nothing_to_ship", "with nothing to ship"),
        ("unknown", "with an unknown destination or weight"),
        ("not_shipped", "not known to have shipped"),
    ];
    let left_out = why.iter().filter_map(|(name, why)| {
        let count = left_out[*name].as_i64().filter(|count| *count > 0)?;
        Some(format!("; left out: {count} {why}"))
    });
    format!("{count}{placed}{}", left_out.collect::<String>())
}

/// Shipments of every location in each run; of two runs also the fullest day and the share.
fn loads(runs: &[&Value]) -> Markup {
    let pair = match runs {
        [_, after] => Some(*after),
        _ => None,
    };
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th { "Location" }
                        @for run in runs { th.num.names scope="col" { (text(&run["name"])) } }
                        @if pair.is_some() { th.num { "Fullest day" } th { "Share" } }
                    }
                }
                tbody {
                    @for code in codes(runs) {
                        tr {
                            td { (code) }
                            @for run in runs { td.num { (shipments(run, &code)) } }
                            @if let Some(after) = pair {
                                @let load = load(after, &code);
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
    }
}

/// What is assumed, and the question as it was sent.
fn beside(report: &Value) -> Markup {
    let assumed: Vec<&Value> = report["assumed"].as_array().into_iter().flatten().collect();
    let question = Some(&report["question"]).filter(|question| !question.is_null());
    html! {
        @if !assumed.is_empty() {
            section.card.answer {
                h2 { "What is assumed" }
                @for sentence in assumed { p { (text(sentence)) } }
            }
        }
        @if let Some(question) = question {
            details.card.answer {
                summary { "The question, as the API takes it" }
                div.scroll { pre { (serde_json::to_string_pretty(question).unwrap_or_default()) } }
            }
        }
    }
}

/// A difference with its sign.
pub fn signed(number: i64) -> String {
    match number {
        0 => "0".to_owned(),
        1.. => format!("+{number}"),
        _ => format!("−{}", number.unsigned_abs()),
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
                @if let Some(saved) = order["saved"]["amount"].as_i64().filter(|saved| *saved != 0) {
                    span.total {
                        (amount(&Value::from(saved.unsigned_abs()), &order["saved"]["currency"]))
                        @if saved > 0 { " less" } @else { " more" }
                    }
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

/// An amount of an answer.
pub fn amount(minor: &Value, currency: &Value) -> String {
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
