//! SKUs: the things that are stocked.

pub mod create;
pub mod list;
pub mod read;
pub mod update;

use ordo_domain::catalog::{Dimensions, Sku, StockPolicy, Tracking};
use ordo_domain::id::SkuId;
use ordo_domain::reference::Reference;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::Show;

/// A SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = Sku)]
pub struct SkuAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: SkuId,
    /// The merchant's code, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// The name shown to people.
    name: Option<&'a str>,
    /// What is scanned.
    barcode: Option<&'a str>,
    /// Weight of one unit in grams.
    weight_g: i64,
    /// Size of one unit.
    dimensions: Option<Dimensions>,
    /// Smallest units in one unit of measure (4 where it is sold in quarters).
    unit_scale: i64,
    /// What happens when there is not enough.
    stock_policy: StockPolicy,
    /// Whether units are told apart.
    tracking: Tracking,
    /// Harmonized System code for customs.
    hs_code: Option<&'a str>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    origin_country: Option<&'a str>,
    /// Marks that sourcing rules ask for.
    tags: &'a [String],
    /// Whether every unit is a parcel of its own.
    ships_alone: bool,
}

impl Show for Sku {
    type Answer<'a> = SkuAnswer<'a>;

    fn show<'a>(&'a self, _: &'a Reference) -> SkuAnswer<'a> {
        SkuAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            name: self.name.as_deref(),
            barcode: self.barcode.as_deref(),
            weight_g: self.weight_g,
            dimensions: self.dimensions,
            unit_scale: self.unit_scale,
            stock_policy: self.stock_policy,
            tracking: self.tracking,
            hs_code: self.hs_code.as_deref(),
            origin_country: self.origin_country.as_deref(),
            tags: &self.tags,
            ships_alone: self.ships_alone,
        }
    }
}
