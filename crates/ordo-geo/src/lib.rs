//! Coordinates from country, postal code, city and region, without a network, and distances between
//! them.
//!
//! The points are GeoNames', compiled in as a table that is searched where it lies: nothing is
//! unpacked, and a process that asks for nothing pays nothing. `data/ATTRIBUTION.md` names the
//! sources.
//!
//! Invariant: no floats. The same question gets the same answer on every machine.

pub mod distance;
pub mod fold;
pub mod gazetteer;
pub mod geonames;
pub mod postal;
pub mod table;
pub mod writer;

use serde::{Deserialize, Serialize};

pub use distance::distance_m;
pub use gazetteer::{Address, Gazetteer, Located};

/// Latitude and longitude in millionths of a degree.
pub type Point = (i32, i32);

/// What a point was found by; the earlier, the nearer to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// The whole postal code.
    PostalCode,
    /// The first characters of the postal code: the middle of the codes that begin so.
    PostalPrefix,
    /// The city's name.
    City,
    /// The state or province: the middle of where its people live.
    Region,
    /// The country: the same.
    Country,
}

impl Precision {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PostalCode => "postal_code",
            Self::PostalPrefix => "postal_prefix",
            Self::City => "city",
            Self::Region => "region",
            Self::Country => "country",
        }
    }
}

/// Where the compiled-in points come from and under which licence, for people.
pub const ATTRIBUTION: &str = include_str!("../data/ATTRIBUTION.md");
