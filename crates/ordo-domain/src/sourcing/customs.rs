//! Customs areas: between which countries goods move without duty.

/// The customs union of the European Union, with Monaco, which is part of it.
pub const UNION: &str = "EU";

const MEMBERS: [&str; 28] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The customs area of a country: `EU`, or the country itself.
#[must_use]
pub fn customs_area(country: &str) -> &str {
    match MEMBERS.contains(&country) {
        true => UNION,
        false => country,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_union_is_one_area_and_every_other_country_its_own() {
        for (country, area) in [
            ("DE", "EU"),
            ("IE", "EU"),
            ("MC", "EU"),
            ("GB", "GB"),
            ("CH", "CH"),
            ("NO", "NO"),
            ("", ""),
        ] {
            assert_eq!(customs_area(country), area, "{country}");
        }
    }
}
