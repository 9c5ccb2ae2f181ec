//! Reads the lines of GeoNames' files: postal codes and cities, fields parted by tabs.

use crate::Point;
use crate::fold::Key;
use crate::postal::postal_key;

/// A line of the postal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostalLine {
    /// ISO 3166-1 alpha-2.
    pub country: [u8; 2],
    /// The code as the table holds it.
    pub key: Key,
    /// Where.
    pub point: Point,
}

/// Reads a line of the postal file (`allCountries.txt` or a country's): country, code, place, three
/// pairs of name and code, latitude, longitude, accuracy. `None` where it is not one, or has no
/// point.
#[must_use]
pub fn postal_line(line: &str) -> Option<PostalLine> {
    let mut fields = line.trim_end_matches(['\r', '\n']).split('\t');
    let country = country_code(fields.next()?)?;
    let code = fields.next()?;
    let mut rest = fields.skip(7);
    let point = (
        micro_degrees(rest.next()?, 90)?,
        micro_degrees(rest.next()?, 180)?,
    );
    let key = postal_key(country, code).key;
    (!key.as_bytes().is_empty()).then_some(PostalLine {
        country,
        key,
        point,
    })
}

/// A line of a file of cities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CityLine<'a> {
    /// ISO 3166-1 alpha-2.
    pub country: [u8; 2],
    /// Its name.
    pub name: &'a str,
    /// The name in ASCII.
    pub ascii: &'a str,
    /// Further names, parted by commas.
    pub others: &'a str,
    /// GeoNames' code of the region.
    pub region: &'a str,
    /// How many live there.
    pub people: u64,
    /// Where.
    pub point: Point,
}

/// Reads a line of a file of cities (`cities500.txt` and its like). `None` where it is not one.
#[must_use]
pub fn city_line(line: &str) -> Option<CityLine<'_>> {
    let fields: Vec<&str> = line.trim_end_matches(['\r', '\n']).split('\t').collect();
    let [
        _,
        name,
        ascii,
        others,
        latitude,
        longitude,
        _,
        _,
        country,
        _,
        region,
        _,
        _,
        _,
        people,
        ..,
    ] = fields[..]
    else {
        return None;
    };
    Some(CityLine {
        country: country_code(country)?,
        name,
        ascii,
        others,
        region,
        people: people.parse().ok()?,
        point: (micro_degrees(latitude, 90)?, micro_degrees(longitude, 180)?),
    })
}

/// A country code of two capital letters.
#[must_use]
pub fn country_code(text: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

/// Degrees in decimals as millionths, what is finer cut off; `None` beyond `most` degrees.
#[must_use]
pub fn micro_degrees(text: &str, most: i32) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let mut micro: i32 = whole.parse().ok()?;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(6) {
        micro = micro * 10 + i32::from(digit - b'0');
    }
    (micro <= most * 1_000_000).then_some(if negative { -micro } else { micro })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_line_gives_key_and_point() {
        let line =
            "GB\tSW1A 1AA\tLondon\tEngland\tENG\tGreater London\t\t\t\t51.501\t-0.1418\t6\r\n";
        let read = postal_line(line).unwrap();
        assert_eq!(read.key.as_bytes(), b"SW1A");
        assert_eq!((read.country, read.point), (*b"GB", (51_501_000, -141_800)));
        for broken in [
            "",
            "GB\tSW1A\t",
            "xx\t1\t\t\t\t\t\t\t\t1\t1\t1",
            "DE\t10115\tBerlin\t\t\t\t\t\t\t\t\t",
            "DE\t10115\tBerlin\t\t\t\t\t\t\t91.0\t1.0\t",
            "DE\t--\tBerlin\t\t\t\t\t\t\t51.0\t1.0\t",
        ] {
            assert_eq!(postal_line(broken), None, "{broken}");
        }
    }

    #[test]
    fn degrees_become_whole_millionths() {
        for (text, micro) in [
            ("52.52", Some(52_520_000)),
            ("-0.1418", Some(-141_800)),
            ("-122.12345678", Some(-122_123_456)),
            ("180", Some(180_000_000)),
            ("180.000001", None),
            ("1e3", None),
            ("", None),
            ("-", None),
            ("9999", None),
            ("1.-2", None),
        ] {
            assert_eq!(micro_degrees(text, 180), micro, "{text}");
        }
    }
}
