//! How much of a listing could be sold right now: of a bundle, as many as its scarcest component
//! allows.

use std::collections::BTreeMap;

use crate::catalog::{Listing, Sku, StockPolicy};
use crate::id::{ChannelId, LocationId};
use crate::network::BlockStage;
use crate::quantity::Quantity;
use crate::reference::Reference;
use crate::stock::{Cell, CellKey};
use crate::time::Timestamp;

/// A component's SKU with the cells in which it lies.
#[derive(Debug, Clone, Copy)]
pub struct Supply<'a> {
    /// The SKU.
    pub sku: &'a Sku,
    /// Its cells.
    pub cells: &'a [(CellKey, Cell)],
}

/// Units of `listing` that `channel` could sell at `now`; `None` where nothing limits it. `supply`
/// stands in the order of the components.
///
/// Backorders are not counted: they are accepted, but not available.
#[must_use]
pub fn available(
    reference: &Reference,
    listing: &Listing,
    supply: &[Supply<'_>],
    channel: Option<ChannelId>,
    now: Timestamp,
) -> Option<Quantity> {
    let mut per_location: BTreeMap<LocationId, Option<Quantity>> = BTreeMap::new();
    let mut overall: Option<Quantity> = None;
    for (component, of) in listing.components.iter().zip(supply) {
        let stopped = [BlockStage::Publish, BlockStage::Allocate]
            .into_iter()
            .any(|stage| {
                let listing = Some(listing.id);
                reference
                    .block_of_line(of.sku.id, listing, stage, now)
                    .is_some()
            });
        if stopped {
            return Some(Quantity::ZERO);
        }
        let each = component.quantity.get().max(1);
        let mut sum = Quantity::ZERO;
        let mut offered: BTreeMap<LocationId, Quantity> = BTreeMap::new();
        for (key, cell) in of.cells {
            if may_sell(reference, *key, channel, now) {
                let units = cell.available().or_zero();
                sum += units;
                *offered.entry(key.location).or_default() += units;
            }
        }
        if of.sku.stock_policy == StockPolicy::Untracked {
            continue;
        }
        overall = least(overall, Quantity::stored(sum.get() / each));
        for location in reference.locations() {
            let units = offered.get(&location.id).map_or(0, |units| units.get());
            let bundles = per_location.entry(location.id).or_default();
            *bundles = least(*bundles, Quantity::stored(units / each));
        }
    }
    if listing.ships_together && overall.is_some() {
        return Some(per_location.into_values().flatten().sum());
    }
    overall
}

fn least(so_far: Option<Quantity>, next: Quantity) -> Option<Quantity> {
    Some(so_far.map_or(next, |so_far| so_far.min(next)))
}

fn may_sell(
    reference: &Reference,
    key: CellKey,
    channel: Option<ChannelId>,
    now: Timestamp,
) -> bool {
    let works = (reference.location(key.location)).is_some_and(|at| at.takes_new_work());
    let sells = channel.is_none_or(|channel| reference.may_sell_from(channel, key.location));
    let stopped = [BlockStage::Publish, BlockStage::Allocate]
        .into_iter()
        .any(|stage| reference.is_blocked(key, stage, now));
    works && sells && !stopped
}
