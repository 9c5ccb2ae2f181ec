//! Cells that this node knows without asking, because it made every commit since it read them.
//!
//! Stock is read by every capture. What was read at a position of the log stays true as long as only
//! this node commits: its own commits are followed here, and every load asks for the log's position
//! in the statement that reads cells. Where another node has committed the positions do not agree, and
//! what is kept is given up. (A cell changes only by an event, so that no other node's change goes
//! without a position.)
//!
//! Invariant: what is kept for an organization was true at the position that is kept with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ordo_domain::id::{OrganizationId, SkuId};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::world::CellChange;

/// Cells to keep, and SKUs, over all organizations: about 20 MB.
const KEPT_MAX: usize = 131_072;

/// The cells of a SKU, in the order of their keys.
pub type Cells = Vec<(CellKey, Cell)>;

/// Cells by organization and SKU.
#[derive(Debug, Default)]
pub struct Known {
    organizations: Mutex<HashMap<OrganizationId, Books>>,
}

#[derive(Debug, Default)]
struct Books {
    position: i64,
    skus: HashMap<SkuId, Cells>,
    kept: usize,
    /// Commits of this node that are on their way: until they have ended, nobody can tell whether what
    /// is read has them in it.
    under_way: usize,
}

impl Books {
    fn forget(&mut self) {
        self.skus.clear();
        self.kept = 0;
    }

    fn change(&mut self, change: &CellChange) {
        let key = change.key;
        let Some(cells) = self.skus.get_mut(&key.sku) else {
            return;
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
                cells.sort_unstable_by_key(|(key, _)| *key);
                self.kept += 1;
            }
        }
    }
}

impl Known {
    fn books(&self) -> MutexGuard<'_, HashMap<OrganizationId, Books>> {
        self.organizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of the SKUs whose cells are kept, with the position at which they were true.
    pub fn of(
        &self,
        organization: OrganizationId,
        skus: impl Iterator<Item = SkuId>,
    ) -> (i64, BTreeMap<SkuId, Cells>) {
        let books = self.books();
        let Some(books) = books.get(&organization) else {
            return (0, BTreeMap::new());
        };
        let kept = skus.filter_map(|sku| Some((sku, books.skus.get(&sku)?.clone())));
        (books.position, kept.collect())
    }

    /// Keeps what was read at `position`, in one statement with it.
    pub fn read(
        &self,
        organization: OrganizationId,
        position: i64,
        found: impl Iterator<Item = (SkuId, Cells)>,
    ) {
        let mut books = self.books();
        let kept: usize = books.values().map(|books| books.kept).sum();
        if kept > KEPT_MAX {
            // What is sold now is soon here again.
            books.values_mut().for_each(Books::forget);
        }
        let books = books.entry(organization).or_default();
        if books.under_way > 0 || position < books.position {
            return;
        }
        if position > books.position {
            // Another node has committed since.
            books.forget();
            books.position = position;
        }
        for (sku, cells) in found {
            books.kept += cells.len() + 1;
            if let Some(before) = books.skus.insert(sku, cells) {
                books.kept -= before.len() + 1;
            }
        }
    }

    /// A commit of this node goes out. Whoever drops what this answers says that nobody can tell what
    /// came of it.
    pub fn begin(&self, organization: OrganizationId) -> UnderWay<'_> {
        self.books().entry(organization).or_default().under_way += 1;
        UnderWay {
            known: self,
            organization,
            has_ended: false,
        }
    }

    /// A commit wrote events from `first` to `last` with these changes; `last` is smaller than `first`
    /// where it wrote none.
    fn end(&self, organization: OrganizationId, (first, last): (i64, i64), changes: &[CellChange]) {
        let mut books = self.books();
        let books = books.entry(organization).or_default();
        books.under_way = books.under_way.saturating_sub(1);
        if first == books.position + 1 {
            books.position = last.max(books.position);
            for change in changes {
                books.change(change);
            }
        } else if last > books.position {
            // Another node has committed before it.
            books.forget();
            books.position = last;
        } else {
            // A commit that went out later was heard of first.
            books.forget();
        }
    }

    /// A commit wrote nothing, or nobody can tell.
    fn give_up(&self, organization: OrganizationId) {
        let mut books = self.books();
        let books = books.entry(organization).or_default();
        books.under_way = books.under_way.saturating_sub(1);
        books.forget();
    }
}

/// A commit that is on its way.
pub struct UnderWay<'a> {
    known: &'a Known,
    organization: OrganizationId,
    has_ended: bool,
}

impl UnderWay<'_> {
    /// It wrote events from `first` to `last` with these changes; `last` is smaller than `first`
    /// where it wrote none.
    pub fn wrote(mut self, first: i64, last: i64, changes: &[CellChange]) {
        self.has_ended = true;
        self.known.end(self.organization, (first, last), changes);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.known.give_up(self.organization);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ordo_domain::id::LocationId;
    use ordo_domain::quantity::Quantity;

    const SHOP: OrganizationId = OrganizationId::from_u128(1);

    fn key(sku: u128, location: u128) -> CellKey {
        CellKey::own(SkuId::from_u128(sku), LocationId::from_u128(location))
    }

    fn stock(on_hand: i64) -> Cell {
        Cell {
            on_hand: Quantity::stored(on_hand),
            ..Cell::default()
        }
    }

    fn change(sku: u128, location: u128, by: i64) -> CellChange {
        CellChange {
            key: key(sku, location),
            by: stock(by),
            needs_headroom: false,
            is_new: false,
        }
    }

    fn on_hand(known: &Known, sku: u128) -> Option<Vec<i64>> {
        let sku = SkuId::from_u128(sku);
        let (_, kept) = known.of(SHOP, std::iter::once(sku));
        let cells = kept.get(&sku)?;
        Some(cells.iter().map(|(_, cell)| cell.on_hand.get()).collect())
    }

    fn reads(known: &Known, position: i64, sku: u128, units: i64) {
        let cells = vec![(key(sku, 1), stock(units))];
        known.read(SHOP, position, [(SkuId::from_u128(sku), cells)].into_iter());
    }

    #[test]
    fn own_commits_are_followed_and_those_of_others_noticed() {
        let known = Known::default();
        reads(&known, 10, 1, 5);
        let changes = [change(1, 1, -2), change(1, 2, 7), change(2, 1, 1)];
        known.begin(SHOP).wrote(11, 13, &changes);
        assert_eq!(on_hand(&known, 1), Some(vec![3, 7]));
        assert_eq!(on_hand(&known, 2), None, "it was never read");
        // An answer alone moves nothing.
        known.begin(SHOP).wrote(14, 13, &[]);
        assert_eq!(known.of(SHOP, std::iter::empty()).0, 13);
        // Position 14 is another node's.
        known.begin(SHOP).wrote(15, 15, &[change(1, 1, 1)]);
        assert_eq!(on_hand(&known, 1), None);
        reads(&known, 15, 1, 9);
        assert_eq!(on_hand(&known, 1), Some(vec![9]));
        reads(&known, 20, 2, 4);
        assert_eq!(on_hand(&known, 1), None, "it was true at 15");
        reads(&known, 19, 1, 1);
        assert_eq!(on_hand(&known, 1), None, "that is older than what is known");
    }

    #[test]
    fn nothing_is_kept_that_may_or_may_not_have_a_commit_in_it() {
        let known = Known::default();
        reads(&known, 10, 1, 5);
        let under_way = known.begin(SHOP);
        reads(&known, 11, 2, 5);
        assert_eq!(on_hand(&known, 2), None);
        under_way.wrote(11, 11, &[change(1, 1, -1)]);
        assert_eq!(on_hand(&known, 1), Some(vec![4]));
        drop(known.begin(SHOP));
        assert_eq!(on_hand(&known, 1), None);
    }
}
