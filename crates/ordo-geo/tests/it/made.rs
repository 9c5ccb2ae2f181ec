//! Tables made from rows: everything put in is found again, in any order of putting in, and a
//! damaged table answers something or nothing but never fails.

use std::sync::Arc;

use ordo_geo::table::{Index, Table};
use ordo_geo::writer::{City, Writer};
use ordo_geo::{Address, Gazetteer, Precision};

/// Numbers that are the same on every run.
fn dice(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    *state >> 33
}

/// Rows of two countries: codes with long common beginnings, and cities with long names.
fn rows() -> Vec<([u8; 2], String, (i32, i32))> {
    let mut state = 7;
    (0..3_000)
        .map(|n| {
            let country = if n % 3 == 0 { *b"AA" } else { *b"ZZ" };
            let key = match n % 5 {
                0 => format!("{:05}", dice(&mut state) % 100_000),
                1 => format!("A{:018}", n),
                _ => format!("{n:06}"),
            };
            let degree = |state: &mut u64, most: u64| {
                (dice(state) % (2 * most)) as i32 * 10_000 - most as i32 * 10_000
            };
            (
                country,
                key,
                (degree(&mut state, 9_000), degree(&mut state, 18_000)),
            )
        })
        .collect()
}

fn write(rows: &[([u8; 2], String, (i32, i32))]) -> Vec<u8> {
    let mut writer = Writer::default();
    for (country, key, point) in rows {
        writer.postal(*country, key.as_bytes(), *point);
        let region = &key[..1];
        let city = City {
            country: *country,
            region,
            people: key.len() as u64,
            point: *point,
        };
        writer.people(city);
        writer.city(
            format!("town of {key} beside the long river {key}").as_bytes(),
            city,
        );
        writer.region_name(*country, format!("land {region}").as_bytes(), region);
    }
    writer.finish()
}

#[test]
fn everything_is_found_again_and_nothing_else() {
    let rows = rows();
    let bytes = write(&rows);
    let table = Table::new(&bytes).unwrap();
    for (country, key, _) in &rows {
        let country = table.country(*country).unwrap();
        let (before, mut found) = country.from_key(Index::Postal, key.as_bytes());
        assert!(before.is_none_or(|before| before.key() < key.as_bytes()));
        assert_eq!(found.next().unwrap().key(), key.as_bytes());
        let absent = format!("{key}!");
        let (before, mut found) = country.from_key(Index::Postal, absent.as_bytes());
        assert_eq!(before.unwrap().key(), key.as_bytes());
        assert!(
            found
                .next()
                .is_none_or(|after| after.key() > absent.as_bytes())
        );
    }
    for (code, country) in table.countries() {
        let keys: Vec<_> = country
            .all(Index::Postal)
            .map(|entry| entry.key().to_vec())
            .collect();
        let mut ours: Vec<_> = (rows.iter().filter(|(country, ..)| *country == code))
            .map(|(_, key, _)| key.as_bytes().to_vec())
            .collect();
        ours.sort();
        ours.dedup();
        assert_eq!(keys, ours);
    }
    assert!(table.country(*b"MM").is_none());
}

#[test]
fn points_come_back_to_the_hundredth_of_a_degree() {
    let mut writer = Writer::default();
    writer.postal(*b"AA", b"1", (-89_996_000, 179_994_900));
    writer.postal(*b"AA", b"2", (90_000_000, -180_000_000));
    let own: Arc<[u8]> = writer.finish().into();
    let gazetteer = Gazetteer::with_own(own).unwrap();
    for (postal, point) in [
        ("1", (-90_000_000, 179_990_000)),
        ("2", (90_000_000, -180_000_000)),
    ] {
        let address = Address {
            country: "AA",
            postal: Some(postal),
            ..Address::default()
        };
        assert_eq!(gazetteer.locate(&address).unwrap().point, point);
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let rows = rows();
    let backward: Vec<_> = rows.iter().rev().cloned().collect();
    assert_eq!(write(&rows), write(&backward));
}

#[test]
fn an_own_table_goes_before_the_compiled_in_one() {
    let mut writer = Writer::default();
    writer.postal(*b"DE", b"10115", (1_000_000, 2_000_000));
    writer.postal(*b"JP", b"1000001", (35_680_000, 139_750_000));
    let gazetteer = Gazetteer::with_own(writer.finish().into()).unwrap();
    let locate = |country, postal| {
        let address = Address {
            country,
            postal: Some(postal),
            ..Address::default()
        };
        gazetteer.locate(&address).unwrap()
    };
    assert_eq!(locate("DE", "10115").point, (1_000_000, 2_000_000));
    assert_eq!(locate("JP", "100-0001").precision, Precision::PostalCode);
    // What the own table lacks, the other has; and of two beginnings the longer counts.
    let munich = locate("DE", "80331");
    assert_eq!(munich.precision, Precision::PostalCode);
    assert!(munich.point.0 > 48_000_000);
    assert!(locate("DE", "80332").point.0 > 48_000_000);
}

#[test]
fn damage_is_answered_with_something_or_nothing() {
    assert!(Gazetteer::with_own(Arc::from(&b"ordogeo9\0\0\0\0"[..])).is_err());
    assert!(Gazetteer::with_own(Arc::from(&b"ordogeo1\x09\0\0\0"[..])).is_err());
    let rows = rows();
    let whole = write(&rows);
    let mut state = 99;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..20 {
            let at = 12 + dice(&mut state) as usize % (bytes.len() - 12);
            bytes[at] = dice(&mut state) as u8;
        }
        bytes.truncate(bytes.len() - dice(&mut state) as usize % (bytes.len() / 2));
        let gazetteer = Gazetteer::with_own(bytes.into()).unwrap();
        for (country, key, _) in rows.iter().step_by(250) {
            let country = std::str::from_utf8(country).unwrap();
            std::hint::black_box(gazetteer.locate(&Address {
                country,
                postal: Some(key),
                city: Some("town of 1"),
                region: Some("land 0"),
            }));
        }
    }
}
