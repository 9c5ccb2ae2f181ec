//! `POST /locations`: makes a location, live at once.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::network::{CreateLocation, LocationKind, Place};
use ordo_domain::time::Zone;
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// More shipments a day than any building hands over.
const DAILY_CAPACITY_MAX: i64 = 10_000_000;

/// A location to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// What sort of place it is.
    kind: LocationKind,
    /// The name shown to people.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: String,
    /// State or province.
    #[schema(max_length = 64)]
    region: Option<String>,
    /// Postal code.
    #[schema(max_length = 32)]
    postal_code: Option<String>,
    /// City.
    #[schema(max_length = 255)]
    city: Option<String>,
    /// Latitude in millionths of a degree; looked up by the address where absent.
    #[schema(minimum = -90_000_000, maximum = 90_000_000)]
    latitude_e6: Option<i32>,
    /// Longitude in millionths of a degree.
    #[schema(minimum = -180_000_000, maximum = 180_000_000)]
    longitude_e6: Option<i32>,
    /// IANA time zone; its calendar, cut-offs and capacity are in local days of it. UTC where absent.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// Shipments per local day; no limit where absent.
    #[schema(minimum = 0, maximum = 10_000_000)]
    daily_capacity: Option<i64>,
}

/// Reads the body of a request to make a location.
///
/// # Errors
/// It is not JSON, or not of this form; every refused field is named.
pub fn location_of_body(body: &[u8]) -> Result<CreateLocation, Rejection> {
    body::parse::<LocationInput>(body)?.parse()
}

impl LocationInput {
    /// The command that it stands for.
    ///
    /// # Errors
    /// Every refused field is named.
    pub fn parse(self) -> Result<CreateLocation, Rejection> {
        let mut check = Check::default();
        let time_zone = match &self.time_zone {
            None => "UTC".to_owned(),
            Some(name) => self::time_zone(&mut check, name),
        };
        let at = coordinates(&mut check, self.latitude_e6, self.longitude_e6);
        check_capacity(&mut check, self.daily_capacity);
        let location = CreateLocation {
            code: check.code("/code", &self.code),
            kind: self.kind,
            name: check.optional_text("/name", self.name.as_ref(), 255),
            place: Place {
                country: check.country("/country", &self.country),
                region: check.optional_text("/region", self.region.as_ref(), 64),
                postal: check.optional_text("/postal_code", self.postal_code.as_ref(), 32),
                at,
                precision: None,
            },
            city: check.optional_text("/city", self.city.as_ref(), 255),
            time_zone,
            daily_capacity: self.daily_capacity,
        };
        check.finish(location)
    }
}

/// A time zone that exists.
pub fn time_zone(check: &mut Check, name: &str) -> String {
    let name = check.text("/time_zone", name, 64);
    if !name.is_empty() && Zone::named(&name).is_none() {
        check.refuse("/time_zone", "is not a time zone such as Europe/Berlin");
    }
    name
}

/// Both coordinates, or none.
pub fn coordinates(
    check: &mut Check,
    latitude: Option<i32>,
    longitude: Option<i32>,
) -> Option<(i32, i32)> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => {
            if latitude.unsigned_abs() > 90_000_000 {
                check.refuse("/latitude_e6", "must be from -90000000 to 90000000");
            }
            if longitude.unsigned_abs() > 180_000_000 {
                check.refuse("/longitude_e6", "must be from -180000000 to 180000000");
            }
            Some((latitude, longitude))
        }
        (None, None) => None,
        (Some(_), None) => {
            check.refuse("/longitude_e6", "must stand beside the latitude");
            None
        }
        (None, Some(_)) => {
            check.refuse("/latitude_e6", "must stand beside the longitude");
            None
        }
    }
}

/// Refuses a limit that is none.
pub fn check_capacity(check: &mut Check, most: Option<i64>) {
    if most.is_some_and(|most| !(0..=DAILY_CAPACITY_MAX).contains(&most)) {
        let message = format!("must be from 0 to {DAILY_CAPACITY_MAX}");
        check.refuse("/daily_capacity", message);
    }
}

/// Makes a location.
///
/// It is live at once: it holds stock, and every channel may sell from it.
#[utoipa::path(
    post,
    path = "/api/v1/locations",
    tag = "Network",
    request_body = LocationInput,
    responses((status = 201, description = "It was made.", body = super::LocationAnswer)),
)]
pub async fn create_location(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let command = Command::CreateLocation(location_of_body(&body)?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<CreateLocation, Vec<String>> {
        let input: Result<LocationInput, _> = body::parse(body.as_bytes());
        (input.and_then(LocationInput::parse))
            .map_err(|rejection| rejection.fields.into_iter().map(|f| f.field).collect())
    }

    #[test]
    fn a_location_needs_a_code_a_kind_and_a_country() {
        let location = parse(r#"{"code":"BER","kind":"3pl","country":"de"}"#).unwrap();
        assert_eq!(location.kind, LocationKind::ThreePl);
        assert_eq!(location.place.country, "DE");
        assert_eq!(location.time_zone, "UTC");
    }

    #[test]
    fn every_refused_field_is_named() {
        let head = r#""code":"BER","kind":"store","country":"DE""#;
        for (rest, field) in [
            (r#""time_zone":"Mars/Olympus""#, "/time_zone"),
            (r#""latitude_e6":1"#, "/longitude_e6"),
            (r#""longitude_e6":1"#, "/latitude_e6"),
            (r#""latitude_e6":90000001,"longitude_e6":0"#, "/latitude_e6"),
            (
                r#""latitude_e6":0,"longitude_e6":-180000001"#,
                "/longitude_e6",
            ),
            (r#""daily_capacity":-1"#, "/daily_capacity"),
        ] {
            let body = format!("{{{head},{rest}}}");
            assert_eq!(parse(&body).err(), Some(vec![field.to_owned()]), "{body}");
        }
        let body = r#"{"code":"BER","kind":"castle","country":"DE"}"#;
        assert_eq!(parse(body).err(), Some(vec!["/kind".to_owned()]));
    }
}
