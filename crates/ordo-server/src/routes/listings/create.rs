//! `POST /listings`: gives a SKU, or a bundle of several, a code of its own.

use axum::body::Body;
use ordo_domain::catalog::{ComponentDraft, CreateListing};
use ordo_domain::check::Check;
use ordo_domain::quantity::Quantity;
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// More than any bundle holds.
const COMPONENTS_MAX: usize = 100;
/// Weights beyond this say nothing new about proportions.
const PRICE_WEIGHT_MAX: i64 = 1_000_000_000;

/// A listing to be made: with `sku`, or with `components`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListingInput {
    /// The channel's code; for every channel where absent.
    #[schema(max_length = 128)]
    channel: Option<String>,
    /// The code as it comes in on order lines; unique per channel, and no SKU's own.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// The code of the one SKU that it is.
    #[schema(max_length = 128)]
    sku: Option<String>,
    /// What a bundle takes from stock.
    #[schema(min_items = 1, max_items = 100)]
    components: Option<Vec<ComponentInput>>,
    /// Whether the components must leave in one shipment; `false` where absent.
    #[serde(default)]
    ships_together: bool,
}

/// One SKU of a bundle.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentInput {
    /// The SKU's code.
    #[schema(min_length = 1, max_length = 128)]
    sku: String,
    /// How many of it one bundle takes.
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: i64,
    /// Its part of the price, relative to the other components'; its quantity where absent.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    price_weight: Option<i64>,
}

impl ListingInput {
    fn parse(&self) -> Result<CreateListing, Rejection> {
        let mut check = Check::default();
        let components = match (&self.sku, &self.components) {
            (Some(sku), None) => vec![ComponentDraft {
                sku: check.code("/sku", sku),
                quantity: Quantity::stored(1),
                price_weight: None,
            }],
            (None, Some(parts)) => components(&mut check, parts),
            (Some(_), Some(_)) => {
                check.refuse("/components", "must not stand beside `sku`");
                Vec::new()
            }
            (None, None) => {
                check.refuse("/sku", "is missing, and so are components");
                Vec::new()
            }
        };
        let listing = CreateListing {
            channel: check.optional_text("/channel", self.channel.as_ref(), 128),
            code: check.code("/code", &self.code),
            components,
            ships_together: self.ships_together,
        };
        check.finish(listing)
    }
}

/// What a bundle takes from stock.
pub fn components(check: &mut Check, parts: &[ComponentInput]) -> Vec<ComponentDraft> {
    if parts.is_empty() || parts.len() > COMPONENTS_MAX {
        check.refuse("/components", format!("must be from 1 to {COMPONENTS_MAX}"));
    }
    (parts.iter().take(COMPONENTS_MAX).enumerate())
        .map(|(index, part)| {
            if !(1..=1_000_000).contains(&part.quantity) {
                let field = format!("/components/{index}/quantity");
                check.refuse(field, "must be from 1 to 1000000");
            }
            if (part.price_weight).is_some_and(|part| !(0..=PRICE_WEIGHT_MAX).contains(&part)) {
                let field = format!("/components/{index}/price_weight");
                check.refuse(field, format!("must be from 0 to {PRICE_WEIGHT_MAX}"));
            }
            ComponentDraft {
                sku: check.code(&format!("/components/{index}/sku"), &part.sku),
                quantity: Quantity::stored(part.quantity),
                price_weight: part.price_weight,
            }
        })
        .collect()
}

/// Makes a listing.
///
/// Order lines with its code take its components from stock. A SKU's own code comes first.
#[utoipa::path(
    post,
    path = "/api/v1/listings",
    tag = "Catalog",
    request_body = ListingInput,
    responses((status = 201, description = "It was made.", body = super::ListingAnswer)),
)]
pub async fn create_listing(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: ListingInput = body::parse(&body)?;
    let command = Command::CreateListing(input.parse()?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_one_sku_or_a_bundle() {
        let parse = |body: &str| -> Vec<String> {
            let input: ListingInput = body::parse(body.as_bytes()).unwrap();
            let refused = input.parse().err().map(|rejection| rejection.fields);
            let refused = refused.into_iter().flatten();
            refused.map(|field| field.field).collect()
        };
        for (body, fields) in [
            (r#"{"code":"X","sku":"A"}"#, vec![]),
            (
                r#"{"code":"X","components":[{"sku":"A","quantity":2}]}"#,
                vec![],
            ),
            (r#"{"code":"X"}"#, vec!["/sku"]),
            (r#"{"code":"X","components":[]}"#, vec!["/components"]),
            (
                r#"{"code":"X","sku":"A","components":[]}"#,
                vec!["/components"],
            ),
            (
                r#"{"code":"X","components":[{"sku":"","quantity":0,"price_weight":-1}]}"#,
                vec![
                    "/components/0/quantity",
                    "/components/0/price_weight",
                    "/components/0/sku",
                ],
            ),
        ] {
            assert_eq!(parse(body), fields, "{body}");
        }
    }
}
