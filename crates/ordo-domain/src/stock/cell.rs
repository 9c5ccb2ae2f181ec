//! The counters of one SKU at one location for one owner: the unit of contention.

use serde::{Deserialize, Serialize};

use crate::id::{EntityId, LocationId, SkuId};
use crate::quantity::Quantity;

/// Which cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellKey {
    /// The SKU.
    pub sku: SkuId,
    /// Where it lies.
    pub location: LocationId,
    /// Who owns it (consignment, supplier stock); `None` for the organization itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityId>,
}

impl CellKey {
    /// The organization's own stock of `sku` at `location`.
    #[must_use]
    pub const fn own(sku: SkuId, location: LocationId) -> Self {
        Self {
            sku,
            location,
            owner: None,
        }
    }
}

/// The counters of a cell, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cell {
    /// Sellable units that are physically there.
    pub on_hand: Quantity,
    /// Bound to order lines.
    pub allocated: Quantity,
    /// Promised by reservations.
    pub reserved: Quantity,
    /// Never offered.
    pub safety: Quantity,
    /// Physically there, not sellable.
    pub quarantined: Quantity,
}

impl Cell {
    /// What may still be promised; negative where facts overtook promises, or where more is kept
    /// back than is there.
    #[must_use]
    pub fn available(&self) -> Quantity {
        self.on_hand - self.allocated - self.reserved - self.safety
    }

    /// What is there beside all promises; negative where facts overtook them. Safety stock is there
    /// to serve promises that were made, so it does not count.
    #[must_use]
    pub fn unpromised(&self) -> Quantity {
        self.on_hand - self.allocated - self.reserved
    }
}
