//! Units are collected. Kept on the fulfillment order alone, so that a scan never rewrites the order.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Event, PickedUnits};
use crate::fulfillment::step::{
    ReportedUnits, find, line_of, must_be, must_be_free, stocked, stopped,
};
use crate::fulfillment::{FulfillmentOrder, FulfillmentState as State};
use crate::id::FulfillmentOrderId;
use crate::network::BlockStage;
use crate::order::Stage;
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::shipment::Units;
use crate::stock::lot::{Taken, first_to_expire, want_lots};
use crate::stock::{CellKey, LotKey};
use crate::time::Timestamp;
use crate::world::World;

/// Units were collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickUnits {
    /// Which work.
    pub fulfillment_order: FulfillmentOrderId,
    /// What was collected; empty for all that is left.
    pub lines: Vec<ReportedUnits>,
}

impl PickUnits {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        if self.lines.is_empty() && work.state == State::Picked {
            return Ok(Decided::unchanged(work.id));
        }
        must_be(work, &[State::Released, State::Accepted, State::Picking])?;
        must_be_free(world, work, order, Stage::Pick, ctx.now)?;
        let mut picked: Vec<PickedUnits> = Vec::new();
        for (index, reported) in self.lines.iter().enumerate() {
            let place = format!("/lines/{index}");
            let line = line_of(work, order, reported, &place)?;
            let before: Quantity = picked
                .iter()
                .filter(|p| p.line == line.line)
                .map(|p| p.quantity)
                .sum();
            if line.picked + before + reported.quantity > line.quantity {
                let left = line.quantity - line.picked - before;
                let detail = format!("{left} are left to pick");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(format!("{place}/quantity"))
                    .into());
            }
            for lot in reported.units.iter().filter_map(|units| units.lot.as_ref()) {
                let reference = world.reference();
                if let Some(block) =
                    reference.block_of_lot(line.sku, lot, BlockStage::Pick, ctx.now)
                {
                    return Err(stopped(block));
                }
            }
            picked.push(PickedUnits {
                line: line.line,
                quantity: reported.quantity,
                units: reported.units.clone(),
            });
        }
        if self.lines.is_empty() {
            picked = (work.lines.iter())
                .filter(|line| line.picked < line.quantity)
                .map(|line| PickedUnits {
                    line: line.line,
                    quantity: line.quantity - line.picked,
                    units: Vec::new(),
                })
                .collect();
        }
        choose_lots(world, work, &mut picked, ctx.now)?;
        let event = Event::UnitsPicked {
            fulfillment_order: work.id,
            lines: picked,
        };
        Ok(Decided::changed(vec![event], work.id))
    }
}

/// Units of a cell that are in no lot.
fn without_lot(world: &World, cell: CellKey) -> Result<Quantity, Refusal> {
    let lots = world.lots_of(cell.sku)?.filter(|(key, _)| key.cell == cell);
    let in_lots: Quantity = lots.map(|(_, lot)| lot.on_hand).sum();
    Ok((world.cell(cell)?.on_hand - in_lots).or_zero())
}

/// Gives units of SKUs with lots their lot: the one that was scanned, else what expires first.
fn choose_lots(
    world: &World,
    work: &FulfillmentOrder,
    picked: &mut [PickedUnits],
    now: Timestamp,
) -> Result<(), Refusal> {
    want_lots(world, stocked(work))?;
    let mut taken = Taken::new();
    for (index, part) in picked.iter_mut().enumerate() {
        let line = work.lines.iter().find(|line| line.line == part.line);
        let Some(line) = line.filter(|line| line.from_stock) else {
            continue;
        };
        let field = format!("/lines/{index}/units");
        let told: Quantity = part.units.iter().map(|units| units.quantity).sum();
        if told > part.quantity {
            return Err(Rejection::field(field, "are more than were collected").into());
        }
        let has_lots = world.sku(line.sku)?.is_some_and(|sku| sku.has_lots());
        let cell = work.cell(line);
        let mut in_lots = Quantity::ZERO;
        for units in &part.units {
            let Some(mark) = units.mark() else { continue };
            if !has_lots {
                let message = "name a lot, but the SKU is not tracked by lot";
                return Err(Rejection::field(field, message).into());
            }
            let key = LotKey::of(cell, &mark);
            let there = world.lots_of(line.sku)?.find(|(known, _)| **known == key);
            let free = there.map_or(Quantity::ZERO, |(_, lot)| lot.free());
            let before = taken.entry(key).or_default();
            if units.quantity > free - *before {
                let left = (free - *before).or_zero();
                let detail = format!("{left} of lot {} are there to be collected", mark.name);
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
                    .into());
            }
            *before += units.quantity;
            in_lots += units.quantity;
        }
        if has_lots {
            let left = part.quantity - in_lots;
            let chosen = first_to_expire(world, cell, left, &mut taken, now)?;
            let found: Quantity = chosen.iter().map(|(_, quantity)| *quantity).sum();
            // What no lot has came in before the SKU had lots, or is not there: then somebody has to
            // count, or the lots would hold more than the cell from here on.
            if left - found > without_lot(world, cell)? {
                let detail = format!("{} are there to be collected", in_lots + found);
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(format!("/lines/{index}/quantity"))
                    .into());
            }
            let chosen = chosen.into_iter();
            part.units
                .extend(chosen.map(|(mark, quantity)| Units::of_lot(mark, quantity)));
        }
    }
    Ok(())
}
