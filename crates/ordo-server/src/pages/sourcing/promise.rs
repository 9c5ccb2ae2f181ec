//! `GET /sourcing/promise`: by when and at what cost a basket would arrive somewhere. What is asked stands
//! in the address.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::{money, rows, text};
use crate::pages::api::encoded;
use crate::pages::{Pages, session, shell};

/// What was asked, as the address has it.
#[derive(Debug, Default)]
pub struct Asked(Vec<(String, String)>);

impl Asked {
    fn one(&self, name: &str) -> &str {
        let mut given = self.0.iter().filter(|(known, _)| known == name);
        given.next().map_or("", |(_, value)| value.trim())
    }

    /// The same as the API is asked: codes stand in one field, with spaces or commas between them.
    fn query(&self) -> String {
        let mut parts: Vec<String> = (self.one("basket"))
            .split([' ', ',', '\n', '\r', '\t'])
            .filter(|code| !code.is_empty())
            .map(|code| format!("sku={}", encoded(code)))
            .collect();
        for name in ["country", "postal_code", "city", "channel"] {
            if !self.one(name).is_empty() {
                parts.push(format!("{name}={}", encoded(self.one(name))));
            }
        }
        parts.join("&")
    }
}

/// Shows the form and what could be promised.
pub async fn get_promise(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let visit = match session::visit(&pages, &headers).await {
        Ok(visit) => visit,
        Err(elsewhere) => return elsewhere,
    };
    let asked = Asked(asked);
    let (status, answer) = match visit.get("/api/v1/promise", "", &asked.query()).await {
        Ok(found) => (StatusCode::OK, options(&found)),
        Err(refused) => (
            refused.status,
            html! { @for sentence in &refused.words { p.refused role="alert" { (sentence) } } },
        ),
    };
    let content = html! {
        div.headline {
            h1 { "What could be promised" }
            p.quiet { "As if it were ordered now. Nothing is reserved. " a href="/sourcing" { "Sourcing" } }
        }
        (form(&asked))
        (answer)
    };
    shell::page(status, "Promise", shell::Body::Framed(&content))
}

/// The form, filled in as it was sent.
pub fn form(asked: &Asked) -> Markup {
    html! {
        form.card.ask method="get" action="/sourcing/promise" {
            h2 { "When could it be there?" }
            div.fields {
                label { "Basket" input name="basket" required maxlength="4000" placeholder="SKU-A:2 SKU-B" value=(asked.one("basket")); }
                label { "Country" input name="country" required maxlength="2" size="4" placeholder="DE" value=(asked.one("country")); }
                label { "Postal code" input name="postal_code" maxlength="32" value=(asked.one("postal_code")); }
                label { "City" input name="city" maxlength="255" value=(asked.one("city")); }
                label { "Channel" input name="channel" maxlength="128" placeholder="any" value=(asked.one("channel")); }
            }
            button.primary type="submit" { "Ask" }
        }
    }
}

fn options(found: &Value) -> Markup {
    html! {
        @for option in rows(found, "options") {
            section.card.answer {
                div.part {
                    h2 {
                        @match option["carrier"].as_str() {
                            Some(carrier) => { (carrier) " " (text(&option["service"])) },
                            None => "By several services",
                        }
                    }
                    @if let Some(day) = option["arrives_on"].as_str() { span { "there on " strong { (day) } } }
                    @if !option["cost"].is_null() { span.total { (money(&option["cost"])) } }
                }
                ul.parts {
                    @for shipment in rows(option, "shipments") {
                        li {
                            div.part {
                                span.key { (text(&shipment["location"])) }
                                span { "leaves on " (text(&shipment["leaves_on"])) }
                                @if !shipment["carriage"].is_null() {
                                    span.quiet { (money(&shipment["carriage"]["price"])) " for " (shipment["carriage"]["weight_g"]) " g, zone " (text(&shipment["carriage"]["zone"])) }
                                }
                            }
                            p.quiet {
                                @for (at, unit) in rows(shipment, "units").iter().enumerate() {
                                    @if at > 0 { ", " } (unit["quantity"]) " × " (text(&unit["sku"]))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
