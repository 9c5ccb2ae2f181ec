//! What the expressions of rules are asked about: borrowed from the order, its lines, a location and
//! the clock, and made only where there are rules.

use std::cell::OnceCell;

use crate::network::Location;
use crate::time::{Date, Timestamp, Zone};

/// An order, or a basket that could become one.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderFacts<'a> {
    /// The channel's code.
    pub channel: &'a str,
    /// The name of the channel's kind.
    pub channel_kind: &'a str,
    /// ISO 4217.
    pub currency: &'a str,
    /// What the buyer owes, in minor units.
    pub total: i64,
    /// Unit prices times quantities, in minor units.
    pub items: i64,
    /// Units that are to be sourced.
    pub units: i64,
    /// Grams of these units.
    pub weight_g: i64,
    /// The name of the order's kind.
    pub kind: &'a str,
    /// The name of its terms.
    pub terms: &'a str,
    /// The buyer's choice of shipping.
    pub service: &'a str,
    /// ISO 3166-1 alpha-2 of the destination.
    pub country: &'a str,
    /// State or province of the destination.
    pub region: &'a str,
    /// The first characters of its postal code.
    pub postal_code: &'a str,
    /// The order's tags.
    pub tags: &'a [String],
    /// The customer's tier.
    pub tier: &'a str,
    /// Whether the destination's address reads as a post office box.
    pub is_po_box: bool,
    /// Whether a tax number stands on it.
    pub is_business: bool,
}

/// Units of one SKU that are to be sourced.
#[derive(Debug, Clone, Copy)]
pub struct LineFacts<'a> {
    /// The SKU's code.
    pub sku: &'a str,
    /// How many.
    pub quantity: i64,
    /// The price of one unit in minor units.
    pub unit_price: i64,
    /// Grams of one unit.
    pub weight_g: i64,
    /// Harmonized System code.
    pub hs_code: &'a str,
    /// ISO 3166-1 alpha-2 of origin.
    pub origin_country: &'a str,
    /// The SKU's tags.
    pub tags: &'a [String],
}

/// A location as seen from the order.
#[derive(Debug)]
pub struct LocationFacts<'a> {
    /// The location.
    pub location: &'a Location,
    /// Meters to the destination.
    pub distance_m: i64,
    /// The time of the decision.
    pub now: Timestamp,
    clock: OnceCell<Clock>,
}

/// A time of a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The day.
    pub date: Date,
    /// 1 for Monday to 7 for Sunday.
    pub weekday: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
}

/// Everything that an expression may ask.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The order.
    pub order: &'a OrderFacts<'a>,
    /// Its lines.
    pub lines: &'a [LineFacts<'a>],
    /// The time of the decision.
    pub now: Timestamp,
    /// The location that is asked about.
    pub location: Option<&'a LocationFacts<'a>>,
    /// The line that is asked about.
    pub line: Option<&'a LineFacts<'a>>,
    utc: OnceCell<Clock>,
}

impl<'a> Subject<'a> {
    /// The order alone.
    #[must_use]
    pub fn of(order: &'a OrderFacts<'a>, lines: &'a [LineFacts<'a>], now: Timestamp) -> Self {
        Self {
            order,
            lines,
            now,
            location: None,
            line: None,
            utc: OnceCell::new(),
        }
    }

    /// The same with a location.
    #[must_use]
    pub fn at<'b>(&self, location: &'b LocationFacts<'b>) -> Subject<'b>
    where
        'a: 'b,
    {
        Subject {
            location: Some(location),
            utc: self.utc.clone(),
            ..Subject::of(self.order, self.lines, self.now)
        }
    }

    /// The same with a line.
    #[must_use]
    pub fn on<'b>(&self, line: &'b LineFacts<'b>) -> Subject<'b>
    where
        'a: 'b,
    {
        Subject {
            line: Some(line),
            utc: self.utc.clone(),
            ..Subject::of(self.order, self.lines, self.now)
        }
    }

    /// The time in UTC, reckoned when it is first asked for.
    pub(crate) fn utc(&self) -> &Clock {
        self.utc.get_or_init(|| Clock::at(self.now, &Zone::utc()))
    }
}

impl<'a> LocationFacts<'a> {
    /// What is known of `location`.
    #[must_use]
    pub fn of(location: &'a Location, distance_m: i64, now: Timestamp) -> Self {
        Self {
            location,
            distance_m,
            now,
            clock: OnceCell::new(),
        }
    }

    /// The time there, reckoned when it is first asked for: a time zone takes a microsecond.
    pub(crate) fn clock(&self) -> &Clock {
        self.clock.get_or_init(|| {
            let zone = Zone::named(&self.location.time_zone).unwrap_or_else(Zone::utc);
            Clock::at(self.now, &zone)
        })
    }
}

impl Clock {
    fn at(now: Timestamp, zone: &Zone) -> Self {
        let (date, minute) = now.local(zone);
        Self {
            date,
            weekday: date.weekday() as i64 + 1,
            hour: i64::from(minute / 60),
            minute: i64::from(minute % 60),
        }
    }
}
