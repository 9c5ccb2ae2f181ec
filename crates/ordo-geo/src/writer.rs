//! Makes a table: from rows in any order, the same bytes for the same rows.

use std::collections::BTreeMap;

use crate::Point;
use crate::fold::KEY_MAX;
use crate::table::{BLOCK, FOREMOST, MAGIC, NOWHERE, RECORD};

/// Rows of a table to be.
#[derive(Debug, Default)]
pub struct Writer {
    countries: BTreeMap<[u8; 2], Country>,
}

#[derive(Debug, Default)]
struct Country {
    postal: BTreeMap<Vec<u8>, Vec<Point>>,
    /// By name and region, with the people who live there.
    cities: BTreeMap<Vec<u8>, BTreeMap<String, (u64, Point)>>,
    /// Names and codes of regions, each with the region's code.
    region_names: BTreeMap<Vec<u8>, String>,
    /// People and where they live, by region.
    people: BTreeMap<String, Vec<(u64, Point)>>,
}

/// One city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct City<'a> {
    /// ISO 3166-1 alpha-2.
    pub country: [u8; 2],
    /// The code of its region, in any one system for the country.
    pub region: &'a str,
    /// How many live there.
    pub people: u64,
    /// Where it is.
    pub point: Point,
}

/// A city means its name alone where it has this many times the people of the next of that name.
const FOREMOST_TIMES: u64 = 4;

impl Writer {
    /// A postal code's point, by its key; several points of a key become their middle.
    pub fn postal(&mut self, country: [u8; 2], key: &[u8], point: Point) {
        if !key.is_empty() && key.len() <= KEY_MAX {
            let country = self.countries.entry(country).or_default();
            country.postal.entry(key.to_vec()).or_default().push(point);
        }
    }

    /// How many postal codes of the country are there.
    #[must_use]
    pub fn postal_codes(&self, country: [u8; 2]) -> usize {
        (self.countries.get(&country)).map_or(0, |country| country.postal.len())
    }

    /// A city's people count for its region and country, under whatever names it is added.
    pub fn people(&mut self, city: City<'_>) {
        let country = self.countries.entry(city.country).or_default();
        let region = country.people.entry(city.region.to_owned()).or_default();
        // A hamlet of which nothing is known is still somebody's home.
        region.push((city.people.max(1), city.point));
    }

    /// A name of a city. Of several of the same name in a region the most populous counts.
    pub fn city(&mut self, name: &[u8], city: City<'_>) {
        if name.is_empty() || name.len() > KEY_MAX {
            return;
        }
        let country = self.countries.entry(city.country).or_default();
        let regions = country.cities.entry(name.to_vec()).or_default();
        let kept = regions.entry(city.region.to_owned());
        let kept = kept.or_insert((city.people, city.point));
        if (city.people, city.point) > *kept {
            *kept = (city.people, city.point);
        }
    }

    /// A name or code by which a region is known; the first that is added stands.
    pub fn region_name(&mut self, country: [u8; 2], name: &[u8], region: &str) {
        if !name.is_empty() && name.len() <= KEY_MAX {
            let country = self.countries.entry(country).or_default();
            let names = &mut country.region_names;
            names.entry(name.to_vec()).or_insert(region.to_owned());
        }
    }

    /// The table.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.countries.len() as u32).to_le_bytes());
        let records = bytes.len();
        bytes.resize(records + RECORD * self.countries.len(), 0);
        for (nth, (code, country)) in self.countries.into_iter().enumerate() {
            let at = records + RECORD * nth;
            let record = country.write(code, &mut bytes);
            bytes[at..at + RECORD].copy_from_slice(&record);
        }
        bytes
    }
}

impl Country {
    /// Writes everything of the country to the end of `bytes` and answers its record.
    fn write(mut self, code: [u8; 2], bytes: &mut Vec<u8>) -> [u8; RECORD] {
        let everybody: Vec<_> = self.people.values().flatten().copied().collect();
        // What is beyond the numbers of a byte shares the country's point; no country has so many.
        let regions: BTreeMap<&str, u8> = (self.people.keys().map(String::as_str))
            .zip(0..=254)
            .collect();
        let number = |region: &str| regions.get(region).copied().unwrap_or(u8::MAX);

        let mut record = Vec::with_capacity(RECORD);
        record.extend(code);
        record.extend([regions.len() as u8, 0]);
        record.extend(packed(middle(&everybody), false));

        let mut postal = Entries::default();
        for (key, points) in &mut self.postal {
            let weighed: Vec<_> = points.iter().map(|point| (1, *point)).collect();
            if let Some(point) = middle(&weighed) {
                postal.delta(key, hundredths(point));
            }
        }
        record.extend(postal.write(bytes));

        let mut cities = Entries::default();
        for (name, regions) in &self.cities {
            let mut same: Vec<_> = regions.iter().collect();
            same.sort_by_key(|(region, (people, _))| (std::cmp::Reverse(*people), region.as_str()));
            let most = same[0].1.0;
            let next = same.get(1).map_or(0, |(_, (people, _))| *people);
            let known =
                same.len() == 1 || (most > 0 && most >= next.saturating_mul(FOREMOST_TIMES));
            for (nth, (region, (_, point))) in same.iter().enumerate() {
                let mut payload = vec![number(region)];
                payload.extend(packed(Some(*point), known && nth == 0));
                cities.push(name, &payload);
            }
        }
        record.extend(cities.write(bytes));

        let mut names = Entries::default();
        for (name, region) in &self.region_names {
            if let Some(region) = regions.get(region.as_str()) {
                names.push(name, &[*region]);
            }
        }
        record.extend(names.write(bytes));

        record.extend((bytes.len() as u32).to_le_bytes());
        for region in self.people.values().take(regions.len()) {
            bytes.extend(packed(middle(region), false));
        }
        record
            .try_into()
            .expect("the parts of a record have fixed lengths")
    }
}

/// The weighted median of latitudes and of longitudes: it is among people, whatever lies far out,
/// and needs no float.
fn middle(weighed: &[(u64, Point)]) -> Option<Point> {
    let median = |part: fn(&Point) -> i32| {
        let mut parts: Vec<_> = weighed
            .iter()
            .map(|(weight, point)| (part(point), *weight))
            .collect();
        parts.sort_unstable();
        let half = parts
            .iter()
            .map(|(_, weight)| weight)
            .sum::<u64>()
            .div_ceil(2);
        let mut sum = 0;
        (parts.into_iter())
            .find(|(_, weight)| {
                sum += weight;
                sum >= half
            })
            .map(|(part, _)| part)
    };
    Some((median(|point| point.0)?, median(|point| point.1)?))
}

/// Rounded to hundredths of a degree.
fn hundredths(point: Point) -> (i32, i32) {
    let round = |micro: i32| (micro + 5_000).div_euclid(10_000);
    (
        round(point.0).clamp(-9_000, 9_000),
        round(point.1).clamp(-18_000, 18_000),
    )
}

fn packed(point: Option<Point>, foremost: bool) -> [u8; 4] {
    let (latitude, longitude) = match point {
        None => (NOWHERE, 0),
        Some(point) => {
            let (latitude, longitude) = hundredths(point);
            ((latitude + 9_000) as u16, (longitude + 18_000) as u16)
        }
    };
    let latitude = latitude | if foremost { FOREMOST } else { 0 };
    let ([a, b], [c, d]) = (latitude.to_le_bytes(), longitude.to_le_bytes());
    [a, b, c, d]
}

/// Entries of an index in the making.
#[derive(Default)]
struct Entries {
    blocks: Vec<Vec<u8>>,
    in_block: usize,
    key: Vec<u8>,
    point: (i32, i32),
}

impl Entries {
    /// Starts an entry, and a block where the last is full.
    fn start(&mut self, key: &[u8]) -> &mut Vec<u8> {
        if self.blocks.is_empty() || self.in_block == BLOCK {
            self.blocks.push(Vec::new());
            self.in_block = 0;
            self.key.clear();
            self.point = (0, 0);
        }
        self.in_block += 1;
        let shared = key
            .iter()
            .zip(&self.key)
            .take_while(|(a, b)| a == b)
            .count();
        self.key = key.to_vec();
        let rest = &key[shared..];
        let nibble = |length: usize| length.min(15) as u8;
        let block = self.blocks.last_mut().expect("one was pushed above");
        block.push(nibble(shared) << 4 | nibble(rest.len()));
        for length in [shared, rest.len()] {
            if length >= 15 {
                block.push(length as u8);
            }
        }
        block.extend(rest);
        block
    }

    fn push(&mut self, key: &[u8], payload: &[u8]) {
        self.start(key).extend(payload);
    }

    fn delta(&mut self, key: &[u8], point: (i32, i32)) {
        self.start(key);
        let before = std::mem::replace(&mut self.point, point);
        let block = self.blocks.last_mut().expect("an entry was started above");
        for difference in [point.0 - before.0, point.1 - before.1] {
            let mut value = difference.unsigned_abs() << 1 | u32::from(difference < 0);
            while value >= 0x80 {
                block.push(value as u8 | 0x80);
                value >>= 7;
            }
            block.push(value as u8);
        }
    }

    /// Writes offsets and blocks to the end of `bytes`; answers where, and how many blocks.
    fn write(self, bytes: &mut Vec<u8>) -> [u8; 8] {
        let offsets = bytes.len();
        let mut at = offsets + 4 * (self.blocks.len() + 1);
        for block in &self.blocks {
            bytes.extend((at as u32).to_le_bytes());
            at += block.len();
        }
        bytes.extend((at as u32).to_le_bytes());
        for block in &self.blocks {
            bytes.extend(block);
        }
        let ([a, b, c, d], [e, f, g, h]) = (
            (offsets as u32).to_le_bytes(),
            (self.blocks.len() as u32).to_le_bytes(),
        );
        [a, b, c, d, e, f, g, h]
    }
}
