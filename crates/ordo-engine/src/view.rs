//! The view consumer: follows the log, keeps search terms, the index of the stock ledger and report
//! rollups, and leaves what events cause to be done as tasks.
//!
//! It works in few large steps, because sorted inserts are cheap and a lag below a second is fine.
//! Losing its place to another node costs a step, nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ordo_domain::Event;
use ordo_domain::contact::Contact;
use ordo_domain::id::{ContactId, OrderId, OrganizationId};
use ordo_domain::order::{Order, Origin};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::Movement;
use ordo_domain::time::DAY;
use ordo_domain::world::{Key, Row};
use ordo_store::{
    LedgerPlace, LedgerTerm, LogEntry, Rollup, RollupMeasure, StoreError, Term, ViewWrite,
};

use crate::deliveries;
use crate::engine::Shared;
use crate::jobs::causes;
use crate::metrics::Metrics;
use crate::terms::order_terms;

/// The consumer's name, under which its cursor is kept.
pub(crate) const CONSUMER: &str = "view";
/// Events of one step.
const STEP_MAX: usize = 2_000;
/// Pause between looks at the log of an organization that keeps changing.
const PAUSE: Duration = Duration::from_millis(150);
/// Pause between looks at organizations that other nodes may have changed.
const SWEEP: Duration = Duration::from_secs(1);
/// Steps, each followed by a pause, within which such a look is due.
const SWEEP_STEPS: u32 = 7;

/// Runs until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut cursors: HashMap<OrganizationId, i64> = HashMap::new();
    let mut steps = 0;
    loop {
        let changed = match steps % SWEEP_STEPS {
            // Changes of one organization must not hide those that other nodes make to another.
            0 => None,
            _ => shared.next_changed_within(SWEEP).await,
        };
        let organizations = match changed {
            Some(changed) => changed,
            None => {
                steps = 0;
                all_organizations(&shared).await
            }
        };
        steps += 1;
        for organization in organizations {
            if let Err(error) = follow(&shared, organization, &mut cursors).await {
                tracing::warn!(error = %error, "the view could not follow the log");
                cursors.remove(&organization);
            }
        }
        if !shared.pause(PAUSE).await {
            return;
        }
    }
}

async fn all_organizations(shared: &Shared) -> BTreeSet<OrganizationId> {
    match shared.backend.organizations().await {
        Ok(found) => found.into_iter().map(|(id, _)| id).collect(),
        Err(error) => {
            tracing::warn!(error = %error, "organizations could not be listed");
            BTreeSet::new()
        }
    }
}

/// Takes steps until the view is level with the log.
async fn follow(
    shared: &Shared,
    organization: OrganizationId,
    cursors: &mut HashMap<OrganizationId, i64>,
) -> Result<(), StoreError> {
    loop {
        let after = match cursors.get(&organization) {
            Some(cursor) => *cursor,
            None => shared.backend.cursor(organization, CONSUMER).await?,
        };
        let entries = shared
            .backend
            .read_log(organization, after, STEP_MAX)
            .await?;
        let Some(last) = entries.last() else {
            cursors.insert(organization, after);
            shared.metrics.view_lag_us.store(0, Relaxed);
            return Ok(());
        };
        let upto = last.position;
        let oldest = entries[0].recorded_at;
        let write = step(shared, organization, after, upto, &entries).await?;
        if shared.backend.save_view(&write).await? {
            cursors.insert(organization, upto);
            Metrics::add(&shared.metrics.view_events, entries.len() as u64);
            shared.viewed(organization, upto);
        } else {
            // Another node was faster.
            cursors.remove(&organization);
        }
        let lag = shared.clock.now().as_micros() - oldest.as_micros();
        shared
            .metrics
            .view_lag_us
            .store(u64::try_from(lag).unwrap_or(0), Relaxed);
        if entries.len() < STEP_MAX {
            shared.metrics.view_lag_us.store(0, Relaxed);
            return Ok(());
        }
    }
}

/// What the entries add to the view.
async fn step(
    shared: &Shared,
    organization: OrganizationId,
    after: i64,
    upto: i64,
    entries: &[LogEntry],
) -> Result<ViewWrite, StoreError> {
    let contacts = contacts_of(shared, organization, entries).await?;
    let ended = ended_orders(shared, organization, entries).await?;
    let mut terms: Vec<Term> = Vec::new();
    let mut sums: BTreeMap<(i32, u128, RollupMeasure, String), Rollup> = BTreeMap::new();
    let mut movements: Vec<LedgerTerm> = Vec::new();
    for entry in entries {
        movements.extend(ledger_terms(entry));
        let (measure, order) = match &entry.event {
            Event::OrderPlaced { order } => {
                terms.extend(found_by(organization, order, &contacts));
                (RollupMeasure::Placed, order)
            }
            Event::OrderMerged { order } => {
                terms.extend(found_by(organization, order, &contacts));
                continue;
            }
            Event::OrderCanceled { order } | Event::OrderClosed { order } => {
                let canceled = matches!(entry.event, Event::OrderCanceled { .. });
                let Some(order) = ended.get(order) else {
                    continue;
                };
                let measure = if canceled {
                    RollupMeasure::Canceled
                } else {
                    RollupMeasure::Closed
                };
                (measure, order)
            }
            _ => continue,
        };
        // What was sold before Ordo counts for the day on which it was sold.
        let at = match order.origin {
            Origin::Live => entry.effective_at,
            Origin::History | Origin::Till => order.placed_at,
        };
        let day = at.as_micros().div_euclid(DAY) as i32;
        let key = (
            day,
            order.channel.to_u128(),
            measure,
            order.currency.code().to_owned(),
        );
        let sum = sums.entry(key).or_insert(Rollup {
            day,
            channel: order.channel,
            measure,
            currency: order.currency,
            count: 0,
            amount: 0,
        });
        sum.count += 1;
        sum.amount += order.totals.total.get();
    }
    terms.sort_unstable();
    let backend = &*shared.backend;
    let mut causes = causes::of_entries(backend, organization, entries).await?;
    let reference = shared.fresh_reference(organization).await?;
    let told = deliveries::of_entries(organization, &reference, entries);
    causes.tasks.extend(told);
    let rollups = sums.into_values().collect();
    Ok(ViewWrite {
        organization,
        consumer: CONSUMER,
        after,
        upto,
        terms,
        movements,
        rollups,
        waits: causes.waits,
        tasks: causes.tasks,
        at: shared.clock.now(),
    })
}

/// Where the ledger tells of what, of one event.
fn ledger_terms(entry: &LogEntry) -> impl Iterator<Item = LedgerTerm> + use<'_> {
    let position = entry.position;
    (0..)
        .zip(Movement::of(&entry.event))
        .map(move |(line, movement)| LedgerTerm {
            place: LedgerPlace { position, line },
            sku: movement.cell.sku,
            location: movement.cell.location,
        })
}

fn found_by<'a>(
    organization: OrganizationId,
    order: &'a Order,
    contacts: &HashMap<ContactId, Contact>,
) -> impl Iterator<Item = Term> + use<'a> {
    let known = order.contacts().filter_map(|id| contacts.get(&id));
    let id = order.id;
    order_terms(organization, order, known)
        .into_iter()
        .map(move |hash| Term { hash, order: id })
}

async fn contacts_of(
    shared: &Shared,
    organization: OrganizationId,
    entries: &[LogEntry],
) -> Result<HashMap<ContactId, Contact>, StoreError> {
    let ids: Vec<ContactId> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::OrderPlaced { order } | Event::OrderMerged { order } => Some(order),
            _ => None,
        })
        .flat_map(Order::contacts)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let contacts = shared.backend.contacts(organization, &ids).await?;
    Ok(contacts
        .into_iter()
        .map(|contact| (contact.id, contact))
        .collect())
}

/// The orders that ended within the entries.
async fn ended_orders(
    shared: &Shared,
    organization: OrganizationId,
    entries: &[LogEntry],
) -> Result<HashMap<OrderId, Order>, StoreError> {
    let ids: BTreeSet<OrderId> = entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::OrderCanceled { order } | Event::OrderClosed { order } => Some(*order),
            _ => None,
        })
        .collect();
    let keys: Vec<Key> = ids
        .into_iter()
        .map(|id| Key::Record {
            kind: RecordKind::Order,
            id: id.to_u128(),
        })
        .collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut orders = HashMap::new();
    for row in shared.backend.load(organization, &keys).await? {
        let Row::Record {
            found: Some(record),
            ..
        } = row
        else {
            continue;
        };
        let order: Order = serde_json::from_str(&record.body)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        orders.insert(order.id, order);
    }
    Ok(orders)
}
