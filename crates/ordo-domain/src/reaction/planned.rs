//! What sourcing does to an order, in the making: work at locations, and what becomes of the rest.

use std::sync::Arc;

use crate::catalog::{Sku, StockPolicy};
use crate::decide::{Attachment, Context, Refusal};
use crate::event::{Cause, Event, Fault, LineUnits};
use crate::fulfillment::{FulfillmentLine, FulfillmentOrder, FulfillmentState};
use crate::id::{DecisionId, LineId};
use crate::money::Minor;
use crate::order::{HoldKind, Order};
use crate::quantity::{QUANTITY_MAX, Quantity};
use crate::reaction::source_when_ready::rule_hold;
use crate::sourcing::{Solved, Wanted, decision_text, groups};
use crate::time::Timestamp;
use crate::world::{CounterKey, CounterKind, World};

/// Units of one SKU that need a location, and the order lines that they are for.
pub(super) struct Want {
    pub sku: Arc<Sku>,
    pub quantity: Quantity,
    pub lines: Vec<(LineId, Quantity)>,
}

/// Events in the making, and what is still without a location.
pub(super) struct Planned {
    pub events: Vec<Event>,
    pub attachments: Vec<Attachment>,
    left: Vec<Want>,
}

impl Planned {
    pub fn new(wants: Vec<Want>) -> Self {
        Self {
            events: Vec::new(),
            attachments: Vec::new(),
            left: wants,
        }
    }

    /// The work of a plan, and what becomes of what it leaves.
    pub fn of(
        world: &World,
        ctx: &mut Context,
        order: &Order,
        wants: Vec<Want>,
        solved: &Solved,
    ) -> Result<Self, Refusal> {
        let mut planned = Self::new(wants);
        planned.open_work(world, ctx, order, solved);
        planned.wait(world, ctx, order)?;
        Ok(planned)
    }

    /// Drops what has found a place, and answers the rest as sourcing asks for it.
    pub fn left(&mut self, order: &Order) -> Vec<Wanted> {
        self.left.retain(|want| want.quantity > Quantity::ZERO);
        wanted(order, &self.left)
    }

    /// Drops what the plan has found a place for, without opening any work.
    pub fn drop_planned(&mut self, solved: &Solved) {
        for shipment in &solved.decision.solution.plan.shipments {
            for (index, units) in &shipment.lines {
                self.left[*index].take(Quantity::stored(*units));
            }
        }
    }

    /// One fulfillment order per shipment of the plan.
    pub fn open_work(&mut self, world: &World, ctx: &mut Context, order: &Order, solved: &Solved) {
        let plan = &solved.decision.solution.plan;
        if plan.shipments.is_empty() {
            return;
        }
        let id: DecisionId = ctx.ids.make();
        // Nearest first, for whoever reads the order.
        let mut shipments: Vec<_> = (plan.shipments.iter())
            .map(|shipment| (solved.planned(shipment), shipment))
            .collect();
        shipments.sort_by_key(|(planned, _)| planned.distance_m);
        for (planned, shipment) in shipments {
            let mut lines = Vec::new();
            for (index, quantity) in &shipment.lines {
                let want = &mut self.left[*index];
                let from_stock = want.sku.stock_policy != StockPolicy::Untracked;
                for (line, quantity) in want.take(Quantity::stored(*quantity)) {
                    lines.push(FulfillmentLine {
                        line,
                        sku: want.sku.id,
                        owner: None,
                        from_stock,
                        quantity,
                        picked: Quantity::ZERO,
                        packed: Quantity::ZERO,
                        shipped: Quantity::ZERO,
                        units: Vec::new(),
                    });
                }
            }
            let fulfillment_order = FulfillmentOrder {
                id: ctx.ids.make(),
                version: 0,
                order: order.id,
                location: planned.location,
                state: FulfillmentState::Open,
                lines,
                decision: Some(id),
                replaces: None,
                pinned: false,
                opened_at: ctx.now,
                work_day: planned.work_day,
                carriage: planned.carriage,
                shipment: None,
                cancel: None,
            };
            self.events
                .push(Event::FulfillmentOrderOpened { fulfillment_order });
        }
        let body = decision_text(&solved.decision, world.reference());
        self.attachments.push(Attachment::Decision { id, body });
    }

    /// What no location has: backordered as far as the policy allows, else held for a person.
    pub fn wait(&mut self, world: &World, ctx: &mut Context, order: &Order) -> Result<(), Refusal> {
        let mut backordered = Vec::new();
        self.left.retain(|want| want.quantity > Quantity::ZERO);
        let waiting = self.left.iter().map(|want| want.waiting(world));
        let waiting = Refusal::gather(waiting)?;
        for (want, waiting) in self.left.iter_mut().zip(waiting) {
            if let StockPolicy::Backorder { limit } = want.sku.stock_policy {
                let room = Quantity::stored(limit.get() - waiting).or_zero();
                let taken = want.take(room.min(want.quantity));
                let units = |(line, quantity)| LineUnits { line, quantity };
                backordered.extend(taken.into_iter().map(units));
            }
            for (line, quantity) in &want.lines {
                let reason = format!("{quantity} of {} are at no location", want.sku.code);
                let hold = rule_hold(ctx, HoldKind::Oversold, Some(*line), reason);
                self.events.push(Event::HoldPlaced {
                    order: order.id,
                    hold,
                });
            }
        }
        if !backordered.is_empty() {
            self.events.push(Event::LinesBackordered {
                order: order.id,
                lines: backordered,
            });
        }
        Ok(())
    }
}

impl Planned {
    /// Holds every line of which something is left.
    pub fn hold(
        &mut self,
        ctx: &mut Context,
        order: &Order,
        kind: HoldKind,
        again_at: Option<Timestamp>,
    ) {
        for want in &self.left {
            for (line, quantity) in &want.lines {
                let reason = format!(
                    "no location may ship {quantity} of {} by the sourcing rules",
                    want.sku.code
                );
                let mut hold = rule_hold(ctx, kind, Some(*line), reason);
                hold.auto_release_at = again_at;
                self.events.push(Event::HoldPlaced {
                    order: order.id,
                    hold,
                });
            }
        }
    }

    /// Backorders what is left, whatever the policies of its SKUs say.
    pub fn backorder(&mut self, order: &Order) {
        let lines = self.all_left();
        if !lines.is_empty() {
            self.events.push(Event::LinesBackordered {
                order: order.id,
                lines,
            });
        }
    }

    /// Cancels what is left, and the order where that is all of it.
    pub fn cancel(&mut self, order: &Order) {
        let lines = self.all_left();
        if lines.is_empty() {
            return;
        }
        let stopped = |id: LineId| -> Quantity {
            let units = lines.iter().filter(|units| units.line == id);
            units.map(|units| units.quantity).sum()
        };
        let is_all =
            (order.lines.iter()).all(|line| line.canceled + stopped(line.id) == line.ordered);
        self.events.push(Event::LinesCanceled {
            order: order.id,
            lines,
            cause: Cause {
                reason_code: "no_location".to_owned(),
                fault: Fault::Seller,
                initiator: None,
            },
        });
        if is_all {
            self.events.push(Event::OrderCanceled { order: order.id });
        }
    }

    fn all_left(&mut self) -> Vec<LineUnits> {
        let taken = self
            .left
            .iter_mut()
            .flat_map(|want| want.take(want.quantity));
        taken
            .map(|(line, quantity)| LineUnits { line, quantity })
            .collect()
    }
}

impl Want {
    /// Units of its SKU that are on backorder, where its policy limits them.
    fn waiting(&self, world: &World) -> Result<i64, Refusal> {
        match self.sku.stock_policy {
            StockPolicy::Backorder { .. } => world.counter(CounterKey {
                kind: CounterKind::Backordered,
                id: self.sku.id.to_u128(),
                day: 0,
            }),
            StockPolicy::Tracked | StockPolicy::Untracked => Ok(0),
        }
    }

    /// Takes `units` off, first line first.
    fn take(&mut self, units: Quantity) -> Vec<(LineId, Quantity)> {
        let mut taken = Vec::new();
        let mut wanted = units;
        while wanted > Quantity::ZERO
            && let Some((line, left)) = self.lines.first_mut()
        {
            let part = wanted.min(*left);
            taken.push((*line, part));
            *left -= part;
            wanted -= part;
            self.quantity -= part;
            if *left == Quantity::ZERO {
                self.lines.remove(0);
            }
        }
        taken
    }
}

/// What `wants` are, as sourcing asks for it.
pub(super) fn wanted(order: &Order, wants: &[Want]) -> Vec<Wanted> {
    (wants.iter().zip(together(order, wants)))
        .map(|(want, together)| Wanted {
            sku: Arc::clone(&want.sku),
            // Lines of the same SKU, or of bundles, may together want more than a problem holds; what
            // is beyond that finds no place.
            quantity: want.quantity.get().min(QUANTITY_MAX),
            value: (want.lines.first())
                .and_then(|(line, _)| order.line(*line))
                .map_or(Minor::ZERO, |line| line.unit_price),
            together,
        })
        .collect()
}

/// Which wants must leave in one shipment, as the number of their group: those that share a bundle of
/// which the listing says so, and those that share a SKU with such a one.
fn together(order: &Order, wants: &[Want]) -> Vec<Option<u32>> {
    groups(wants.iter().map(|want| {
        let parents =
            (want.lines.iter()).filter_map(|(line, _)| order.line(*line)?.parent.as_ref());
        parents
            .filter(|parent| parent.together)
            .map(|parent| parent.id)
            .collect()
    }))
}
