//! Looks again at orders that wait, in pages, the longest waiting first.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use ordo_domain::Command;
use ordo_domain::id::{OrderId, SkuId};
use ordo_domain::order::{Order, OrderLife, ReviewOrder};
use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row};
use ordo_store::{StoreError, Task, TaskEnd, WaitFor, WaitKind};
use serde::{Deserialize, Serialize};

use super::causes::{code_key, in_stock, parse, retry};
use super::{PAGE, RetryBody, give};
use crate::engine::Shared;

fn wait_of(body: &RetryBody) -> Result<WaitFor, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("a job waits for {} {}", body.kind, body.key));
    let kind = match body.kind.as_str() {
        "stock" => WaitKind::Stock,
        "code" => WaitKind::Code,
        "plan" => WaitKind::Plan,
        _ => return Err(corrupt()),
    };
    let key = u128::from_str_radix(&body.key, 16).map_err(|_| corrupt())?;
    Ok(WaitFor { kind, key })
}

/// One page of the orders that wait for one thing.
pub(super) async fn page(shared: &Arc<Shared>, task: &Task) -> Result<TaskEnd, StoreError> {
    let mut body: RetryBody =
        serde_json::from_str(&task.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let what = wait_of(&body)?;
    let organization = task.organization;
    let backend = &shared.backend;
    if what.kind == WaitKind::Stock {
        let sku = SkuId::from_u128(what.key);
        let store: &dyn ordo_store::Store = &**backend;
        if in_stock(store, organization, std::iter::once(sku))
            .await?
            .is_empty()
        {
            return Ok(TaskEnd::Gone);
        }
    }
    let waiting = backend
        .waiting(organization, what, body.after, PAGE)
        .await?;
    let Some((last, _)) = waiting.last() else {
        return Ok(TaskEnd::Gone);
    };
    body.after = *last;
    let reviews = waiting.iter().map(|(_, order)| {
        let review = ReviewOrder { order: *order };
        give(shared, organization, Command::ReviewOrder(review))
    });
    for reply in join_all(reviews).await {
        reply?;
    }
    let done = no_longer_waiting(shared, task, what, &waiting).await?;
    if !done.is_empty() {
        backend.end_waits(organization, what, &done).await?;
    }
    if waiting.len() < PAGE {
        return Ok(TaskEnd::Gone);
    }
    let body = serde_json::to_string(&body).expect("names and numbers are JSON");
    Ok(TaskEnd::Next { body })
}

/// The numbers of those that no longer wait for it.
async fn no_longer_waiting(
    shared: &Shared,
    task: &Task,
    what: WaitFor,
    waiting: &[(i64, OrderId)],
) -> Result<Vec<i64>, StoreError> {
    let keys: Vec<Key> = (waiting.iter())
        .map(|(_, order)| Key::Record {
            kind: RecordKind::Order,
            id: order.to_u128(),
        })
        .collect();
    let mut still: HashMap<OrderId, bool> = HashMap::with_capacity(waiting.len());
    for row in shared.backend.load(task.organization, &keys).await? {
        if let Row::Record {
            found: Some(record),
            ..
        } = row
        {
            let order: Order = parse(&record.body)?;
            let waits = order.life == OrderLife::Open
                && match what.kind {
                    WaitKind::Stock => order
                        .waits_for()
                        .iter()
                        .any(|sku| sku.to_u128() == what.key),
                    WaitKind::Plan => order.deferral.is_some(),
                    WaitKind::Code => (order.lines.iter()).any(|line| {
                        line.is_unmapped() && code_key(task.organization, &line.code) == what.key
                    }),
                };
            still.insert(order.id, waits);
        }
    }
    let done = waiting
        .iter()
        .filter(|(_, order)| !still.get(order).copied().unwrap_or_default());
    Ok(done.map(|(number, _)| *number).collect())
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct SweepBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<RetryBody>,
}

/// One page of everything that any order waits for: each becomes a job of its own.
pub(super) async fn sweep(shared: &Arc<Shared>, task: &Task) -> Result<TaskEnd, StoreError> {
    let body: SweepBody =
        serde_json::from_str(&task.body).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let after = body.after.as_ref().map(wait_of).transpose()?;
    let organization = task.organization;
    let backend = &shared.backend;
    let found = backend.waited_for(organization, after, PAGE).await?;
    let Some(last) = found.last().copied() else {
        return Ok(TaskEnd::Gone);
    };
    let when = (task.position, task.created_at);
    // Whoever waits for a plan waits for its time, not for anything that may have come.
    let tasks: Vec<_> = (found.iter())
        .filter(|what| what.kind != WaitKind::Plan)
        .map(|what| retry(organization, (what.kind, what.key), when))
        .collect();
    let now = shared.clock.now();
    backend.add_tasks(organization, now, &tasks).await?;
    if found.len() < PAGE {
        return Ok(TaskEnd::Gone);
    }
    let after = retry(organization, (last.kind, last.key), when).body;
    let after = serde_json::from_str(&after).ok();
    let body = serde_json::to_string(&SweepBody { after }).expect("names and numbers are JSON");
    Ok(TaskEnd::Next { body })
}
