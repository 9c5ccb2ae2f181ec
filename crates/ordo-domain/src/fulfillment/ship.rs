//! The carrier has the parcels: units leave the location's books and the order's allocation.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::step::{find, must_be, must_be_free, stopped};
use crate::fulfillment::{FulfillmentLine, FulfillmentState as State};
use crate::id::FulfillmentOrderId;
use crate::network::BlockStage;
use crate::order::Stage;
use crate::quantity::Quantity;
use crate::shipment::label::Label;
use crate::stock::{CellKey, LotMark, Movement, MovementKind};
use crate::world::World;

/// The carrier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipWork {
    /// Which work.
    pub fulfillment_order: FulfillmentOrderId,
    /// A label made elsewhere, for the parcels that have none.
    pub label: Option<Label>,
}

impl ShipWork {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let (work, order) = find(world, self.fulfillment_order)?;
        if work.state == State::Shipped {
            return Ok(Decided::unchanged(work.id));
        }
        must_be(work, &[State::Packed])?;
        must_be_free(world, work, order, Stage::Ship, ctx.now)?;
        world.want_cells(work.lines.iter().map(|line| line.sku))?;
        let mut events = Vec::new();
        let Some(id) = work.shipment else {
            return must_be(work, &[]).map(|()| Decided::unchanged(work.id));
        };
        let shipment = world.shipment(id)?;
        // A label made elsewhere names who carries it instead.
        let carrier = match (&self.label, shipment) {
            (Some(label), _) => Some((&label.carrier, &label.service)),
            (None, Some(shipment)) => Some((&shipment.carrier, &shipment.service)),
            (None, None) => None,
        };
        if let Some((carrier, service)) = carrier
            && let Some(block) =
                world
                    .reference()
                    .block_of_carrier(carrier, service, BlockStage::Ship, ctx.now)
        {
            return Err(stopped(block));
        }
        if let (Some(shipment), Some(label)) = (shipment, &self.label) {
            for parcel in shipment
                .parcels
                .iter()
                .filter(|parcel| parcel.tracking_number.is_none())
            {
                events.push(Event::ParcelLabelled {
                    order: order.id,
                    shipment: id,
                    parcel: parcel.id,
                    label: label.clone(),
                });
            }
        }
        let movements: Vec<Movement> = (work.lines.iter())
            .filter(|line| line.from_stock && line.packed > Quantity::ZERO)
            .flat_map(|line| leaving(work.cell(line), line))
            .collect();
        events.push(Event::FulfillmentOrderShipped {
            order: order.id,
            fulfillment_order: work.id,
            shipment: id,
            movements,
        });
        Ok(Decided::changed(events, work.id).settling(order.id))
    }
}

/// What leaves a cell for a line: one movement per lot, and one for units without.
fn leaving(cell: CellKey, line: &FulfillmentLine) -> Vec<Movement> {
    let movement = |quantity: Quantity, lot: Option<LotMark>| Movement {
        kind: MovementKind::Ship,
        cell,
        on_hand: -quantity,
        quarantined: Quantity::ZERO,
        lot,
        reason: None,
    };
    let mut lots: Vec<(LotMark, Quantity)> = Vec::new();
    for units in &line.units {
        let Some(mark) = units.mark() else { continue };
        match lots.iter_mut().find(|(known, _)| *known == mark) {
            Some((_, quantity)) => *quantity += units.quantity,
            None => lots.push((mark, units.quantity)),
        }
    }
    let of_lots: Quantity = lots.iter().map(|(_, quantity)| *quantity).sum();
    let mut movements: Vec<Movement> = (lots.into_iter())
        .map(|(mark, quantity)| movement(quantity, Some(mark)))
        .collect();
    if line.packed > of_lots {
        movements.push(movement(line.packed - of_lots, None));
    }
    movements
}
