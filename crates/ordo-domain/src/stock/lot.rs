//! Lots: the split of a cell by where its units came from and in which condition they are.
//!
//! Only SKUs that are tracked by lot have splits, so nobody else pays for them. Units that nobody has
//! named a lot for are what is left of the cell.
//!
//! Invariant: the splits of a cell sum to at most what the cell holds, on hand and quarantined alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{Sku, Tracking};
use crate::decide::Refusal;
use crate::id::SkuId;
use crate::network::BlockStage;
use crate::quantity::Quantity;
use crate::stock::CellKey;
use crate::time::{Date, Timestamp};
use crate::world::World;

/// The condition that units are in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// As it came from the maker.
    #[default]
    New,
    /// Sold before, and sold again as it is.
    Used,
    /// Repaired or cleaned.
    Refurbished,
    /// Broken.
    Damaged,
}

impl Condition {
    /// Every condition.
    pub const ALL: &'static [Condition] =
        &[Self::New, Self::Used, Self::Refurbished, Self::Damaged];

    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Used => "used",
            Self::Refurbished => "refurbished",
            Self::Damaged => "damaged",
        }
    }

    /// The condition with this stored name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }

    /// Whether it goes without saying.
    #[must_use]
    pub fn is_new(&self) -> bool {
        *self == Self::New
    }
}

/// What a movement says of the units that it moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotMark {
    /// The lot's own name.
    pub name: String,
    /// The condition.
    #[serde(default, skip_serializing_if = "Condition::is_new")]
    pub condition: Condition,
    /// The last day on which they are good, where it is known now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
}

/// Which split.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotKey {
    /// Of which cell.
    pub cell: CellKey,
    /// The lot's own name.
    pub name: String,
    /// The condition.
    pub condition: Condition,
}

/// The counters of a split, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lot {
    /// Sellable units that are physically there.
    pub on_hand: Quantity,
    /// Physically there, not sellable.
    pub quarantined: Quantity,
    /// Of those on hand, collected for an order and not yet shipped.
    pub picked: Quantity,
    /// The last day on which they are good.
    pub expires_on: Option<Date>,
}

impl Lot {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.on_hand.is_zero() && self.quarantined.is_zero() && self.picked.is_zero()
    }

    /// What may still be collected.
    #[must_use]
    pub fn free(&self) -> Quantity {
        self.on_hand - self.picked
    }
}

impl LotKey {
    /// The split of `cell` that `mark` names.
    #[must_use]
    pub fn of(cell: CellKey, mark: &LotMark) -> Self {
        Self {
            cell,
            name: mark.name.clone(),
            condition: mark.condition,
        }
    }

    /// The mark that names this split.
    #[must_use]
    pub fn mark(&self) -> LotMark {
        LotMark {
            name: self.name.clone(),
            condition: self.condition,
            expires_on: None,
        }
    }
}

impl Sku {
    /// Whether its units belong to lots.
    #[must_use]
    pub fn has_lots(&self) -> bool {
        self.tracking == Tracking::Lot
    }
}

/// What a command has taken from lots before the line at hand.
pub(crate) type Taken = BTreeMap<LotKey, Quantity>;

/// The lots of `cell` that `quantity` is taken from where nobody names them: what expires first goes
/// first, blocked and damaged ones not at all. What is missing stays without a lot.
pub(crate) fn first_to_expire(
    world: &World,
    cell: CellKey,
    quantity: Quantity,
    taken: &mut Taken,
    now: Timestamp,
) -> Result<Vec<(LotMark, Quantity)>, Refusal> {
    let mut lots: Vec<_> = (world.lots_of(cell.sku)?)
        .filter(|(key, _)| {
            key.cell == cell
                && key.condition != Condition::Damaged
                && (world.reference())
                    .block_of_lot(cell.sku, &key.name, BlockStage::Pick, now)
                    .is_none()
        })
        .collect();
    // Without a date it keeps; at the same date the name decides.
    lots.sort_by_key(|(key, lot)| (lot.expires_on.is_none(), lot.expires_on, *key));
    let mut left = quantity;
    let mut chosen = Vec::new();
    for (key, lot) in lots {
        let before = taken.entry(key.clone()).or_default();
        let part = left.min((lot.free() - *before).or_zero());
        if part > Quantity::ZERO {
            *before += part;
            left -= part;
            chosen.push((key.mark(), part));
        }
    }
    Ok(chosen)
}

/// Misses of SKUs, and of the lots of those that have some: in two rounds, however many there are.
pub(crate) fn want_lots(
    world: &World,
    skus: impl Iterator<Item = SkuId> + Clone,
) -> Result<(), Refusal> {
    let known = Refusal::gather(skus.map(|sku| world.sku(sku)))?;
    let with_lots = known.into_iter().flatten().filter(|sku| sku.has_lots());
    Refusal::gather(with_lots.map(|sku| world.lots_of(sku.id).map(|_| ()))).map(|_| ())
}

/// Units in lots of `cell` that a block keeps from being promised.
pub(crate) fn kept_back(world: &World, cell: CellKey, now: Timestamp) -> Result<Quantity, Refusal> {
    let sku = cell.sku;
    if !world
        .reference()
        .blocks_lots(sku, BlockStage::Allocate, now)
    {
        return Ok(Quantity::ZERO);
    }
    let kept = (world.lots_of(sku)?)
        .filter(|(key, _)| {
            let reference = world.reference();
            let block = reference.block_of_lot(sku, &key.name, BlockStage::Allocate, now);
            key.cell == cell && block.is_some()
        })
        .map(|(_, lot)| lot.free().or_zero())
        .sum();
    Ok(kept)
}
