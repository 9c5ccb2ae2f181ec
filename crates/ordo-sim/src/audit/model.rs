//! What the auditor keeps of cells, lines, work, reservations and money: plain numbers.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{
    FulfillmentOrderId, LineId, OrderId, ReservationId, ReturnId, ShipmentId, SkuId,
};
use ordo_domain::order::{EntryKind, Order, OrderLife};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::Timestamp;

/// A cell in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sellable units that are there.
    pub on_hand: i64,
    /// Units of work.
    pub allocated: i64,
    /// Units of carts.
    pub reserved: i64,
    /// Units that are never offered.
    pub safety: i64,
    /// Units that may not be sold for now.
    pub quarantined: i64,
}

impl Counts {
    /// What may still be promised.
    #[must_use]
    pub const fn available(&self) -> i64 {
        self.on_hand - self.allocated - self.reserved - self.safety
    }

    /// What is there beside promises.
    #[must_use]
    pub const fn unpromised(&self) -> i64 {
        self.on_hand - self.allocated - self.reserved
    }

    /// What a stored cell says.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        Self {
            on_hand: cell.on_hand.get(),
            allocated: cell.allocated.get(),
            reserved: cell.reserved.get(),
            safety: cell.safety.get(),
            quarantined: cell.quarantined.get(),
        }
    }
}

/// A line in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// What was ordered.
    pub ordered: i64,
    /// Waits.
    pub open: i64,
    /// Of what waits, that for which stock must come.
    pub backordered: i64,
    /// Is worked on.
    pub allocated: i64,
    /// Left.
    pub shipped: i64,
    /// Left, says the channel.
    pub elsewhere: i64,
    /// Will not be delivered.
    pub canceled: i64,
    /// Came back.
    pub received: i64,
    /// Was paid back.
    pub refunded: i64,
}

impl LineCounts {
    /// Whether each unit is somewhere, once.
    #[must_use]
    pub fn holds(&self) -> bool {
        let placed = self.open + self.allocated + self.shipped + self.elsewhere + self.canceled;
        let counts = [
            self.open,
            self.backordered,
            self.allocated,
            self.shipped,
            self.elsewhere,
            self.canceled,
            self.received,
            self.refunded,
        ];
        placed == self.ordered
            && counts.iter().all(|count| *count >= 0)
            && self.backordered <= self.open
            && self.received <= self.shipped + self.elsewhere
            && self.refunded <= self.ordered
    }
}

/// An order in numbers.
#[derive(Debug, Clone, Default)]
pub struct OrderBook {
    /// Its lines.
    pub lines: BTreeMap<LineId, LineCounts>,
    /// Their SKUs.
    pub skus: BTreeMap<LineId, SkuId>,
    /// What all units of a line cost the buyer together.
    pub paid: BTreeMap<LineId, i64>,
    /// What was taken from the buyer.
    pub captured: i64,
    /// What went back.
    pub paid_back: i64,
    /// Whether it came to its end.
    pub ended: bool,
    /// Channel and the channel's name for it.
    pub name: String,
}

impl OrderBook {
    /// What a document says.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let mut book = Self {
            name: format!("{} {}", order.channel, order.external_id),
            ended: matches!(order.life, OrderLife::Closed | OrderLife::Canceled),
            ..Self::default()
        };
        for line in &order.lines {
            let counts = LineCounts {
                ordered: line.ordered.get(),
                open: line.open.get(),
                backordered: line.backordered.get(),
                allocated: line.allocated.get(),
                shipped: line.shipped.get(),
                elsewhere: line.shipped_elsewhere.get(),
                canceled: line.canceled.get(),
                received: line.received.get(),
                refunded: line.refunded.get(),
            };
            let taxes: i64 = line.taxes.iter().map(|tax| tax.amount.get()).sum();
            let beside = if order.tax_included { 0 } else { taxes };
            let paid = line.unit_price.get() * counts.ordered - line.discount.get() + beside;
            book.paid.insert(line.id, paid);
            book.lines.insert(line.id, counts);
            if let Some(sku) = line.sku {
                book.skus.insert(line.id, sku);
            }
        }
        for entry in &order.money {
            let amount = entry.amount.get();
            match entry.kind {
                EntryKind::Capture | EntryKind::CodCollected => book.captured += amount,
                EntryKind::Refund | EntryKind::Chargeback => book.paid_back += amount,
                EntryKind::ChargebackReversal => book.paid_back -= amount,
                EntryKind::Authorize
                | EntryKind::Void
                | EntryKind::Fee
                | EntryKind::Payout
                | EntryKind::CodRemitted => {}
            }
        }
        book
    }
}

/// A part of work.
#[derive(Debug, Clone, Copy)]
pub struct WorkPart {
    /// The order's line.
    pub line: LineId,
    /// Where its units lie, where they come from stock.
    pub cell: Option<CellKey>,
    /// Units to be done.
    pub quantity: i64,
    /// Of them, collected.
    pub picked: i64,
    /// Of them, in parcels.
    pub packed: i64,
}

/// Work in numbers.
#[derive(Debug, Clone)]
pub struct WorkBook {
    /// Its order.
    pub order: OrderId,
    /// Its parts.
    pub parts: Vec<WorkPart>,
    /// Whether nothing more can become of it.
    pub ended: bool,
    /// Whether it left.
    pub left: bool,
}

impl WorkBook {
    /// As it was opened.
    #[must_use]
    pub fn of(work: &FulfillmentOrder) -> Self {
        let parts = work.lines.iter().map(|line| WorkPart {
            line: line.line,
            cell: line.from_stock.then_some(CellKey {
                sku: line.sku,
                location: work.location,
                owner: line.owner,
            }),
            quantity: line.quantity.get(),
            picked: 0,
            packed: 0,
        });
        Self {
            order: work.order,
            parts: parts.collect(),
            ended: false,
            left: false,
        }
    }
}

/// A reservation.
#[derive(Debug, Clone)]
pub struct Bound {
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it binds.
    pub units: Vec<(CellKey, i64)>,
    /// Whether it still does.
    pub is_held: bool,
}

/// What a look at new events has touched, to be compared with what is stored.
#[derive(Debug, Default)]
pub struct Touched {
    /// Cells.
    pub skus: BTreeSet<SkuId>,
    /// Orders.
    pub orders: BTreeSet<OrderId>,
    /// Work.
    pub work: BTreeSet<FulfillmentOrderId>,
    /// Reservations.
    pub reservations: BTreeSet<ReservationId>,
}

/// What else is known by id.
#[derive(Debug, Default)]
pub struct Ids {
    /// Shipments and the work that they carry.
    pub shipments: BTreeMap<ShipmentId, FulfillmentOrderId>,
    /// Returns and their orders.
    pub returns: BTreeMap<ReturnId, OrderId>,
}
