//! SKUs: the things that are stocked.

use serde::{Deserialize, Serialize};

use crate::claim::ClaimKind;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::SkuId;
use crate::quantity::Quantity;
use crate::record::{Columns, record};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// What happens when an order asks for more than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// The rest is held as oversold, for a person.
    Tracked,
    /// The rest is backordered, up to a number of units over all open orders.
    Backorder {
        /// The largest number of units on backorder at any time.
        #[cfg_attr(feature = "openapi", schema(value_type = i64))]
        limit: Quantity,
    },
    /// There is always enough (made on demand, digital).
    Untracked,
}

/// Edges of one unit in millimeters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dimensions {
    /// The longest edge.
    pub length_mm: i64,
    /// The second edge.
    pub width_mm: i64,
    /// The third edge.
    pub height_mm: i64,
}

/// Whether units are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tracking {
    /// All units are the same.
    #[default]
    None,
    /// Units belong to lots.
    Lot,
    /// Each unit has a serial number.
    Serial,
}

/// The thing that is stocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// Its id.
    pub id: SkuId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's code, unique.
    pub code: String,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    /// Weight of one unit in grams.
    pub weight_g: i64,
    /// Size of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// Smallest units in one unit of measure (4 where it is sold in quarters).
    pub unit_scale: i64,
    /// What happens when there is not enough.
    pub stock_policy: StockPolicy,
    /// Whether units are told apart.
    #[serde(default)]
    pub tracking: Tracking,
    /// Harmonized System code for customs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs_code: Option<String>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_country: Option<String>,
    /// Marks that sourcing rules ask for, such as `hazmat`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether every unit is a parcel of its own, as goods in a shipping box of theirs are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ships_alone: bool,
}
record!(Sku, SkuId, Sku, self => Columns::Code { code: self.code.clone() });

/// Makes a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSku {
    /// The merchant's code.
    pub code: String,
    /// The name shown to people.
    pub name: Option<String>,
    /// What is scanned.
    pub barcode: Option<String>,
    /// Weight of one unit in grams.
    pub weight_g: i64,
    /// Size of one unit.
    pub dimensions: Option<Dimensions>,
    /// Smallest units in one unit of measure.
    pub unit_scale: i64,
    /// What happens when there is not enough.
    pub stock_policy: StockPolicy,
    /// Whether units are told apart.
    pub tracking: Tracking,
    /// Harmonized System code for customs.
    pub hs_code: Option<String>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    pub origin_country: Option<String>,
    /// Marks that sourcing rules ask for.
    pub tags: Vec<String>,
    /// Whether every unit is a parcel of its own.
    pub ships_alone: bool,
}

impl CreateSku {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.sku_by_code(&self.code)?.is_some() {
            let detail = format!("a SKU with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        if let Some(barcode) = &self.barcode
            && world.claim(ClaimKind::Barcode, barcode)?.is_some()
        {
            let detail = format!("another SKU has the barcode {barcode}");
            return Err(Rejection::new(Code::CodeTaken, detail)
                .at("/barcode")
                .into());
        }
        let sku = Sku {
            id: ctx.ids.make(),
            version: 0,
            code: self.code.clone(),
            name: self.name.clone(),
            barcode: self.barcode.clone(),
            weight_g: self.weight_g,
            dimensions: self.dimensions,
            unit_scale: self.unit_scale,
            stock_policy: self.stock_policy,
            tracking: self.tracking,
            hs_code: self.hs_code.clone(),
            origin_country: self.origin_country.clone(),
            tags: self.tags.clone(),
            ships_alone: self.ships_alone,
        };
        let id = sku.id;
        Ok(Decided::created(vec![Event::SkuCreated { sku }], id))
    }
}
