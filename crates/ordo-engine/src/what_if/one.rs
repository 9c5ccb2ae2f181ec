//! One order under several setups: what sourcing would do with it, over today's stock and what the
//! order itself still holds of it.

use std::collections::BTreeMap;

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{FulfillmentOrderId, OrganizationId};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;
use ordo_domain::what_if::{
    LeftOut, Outcome, PastOrder, Replay, Selection, Setup, Stocked, Supply, Variant,
};

use super::{WhatIfError, gather};
use crate::engine::Backend;

/// An order under a setup.
#[derive(Debug)]
pub struct Tried {
    /// The setup.
    pub setup: Setup,
    /// What becomes of the order.
    pub outcome: Outcome,
}

/// What `variants` would do with `order` as it was placed, one by one; nothing where nothing of it
/// was to be shipped. Nothing is taken, and every day has room.
///
/// # Errors
/// A field of a variant names what is not there; the store fails.
pub async fn try_order(
    backend: &dyn Backend,
    organization: OrganizationId,
    reference: &Reference,
    (number, order): (i64, Order),
    variants: &[Variant],
    now: Timestamp,
) -> Result<Option<(PastOrder, Vec<Tried>)>, WhatIfError> {
    let setups = variants
        .iter()
        .map(|variant| Setup::of(reference, variant, now));
    let setups = setups.collect::<Result<Vec<_>, _>>()?;
    let numbered = [(number, order)];
    let work = gather::load_work(backend, organization, &numbered).await?;
    let [(number, order)] = numbered;
    // What was canceled since was wanted.
    let selection = Selection {
        with_canceled: true,
        ..Selection::default()
    };
    let past = match PastOrder::of(order, number, &[], &selection, reference) {
        Ok(past) => [past],
        Err(LeftOut::NothingToShip | LeftOut::Unknown | LeftOut::NotShipped) => return Ok(None),
    };
    let mut stocked = gather::stocked(backend, organization, &past).await?;
    give_back(&mut stocked, &work);
    let supply = Supply::new(stocked, &past);
    let [past] = past;
    let mut tried = Vec::with_capacity(setups.len());
    for setup in setups {
        let mut replay = Replay::new(setup, &supply);
        let outcome = replay.source(&past)?;
        let setup = replay.setup().clone();
        tried.push(Tried { setup, outcome });
    }
    Ok(Some((past, tried)))
}

/// Frees what the order's work holds and has not shipped.
fn give_back(stocked: &mut [Stocked], work: &BTreeMap<FulfillmentOrderId, FulfillmentOrder>) {
    let mut held: BTreeMap<CellKey, Quantity> = BTreeMap::new();
    for work in work.values().filter(|work| !work.state.is_over()) {
        for line in work.lines.iter().filter(|line| line.from_stock) {
            *held.entry(work.cell(line)).or_insert(Quantity::ZERO) += line.quantity;
        }
    }
    let cells = stocked.iter_mut().flat_map(|stocked| &mut stocked.cells);
    for (key, cell) in cells {
        let mine = held.get(key).copied().unwrap_or(Quantity::ZERO);
        cell.allocated = (cell.allocated - mine).or_zero();
    }
}
