//! `POST /rate-tables/{id}/prices`: all steps and prices of a table, as a carrier's list in CSV.
//!
//! The first row names the columns: one of `max_g`, `max_kg`, `max_lb`, `max_oz`, then one per zone,
//! by its name. A column `service` picks the rows of the table's service out of a list of several.
//! Prices are decimal numbers of the table's currency; an empty field is no price.

use axum::body::Body;
use ordo_domain::id::RateTableId;
use ordo_domain::money::Minor;
use ordo_domain::rate::{RateTable, RateTableChange, STEPS_MAX, UpdateRateTable};
use ordo_domain::{Code, Command, Rejection};

use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};
use crate::read;

/// Grams in a unit of weight, times 10^9.
const UNITS: [(&str, i128); 4] = [
    ("max_g", 1_000_000_000),
    ("max_kg", 1_000_000_000_000),
    ("max_lb", 453_592_370_000),
    ("max_oz", 28_349_523_125),
];

/// Posts all steps and prices of a rate table.
///
/// They take the place of those that were there. A weight that is no whole number of grams counts as
/// the whole number below it.
#[utoipa::path(
    post,
    path = "/api/v1/rate-tables/{id}/prices",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rate table's id.")),
    request_body(content = String, content_type = "text/csv", description = "The first row names the columns: `max_g`, `max_kg`, `max_lb` or `max_oz`, then the zones by name; `service` where the list holds several.", example = "max_kg,near,far\n1,4.50,6.90\n5,5.90,\n"),
    responses((status = 200, description = "The rate table as it stands then.", body = super::RateTableAnswer)),
)]
pub async fn import_rate_prices(ask: Ask, body: Body) -> Answer {
    let rate_table: RateTableId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let table: RateTable = read::find(&ask, rate_table).await?;
    let command = UpdateRateTable {
        rate_table,
        expected: expected(&ask.parts)?,
        change: Box::new(change(&table, &body)?),
    };
    edit::<RateTable>(&ask, Command::UpdateRateTable(command), &body).await
}

/// What a column holds.
enum Column {
    Service,
    /// Grams in its unit, times 10^9.
    Weight(i128),
    /// Index of the zone.
    Zone(usize),
}

fn change(table: &RateTable, body: &[u8]) -> Result<RateTableChange, Rejection> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Rejection::new(Code::MalformedBody, "the body is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = (text.lines().zip(1_usize..)).filter(|(row, _)| !row.trim().is_empty());
    let Some((header, _)) = rows.next() else {
        return Err(Rejection::field("/1", "there are no rows"));
    };
    let delimiter = delimiter(header);
    let columns = columns(table, &fields(header, delimiter))?;
    let mut steps_g = Vec::new();
    let mut prices: Vec<(String, Vec<Option<Minor>>)> = (table.zones.iter())
        .map(|zone| (zone.name.clone(), Vec::new()))
        .collect();
    for (row, number) in rows {
        let fields = fields(row, delimiter);
        if fields.len() != columns.len() {
            let message = format!("has {} fields, not {}", fields.len(), columns.len());
            return Err(Rejection::field(format!("/{number}"), message));
        }
        let is_other = |(column, field): (&Column, &String)| match column {
            Column::Service => *field != table.service,
            Column::Weight(_) | Column::Zone(_) => false,
        };
        if columns.iter().zip(&fields).any(is_other) {
            continue;
        }
        if steps_g.len() == STEPS_MAX {
            let message = format!("is more than the {STEPS_MAX} steps that a table has");
            return Err(Rejection::field(format!("/{number}"), message));
        }
        for (at, (column, field)) in columns.iter().zip(&fields).enumerate() {
            let refuse = |message| Rejection::field(format!("/{number}/{}", at + 1), message);
            match column {
                Column::Service => {}
                Column::Weight(unit) => {
                    let weight_g = grams(field, *unit);
                    steps_g.push(weight_g.ok_or_else(|| refuse("must be a weight such as 2.5"))?);
                }
                Column::Zone(zone) if field.is_empty() => prices[*zone].1.push(None),
                Column::Zone(zone) => {
                    let price = table.currency.parse_decimal(field);
                    let price = price.ok_or_else(|| refuse("must be a price such as 12.50"))?;
                    prices[*zone].1.push(Some(price));
                }
            }
        }
    }
    if steps_g.is_empty() {
        let message = format!("there is no row of the service {}", table.service);
        return Err(Rejection::field("/1", message));
    }
    Ok(RateTableChange {
        steps_g: Some(steps_g),
        prices: Some(prices),
        ..RateTableChange::default()
    })
}

/// What the columns hold: one weight, every zone, and perhaps the service.
fn columns(table: &RateTable, names: &[String]) -> Result<Vec<Column>, Rejection> {
    let mut columns = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let refuse = |message: &str| Err(Rejection::field(format!("/1/{}", at + 1), message));
        if names[..at].contains(name) {
            return refuse("stands here twice");
        }
        let lower = name.to_lowercase();
        let unit = UNITS.iter().find(|(unit, _)| *unit == lower);
        let zone = table.zones.iter().position(|zone| zone.name == *name);
        let has_weight = (columns.iter()).any(|column| matches!(column, Column::Weight(_)));
        columns.push(match (lower.as_str(), unit, zone) {
            ("service", _, _) => Column::Service,
            (_, Some(_), _) if has_weight => return refuse("is a second weight"),
            (_, Some((_, grams)), _) => Column::Weight(*grams),
            (_, None, Some(zone)) => Column::Zone(zone),
            (_, None, None) => return refuse("is no zone of the table, nor a weight"),
        });
    }
    let zones = (columns.iter()).filter(|column| matches!(column, Column::Zone(_)));
    let is_whole = zones.count() == table.zones.len();
    let has_weight = (columns.iter()).any(|column| matches!(column, Column::Weight(_)));
    match is_whole && has_weight {
        true => Ok(columns),
        false => {
            let message = "must name a weight and every zone of the table";
            Err(Rejection::field("/1", message))
        }
    }
}

/// The one of comma, semicolon and tab that stands there most often.
fn delimiter(header: &str) -> char {
    let count = |delimiter: &char| header.matches(*delimiter).count();
    // The last of equal ones counts, and a list of one column has none.
    ['\t', ';', ',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(',')
}

/// The fields of a row, without quotes and the spaces around them.
fn fields(row: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = row.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            other if other == delimiter && !is_quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    (fields.iter())
        .map(|field| field.trim().to_owned())
        .collect()
}

/// A decimal weight in whole grams, rounded down; `None` where it is none.
fn grams(text: &str, unit: i128) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || fraction.len() > 9 {
        return None;
    }
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let billionths: i128 = format!("{whole}{fraction:0<9}").parse().ok()?;
    i64::try_from(billionths * unit / 1_000_000_000_000_000_000).ok()
}

#[cfg(test)]
mod tests {
    use ordo_domain::rate::{Worked, Zone};

    use super::*;

    fn table(service: &str, zones: &[&str]) -> RateTable {
        let zone = |name: &&str| Zone {
            name: (*name).to_owned(),
            areas: Vec::new(),
            up_to_m: None,
            transit_days: 1,
            prices: Vec::new(),
        };
        RateTable {
            id: RateTableId::from_u128(1),
            version: 1,
            code: "T".to_owned(),
            carrier: "C".to_owned(),
            service: service.to_owned(),
            currency: "USD".parse().unwrap(),
            origins: Vec::new(),
            zones: zones.iter().map(zone).collect(),
            steps_g: Vec::new(),
            mm3_per_g: None,
            surcharges: Vec::new(),
            takes: None,
            valid_from: None,
            valid_until: None,
            worked: Worked::default(),
        }
    }

    fn read(body: &str) -> Result<RateTableChange, String> {
        change(&table("S", &["near", "far"]), body.as_bytes())
            .map_err(|rejection| rejection.fields[0].field.clone())
    }

    #[test]
    fn weights_become_whole_grams() {
        for (text, unit, weight_g) in [
            ("250", "max_g", Some(250)),
            ("2.5", "max_kg", Some(2_500)),
            ("0.25", "max_lb", Some(113)),
            ("70", "max_lb", Some(31_751)),
            ("16", "max_oz", Some(453)),
            ("1,5", "max_kg", None),
            ("-1", "max_kg", None),
            ("", "max_kg", None),
        ] {
            let (_, grams_of) = UNITS.iter().find(|(name, _)| *name == unit).unwrap();
            assert_eq!(grams(text, *grams_of), weight_g, "{text} {unit}");
        }
    }

    #[test]
    fn a_list_is_read_by_its_columns() {
        let minor = Minor::new;
        for body in [
            "max_kg,near,far\n1,4.5,6.90\n\n5,,9\n",
            "\u{feff}service;far;MAX_KG;near\nS;6.90;1;4.50\nS;9;5;\n",
            "service\tmax_kg\tnear\tfar\nS\t1\t\"4.50\"\t6.90\r\nother\t1\t1\t1\nS\t5\t\t9.00\r\n",
        ] {
            let change = read(body).unwrap();
            assert_eq!(change.steps_g, Some(vec![1_000, 5_000]), "{body}");
            let prices = change.prices.unwrap();
            assert_eq!(prices[0], ("near".to_owned(), vec![minor(450), None]));
            assert_eq!(prices[1], ("far".to_owned(), vec![minor(690), minor(900)]));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_row_and_column() {
        for (body, field) in [
            ("", "/1"),
            ("max_kg,near\n", "/1"),
            ("near,far\n1,2\n", "/1"),
            ("max_kg,near,far,moon\n", "/1/4"),
            ("max_kg,near,far,near\n", "/1/4"),
            ("max_kg,near,far\n", "/1"),
            ("max_kg,near,far\n1,2\n", "/2"),
            ("max_kg,near,far\n1,2,3\nx,2,3\n", "/3/1"),
            ("max_kg,near,far\n1,2,3.005\n", "/2/3"),
        ] {
            assert_eq!(read(body).err().as_deref(), Some(field), "{body}");
        }
    }

    /// Goal: a real list of prices is taken as it is. The postal service's own prices, by zone.
    #[test]
    fn the_list_of_a_real_carrier_is_taken() {
        let folder = std::env::var("ORDO_DATA_DIR");
        let folder = folder.unwrap_or_else(|_| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned()
        });
        let path = std::path::Path::new(&folder).join("rates/usps_retail_2025-10.csv");
        if !path.exists() {
            return; // The data is not part of the repository.
        }
        let list = std::fs::read(path).unwrap();
        let zones: Vec<String> = (1..=8).map(|zone| format!("zone{zone}")).collect();
        let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
        for (service, lightest, heaviest) in [
            ("USPS Ground Advantage Retail", 720, 17_780),
            ("USPS Priority Mail Retail", 1_045, 0),
        ] {
            let read = change(&table(service, &zones), &list).unwrap();
            let (steps_g, prices) = (read.steps_g.unwrap(), read.prices.unwrap());
            assert_eq!(steps_g.len(), 23, "{service}");
            assert_eq!((steps_g[0], steps_g[22]), (113, 31_751));
            assert!(steps_g.is_sorted_by(|a, b| a < b));
            assert_eq!(prices[0].1[0], Minor::new(lightest));
            assert!(
                prices
                    .iter()
                    .all(|(_, row)| row.iter().all(Option::is_some))
            );
            if heaviest > 0 {
                assert_eq!(prices[7].1[22], Minor::new(heaviest));
            }
        }
    }
}
