//! What there is to be shipped: what is there now, and what is assumed instead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::{Sku, StockPolicy};
use crate::id::{LocationId, SkuId};
use crate::quantity::{QUANTITY_MAX, Quantity};
use crate::stock::{Cell, CellKey};
use crate::what_if::assortment::Asked;
use crate::what_if::{PastOrder, Setup, StockWish};

/// A SKU and its cells as they are now.
#[derive(Debug, Clone)]
pub struct Stocked {
    /// The SKU.
    pub sku: Arc<Sku>,
    /// Its cells.
    pub cells: Vec<(CellKey, Cell)>,
}

/// All SKUs that the orders ask for, with what there is of them.
#[derive(Debug, Clone, Default)]
pub struct Supply {
    skus: BTreeMap<SkuId, Stocked>,
    asked: BTreeMap<SkuId, Asked>,
    taken: BTreeMap<CellKey, Quantity>,
}

impl Supply {
    /// What there is of what `orders` ask for.
    #[must_use]
    pub fn new(stocked: impl IntoIterator<Item = Stocked>, orders: &[PastOrder]) -> Self {
        let skus: BTreeMap<SkuId, Stocked> = (stocked.into_iter())
            .map(|stocked| (stocked.sku.id, stocked))
            .collect();
        let mut asked: BTreeMap<SkuId, Asked> = BTreeMap::new();
        for (sku, units) in orders.iter().flat_map(PastOrder::wanted) {
            let Some(stocked) = skus.get(&sku) else {
                continue;
            };
            let asked = asked.entry(sku).or_insert_with(|| Asked {
                code: stocked.sku.code.clone(),
                units: 0,
            });
            asked.units += units.get();
        }
        Self {
            skus,
            asked,
            taken: BTreeMap::new(),
        }
    }

    /// The same, knowing which units of cells the orders took.
    #[must_use]
    pub fn with_taken(mut self, taken: BTreeMap<CellKey, Quantity>) -> Self {
        self.taken = taken;
        self
    }

    /// Whether the weight of everything that `order` asks for is known.
    #[must_use]
    pub fn knows_weights(&self, order: &PastOrder) -> bool {
        let mut wanted = order.wanted();
        wanted.all(|(sku, _)| (self.skus.get(&sku)).is_some_and(|known| known.sku.weight_g > 0))
    }

    /// The location with the most units on hand of what is asked for.
    #[must_use]
    pub fn fullest(&self) -> Option<LocationId> {
        let mut units: BTreeMap<LocationId, i64> = BTreeMap::new();
        for (key, cell) in self.skus.values().flat_map(|stocked| &stocked.cells) {
            let units = units.entry(key.location).or_default();
            *units = units.saturating_add(cell.on_hand.get());
        }
        let fullest = units.into_iter().filter(|(_, units)| *units > 0);
        // Of equally full ones the first that was made.
        fullest
            .max_by_key(|(location, units)| (*units, std::cmp::Reverse(*location)))
            .map(|(location, _)| location)
    }

    /// Every SKU, with the cells that `setup` has of it.
    pub(super) fn under(&self, setup: &Setup) -> Vec<Stocked> {
        let assumed: Vec<(LocationId, BTreeSet<SkuId>)> = (setup.assumed.iter())
            .map(|(id, assortment)| {
                let location = setup.reference.location(*id);
                let code = location.map_or("", |location| location.code.as_str());
                (*id, assortment.at(code, &self.asked))
            })
            .collect();
        let counts = self.counts(setup);
        let laid_out = self.skus.values().map(|stocked| {
            let sku = &stocked.sku;
            let mut cells: BTreeMap<CellKey, Cell> = BTreeMap::new();
            for (key, cell) in &stocked.cells {
                let cell = match &setup.stock {
                    StockWish::Now | StockWish::Counts(_) => limited(*cell, setup.safety),
                    StockWish::PutBack => limited(self.put_back(key, *cell), setup.safety),
                    StockWish::Unlimited => without_limit(),
                };
                cells.insert(*key, cell);
            }
            if sku.stock_policy == StockPolicy::Untracked {
                for location in setup.reference.locations() {
                    cells.insert(CellKey::own(sku.id, location.id), without_limit());
                }
            }
            for (location, has) in &assumed {
                let key = CellKey::own(sku.id, *location);
                match has.contains(&sku.id) {
                    true => cells.insert(key, without_limit()),
                    false => cells.remove(&key),
                };
            }
            for (key, units) in counts.get(&sku.id).into_iter().flatten() {
                let cell = Cell {
                    on_hand: *units,
                    ..Cell::default()
                };
                cells.insert(*key, limited(cell, setup.safety));
            }
            // That there is always enough was said above, cell by cell: a location that is assumed
            // not to have it does not.
            let tracked = Sku {
                stock_policy: StockPolicy::Tracked,
                ..Sku::clone(sku)
            };
            Stocked {
                sku: Arc::new(tracked),
                cells: cells.into_iter().collect(),
            }
        });
        laid_out.collect()
    }

    fn put_back(&self, key: &CellKey, mut cell: Cell) -> Cell {
        if let Some(taken) = self.taken.get(key) {
            cell.on_hand += *taken;
        }
        cell
    }

    /// Counts of the variant; those of SKUs that no order asks for change nothing.
    fn counts(&self, setup: &Setup) -> BTreeMap<SkuId, Vec<(CellKey, Quantity)>> {
        let mut counts: BTreeMap<SkuId, Vec<(CellKey, Quantity)>> = BTreeMap::new();
        let StockWish::Counts(wished) = &setup.stock else {
            return counts;
        };
        let ids: BTreeMap<&str, SkuId> = (self.skus.values())
            .map(|stocked| (stocked.sku.code.as_str(), stocked.sku.id))
            .collect();
        for count in wished {
            let location = setup.reference.location_by_code(&count.location);
            if let (Some(sku), Some(location)) = (ids.get(count.sku.as_str()), location) {
                let key = CellKey::own(*sku, location.id);
                counts.entry(*sku).or_default().push((key, count.quantity));
            }
        }
        counts
    }
}

/// Whether a cell never gets empty.
pub(super) fn is_without_limit(cell: &Cell) -> bool {
    cell.on_hand.get() >= QUANTITY_MAX
}

fn without_limit() -> Cell {
    Cell {
        on_hand: Quantity::stored(QUANTITY_MAX),
        ..Cell::default()
    }
}

fn limited(cell: Cell, safety: Option<Quantity>) -> Cell {
    Cell {
        safety: safety.unwrap_or(cell.safety),
        ..cell
    }
}
