//! Changes a location: whether it takes part, what it can do, and when it works. Its code and kind
//! stay.

use ordo_geo::{Gazetteer, Point};

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at, replace};
use crate::event::Event;
use crate::id::LocationId;
use crate::network::{
    Capability, Closure, CutOff, Handling, Location, LocationState, Place, WeekHours,
};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocationChange {
    /// Whether it takes part.
    pub state: Option<LocationState>,
    /// The name shown to people.
    pub name: Edit<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// State or province.
    pub region: Edit<String>,
    /// Postal code.
    pub postal: Edit<String>,
    /// The city, for people.
    pub city: Edit<String>,
    /// Latitude and longitude in millionths of a degree; cleared means as the address says.
    pub at: Edit<Point>,
    /// IANA time zone, already known to exist.
    pub time_zone: Option<String>,
    /// What can be done here; empty means everything that its kind can.
    pub capabilities: Option<Vec<Capability>>,
    /// Working hours; cleared means every day.
    pub hours: Edit<WeekHours>,
    /// Days off beside the working hours.
    pub closures: Option<Vec<Closure>>,
    /// When work of the day stops starting.
    pub cut_offs: Option<Vec<CutOff>>,
    /// Shipments per local day; cleared means no limit.
    pub daily_capacity: Edit<i64>,
    /// What its work costs; cleared means nothing.
    pub handling: Edit<Handling>,
    /// Of a million works, how many it is assumed to decline; cleared means none.
    pub decline_ppm: Edit<i64>,
    /// Its place among the locations, where sourcing rules ask for it.
    pub priority: Option<i64>,
    /// Marks that sourcing rules ask for.
    pub tags: Option<Vec<String>>,
}

/// Changes a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateLocation {
    /// Which.
    pub location: LocationId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// What is to change.
    pub change: LocationChange,
}

impl UpdateLocation {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.location_record(self.location)? else {
            return Err(Rejection::new(Code::NotFound, "no such location").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut location = Location::clone(found);
        self.change
            .apply(&mut location, world.reference().gazetteer());
        let id = location.id;
        if location == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::LocationUpdated { location }],
            id,
        ))
    }
}

impl LocationChange {
    fn apply(&self, location: &mut Location, gazetteer: &Gazetteer) {
        let before = (location.place.clone(), location.city.clone());
        replace(&mut location.state, self.state.as_ref());
        self.name.apply(&mut location.name);
        replace(&mut location.place.country, self.country.as_ref());
        self.region.apply(&mut location.place.region);
        self.postal.apply(&mut location.place.postal);
        self.city.apply(&mut location.city);
        self.at.apply(&mut location.place.at);
        match self.at {
            Edit::Set(_) => location.place.precision = None,
            Edit::Keep | Edit::Clear => location.find_again(&before, gazetteer),
        }
        replace(&mut location.time_zone, self.time_zone.as_ref());
        replace(&mut location.capabilities, self.capabilities.as_ref());
        self.hours.apply(&mut location.hours);
        replace(&mut location.closures, self.closures.as_ref());
        replace(&mut location.cut_offs, self.cut_offs.as_ref());
        self.daily_capacity.apply(&mut location.daily_capacity);
        self.handling.apply(&mut location.handling);
        self.decline_ppm.apply(&mut location.decline_ppm);
        replace(&mut location.priority, self.priority.as_ref());
        replace(&mut location.tags, self.tags.as_ref());
    }
}

impl Location {
    /// Looks the coordinates up where there are none, and where they were looked up for another
    /// address than it has now. What came in stays.
    fn find_again(&mut self, before: &(Place, Option<String>), gazetteer: &Gazetteer) {
        let (place, city) = before;
        let is_as_before = !self.place.is_elsewhere(place) && self.city == *city;
        let came_in = self.place.at.is_some() && self.place.precision.is_none();
        if came_in || (self.place.at.is_some() && is_as_before) {
            return;
        }
        let postal = self.place.postal.clone();
        self.place
            .find(gazetteer, postal.as_deref(), self.city.as_deref());
    }
}
