//! Sources the orders that wait for each other, up to a thousand at a time.

use std::sync::Arc;

use futures_util::future::join_all;
use ordo_domain::Command;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::planning::{TOGETHER_MAX, Together, TogetherSum, plan_together, want_together};
use ordo_store::{StoreError, WaitFor, WaitKind};

use super::give;
use super::reading::Reading;
use crate::engine::Shared;

/// What orders wait for that are sourced together.
pub(crate) const WAIT: WaitFor = WaitFor {
    kind: WaitKind::Plan,
    key: 0,
};

/// Plans given at once: about what a batch decides in its time. More would be looked at and put back.
const WAVE: usize = 100;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcingRun {
    /// Orders that waited and were sourced.
    pub orders: usize,
    /// Whether more may wait.
    pub more: bool,
    /// What the plans of those cost whose costs could be weighed against each other, by currency.
    pub sums: Vec<TogetherSum>,
}

/// Sources the first `most` of the orders that wait, at most a thousand.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    most: usize,
) -> Result<SourcingRun, StoreError> {
    let most = most.min(TOGETHER_MAX);
    let backend = &shared.backend;
    let waiting = backend.waiting(organization, WAIT, 0, most).await?;
    if waiting.is_empty() {
        return Ok(SourcingRun::default());
    }
    let orders: Vec<OrderId> = waiting.iter().map(|(_, order)| *order).collect();
    let mut reading = Reading::begin(shared, organization).await?;
    reading
        .ask(shared, |world, context| {
            want_together(world, context, &orders)
        })
        .await?;
    let Reading { world, context, .. } = reading;
    let planning = shared.compute(move || plan_together(world, &context, &orders));
    let planned: Together = planning.await?;
    let count = planned.plans.len();
    for wave in planned.plans.chunks(WAVE) {
        let given = wave.iter().map(|plan| {
            let command = Command::SourceOrder(Box::new(plan.clone()));
            give(shared, organization, command)
        });
        for reply in join_all(given).await {
            reply?;
        }
    }
    let numbers: Vec<i64> = waiting.iter().map(|(number, _)| *number).collect();
    backend.end_waits(organization, WAIT, &numbers).await?;
    Ok(SourcingRun {
        orders: count,
        more: waiting.len() == most,
        sums: planned.sums,
    })
}
