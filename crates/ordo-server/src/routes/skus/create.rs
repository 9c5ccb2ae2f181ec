//! `POST /skus`: makes a SKU.

use axum::body::Body;
use ordo_domain::catalog::{CreateSku, Dimensions, StockPolicy, Tracking};
use ordo_domain::check::Check;
use ordo_domain::quantity::{QUANTITY_MAX, Quantity};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::skus::update::read_tags;

/// A ton in grams; nothing heavier is sent as a parcel or on a pallet.
pub const WEIGHT_G_MAX: i64 = 1_000_000;
/// A hundred meters.
const EDGE_MM_MAX: i64 = 100_000;
/// Units of measure are cut no finer.
pub const UNIT_SCALE_MAX: i64 = 1_000_000;

/// A SKU to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SkuInput {
    /// The merchant's code, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// The name shown to people.
    #[schema(max_length = 500)]
    name: Option<String>,
    /// What is scanned, unique.
    #[schema(max_length = 128)]
    barcode: Option<String>,
    /// Weight of one unit in grams; 0 where absent.
    #[schema(minimum = 0, maximum = 1_000_000)]
    weight_g: Option<i64>,
    /// Size of one unit.
    dimensions: Option<DimensionsInput>,
    /// Smallest units in one unit of measure (4 where it is sold in quarters); 1 where absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    unit_scale: Option<i64>,
    /// What happens when there is not enough; `tracked` where absent.
    stock_policy: Option<StockPolicyInput>,
    /// Whether units are told apart; `none` where absent.
    tracking: Option<Tracking>,
    /// Harmonized System code for customs.
    #[schema(max_length = 16)]
    hs_code: Option<String>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    origin_country: Option<String>,
    /// Marks that sourcing rules ask for, such as `hazmat`.
    #[serde(default)]
    #[schema(max_items = 50)]
    tags: Vec<String>,
    /// Whether every unit is a parcel of its own, as goods in a shipping box of theirs are.
    #[serde(default)]
    ships_alone: bool,
}

/// Edges of one unit in millimeters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionsInput {
    /// The longest edge.
    #[schema(minimum = 1, maximum = 100_000)]
    length_mm: i64,
    /// The second edge.
    #[schema(minimum = 1, maximum = 100_000)]
    width_mm: i64,
    /// The third edge.
    #[schema(minimum = 1, maximum = 100_000)]
    height_mm: i64,
}

/// What happens when an order asks for more than there is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StockPolicyInput {
    /// The rest is held as oversold, for a person.
    Tracked,
    /// The rest is backordered, up to a number of units over all open orders.
    Backorder {
        /// The largest number of units on backorder at any time.
        #[schema(minimum = 0, maximum = 1_000_000_000)]
        limit: i64,
    },
    /// There is always enough.
    Untracked,
}

/// Reads the body of a request to make a SKU.
///
/// # Errors
/// It is not JSON, or not of this form; every refused field is named.
pub fn sku_of_body(body: &[u8]) -> Result<CreateSku, Rejection> {
    body::parse::<SkuInput>(body)?.parse()
}

impl SkuInput {
    fn parse(self) -> Result<CreateSku, Rejection> {
        let mut check = Check::default();
        let weight_g = self.weight_g.unwrap_or(0);
        let weight_g = whole(&mut check, "/weight_g", weight_g, 0, WEIGHT_G_MAX);
        let unit_scale = self.unit_scale.unwrap_or(1);
        let unit_scale = whole(&mut check, "/unit_scale", unit_scale, 1, UNIT_SCALE_MAX);
        let dimensions = (self.dimensions).map(|size| dimensions(&mut check, size));
        let stock_policy = self.stock_policy.unwrap_or(StockPolicyInput::Tracked);
        let stock_policy = self::stock_policy(&mut check, stock_policy);
        let origin_country = (self.origin_country)
            .filter(|code| !code.trim().is_empty())
            .map(|code| check.country("/origin_country", &code));
        let sku = CreateSku {
            code: check.code("/code", &self.code),
            name: check.optional_text("/name", self.name.as_ref(), 500),
            barcode: check.optional_text("/barcode", self.barcode.as_ref(), 128),
            weight_g,
            dimensions,
            unit_scale,
            stock_policy,
            tracking: self.tracking.unwrap_or_default(),
            hs_code: check.optional_text("/hs_code", self.hs_code.as_ref(), 16),
            origin_country,
            tags: read_tags(&mut check, &self.tags),
            ships_alone: self.ships_alone,
        };
        check.finish(sku)
    }
}

/// A whole number within limits.
pub fn whole(check: &mut Check, field: &str, value: i64, min: i64, max: i64) -> i64 {
    if !(min..=max).contains(&value) {
        check.refuse(field, format!("must be from {min} to {max}"));
    }
    value
}

/// The size of one unit.
pub fn dimensions(check: &mut Check, size: DimensionsInput) -> Dimensions {
    let mut edge = |name: &str, value| {
        let field = format!("/dimensions/{name}");
        whole(check, &field, value, 1, EDGE_MM_MAX)
    };
    Dimensions {
        length_mm: edge("length_mm", size.length_mm),
        width_mm: edge("width_mm", size.width_mm),
        height_mm: edge("height_mm", size.height_mm),
    }
}

/// What happens when there is not enough.
pub fn stock_policy(check: &mut Check, policy: StockPolicyInput) -> StockPolicy {
    match policy {
        StockPolicyInput::Tracked => StockPolicy::Tracked,
        StockPolicyInput::Untracked => StockPolicy::Untracked,
        StockPolicyInput::Backorder { limit } => {
            let field = "/stock_policy/backorder/limit";
            let limit = whole(check, field, limit, 0, QUANTITY_MAX);
            StockPolicy::Backorder {
                limit: Quantity::stored(limit),
            }
        }
    }
}

/// Makes a SKU.
#[utoipa::path(
    post,
    path = "/api/v1/skus",
    tag = "Catalog",
    request_body = SkuInput,
    responses((status = 201, description = "It was made.", body = super::SkuAnswer)),
)]
pub async fn create_sku(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let command = Command::CreateSku(sku_of_body(&body)?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<CreateSku, Vec<String>> {
        let input: Result<SkuInput, _> = body::parse(body.as_bytes());
        (input.and_then(SkuInput::parse))
            .map_err(|rejection| rejection.fields.into_iter().map(|f| f.field).collect())
    }

    #[test]
    fn a_code_is_enough() {
        let sku = parse(r#"{"code":" A "}"#).unwrap();
        assert_eq!(
            (sku.code.as_str(), sku.weight_g, sku.unit_scale),
            ("A", 0, 1)
        );
        assert_eq!(sku.stock_policy, StockPolicy::Tracked);
    }

    #[test]
    fn stock_policies_read_in_their_three_forms() {
        for (text, policy) in [
            (r#""tracked""#, StockPolicy::Tracked),
            (r#""untracked""#, StockPolicy::Untracked),
            (
                r#"{"backorder":{"limit":5}}"#,
                StockPolicy::Backorder {
                    limit: Quantity::stored(5),
                },
            ),
        ] {
            let sku = parse(&format!(r#"{{"code":"A","stock_policy":{text}}}"#)).unwrap();
            assert_eq!(sku.stock_policy, policy);
        }
    }

    #[test]
    fn every_refused_field_is_named() {
        for (body, fields) in [
            (r#"{"code":""}"#, vec!["/code"]),
            (
                r#"{"code":"A","weight_g":-1,"unit_scale":0,"dimensions":{"length_mm":0,"width_mm":1,"height_mm":1}}"#,
                vec!["/weight_g", "/unit_scale", "/dimensions/length_mm"],
            ),
            (
                r#"{"code":"A","stock_policy":{"backorder":{"limit":-1}}}"#,
                vec!["/stock_policy/backorder/limit"],
            ),
            (
                r#"{"code":"A","stock_policy":{"backorder":{"limit":1,"x":2}}}"#,
                vec!["/stock_policy/backorder/x"],
            ),
            (
                r#"{"code":"A","stock_policy":"maybe"}"#,
                vec!["/stock_policy"],
            ),
            (
                r#"{"code":"A","origin_country":"Germany"}"#,
                vec!["/origin_country"],
            ),
            (r#"{"code":"A\u0000"}"#, vec!["/code"]),
        ] {
            let fields = fields.into_iter().map(str::to_owned).collect();
            assert_eq!(parse(body).err(), Some(fields), "{body}");
        }
    }
}
