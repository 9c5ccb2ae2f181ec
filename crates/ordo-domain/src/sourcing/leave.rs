//! The local day on which work given to a location now leaves it: its calendar and cut-offs, and the
//! first of those days with room.

use crate::decide::Refusal;
use crate::network::{Location, NeverReady};
use crate::time::{Date, Timestamp, Zone};
use crate::world::{CounterKey, World};

/// Working days after a full one that are asked for room.
const DAYS_AHEAD: u16 = 14;

/// A day on which a shipment can leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leave {
    /// The local day.
    pub day: Date,
    /// Working days before it that were full.
    pub waits: i64,
    /// The local day on which it was asked.
    pub asked: Date,
}

/// Why no shipment can leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stays {
    /// The location never works.
    Closed,
    /// It has no room within the days that are looked at.
    Full,
}

/// When a shipment of `service`, whose work is given to `location` at `now`, leaves.
pub(crate) fn leave(
    world: &World,
    now: Timestamp,
    location: &Location,
    service: Option<&str>,
) -> Result<Result<Leave, Stays>, Refusal> {
    let asked = now.date_in(&zone_of(location));
    let day_after = |waits: u16| match location.ready_at(now, service, waits) {
        Ok(ready) => Some(ready.ship_date),
        Err(NeverReady::UnknownZone | NeverReady::NoWorkingDay) => None,
    };
    let Some(first) = day_after(0) else {
        return Ok(Err(Stays::Closed));
    };
    let at = |day, waits| Leave { day, waits, asked };
    let Some(limit) = location.daily_capacity else {
        return Ok(Ok(at(first, 0)));
    };
    if limit <= 0 {
        return Ok(Err(Stays::Full));
    }
    let used = |day: Date| used(world, location, day);
    if used(first)? < limit {
        return Ok(Ok(at(first, 0)));
    }
    // All at once, so that a full day costs one more round and not one per day.
    let later: Vec<Date> = (1..=DAYS_AHEAD).filter_map(day_after).collect();
    let used = Refusal::gather(later.iter().map(|day| used(*day)))?;
    let room = (later.iter().zip(used).zip(1..)).find(|((_, used), _)| *used < limit);
    Ok(match room {
        Some(((day, _), waits)) => Ok(at(*day, waits)),
        None => Err(Stays::Full),
    })
}

/// Shipments of a local day that a location has been given and that are counted.
pub(crate) fn used(world: &World, location: &Location, day: Date) -> Result<i64, Refusal> {
    world.counter(CounterKey::of_day(location.id, day))
}

/// Misses of all days that may be asked of any location, whatever becomes of the first of them.
pub(crate) fn want_days(world: &World, now: Timestamp) -> Result<(), Refusal> {
    let limited = (world.reference().locations())
        .filter(|location| location.daily_capacity.is_some_and(|limit| limit > 0));
    let days = limited.flat_map(|location| {
        let services = (location.cut_offs.iter()).map(|cut_off| cut_off.service.as_deref());
        let services = services.chain(std::iter::once(None));
        services.flat_map(move |service| {
            (0..=DAYS_AHEAD).filter_map(move |waits| {
                let ready = location.ready_at(now, service, waits).ok()?;
                Some(used(world, location, ready.ship_date).map(|_| ()))
            })
        })
    });
    Refusal::gather(days).map(|_| ())
}

/// The zone of a location's days.
pub(crate) fn zone_of(location: &Location) -> Zone {
    Zone::named(&location.time_zone).unwrap_or_else(Zone::utc)
}
