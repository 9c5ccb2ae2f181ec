//! Prices of what orders share, in the sourcing of one: a plan leaves scarce stock and shipments to
//! those who need them more, and costs what it costs.
//!
//! Invariant: because of prices no unit stays unshipped that would be shipped without them.

use ordo_sourcing::{Decision, Excluded, Instance, Steering, StepBudget};

use crate::id::LocationId;
use crate::sourcing::by_cost::Weighed;
use crate::sourcing::price_book::StockPrice;
use crate::sourcing::question::Question;
use crate::sourcing::solved::Way;

impl Question<'_> {
    /// The prices that count for an instance of this question; `None` where there are none.
    pub(super) fn steering(
        &self,
        instance: &Instance,
        ways: &[Way],
        weighed: &Weighed,
    ) -> Option<Steering> {
        let book = weighed.book?;
        let mut steering = Steering {
            book: book.version,
            ..Steering::default()
        };
        let mut all = vec![0_i64; self.wanted.len()];
        for candidate in &instance.candidates {
            for (all, free) in all.iter_mut().zip(&candidate.available) {
                *all = all.saturating_add((*free).max(0));
            }
        }
        for (at, (candidate, way)) in (0..).zip(instance.candidates.iter().zip(ways)) {
            let location = LocationId::from_u128(candidate.key.0);
            for (line, (want, free)) in (0..).zip(self.wanted.iter().zip(&candidate.available)) {
                let all = all[line as usize];
                let price = book.prices.unit(want.sku.id, location, *free, all);
                let price_uc = price.map_or(0, StockPrice::price_uc);
                if *free > 0 && price_uc > 0 {
                    steering.stock.push((at, line, price_uc, *free));
                }
            }
            let day = way.leave.filter(|_| way.counts).map(|leave| leave.day);
            let shipment_uc = day.map_or(0, |day| book.prices.shipment_uc(location, day));
            if shipment_uc > 0 {
                steering.shipments.push((at, shipment_uc));
            }
        }
        let is_free = steering.stock.is_empty() && steering.shipments.is_empty();
        (!is_free).then_some(steering)
    }
}

/// Decides at these prices; `None` where they cannot be added, or would leave units unshipped.
pub(super) fn decide(
    instance: &Instance,
    excluded: &[Excluded],
    steering: Steering,
    budget: StepBudget,
) -> Option<Decision> {
    let mut priced = instance.clone();
    steering.steer(&mut priced);
    let mut made = Decision::make(priced, excluded.to_vec(), budget).ok()?;
    let unshipped = |made: &Decision| -> i64 {
        let unfilled = made.solution.plan.unfilled.iter();
        unfilled.map(|(_, units)| units).sum()
    };
    if unshipped(&made) > 0 && instance.penalties.unfilled_unit_uc > 0 {
        let plain = Decision::make(instance.clone(), excluded.to_vec(), budget).ok()?;
        if unshipped(&plain) < unshipped(&made) {
            return Some(plain);
        }
    }
    made.steering = Some(steering);
    Some(made)
}
