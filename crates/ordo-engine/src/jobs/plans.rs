//! Makes plans beside the batch, for orders that are too large for it or sourced together, and looks again at work that
//! nobody has begun.
//!
//! A plan is made on a thread of its own over a state that goes on changing meanwhile; the command it
//! comes back with checks it again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ordo_domain::Command;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::planning::{TOGETHER_MAX, plan_order};
use ordo_store::{StoreError, Task, TaskEnd};
use serde::{Deserialize, Serialize};

use super::look_again::LookAgain;
use super::reading::Reading;
use super::{MAKE_PLAN, SOURCE_TOGETHER, failed, give, together};
use crate::engine::Shared;
use crate::metrics::Metrics;

/// The kinds of task that the worker here does.
const KINDS: &[&str] = &[MAKE_PLAN, SOURCE_TOGETHER];
/// Pause between looks at what is due: an order that waits for its plan waits this long too.
const TICK: Duration = Duration::from_millis(50);
/// Plans made at the same time; each takes a core for up to 50 milliseconds.
const LEASED_MAX: usize = 4;
/// The longest page is one of many orders together: ten seconds and its commands.
const LEASE: Duration = Duration::from_secs(60);

/// The order that wants a plan.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanBody {
    pub(crate) order: OrderId,
}

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut look_again = LookAgain::default();
    while shared.pause(TICK).await {
        while !shared.is_stopping() {
            match work(&shared).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "plans could not be leased");
                    break;
                }
            }
        }
        if let Err(error) = look_again.look(&shared).await {
            tracing::warn!(error = %error, "work could not be looked at again");
        }
    }
}

/// Leases and makes what is due; answers how many tasks that were.
async fn work(shared: &Arc<Shared>) -> Result<usize, StoreError> {
    let now = shared.clock.now();
    let backend = &shared.backend;
    let tasks = backend.lease_tasks(KINDS, now, LEASE, LEASED_MAX).await?;
    let pages = tasks.iter().map(|task| async move {
        let end = match page(shared, task).await {
            Ok(end) => end,
            Err(error) => failed(shared, task, &error.to_string()),
        };
        Metrics::add(&shared.metrics.job_pages, 1);
        backend
            .end_task(task.organization, task.id, task.fence, &end)
            .await
    });
    for ended in join_all(pages).await {
        ended?;
    }
    Ok(tasks.len())
}

async fn page(shared: &Arc<Shared>, task: &Task) -> Result<TaskEnd, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
    match task.kind.as_str() {
        MAKE_PLAN => {
            let body: PlanBody = serde_json::from_str(&task.body).map_err(corrupt)?;
            make_plan(shared, task.organization, body.order).await?;
            Ok(TaskEnd::Gone)
        }
        SOURCE_TOGETHER => {
            let run = together::run(shared, task.organization, TOGETHER_MAX).await?;
            Ok(match run.more {
                true => TaskEnd::Next {
                    body: task.body.clone(),
                },
                false => TaskEnd::Gone,
            })
        }
        other => Err(StoreError::Corrupt(format!("no plan is called {other}"))),
    }
}

/// Makes the plan of one order and gives it back.
async fn make_plan(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    order: OrderId,
) -> Result<(), StoreError> {
    let mut reading = Reading::begin(shared, organization).await?;
    let asked = reading
        .ask(shared, |world, context| plan_order(world, context, order))
        .await?;
    let Some(asked) = asked else {
        return Ok(());
    };
    let made = shared.compute(move || asked.solve()).await?;
    give(shared, organization, Command::SourceOrder(Box::new(made))).await?;
    Ok(())
}
