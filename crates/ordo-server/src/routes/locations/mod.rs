//! Locations: places that hold or ship stock.

pub mod create;
pub mod hours;
pub mod list;
pub mod performance;
pub mod read;
pub mod update;

use ordo_domain::check::Check;
use ordo_domain::id::LocationId;
use ordo_domain::money::Minor;
use ordo_domain::network::{
    Capability, Handling, Location, LocationKind, LocationState, Precision,
};
use ordo_domain::reference::Reference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::hours::{ClosedDays, CutOffTime, DayHours, show_closures, show_cut_offs, show_hours};
use crate::wire::Show;

/// A location.
#[derive(Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: LocationId,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// What sort of place it is.
    kind: LocationKind,
    /// Whether it takes part.
    state: LocationState,
    /// The name shown to people.
    name: Option<&'a str>,
    /// ISO 3166-1 alpha-2.
    country: &'a str,
    /// State or province.
    region: Option<&'a str>,
    /// Postal code.
    postal_code: Option<&'a str>,
    /// City.
    city: Option<&'a str>,
    /// Latitude in millionths of a degree.
    latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree.
    longitude_e6: Option<i32>,
    /// What the coordinates were looked up by; `null` where they were given, or are unknown.
    precision: Option<Precision>,
    /// IANA time zone.
    time_zone: &'a str,
    /// What can be done here; empty means everything that its kind can.
    capabilities: &'a [Capability],
    /// Working hours; `null` means every day.
    hours: Option<Vec<DayHours>>,
    /// Days off beside the working hours.
    closures: Vec<ClosedDays>,
    /// When work of the day stops starting.
    cut_offs: Vec<CutOffTime>,
    /// Shipments per local day; `null` for no limit.
    daily_capacity: Option<i64>,
    /// What its work costs; `null` for nothing.
    handling: Option<HandlingBody>,
    /// Of a million works, how many it is assumed to decline before anything is known of it.
    decline_ppm: Option<i64>,
    /// Its place among the locations, smaller first, where sourcing rules ask for it.
    priority: i64,
    /// Marks that sourcing rules ask for.
    tags: &'a [String],
}

/// What the work on a shipment costs at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Handling)]
#[serde(deny_unknown_fields)]
pub struct HandlingBody {
    /// The currency of both; it counts for orders in that currency.
    #[schema(example = "EUR")]
    currency: String,
    /// Minor units per shipment.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    per_order: i64,
    /// Minor units per unit shipped.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    per_unit: i64,
}

impl HandlingBody {
    fn of(handling: &Handling) -> Self {
        Self {
            currency: handling.currency.code().to_owned(),
            per_order: handling.per_order.get(),
            per_unit: handling.per_unit.get(),
        }
    }

    /// As it is kept; what is refused is named below `/handling`.
    pub fn read(&self, check: &mut Check) -> Option<Handling> {
        let currency = check.currency("/handling/currency", &self.currency)?;
        let mut cost = |name: &str, amount: i64, most: i64| {
            if !(0..=most).contains(&amount) {
                check.refuse(
                    format!("/handling/{name}"),
                    format!("must be from 0 to {most}"),
                );
            }
            Minor::new(amount).unwrap_or_default()
        };
        Some(Handling {
            currency,
            per_order: cost("per_order", self.per_order, 100_000_000),
            per_unit: cost("per_unit", self.per_unit, 1_000_000),
        })
    }
}

impl Show for Location {
    type Answer<'a> = LocationAnswer<'a>;

    fn show<'a>(&'a self, _: &'a Reference) -> LocationAnswer<'a> {
        LocationAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            kind: self.kind,
            state: self.state,
            name: self.name.as_deref(),
            country: &self.place.country,
            region: self.place.region.as_deref(),
            postal_code: self.place.postal.as_deref(),
            city: self.city.as_deref(),
            latitude_e6: self.place.at.map(|(latitude, _)| latitude),
            longitude_e6: self.place.at.map(|(_, longitude)| longitude),
            precision: self.place.precision,
            time_zone: &self.time_zone,
            capabilities: &self.capabilities,
            hours: self.hours.as_ref().map(show_hours),
            closures: show_closures(&self.closures),
            cut_offs: show_cut_offs(&self.cut_offs),
            daily_capacity: self.daily_capacity,
            handling: self.handling.as_ref().map(HandlingBody::of),
            decline_ppm: self.decline_ppm,
            priority: self.priority,
            tags: &self.tags,
        }
    }
}
