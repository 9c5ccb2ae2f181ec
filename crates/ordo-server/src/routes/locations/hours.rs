//! When a location works, as it is written: weekdays with times, days off, cut-offs.

use ordo_domain::check::Check;
use ordo_domain::network::{Closure, CutOff, WeekHours};
use ordo_domain::time::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More entries than any calendar needs.
const ENTRIES_MAX: usize = 366;
const DAY_MINUTES: u16 = 24 * 60;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// The first day.
    Monday,
    /// The second day.
    Tuesday,
    /// The third day.
    Wednesday,
    /// The fourth day.
    Thursday,
    /// The fifth day.
    Friday,
    /// The sixth day.
    Saturday,
    /// The seventh day.
    Sunday,
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Working hours of one weekday; a weekday without is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayHours {
    /// Which day.
    pub weekday: Weekday,
    /// Local time, `HH:MM`.
    #[schema(example = "08:00")]
    pub opens: String,
    /// Local time, `HH:MM`, up to `24:00`.
    #[schema(example = "18:00")]
    pub closes: String,
}

/// Days on which a location does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedDays {
    /// First local day.
    #[schema(example = "2026-12-24")]
    pub from: String,
    /// Last local day.
    #[schema(example = "2026-12-26")]
    pub until: String,
    /// Why, for people.
    #[schema(max_length = 255)]
    pub reason: String,
}

/// The last moment of a local day at which new work still starts that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CutOffTime {
    /// The carrier service it is for; for all where absent.
    #[schema(max_length = 64)]
    pub service: Option<String>,
    /// Local time, `HH:MM`.
    #[schema(example = "14:00")]
    pub at: String,
}

/// Minutes after local midnight, and whether the text was one.
fn minute(check: &mut Check, field: &str, text: &str) -> u16 {
    let read = || {
        let (hours, minutes) = text.split_once(':')?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(hours) || !digits(minutes) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let all = hours * 60 + minutes;
        (minutes < 60 && all <= DAY_MINUTES).then_some(all)
    };
    read().unwrap_or_else(|| {
        check.refuse(field, "must be a time such as 08:30");
        0
    })
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The hours of a week as they are kept.
pub fn read_hours(check: &mut Check, days: &[DayHours]) -> WeekHours {
    let mut week = [None; 7];
    for (index, day) in days.iter().enumerate().take(ENTRIES_MAX) {
        let opens = minute(check, &format!("/hours/{index}/opens"), &day.opens);
        let closes = minute(check, &format!("/hours/{index}/closes"), &day.closes);
        if closes <= opens {
            check.refuse(format!("/hours/{index}/closes"), "must be after it opens");
        }
        let slot = &mut week[day.weekday as usize];
        if slot.replace((opens, closes)).is_some() {
            check.refuse(format!("/hours/{index}/weekday"), "stands here twice");
        }
    }
    WeekHours(week)
}

/// The hours of a week as they are shown.
pub fn show_hours(hours: &WeekHours) -> Vec<DayHours> {
    (WEEK.into_iter().zip(hours.0))
        .filter_map(|(weekday, hours)| {
            let (opens, closes) = hours?;
            Some(DayHours {
                weekday,
                opens: clock(opens),
                closes: clock(closes),
            })
        })
        .collect()
}

/// Days off as they are kept.
pub fn read_closures(check: &mut Check, closures: &[ClosedDays]) -> Vec<Closure> {
    if closures.len() > ENTRIES_MAX {
        check.refuse("/closures", format!("holds more than {ENTRIES_MAX}"));
    }
    let mut kept = Vec::with_capacity(closures.len().min(ENTRIES_MAX));
    for (index, closure) in closures.iter().enumerate().take(ENTRIES_MAX) {
        let mut date = |name: &str, text: &str| {
            text.parse::<Date>().unwrap_or_else(|_| {
                let field = format!("/closures/{index}/{name}");
                check.refuse(field, "must be a date such as 2026-12-24");
                Date::from_days(0)
            })
        };
        let (from, until) = (date("from", &closure.from), date("until", &closure.until));
        if until < from {
            let field = format!("/closures/{index}/until");
            check.refuse(field, "must not be before the first day");
        }
        let field = format!("/closures/{index}/reason");
        kept.push(Closure {
            from,
            until,
            reason: check.text(&field, &closure.reason, 255),
        });
    }
    kept
}

/// Days off as they are shown.
pub fn show_closures(closures: &[Closure]) -> Vec<ClosedDays> {
    (closures.iter())
        .map(|closure| ClosedDays {
            from: closure.from.to_string(),
            until: closure.until.to_string(),
            reason: closure.reason.clone(),
        })
        .collect()
}

/// Cut-offs as they are kept.
pub fn read_cut_offs(check: &mut Check, cut_offs: &[CutOffTime]) -> Vec<CutOff> {
    if cut_offs.len() > ENTRIES_MAX {
        check.refuse("/cut_offs", format!("holds more than {ENTRIES_MAX}"));
    }
    (cut_offs.iter().take(ENTRIES_MAX).enumerate())
        .map(|(index, cut_off)| CutOff {
            service: check.optional_text(
                &format!("/cut_offs/{index}/service"),
                cut_off.service.as_ref(),
                64,
            ),
            minute: minute(check, &format!("/cut_offs/{index}/at"), &cut_off.at),
        })
        .collect()
}

/// Cut-offs as they are shown.
pub fn show_cut_offs(cut_offs: &[CutOff]) -> Vec<CutOffTime> {
    (cut_offs.iter())
        .map(|cut_off| CutOffTime {
            service: cut_off.service.clone(),
            at: clock(cut_off.minute),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(weekday: Weekday, opens: &str, closes: &str) -> DayHours {
        DayHours {
            weekday,
            opens: opens.to_owned(),
            closes: closes.to_owned(),
        }
    }

    #[test]
    fn hours_are_shown_as_they_were_written() {
        let days = [
            day(Weekday::Monday, "08:30", "18:00"),
            day(Weekday::Sunday, "00:00", "24:00"),
        ];
        let mut check = Check::default();
        let hours = read_hours(&mut check, &days);
        assert!(check.finish(()).is_ok());
        assert_eq!(hours.0[0], Some((510, 1080)));
        assert_eq!(show_hours(&hours), days);
    }

    #[test]
    fn times_that_are_none_are_named() {
        for (day, field) in [
            (day(Weekday::Monday, "8:30", "18:00"), "/hours/0/opens"),
            (day(Weekday::Monday, "08:60", "18:00"), "/hours/0/opens"),
            (day(Weekday::Monday, "08:00", "24:01"), "/hours/0/closes"),
            (day(Weekday::Monday, "08:00", "08:00"), "/hours/0/closes"),
            (day(Weekday::Monday, "+8:00", "09:00"), "/hours/0/opens"),
        ] {
            let mut check = Check::default();
            read_hours(&mut check, &[day]);
            assert_eq!(check.finish(()).unwrap_err().fields[0].field, field);
        }
    }
}
