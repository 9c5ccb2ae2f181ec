//! What events give back: cells and days that must be known before they do.
//!
//! Events change cells and counters by differences, whether these are loaded or not. One that was not
//! would look complete from then on to whoever reads it later in the batch: a SKU would lie at one
//! location only, and a day would have room that others use.

use crate::decide::Refusal;
use crate::event::Event;
use crate::fulfillment::FulfillmentOrder;
use crate::id::LocationId;
use crate::time::Date;
use crate::world::{CounterKey, CounterKind, World};

impl CounterKey {
    /// The shipments of a location on a local day.
    #[must_use]
    pub const fn of_day(location: LocationId, day: Date) -> Self {
        Self {
            kind: CounterKind::Capacity,
            id: location.to_u128(),
            day: day.days_since_epoch(),
        }
    }
}

impl World {
    /// Misses of all cells and days that these events give back.
    pub(crate) fn want_freed(&self, events: &[Event]) -> Result<(), Refusal> {
        let wanted = events.iter().map(|event| match event {
            Event::FulfillmentOrderCanceled {
                fulfillment_order, ..
            }
            | Event::FulfillmentOrderRejected {
                fulfillment_order, ..
            }
            | Event::WorkMoved {
                fulfillment_order, ..
            }
            | Event::UnitsShorted {
                fulfillment_order, ..
            } => match self.fulfillment_order(*fulfillment_order)? {
                Some(work) => self.want_bound(work),
                None => Ok(()),
            },
            Event::ReservationReleased { reservation }
            | Event::ReservationExpired { reservation }
            | Event::ReservationConsumed { reservation } => match self.reservation(*reservation)? {
                Some(reservation) => {
                    self.want_cells(reservation.units.iter().map(|units| units.cell.sku))
                }
                None => Ok(()),
            },
            // These bring what they bind, or read the cells that they change.
            _ => Ok(()),
        });
        Refusal::gather(wanted).map(|_| ())
    }

    /// Misses of what `work` binds.
    fn want_bound(&self, work: &FulfillmentOrder) -> Result<(), Refusal> {
        let stocked = work.lines.iter().filter(|line| line.from_stock);
        let cells = self.want_cells(stocked.map(|line| line.sku));
        let day = work
            .work_day
            .map(|day| CounterKey::of_day(work.location, day));
        let day = day.map_or(Ok(()), |day| self.counter(day).map(|_| ()));
        Refusal::gather([cells, day].into_iter()).map(|_| ())
    }
}
