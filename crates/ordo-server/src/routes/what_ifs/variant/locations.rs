//! Which locations take part, what they can do, and what they are assumed to have.

use std::collections::BTreeSet;

use ordo_domain::what_if::{Assortment, Hypothetical, LocationWish, VariantLocations};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::super::reader::Reader;
use crate::routes::locations::HandlingBody;
use crate::routes::locations::create::{LocationInput, check_capacity};

/// More locations than any network is imagined with.
const LOCATIONS_MAX: usize = 200;
/// More SKUs than a list of an assortment needs.
const LISTED_MAX: usize = 50_000;
/// Millionths in one.
const PPM: i64 = 1_000_000;

/// Which locations take part, by their codes.
#[derive(Deserialize, ToSchema, Default)]
#[schema(as = WhatIfLocations)]
#[serde(deny_unknown_fields)]
pub(super) struct LocationsBody {
    /// Only these, also of those in `add`; all that take new work where absent.
    #[schema(max_items = 200)]
    only: Option<Vec<String>>,
    /// These as well, whatever their state.
    #[serde(default)]
    #[schema(max_items = 200)]
    on: Vec<String>,
    /// Not these.
    #[serde(default)]
    #[schema(max_items = 200)]
    off: Vec<String>,
    /// Locations that do not exist.
    #[serde(default)]
    #[schema(max_items = 200)]
    add: Vec<HypotheticalBody>,
    /// What is different at locations that do.
    #[serde(default)]
    #[schema(max_items = 200)]
    change: Vec<LocationWishBody>,
}

/// A location that does not exist.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfNewLocation)]
#[serde(deny_unknown_fields)]
struct HypotheticalBody {
    /// The location, as it would be made.
    location: LocationInput,
    /// What its work costs; nothing where absent.
    handling: Option<HandlingBody>,
    /// What it would have, without limit.
    assortment: AssortmentBody,
}

/// What is different at a location.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfLocation)]
#[serde(deny_unknown_fields)]
struct LocationWishBody {
    /// Its code.
    code: String,
    /// Shipments per local day; `null` for no limit, as it is where absent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 10_000_000)]
    daily_capacity: Option<Option<i64>>,
    /// What its work costs; as it is where absent.
    handling: Option<HandlingBody>,
    /// What it would have, without limit, in place of its stock; its stock where absent.
    assortment: Option<AssortmentBody>,
}

/// Which of the SKUs that the orders ask for a location has.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfAssortment)]
#[serde(rename_all = "snake_case")]
enum AssortmentBody {
    /// All.
    All,
    /// Each with the same chance, and by itself.
    Share(ShareBody),
    /// Those that the orders ask most units of.
    Top(TopBody),
    /// Those with these codes.
    Skus(Vec<String>),
}

/// A share by chance.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfShare)]
#[serde(deny_unknown_fields)]
struct ShareBody {
    /// The chance in millionths.
    #[schema(minimum = 0, maximum = 1_000_000)]
    ppm: i64,
    /// Another seed chooses others.
    #[serde(default)]
    seed: u64,
}

/// A share by rank.
#[derive(Deserialize, ToSchema)]
#[schema(as = WhatIfTop)]
#[serde(deny_unknown_fields)]
struct TopBody {
    /// How many of the SKUs, in millionths.
    #[schema(minimum = 0, maximum = 1_000_000)]
    ppm: i64,
}

impl LocationsBody {
    pub(super) fn read(self, reader: &mut Reader, at: &str) -> VariantLocations {
        reader.most(&format!("{at}/add"), self.add.len(), LOCATIONS_MAX);
        reader.most(&format!("{at}/change"), self.change.len(), LOCATIONS_MAX);
        let mut codes = |codes: Vec<String>, name: &str| {
            reader.most(&format!("{at}/{name}"), codes.len(), LOCATIONS_MAX);
            codes
        };
        let only = self.only.map(|only| codes(only, "only"));
        let on = codes(self.on, "on");
        let off = codes(self.off, "off");
        let add = (self.add.into_iter().take(LOCATIONS_MAX).enumerate())
            .filter_map(|(index, new)| new.read(reader, &format!("{at}/add/{index}")));
        let add = add.collect();
        let change = (self.change.into_iter().take(LOCATIONS_MAX).enumerate())
            .map(|(index, wish)| wish.read(reader, &format!("{at}/change/{index}")));
        VariantLocations {
            only,
            on,
            off,
            add,
            change: change.collect(),
        }
    }
}

impl HypotheticalBody {
    fn read(self, reader: &mut Reader, at: &str) -> Option<Hypothetical> {
        let handling = self.handling;
        let handling = reader.below(at, |check| handling.and_then(|said| said.read(check)));
        let assortment = self.assortment.read(reader, &format!("{at}/assortment"));
        let location = reader.parsed(&format!("{at}/location"), self.location.parse())?;
        Some(Hypothetical {
            location,
            handling,
            assortment,
        })
    }
}

impl LocationWishBody {
    fn read(self, reader: &mut Reader, at: &str) -> LocationWish {
        let handling = self.handling;
        let handling = reader.below(at, |check| {
            check_capacity(check, self.daily_capacity.flatten());
            handling.and_then(|said| said.read(check))
        });
        LocationWish {
            code: reader.check.code(&format!("{at}/code"), &self.code),
            daily_capacity: self.daily_capacity,
            handling,
            assortment: (self.assortment)
                .map(|assortment| assortment.read(reader, &format!("{at}/assortment"))),
        }
    }
}

impl AssortmentBody {
    fn read(self, reader: &mut Reader, at: &str) -> Assortment {
        match self {
            Self::All => Assortment::All,
            Self::Share(ShareBody { ppm, seed }) => {
                reader.range(&format!("{at}/share/ppm"), ppm, 0, PPM);
                Assortment::Share { ppm, seed }
            }
            Self::Top(TopBody { ppm }) => {
                reader.range(&format!("{at}/top/ppm"), ppm, 0, PPM);
                Assortment::Top { ppm }
            }
            Self::Skus(codes) => {
                reader.most(&format!("{at}/skus"), codes.len(), LISTED_MAX);
                Assortment::Listed(codes.into_iter().collect::<BTreeSet<String>>())
            }
        }
    }
}

/// Tells a field that is `null` from one that is absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
