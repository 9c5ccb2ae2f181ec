//! Less was found than allocated: the missing units leave the books of the location, and the order's
//! units are sourced again in the same commit, never from there.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event, LineUnits};
use crate::fulfillment::FulfillmentLine;
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::{ReportedUnits, find, line_of, must_be, stocked};
use crate::id::FulfillmentOrderId;
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::stock::lot::{Taken, first_to_expire, want_lots};
use crate::stock::{Movement, MovementKind};
use crate::world::World;

/// Units were not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortUnits {
    /// Which work.
    pub fulfillment_order: FulfillmentOrderId,
    /// What was not found; empty for all that was not picked.
    pub lines: Vec<ReportedUnits>,
    /// Why, and whose doing.
    pub cause: Cause,
}

impl ShortUnits {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        must_be(work, &[State::Released, State::Accepted, State::Picking])?;
        world.want_cells(work.lines.iter().map(|line| line.sku))?;
        want_lots(world, stocked(work))?;
        let mut short: Vec<LineUnits> = Vec::new();
        let mut movements = Vec::new();
        let mut taken = Taken::new();
        let unpicked: Vec<ReportedUnits>;
        let reports = if self.lines.is_empty() {
            unpicked = work.lines.iter().filter_map(not_picked).collect();
            &unpicked
        } else {
            &self.lines
        };
        for (index, reported) in reports.iter().enumerate() {
            let place = format!("/lines/{index}");
            let line = line_of(work, order, reported, &place)?;
            let repeated = short.iter().any(|units| units.line == line.line);
            if repeated || line.picked + reported.quantity > line.quantity {
                let left = line.quantity - line.picked;
                let detail = format!("{left} are not picked yet");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(format!("{place}/quantity"))
                    .into());
            }
            short.push(LineUnits {
                line: line.line,
                quantity: reported.quantity,
            });
            if line.from_stock {
                let cell = work.cell(line);
                let missing = |quantity: Quantity, lot| Movement {
                    kind: MovementKind::Adjust,
                    cell,
                    on_hand: -quantity,
                    quarantined: Quantity::ZERO,
                    safety: Quantity::ZERO,
                    lot,
                    reason: Some("short pick".to_owned()),
                };
                let mut left = reported.quantity;
                // What would have been collected next is what is not there.
                if world.sku(line.sku)?.is_some_and(|sku| sku.has_lots()) {
                    for (mark, quantity) in first_to_expire(world, cell, left, &mut taken, ctx.now)?
                    {
                        left -= quantity;
                        movements.push(missing(quantity, Some(mark)));
                    }
                }
                if left > Quantity::ZERO {
                    movements.push(missing(left, None));
                }
            }
        }
        let mut events = vec![Event::UnitsShorted {
            order: order.id,
            fulfillment_order: work.id,
            lines: short,
            cause: self.cause.clone(),
        }];
        if !movements.is_empty() {
            events.push(Event::StockMoved { movements });
        }
        Ok(Decided::changed(events, work.id).settling(order.id))
    }
}

/// What of `line` is still to be collected.
fn not_picked(line: &FulfillmentLine) -> Option<ReportedUnits> {
    let quantity = line.quantity - line.picked;
    (quantity > Quantity::ZERO).then(|| ReportedUnits {
        line: line.line.into(),
        quantity,
        units: Vec::new(),
    })
}
