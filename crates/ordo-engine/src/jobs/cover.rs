//! Cells of which facts left less than was promised: what nobody has picked yet is taken back from
//! the location, the newest work first, and sourced again from elsewhere, or waits.
//!
//! The commit of the fact names the cell; it stays named until enough is there. What is picked already
//! is not taken back: then only a count, a receipt or a person makes the books whole.

use std::collections::HashMap;
use std::sync::Arc;

use ordo_domain::Command;
use ordo_domain::fulfillment::{CoverShortfall, FulfillmentOrder, FulfillmentState};
use ordo_domain::id::{FulfillmentOrderId, OrganizationId};
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::CellKey;
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::world::{Key, Row};
use ordo_store::{StoreError, WorkFilter};

use super::causes::parse;
use super::give;
use crate::engine::Shared;

/// Cells looked at in one round.
const CELLS_MAX: usize = 100;
/// Fulfillment orders read at once.
const PAGE: usize = 500;
/// Until a cell that could not be covered is looked at again.
const AGAIN_AFTER: i64 = 30 * SECOND;
/// States in which work may still give units back.
const OPEN_STATES: [FulfillmentState; 4] = [
    FulfillmentState::Open,
    FulfillmentState::Released,
    FulfillmentState::Accepted,
    FulfillmentState::Picking,
];

/// Which cells are to be left alone until when.
#[derive(Debug, Default)]
pub(super) struct Shortfalls {
    again_at: HashMap<(OrganizationId, CellKey), Timestamp>,
}

impl Shortfalls {
    /// Looks at every cell that is named short and not left alone.
    pub(super) async fn cover(&mut self, shared: &Arc<Shared>) -> Result<(), StoreError> {
        let short = shared.backend.short_cells(CELLS_MAX).await?;
        if short.is_empty() {
            self.again_at.clear();
            return Ok(());
        }
        let now = shared.clock.now();
        self.again_at.retain(|_, at| *at > now);
        for (organization, cell) in short {
            if self.again_at.contains_key(&(organization, cell)) {
                continue;
            }
            take_back(shared, organization, cell).await?;
            if !shared.backend.end_short(organization, cell).await? {
                let at = now.plus_micros(AGAIN_AFTER);
                self.again_at.insert((organization, cell), at);
            }
        }
        Ok(())
    }
}

/// Takes units back until the cell is whole or nothing is left to take.
async fn take_back(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    cell: CellKey,
) -> Result<(), StoreError> {
    // Ids grow with time, so the newest work is at the end.
    for id in work_at(shared, organization, cell).await?.into_iter().rev() {
        if missing(shared, organization, cell).await? <= Quantity::ZERO {
            return Ok(());
        }
        let command = CoverShortfall {
            fulfillment_order: id,
            sku: cell.sku,
        };
        give(shared, organization, Command::CoverShortfall(command)).await?;
    }
    Ok(())
}

/// The work at the cell's location that holds units of its SKU which nobody has picked, oldest first.
async fn work_at(
    shared: &Shared,
    organization: OrganizationId,
    cell: CellKey,
) -> Result<Vec<FulfillmentOrderId>, StoreError> {
    let mut found = Vec::new();
    for state in OPEN_STATES {
        let filter = WorkFilter {
            state: Some(state),
            location: Some(cell.location),
        };
        let mut after = None;
        loop {
            let page = shared
                .backend
                .list_fulfillment_orders(organization, filter, after, PAGE)
                .await?;
            for (_, stored) in &page.items {
                let work: FulfillmentOrder = parse(&stored.body)?;
                let holds = work.lines.iter().any(|line| {
                    line.from_stock && work.cell(line) == cell && line.picked < line.quantity
                });
                if holds {
                    found.push(work.id);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Units that are promised and not there.
async fn missing(
    shared: &Shared,
    organization: OrganizationId,
    cell: CellKey,
) -> Result<Quantity, StoreError> {
    let rows = shared
        .backend
        .load(organization, &[Key::Cells(cell.sku)])
        .await?;
    for row in rows {
        if let Row::Cells { cells, .. } = row {
            let found = cells.iter().find(|(key, _)| *key == cell);
            return Ok(found.map_or(Quantity::ZERO, |(_, cell)| -cell.unpromised()));
        }
    }
    Ok(Quantity::ZERO)
}
