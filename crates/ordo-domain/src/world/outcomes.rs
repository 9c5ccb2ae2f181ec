//! Counts what becomes of work that was offered to a location, per UTC day.

use crate::id::FulfillmentOrderId;
use crate::time::{Timestamp, Zone};
use crate::world::{CounterKey, CounterKind, World};

impl World {
    /// Counts an outcome of a fulfillment order for its location.
    pub(super) fn count_outcome(
        &mut self,
        kind: CounterKind,
        work: FulfillmentOrderId,
        at: Timestamp,
    ) {
        let Ok(Some(work)) = self.fulfillment_orders.get(work) else {
            return;
        };
        let key = CounterKey {
            kind,
            id: work.location.to_u128(),
            // Not the location's own day: its time zone may change, and the past may not.
            day: at.date_in(&Zone::utc()).days_since_epoch(),
        };
        self.counters.add(key, 1, None);
    }
}
