//! Locations: places that hold or ship stock, with their calendar, cut-offs and capacity.

use std::collections::BTreeSet;

use ordo_geo::{Gazetteer, Point, Precision};
use serde::{Deserialize, Serialize};

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::LocationId;
use crate::money::{Currency, Minor};
use crate::record::{Columns, record};
use crate::rejection::{Code, Rejection};
use crate::time::Date;
use crate::world::World;

/// What sort of place a location is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LocationKind {
    /// The merchant's own warehouse.
    #[serde(rename = "warehouse")]
    Warehouse,
    /// A shop with customers in it.
    #[serde(rename = "store")]
    Store,
    /// A logistics provider.
    #[serde(rename = "3pl")]
    ThreePl,
    /// A supplier that ships for the merchant.
    #[serde(rename = "supplier")]
    Supplier,
}

/// Whether a location takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LocationState {
    /// Being set up; nothing happens here.
    Draft,
    /// Takes stock in, ships nothing yet.
    Receiving,
    /// In full use.
    Live,
    /// Ships what it has been given, gets nothing new.
    Draining,
    /// Out of use.
    Closed,
}

/// What can be done at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Parcels leave from here.
    Ship,
    /// Customers collect here.
    Pickup,
    /// Returns are taken here.
    Returns,
    /// Goods can be inspected and refurbished here.
    Inspect,
}

/// Where something is, without the street: enough to source by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2, upper case; empty where unknown.
    pub country: String,
    /// State or province as the country writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Of a location the whole postal code; of a person only its first characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal: Option<String>,
    /// Latitude and longitude in millionths of a degree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Point>,
    /// What the coordinates were found by; `None` where they came in, or are unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
}

/// The last moment of a local day at which new work still starts that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOff {
    /// The carrier service it is for; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Minutes after local midnight.
    pub minute: u16,
}

/// Working minutes of the week: per weekday from Monday, opening and closing minute after local
/// midnight; `None` for a day off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekHours(pub [Option<(u16, u16)>; 7]);

/// Days on which a location does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// First local day.
    pub from: Date,
    /// Last local day.
    pub until: Date,
    /// Why, for people.
    pub reason: String,
}

/// What the work on a shipment costs at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// The currency of both; it counts for orders in that currency.
    pub currency: Currency,
    /// Minor units per shipment.
    pub per_order: Minor,
    /// Minor units per unit shipped.
    pub per_unit: Minor,
}

/// A place that holds or ships stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// How many events have touched it.
    pub version: u64,
    /// The merchant's short name for it, unique.
    pub code: String,
    /// What sort of place it is.
    pub kind: LocationKind,
    /// Whether it takes part.
    pub state: LocationState,
    /// The name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    pub place: Place,
    /// The city, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// IANA time zone; its calendar, cut-offs and capacity are in local days of it.
    pub time_zone: String,
    /// What can be done here; empty means everything that its kind can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    /// Working hours; `None` means every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WeekHours>,
    /// Days off beside the working hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<Closure>,
    /// When work of the day stops starting.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_offs: Vec<CutOff>,
    /// Shipments per local day; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_capacity: Option<i64>,
    /// What its work costs; `None` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// Of a million works, how many it is assumed to decline before anything is known of it; `None`
    /// for none. For those without live stock, such as suppliers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_ppm: Option<i64>,
    /// Its place among the locations, smaller first, where sourcing rules ask for it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i64,
    /// Marks that sourcing rules ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
record!(Location, LocationId, Location, self => Columns::Code { code: self.code.clone() });

impl Location {
    /// Whether new work may be given to it.
    #[must_use]
    pub fn takes_new_work(&self) -> bool {
        let ships = self.capabilities.is_empty() || self.capabilities.contains(&Capability::Ship);
        self.state == LocationState::Live && ships
    }
}

/// Makes a location; it is live at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateLocation {
    /// The merchant's short name for it.
    pub code: String,
    /// What sort of place it is.
    pub kind: LocationKind,
    /// The name shown to people.
    pub name: Option<String>,
    /// Where it is.
    pub place: Place,
    /// The city, for people.
    pub city: Option<String>,
    /// IANA time zone, already known to exist.
    pub time_zone: String,
    /// Shipments per local day; `None` for no limit.
    pub daily_capacity: Option<i64>,
}

impl CreateLocation {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.reference().location_by_code(&self.code).is_some() {
            let detail = format!("a location with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        let location = self.build(world, ctx);
        let id = location.id;
        Ok(Decided::created(
            vec![Event::LocationCreated { location }],
            id,
        ))
    }

    fn build(&self, world: &World, ctx: &mut Context) -> Location {
        self.made(ctx.ids.make(), world.reference().gazetteer())
    }

    /// The location as it would be, under this id; its coordinates are looked up where none are given.
    pub(crate) fn made(&self, id: LocationId, gazetteer: &Gazetteer) -> Location {
        let mut place = self.place.clone();
        if place.at.is_none() {
            let postal = place.postal.clone();
            place.find(gazetteer, postal.as_deref(), self.city.as_deref());
        }
        Location {
            id,
            version: 0,
            code: self.code.clone(),
            kind: self.kind,
            state: LocationState::Live,
            name: self.name.clone(),
            place,
            city: self.city.clone(),
            time_zone: self.time_zone.clone(),
            capabilities: Vec::new(),
            hours: None,
            closures: Vec::new(),
            cut_offs: Vec::new(),
            daily_capacity: self.daily_capacity,
            handling: None,
            decline_ppm: None,
            priority: 0,
            tags: Vec::new(),
        }
    }
}

/// Makes those of many locations that are not there yet. Every change of the reference costs a
/// commit of its own and a new snapshot for every node, so an import makes them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddLocations {
    /// The locations; those whose code is known stay as they are.
    pub locations: Vec<CreateLocation>,
}

impl AddLocations {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let mut codes = BTreeSet::new();
        let events = (self.locations.iter())
            .filter(|new| world.reference().location_by_code(&new.code).is_none())
            .filter(|new| codes.insert(new.code.as_str()))
            .map(|new| Event::LocationCreated {
                location: new.build(world, ctx),
            })
            .collect();
        Ok(Decided::done(events))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(value: &i64) -> bool {
    *value == 0
}
