//! Compares what a commit touched with what is stored.

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::order::{Order, OrderLife};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{Reservation, ReservationState};
use ordo_domain::world::{Key, Row};
use ordo_store::{Agenda, Store};
use serde::de::DeserializeOwned;

use super::books::Books;
use super::model::{Counts, OrderBook, Touched};
use super::now_or_broken;
use crate::ledger::Ledger;
use crate::shelf::Shelf;

impl Books {
    /// Every row that was touched is what the books say.
    pub(super) fn compare(&self, shelf: &Shelf, touched: &Touched, ledger: &mut Ledger) {
        self.compare_cells(shelf, touched, ledger);
        for id in &touched.orders {
            let Some(order) = self.stored::<Order>(shelf, RecordKind::Order, id.to_u128()) else {
                ledger.violation("I7", format_args!("{id} is not stored"));
                continue;
            };
            let (is, books) = (OrderBook::of(&order), self.orders.get(id));
            let Some(books) = books else {
                ledger.violation("I9", format_args!("{id} is not its own"));
                continue;
            };
            if is.lines != books.lines {
                let (stored, expected) = (&is.lines, &books.lines);
                ledger.violation("I3", format_args!("{id}: {stored:?}, not {expected:?}"));
            }
            if (is.captured, is.paid_back) != (books.captured, books.paid_back) {
                let (stored, expected) = (is.paid_back, books.paid_back);
                ledger.violation(
                    "I4",
                    format_args!("{id}: {stored} went back, not {expected}"),
                );
            }
            let total: i64 = is.paid.values().sum::<i64>() + shipping_of(&order);
            if total != order.totals.total.get() {
                let stored = order.totals.total.get();
                ledger.violation("I4", format_args!("{id}: {stored} is not the sum {total}"));
            }
            let ended = matches!(order.life, OrderLife::Closed | OrderLife::Canceled);
            if ended != books.ended {
                ledger.violation("I7", format_args!("{id}: {:?}", order.life));
            }
        }
        for id in &touched.work {
            let kind = RecordKind::FulfillmentOrder;
            let work = self.stored::<FulfillmentOrder>(shelf, kind, id.to_u128());
            let Some((work, books)) = work.zip(self.work.get(id)) else {
                ledger.violation("I7", format_args!("{id} is not stored"));
                continue;
            };
            let parts = |line| books.parts.iter().find(|part| part.line == line);
            let same = work.lines.iter().all(|line| {
                parts(line.line).is_some_and(|part| {
                    books.ended
                        || (part.quantity, part.picked, part.packed)
                            == (line.quantity.get(), line.picked.get(), line.packed.get())
                })
            });
            if !same || work.order != books.order {
                ledger.violation("I7", format_args!("{work:?} is not {books:?}"));
            }
        }
        for id in &touched.reservations {
            let kind = RecordKind::Reservation;
            let stored = self.stored::<Reservation>(shelf, kind, id.to_u128());
            let is_held = stored.map(|found| found.state == ReservationState::Held);
            if is_held != self.reservations.get(id).map(|bound| bound.is_held) {
                ledger.violation("I7", format_args!("{id} is held: {is_held:?}"));
            }
        }
        for row in now_or_broken(shelf.inner().contacts(
            self.organization,
            &self.erased.iter().copied().collect::<Vec<_>>(),
        )) {
            ledger.violation("I12", format_args!("{} is still there", row.id));
        }
    }

    /// Cells hold what moved; less than was promised is there only where it is named.
    fn compare_cells(&self, shelf: &Shelf, touched: &Touched, ledger: &mut Ledger) {
        if touched.skus.is_empty() {
            return;
        }
        let keys: Vec<Key> = touched.skus.iter().map(|sku| Key::Cells(*sku)).collect();
        let rows = now_or_broken(shelf.inner().load(self.organization, &keys));
        let short = now_or_broken(shelf.inner().short_cells(usize::MAX));
        for (sku, row) in touched.skus.iter().zip(rows) {
            let Row::Cells { cells, .. } = row else {
                continue;
            };
            for (key, counts) in self
                .cells
                .range(first(*sku)..)
                .take_while(|(key, _)| key.sku == *sku)
            {
                let stored = cells.iter().find(|(stored, _)| stored == key);
                let stored = stored.map(|(_, cell)| Counts::of(cell)).unwrap_or_default();
                if stored != *counts {
                    ledger.violation(
                        "I1",
                        format_args!("{key:?} holds {stored:?}, not {counts:?}"),
                    );
                }
                let named = short.contains(&(self.organization, *key));
                if counts.unpromised() < 0 && !named {
                    ledger.violation(
                        "I2",
                        format_args!("{key:?} is short and not named: {counts:?}"),
                    );
                }
            }
            if cells.len() > self.cells.keys().filter(|key| key.sku == *sku).count() {
                ledger.violation("I1", format_args!("{sku} has cells that nothing made"));
            }
        }
    }

    /// A stored record.
    pub(super) fn stored<T: DeserializeOwned>(
        &self,
        shelf: &Shelf,
        kind: RecordKind,
        id: u128,
    ) -> Option<T> {
        stored(shelf, self.organization, kind, id)
    }
}

/// What a record of an organization says.
pub(crate) fn stored<T: DeserializeOwned>(
    shelf: &Shelf,
    organization: ordo_domain::id::OrganizationId,
    kind: RecordKind,
    id: u128,
) -> Option<T> {
    let key = Key::Record { kind, id };
    let row = now_or_broken(shelf.inner().load(organization, &[key])).pop();
    match row {
        Some(Row::Record { found, .. }) => {
            let body = found?.body;
            Some(serde_json::from_str(&body).expect("a stored record reads"))
        }
        _ => None,
    }
}

fn first(sku: ordo_domain::id::SkuId) -> ordo_domain::stock::CellKey {
    ordo_domain::stock::CellKey {
        sku,
        location: ordo_domain::id::LocationId::from_u128(0),
        owner: None,
    }
}

fn shipping_of(order: &Order) -> i64 {
    let beside = if order.tax_included {
        0
    } else {
        order.shipping.tax.get()
    };
    order.shipping.price.get() - order.shipping.discount.get() + beside
}
