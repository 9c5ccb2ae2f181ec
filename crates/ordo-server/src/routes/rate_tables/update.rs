//! `PATCH /rate-tables/{id}`: changes a rate table.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::edit::Edit;
use ordo_domain::id::RateTableId;
use ordo_domain::rate::{RateTable, RateTableChange, UpdateRateTable};
use ordo_domain::rules::expr::Condition;
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SurchargeBody, ZoneBody, check_divisor, read_day, read_surcharges, read_zones};
use crate::app::{Answer, Ask};
use crate::body;
use crate::edit::{edit, expected};

/// What is to change: an absent field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RateTablePatch {
    /// The codes of all locations that it serves; empty for all.
    #[schema(max_items = 1000)]
    origins: Option<Vec<String>>,
    /// All zones. One without prices keeps those of the zone of its name.
    #[schema(max_items = 200)]
    zones: Option<Vec<ZoneBody>>,
    /// The heaviest weight of each step, in grams, rising.
    #[schema(max_items = 500)]
    steps_g: Option<Vec<i64>>,
    /// Cubic millimeters that count as one gram; `null` where only the real weight counts.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000_000)]
    mm3_per_g: Edit<i64>,
    /// All surcharges.
    #[schema(max_items = 20)]
    surcharges: Option<Vec<SurchargeBody>>,
    /// The orders that it carries; `null` for all.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1_000)]
    takes: Edit<String>,
    /// The first local day of shipping that it counts for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    valid_from: Edit<String>,
    /// The last local day of shipping that it counts for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    valid_until: Edit<String>,
}

impl RateTablePatch {
    fn parse(self) -> Result<RateTableChange, Rejection> {
        let mut check = Check::default();
        check_divisor(&mut check, self.mm3_per_g.value().copied());
        let mut day = |field: &str, edit: Edit<String>| {
            edit.and_then(|text| read_day(&mut check, field, &text))
        };
        let valid_from = day("/valid_from", self.valid_from);
        let valid_until = day("/valid_until", self.valid_until);
        let change = RateTableChange {
            origins: self.origins,
            zones: (self.zones).map(|zones| read_zones(&mut check, &zones)),
            steps_g: self.steps_g,
            prices: None,
            mm3_per_g: self.mm3_per_g,
            surcharges: (self.surcharges).map(|all| read_surcharges(&mut check, &all)),
            takes: self.takes.and_then(|text| Some(Condition::read(&text))),
            valid_from,
            valid_until,
        };
        check.finish(change)
    }
}

/// Changes a rate table.
///
/// It counts from the next order on; what has been sourced stays as it is.
#[utoipa::path(
    patch,
    path = "/api/v1/rate-tables/{id}",
    tag = "Sourcing",
    params(("id" = String, Path, description = "The rate table's id.")),
    request_body = RateTablePatch,
    responses((status = 200, description = "The rate table as it stands then.", body = super::RateTableAnswer)),
)]
pub async fn update_rate_table(ask: Ask, body: Body) -> Answer {
    let rate_table: RateTableId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: RateTablePatch = body::parse(&body)?;
    let command = UpdateRateTable {
        rate_table,
        expected: expected(&ask.parts)?,
        change: Box::new(input.parse()?),
    };
    edit::<RateTable>(&ask, Command::UpdateRateTable(command), &body).await
}
