//! What the compiled-in table answers. Each line is an address, what it is found by, and where it
//! is as printed on any map; the answer must lie within the kilometers at the end.

use ordo_geo::{Address, Gazetteer, Located, Point, Precision, distance_m};

fn locate(country: &str, postal: &str, city: &str, region: &str) -> Option<Located> {
    let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (postal, city, region) = (given(postal), given(city), given(region));
    Gazetteer::embedded().locate(&Address {
        country,
        postal: postal.as_deref(),
        city: city.as_deref(),
        region: region.as_deref(),
    })
}

const BERLIN: Point = (52_520_000, 13_405_000);
const LONDON: Point = (51_507_000, -128_000);
const NEW_YORK: Point = (40_713_000, -74_006_000);
const TOKYO: Point = (35_690_000, 139_692_000);
const MUNICH: Point = (48_137_000, 11_575_000);
const SAO_PAULO: Point = (-23_550_000, -46_633_000);

#[test]
fn addresses_of_many_countries_are_found_where_they_are() {
    use Precision::{City, Country, PostalCode, PostalPrefix, Region};
    for (country, postal, city, region, precision, point, within_km) in [
        ("DE", "10115", "Berlin", "", PostalCode, BERLIN, 5),
        ("DE", "D-80331", "", "", PostalCode, MUNICH, 5),
        ("US", "10001", "", "", PostalCode, NEW_YORK, 6),
        ("US", "10001-2062", "", "", PostalCode, NEW_YORK, 6),
        (
            "FR",
            "75001",
            "",
            "",
            PostalCode,
            (48_862_000, 2_336_000),
            5,
        ),
        (
            "IN",
            "110001",
            "",
            "",
            PostalCode,
            (28_632_000, 77_219_000),
            15,
        ),
        ("GB", "SW1A 1AA", "", "", PostalPrefix, LONDON, 5),
        (
            "GB",
            "E1 6AN",
            "",
            "",
            PostalPrefix,
            (51_517_000, -60_000),
            5,
        ),
        (
            "NL",
            "1012 JS",
            "",
            "",
            PostalPrefix,
            (52_373_000, 4_894_000),
            5,
        ),
        (
            "CA",
            "M5V 3L9",
            "",
            "",
            PostalPrefix,
            (43_642_000, -79_387_000),
            5,
        ),
        ("BR", "01310-100", "", "", PostalPrefix, SAO_PAULO, 15),
        (
            "PT",
            "1100-148",
            "",
            "",
            PostalPrefix,
            (38_711_000, -9_137_000),
            5,
        ),
        // No such code: its neighbors are near.
        ("DE", "10116", "", "", PostalPrefix, BERLIN, 10),
        // A code of which nothing is known goes behind the city.
        ("DE", "1", "München", "", City, MUNICH, 10),
        ("DE", "", "Muenchen", "", City, MUNICH, 10),
        ("DE", "", "Munich", "", City, MUNICH, 10),
        ("DE", "", "KÖLN", "", City, (50_938_000, 6_957_000), 10),
        ("JP", "100-0001", "Tokyo", "", City, TOKYO, 20),
        ("JP", "", "東京", "", City, TOKYO, 20),
        ("RU", "", "Москва", "", City, (55_752_000, 37_616_000), 20),
        (
            "MX",
            "06000",
            "Ciudad de México",
            "",
            City,
            (19_428_000, -99_128_000),
            20,
        ),
        ("AE", "", "Dubai", "", City, (25_077_000, 55_309_000), 30),
        (
            "US",
            "",
            "Saint Louis",
            "MO",
            City,
            (38_627_000, -90_198_000),
            10,
        ),
        (
            "US",
            "",
            "Springfield",
            "IL",
            City,
            (39_802_000, -89_644_000),
            10,
        ),
        (
            "US",
            "",
            "Springfield",
            "Massachusetts",
            City,
            (42_101_000, -72_590_000),
            10,
        ),
        (
            "US",
            "",
            "Nowhere at All",
            "California",
            Region,
            (34_050_000, -118_240_000),
            400,
        ),
        ("BR", "", "", "SP", Region, SAO_PAULO, 200),
        ("CA", "", "", "ON", Region, (43_700_000, -79_400_000), 200),
        ("JP", "", "", "Osaka", Region, (34_690_000, 135_500_000), 50),
        ("FR", "", "", "", Country, (47_000_000, 2_500_000), 300),
        ("JP", "999", "", "", Country, (35_500_000, 139_000_000), 400),
    ] {
        let asked = format!("{country} {postal} {city} {region}");
        let found = locate(country, postal, city, region).expect(&asked);
        let far_km = distance_m(found.point, point) / 1_000;
        assert_eq!(found.precision, precision, "{asked}");
        assert!(far_km <= within_km, "{asked}: {far_km} km off, {found:?}");
    }
}

#[test]
fn a_name_of_many_cities_means_none_of_them_without_a_region() {
    let springfield = locate("US", "", "Springfield", "").unwrap();
    assert_eq!(springfield.precision, Precision::Country);
    let in_no_such_region = locate("US", "", "Springfield", "Atlantis").unwrap();
    assert_eq!(in_no_such_region.precision, Precision::Country);
    // One of the name has far more people than the others.
    let chicago = locate("US", "", "Chicago", "").unwrap();
    assert_eq!(chicago.precision, Precision::City);
}

#[test]
fn what_is_no_country_is_nowhere() {
    for country in ["", "X", "XX", "DEU", "de", "ß"] {
        assert_eq!(locate(country, "10115", "Berlin", ""), None, "{country}");
    }
}

#[test]
fn every_country_with_people_has_a_point() {
    let table = Gazetteer::embedded();
    let countries = table.tables().flat_map(|table| table.countries()).count();
    assert!(countries > 240, "{countries}");
    for country in ["DE", "US", "BR", "ZA", "NZ", "IS", "VA", "SG"] {
        assert!(locate(country, "", "", "").is_some(), "{country}");
    }
}
