//! The auditor of the soak: replays the log and looks after every event, with nothing of the engine
//! but the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::LocationId;
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::CellKey;
use ordo_domain::time::{Date, Zone};
use ordo_domain::{Event, World};

use crate::test_app::TestApp;

/// What it found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Fulfillment orders opened.
    pub opened: u64,
    /// Of them, those that took the place of others.
    pub moved: u64,
    /// Of them, those of orders with a promise.
    pub promised: u64,
    /// Days of locations that were full at some time.
    pub full_days: u64,
    /// Promises of stock that was not there.
    pub oversold: u64,
    /// Work beyond what its location's day holds.
    pub over_capacity: u64,
    /// Shipments planned to arrive after the promised day.
    pub late: u64,
    /// Work at a location that had refused the order before.
    pub back_again: u64,
}

impl Audit {
    pub async fn of(app: &TestApp) -> Self {
        let backend = app.engine.backend();
        let organization = app.engine.found_main().await.unwrap();
        let reference = Arc::new(backend.load_reference(organization).await.unwrap());
        let mut world = World::complete(Arc::clone(&reference));
        let mut audit = Self::default();
        let mut days: BTreeMap<(LocationId, Date), i64> = BTreeMap::new();
        let mut after = 0;
        loop {
            let entries = backend.read_log(organization, after, 1_000).await.unwrap();
            let Some(last) = entries.last() else { break };
            after = last.position;
            for entry in &entries {
                if let Event::FulfillmentOrderOpened { fulfillment_order } = &entry.event {
                    audit.look_before(&world, &reference, fulfillment_order);
                }
                let freed = freed(&world, &entry.event);
                world.evolve(&entry.event, entry.effective_at);
                if let Some(day) = freed {
                    *days.entry(day).or_default() -= 1;
                }
                if let Event::FulfillmentOrderOpened { fulfillment_order } = &entry.event {
                    audit.count_day(&reference, &mut days, fulfillment_order);
                }
                audit.look_at_cells(&world, &entry.event);
            }
        }
        audit
    }

    /// The promise, and whom the order was taken from.
    fn look_before(&mut self, world: &World, reference: &Reference, work: &FulfillmentOrder) {
        self.opened += 1;
        self.moved += u64::from(work.replaces.is_some());
        let order = world
            .order(work.order)
            .unwrap()
            .expect("the order is there");
        self.back_again += u64::from(order.declined.contains(&work.location));
        let Some(day) = promised_day(reference, order, work) else {
            return;
        };
        self.promised += 1;
        let arrives_on = work.carriage.as_ref().map(|carriage| carriage.arrives_on);
        self.late += u64::from(arrives_on.is_none_or(|arrives_on| arrives_on > day));
    }

    fn count_day(
        &mut self,
        reference: &Reference,
        days: &mut BTreeMap<(LocationId, Date), i64>,
        work: &FulfillmentOrder,
    ) {
        let location = reference.location(work.location).expect("a location");
        let Some(limit) = location.daily_capacity else {
            return;
        };
        let Some(day) = work.work_day else {
            self.over_capacity += 1;
            return;
        };
        let used = days.entry((location.id, day)).or_default();
        *used += 1;
        self.full_days += u64::from(*used == limit);
        if *used > limit {
            self.over_capacity += 1;
            eprintln!("{} has {used} of {limit} on {day}: {work:?}", location.code);
        }
    }

    /// No promise leaves a cell with less than nothing.
    fn look_at_cells(&mut self, world: &World, event: &Event) {
        let cells: Vec<CellKey> = match event {
            Event::FulfillmentOrderOpened { fulfillment_order } => {
                let lines = fulfillment_order
                    .lines
                    .iter()
                    .filter(|line| line.from_stock);
                lines.map(|line| fulfillment_order.cell(line)).collect()
            }
            Event::ReservationMade { reservation } => {
                reservation.units.iter().map(|units| units.cell).collect()
            }
            _ => return,
        };
        let short = |cell: &CellKey| world.cell(*cell).unwrap().available() < Quantity::ZERO;
        self.oversold += cells.iter().filter(|cell| short(cell)).count() as u64;
    }
}

/// The day that work no longer counts for once `event` has happened.
fn freed(world: &World, event: &Event) -> Option<(LocationId, Date)> {
    let id = match event {
        Event::FulfillmentOrderCanceled {
            fulfillment_order, ..
        }
        | Event::FulfillmentOrderRejected {
            fulfillment_order, ..
        }
        | Event::WorkMoved {
            fulfillment_order, ..
        } => *fulfillment_order,
        Event::UnitsShorted {
            fulfillment_order,
            lines,
            ..
        } => {
            let work = world.fulfillment_order(*fulfillment_order).unwrap()?;
            let missing: Quantity = lines.iter().map(|units| units.quantity).sum();
            let had: Quantity = work.lines.iter().map(|line| line.quantity).sum();
            if missing < had {
                return None;
            }
            *fulfillment_order
        }
        _ => return None,
    };
    let work = world.fulfillment_order(id).unwrap()?;
    Some((work.location, work.work_day?))
}

/// The day by which everything of the order that still waits is promised, where the location is.
fn promised_day(reference: &Reference, order: &Order, work: &FulfillmentOrder) -> Option<Date> {
    let waiting = order
        .lines
        .iter()
        .filter(|line| line.to_source() > Quantity::ZERO);
    let promised = waiting.filter_map(|line| line.promise_current.or(line.channel_deliver_by));
    let location = reference.location(work.location)?;
    let zone = Zone::named(&location.time_zone).unwrap_or_else(Zone::utc);
    Some(promised.min()?.date_in(&zone))
}
