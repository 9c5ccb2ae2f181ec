//! Rate tables: what one service of a carrier costs, by zone and weight.
//!
//! Invariant: a stored table has one price per zone and weight step, its steps rise, and no price is
//! above [`PRICE_MAX`], so that sums in micro-cents stay far inside 64 bits.

mod create;
mod price;
mod update;

use serde::{Deserialize, Serialize};

use crate::id::{LocationId, RateTableId};
use crate::money::{Currency, Minor};
use crate::network::Place;
use crate::record::{Columns, record};
use crate::rejection::Rejection;
use crate::rules::expr::{Condition, OfOrder};
use crate::time::Date;

pub use create::{CreateRateTable, RateTableDraft};
pub use price::{MICRO, Parcel, Worked};
pub use update::{RateTableChange, UpdateRateTable};

/// The largest price of a cell, in minor units.
pub const PRICE_MAX: i64 = 100_000_000;
/// The most zones of a table.
pub const ZONES_MAX: usize = 200;
/// The most weight steps of a table.
pub const STEPS_MAX: usize = 500;
/// The most areas of a zone.
pub const AREAS_MAX: usize = 500;
/// The most cells of a table.
pub const CELLS_MAX: usize = 20_000;
/// The heaviest step, in grams: a full container.
pub const WEIGHT_MAX: i64 = 30_000_000;
/// The most surcharges of a table.
pub const SURCHARGES_MAX: usize = 20;

/// What one service of a carrier costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTable {
    /// Its id.
    pub id: RateTableId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// Who carries.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// The currency of all its prices; it serves orders in that currency.
    pub currency: Currency,
    /// The locations that it serves; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<LocationId>,
    /// Where to, in the order in which they are asked: the first that fits counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// The heaviest weight of each step, in grams, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps_g: Vec<i64>,
    /// Cubic millimeters that count as one gram; `None` where only the real weight counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mm3_per_g: Option<i64>,
    /// What is added to every shipment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surcharges: Vec<Surcharge>,
    /// The orders that it carries; `None` for all. One that it does not carry for what stands on any
    /// of its lines gets no part of it that way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<Condition<OfOrder>>,
    /// The first local day of shipping that it counts for; `None` for no beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The last local day of shipping that it counts for; `None` for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// What was worked out of all this; no part of it.
    #[serde(skip)]
    pub worked: Worked,
}
record!(RateTable, RateTableId, RateTable, self => Columns::Code { code: self.code.clone() });

/// Destinations of one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its name, unique within the table.
    pub name: String,
    /// Countries and ranges of postal codes; empty for everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// The farthest distance from the location, in meters; `None` for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_m: Option<i64>,
    /// Days from the local day on which a shipment leaves to the one on which it arrives.
    pub transit_days: u16,
    /// One price per weight step, in minor units; `None` where the carrier names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Option<Minor>>,
}

/// A country, or a range of its postal codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// First and last beginning of a postal code, both included and equally long, of up to three
    /// characters: more is not kept of a destination. `None` for the whole country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal: Option<(String, String)>,
}

/// What is added to every shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surcharge {
    /// What for, in words.
    pub name: String,
    /// Minor units per shipment, or per parcel.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub flat: Minor,
    /// Millionths of the price of its weight.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ppm: i64,
    /// Whether `flat` is paid for every parcel rather than once per shipment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_parcel: bool,
    /// Only parcels of more than so many billable grams pay it, each for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_g: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_nothing(amount: &Minor) -> bool {
    *amount == Minor::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Characters of a destination's postal code that are known.
const POSTAL_KNOWN: usize = 3;

impl RateTable {
    /// Whether it counts for shipments that leave `location` on the local day `on`.
    #[must_use]
    pub fn serves(&self, location: LocationId, on: Date) -> bool {
        (self.origins.is_empty() || self.origins.contains(&location))
            && self.valid_from.is_none_or(|from| from <= on)
            && self.valid_until.is_none_or(|until| on <= until)
    }

    /// The index of a destination's zone; `None` where it does not go there, or has no price for it.
    #[must_use]
    pub fn zone(&self, to: &Place, distance_m: i64) -> Option<usize> {
        let at = (self.zones.iter()).position(|zone| zone.holds(to, distance_m))?;
        let is_priced = self.zones[at].prices.iter().any(Option::is_some);
        is_priced.then_some(at)
    }

    /// Gives zones without any prices an empty cell per step.
    pub(crate) fn fill(&mut self) {
        for zone in &mut self.zones {
            if zone.prices.is_empty() {
                zone.prices = vec![None; self.steps_g.len().min(STEPS_MAX)];
            }
        }
    }

    /// Refuses the first field at fault.
    pub(crate) fn must_be_sound(&self) -> Result<(), Rejection> {
        let refuse = |field: String, message: &str| Err(Rejection::field(field, message));
        if self.steps_g.len() > STEPS_MAX {
            return refuse("/steps_g".to_owned(), "holds more than 500");
        }
        if self.zones.len() > ZONES_MAX {
            return refuse("/zones".to_owned(), "holds more than 200");
        }
        if self.zones.len() * self.steps_g.len() > CELLS_MAX {
            return refuse("/steps_g".to_owned(), "makes more than 20000 prices");
        }
        if let Some(flaw) = self.takes.as_ref().and_then(Condition::flaw) {
            return refuse("/takes".to_owned(), &flaw.to_string());
        }
        let mut below = 0;
        for (index, step) in self.steps_g.iter().enumerate() {
            if *step <= below || *step > WEIGHT_MAX {
                let message = "must be above the step before it, and at most 30000000";
                return refuse(format!("/steps_g/{index}"), message);
            }
            below = *step;
        }
        for (index, zone) in self.zones.iter().enumerate() {
            let place = format!("/zones/{index}");
            if (self.zones[..index].iter()).any(|other| other.name == zone.name) {
                return refuse(format!("{place}/name"), "stands here twice");
            }
            if zone.prices.len() != self.steps_g.len() {
                let message = "must hold one price, or null, per weight step";
                return refuse(format!("{place}/prices"), message);
            }
            let wrong = |price: &Option<Minor>| {
                price.is_some_and(|price| !(0..=PRICE_MAX).contains(&price.get()))
            };
            if let Some(at) = zone.prices.iter().position(wrong) {
                let message = "must be from 0 to 100000000 minor units";
                return refuse(format!("{place}/prices/{at}"), message);
            }
            zone.must_be_sound(&place)?;
        }
        match (self.valid_from, self.valid_until) {
            (Some(from), Some(until)) if until < from => {
                refuse("/valid_until".to_owned(), "must not be before valid_from")
            }
            _ => Ok(()),
        }
    }
}

impl Zone {
    fn holds(&self, to: &Place, distance_m: i64) -> bool {
        self.up_to_m.is_none_or(|most| distance_m <= most)
            && (self.areas.is_empty() || self.areas.iter().any(|area| area.holds(to)))
    }

    fn must_be_sound(&self, place: &str) -> Result<(), Rejection> {
        if self.areas.len() > AREAS_MAX {
            let field = format!("{place}/areas");
            return Err(Rejection::field(field, "holds more than 500"));
        }
        for (index, area) in self.areas.iter().enumerate() {
            let Some((from, until)) = &area.postal else {
                continue;
            };
            let length = from.chars().count();
            if !(1..=POSTAL_KNOWN).contains(&length)
                || length != until.chars().count()
                || from > until
            {
                let message = "must be two beginnings of postal codes, equally long, of at most \
                               3 characters, the smaller first";
                let field = format!("{place}/areas/{index}/postal_from");
                return Err(Rejection::field(field, message));
            }
        }
        Ok(())
    }
}

impl Area {
    /// A destination of which less of the postal code is known than the range has is not in it.
    fn holds(&self, to: &Place) -> bool {
        if self.country != to.country {
            return false;
        }
        let Some((from, until)) = &self.postal else {
            return true;
        };
        let length = from.chars().count();
        let known: String = (to.postal.iter())
            .flat_map(|postal| postal.chars())
            .filter(|character| !character.is_whitespace())
            .flat_map(char::to_uppercase)
            .take(length)
            .collect();
        known.chars().count() == length && *from <= known && known <= *until
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A country, and the range of its postal codes.
    type Words<'a> = (&'a str, Option<(&'a str, &'a str)>);

    /// A table with zones `(areas, up_to_m)`.
    fn table(zones: &[(&[Words], Option<i64>)]) -> RateTable {
        let zone = |(index, (areas, up_to_m)): (usize, &(&[Words], Option<i64>))| Zone {
            name: index.to_string(),
            areas: (areas.iter())
                .map(|(country, postal)| Area {
                    country: (*country).to_owned(),
                    postal: postal.map(|(from, until)| (from.to_owned(), until.to_owned())),
                })
                .collect(),
            up_to_m: *up_to_m,
            transit_days: 1,
            prices: vec![Minor::new(1)],
        };
        RateTable {
            zones: zones.iter().enumerate().map(zone).collect(),
            ..plain(&[1_000], &[])
        }
    }

    /// A table of one zone, everywhere, with these steps and prices.
    pub(crate) fn plain(steps_g: &[i64], prices: &[Option<i64>]) -> RateTable {
        RateTable {
            id: RateTableId::from_u128(1),
            version: 1,
            code: "T".to_owned(),
            carrier: "C".to_owned(),
            service: "S".to_owned(),
            currency: "EUR".parse().unwrap(),
            origins: Vec::new(),
            zones: vec![Zone {
                name: "1".to_owned(),
                areas: Vec::new(),
                up_to_m: None,
                transit_days: 1,
                prices: (prices.iter())
                    .map(|price| price.and_then(Minor::new))
                    .collect(),
            }],
            steps_g: steps_g.to_vec(),
            mm3_per_g: None,
            surcharges: Vec::new(),
            takes: None,
            valid_from: None,
            valid_until: None,
            worked: Worked::default(),
        }
    }

    #[test]
    fn the_first_zone_that_fits_counts() {
        let table = table(&[
            (&[("DE", Some(("10", "14")))], None),
            (&[("DE", None), ("AT", None)], Some(500_000)),
            (&[("DE", None)], None),
            (&[("GB", Some(("SW1", "SW9")))], None),
        ]);
        for (country, postal, distance_m, zone) in [
            ("DE", Some("101"), 0, Some(0)),
            ("DE", Some("149"), 900_000, Some(0)),
            ("DE", Some("150"), 500_000, Some(1)),
            ("DE", Some("1"), 0, Some(1)),
            ("DE", None, 500_001, Some(2)),
            ("AT", Some("101"), 500_001, None),
            ("GB", Some("sw1"), 0, Some(3)),
            ("GB", Some("SW"), 0, None),
            ("FR", None, 0, None),
        ] {
            let to = Place {
                country: country.to_owned(),
                postal: postal.map(str::to_owned),
                ..Place::default()
            };
            let found = table.zone(&to, distance_m);
            assert_eq!(found, zone, "{country} {postal:?} {distance_m}");
        }
    }

    #[test]
    fn it_counts_for_its_days_and_locations() {
        let (a, b) = (LocationId::from_u128(1), LocationId::from_u128(2));
        let day = |text: &str| text.parse::<Date>().unwrap();
        let table = RateTable {
            origins: vec![a],
            valid_from: Some(day("2026-11-01")),
            valid_until: Some(day("2026-11-30")),
            ..plain(&[], &[])
        };
        for (location, on, serves) in [
            (a, "2026-10-31", false),
            (a, "2026-11-01", true),
            (a, "2026-11-30", true),
            (a, "2026-12-01", false),
            (b, "2026-11-15", false),
        ] {
            assert_eq!(table.serves(location, day(on)), serves, "{on}");
        }
    }

    #[test]
    fn what_is_not_sound_is_named() {
        let field = |table: &RateTable| {
            let refused = table.must_be_sound().err();
            refused.map(|rejection| rejection.fields[0].field.clone())
        };
        let is = |field: &str| Some(field.to_owned());
        assert_eq!(field(&plain(&[100, 200], &[Some(1), None])), None);
        assert_eq!(field(&plain(&[100, 100], &[None, None])), is("/steps_g/1"));
        assert_eq!(field(&plain(&[0], &[None])), is("/steps_g/0"));
        assert_eq!(field(&plain(&[1], &[])), is("/zones/0/prices"));
        assert_eq!(field(&plain(&[1], &[Some(-1)])), is("/zones/0/prices/0"));
        let area: &[(&str, &str)] = &[("10", "9"), ("20", "10"), ("", ""), ("1011", "1019")];
        for &postal in area {
            let table = table(&[(&[("DE", Some(postal))], None)]);
            assert_eq!(field(&table), is("/zones/0/areas/0/postal_from"));
        }
        let mut twice = table(&[(&[], None), (&[], None)]);
        twice.zones[1].name = "0".to_owned();
        assert_eq!(field(&twice), is("/zones/1/name"));
    }
}
