//! How far apart two places are, as well as what is known of them allows.

use crate::network::Place;

/// Meters between two places whose country differs and of which nothing more is known.
const ABROAD_M: i64 = 5_000_000;

/// Meters between two places: by coordinates where both have them, else by how much of country,
/// region and postal code they share. The second is a ranking in the shape of a distance.
#[must_use]
pub fn distance_m(from: &Place, to: &Place) -> i64 {
    if let (Some(from), Some(to)) = (from.at, to.at) {
        return great_circle_m(from, to);
    }
    if from.country != to.country {
        return ABROAD_M;
    }
    let shared = match (&from.postal, &to.postal) {
        (Some(a), Some(b)) => a
            .bytes()
            .zip(b.bytes())
            .take(3)
            .take_while(|(a, b)| a == b)
            .count(),
        _ => 0,
    };
    let same_region = from.region.is_some() && from.region == to.region;
    match (shared, same_region) {
        (3.., _) => 10_000,
        (2, _) => 50_000,
        (1, _) => 150_000,
        (_, true) => 200_000,
        (_, false) => 400_000,
    }
}

/// Great-circle distance on a sphere of radius 6,371,008.8 m (IUGG mean radius), by the haversine
/// formula; arguments in millionths of a degree.
#[allow(clippy::float_arithmetic)] // Neither money nor a quantity; rounded to meters at once.
fn great_circle_m(from: (i32, i32), to: (i32, i32)) -> i64 {
    let radians = |micro: i32| (f64::from(micro) / 1e6).to_radians();
    let (lat_a, lat_b) = (radians(from.0), radians(to.0));
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (radians(to.1) - radians(from.1)) / 2.0;
    let chord = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    (2.0 * 6_371_008.8 * chord.sqrt().min(1.0).asin()).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(country: &str, postal: Option<&str>, at: Option<(i32, i32)>) -> Place {
        Place {
            country: country.into(),
            region: None,
            postal: postal.map(Into::into),
            at,
        }
    }

    #[test]
    fn coordinates_decide_where_both_sides_have_them() {
        let berlin = place("DE", None, Some((52_520_008, 13_404_954)));
        let paris = place("FR", None, Some((48_856_613, 2_352_222)));
        let distance = distance_m(&berlin, &paris);
        assert!((877_000..879_000).contains(&distance), "{distance}");
        assert_eq!(distance_m(&berlin, &berlin), 0);
    }

    #[test]
    fn without_coordinates_more_in_common_is_nearer() {
        let at = |postal| place("DE", Some(postal), None);
        let here = at("10115");
        let farther: Vec<i64> = ["101", "109", "12", "80"]
            .map(|postal| distance_m(&here, &at(postal)))
            .into_iter()
            .chain([distance_m(&here, &place("FR", Some("101"), None))])
            .collect();
        assert!(
            farther.is_sorted() && farther[0] < farther[4],
            "{farther:?}"
        );
    }
}
