//! Finds the point of an address: by its postal code, else by what is coarser, and says by which.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fold::{Key, fold_name};
use crate::postal::postal_key;
use crate::table::{CountryTable, Entry, Index, NotATable, Table};
use crate::{Point, Precision};

/// The points that are compiled in.
static EMBEDDED: &[u8] = include_bytes!("../data/points.bin");

/// What is known of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address<'a> {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: &'a str,
    /// The postal code, in any spelling.
    pub postal: Option<&'a str>,
    /// The city, in any spelling.
    pub city: Option<&'a str>,
    /// State or province, by name or code.
    pub region: Option<&'a str>,
}

/// A point, and what it was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// Where.
    pub point: Point,
    /// By what.
    pub precision: Precision,
}

/// The compiled-in table, and over it the operator's own where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gazetteer {
    own: Option<Arc<[u8]>>,
}

impl Gazetteer {
    /// The compiled-in points only.
    #[must_use]
    pub const fn embedded() -> Self {
        Self { own: None }
    }

    /// With postal codes of a table that goes before the compiled-in one.
    ///
    /// # Errors
    /// The bytes are no table.
    pub fn with_own(bytes: Arc<[u8]>) -> Result<Self, NotATable> {
        Table::new(&bytes)?;
        Ok(Self { own: Some(bytes) })
    }

    /// The tables, the one that goes first first.
    pub fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        let tables = [self.own.as_deref(), Some(EMBEDDED)];
        (tables.into_iter().flatten()).filter_map(|bytes| Table::new(bytes).ok())
    }

    /// The point of an address; `None` where even the country is unknown.
    #[must_use]
    pub fn locate(&self, address: &Address<'_>) -> Option<Located> {
        let code: [u8; 2] = address.country.as_bytes().try_into().ok()?;
        let mut countries = [None, None];
        for (place, table) in countries.iter_mut().zip(self.tables()) {
            *place = table.country(code);
        }
        let countries = || countries.iter().flatten().copied();
        let found = |point, precision| Located { point, precision };

        let postal = address.postal.map(|text| postal_key(code, text));
        let mut prefix: Option<(usize, Point)> = None;
        if let Some(postal) = postal.filter(|postal| !postal.key.as_bytes().is_empty()) {
            let key = postal.key.as_bytes();
            for country in countries() {
                let Some(Shared { len, exact, point }) = by_postal(country, key) else {
                    continue;
                };
                if exact && !postal.cut {
                    return Some(found(point, Precision::PostalCode));
                }
                if prefix.is_none_or(|(known, _)| known < len) {
                    prefix = Some((len, point));
                }
            }
            // Half of a code still says more than the name of a city, a tenth of a country does not.
            if let Some((len, point)) = prefix
                && len >= PREFIX_MIN
                && len * 2 >= key.len()
            {
                return Some(found(point, Precision::PostalPrefix));
            }
        }
        let region = |country: CountryTable<'_>| by_region(country, address.region?);
        let city = address.city.map(fold_name);
        let city = city.and_then(|name| {
            countries().find_map(|country| by_city(country, &name, region(country)))
        });
        city.map(|point| found(point, Precision::City))
            .or_else(|| prefix.map(|(_, point)| found(point, Precision::PostalPrefix)))
            .or_else(|| {
                let point = countries().find_map(|country| country.region(region(country)?));
                point.map(|point| found(point, Precision::Region))
            })
            .or_else(|| {
                let point = countries().find_map(CountryTable::point);
                point.map(|point| found(point, Precision::Country))
            })
    }
}

/// A shorter beginning of a postal code says less than the name of a city.
const PREFIX_MIN: usize = 2;

/// How a postal code is known.
struct Shared {
    /// How many of its first characters a known code has too.
    len: usize,
    /// Whether it is itself known.
    exact: bool,
    /// The middle of the codes that begin so.
    point: Point,
}

/// The longest beginning of `key` that postal codes of the country share.
fn by_postal(country: CountryTable<'_>, key: &[u8]) -> Option<Shared> {
    let shared = |other: &[u8]| key.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (before, mut entries) = country.from_key(Index::Postal, key);
    let next = entries.next();
    if let Some(exact) = next.filter(|entry| entry.key() == key) {
        return Some(Shared {
            len: key.len(),
            exact: true,
            point: exact.point,
        });
    }
    // In order, the neighbors of where the key would stand share the most with it.
    let neighbors = [before, next].into_iter().flatten();
    let len = neighbors.map(|entry| shared(entry.key())).max()?;
    let point = match len {
        0 => return None,
        len => middle_of(country, &key[..len])?,
    };
    Some(Shared {
        len,
        exact: false,
        point,
    })
}

/// So many codes are looked at for the middle of those with one beginning; of more, some that lie evenly among them.
const SAMPLES_MAX: usize = 16;

/// The middle of the postal codes that begin with `prefix`.
fn middle_of(country: CountryTable<'_>, prefix: &[u8]) -> Option<Point> {
    let begins = |entry: &Entry| entry.key().starts_with(prefix);
    let (_, mut entries) = country.from_key(Index::Postal, prefix);
    entries.peek()?;
    let first_block = entries.next_block();
    let mut points = Vec::with_capacity(SAMPLES_MAX);
    points.extend(
        entries
            .take_while(begins)
            .map(|entry| entry.point)
            .take(SAMPLES_MAX),
    );
    if points.len() == SAMPLES_MAX {
        // Many: the first codes of blocks are as good a sample as any, and cost no reading between.
        let blocks = country.blocks(Index::Postal);
        let head = |block: usize| country.block(Index::Postal, block).next();
        let (mut low, mut high) = (first_block, blocks);
        while low < high {
            let middle = low.midpoint(high);
            if head(middle).is_some_and(|entry| begins(&entry)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let step = (low - first_block).div_ceil(SAMPLES_MAX).max(1);
        points.clear();
        points.extend(
            (first_block..low)
                .step_by(step)
                .filter_map(head)
                .map(|entry| entry.point),
        );
    }
    let mut median = |part: fn(&Point) -> i32| {
        points.sort_unstable_by_key(part);
        points.get(points.len() / 2).map(part)
    };
    Some((median(|point| point.0)?, median(|point| point.1)?))
}

/// The city of that name in the region; where no region is known, the one that the name alone means.
fn by_city(country: CountryTable<'_>, name: &Key, region: Option<u8>) -> Option<Point> {
    let name = name.as_bytes();
    if name.is_empty() {
        return None;
    }
    let (_, same) = country.from_key(Index::City, name);
    for city in same.take_while(|entry| entry.key() == name) {
        let is_meant = region.map_or(city.foremost, |region| region == city.region);
        if is_meant {
            return Some(city.point);
        }
    }
    None
}

/// The number of a region of the country, by name or code.
fn by_region(country: CountryTable<'_>, name: &str) -> Option<u8> {
    let name = fold_name(name);
    let (_, mut entries) = country.from_key(Index::Region, name.as_bytes());
    let first = entries.next()?;
    (first.key() == name.as_bytes()).then_some(first.region)
}
