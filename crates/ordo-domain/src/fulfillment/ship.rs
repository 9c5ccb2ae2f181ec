//! The carrier has the parcels: units leave the location's books and the order's allocation.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::fulfillment::step::{ReportedUnits, find, line_of, must_be, must_be_free, stopped};
use crate::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState as State};
use crate::id::{FulfillmentOrderId, LineId};
use crate::network::BlockStage;
use crate::order::{Order, Stage};
use crate::quantity::Quantity;
use crate::rejection::{Code, Rejection};
use crate::shipment::LabelDraft;
use crate::stock::{CellKey, LotMark, Movement, MovementKind};
use crate::world::World;

/// The carrier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipWork {
    /// Which work.
    pub fulfillment_order: FulfillmentOrderId,
    /// What is handed over; empty for all that was packed. A shipment leaves as a whole.
    pub lines: Vec<ReportedUnits>,
    /// A label made elsewhere, for the parcels that have none.
    pub label: Option<LabelDraft>,
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
        self.must_be_everything(work, order)?;
        let mut events = Vec::new();
        let Some(id) = work.shipment else {
            return must_be(work, &[]).map(|()| Decided::unchanged(work.id));
        };
        let shipment = world.shipment(id)?;
        // A label made elsewhere names who carries it instead.
        let carrier = shipment.map(|shipment| {
            let label = self.label.as_ref();
            let carrier = label.and_then(|label| label.carrier.as_ref());
            let service = label.and_then(|label| label.service.as_ref());
            (
                carrier.unwrap_or(&shipment.carrier),
                service.unwrap_or(&shipment.service),
            )
        });
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
                    label: label.fill(shipment, parcel.id)?,
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

    /// Refuses where other units were named than those in the parcels.
    fn must_be_everything(&self, work: &FulfillmentOrder, order: &Order) -> Result<(), Refusal> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let mut left: Vec<(LineId, Quantity)> = (work.lines.iter())
            .map(|line| (line.line, line.packed))
            .collect();
        for (index, reported) in self.lines.iter().enumerate() {
            let place = format!("/lines/{index}");
            let id = line_of(work, order, reported, &place)?.line;
            let entry = left.iter_mut().find(|(line, _)| *line == id);
            let packed = entry.as_ref().map_or(Quantity::ZERO, |(_, packed)| *packed);
            if reported.quantity > packed {
                let detail = format!("{packed} are in parcels");
                return Err(Rejection::new(Code::QuantityExceeded, detail)
                    .at(format!("{place}/quantity"))
                    .into());
            }
            if let Some((_, packed)) = entry {
                *packed -= reported.quantity;
            }
        }
        if left.iter().any(|(_, packed)| *packed > Quantity::ZERO) {
            let message = "a shipment leaves as a whole: name all that is in its parcels";
            return Err(Rejection::field("/lines", message).into());
        }
        Ok(())
    }
}

/// What leaves a cell for a line: one movement per lot, and one for units without.
fn leaving(cell: CellKey, line: &FulfillmentLine) -> Vec<Movement> {
    let movement = |quantity: Quantity, lot: Option<LotMark>| Movement {
        kind: MovementKind::Ship,
        cell,
        on_hand: -quantity,
        quarantined: Quantity::ZERO,
        safety: Quantity::ZERO,
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
