//! Cells of SKUs that batches asked for, kept in memory: stock is read by every capture, and the
//! thread that writes is the only one that changes it.
//!
//! Invariant: what is kept equals the table as it was last committed.

use std::collections::HashMap;

use ordo_domain::id::SkuId;
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::world::CellChange;
use rusqlite::Connection;

use crate::error::Fault;
use crate::load;

/// Cells to keep, and SKUs: about 4 MB.
const KEPT_MAX: usize = 32_768;

/// Cells by organization and SKU.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    skus: HashMap<(i64, SkuId), Vec<(CellKey, Cell)>>,
    kept: usize,
}

impl Cells {
    /// All cells of a SKU.
    pub(crate) fn of(
        &mut self,
        conn: &Connection,
        organization: i64,
        sku: SkuId,
    ) -> Result<Vec<(CellKey, Cell)>, Fault> {
        if let Some(cells) = self.skus.get(&(organization, sku)) {
            return Ok(cells.clone());
        }
        let cells = load::cells(conn, organization, sku)?;
        // A SKU without cells takes room too.
        let room = cells.len() + 1;
        if self.kept + room > KEPT_MAX {
            // What is sold now is soon here again.
            *self = Self::default();
        }
        if room <= KEPT_MAX {
            self.kept += room;
            self.skus.insert((organization, sku), cells.clone());
        }
        Ok(cells)
    }

    /// Follows changes that were committed.
    pub(crate) fn change(&mut self, organization: i64, changes: &[CellChange]) {
        for change in changes {
            let key = change.key;
            let Some(cells) = self.skus.get_mut(&(organization, key.sku)) else {
                continue;
            };
            match cells.iter_mut().find(|(kept, _)| *kept == key) {
                Some((_, cell)) => {
                    cell.on_hand += change.by.on_hand;
                    cell.allocated += change.by.allocated;
                    cell.reserved += change.by.reserved;
                    cell.safety += change.by.safety;
                    cell.quarantined += change.by.quarantined;
                }
                None => {
                    cells.push((key, change.by));
                    self.kept += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ordo_domain::id::LocationId;
    use ordo_domain::quantity::Quantity;

    fn database() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../migrations/0001_first.sql"))
            .unwrap();
        conn
    }

    fn put(conn: &Connection, sku: u128, locations: u128) {
        let mut statement = conn
            .prepare("INSERT INTO cells VALUES (1, ?1, ?2, x'', 5, 0, 0, 0, 0)")
            .unwrap();
        for location in 1..=locations {
            let ids = (sku.to_be_bytes(), location.to_be_bytes());
            statement.execute(ids).unwrap();
        }
    }

    fn change(sku: u128, location: u128, on_hand: i64) -> CellChange {
        CellChange {
            key: CellKey::own(SkuId::from_u128(sku), LocationId::from_u128(location)),
            by: Cell {
                on_hand: Quantity::stored(on_hand),
                ..Cell::default()
            },
            needs_headroom: false,
            is_new: false,
        }
    }

    fn on_hand(cells: &mut Cells, conn: &Connection, sku: u128) -> Vec<i64> {
        let cells = cells.of(conn, 1, SkuId::from_u128(sku)).unwrap();
        cells.iter().map(|(_, cell)| cell.on_hand.get()).collect()
    }

    #[test]
    fn changes_are_followed_also_to_new_cells_and_only_of_the_organization() {
        let conn = database();
        put(&conn, 1, 2);
        let mut cells = Cells::default();
        cells.change(1, &[change(1, 1, 1_000)]); // Not kept yet: the table has it.
        assert_eq!(on_hand(&mut cells, &conn, 1), [5, 5]);
        cells.change(1, &[change(1, 2, -2), change(1, 3, 7), change(9, 1, 1)]);
        cells.change(2, &[change(1, 1, 100)]);
        assert_eq!(on_hand(&mut cells, &conn, 1), [5, 3, 7]);
        assert_eq!(on_hand(&mut cells, &conn, 2), [0; 0]);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let conn = database();
        conn.execute_batch("BEGIN").unwrap();
        let per_sku = KEPT_MAX as u128 / 2 - 1;
        for sku in 1..=3 {
            put(&conn, sku, per_sku);
        }
        let mut cells = Cells::default();
        for sku in 1..=3 {
            assert_eq!(on_hand(&mut cells, &conn, sku).len() as u128, per_sku);
            let kept: usize = cells.skus.values().map(|cells| cells.len() + 1).sum();
            assert_eq!(kept, cells.kept);
            assert!(kept <= KEPT_MAX);
        }
    }
}
