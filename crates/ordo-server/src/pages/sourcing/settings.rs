//! What counts beside prices, as a form: promises, penalties, scarcity, waiting and looking again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use ordo_domain::money::{Currency, Minor};
use serde_json::{Map, Value, json};

use super::{rows, shown, text};
use crate::operations::Method;
use crate::pages::form::Form;
use crate::pages::{Pages, redirect, session};

const PATH: &str = "/api/v1/sourcing-settings";
/// Numbers that the form has, what they are called, and what stands behind them.
const NUMBERS: [(&str, &str, &str); 4] = [
    (
        "default_weight_g",
        "Weight of a unit where none is known",
        "grams",
    ),
    (
        "together_s",
        "Orders wait to be sourced together",
        "seconds; 0 for each at once",
    ),
    (
        "look_again_min",
        "Look again at work that nobody has begun",
        "minutes between; 0 for never",
    ),
    (
        "refusals_max",
        "Refusals of a day after which a location is left alone",
        "empty for any number",
    ),
];
/// Penalties that the form has for each currency.
const PENALTIES: [(&str, &str); 4] = [
    ("split", "Each further shipment"),
    ("late_per_day", "A day late"),
    ("unfilled_unit", "A unit that is not shipped"),
    ("declined_line", "A line that comes back"),
];

/// `POST /sourcing`: takes the form.
pub async fn change(State(pages): State<Arc<Pages>>, headers: HeaderMap, body: Body) -> Response {
    let visit = match session::visit_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let form = Form::read(body).await;
    let body = Body::from(asked(&form).to_string());
    match visit.ask(Method::Patch, PATH, "", "", body).await {
        Ok(_) => redirect("/sourcing", None),
        Err(refused) => shown(&visit, refused.status, &refused.words).await,
    }
}

/// `POST /sourcing/prices`: finds out what is scarce now.
pub async fn renew_prices(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let visit = match session::visit_to_write(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let path = "/api/v1/sourcing-prices/refresh";
    let body = Body::from("{}");
    match visit.ask(Method::Post, path, "", "", body).await {
        Ok(_) => redirect("/sourcing", None),
        Err(refused) => shown(&visit, refused.status, &refused.words).await,
    }
}

/// The request that the form asks for. What is no number goes on as it was written, and is refused with
/// its field's name.
fn asked(form: &Form) -> Value {
    let number = |text: &str| {
        text.parse::<i64>()
            .map_or(json!(text), |number| json!(number))
    };
    let mut body = Map::new();
    body.insert("promise".to_owned(), json!(form.word("promise")));
    for (name, _, _) in NUMBERS {
        let said = form.word(name);
        let value = match said {
            "" if name == "refusals_max" => Value::Null,
            "" => continue,
            said => number(said),
        };
        body.insert(name.to_owned(), value);
    }
    let horizon = form.word("horizon_days");
    let prices = match horizon {
        "" => Value::Null,
        days => json!({ "horizon_days": number(days) }),
    };
    body.insert("prices".to_owned(), prices);
    let mut penalties = Vec::new();
    for code in form
        .word("currencies")
        .split(',')
        .filter(|code| !code.is_empty())
    {
        let mut penalty = Map::new();
        penalty.insert("currency".to_owned(), json!(code));
        for (name, _) in PENALTIES {
            let said = form.word(&format!("{code}.{name}"));
            if !said.is_empty() {
                penalty.insert(name.to_owned(), minor(code, said));
            }
        }
        penalties.push(Value::Object(penalty));
    }
    body.insert("penalties".to_owned(), json!(penalties));
    Value::Object(body)
}

/// An amount such as `2.50` in minor units.
fn minor(currency: &str, said: &str) -> Value {
    let currency = currency.parse::<Currency>().ok();
    let amount = currency.and_then(|currency| currency.parse_decimal(said));
    amount.map_or(json!(said), |amount| json!(amount.get()))
}

/// The form, as the settings stand.
pub fn form(settings: &Value, tables: &Value, may_write: bool) -> Markup {
    let mut currencies: Vec<&str> = (rows(settings, "penalties").iter())
        .chain(rows(tables, "items"))
        .map(|one| text(&one["currency"]))
        .collect();
    currencies.sort_unstable();
    currencies.dedup();
    let of = |code: &str, name: &str| {
        let mut all = rows(settings, "penalties").iter();
        let said = all
            .find(|one| one["currency"] == code)
            .map(|one| &one[name]);
        let amount = said.and_then(Value::as_i64).and_then(Minor::new);
        let currency = code.parse::<Currency>().ok();
        amount
            .zip(currency)
            .map_or_else(String::new, |(amount, currency)| {
                currency.to_decimal(amount)
            })
    };
    let number = |value: &Value| {
        value
            .as_i64()
            .map_or_else(String::new, |number| number.to_string())
    };
    html! {
        form.ask method="post" action="/sourcing" {
            fieldset.plain disabled[!may_write] {
                label { "A promised day"
                    select name="promise" {
                        option value="soft" { "costs when it is missed" }
                        option value="hard" selected[settings["promise"] == "hard"] { "must be kept" }
                    }
                }
                input type="hidden" name="currencies" value=(currencies.join(","));
                @for code in &currencies {
                    @for (name, what) in PENALTIES {
                        label { (what) ", " (code)
                            input name=(format!("{code}.{name}")) inputmode="decimal" maxlength="20" value=(of(code, name))
                                placeholder=(if name == "unfilled_unit" { "as much as possible is shipped" } else { "as usual" });
                        }
                    }
                }
                label { "Days until goods come in again"
                    input name="horizon_days" type="number" min="1" max="60" placeholder="nothing is held back" value=(number(&settings["prices"]["horizon_days"]));
                }
                @for (name, what, hint) in NUMBERS {
                    label { (what)
                        input name=(name) type="number" min="0" placeholder=(hint) value=(number(&settings[name]));
                        span.quiet { (hint) }
                    }
                }
                @if may_write { button.primary type="submit" { "Save" } }
            }
            @if !may_write { p.quiet { "Managers can change this." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_the_request_that_it_stands_for() {
        let form = Form::parse(
            b"promise=hard&currencies=EUR,JPY&EUR.split=0.60&EUR.late_per_day=2,5&JPY.split=60\
              &horizon_days=3&together_s=0&look_again_min=x&refusals_max=",
        );
        let body = asked(&form);
        assert_eq!(body["promise"], "hard");
        assert_eq!(
            body["penalties"][0],
            json!({"currency": "EUR", "split": 60, "late_per_day": "2,5"})
        );
        assert_eq!(
            body["penalties"][1],
            json!({"currency": "JPY", "split": 60})
        );
        assert_eq!(body["prices"], json!({"horizon_days": 3}));
        assert_eq!(
            (&body["together_s"], &body["look_again_min"]),
            (&json!(0), &json!("x"))
        );
        assert_eq!(body["refusals_max"], Value::Null);
        assert!(body.get("default_weight_g").is_none());
    }
}
