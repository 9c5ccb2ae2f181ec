//! Rate tables: what one service of a carrier costs, by zone and weight.

pub mod create;
pub mod list;
pub mod prices;
pub mod read;
pub mod update;

use std::borrow::Cow;

use ordo_domain::check::Check;
use ordo_domain::id::RateTableId;
use ordo_domain::money::Minor;
use ordo_domain::rate::{Area, RateTable, SURCHARGES_MAX, Surcharge, WEIGHT_MAX, ZONES_MAX, Zone};
use ordo_domain::reference::Reference;
use ordo_domain::rules::expr::Condition;
use ordo_domain::time::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{Show, location_code};

/// More days than any carrier takes.
const TRANSIT_DAYS_MAX: u16 = 365;
/// Farther than any two places are.
const DISTANCE_M_MAX: i64 = 21_000_000;
/// The largest surcharge per shipment, in minor units.
const FLAT_MAX: i64 = 100_000_000;
/// The largest surcharge in millionths: ten times the price.
const PPM_MAX: i64 = 10_000_000;
/// The largest divisor of a volume.
const MM3_PER_G_MAX: i64 = 1_000_000_000;

/// A zone of a rate table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RateZone)]
#[serde(deny_unknown_fields)]
pub struct ZoneBody {
    /// Its name, unique within the table.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// Countries and ranges of postal codes; empty for everywhere.
    #[serde(default)]
    #[schema(max_items = 500)]
    areas: Vec<AreaBody>,
    /// The farthest distance from the location, in meters; `null` for any.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 21_000_000)]
    up_to_m: Option<i64>,
    /// Days from the local day on which a shipment leaves to the one on which it arrives.
    #[schema(minimum = 0, maximum = 365)]
    transit_days: u16,
    /// One price per weight step, in minor units; `null` where the carrier names none.
    #[serde(default)]
    prices: Vec<Option<i64>>,
}

/// A country, or a range of its postal codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RateArea)]
#[serde(deny_unknown_fields)]
struct AreaBody {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: String,
    /// How the postal codes of the range begin at its start, in up to three characters; `null` for
    /// the whole country.
    #[serde(default)]
    #[schema(max_length = 3, example = "10")]
    postal_from: Option<String>,
    /// How they begin at its end, as long as the start.
    #[serde(default)]
    #[schema(max_length = 3, example = "14")]
    postal_until: Option<String>,
}

/// What is added to every shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RateSurcharge)]
#[serde(deny_unknown_fields)]
pub struct SurchargeBody {
    /// What for, in words.
    #[schema(min_length = 1, max_length = 128)]
    name: String,
    /// Minor units per shipment, or per parcel.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    flat: i64,
    /// Millionths of the price of its weight.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000_000)]
    ppm: i64,
    /// Whether `flat` is paid for every parcel rather than once per shipment.
    #[serde(default)]
    per_parcel: bool,
    /// Only parcels of more than so many billable grams pay it, each for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 30_000_000)]
    over_g: Option<i64>,
}

/// A rate table.
#[derive(Serialize, ToSchema)]
#[schema(as = RateTable)]
pub struct RateTableAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: RateTableId,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// Who carries.
    carrier: &'a str,
    /// Which product of theirs.
    service: &'a str,
    /// The currency of all its prices; it serves orders in that currency.
    currency: &'a str,
    /// The codes of the locations that it serves; empty for all.
    origins: Vec<Cow<'a, str>>,
    /// Where to, in the order in which they are asked: the first that fits counts.
    zones: Vec<ZoneBody>,
    /// The heaviest weight of each step, in grams, rising.
    steps_g: &'a [i64],
    /// Cubic millimeters that count as one gram; `null` where only the real weight counts.
    mm3_per_g: Option<i64>,
    /// What is added to every shipment.
    surcharges: Vec<SurchargeBody>,
    /// The orders that it carries, as a condition; `null` for all.
    #[schema(example = "!lines.exists(l, 'lithium' in l.tags)")]
    takes: Option<&'a str>,
    /// The first local day of shipping that it counts for.
    #[schema(example = "2026-11-01")]
    valid_from: Option<String>,
    /// The last local day of shipping that it counts for.
    #[schema(example = "2027-10-31")]
    valid_until: Option<String>,
}

impl Show for RateTable {
    type Answer<'a> = RateTableAnswer<'a>;

    fn show<'a>(&'a self, reference: &'a Reference) -> RateTableAnswer<'a> {
        RateTableAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            carrier: &self.carrier,
            service: &self.service,
            currency: self.currency.code(),
            origins: (self.origins.iter())
                .map(|id| location_code(reference, *id))
                .collect(),
            zones: self.zones.iter().map(ZoneBody::of).collect(),
            steps_g: &self.steps_g,
            mm3_per_g: self.mm3_per_g,
            surcharges: (self.surcharges.iter())
                .map(|surcharge| SurchargeBody {
                    name: surcharge.name.clone(),
                    flat: surcharge.flat.get(),
                    ppm: surcharge.ppm,
                    per_parcel: surcharge.per_parcel,
                    over_g: surcharge.over_g,
                })
                .collect(),
            takes: self.takes.as_ref().map(Condition::text),
            valid_from: self.valid_from.map(|day| day.to_string()),
            valid_until: self.valid_until.map(|day| day.to_string()),
        }
    }
}

impl ZoneBody {
    fn of(zone: &Zone) -> Self {
        Self {
            name: zone.name.clone(),
            areas: (zone.areas.iter())
                .map(|area| AreaBody {
                    country: area.country.clone(),
                    postal_from: area.postal.as_ref().map(|(from, _)| from.clone()),
                    postal_until: area.postal.as_ref().map(|(_, until)| until.clone()),
                })
                .collect(),
            up_to_m: zone.up_to_m,
            transit_days: zone.transit_days,
            prices: (zone.prices.iter())
                .map(|price| price.map(Minor::get))
                .collect(),
        }
    }

    fn read(&self, check: &mut Check, place: &str) -> Zone {
        if self.transit_days > TRANSIT_DAYS_MAX {
            check.refuse(format!("{place}/transit_days"), "must be at most 365");
        }
        let far = |up_to_m: i64| !(1..=DISTANCE_M_MAX).contains(&up_to_m);
        if self.up_to_m.is_some_and(far) {
            let message = format!("must be from 1 to {DISTANCE_M_MAX}");
            check.refuse(format!("{place}/up_to_m"), message);
        }
        let price = |(index, price): (usize, &Option<i64>)| {
            price.and_then(|price| {
                let read = Minor::new(price);
                if read.is_none() {
                    let field = format!("{place}/prices/{index}");
                    check.refuse(field, "is larger than 10^15 minor units");
                }
                read
            })
        };
        let prices = self.prices.iter().enumerate().map(price).collect();
        Zone {
            name: check.text(&format!("{place}/name"), &self.name, 64),
            areas: (self.areas.iter().enumerate())
                .map(|(index, area)| area.read(check, &format!("{place}/areas/{index}")))
                .collect(),
            up_to_m: self.up_to_m,
            transit_days: self.transit_days,
            prices,
        }
    }
}

impl AreaBody {
    fn read(&self, check: &mut Check, place: &str) -> Area {
        let postal = match (&self.postal_from, &self.postal_until) {
            (Some(from), Some(until)) => Some((plain(from), plain(until))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let message = "stands beside postal_until, or neither does";
                check.refuse(format!("{place}/postal_from"), message);
                None
            }
        };
        Area {
            country: check.country(&format!("{place}/country"), &self.country),
            postal,
        }
    }
}

/// How postal codes are compared: without spaces, in capital letters.
fn plain(postal: &str) -> String {
    let kept = postal
        .chars()
        .filter(|character| !character.is_whitespace());
    kept.flat_map(char::to_uppercase).collect()
}

/// Zones as they are kept.
fn read_zones(check: &mut Check, zones: &[ZoneBody]) -> Vec<Zone> {
    if zones.len() > ZONES_MAX {
        check.refuse("/zones", format!("holds more than {ZONES_MAX}"));
    }
    (zones.iter().take(ZONES_MAX).enumerate())
        .map(|(index, zone)| zone.read(check, &format!("/zones/{index}")))
        .collect()
}

/// Surcharges as they are kept.
fn read_surcharges(check: &mut Check, surcharges: &[SurchargeBody]) -> Vec<Surcharge> {
    if surcharges.len() > SURCHARGES_MAX {
        check.refuse("/surcharges", format!("holds more than {SURCHARGES_MAX}"));
    }
    (surcharges.iter().take(SURCHARGES_MAX).enumerate())
        .map(|(index, surcharge)| {
            let place = format!("/surcharges/{index}");
            if !(0..=FLAT_MAX).contains(&surcharge.flat) {
                let message = format!("must be from 0 to {FLAT_MAX}");
                check.refuse(format!("{place}/flat"), message);
            }
            if !(0..=PPM_MAX).contains(&surcharge.ppm) {
                let message = format!("must be from 0 to {PPM_MAX}");
                check.refuse(format!("{place}/ppm"), message);
            }
            if surcharge
                .over_g
                .is_some_and(|over_g| !(1..=WEIGHT_MAX).contains(&over_g))
            {
                let message = format!("must be from 1 to {WEIGHT_MAX}");
                check.refuse(format!("{place}/over_g"), message);
            }
            Surcharge {
                name: check.text(&format!("{place}/name"), &surcharge.name, 128),
                flat: Minor::new(surcharge.flat).unwrap_or_default(),
                ppm: surcharge.ppm,
                per_parcel: surcharge.per_parcel,
                over_g: surcharge.over_g,
            }
        })
        .collect()
}

fn read_day(check: &mut Check, field: &str, text: &str) -> Option<Date> {
    let day = text.parse().ok();
    if day.is_none() {
        check.refuse(field, "must be a date such as 2026-11-01");
    }
    day
}

fn check_divisor(check: &mut Check, divisor: Option<i64>) {
    if divisor.is_some_and(|divisor| !(1..=MM3_PER_G_MAX).contains(&divisor)) {
        let message = format!("must be from 1 to {MM3_PER_G_MAX}");
        check.refuse("/mm3_per_g", message);
    }
}
