//! The orders whose plan another setup changes: how many, and the ones that matter most.

use std::sync::Arc;

use crate::what_if::{Outcome, PastOrder};

/// By how much an order is better off: units more that ship, micro-cents saved, meters saved.
type Gain = (i64, i64, i64);

/// An order whose plan changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// The order.
    pub past: PastOrder,
    /// What becomes of it under the baseline.
    pub before: Arc<Outcome>,
    /// What becomes of it under the variant.
    pub after: Arc<Outcome>,
    gain: Gain,
}

/// Orders whose plan changed. Only a bounded number is kept.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    most: usize,
    /// How many there are.
    pub orders: i64,
    /// Those that gain most, the largest gain first.
    pub savings: Vec<Change>,
    /// Those that lose most, the largest loss first.
    pub losses: Vec<Change>,
}

impl Change {
    /// Micro-cents that the order costs less than before; negative where it costs more.
    #[must_use]
    pub fn saved_uc(&self) -> i64 {
        self.gain.1
    }
}

impl Changes {
    /// None yet; `most` are kept of either kind.
    #[must_use]
    pub fn keeping(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Sets the two outcomes of an order side by side.
    pub fn add(&mut self, past: &PastOrder, before: &Arc<Outcome>, after: &Arc<Outcome>) {
        if before.is_same_plan(after) {
            return;
        }
        self.orders += 1;
        let meters = |outcome: &Outcome| -> i64 {
            let shipments = outcome.shipments.iter();
            shipments.map(|shipment| shipment.distance_m).sum()
        };
        let gain = (
            before.unfilled - after.unfilled,
            before.costs.total_uc() - after.costs.total_uc(),
            meters(before) - meters(after),
        );
        let (list, rank): (&mut Vec<Change>, Gain) = match gain >= (0, 0, 0) {
            true => (&mut self.savings, gain),
            false => (&mut self.losses, (-gain.0, -gain.1, -gain.2)),
        };
        let rank_of = |change: &Change| -> Gain {
            let (units, money, meters) = change.gain;
            match change.gain >= (0, 0, 0) {
                true => (units, money, meters),
                false => (-units, -money, -meters),
            }
        };
        // Of equal ones the order that was placed first stays.
        let place = list.partition_point(|kept| rank_of(kept) >= rank);
        if place < self.most {
            list.truncate(self.most - 1);
            let change = Change {
                past: past.clone(),
                before: Arc::clone(before),
                after: Arc::clone(after),
                gain,
            };
            list.insert(place, change);
        }
    }
}
