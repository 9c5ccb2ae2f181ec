//! Stock and capacity taken outside of any command: what a replay keeps count of.
//!
//! Such a world is never committed.

use super::{CounterKey, World};
use crate::id::SkuId;
use crate::quantity::Quantity;
use crate::stock::{Cell, CellKey};

impl World {
    /// Lays these cells of a SKU out in place of those that are there.
    pub(crate) fn lay_out(&mut self, sku: SkuId, cells: Vec<(CellKey, Cell)>) {
        self.cells.replace(sku, cells);
    }

    /// Takes units of a cell, for good.
    pub(crate) fn take(&mut self, key: CellKey, units: Quantity) {
        self.cells
            .update(key, false, |cell| cell.allocated += units);
        self.cells.keep();
    }

    /// Counts one more.
    pub(crate) fn count_one(&mut self, key: CounterKey) {
        self.counters.add(key, 1, None);
        self.counters.keep();
    }
}
