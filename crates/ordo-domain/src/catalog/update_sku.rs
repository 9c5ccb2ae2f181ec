//! Changes a SKU. Its code stays: orders, files and labels name it.
//!
//! Invariant: a barcode that a SKU once had stays its own, since it is printed on goods.
//! Invariant: the unit scale and the keeping of lots do not change under units that are there.

use crate::catalog::{Dimensions, Sku, StockPolicy, Tracking};
use crate::claim::ClaimKind;
use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at, replace};
use crate::event::Event;
use crate::id::SkuId;
use crate::rejection::{Code, Rejection};
use crate::stock::Cell;
use crate::world::World;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkuChange {
    /// The name shown to people.
    pub name: Edit<String>,
    /// What is scanned.
    pub barcode: Edit<String>,
    /// Weight of one unit in grams.
    pub weight_g: Option<i64>,
    /// Size of one unit.
    pub dimensions: Edit<Dimensions>,
    /// Smallest units in one unit of measure.
    pub unit_scale: Option<i64>,
    /// What happens when there is not enough.
    pub stock_policy: Option<StockPolicy>,
    /// Whether units are told apart.
    pub tracking: Option<Tracking>,
    /// Harmonized System code for customs.
    pub hs_code: Edit<String>,
    /// ISO 3166-1 alpha-2 of origin for customs.
    pub origin_country: Edit<String>,
    /// Marks that sourcing rules ask for.
    pub tags: Option<Vec<String>>,
    /// Whether every unit is a parcel of its own.
    pub ships_alone: Option<bool>,
}

/// Changes a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateSku {
    /// Which.
    pub sku: SkuId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// What is to change.
    pub change: SkuChange,
}

impl UpdateSku {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.sku(self.sku)? else {
            return Err(Rejection::new(Code::NotFound, "no such SKU").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut sku = Sku::clone(found);
        self.change.apply(&mut sku);
        if sku == **found {
            return Ok(Decided::unchanged(sku.id));
        }
        if let Some(barcode) = self.change.barcode.value() {
            let holder = world.claim(ClaimKind::Barcode, barcode)?;
            if holder.is_some_and(|holder| holder != sku.id.to_u128()) {
                let detail = format!("another SKU has, or had, the barcode {barcode}");
                return Err(Rejection::new(Code::CodeTaken, detail)
                    .at("/barcode")
                    .into());
            }
        }
        let told_apart = (sku.tracking == Tracking::Lot) != (found.tracking == Tracking::Lot);
        if sku.unit_scale != found.unit_scale || told_apart {
            let rows = world.cells_of(sku.id)?;
            if rows.iter().any(|row| row.now != Cell::default()) {
                let field = if told_apart {
                    "/tracking"
                } else {
                    "/unit_scale"
                };
                let message = "can change only while nothing of the SKU is in stock";
                return Err(Rejection::field(field, message).into());
            }
        }
        let id = sku.id;
        Ok(Decided::changed(vec![Event::SkuUpdated { sku }], id))
    }
}

impl SkuChange {
    fn apply(&self, sku: &mut Sku) {
        self.name.apply(&mut sku.name);
        self.barcode.apply(&mut sku.barcode);
        replace(&mut sku.weight_g, self.weight_g.as_ref());
        self.dimensions.apply(&mut sku.dimensions);
        replace(&mut sku.unit_scale, self.unit_scale.as_ref());
        replace(&mut sku.stock_policy, self.stock_policy.as_ref());
        replace(&mut sku.tracking, self.tracking.as_ref());
        self.hs_code.apply(&mut sku.hs_code);
        self.origin_country.apply(&mut sku.origin_country);
        replace(&mut sku.tags, self.tags.as_ref());
        replace(&mut sku.ships_alone, self.ships_alone.as_ref());
    }
}
