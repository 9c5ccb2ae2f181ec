//! Times of a page in one time zone: that of most locations, since an organization has none of its own.

use std::collections::BTreeMap;

use ordo_domain::network::LocationState;
use ordo_domain::reference::Reference;
use ordo_domain::time::{Date, Timestamp, Zone};

/// A time zone that a page's times are in.
pub struct LocalTime {
    /// Its IANA name.
    pub name: String,
    zone: Zone,
}

impl LocalTime {
    /// That of most locations that are not closed; of several the first by name; else UTC.
    pub fn of(reference: &Reference) -> Self {
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        for location in reference.locations() {
            if location.state != LocationState::Closed {
                *counted.entry(&location.time_zone).or_default() += 1;
            }
        }
        let most = counted.values().copied().max();
        let first = counted.iter().find(|(_, count)| Some(**count) == most);
        first
            .and_then(|(name, _)| Self::named(name))
            .unwrap_or_else(|| Self {
                name: "UTC".to_owned(),
                zone: Zone::utc(),
            })
    }

    /// The zone of this name, where there is one.
    pub fn named(name: &str) -> Option<Self> {
        let zone = match name {
            "UTC" => Zone::utc(),
            other => Zone::named(other)?,
        };
        Some(Self {
            name: name.to_owned(),
            zone,
        })
    }

    /// The zones that somebody may mean: those of the locations, and UTC.
    pub fn choices(reference: &Reference) -> Vec<String> {
        let mut names: Vec<String> = (reference.locations())
            .map(|location| location.time_zone.clone())
            .collect();
        names.push("UTC".to_owned());
        names.sort();
        names.dedup();
        names
    }

    /// An instant to the minute: `2026-11-27 00:00`.
    pub fn show(&self, at: Timestamp) -> String {
        let (date, minute) = at.local(&self.zone);
        format!("{date} {:02}:{:02}", minute / 60, minute % 60)
    }

    /// What a field for a local time holds: `2026-11-27T00:00`, seconds being dropped.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        let (date, time) = text.split_once('T')?;
        let (hour, rest) = time.split_once(':')?;
        let minute = rest.split(':').next()?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let date: Date = date.parse().ok()?;
        (hour < 24 && minute < 60).then(|| self.zone.instant_at(date, hour * 60 + minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_is_read_as_it_is_shown() {
        let berlin = LocalTime::named("Europe/Berlin").unwrap();
        for (text, utc) in [
            ("2026-11-27T00:00", "2026-11-26T23:00:00Z"),
            ("2026-07-01T09:30:59", "2026-07-01T07:30:00Z"),
        ] {
            let at = berlin.read(text).unwrap();
            assert_eq!(at.to_string(), utc);
            assert_eq!(berlin.show(at), text[..16].replace('T', " "));
        }
        for broken in [
            "",
            "2026-11-27",
            "2026-11-27T24:00",
            "2026-13-01T00:00",
            "T",
        ] {
            assert!(berlin.read(broken).is_none(), "{broken}");
        }
        assert!(LocalTime::named("Mars/Base").is_none());
    }
}
