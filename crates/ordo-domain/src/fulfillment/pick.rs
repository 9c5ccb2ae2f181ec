//! Units are collected. Kept on the fulfillment order alone, so that a scan never rewrites the order.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Event, PickedUnits};
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{ReportedUnits, find, line_of, must_be, must_be_free, stopped};
use crate::id::FulfillmentOrderId;
use crate::network::BlockStage;
use crate::order::Stage;
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
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
            let line = line_of(work, reported, index)?;
            let before: Quantity = picked
                .iter()
                .filter(|p| p.line == line.line)
                .map(|p| p.quantity)
                .sum();
            if line.picked + before + reported.quantity > line.quantity {
                let left = line.quantity - line.picked - before;
                let detail = format!("{left} are left to pick");
                let field = format!("/lines/{index}/quantity");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(field)
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
        let event = Event::UnitsPicked {
            fulfillment_order: work.id,
            lines: picked,
        };
        Ok(Decided::changed(vec![event], work.id))
    }
}
