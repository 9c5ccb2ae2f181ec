//! `PATCH /skus/{id}`: changes a SKU.

use axum::body::Body;
use ordo_domain::catalog::{Sku, SkuChange, Tracking, UpdateSku};
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::SkuId;
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::create::{
    DimensionsInput, StockPolicyInput, UNIT_SCALE_MAX, WEIGHT_G_MAX, dimensions, stock_policy,
    whole,
};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// The most tags of a SKU or location.
const TAGS_MAX: usize = 50;

/// What is to change: an absent field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SkuPatch {
    /// The name shown to people.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    name: Edit<String>,
    /// What is scanned, unique. A barcode that the SKU once had stays its own.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 128)]
    barcode: Edit<String>,
    /// Weight of one unit in grams.
    #[schema(minimum = 0, maximum = 1_000_000)]
    weight_g: Option<i64>,
    /// Size of one unit.
    #[serde(default)]
    #[schema(value_type = Option<DimensionsInput>)]
    dimensions: Edit<DimensionsInput>,
    /// Smallest units in one unit of measure. Changes only while nothing is in stock.
    #[schema(minimum = 1, maximum = 1_000_000)]
    unit_scale: Option<i64>,
    /// What happens when there is not enough.
    stock_policy: Option<StockPolicyInput>,
    /// Whether units are told apart. Lots begin and end only while nothing is in stock.
    tracking: Option<Tracking>,
    /// Harmonized System code for customs.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 16)]
    hs_code: Edit<String>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    origin_country: Edit<String>,
    /// All marks that sourcing rules ask for, such as `hazmat`.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Whether every unit is a parcel of its own.
    ships_alone: Option<bool>,
}

impl SkuPatch {
    fn parse(self) -> Result<SkuChange, Rejection> {
        let mut check = Check::default();
        let change = SkuChange {
            name: text(&mut check, "/name", self.name, 500),
            barcode: text(&mut check, "/barcode", self.barcode, 128),
            weight_g: (self.weight_g)
                .map(|value| whole(&mut check, "/weight_g", value, 0, WEIGHT_G_MAX)),
            dimensions: (self.dimensions).and_then(|size| Some(dimensions(&mut check, size))),
            unit_scale: (self.unit_scale)
                .map(|value| whole(&mut check, "/unit_scale", value, 1, UNIT_SCALE_MAX)),
            stock_policy: (self.stock_policy).map(|policy| stock_policy(&mut check, policy)),
            tracking: self.tracking,
            hs_code: text(&mut check, "/hs_code", self.hs_code, 16),
            origin_country: (self.origin_country)
                .and_then(|code| Some(check.country("/origin_country", &code))),
            tags: (self.tags).map(|tags| read_tags(&mut check, &tags)),
            ships_alone: self.ships_alone,
        };
        check.finish(change)
    }
}

/// Marks that sourcing rules ask for, each once.
pub fn read_tags(check: &mut Check, tags: &[String]) -> Vec<String> {
    if tags.len() > TAGS_MAX {
        check.refuse("/tags", format!("holds more than {TAGS_MAX}"));
    }
    let mut read: Vec<String> = (tags.iter().take(TAGS_MAX).enumerate())
        .map(|(index, tag)| check.text(&format!("/tags/{index}"), tag, 64))
        .collect();
    read.sort_unstable();
    read.dedup();
    read
}

/// An edit of a text; an empty one clears.
pub fn text(check: &mut Check, field: &str, edit: Edit<String>, max: usize) -> Edit<String> {
    edit.and_then(|text| check.optional_text(field, Some(&text), max))
}

/// Changes a SKU.
///
/// Open orders keep what was decided on: a new stock policy counts from the next decision on.
#[utoipa::path(
    patch,
    path = "/api/v1/skus/{id}",
    tag = "Catalog",
    params(("id" = String, Path, description = "The SKU's id.")),
    request_body = SkuPatch,
    responses((status = 200, description = "The SKU as it stands then.", body = super::SkuAnswer)),
)]
pub async fn update_sku(ask: Ask, body: Body) -> Answer {
    let sku: SkuId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: SkuPatch = body::parse(&body)?;
    let command = UpdateSku {
        sku,
        expected: expected(&ask.parts)?,
        change: input.parse()?,
    };
    edit::<Sku>(&ask, Command::UpdateSku(command), &body).await
}
