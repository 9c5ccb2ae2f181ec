//! Reserves stock for a cart or checkout, or refuses: the one place that answers "out of stock".
//!
//! A reservation binds units of cells until it expires; it may be turned into an order's allocation
//! by naming it at capture.

use serde::{Deserialize, Serialize};

use crate::catalog::StockPolicy;
use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::ReservationId;
use crate::network::BlockStage;
use crate::quantity::Quantity;
use crate::record::{Columns, record};
use crate::rejection::{Code, Rejection};
use crate::stock::lot::kept_back;
use crate::stock::{Cell, CellKey};
use crate::time::{SECOND, Timestamp};
use crate::world::World;

/// How a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReservationState {
    /// It binds units.
    Held,
    /// An order took its place.
    Consumed,
    /// It was given back.
    Released,
    /// Its time ran out.
    Expired,
}

/// Units of one cell that a reservation binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedUnits {
    /// Which cell.
    #[serde(flatten)]
    pub cell: CellKey,
    /// How many.
    pub quantity: Quantity,
}

/// A promise of stock with an expiry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// How many events have touched it.
    pub version: u64,
    /// How it stands.
    pub state: ReservationState,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it binds.
    pub units: Vec<ReservedUnits>,
}
record!(Reservation, ReservationId, Reservation, self => Columns::Reservation {
    expires_at: (self.state == ReservationState::Held).then_some(self.expires_at.as_micros()),
});

/// One SKU to reserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveLine {
    /// The SKU's code.
    pub sku: String,
    /// How many units.
    pub quantity: Quantity,
}

/// Reserves all lines or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveStock {
    /// What to reserve; at least one line.
    pub lines: Vec<ReserveLine>,
    /// For how long.
    pub seconds: i64,
}

impl ReserveStock {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let mut units: Vec<ReservedUnits> = Vec::with_capacity(self.lines.len());
        world.want_skus(self.lines.iter().map(|line| line.sku.as_str()))?;
        for (index, line) in self.lines.iter().enumerate() {
            let Some(sku) = world.sku_by_code(&line.sku)? else {
                let detail = format!("no SKU has the code {}", line.sku);
                let field = format!("/lines/{index}/sku");
                return Err(Rejection::new(Code::InvalidInput, detail).at(field).into());
            };
            if sku.stock_policy == StockPolicy::Untracked {
                continue;
            }
            let free = free_cells(world, sku.id, &units, ctx.now)?;
            let short = take(line.quantity, &free, &mut units);
            if short > Quantity::ZERO {
                let available: Quantity = free.iter().map(|(_, cell)| *cell).sum();
                let detail = format!(
                    "{} of {} are available, {} asked for",
                    available, line.sku, line.quantity
                );
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::OutOfStock, detail).at(field).into());
            }
        }
        let reservation = Reservation {
            id: ctx.ids.make(),
            version: 0,
            state: ReservationState::Held,
            expires_at: ctx.now.plus_micros(self.seconds * SECOND),
            units,
        };
        let id = reservation.id;
        Ok(Decided::created(
            vec![Event::ReservationMade { reservation }],
            id,
        ))
    }
}

/// Cells with something left after `taken`, fullest first.
fn free_cells(
    world: &World,
    sku: crate::id::SkuId,
    taken: &[ReservedUnits],
    now: Timestamp,
) -> Result<Vec<(CellKey, Quantity)>, Refusal> {
    let left = |key: CellKey, cell: &Cell| {
        let ours: Quantity = taken
            .iter()
            .filter(|unit| unit.cell == key)
            .map(|unit| unit.quantity)
            .sum();
        cell.available() - ours
    };
    let offered: Vec<_> = (world.cells_of(sku)?.iter())
        .filter(|row| {
            let location = world.reference().location(row.key.location);
            location.is_some_and(|location| location.takes_new_work())
                && !world
                    .reference()
                    .is_blocked(row.key, BlockStage::Allocate, now)
        })
        .collect();
    let mut free = Vec::with_capacity(offered.len());
    for row in offered {
        let left = left(row.key, &row.now) - kept_back(world, row.key, now)?;
        if left > Quantity::ZERO {
            free.push((row.key, left));
        }
    }
    free.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(free)
}

/// Takes `wanted` from one cell where one has it all, else from the fullest on; answers what is
/// missing.
fn take(
    wanted: Quantity,
    free: &[(CellKey, Quantity)],
    units: &mut Vec<ReservedUnits>,
) -> Quantity {
    let mut missing = wanted;
    for (cell, left) in free {
        if missing == Quantity::ZERO {
            break;
        }
        let quantity = missing.min(*left);
        units.push(ReservedUnits {
            cell: *cell,
            quantity,
        });
        missing -= quantity;
    }
    missing
}
