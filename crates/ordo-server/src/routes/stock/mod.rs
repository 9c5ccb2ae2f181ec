//! Stock: what lies where, and the movements that change it.

pub mod ledger;
pub mod list;
pub mod lots;
pub mod movement;
pub mod shortfalls;

use std::borrow::Cow;

use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Cell, CellKey};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::location_code;

/// The stock of one SKU at one location.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockAnswer<'a> {
    /// The SKU's code.
    #[schema(value_type = String)]
    sku: Option<&'a str>,
    /// The SKU's id.
    #[schema(value_type = String)]
    sku_id: SkuId,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// Sellable units that are there.
    #[schema(value_type = i64)]
    on_hand: Quantity,
    /// Bound to order lines.
    #[schema(value_type = i64)]
    allocated: Quantity,
    /// Promised by reservations.
    #[schema(value_type = i64)]
    reserved: Quantity,
    /// Never offered.
    #[schema(value_type = i64)]
    safety: Quantity,
    /// There, but not sellable.
    #[schema(value_type = i64)]
    quarantined: Quantity,
    /// on_hand − allocated − reserved − safety; negative where facts overtook promises.
    #[schema(value_type = i64)]
    available: Quantity,
}

impl<'a> StockAnswer<'a> {
    /// What is shown of a cell. `sku` is the code, where it is known.
    pub fn of(reference: &'a Reference, sku: Option<&'a str>, key: CellKey, cell: &Cell) -> Self {
        Self {
            sku,
            sku_id: key.sku,
            location: location_code(reference, key.location),
            location_id: key.location,
            on_hand: cell.on_hand,
            allocated: cell.allocated,
            reserved: cell.reserved,
            safety: cell.safety,
            quarantined: cell.quarantined,
            available: cell.available(),
        }
    }
}
