//! `POST /rate-tables`: makes a rate table.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::rate::{CreateRateTable, RateTableDraft};
use ordo_domain::rules::expr::Condition;
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SurchargeBody, ZoneBody, check_divisor, read_day, read_surcharges, read_zones};
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A rate table to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateTableInput {
    /// The merchant's short name for it, unique.
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// Who carries.
    #[schema(min_length = 1, max_length = 64)]
    carrier: String,
    /// Which product of theirs.
    #[schema(min_length = 1, max_length = 64)]
    service: String,
    /// The currency of all its prices; it serves orders in that currency.
    #[schema(example = "EUR")]
    currency: String,
    /// The codes of the locations that it serves; empty for all.
    #[serde(default)]
    #[schema(max_items = 1000)]
    origins: Vec<String>,
    /// Where to, in the order in which they are asked: the first that fits counts.
    #[schema(max_items = 200)]
    zones: Vec<ZoneBody>,
    /// The heaviest weight of each step, in grams, rising; empty where a file brings them.
    #[serde(default)]
    #[schema(max_items = 500)]
    steps_g: Vec<i64>,
    /// Cubic millimeters that count as one gram: 5000 where the carrier divides cubic centimeters by
    /// 5000 for kilograms.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    mm3_per_g: Option<i64>,
    /// What is added to every shipment.
    #[serde(default)]
    #[schema(max_items = 20)]
    surcharges: Vec<SurchargeBody>,
    /// The orders that it carries, as a condition on `order`, `customer`, `lines` and `now` (see rule
    /// sets); all of them where absent.
    #[schema(max_length = 1_000, example = "!lines.exists(l, 'lithium' in l.tags)")]
    takes: Option<String>,
    /// The first local day of shipping that it counts for.
    #[schema(example = "2026-11-01")]
    valid_from: Option<String>,
    /// The last local day of shipping that it counts for.
    #[schema(example = "2027-10-31")]
    valid_until: Option<String>,
}

impl RateTableInput {
    /// The command that it stands for.
    ///
    /// # Errors
    /// Every refused field is named.
    pub fn parse(self) -> Result<CreateRateTable, Rejection> {
        let mut check = Check::default();
        let code = check.code("/code", &self.code);
        let carrier = check.text("/carrier", &self.carrier, 64);
        let service = check.text("/service", &self.service, 64);
        let currency = check.currency("/currency", &self.currency);
        check_divisor(&mut check, self.mm3_per_g);
        let mut day = |field: &str, text: &Option<String>| {
            (text.as_ref()).and_then(|text| read_day(&mut check, field, text))
        };
        let valid_from = day("/valid_from", &self.valid_from);
        let valid_until = day("/valid_until", &self.valid_until);
        let zones = read_zones(&mut check, &self.zones);
        let surcharges = read_surcharges(&mut check, &self.surcharges);
        let Some(currency) = currency else {
            let refused = check.finish(()).err();
            return Err(refused.unwrap_or_else(|| Rejection::field("/currency", "is no currency")));
        };
        let table = RateTableDraft {
            code,
            carrier,
            service,
            currency,
            origins: self.origins,
            zones,
            steps_g: self.steps_g,
            mm3_per_g: self.mm3_per_g,
            surcharges,
            takes: self.takes.as_deref().map(Condition::read),
            valid_from,
            valid_until,
        };
        check.finish(CreateRateTable {
            table: Box::new(table),
        })
    }
}

/// Makes a rate table.
///
/// It counts from the next order on. Without steps and prices it serves nobody until a file of
/// prices is posted.
#[utoipa::path(
    post,
    path = "/api/v1/rate-tables",
    tag = "Sourcing",
    request_body = RateTableInput,
    responses((status = 201, description = "It was made.", body = super::RateTableAnswer)),
)]
pub async fn create_rate_table(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: RateTableInput = body::parse(&body)?;
    let command = Command::CreateRateTable(input.parse()?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_field_is_named() {
        let zone = r#"{"name":"1","transit_days":2,"prices":[1]}"#;
        let head = r#""code":"T","carrier":"C","service":"S","currency":"EUR""#;
        for (rest, field) in [
            (format!(r#""zones":[{zone}],"mm3_per_g":0"#), "/mm3_per_g"),
            (format!(r#""zones":[{zone}],"valid_from":"soon""#), "/valid_from"),
            (
                r#""zones":[{"name":"1","transit_days":366}]"#.to_owned(),
                "/zones/0/transit_days",
            ),
            (
                r#""zones":[{"name":"1","transit_days":1,"up_to_m":0}]"#.to_owned(),
                "/zones/0/up_to_m",
            ),
            (
                r#""zones":[{"name":"1","transit_days":1,"areas":[{"country":"DE","postal_from":"1"}]}]"#
                    .to_owned(),
                "/zones/0/areas/0/postal_from",
            ),
            (
                r#""zones":[],"surcharges":[{"name":"fuel","ppm":-1}]"#.to_owned(),
                "/surcharges/0/ppm",
            ),
        ] {
            let body = format!("{{{head},{rest}}}");
            let input: RateTableInput = body::parse(body.as_bytes()).unwrap();
            let refused = input.parse().err();
            let fields = refused.map(|rejection| rejection.fields[0].field.clone());
            assert_eq!(fields.as_deref(), Some(field), "{body}");
        }
    }
}
