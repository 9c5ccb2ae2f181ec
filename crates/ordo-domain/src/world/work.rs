//! What events about a location's work, and about goods that move, do to cells, lots, lines and days.

use crate::event::{LineUnits, PickedUnits};
use crate::fulfillment::{FulfillmentOrder, FulfillmentState};
use crate::id::{FulfillmentOrderId, OrderId, ShipmentId};
use crate::quantity::Quantity;
use crate::shipment::Units;
use crate::stock::{CellKey, LotKey, Movement};
use crate::time::Timestamp;
use crate::world::{CounterKey, World};

impl World {
    /// Work is given to a location: units are bound to it, and a shipment of its day.
    pub(super) fn open_fulfillment_order(&mut self, opened: &FulfillmentOrder) {
        for line in &opened.lines {
            if line.from_stock {
                self.cells.update(opened.cell(line), true, |cell| {
                    cell.allocated += line.quantity
                });
            }
        }
        if let Some(day) = opened.work_day {
            let key = CounterKey::of_day(opened.location, day);
            let limit = self
                .reference
                .location(opened.location)
                .and_then(|at| at.daily_capacity);
            self.counters.add(key, 1, limit);
        }
        self.orders.update(opened.order, |order| {
            order.fulfillment_orders.push(opened.id);
            for part in &opened.lines {
                if let Some(line) = order.line_mut(part.line) {
                    line.open -= part.quantity;
                    line.allocated += part.quantity;
                }
            }
        });
        self.fulfillment_orders.put(opened.clone());
    }

    /// Goods move.
    pub(super) fn move_stock(&mut self, movements: &[Movement]) {
        for movement in movements {
            self.cells.update(movement.cell, false, |cell| {
                cell.on_hand += movement.on_hand;
                cell.quarantined += movement.quarantined;
                cell.safety += movement.safety;
            });
            if let Some(mark) = &movement.lot {
                let key = LotKey::of(movement.cell, mark);
                self.lots.update(key, mark.expires_on, |lot| {
                    lot.on_hand += movement.on_hand;
                    lot.quarantined += movement.quarantined;
                });
            }
        }
    }

    /// Counts collected units in their lots.
    pub(super) fn pick_lots(&mut self, work: &FulfillmentOrder, picked: &[PickedUnits]) {
        for units in picked {
            let part = work.lines.iter().find(|part| part.line == units.line);
            let Some(cell) = part
                .filter(|part| part.from_stock)
                .map(|part| work.cell(part))
            else {
                continue;
            };
            self.count_picked(cell, &units.units, |picked, units| picked + units);
        }
    }

    /// Takes units off those collected in their lots: they left, or lie on the shelf again.
    pub(super) fn unpick_lots(&mut self, work: &FulfillmentOrder) {
        for line in work.lines.iter().filter(|line| line.from_stock) {
            self.count_picked(work.cell(line), &line.units, |picked, units| picked - units);
        }
    }

    fn count_picked(
        &mut self,
        cell: CellKey,
        units: &[Units],
        change: impl Fn(Quantity, Quantity) -> Quantity,
    ) {
        for units in units {
            if let Some(mark) = units.mark() {
                self.lots.update(LotKey::of(cell, &mark), None, |lot| {
                    lot.picked = change(lot.picked, units.quantity);
                });
            }
        }
    }

    /// Work goes on to another state, and nothing else.
    pub(super) fn set_work(&mut self, id: FulfillmentOrderId, state: FulfillmentState) {
        self.fulfillment_orders
            .update(id, |work| work.state = state);
    }

    /// Ends work before anything left: its units go back to their cells and lines. A location that
    /// refused is not asked again.
    pub(super) fn end_work(
        &mut self,
        order: OrderId,
        id: FulfillmentOrderId,
        state: FulfillmentState,
    ) {
        let mut before: Option<FulfillmentOrder> = None;
        self.fulfillment_orders.update(id, |work| {
            before = Some(work.clone());
            work.state = state;
            work.cancel = None;
        });
        let Some(work) = before else { return };
        self.unpick_lots(&work);
        for line in work.lines.iter().filter(|line| line.from_stock) {
            self.cells.update(work.cell(line), false, |cell| {
                cell.allocated -= line.quantity
            });
        }
        self.give_capacity_back(&work);
        let canceled = work.cancel.is_some_and(|request| !request.cancels_lines);
        self.orders.update(order, |order| {
            for part in &work.lines {
                if let Some(line) = order.line_mut(part.line) {
                    line.allocated -= part.quantity;
                    line.open += part.quantity;
                }
            }
            if state == FulfillmentState::Rejected || canceled {
                order.decline(work.location);
            }
        });
    }

    /// Work that ends before anything left no longer counts for its location's day.
    fn give_capacity_back(&mut self, work: &FulfillmentOrder) {
        if let Some(day) = work.work_day {
            let key = CounterKey::of_day(work.location, day);
            self.counters.add(key, -1, None);
        }
    }

    /// Takes units that were not found off the work and gives them back to the lines.
    pub(super) fn short_work(
        &mut self,
        order: OrderId,
        id: FulfillmentOrderId,
        lines: &[LineUnits],
    ) {
        let mut after: Option<FulfillmentOrder> = None;
        self.fulfillment_orders.update(id, |work| {
            work.short(lines);
            after = Some(work.clone());
        });
        let Some(work) = after else { return };
        // Nothing was found: there is no work left.
        if work.state == FulfillmentState::Canceled {
            self.give_capacity_back(&work);
        }
        for units in lines {
            let part = work.lines.iter().find(|part| part.line == units.line);
            if let Some(part) = part.filter(|part| part.from_stock) {
                self.cells.update(work.cell(part), false, |cell| {
                    cell.allocated -= units.quantity
                });
            }
        }
        self.orders.update(order, |order| {
            for units in lines {
                if let Some(line) = order.line_mut(units.line) {
                    line.allocated -= units.quantity;
                    line.open += units.quantity;
                }
            }
            order.decline(work.location);
        });
    }

    /// What was packed leaves.
    pub(super) fn ship_work(
        &mut self,
        order: OrderId,
        id: FulfillmentOrderId,
        shipment: ShipmentId,
        movements: &[Movement],
        at: Timestamp,
    ) {
        self.move_stock(movements);
        let mut shipped: Option<FulfillmentOrder> = None;
        self.fulfillment_orders.update(id, |work| {
            work.state = FulfillmentState::Shipped;
            for line in &mut work.lines {
                line.shipped = line.packed;
            }
            shipped = Some(work.clone());
        });
        self.shipments
            .update(shipment, |shipment| shipment.shipped_at = Some(at));
        let Some(work) = shipped else { return };
        self.unpick_lots(&work);
        for line in work.lines.iter().filter(|line| line.from_stock) {
            self.cells.update(work.cell(line), false, |cell| {
                cell.allocated -= line.shipped
            });
        }
        self.orders.update(order, |order| {
            order.shipments.push(shipment);
            for part in &work.lines {
                if let Some(line) = order.line_mut(part.line) {
                    line.allocated -= part.shipped;
                    line.shipped += part.shipped;
                }
            }
        });
    }
}
