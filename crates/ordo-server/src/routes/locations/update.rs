//! `PATCH /locations/{id}`: changes a location.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::LocationId;
use ordo_domain::network::{Capability, Location, LocationChange, LocationState, UpdateLocation};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::HandlingBody;
use super::create::{check_capacity, coordinates, time_zone};
use super::hours::{ClosedDays, CutOffTime, DayHours, read_closures, read_cut_offs, read_hours};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};
use crate::routes::skus::update::{read_tags, text};

/// The last place among the locations.
const PRIORITY_MAX: i64 = 1_000_000;

/// What is to change: an absent field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LocationPatch {
    /// Whether it takes part.
    state: Option<LocationState>,
    /// The name shown to people.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    name: Edit<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// State or province.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64)]
    region: Edit<String>,
    /// Postal code.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32)]
    postal_code: Edit<String>,
    /// City.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255)]
    city: Edit<String>,
    /// Latitude in millionths of a degree; goes with the longitude. Cleared, both are looked up
    /// by the address.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -90_000_000, maximum = 90_000_000)]
    latitude_e6: Edit<i32>,
    /// Longitude in millionths of a degree; goes with the latitude.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = -180_000_000, maximum = 180_000_000)]
    longitude_e6: Edit<i32>,
    /// IANA time zone; its calendar, cut-offs and capacity are in local days of it.
    time_zone: Option<String>,
    /// What can be done here; empty means everything that its kind can.
    capabilities: Option<Vec<Capability>>,
    /// Working hours; `null` means every day.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DayHours>>)]
    hours: Edit<Vec<DayHours>>,
    /// Days off beside the working hours.
    closures: Option<Vec<ClosedDays>>,
    /// When work of the day stops starting.
    cut_offs: Option<Vec<CutOffTime>>,
    /// Shipments per local day; `null` for no limit.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000)]
    daily_capacity: Edit<i64>,
    /// What its work costs; `null` for nothing.
    #[serde(default)]
    #[schema(value_type = Option<HandlingBody>)]
    handling: Edit<HandlingBody>,
    /// Of a million works, how many it is assumed to decline before anything is known of it, such
    /// as of a supplier without live stock; `null` for none.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000)]
    decline_ppm: Edit<i64>,
    /// Its place among the locations, smaller first, where sourcing rules ask for it.
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: Option<i64>,
    /// All marks that sourcing rules ask for.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
}

impl LocationPatch {
    fn parse(self) -> Result<LocationChange, Rejection> {
        let mut check = Check::default();
        let mut capabilities = self.capabilities;
        if let Some(capabilities) = &mut capabilities {
            capabilities.sort_unstable();
            capabilities.dedup();
        }
        let at = match (self.latitude_e6, self.longitude_e6) {
            (Edit::Keep, Edit::Keep) => Edit::Keep,
            (Edit::Clear, Edit::Clear) => Edit::Clear,
            (latitude, longitude) => coordinates(
                &mut check,
                latitude.value().copied(),
                longitude.value().copied(),
            )
            .map_or(Edit::Keep, Edit::Set),
        };
        check_capacity(&mut check, self.daily_capacity.value().copied());
        if (self.decline_ppm.value()).is_some_and(|ppm| !(0..=1_000_000).contains(ppm)) {
            check.refuse("/decline_ppm", "must be from 0 to 1000000");
        }
        if (self.priority).is_some_and(|priority| !(0..=PRIORITY_MAX).contains(&priority)) {
            check.refuse("/priority", format!("must be from 0 to {PRIORITY_MAX}"));
        }
        let change = LocationChange {
            state: self.state,
            name: text(&mut check, "/name", self.name, 255),
            country: (self.country).map(|code| check.country("/country", &code)),
            region: text(&mut check, "/region", self.region, 64),
            postal: text(&mut check, "/postal_code", self.postal_code, 32),
            city: text(&mut check, "/city", self.city, 255),
            at,
            time_zone: (self.time_zone).map(|name| time_zone(&mut check, &name)),
            capabilities,
            hours: (self.hours).and_then(|days| Some(read_hours(&mut check, &days))),
            closures: (self.closures).map(|closures| read_closures(&mut check, &closures)),
            cut_offs: (self.cut_offs).map(|cut_offs| read_cut_offs(&mut check, &cut_offs)),
            daily_capacity: self.daily_capacity,
            handling: (self.handling).and_then(|handling| handling.read(&mut check)),
            decline_ppm: self.decline_ppm,
            priority: self.priority,
            tags: (self.tags).map(|tags| read_tags(&mut check, &tags)),
        };
        check.finish(change)
    }
}

/// Changes a location.
///
/// A location that is not `live` gets no new work; what it has been given stays with it.
#[utoipa::path(
    patch,
    path = "/api/v1/locations/{id}",
    tag = "Network",
    params(("id" = String, Path, description = "The location's id.")),
    request_body = LocationPatch,
    responses((status = 200, description = "The location as it stands then.", body = super::LocationAnswer)),
)]
pub async fn update_location(ask: Ask, body: Body) -> Answer {
    let location: LocationId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: LocationPatch = body::parse(&body)?;
    let command = UpdateLocation {
        location,
        expected: expected(&ask.parts)?,
        change: input.parse()?,
    };
    edit::<Location>(&ask, Command::UpdateLocation(command), &body).await
}
