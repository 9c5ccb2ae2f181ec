//! The auditor's books of one organization, and how an event changes them.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::Event;
use ordo_domain::catalog::StockPolicy;
use ordo_domain::event::{LineUnits, SubjectRef};
use ordo_domain::id::{
    ContactId, FulfillmentOrderId, OrderId, OrganizationId, ReservationId, SkuId,
};
use ordo_domain::order::HoldSource;
use ordo_domain::returns::Refund;
use ordo_domain::stock::{CellKey, Movement};
use ordo_domain::time::{SECOND, Timestamp};
use ordo_store::LogEntry;

use super::model::{Bound, Counts, Ids, LineCounts, OrderBook, Touched, WorkBook};
use crate::ledger::Ledger;

/// By how much clocks may differ, and how late a timer may look.
const TOLERANCE_US: i64 = 5 * SECOND;

/// The books of one organization.
#[derive(Default)]
pub struct Books {
    /// Whose.
    pub organization: OrganizationId,
    /// The last event that was read.
    pub position: i64,
    /// Cells.
    pub cells: BTreeMap<CellKey, Counts>,
    /// Orders.
    pub orders: BTreeMap<OrderId, OrderBook>,
    /// Work.
    pub work: BTreeMap<FulfillmentOrderId, WorkBook>,
    /// Reservations.
    pub reservations: BTreeMap<ReservationId, Bound>,
    /// Persons that were erased.
    pub erased: BTreeSet<ContactId>,
    last_at: Timestamp,
    versions: BTreeMap<SubjectRef, u64>,
    names: BTreeSet<String>,
    policies: BTreeMap<SkuId, StockPolicy>,
    ids: Ids,
}

/// Looks at one event, with whom to tell.
struct Look<'a> {
    position: i64,
    organization: OrganizationId,
    ledger: &'a mut Ledger,
}

impl Look<'_> {
    fn expect(&mut self, invariant: &str, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            let (position, what) = (self.position, what());
            let organization = self.organization;
            let line = format_args!("{organization} position {position}: {what}");
            self.ledger.violation(invariant, line);
        }
    }
}

impl Books {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(organization: OrganizationId) -> Self {
        Self {
            organization,
            ..Self::default()
        }
    }

    /// Takes an event in, which was read at `now`.
    pub(super) fn take(
        &mut self,
        entry: &LogEntry,
        now: Timestamp,
        touched: &mut Touched,
        ledger: &mut Ledger,
    ) {
        let mut look = Look {
            position: entry.position,
            organization: self.organization,
            ledger,
        };
        let dense = entry.position == self.position + 1;
        look.expect("I6", dense, || format!("it follows {}", self.position));
        let in_time = entry.recorded_at >= self.last_at;
        look.expect("I6", in_time, || "time goes back".to_owned());
        self.position = entry.position;
        self.last_at = entry.recorded_at;
        if let Some(subject) = entry.subject {
            let before = self.versions.insert(subject, entry.subject_version);
            let grows = entry.subject_version > before.unwrap_or(0);
            look.expect("I6", grows, || {
                let now = entry.subject_version;
                format!("{subject:?} goes from version {before:?} to {now}")
            });
        }
        self.apply(&entry.event, now, touched, &mut look);
    }

    /// The version that the log says a record has, as far as it is the subject of an event.
    #[must_use]
    pub fn version(&self, subject: SubjectRef) -> Option<u64> {
        self.versions.get(&subject).copied()
    }

    fn apply(&mut self, event: &Event, now: Timestamp, touched: &mut Touched, look: &mut Look<'_>) {
        match event {
            Event::SkuCreated { sku } | Event::SkuUpdated { sku } => {
                self.policies.insert(sku.id, sku.stock_policy);
            }
            Event::StockMoved { movements } => {
                let reasons = movements
                    .iter()
                    .filter_map(|movement| movement.reason.as_ref())
                    .filter(|reason| reason.starts_with("stock "));
                for reason in reasons.collect::<BTreeSet<_>>() {
                    look.ledger.happened(self.organization, reason);
                }
                self.move_stock(movements, touched, look);
            }
            Event::ReservationMade { reservation } => {
                let units: Vec<(CellKey, i64)> = (reservation.units.iter())
                    .map(|units| (units.cell, units.quantity.get()))
                    .collect();
                for (cell, quantity) in &units {
                    self.cell(*cell, touched, look).reserved += quantity;
                }
                for (cell, _) in &units {
                    self.is_there(*cell, look);
                }
                let mark = format!("reservation {}", reservation.id);
                look.ledger.happened(self.organization, &mark);
                let bound = Bound {
                    expires_at: reservation.expires_at,
                    units,
                    is_held: true,
                };
                self.reservations.insert(reservation.id, bound);
                touched.reservations.insert(reservation.id);
            }
            Event::ReservationExpired { reservation } => {
                let expires_at = self.reservations.get(reservation).map(|of| of.expires_at);
                let due = expires_at.is_some_and(|at| {
                    at.as_micros() <= now.as_micros().saturating_add(TOLERANCE_US)
                });
                look.expect("I11", due, || {
                    format!("{reservation} ends at {expires_at:?} and ended at {now}")
                });
                self.end_reservation(*reservation, touched, look);
            }
            Event::ReservationReleased { reservation }
            | Event::ReservationConsumed { reservation } => {
                self.end_reservation(*reservation, touched, look);
            }
            Event::OrderPlaced { order } => {
                let book = OrderBook::of(order);
                let mark = format!("order {}", order.id);
                look.ledger.happened(self.organization, &mark);
                let first = self.names.insert(book.name.clone());
                look.expect("I5", first, || format!("{} was placed twice", book.name));
                self.orders.insert(order.id, book);
                self.look_at_order(order.id, touched, look);
            }
            Event::OrderMerged { order } => {
                let after = OrderBook::of(order);
                if let Some(before) = self.orders.get(&order.id) {
                    for (line, was) in &before.lines {
                        let is = after.lines.get(line).copied().unwrap_or_default();
                        let same = (was.allocated, was.shipped, was.received, was.refunded)
                            == (is.allocated, is.shipped, is.received, is.refunded);
                        look.expect("I3", same, || {
                            format!("{} {line}: a merge made {was:?} {is:?}", order.id)
                        });
                    }
                } else {
                    look.expect("I9", false, || format!("{} is not its own", order.id));
                }
                self.orders.insert(order.id, after);
                self.look_at_order(order.id, touched, look);
            }
            Event::LinesBackordered { order, lines } => {
                self.lines(*order, lines, touched, look, |line, units| {
                    line.backordered += units;
                });
                self.look_at_backorders(*order, lines, look);
            }
            Event::BackorderLifted { order, lines } => {
                self.lines(*order, lines, touched, look, |line, units| {
                    line.backordered -= units;
                });
            }
            Event::LinesCanceled { order, lines, .. } => {
                self.lines(*order, lines, touched, look, |line, units| {
                    line.open -= units;
                    line.canceled += units;
                    line.backordered = line.backordered.min(line.open);
                });
            }
            Event::FulfillmentOrderOpened { fulfillment_order } => {
                let work = WorkBook::of(fulfillment_order);
                for part in &work.parts {
                    if let Some(cell) = part.cell {
                        self.cell(cell, touched, look).allocated += part.quantity;
                    }
                }
                for cell in work.parts.iter().filter_map(|part| part.cell) {
                    self.is_there(cell, look);
                }
                for part in &work.parts {
                    if let Some(line) = self.line(work.order, part.line, look) {
                        line.open -= part.quantity;
                        line.allocated += part.quantity;
                    }
                }
                self.look_at_order(work.order, touched, look);
                touched.work.insert(fulfillment_order.id);
                self.work.insert(fulfillment_order.id, work);
            }
            Event::FulfillmentOrderCanceled {
                fulfillment_order, ..
            }
            | Event::FulfillmentOrderRejected {
                fulfillment_order, ..
            }
            | Event::WorkMoved {
                fulfillment_order, ..
            } => self.give_back(*fulfillment_order, None, touched, look),
            Event::UnitsShorted {
                fulfillment_order,
                lines,
                ..
            } => self.give_back(*fulfillment_order, Some(lines), touched, look),
            Event::UnitsPicked {
                fulfillment_order,
                lines,
            } => {
                touched.work.insert(*fulfillment_order);
                let Some(work) = self.work.get_mut(fulfillment_order) else {
                    look.expect("I9", false, || {
                        format!("{fulfillment_order} is not its own")
                    });
                    return;
                };
                for units in lines {
                    for part in work.parts.iter_mut().filter(|part| part.line == units.line) {
                        part.picked += units.quantity.get();
                    }
                }
                let within =
                    (work.parts.iter()).all(|part| (0..=part.quantity).contains(&part.picked));
                look.expect("I3", within, || {
                    format!("{fulfillment_order}: more is picked than wanted: {work:?}")
                });
            }
            Event::UnitsPacked { shipment } => {
                let id = shipment.fulfillment_order;
                touched.work.insert(id);
                self.ids.shipments.insert(shipment.id, id);
                let Some(work) = self.work.get_mut(&id) else {
                    look.expect("I9", false, || format!("{id} is not its own"));
                    return;
                };
                for part in &mut work.parts {
                    let lines = shipment.parcels.iter().flat_map(|parcel| &parcel.lines);
                    part.packed = lines
                        .filter(|packed| packed.line == part.line)
                        .map(|packed| packed.quantity.get())
                        .sum();
                    let (picked, packed) = (part.picked, part.packed);
                    look.expect("I3", picked == packed, || {
                        format!("{id}: {picked} are picked and {packed} packed")
                    });
                }
            }
            Event::FulfillmentOrderShipped {
                fulfillment_order,
                movements,
                ..
            } => self.ship(*fulfillment_order, movements, touched, look),
            Event::ParcelLabelled {
                shipment, label, ..
            } => {
                let known = self.ids.shipments.contains_key(shipment);
                look.expect("I9", known, || format!("{shipment} is not its own"));
                let mark = format!("label {}", label.tracking_number);
                if label.tracking_number.starts_with("SIM") {
                    look.ledger.happened(self.organization, &mark);
                }
            }
            Event::ReturnRequested { requested } => {
                self.ids.returns.insert(requested.id, requested.order);
            }
            Event::ReturnReceived {
                order,
                lines,
                movements,
                ..
            } => {
                self.move_stock(movements, touched, look);
                let units: i64 = movements
                    .iter()
                    .map(|movement| movement.on_hand.get() + movement.quarantined.get())
                    .sum();
                let came: i64 = lines.iter().map(|units| units.quantity.get()).sum();
                look.expect("I1", (0..=came).contains(&units), || {
                    format!("{came} units came back and {units} entered the books")
                });
                for units in lines {
                    if let Some(line) = self.line(*order, units.line, look) {
                        line.received += units.quantity.get();
                    }
                }
                self.look_at_order(*order, touched, look);
            }
            Event::RefundRecorded { order, refund } => self.refund(*order, refund, touched, look),
            Event::HoldPlaced { order, hold } => {
                touched.orders.insert(*order);
                if let (HoldSource::Person, Some(reason)) = (hold.source, &hold.reason) {
                    look.ledger.happened(self.organization, reason);
                }
            }
            Event::OrderCanceled { order } | Event::OrderClosed { order } => {
                if let Some(book) = self.orders.get_mut(order) {
                    let again = std::mem::replace(&mut book.ended, true);
                    look.expect("I3", !again, || format!("{order} ended twice"));
                    let waits = book.lines.values().any(|line| line.allocated > 0);
                    look.expect("I3", !waits, || format!("{order} ended with work to do"));
                }
                touched.orders.insert(*order);
            }
            Event::PersonErased { contacts } => self.erased.extend(contacts),
            Event::OrderConfirmed { order }
            | Event::HoldReleased { order, .. }
            | Event::SourcingDeferred { order, .. }
            | Event::SourcingResumed { order } => {
                touched.orders.insert(*order);
            }
            Event::FulfillmentOrderReleased { fulfillment_order }
            | Event::FulfillmentOrderAccepted { fulfillment_order }
            | Event::CancelRequested {
                fulfillment_order, ..
            }
            | Event::CancelRefused { fulfillment_order }
            | Event::WorkPinned {
                fulfillment_order, ..
            } => {
                let known = self.work.contains_key(fulfillment_order);
                look.expect("I9", known, || {
                    format!("{fulfillment_order} is not its own")
                });
                touched.work.insert(*fulfillment_order);
            }
            Event::ParcelTracked { shipment, .. } => {
                let known = self.ids.shipments.contains_key(shipment);
                look.expect("I9", known, || format!("{shipment} is not its own"));
            }
            Event::ReturnApproved { approved: id } | Event::ReturnDeclined { declined: id, .. } => {
                let known = self.ids.returns.contains_key(id);
                look.expect("I9", known, || format!("{id} is not its own"));
            }
            Event::OrganizationFounded { .. }
            | Event::ApiKeyCreated { .. }
            | Event::ApiKeyRevoked { .. }
            | Event::ChannelCreated { .. }
            | Event::LocationCreated { .. }
            | Event::ChannelUpdated { .. }
            | Event::LocationUpdated { .. }
            | Event::LegalEntityCreated { .. }
            | Event::LegalEntityUpdated { .. }
            | Event::PoolCreated { .. }
            | Event::PoolUpdated { .. }
            | Event::BlockPlaced { .. }
            | Event::BlockLifted { .. }
            | Event::ListingCreated { .. }
            | Event::ListingUpdated { .. }
            | Event::WebhookCreated { .. }
            | Event::WebhookUpdated { .. }
            | Event::RateTableCreated { .. }
            | Event::RateTableUpdated { .. }
            | Event::SourcingSettingsUpdated { .. }
            | Event::PriceBookRenewed { .. }
            | Event::RuleSetCreated { .. }
            | Event::RuleSetUpdated { .. }
            | Event::RulesDrafted { .. }
            | Event::RulesPublished { .. }
            | Event::RulesRetired { .. }
            | Event::RulesShadowed { .. }
            | Event::CustomerRecorded { .. } => {}
        }
    }

    fn cell(&mut self, key: CellKey, touched: &mut Touched, look: &mut Look<'_>) -> &mut Counts {
        let known = self.policies.contains_key(&key.sku);
        look.expect("I9", known, || format!("{} is not its own", key.sku));
        touched.skus.insert(key.sku);
        self.cells.entry(key).or_default()
    }

    /// A promise was made: it leaves nothing less than nothing.
    fn is_there(&self, key: CellKey, look: &mut Look<'_>) {
        let counts = self.cells.get(&key).copied().unwrap_or_default();
        look.expect("I2", counts.available() >= 0, || {
            format!("{key:?} was promised down to {counts:?}")
        });
    }

    fn line(
        &mut self,
        order: OrderId,
        line: ordo_domain::id::LineId,
        look: &mut Look<'_>,
    ) -> Option<&mut LineCounts> {
        let found = self
            .orders
            .get_mut(&order)
            .and_then(|book| book.lines.get_mut(&line));
        look.expect("I9", found.is_some(), || {
            format!("{order} {line} is not its own")
        });
        found
    }

    fn lines(
        &mut self,
        order: OrderId,
        units: &[LineUnits],
        touched: &mut Touched,
        look: &mut Look<'_>,
        change: impl Fn(&mut LineCounts, i64),
    ) {
        for units in units {
            if let Some(line) = self.line(order, units.line, look) {
                change(line, units.quantity.get());
            }
        }
        self.look_at_order(order, touched, look);
    }

    /// Every unit is somewhere, once; no more went back than was taken.
    fn look_at_order(&mut self, id: OrderId, touched: &mut Touched, look: &mut Look<'_>) {
        touched.orders.insert(id);
        let Some(book) = self.orders.get(&id) else {
            return;
        };
        for (line, counts) in &book.lines {
            look.expect("I3", counts.holds(), || format!("{id} {line}: {counts:?}"));
        }
        let (back, taken) = (book.paid_back, book.captured);
        look.expect("I4", (0..=taken).contains(&back), || {
            format!("{id}: {back} went back of {taken}")
        });
    }

    /// No more waits for stock than the SKU's limit allows.
    fn look_at_backorders(&self, order: OrderId, lines: &[LineUnits], look: &mut Look<'_>) {
        let Some(book) = self.orders.get(&order) else {
            return;
        };
        let skus: BTreeSet<SkuId> = (lines.iter())
            .filter_map(|units| book.skus.get(&units.line).copied())
            .collect();
        for sku in skus {
            let Some(StockPolicy::Backorder { limit }) = self.policies.get(&sku) else {
                continue;
            };
            let waiting: i64 = (self.orders.values())
                .flat_map(|book| {
                    let of_sku = book.lines.iter();
                    of_sku.filter(|(line, _)| book.skus.get(line) == Some(&sku))
                })
                .map(|(_, counts)| counts.backordered)
                .sum();
            look.expect("I2", waiting <= limit.get(), || {
                format!("{waiting} units of {sku} wait, {limit} may")
            });
        }
    }

    fn move_stock(&mut self, movements: &[Movement], touched: &mut Touched, look: &mut Look<'_>) {
        for movement in movements {
            let cell = self.cell(movement.cell, touched, look);
            cell.on_hand += movement.on_hand.get();
            cell.quarantined += movement.quarantined.get();
            cell.safety += movement.safety.get();
            let sound = cell.quarantined >= 0 && cell.safety >= 0;
            let counts = *cell;
            look.expect("I1", sound, || format!("{movement:?} made {counts:?}"));
        }
    }

    fn end_reservation(&mut self, id: ReservationId, touched: &mut Touched, look: &mut Look<'_>) {
        touched.reservations.insert(id);
        let Some(bound) = self.reservations.get_mut(&id) else {
            look.expect("I9", false, || format!("{id} is not its own"));
            return;
        };
        let was_held = std::mem::replace(&mut bound.is_held, false);
        look.expect("I11", was_held, || format!("{id} ended twice"));
        for (cell, quantity) in bound.units.clone() {
            self.cell(cell, touched, look).reserved -= quantity;
        }
    }

    /// Units of work go back to their lines and cells: those named, or all.
    fn give_back(
        &mut self,
        id: FulfillmentOrderId,
        named: Option<&[LineUnits]>,
        touched: &mut Touched,
        look: &mut Look<'_>,
    ) {
        touched.work.insert(id);
        let Some(work) = self.work.get_mut(&id) else {
            look.expect("I9", false, || format!("{id} is not its own"));
            return;
        };
        look.expect("I3", !work.ended && !work.left, || {
            format!("{id} gives units back after its end")
        });
        let order = work.order;
        let mut back = Vec::new();
        for part in &mut work.parts {
            let units = match named {
                None => part.quantity,
                Some(named) => (named.iter())
                    .filter(|units| units.line == part.line)
                    .map(|units| units.quantity.get())
                    .sum(),
            };
            part.quantity -= units;
            back.push((part.line, part.cell, units));
            let (quantity, picked) = (part.quantity, part.picked);
            look.expect(
                "I3",
                quantity >= 0 && (named.is_none() || picked <= quantity),
                || format!("{id} gives {units} back, {quantity} are left and {picked} picked"),
            );
        }
        work.ended = named.is_none() || work.parts.iter().all(|part| part.quantity == 0);
        for (line, cell, units) in back {
            if let Some(cell) = cell {
                self.cell(cell, touched, look).allocated -= units;
            }
            if let Some(line) = self.line(order, line, look) {
                line.allocated -= units;
                line.open += units;
            }
        }
        self.look_at_order(order, touched, look);
    }

    fn ship(
        &mut self,
        id: FulfillmentOrderId,
        movements: &[Movement],
        touched: &mut Touched,
        look: &mut Look<'_>,
    ) {
        touched.work.insert(id);
        self.move_stock(movements, touched, look);
        let Some(work) = self.work.get_mut(&id) else {
            look.expect("I9", false, || format!("{id} is not its own"));
            return;
        };
        let again = std::mem::replace(&mut work.left, true);
        look.expect("I3", !again && !work.ended, || {
            format!("{id} leaves twice or after its end")
        });
        let (order, parts) = (work.order, work.parts.clone());
        let left: i64 = movements
            .iter()
            .map(|movement| -movement.on_hand.get())
            .sum();
        let packed: i64 = (parts.iter())
            .filter(|part| part.cell.is_some())
            .map(|part| part.packed)
            .sum();
        look.expect("I1", left == packed, || {
            format!("{id}: {packed} were packed and {left} left the books")
        });
        for part in parts {
            if let Some(cell) = part.cell {
                self.cell(cell, touched, look).allocated -= part.packed;
            }
            if let Some(line) = self.line(order, part.line, look) {
                line.allocated -= part.packed;
                line.shipped += part.packed;
            }
        }
        self.look_at_order(order, touched, look);
    }

    /// Units k to m of n that cost T together are worth ⌊Tm/n⌋ − ⌊Tk/n⌋.
    fn refund(&mut self, id: OrderId, refund: &Refund, touched: &mut Touched, look: &mut Look<'_>) {
        if let Some(reason) = &refund.reason_code {
            look.ledger.happened(self.organization, reason);
        }
        let Some(book) = self.orders.get_mut(&id) else {
            look.expect("I9", false, || format!("{id} is not its own"));
            return;
        };
        let mut sum = refund.shipping.get() + refund.goodwill.get();
        for part in &refund.lines {
            sum += part.amount.get();
            let paid = book.paid.get(&part.line).copied().unwrap_or(0);
            let Some(line) = book.lines.get_mut(&part.line) else {
                look.expect("I9", false, || format!("{id} {} is not its own", part.line));
                continue;
            };
            let upto = |units: i64| {
                let share = i128::from(paid) * i128::from(units);
                share.div_euclid(i128::from(line.ordered.max(1)))
            };
            let worth = upto(line.refunded + part.quantity.get()) - upto(line.refunded);
            line.refunded += part.quantity.get();
            look.expect("I4", i128::from(part.amount.get()) == worth, || {
                format!("{id}: {part:?} is worth {worth}")
            });
        }
        let total = refund.total.get();
        look.expect("I4", total == sum && total > 0, || {
            format!("{id}: a refund of {total} is the sum of {sum}")
        });
        book.paid_back += total;
        self.look_at_order(id, touched, look);
    }
}
