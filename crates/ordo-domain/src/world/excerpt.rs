//! A world beside the world: the stock and days that work binds, as they would be without it.

use std::sync::Arc;

use crate::decide::Refusal;
use crate::fulfillment::FulfillmentOrder;
use crate::quantity::Quantity;
use crate::stock::CellKey;
use crate::world::{CounterKey, World};

/// Units and days that a plan takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    pub cells: Vec<(CellKey, i64)>,
    pub days: Vec<CounterKey>,
}

impl World {
    /// Takes what a plan takes, `times` 1, or gives it back, `times` −1, in a world of one's own.
    pub(crate) fn bind(&mut self, bound: &Bound, times: i64) {
        for (key, units) in &bound.cells {
            let units = Quantity::stored(units * times);
            self.cells
                .update(*key, false, |cell| cell.allocated += units);
        }
        for day in &bound.days {
            self.counters.add(*day, times, None);
        }
    }

    /// The rows that sourcing reads for the goods of `work`, as if that work were not there. What is
    /// not loaded here is a miss there too.
    ///
    /// # Errors
    /// A miss.
    pub(crate) fn without(&self, work: &[&Arc<FulfillmentOrder>]) -> Result<Self, Refusal> {
        let mut beside = Self::new(Arc::clone(&self.reference));
        beside.cells.complete = self.cells.complete;
        beside.lots.complete = self.lots.complete;
        beside.counters.complete = self.counters.complete;
        let lines = || work.iter().flat_map(|work| work.lines.iter());
        let cells = lines().map(|line| Ok((line.sku, self.cells_of(line.sku)?)));
        for (sku, rows) in Refusal::gather(cells)? {
            let now = rows.iter().map(|row| (row.key, row.now));
            beside.cells.supply(sku, now.collect());
            if let Ok(lots) = self.lots_of(sku) {
                let lots = lots.map(|(key, lot)| (key.clone(), lot));
                beside.lots.supply(sku, lots.collect());
            }
        }
        let skus = lines().map(|line| self.sku(line.sku));
        for sku in Refusal::gather(skus)?.into_iter().flatten() {
            beside.skus.supply_shared(Arc::clone(sku));
        }
        for (key, slot) in &self.counters.slots {
            beside.counters.supply(*key, slot.now);
        }
        let days = (work.iter())
            .filter_map(|work| Some(CounterKey::of_day(work.location, work.work_day?)));
        let days: Vec<CounterKey> = days.collect();
        Refusal::gather(days.iter().map(|day| self.counter(*day)))?;
        for day in days {
            beside.counters.add(day, -1, None);
        }
        for work in work {
            for line in work.lines.iter().filter(|line| line.from_stock) {
                beside.cells.update(work.cell(line), false, |cell| {
                    cell.allocated -= line.quantity;
                });
            }
        }
        Ok(beside)
    }
}
