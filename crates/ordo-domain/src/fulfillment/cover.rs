//! Less is there than was promised: units that nobody has picked yet are taken back from a location
//! and sourced again in the same commit, never from there.
//!
//! Nobody asks for this by hand; a job does, for cells that facts have left short. The books of the
//! location stay as they are, unlike with a short pick: the fact has already changed them.

use crate::decide::{Context, Decided, Refusal};
use crate::event::{Cause, Event, Fault, LineUnits};
use crate::fulfillment::FulfillmentState as State;
use crate::fulfillment::step::find;
use crate::id::{FulfillmentOrderId, SkuId};
use crate::quantity::Quantity;
use crate::world::World;

/// Takes back what a location no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverShortfall {
    /// The work that units are taken back from.
    pub fulfillment_order: FulfillmentOrderId,
    /// Of which SKU; as many units as its cell is short of, if so many are not picked yet.
    pub sku: SkuId,
}

impl CoverShortfall {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        let may_be_taken = match work.state {
            State::Planned | State::Open | State::Released | State::Accepted | State::Picking => {
                true
            }
            State::Rejected
            | State::Picked
            | State::Packed
            | State::Shipped
            | State::CancelRequested
            | State::Canceled
            | State::Superseded
            | State::Closed => false,
        };
        if !may_be_taken {
            return Ok(Decided::unchanged(work.id));
        }
        world.want_cells(work.lines.iter().map(|line| line.sku))?;
        let mut lines = Vec::new();
        let mut taken = Quantity::ZERO;
        for line in &work.lines {
            if line.sku != self.sku || !line.from_stock {
                continue;
            }
            let short = (-world.cell(work.cell(line))?.unpromised()).or_zero() - taken;
            let units = (line.quantity - line.picked).min(short);
            if units > Quantity::ZERO {
                taken += units;
                lines.push(LineUnits {
                    line: line.line,
                    quantity: units,
                });
            }
        }
        if lines.is_empty() {
            return Ok(Decided::unchanged(work.id));
        }
        let shorted = Event::UnitsShorted {
            order: order.id,
            fulfillment_order: work.id,
            lines,
            cause: Cause {
                reason_code: "stock_shortfall".to_owned(),
                fault: Fault::Seller,
                initiator: Some("system".to_owned()),
            },
        };
        Ok(Decided::changed(vec![shorted], work.id).settling(order.id))
    }
}
