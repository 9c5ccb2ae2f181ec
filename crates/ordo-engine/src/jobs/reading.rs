//! Reads for a worker what a pure function asks for, until it asks for nothing more.

use std::sync::Arc;

use ordo_domain::id::{CommandId, OrganizationId};
use ordo_domain::{Context, Refusal, World};
use ordo_store::StoreError;

use crate::engine::Shared;

/// More rounds than any question takes: orders, their SKUs, their cells, lots, days, later days.
const ROUNDS_MAX: usize = 12;

/// A slice of the state that belongs to the worker alone, as it stood while it was read.
pub(crate) struct Reading {
    organization: OrganizationId,
    pub(crate) world: World,
    pub(crate) context: Context,
}

impl Reading {
    /// Nothing but the reference yet.
    pub(crate) async fn begin(
        shared: &Shared,
        organization: OrganizationId,
    ) -> Result<Self, StoreError> {
        let reference = shared.fresh_reference(organization).await?;
        let id = CommandId::from_u128(shared.clock.fresh());
        Ok(Self {
            organization,
            world: World::new(reference),
            context: Context::new(organization, id, shared.clock.now()),
        })
    }

    /// What `ask` answers once everything that it misses is there.
    pub(crate) async fn ask<T>(
        &mut self,
        shared: &Arc<Shared>,
        ask: impl Fn(&World, &Context) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        for _ in 0..ROUNDS_MAX {
            let mut keys = match ask(&self.world, &self.context) {
                Ok(found) => return Ok(found),
                Err(Refusal::Rejected(rejection)) => {
                    return Err(StoreError::Corrupt(rejection.detail));
                }
                Err(Refusal::Needs(keys)) => keys,
            };
            keys.sort_unstable();
            keys.dedup();
            for row in shared.backend.load(self.organization, &keys).await? {
                (self.world.supply(row)).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            }
        }
        let reason = "a plan never has enough to read";
        Err(StoreError::Corrupt(reason.to_owned()))
    }
}
