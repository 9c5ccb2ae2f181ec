//! Proves the books: replays the log and compares it with what is stored, invariant by invariant.
//!
//! Works on a store that is being written to: what is newer than the log that was read is compared
//! again after reading on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordo_domain::Event;
use ordo_domain::catalog::Sku;
use ordo_domain::id::{OrderId, OrganizationId, SkuId};
use ordo_domain::money::Minor;
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Cell, CellKey, Lot, LotKey, Reservation, ReservationState};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_domain::world::{Key, Row, World};
use ordo_store::{LogEntry, StoreError};

use crate::engine::Backend;

/// Violations that are listed per invariant; all are counted.
const LISTED_MAX: usize = 20;
/// Events read at once.
const PAGE: usize = 2_000;
/// How long a reservation may outlive its expiry.
const EXPIRY_TOLERANCE_US: i64 = 5 * SECOND;
/// Times that rows which changed during the check are compared again.
const CATCH_UPS_MAX: usize = 10;

/// What was found of one invariant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many things were looked at.
    pub checked: u64,
    /// What is wrong, at most a few of each.
    pub violations: Vec<String>,
    /// How many things are wrong.
    pub violated: u64,
}

/// What was found, by invariant (`I1` …).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// One entry per invariant that a look at stored data can prove.
    pub findings: BTreeMap<&'static str, Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.findings.values().all(|finding| finding.violated == 0)
    }

    /// Adds the findings of another organization.
    pub fn merge(&mut self, other: Report) {
        for (id, finding) in other.findings {
            let sum = self.findings.entry(id).or_default();
            sum.checked += finding.checked;
            sum.violated += finding.violated;
            let room = LISTED_MAX.saturating_sub(sum.violations.len());
            sum.violations
                .extend(finding.violations.into_iter().take(room));
        }
    }

    fn look(&mut self, id: &'static str, holds: bool, say: impl FnOnce() -> String) {
        let finding = self.findings.entry(id).or_default();
        finding.checked += 1;
        if !holds {
            finding.violated += 1;
            if finding.violations.len() < LISTED_MAX {
                finding.violations.push(say());
            }
        }
    }
}

/// Checks one organization at `now`.
///
/// # Errors
/// The store fails, or something in it cannot be read at all.
pub async fn check(
    backend: &dyn Backend,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for id in ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I11"] {
        report.findings.insert(id, Finding::default());
    }
    let reference = backend.load_reference(organization).await?;
    let mut replay = Replay::new(reference);
    replay.read_on(backend, organization, &mut report).await?;
    let mut pending = records(backend, organization, &replay, &mut report).await?;
    let mut cells = cells(backend, organization, &replay).await?;
    for _ in 0..CATCH_UPS_MAX {
        if pending.is_empty() && cells.is_empty() {
            break;
        }
        // Something was newer than the log that had been read: read on and look again.
        replay.read_on(backend, organization, &mut report).await?;
        pending = again(backend, organization, &replay, pending).await?;
        cells = cells_again(backend, organization, &replay, cells).await?;
    }
    for key in pending {
        report.look("I7", false, || {
            format!("{key:?} is not what its events make of it")
        });
    }
    for key in cells {
        report.look("I1", false, || {
            format!("{key:?} is not the sum of its movements")
        });
    }
    look_at_lots(backend, organization, &mut replay, &mut report).await?;
    replay.final_looks(now, &mut report);
    Ok(report)
}

/// The state that the log makes, and what was seen on the way.
struct Replay {
    world: World,
    position: i64,
    last_at: Timestamp,
    placed: BTreeSet<(u128, String)>,
    orders: BTreeSet<OrderId>,
}

impl Replay {
    fn new(reference: Reference) -> Self {
        Self {
            world: World::complete(Arc::new(reference)),
            position: 0,
            last_at: Timestamp::default(),
            placed: BTreeSet::new(),
            orders: BTreeSet::new(),
        }
    }

    async fn read_on(
        &mut self,
        backend: &dyn Backend,
        organization: OrganizationId,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        loop {
            let entries = backend.read_log(organization, self.position, PAGE).await?;
            for entry in &entries {
                self.take(entry, report);
            }
            // What was replayed is never taken back.
            self.world.begin();
            if entries.len() < PAGE {
                return Ok(());
            }
        }
    }

    fn take(&mut self, entry: &LogEntry, report: &mut Report) {
        let position = entry.position;
        report.look("I6", position == self.position + 1, || {
            format!("position {position} follows {}", self.position)
        });
        report.look("I6", entry.recorded_at >= self.last_at, || {
            format!("time goes back at position {position}")
        });
        self.position = position;
        self.last_at = entry.recorded_at;
        self.world.evolve(&entry.event, entry.effective_at);
        // Every event that touches a record counts one, also those that are first of all about
        // another one, so the version after it must be the replayed one.
        if let Some(subject) = entry.subject {
            let replayed = self.world.version_of(subject);
            report.look("I6", entry.subject_version == replayed, || {
                let stored = entry.subject_version;
                format!("version {stored} stands at position {position}, it is {replayed}")
            });
        }
        self.look_at_event(entry, report);
    }

    /// What can be said of an event once it is applied.
    fn look_at_event(&mut self, entry: &LogEntry, report: &mut Report) {
        let position = entry.position;
        let promised: Vec<CellKey> = match &entry.event {
            Event::OrderPlaced { order } => {
                self.orders.insert(order.id);
                let key = (order.channel.to_u128(), order.external_id.clone());
                let first = self.placed.insert(key);
                report.look("I5", first, || {
                    format!(
                        "{} was placed twice, again at position {position}",
                        order.external_id
                    )
                });
                return;
            }
            Event::FulfillmentOrderOpened { fulfillment_order } => (fulfillment_order.lines.iter())
                .filter(|line| line.from_stock)
                .map(|line| fulfillment_order.cell(line))
                .collect(),
            Event::ReservationMade { reservation } => {
                reservation.units.iter().map(|units| units.cell).collect()
            }
            _ => return,
        };
        for key in promised {
            let cell = self.world.cell(key).unwrap_or_default();
            report.look("I2", cell.available() >= Quantity::ZERO, || {
                format!(
                    "{key:?} was promised to {} at position {position}",
                    cell.available()
                )
            });
        }
    }

    fn final_looks(&self, now: Timestamp, report: &mut Report) {
        for id in &self.orders {
            if let Ok(Some(order)) = self.world.order(*id) {
                look_at_order(order, report);
            }
        }
        for record in self.world.records_of(RecordKind::Reservation) {
            let Ok(reservation) = serde_json::from_str::<Reservation>(&record.body) else {
                continue;
            };
            let over = now.as_micros() - reservation.expires_at.as_micros() > EXPIRY_TOLERANCE_US;
            let held = reservation.state == ReservationState::Held;
            report.look("I11", !(held && over), || {
                format!("{} is held past {}", reservation.id, reservation.expires_at)
            });
        }
        for (key, cell) in self.world.all_cells() {
            let counts = [cell.allocated, cell.reserved, cell.safety, cell.quarantined];
            let sound = counts.iter().all(|count| *count >= Quantity::ZERO);
            report.look("I1", sound, || {
                format!("{key:?} has a negative count: {cell:?}")
            });
        }
    }
}

/// Splits by lot: each is what its movements make of it, and together they are no more than the cell.
async fn look_at_lots(
    backend: &dyn Backend,
    organization: OrganizationId,
    replay: &mut Replay,
    report: &mut Report,
) -> Result<(), StoreError> {
    for catch_up in 1..=CATCH_UPS_MAX {
        let mut expected: BTreeMap<LotKey, Lot> = replay.world.all_lots().into_iter().collect();
        let checked = expected.len();
        let differing = differing_lots(backend, organization, &replay.world, &mut expected).await?;
        if !differing.is_empty() && catch_up < CATCH_UPS_MAX {
            // Perhaps something was newer than the log that had been read.
            replay.read_on(backend, organization, report).await?;
            continue;
        }
        for _ in differing.len()..checked {
            report.look("I1", true, String::new);
        }
        for key in differing {
            report.look("I1", false, || {
                format!("{key:?} is not the sum of its movements")
            });
        }
        break;
    }
    let mut sums: BTreeMap<CellKey, (Quantity, Quantity)> = BTreeMap::new();
    for (key, lot) in replay.world.all_lots() {
        let sum = sums.entry(key.cell).or_default();
        sum.0 += lot.on_hand;
        sum.1 += lot.quarantined;
    }
    for (key, (on_hand, quarantined)) in sums {
        let cell = replay.world.cell(key).unwrap_or_default();
        let within = on_hand <= cell.on_hand && quarantined <= cell.quarantined;
        report.look("I1", within, || {
            format!("the lots of {key:?} sum to {on_hand} and {quarantined}, it holds {cell:?}")
        });
    }
    Ok(())
}

/// The splits that are stored otherwise than replayed, of all SKUs that are tracked by lot now or were
/// before.
async fn differing_lots(
    backend: &dyn Backend,
    organization: OrganizationId,
    world: &World,
    expected: &mut BTreeMap<LotKey, Lot>,
) -> Result<Vec<LotKey>, StoreError> {
    let mut skus: BTreeSet<SkuId> = expected.keys().map(|key| key.cell.sku).collect();
    for record in world.records_of(RecordKind::Sku) {
        let tracked = serde_json::from_str::<Sku>(&record.body).is_ok_and(|sku| sku.has_lots());
        if tracked {
            skus.insert(SkuId::from_u128(record.id));
        }
    }
    let keys: Vec<Key> = skus.into_iter().map(Key::Lots).collect();
    let mut differing = Vec::new();
    for page in keys.chunks(500) {
        for row in backend.load(organization, page).await? {
            let Row::Lots { lots, .. } = row else {
                continue;
            };
            for (key, lot) in lots {
                if expected.remove(&key) != Some(lot) {
                    differing.push(key);
                }
            }
        }
    }
    differing.extend(std::mem::take(expected).into_keys());
    Ok(differing)
}

fn look_at_order(order: &Order, report: &mut Report) {
    for line in &order.lines {
        report.look("I3", line.is_conserved(), || {
            format!(
                "{} line {}: units are not conserved",
                order.id, line.external_id
            )
        });
    }
    let sums = Order::sum_totals(&order.lines, &order.shipping, order.tax_included);
    report.look("I4", sums == order.totals, || {
        format!("{}: totals are not the sum", order.id)
    });
    let within = order.paid_back() <= order.captured() && order.paid_back() >= Minor::ZERO;
    report.look("I4", within, || {
        format!("{}: more went back than was captured", order.id)
    });
}

/// Compares every stored record with the replayed one; answers those that differ.
async fn records(
    backend: &dyn Backend,
    organization: OrganizationId,
    replay: &Replay,
    report: &mut Report,
) -> Result<BTreeSet<(RecordKind, u128)>, StoreError> {
    let mut pending = BTreeSet::new();
    for kind in RecordKind::ALL {
        // Both come in the order of their ids, so that only a page is in memory twice.
        let mut replayed = replay.world.records_of(*kind).peekable();
        let mut after = None;
        loop {
            let page = backend
                .list_records(organization, *kind, after, 200)
                .await?;
            for (id, stored) in page.items {
                while let Some(missing) = replayed.next_if(|record| record.id < id) {
                    pending.insert((*kind, missing.id));
                }
                let same = replayed
                    .next_if(|record| record.id == id)
                    .is_some_and(|record| {
                        record.version == stored.version && record.body == stored.body
                    });
                if same {
                    report.look("I7", true, String::new);
                } else {
                    pending.insert((*kind, id));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        pending.extend(replayed.map(|record| (*kind, record.id)));
    }
    Ok(pending)
}

/// Of `pending`, those that still differ.
async fn again(
    backend: &dyn Backend,
    organization: OrganizationId,
    replay: &Replay,
    pending: BTreeSet<(RecordKind, u128)>,
) -> Result<BTreeSet<(RecordKind, u128)>, StoreError> {
    let kinds: BTreeSet<RecordKind> = pending.iter().map(|(kind, _)| *kind).collect();
    let expected: BTreeMap<(RecordKind, u128), (u64, String)> = (kinds.into_iter())
        .flat_map(|kind| replay.world.records_of(kind))
        .filter(|record| pending.contains(&(record.kind, record.id)))
        .map(|record| ((record.kind, record.id), (record.version, record.body)))
        .collect();
    let keys: Vec<Key> = pending
        .iter()
        .map(|(kind, id)| Key::Record {
            kind: *kind,
            id: *id,
        })
        .collect();
    let mut differing = BTreeSet::new();
    for page in keys.chunks(500) {
        for row in backend.load(organization, page).await? {
            let Row::Record { kind, id, found } = row else {
                continue;
            };
            let stored = found.map(|record| (record.version, record.body));
            if stored.as_ref() != expected.get(&(kind, id)) {
                differing.insert((kind, id));
            }
        }
    }
    Ok(differing)
}

/// Compares every stored cell with the replayed one; answers those that differ.
async fn cells(
    backend: &dyn Backend,
    organization: OrganizationId,
    replay: &Replay,
) -> Result<BTreeSet<CellKey>, StoreError> {
    let mut expected: BTreeMap<CellKey, Cell> = replay.world.all_cells().into_iter().collect();
    let mut differing = BTreeSet::new();
    let mut after = None;
    loop {
        let page = backend.list_stock(organization, None, after, 200).await?;
        for row in page.items {
            if expected.remove(&row.key).unwrap_or_default() != row.cell {
                differing.insert(row.key);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let zero = Cell::default();
    differing.extend(
        expected
            .into_iter()
            .filter(|(_, cell)| *cell != zero)
            .map(|(key, _)| key),
    );
    Ok(differing)
}

async fn cells_again(
    backend: &dyn Backend,
    organization: OrganizationId,
    replay: &Replay,
    pending: BTreeSet<CellKey>,
) -> Result<BTreeSet<CellKey>, StoreError> {
    let skus: BTreeSet<_> = pending.iter().map(|key| key.sku).collect();
    let keys: Vec<Key> = skus.into_iter().map(Key::Cells).collect();
    let mut stored: BTreeMap<CellKey, Cell> = BTreeMap::new();
    for page in keys.chunks(500) {
        for row in backend.load(organization, page).await? {
            if let Row::Cells { cells, .. } = row {
                stored.extend(cells);
            }
        }
    }
    Ok(pending
        .into_iter()
        .filter(|key| {
            let replayed = replay.world.cell(*key).unwrap_or_default();
            stored.get(key).copied().unwrap_or_default() != replayed
        })
        .collect())
}
