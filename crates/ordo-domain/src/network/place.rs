//! Where places are, and how far apart, as well as what is known of them allows.

use ordo_geo::{Address, Gazetteer};

use crate::network::Place;

impl Place {
    /// Looks the coordinates up. `postal` is the whole postal code, of which a person's place keeps
    /// only the beginning.
    pub fn find(&mut self, gazetteer: &Gazetteer, postal: Option<&str>, city: Option<&str>) {
        let found = gazetteer.locate(&Address {
            country: &self.country,
            postal,
            city,
            region: self.region.as_deref(),
        });
        self.at = found.map(|found| found.point);
        self.precision = found.map(|found| found.precision);
    }

    /// Whether goods for one go elsewhere than goods for the other. Coordinates that were looked up
    /// on one side only say nothing: the table may have come later than the address.
    #[must_use]
    pub fn is_elsewhere(&self, other: &Self) -> bool {
        let address = |place: &Self| {
            (
                place.country.clone(),
                place.region.clone(),
                place.postal.clone(),
            )
        };
        let moved = match (self.at, other.at) {
            (Some(here), Some(there)) => here != there,
            (Some(_), None) => self.precision.is_none(),
            (None, Some(_)) => other.precision.is_none(),
            (None, None) => false,
        };
        moved || address(self) != address(other)
    }
}

/// Meters between two places whose country differs and of which nothing more is known.
const ABROAD_M: i64 = 5_000_000;

/// Meters between two places: by coordinates where both have them, else by how much of country,
/// region and postal code they share. The second is a ranking in the shape of a distance.
#[must_use]
pub fn distance_m(from: &Place, to: &Place) -> i64 {
    if let (Some(from), Some(to)) = (from.at, to.at) {
        return ordo_geo::distance_m(from, to);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn place(country: &str, postal: Option<&str>, at: Option<(i32, i32)>) -> Place {
        Place {
            country: country.into(),
            region: None,
            postal: postal.map(Into::into),
            at,
            precision: None,
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

    #[test]
    fn a_looked_up_point_is_no_move_where_none_was_known() {
        let looked_up = |postal, at| Place {
            precision: Some(ordo_geo::Precision::PostalCode),
            ..place("DE", Some(postal), Some(at))
        };
        let unknown = place("DE", Some("101"), None);
        let given = place("DE", Some("101"), Some((52_530_000, 13_380_000)));
        let found = looked_up("101", (52_530_000, 13_380_000));
        for (from, to, is_elsewhere) in [
            (&unknown, &found, false),
            (&found, &unknown, false),
            (&unknown, &given, true),
            (&given, &unknown, true),
            (&found, &found, false),
            (&found, &looked_up("101", (52_500_000, 13_380_000)), true),
            (&unknown, &place("DE", Some("803"), None), true),
            (&unknown, &place("AT", Some("101"), None), true),
        ] {
            assert_eq!(from.is_elsewhere(to), is_elsewhere, "{from:?} {to:?}");
        }
    }
}
