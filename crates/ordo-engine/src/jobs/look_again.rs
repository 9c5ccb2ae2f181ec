//! Looks again, every so often, at work that nobody has begun, and moves what has become cheaper
//! elsewhere.
//!
//! Each node that runs jobs counts its own time from when it started. Two nodes that look at the same
//! order move it once: the command decides over the state as it is then.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ordo_domain::Command;
use ordo_domain::fulfillment::{FulfillmentOrder, FulfillmentState};
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::planning::{MoveWork, is_worth_moving};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_store::{StoreError, WorkFilter};

use super::causes::parse;
use super::give;
use super::reading::Reading;
use crate::engine::Shared;

const MINUTE: i64 = 60 * SECOND;
/// How often the settings are read.
const SETTINGS_EVERY: i64 = 10 * SECOND;
/// Fulfillment orders read at once.
const PAGE: usize = 200;

/// When work was looked at last.
#[derive(Debug, Default)]
pub(super) struct LookAgain {
    settings_at: Option<Timestamp>,
    looked_at: HashMap<OrganizationId, Timestamp>,
}

impl LookAgain {
    /// Looks at the work of every organization whose time has come.
    pub(super) async fn look(&mut self, shared: &Arc<Shared>) -> Result<(), StoreError> {
        let now = shared.clock.now();
        let since = |at: Timestamp| now.as_micros() - at.as_micros();
        if self
            .settings_at
            .is_some_and(|at| since(at) < SETTINGS_EVERY)
        {
            return Ok(());
        }
        self.settings_at = Some(now);
        for (organization, _) in shared.backend.organizations().await? {
            let reference = shared.fresh_reference(organization).await?;
            let Some(said) = reference.sourcing().filter(|said| said.look_again_min > 0) else {
                self.looked_at.remove(&organization);
                continue;
            };
            let looked_at = *self.looked_at.entry(organization).or_insert(now);
            if since(looked_at) >= said.look_again_min.saturating_mul(MINUTE) {
                self.looked_at.insert(organization, now);
                look(shared, organization, said.look_again_saving).await?;
            }
        }
        Ok(())
    }
}

/// Looks at all open work of an organization; answers how many orders moved.
pub(crate) async fn look(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    threshold: ordo_domain::money::Minor,
) -> Result<usize, StoreError> {
    let filter = WorkFilter {
        state: Some(FulfillmentState::Open),
        location: None,
    };
    let mut after = None;
    let mut seen: BTreeSet<OrderId> = BTreeSet::new();
    let mut moved = 0;
    loop {
        if shared.is_stopping() {
            return Ok(moved);
        }
        let backend = &shared.backend;
        let page = backend
            .list_fulfillment_orders(organization, filter, after, PAGE)
            .await?;
        let mut orders = Vec::new();
        for (_, stored) in &page.items {
            let work: FulfillmentOrder = parse(&stored.body)?;
            if !work.pinned && seen.insert(work.order) {
                orders.push(work.order);
            }
        }
        moved += look_at(shared, organization, &orders, threshold).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(moved),
        }
    }
}

/// Looks at some orders: only what is worth moving becomes a command.
async fn look_at(
    shared: &Arc<Shared>,
    organization: OrganizationId,
    orders: &[OrderId],
    threshold: ordo_domain::money::Minor,
) -> Result<usize, StoreError> {
    let mut reading = Reading::begin(shared, organization).await?;
    let command = |order: &OrderId| MoveWork {
        order: *order,
        threshold,
    };
    let worth = reading
        .ask(shared, |world, context| {
            let mut worth = Vec::new();
            let mut missing = Vec::new();
            for command in orders.iter().map(command) {
                match is_worth_moving(world, context, &command) {
                    Ok(true) => worth.push(command),
                    Ok(false) => {}
                    Err(ordo_domain::Refusal::Needs(keys)) => missing.extend(keys),
                    Err(refusal) => return Err(refusal),
                }
            }
            match missing.is_empty() {
                true => Ok(worth),
                false => Err(ordo_domain::Refusal::Needs(missing)),
            }
        })
        .await?;
    let mut moved = 0;
    for command in worth {
        let reply = give(shared, organization, Command::MoveWork(command)).await?;
        moved += usize::from(reply.position > 0);
    }
    Ok(moved)
}
