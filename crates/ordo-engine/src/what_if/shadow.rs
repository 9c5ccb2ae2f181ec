//! Shadows: versions of rules that do not count yet, run beside those that do. When a day is over its
//! orders are sourced again by both, and the report is kept.
//!
//! Every node looks which days are over, and leaves a task whose id follows from version and day;
//! whoever leases it runs it. So a day is run once by however many nodes, also after a restart. Only
//! the last day is ever asked for: one that was missed is caught up with while the next one lasts, and
//! not later, when its stock is no longer known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ordo_domain::id::{CommandId, OrganizationId, RuleSetId, WhatIfId, derive};
use ordo_domain::reference::Reference;
use ordo_domain::rules::RuleSet;
use ordo_domain::time::{Date, MINUTE, SECOND, Timestamp, Zone};
use ordo_domain::what_if::{RulesNamed, RulesSaid, RulesWish, Selection, StockWish, Variant};
use ordo_store::{Report, StoreError, Task, TaskDraft, TaskEnd};
use serde::{Deserialize, Serialize};

use super::{Named, OneWarehouse, WhatIf, WhatIfError, WhatIfReport, one_at_a_time};
use crate::engine::Shared;
use crate::jobs::{RUN_SHADOW, failed};
use crate::metrics::Metrics;

/// Pause between looks at what is to be run.
const LOOK: Duration = Duration::from_secs(2);
/// Wherever midnight is, it is at a quarter of an hour: days are looked for once in each.
const QUARTER_US: i64 = 15 * MINUTE;
/// Longer than any run takes.
const LEASE: Duration = Duration::from_secs(600);
/// What was placed just before midnight may come in a little later.
const LATE_US: i64 = 15 * MINUTE;
/// Pause before another try where somebody asks a what-if at this moment.
const BUSY_US: i64 = 5 * SECOND;
/// The last so many orders of a day.
const ORDERS_MAX: usize = 10_000;
/// Changed orders that are told: of those that gain, and of those that lose.
const TOLD: usize = 20;

/// Makes the report of a day that is kept.
pub type TellShadow = fn(&WhatIfReport, &ShadowDay, Timestamp) -> Report;

/// A day of a version that runs in the shadow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowDay {
    /// The set.
    pub rule_set: RuleSetId,
    /// The set's code.
    pub code: String,
    /// The version.
    pub number: u32,
    /// The day.
    pub day: Date,
    /// The time zone of the day: the one that most locations are in.
    pub zone: String,
}

impl ShadowDay {
    /// What the reports of a version's days belong together by.
    #[must_use]
    pub fn series(rule_set: RuleSetId, number: u32) -> String {
        format!("{rule_set}/{number}")
    }

    /// The id of the report, which sorts by the day.
    #[must_use]
    pub fn id(&self) -> WhatIfId {
        let version = CommandId::from_u128(self.rule_set.to_u128());
        let (_, ends) = self.bounds();
        WhatIfId::from_u128(derive(version, u64::from(self.number), ends))
    }

    /// The instants at which the day begins, and is over.
    #[must_use]
    pub fn bounds(&self) -> (Timestamp, Timestamp) {
        let zone = Zone::named(&self.zone).unwrap_or_else(Zone::utc);
        let midnight = |date| zone.instant_at(date, 0);
        (midnight(self.day), midnight(self.day.plus_days(1)))
    }
}

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>, tell: TellShadow) {
    let mut asked = BTreeSet::new();
    let mut looked_at = None;
    let mut pause = Duration::ZERO;
    while shared.pause(pause).await {
        pause = LOOK;
        let quarter = shared.clock.now().as_micros().div_euclid(QUARTER_US);
        if looked_at != Some(quarter) {
            match ask_for_days(&shared, &mut asked).await {
                Ok(()) => looked_at = Some(quarter),
                Err(error) => {
                    tracing::warn!(error = %error, "rules in the shadow could not be looked for");
                }
            }
        }
        if let Err(error) = work(&shared, tell).await {
            tracing::warn!(error = %error, "rules could not be run in the shadow");
        }
    }
}

/// Leaves a task for every version in the shadow whose last day has not been asked for by this node.
async fn ask_for_days(
    shared: &Arc<Shared>,
    asked: &mut BTreeSet<(OrganizationId, WhatIfId)>,
) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let mut current = BTreeSet::new();
    for (organization, _) in shared.backend.organizations().await? {
        if shared.is_stopping() {
            return Ok(());
        }
        let reference = shared.fresh_reference(organization).await?;
        let days = days(&reference, now);
        let mut tasks = Vec::new();
        for day in days {
            let id = day.id();
            current.insert((organization, id));
            if !asked.contains(&(organization, id)) {
                let body = serde_json::to_string(&day)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                tasks.push(TaskDraft {
                    id: id.to_u128(),
                    kind: RUN_SHADOW.to_owned(),
                    queue: RUN_SHADOW.to_owned(),
                    position: i64::from(day.day.days_since_epoch()),
                    // Due already, by whatever clock the store goes.
                    due_at: Timestamp::default(),
                    body,
                });
            }
        }
        if !tasks.is_empty() {
            (shared.backend.add_tasks(organization, now, &tasks)).await?;
        }
    }
    *asked = current;
    Ok(())
}

/// The last day of every version that ran in the shadow before it was over.
fn days(reference: &Reference, now: Timestamp) -> Vec<ShadowDay> {
    let mut days = Vec::new();
    let shadows = |set: &RuleSet| set.in_shadow(now).collect::<Vec<_>>();
    let running: Vec<_> = (reference.rule_sets())
        .flat_map(|set| shadows(set).into_iter().map(move |shadow| (set, shadow)))
        .collect();
    if running.is_empty() {
        return days;
    }
    let zone = usual_zone(reference);
    let local = Zone::named(&zone).unwrap_or_else(Zone::utc);
    let day = now.plus_micros(-LATE_US).date_in(&local).plus_days(-1);
    for (set, (number, since)) in running {
        let day = ShadowDay {
            rule_set: set.id,
            code: set.code.clone(),
            number,
            day,
            zone: zone.clone(),
        };
        if since < day.bounds().1 {
            days.push(day);
        }
    }
    days
}

/// The time zone that most locations are in that take new work; of equal ones the first by name.
fn usual_zone(reference: &Reference) -> String {
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    let live = reference.locations();
    for location in live.filter(|location| location.takes_new_work()) {
        *zones.entry(&location.time_zone).or_default() += 1;
    }
    let most = zones
        .into_iter()
        .max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
    most.map_or_else(|| "UTC".to_owned(), |(name, _)| name.to_owned())
}

/// Runs what is asked for, one after another.
async fn work(shared: &Arc<Shared>, tell: TellShadow) -> Result<(), StoreError> {
    while !shared.is_stopping() {
        let (backend, now) = (&shared.backend, shared.clock.now());
        let leased = backend.lease_tasks(&[RUN_SHADOW], now, LEASE, 1).await?;
        let Some(task) = leased.first() else { break };
        let end = match run_day(shared, task, tell).await {
            Ok(end) => end,
            Err(error) => failed(shared, task, &error.to_string()),
        };
        let (organization, fence) = (task.organization, task.fence);
        backend.end_task(organization, task.id, fence, &end).await?;
        Metrics::add(&shared.metrics.job_pages, 1);
    }
    Ok(())
}

async fn run_day(
    shared: &Arc<Shared>,
    task: &Task,
    tell: TellShadow,
) -> Result<TaskEnd, StoreError> {
    let day: ShadowDay =
        serde_json::from_str(&task.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let (_, ends) = day.bounds();
    let made_at = shared.clock.now();
    let asked = question(&day);
    let told = move |report: &WhatIfReport| tell(report, &day, made_at);
    // By the rules and rates of the day's last moment.
    let as_of = ends.plus_micros(-1);
    let running = one_at_a_time(shared, task.organization, asked, as_of, told);
    Ok(match running.await {
        // Kept as done, so that the day is not asked for again.
        Some(Ok(_)) => TaskEnd::Done,
        // The version is no longer there.
        Some(Err(WhatIfError::Rejected(rejection))) => TaskEnd::Parked {
            error: rejection.detail,
        },
        Some(Err(WhatIfError::Store(error))) => return Err(error),
        None => TaskEnd::Again {
            due_at: made_at.plus_micros(BUSY_US),
            error: "somebody asks a what-if".to_owned(),
        },
    })
}

/// A day's orders by the rules that counted, and by the version.
fn question(day: &ShadowDay) -> WhatIf {
    let (from, until) = day.bounds();
    let baseline = Variant {
        name: "rules that count".to_owned(),
        stock: StockWish::PutBack,
        ..Variant::default()
    };
    let shadow = Variant {
        name: format!("{} version {}", day.code, day.number),
        rules: RulesWish::Versions(vec![RulesNamed {
            set: day.code.clone(),
            says: RulesSaid::Version(day.number),
        }]),
        ..baseline.clone()
    };
    WhatIf {
        selection: Selection {
            from: Some(from),
            until: Some(until),
            most: ORDERS_MAX,
            ..Selection::default()
        },
        baseline,
        baseline_field: Named::Below("/baseline"),
        variants: vec![shadow],
        one_warehouse: OneWarehouse::Unasked,
        told_most: TOLD,
        threads: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_long_as_its_clocks_say() {
        let day = |day: &str| ShadowDay {
            rule_set: RuleSetId::from_u128(7),
            code: "all".to_owned(),
            number: 2,
            day: day.parse().unwrap(),
            zone: "Europe/Berlin".to_owned(),
        };
        for (date, hours) in [("2026-10-24", 24), ("2026-10-25", 25), ("2026-03-29", 23)] {
            let (from, until) = day(date).bounds();
            let micros = until.as_micros() - from.as_micros();
            assert_eq!(micros, hours * 60 * MINUTE, "{date}");
        }
        assert!(day("2026-10-24").id() < day("2026-10-25").id());
        let mut other = day("2026-10-24");
        other.number = 3;
        assert_ne!(other.id(), day("2026-10-24").id());
    }
}
