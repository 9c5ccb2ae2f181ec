//! How a location keeps its word: what became of the work that was offered to it, as a probability
//! that it declines the next.
//!
//! Work is counted by the commit that ends it, per location and UTC day, so that nothing is ever
//! scanned. A few outcomes say little: a location begins with what its record says of it, and each
//! outcome moves it.

use crate::decide::Refusal;
use crate::id::LocationId;
use crate::network::Location;
use crate::time::{Date, Timestamp, Zone};
use crate::world::{CounterKey, CounterKind, World};

/// Days that count, today among them.
pub const PERFORMANCE_DAYS: i32 = 14;
/// What the record of a location says counts as much as so many outcomes.
const PRIOR_WEIGHT: i64 = 20;
/// All of them, in millionths.
const ALL_PPM: i64 = 1_000_000;

/// What became of offered work, in fulfillment orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Accepted by the location.
    pub accepted: i64,
    /// Refused.
    pub rejected: i64,
    /// Reports of units that were not there.
    pub shorted: i64,
    /// Shipped.
    pub shipped: i64,
}

impl Outcomes {
    /// The counters of a location on a UTC day.
    #[must_use]
    pub fn keys(location: LocationId, day: Date) -> [CounterKey; 4] {
        [
            CounterKind::Accepted,
            CounterKind::Rejected,
            CounterKind::Shorted,
            CounterKind::Shipped,
        ]
        .map(|kind| CounterKey {
            kind,
            id: location.to_u128(),
            day: day.days_since_epoch(),
        })
    }

    /// The outcomes that the values of [`Outcomes::keys`] say.
    #[must_use]
    pub fn of([accepted, rejected, shorted, shipped]: [i64; 4]) -> Self {
        Self {
            accepted,
            rejected,
            shorted,
            shipped,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            rejected: self.rejected + other.rejected,
            shorted: self.shorted + other.shorted,
            shipped: self.shipped + other.shipped,
        }
    }

    /// Of a million works offered, how many are expected to come back, where `assumed_ppm` was
    /// assumed before anything was known.
    #[must_use]
    pub fn decline_ppm(self, assumed_ppm: i64) -> i64 {
        let declined = self.rejected + self.shorted;
        let all = declined + self.shipped + PRIOR_WEIGHT;
        let expected = i128::from(declined) * i128::from(ALL_PPM)
            + i128::from(assumed_ppm) * i128::from(PRIOR_WEIGHT);
        let ppm = expected / i128::from(all.max(1));
        i64::try_from(ppm).unwrap_or(ALL_PPM).clamp(0, ALL_PPM)
    }
}

/// The UTC days that count at `now`, the newest first.
pub fn performance_days(now: Timestamp) -> impl Iterator<Item = Date> {
    let today = now.date_in(&Zone::utc());
    (0..PERFORMANCE_DAYS).map(move |ago| today.plus_days(-ago))
}

/// Of a million works offered to each location, how many are expected to come back: those of which
/// that is known, in the order of their ids.
///
/// # Errors
/// A miss.
pub(super) fn declines(world: &World, now: Timestamp) -> Result<Vec<(LocationId, i64)>, Refusal> {
    let rows = world.reference().locations().map(|location| {
        let days = performance_days(now).map(|day| {
            let values = Outcomes::keys(location.id, day).map(|key| world.counter(key));
            let values = Refusal::gather(values.into_iter())?;
            let of = |at: usize| values.get(at).copied().unwrap_or(0);
            Ok(Outcomes::of([of(0), of(1), of(2), of(3)]))
        });
        let outcomes =
            (Refusal::gather(days)?.into_iter()).fold(Outcomes::default(), Outcomes::and);
        Ok((location.id, outcomes.decline_ppm(assumed(location))))
    });
    let mut rows = Refusal::gather(rows)?;
    rows.retain(|(_, ppm)| *ppm > 0);
    Ok(rows)
}

/// What the record of a location says.
pub(super) fn assumed(location: &Location) -> i64 {
    location.decline_ppm.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_move_what_is_assumed() {
        let outcomes = |rejected, shorted, shipped| Outcomes {
            accepted: 0,
            rejected,
            shorted,
            shipped,
        };
        for (seen, assumed_ppm, ppm) in [
            (outcomes(0, 0, 0), 0, 0),
            (outcomes(0, 0, 0), 80_000, 80_000),
            (outcomes(1, 0, 0), 0, 47_619),
            (outcomes(3, 1, 16), 0, 100_000),
            (outcomes(0, 0, 80), 80_000, 16_000),
            (outcomes(980, 0, 0), 0, 980_000),
            (outcomes(0, 0, 0), i64::MAX, 1_000_000),
        ] {
            assert_eq!(seen.decline_ppm(assumed_ppm), ppm, "{seen:?}");
        }
    }
}
