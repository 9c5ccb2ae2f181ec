//! A location that refuses all day is left alone until its day ends: a block, which people see and may
//! lift, with its reason.

use std::sync::Arc;

use ordo_domain::Command;
use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::network::{BlockStage, BlockTarget, PlaceBlock};
use ordo_domain::sourcing::{Outcomes, performance_days};
use ordo_domain::stock::CellKey;
use ordo_domain::time::Zone;
use ordo_domain::world::{Key, Row};
use ordo_store::{StoreError, Task, TaskEnd};
use serde::{Deserialize, Serialize};

use super::give;
use crate::engine::Shared;

/// Whose refusals are to be looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RefusalsBody {
    pub(crate) location: LocationId,
}

/// Blocks the location where it has refused as often today as the settings allow, and taken nothing.
pub(super) async fn check(shared: &Arc<Shared>, task: &Task) -> Result<TaskEnd, StoreError> {
    let body: RefusalsBody =
        serde_json::from_str(&task.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let organization = task.organization;
    let reference = shared.fresh_reference(organization).await?;
    let allowed = reference.sourcing().and_then(|said| said.refusals_max);
    let (Some(allowed), Some(location)) = (allowed, reference.location(body.location)) else {
        return Ok(TaskEnd::Gone);
    };
    let now = shared.clock.now();
    let today = today(shared, task, location.id).await?;
    let refuses = today.rejected >= i64::from(allowed) && today.accepted + today.shipped == 0;
    // Any SKU: a block of the location holds for all.
    let cell = CellKey::own(SkuId::from_u128(0), location.id);
    if !refuses || reference.is_blocked(cell, BlockStage::Allocate, now) {
        return Ok(TaskEnd::Gone);
    }
    let zone = Zone::named(&location.time_zone).unwrap_or_else(Zone::utc);
    let midnight = zone.instant_at(now.date_in(&zone).plus_days(1), 0);
    let block = PlaceBlock {
        target: BlockTarget::Location(location.code.clone()),
        from: None,
        until: Some(midnight),
        reason: format!("refused {} times today and took nothing", today.rejected),
        stages: vec![BlockStage::Allocate],
    };
    give(shared, organization, Command::PlaceBlock(block)).await?;
    Ok(TaskEnd::Gone)
}

/// What the location did with its work today.
async fn today(shared: &Shared, task: &Task, location: LocationId) -> Result<Outcomes, StoreError> {
    let Some(day) = performance_days(shared.clock.now()).next() else {
        return Ok(Outcomes::default());
    };
    let keys = Outcomes::keys(location, day).map(Key::Counter);
    let mut values = [0; 4];
    let rows = shared.backend.load(task.organization, &keys).await?;
    for (place, row) in values.iter_mut().zip(rows) {
        if let Row::Counter { value, .. } = row {
            *place = value;
        }
    }
    Ok(Outcomes::of(values))
}
