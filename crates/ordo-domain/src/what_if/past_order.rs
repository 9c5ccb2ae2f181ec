//! Orders as they were placed, without what became of them.

use std::collections::BTreeMap;

use crate::fulfillment::{FulfillmentOrder, FulfillmentState};
use crate::id::{LocationId, SkuId};
use crate::order::{FulfilledBy, Order, OrderLife, Origin};
use crate::quantity::Quantity;
use crate::reference::Reference;
use crate::time::Timestamp;

/// Which orders, and what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Placed at or after.
    pub from: Option<Timestamp>,
    /// Placed before.
    pub until: Option<Timestamp>,
    /// The last so many of them.
    pub most: usize,
    /// Whose lines.
    pub fulfilled_by: Vec<FulfilledBy>,
    /// Whether units that were canceled later count: the buyer wanted them.
    pub with_canceled: bool,
    /// Whether orders count of which the destination's coordinates or some weight is not known.
    pub with_unknown: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            from: None,
            until: None,
            most: 10_000,
            fulfilled_by: vec![FulfilledBy::Us],
            with_canceled: false,
            with_unknown: true,
        }
    }
}

impl Selection {
    /// Whether an order placed at `at` is in the period.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Why an order of the period is not replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Nothing of it was to be shipped.
    NothingToShip,
    /// Its destination, or a weight, is not known.
    Unknown,
    /// It is not known from where all of it shipped.
    NotShipped,
}

/// An order as it was placed.
#[derive(Debug, Clone)]
pub struct PastOrder {
    /// Its number.
    pub number: i64,
    /// Open, with all that was wanted.
    pub order: Order,
    /// Where what was wanted of each SKU left, as far as that is known.
    pub shipped: BTreeMap<(SkuId, LocationId), Quantity>,
}

impl PastOrder {
    /// `order` as it was placed. `work` is all that was given to locations for it.
    ///
    /// # Errors
    /// Nothing of it is to be replayed.
    pub fn of(
        mut order: Order,
        number: i64,
        work: &[FulfillmentOrder],
        selection: &Selection,
        reference: &Reference,
    ) -> Result<Self, LeftOut> {
        let mut shipped = BTreeMap::new();
        let mut left_from = |sku, location, units: Quantity| {
            if units > Quantity::ZERO {
                *shipped.entry((sku, location)).or_insert(Quantity::ZERO) += units;
            }
        };
        order.lines.retain(|line| {
            line.kind.ships()
                && line.sku.is_some()
                && selection.fulfilled_by.contains(&line.fulfilled_by)
        });
        for line in &order.lines {
            let from = line.shipped_from.as_ref();
            let location = from.and_then(|code| reference.location_by_code(code));
            if let (Some(sku), Some(location)) = (line.sku, location) {
                left_from(sku, location.id, line.shipped_elsewhere);
            }
        }
        for work in work.iter().filter(|work| has_left(work.state)) {
            for line in &work.lines {
                let wanted = order.line(line.line).is_some();
                if wanted {
                    left_from(line.sku, work.location, line.quantity);
                }
            }
        }
        for line in &mut order.lines {
            let wanted = match selection.with_canceled {
                true => line.ordered,
                false => line.ordered - line.canceled,
            };
            line.fulfilled_by = FulfilledBy::Us;
            line.open = wanted.or_zero();
            line.backordered = Quantity::ZERO;
            line.allocated = Quantity::ZERO;
            line.shipped = Quantity::ZERO;
            line.shipped_elsewhere = Quantity::ZERO;
            line.canceled = Quantity::ZERO;
        }
        order.lines.retain(|line| line.open > Quantity::ZERO);
        if order.lines.is_empty() {
            return Err(LeftOut::NothingToShip);
        }
        let to = order.ship_to.as_ref();
        if !selection.with_unknown && to.is_none_or(|to| to.place.at.is_none()) {
            return Err(LeftOut::Unknown);
        }
        order.life = OrderLife::Open;
        order.origin = Origin::Live;
        order.holds.clear();
        order.declined.clear();
        // Nothing of this is asked for again, and there are many orders.
        order.money.clear();
        order.external_refs.clear();
        order.refunds.clear();
        order.labels.clear();
        for line in &mut order.lines {
            line.title = None;
            line.taxes.clear();
        }
        Ok(Self {
            number,
            order,
            shipped,
        })
    }

    /// SKUs and units that are wanted, line by line.
    pub fn wanted(&self) -> impl Iterator<Item = (SkuId, Quantity)> + '_ {
        let lines = self.order.lines.iter();
        lines.filter_map(|line| Some((line.sku?, line.open)))
    }

    /// Whether it is known from where every wanted unit left.
    #[must_use]
    pub fn all_left(&self) -> bool {
        let mut left: BTreeMap<SkuId, Quantity> = BTreeMap::new();
        for ((sku, _), units) in &self.shipped {
            *left.entry(*sku).or_insert(Quantity::ZERO) += *units;
        }
        for (sku, units) in self.wanted() {
            let there = left.entry(sku).or_insert(Quantity::ZERO);
            *there -= units;
        }
        left.values().all(|units| *units >= Quantity::ZERO)
    }
}

/// Whether work in this state has left the building.
const fn has_left(state: FulfillmentState) -> bool {
    match state {
        FulfillmentState::Shipped | FulfillmentState::Closed => true,
        FulfillmentState::Planned
        | FulfillmentState::Open
        | FulfillmentState::Released
        | FulfillmentState::Accepted
        | FulfillmentState::Picking
        | FulfillmentState::Picked
        | FulfillmentState::Packed
        | FulfillmentState::CancelRequested
        | FulfillmentState::Rejected
        | FulfillmentState::Canceled
        | FulfillmentState::Superseded => false,
    }
}
