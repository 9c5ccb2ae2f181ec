//! When a location has work ready: from its time zone, working hours, days off, cut-offs and
//! backlog.
//!
//! Work that comes in before the cut-off of a working day starts on that day, else on the next, and
//! leaves the building on the day on which it is done. Public holidays are days off like any other.
//!
//! Invariant: work that comes later is never ready earlier, also over a change of the clock.

use crate::network::{CutOff, Location};
use crate::time::{Date, Timestamp, Zone};

/// When work is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The end of working hours on that day: by then the parcel has been handed over.
    pub at: Timestamp,
    /// The local day on which it leaves.
    pub ship_date: Date,
}

/// Why work is never ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverReady {
    /// The location's time zone is not in the database of time zones.
    UnknownZone,
    /// It has no working day within two years.
    NoWorkingDay,
}

/// So many days ahead are looked at.
const DAYS_MAX: i32 = 731;

/// Minutes of a local day, as its clock shows them.
const DAY_MINUTES: u16 = 24 * 60;

impl Location {
    /// When work that comes in at `now` is ready for a carrier's `service`. Before it, work for
    /// `backlog_days` further working days lies there already.
    ///
    /// A cut-off is the last moment that counts; without one, work starts until closing. A cut-off
    /// of the service goes before those for all; of several the earliest counts. A local time that
    /// the clock shows twice is the first of the two, one that it leaves out is as much later as was
    /// left out.
    ///
    /// # Errors
    /// The time zone is unknown, or the location never works.
    pub fn ready_at(
        &self,
        now: Timestamp,
        service: Option<&str>,
        backlog_days: u16,
    ) -> Result<Ready, NeverReady> {
        let zone = Zone::named(&self.time_zone).ok_or(NeverReady::UnknownZone)?;
        let cut_off = self.cut_off(service);
        let today = now.date_in(&zone);
        let mut working = (0..DAYS_MAX)
            .map(|ahead| today.plus_days(ahead))
            .filter_map(|date| Some((date, self.closing_minute(date)?)))
            // Only of today the cut-off can have passed.
            .skip_while(|(date, closes)| {
                *date == today && is_too_late(now, &zone, today, cut_off, *closes)
            });
        let (ship_date, closes) =
            (working.nth(usize::from(backlog_days))).ok_or(NeverReady::NoWorkingDay)?;
        Ok(Ready {
            at: zone.instant_at(ship_date, closes),
            ship_date,
        })
    }

    /// The minute at which it closes on a local day; `None` on a day off.
    fn closing_minute(&self, date: Date) -> Option<u16> {
        let is_off = |from: Date, until: Date| (from..=until).contains(&date);
        if (self.closures.iter()).any(|closure| is_off(closure.from, closure.until)) {
            return None;
        }
        match &self.hours {
            None => Some(DAY_MINUTES),
            Some(week) => week.0[date.weekday()].map(|(_, closes)| closes),
        }
    }

    fn cut_off(&self, service: Option<&str>) -> Option<u16> {
        let earliest = |is_meant: &dyn Fn(&CutOff) -> bool| {
            let meant = self.cut_offs.iter().filter(|cut_off| is_meant(cut_off));
            meant.map(|cut_off| cut_off.minute).min()
        };
        service
            .and_then(|service| earliest(&|cut_off| cut_off.service.as_deref() == Some(service)))
            .or_else(|| earliest(&|cut_off| cut_off.service.is_none()))
    }
}

/// Whether work that comes in at `now`, on the local day `today`, no longer starts on it.
fn is_too_late(
    now: Timestamp,
    zone: &Zone,
    today: Date,
    cut_off: Option<u16>,
    closes: u16,
) -> bool {
    match cut_off {
        Some(minute) => now > zone.instant_at(today, minute.min(closes)),
        None => now >= zone.instant_at(today, closes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::LocationId;
    use crate::network::{Closure, LocationKind, LocationState, Place, WeekHours};

    /// `Europe/Berlin mon-fri 08:00-18:00 cut 14:00 cut express 16:00 off 2026-12-24..2026-12-26`;
    /// without days it works around the clock, with `never` on no day.
    fn location(words: &str) -> Location {
        let mut words = words.split_whitespace();
        let mut location = Location {
            id: LocationId::default(),
            version: 1,
            code: "A".into(),
            kind: LocationKind::Warehouse,
            state: LocationState::Live,
            name: None,
            place: Place::default(),
            city: None,
            time_zone: words.next().unwrap().into(),
            capabilities: Vec::new(),
            hours: None,
            closures: Vec::new(),
            cut_offs: Vec::new(),
            daily_capacity: None,
            handling: None,
            decline_ppm: None,
            priority: 0,
            tags: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word {
                "never" => location.hours = Some(WeekHours([None; 7])),
                "mon-fri" => {
                    let (opens, closes) = words.next().unwrap().split_once('-').unwrap();
                    let day = Some((minute(opens), minute(closes)));
                    location.hours = Some(WeekHours([day, day, day, day, day, None, None]));
                }
                "cut" => {
                    let next = words.next().unwrap();
                    let (service, at) = match next.contains(':') {
                        true => (None, next),
                        false => (Some(next.to_owned()), words.next().unwrap()),
                    };
                    location.cut_offs.push(CutOff {
                        service,
                        minute: minute(at),
                    });
                }
                "off" => {
                    let (from, until) = words.next().unwrap().split_once("..").unwrap();
                    location.closures.push(Closure {
                        from: from.parse().unwrap(),
                        until: until.parse().unwrap(),
                        reason: "off".into(),
                    });
                }
                other => panic!("{other}"),
            }
        }
        location
    }

    fn minute(text: &str) -> u16 {
        let (hours, minutes) = text.split_once(':').unwrap();
        hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()
    }

    /// Each line: when work comes in, what for (a service, `+n` days of backlog), the day on which
    /// it leaves and the end of that day's work, or why not.
    fn check(words: &str, cases: &str) {
        let location = location(words);
        for case in cases.lines().map(str::trim).filter(|case| !case.is_empty()) {
            let (asked, expected) = case.split_once("->").unwrap();
            let mut asked = asked.split_whitespace();
            let now = asked.next().unwrap().parse().unwrap();
            let (mut service, mut backlog) = (None, 0);
            for word in asked {
                match word.strip_prefix('+') {
                    Some(days) => backlog = days.parse().unwrap(),
                    None => service = Some(word),
                }
            }
            let found = match location.ready_at(now, service, backlog) {
                Ok(ready) => format!("{} {}", ready.ship_date, ready.at),
                Err(never) => format!("{never:?}"),
            };
            assert_eq!(found, expected.trim(), "{words}: {case}");
        }
    }

    #[test]
    fn until_the_cut_off_work_leaves_on_the_same_day() {
        check(
            "Europe/Berlin mon-fri 08:00-18:00 cut 14:00",
            "2026-11-02T03:00:00Z -> 2026-11-02 2026-11-02T17:00:00Z
             2026-11-02T12:59:59Z -> 2026-11-02 2026-11-02T17:00:00Z
             2026-11-02T13:00:00Z -> 2026-11-02 2026-11-02T17:00:00Z
             2026-11-02T13:00:00.000001Z -> 2026-11-03 2026-11-03T17:00:00Z
             2026-11-02T22:59:59Z -> 2026-11-03 2026-11-03T17:00:00Z
             2026-11-06T13:30:00Z -> 2026-11-09 2026-11-09T17:00:00Z
             2026-11-07T08:00:00Z -> 2026-11-09 2026-11-09T17:00:00Z",
        );
    }

    #[test]
    fn without_a_cut_off_work_starts_until_closing() {
        check(
            "Europe/Berlin mon-fri 08:00-18:00",
            "2026-11-02T16:59:59.999999Z -> 2026-11-02 2026-11-02T17:00:00Z
             2026-11-02T17:00:00Z -> 2026-11-03 2026-11-03T17:00:00Z",
        );
        check(
            "UTC mon-fri 08:00-18:00 cut 23:00",
            "2026-11-02T18:00:00Z -> 2026-11-02 2026-11-02T18:00:00Z
             2026-11-02T18:00:01Z -> 2026-11-03 2026-11-03T18:00:00Z",
        );
        check(
            "Asia/Tokyo",
            "2026-11-02T14:59:59Z -> 2026-11-02 2026-11-02T15:00:00Z
             2026-11-02T15:00:00Z -> 2026-11-03 2026-11-03T15:00:00Z",
        );
    }

    #[test]
    fn a_service_has_its_own_cut_off_and_of_several_the_earliest_counts() {
        check(
            "Europe/Berlin mon-fri 08:00-18:00 cut 14:00 cut express 17:00 cut express 16:00",
            "2026-11-02T14:30:00Z -> 2026-11-03 2026-11-03T17:00:00Z
             2026-11-02T14:30:00Z express -> 2026-11-02 2026-11-02T17:00:00Z
             2026-11-02T15:30:00Z express -> 2026-11-03 2026-11-03T17:00:00Z
             2026-11-02T14:30:00Z standard -> 2026-11-03 2026-11-03T17:00:00Z",
        );
        check(
            "UTC cut express 10:00",
            "2026-11-02T11:00:00Z -> 2026-11-02 2026-11-03T00:00:00Z
             2026-11-02T11:00:00Z express -> 2026-11-03 2026-11-04T00:00:00Z",
        );
    }

    #[test]
    fn days_off_and_weekends_are_skipped() {
        check(
            "Europe/Berlin mon-fri 08:00-18:00 cut 14:00 off 2026-12-24..2026-12-26",
            "2026-12-23T13:00:00Z -> 2026-12-23 2026-12-23T17:00:00Z
             2026-12-23T14:30:00Z -> 2026-12-28 2026-12-28T17:00:00Z
             2026-12-25T09:00:00Z -> 2026-12-28 2026-12-28T17:00:00Z",
        );
        // A whole week.
        check(
            "Europe/Berlin mon-fri 08:00-18:00 off 2026-11-09..2026-11-13 off 2026-11-12..2026-11-16",
            "2026-11-06T20:00:00Z -> 2026-11-17 2026-11-17T17:00:00Z",
        );
    }

    #[test]
    fn backlog_is_counted_in_working_days() {
        check(
            "Europe/Berlin mon-fri 08:00-18:00 cut 14:00 off 2026-11-10..2026-11-10",
            "2026-11-05T09:00:00Z +0 -> 2026-11-05 2026-11-05T17:00:00Z
             2026-11-05T09:00:00Z +1 -> 2026-11-06 2026-11-06T17:00:00Z
             2026-11-05T09:00:00Z +2 -> 2026-11-09 2026-11-09T17:00:00Z
             2026-11-05T15:00:00Z +2 -> 2026-11-11 2026-11-11T17:00:00Z",
        );
    }

    #[test]
    fn the_day_and_the_cut_off_are_the_locations_own() {
        // Sunday evening there, Monday in UTC.
        check(
            "America/New_York mon-fri 09:00-17:00 cut 12:00",
            "2026-11-02T02:00:00Z -> 2026-11-02 2026-11-02T22:00:00Z
             2026-11-02T17:00:00Z -> 2026-11-02 2026-11-02T22:00:00Z
             2026-11-02T17:00:01Z -> 2026-11-03 2026-11-03T22:00:00Z",
        );
        // The same local cut-off before and after the clocks change.
        check(
            "Europe/Berlin mon-fri 08:00-18:00 cut 14:00",
            "2026-03-27T12:30:00Z -> 2026-03-27 2026-03-27T17:00:00Z
             2026-03-30T12:30:00Z -> 2026-03-31 2026-03-31T16:00:00Z",
        );
    }

    #[test]
    fn on_days_of_23_and_25_hours_the_cut_off_is_one_instant() {
        // 02:30 is left out: it counts as 03:30 of summer time.
        check(
            "Europe/Berlin cut 02:30",
            "2026-03-29T01:30:00Z -> 2026-03-29 2026-03-29T22:00:00Z
             2026-03-29T01:30:01Z -> 2026-03-30 2026-03-30T22:00:00Z",
        );
        // 02:30 comes twice: the first counts, also while the clock shows 02:15 again.
        check(
            "Europe/Berlin cut 02:30",
            "2026-10-25T00:30:00Z -> 2026-10-25 2026-10-25T23:00:00Z
             2026-10-25T00:45:00Z -> 2026-10-26 2026-10-26T23:00:00Z
             2026-10-25T01:15:00Z -> 2026-10-26 2026-10-26T23:00:00Z",
        );
    }

    #[test]
    fn what_never_works_says_so() {
        let now = "2026-11-02T12:00:00Z ->";
        check("Mars/Olympus", &format!("{now} UnknownZone"));
        check("UTC never", &format!("{now} NoWorkingDay"));
        check(
            "UTC off 2020-01-01..2099-12-31",
            &format!("{now} NoWorkingDay"),
        );
        check(
            "UTC mon-fri 08:00-18:00",
            "2026-11-02T12:00:00Z +65535 -> NoWorkingDay",
        );
    }

    proptest! {
        #[test]
        fn later_work_is_never_ready_earlier(
            zone in prop::sample::select(&["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"][..]),
            cut in 0_u16..1_440,
            first in 0_i64..40_000_000_000,
            wait in 0_i64..200_000_000,
        ) {
            let location = location(&format!("{zone} mon-fri 00:00-24:00 cut {}:{}", cut / 60, cut % 60));
            // Steps of 50 ms from 1970 on: changes of the clock of all kinds.
            let at = |steps: i64| Timestamp::from_micros(steps * 50_000);
            let early = location.ready_at(at(first), None, 0).unwrap();
            let late = location.ready_at(at(first + wait), None, 0).unwrap();
            prop_assert!(early.at <= late.at && early.ship_date <= late.ship_date);
            prop_assert!(early.at >= at(first));
        }
    }
}
