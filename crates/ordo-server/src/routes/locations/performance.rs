//! `GET /locations/{id}/performance`: what a location did with the work that was offered to it.

use ordo_domain::id::LocationId;
use ordo_domain::network::Location;
use ordo_domain::sourcing::{Outcomes, performance_days};
use ordo_domain::world::{Key, Row};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::read;

/// What a location did with its work.
#[derive(Serialize, ToSchema)]
#[schema(as = LocationPerformance)]
struct PerformanceAnswer {
    /// All days together.
    total: OutcomesAnswer,
    /// Of a million works offered to it, how many are expected to come back: from these days, and
    /// from what its record assumes as long as they are few.
    decline_ppm: i64,
    /// The last fourteen UTC days, the newest first; the first is not over.
    days: Vec<DayAnswer>,
}

/// What became of offered work, in fulfillment orders.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkOutcomes)]
struct OutcomesAnswer {
    /// Accepted by the location.
    accepted: i64,
    /// Refused.
    rejected: i64,
    /// Reports of units that were not there.
    shorted: i64,
    /// Shipped.
    shipped: i64,
}

/// The same of one day, and on which.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkOutcomesOfDay)]
struct DayAnswer {
    /// The UTC day.
    #[schema(example = "2026-11-02")]
    day: String,
    /// What became of work that day.
    #[serde(flatten)]
    outcomes: OutcomesAnswer,
}

impl From<Outcomes> for OutcomesAnswer {
    fn from(outcomes: Outcomes) -> Self {
        Self {
            accepted: outcomes.accepted,
            rejected: outcomes.rejected,
            shorted: outcomes.shorted,
            shipped: outcomes.shipped,
        }
    }
}

/// Reads what a location did with the work that was offered to it.
///
/// Sourcing weighs how likely a location declines with `declined_line` of the sourcing settings.
#[utoipa::path(
    get,
    path = "/api/v1/locations/{id}/performance",
    tag = "Network",
    params(("id" = String, Path, description = "The location's id.")),
    responses((status = 200, description = "Outcomes of the last fourteen days.", body = PerformanceAnswer)),
)]
pub async fn get_location_performance(ask: Ask) -> Answer {
    let id: LocationId = ask.id("{id}")?;
    let location: Location = read::find(&ask, id).await?;
    Params::of(&ask.parts.uri)?.finish()?;
    let days: Vec<_> = performance_days(ask.app.engine.clock().now()).collect();
    let keys: Vec<Key> = (days.iter())
        .flat_map(|day| Outcomes::keys(id, *day))
        .map(Key::Counter)
        .collect();
    let rows = ask.backend().load(ask.organization(), &keys).await?;
    let values: Vec<i64> = (rows.iter())
        .map(|row| match row {
            Row::Counter { value, .. } => *value,
            Row::Record { .. }
            | Row::Claim { .. }
            | Row::SkuByCode { .. }
            | Row::Sku { .. }
            | Row::Cells { .. }
            | Row::Lots { .. }
            | Row::Signal { .. } => 0,
        })
        .collect();
    let of_days: Vec<Outcomes> = (values.as_chunks().0.iter())
        .map(|values| Outcomes::of(*values))
        .collect();
    let total = (of_days.iter()).fold(Outcomes::default(), |sum, day| sum.and(*day));
    Ok(answer::to_read(&PerformanceAnswer {
        total: total.into(),
        decline_ppm: total.decline_ppm(location.decline_ppm.unwrap_or(0)),
        days: (days.iter().zip(of_days))
            .map(|(day, outcomes)| DayAnswer {
                day: day.to_string(),
                outcomes: outcomes.into(),
            })
            .collect(),
    }))
}
