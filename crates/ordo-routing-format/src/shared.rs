//! Documents whose orders share stock and capacity, as the solver's batches and streams.

use std::collections::BTreeMap;

use ordo_sourcing::{
    Batch, BatchFlaw, BatchPlan, Cost, Draw, Effort, Instance, Member, Online, Pace, Past, Renewed,
    Solution, solve_batch,
};
use serde_json::Value;

use crate::answer::{Answer, OrderAnswer};
use crate::document::Order;
use crate::network::Network;
use crate::number::Money;

/// The limits of a document: stock location by location with all SKUs, then the shipments of each
/// location today, then those of all later days.
#[derive(Debug)]
pub struct Shared<'n> {
    network: &'n Network<'n>,
    /// The SKUs that anybody orders, numbered.
    skus: BTreeMap<&'n str, usize>,
}

/// The orders of a document of kind online, sourced in turn.
pub struct Stream<'s> {
    shared: &'s Shared<'s>,
    online: Online<'s>,
    /// Days begun.
    days: i64,
}

impl<'n> Shared<'n> {
    /// Finds out what the orders of a document share.
    pub fn new(network: &'n Network<'n>) -> Shared<'n> {
        let document = network.document();
        let orders = document.orders.iter().chain(&document.history);
        let mut skus = BTreeMap::new();
        for line in orders.flat_map(|order| &order.lines) {
            let next = skus.len();
            skus.entry(line.sku.as_str()).or_insert(next);
        }
        Shared { network, skus }
    }

    /// Sources all orders together, as if all were of one day.
    ///
    /// # Errors
    /// An order mentions numbers that are too large.
    pub fn solve(&self, effort: Effort) -> Result<Answer, BatchFlaw> {
        let orders = &self.network.document().orders;
        let batch = Batch {
            orders: orders.iter().map(|order| self.member(order)).collect(),
            limits: self.limits(),
        };
        let found = solve_batch(&batch, effort)?;
        let proven = found.cost_uc == found.bound_uc;
        let answers = orders.iter().zip(&batch.orders).zip(found.plans);
        let answers = answers
            .map(|((order, member), plan)| self.answer(order, &member.instance, plan, proven));
        let bound_uc = i64::try_from(found.bound_uc).unwrap_or(i64::MAX);
        Ok(Answer {
            orders: answers.collect(),
            lower_bound_c: Some(Money(bound_uc)),
        })
    }

    /// The document's orders of the past.
    pub fn past(&self) -> Past {
        let history = self.network.document().history.iter();
        let locations = self.network.document().locations.iter().enumerate();
        let renewed = locations.filter_map(|(index, location)| {
            Some(Renewed {
                today: self.shipments(index),
                later: self.shipments(self.locations() + index),
                per_day: i64::from(location.capacity_shipments_per_day?),
            })
        });
        Past::new(
            history.map(|order| self.member(order)).collect(),
            renewed.collect(),
        )
    }

    /// Makes ready to source the orders one by one.
    ///
    /// # Errors
    /// An order of the past mentions numbers that are too large.
    pub fn stream<'s>(&'s self, past: &'s Past) -> Result<Stream<'s>, BatchFlaw> {
        Ok(Stream {
            shared: self,
            online: Online::new(past, self.limits(), self.pace())?,
            days: 0,
        })
    }

    /// How many orders come: by the days that the document says its history and whole horizon have.
    fn pace(&self) -> Pace {
        let document = self.network.document();
        let days = |name: &str| document.meta.get(name).and_then(Value::as_u64);
        let past = days("history_days").unwrap_or_else(|| {
            let last = document.history.iter().map(|order| order.day).max();
            u64::try_from(last.unwrap_or(0)).unwrap_or(0) + 1
        });
        let whole = days("days").unwrap_or(past + 1);
        // Safety of the casts: days beyond what fits only make the horizon long.
        Pace {
            orders_per_day: document.history.len() / past.max(1) as usize,
            days: whole.saturating_sub(past).clamp(1, 10_000) as usize,
        }
    }

    fn limits(&self) -> Vec<i64> {
        let document = self.network.document();
        let mut limits = vec![0; self.shipments(2 * self.locations())];
        for (index, location) in document.locations.iter().enumerate() {
            for (sku, &units) in document.stock.get(&location.id).into_iter().flatten() {
                if let Some(&sku) = self.skus.get(sku.as_str()) {
                    limits[index * self.skus.len() + sku] = units;
                }
            }
            let shipments = location.capacity_shipments_per_day;
            limits[self.shipments(index)] = shipments.map_or(0, i64::from);
        }
        limits
    }

    fn locations(&self) -> usize {
        self.network.document().locations.len()
    }

    /// The limit of a location's shipments today; of later days where it is counted on.
    fn shipments(&self, location: usize) -> usize {
        self.locations() * self.skus.len() + location
    }

    fn member(&self, order: &Order) -> Member {
        let instance = self.network.instance(order);
        let draws = instance.candidates.iter().map(|candidate| {
            // Safety of the cast: the network makes keys from indices.
            let location = candidate.key.0 as usize;
            let limited = self
                .network
                .location(candidate.key)
                .capacity_shipments_per_day;
            let stock = |sku: &str| location * self.skus.len() + self.skus[sku];
            Draw {
                shipment: limited.map(|_| self.shipments(location)),
                lines: order.lines.iter().map(|line| stock(&line.sku)).collect(),
            }
        });
        Member {
            draws: draws.collect(),
            instance,
        }
    }

    fn answer(
        &self,
        order: &Order,
        instance: &Instance,
        plan: BatchPlan,
        proven: bool,
    ) -> OrderAnswer {
        let solution = Solution {
            plan: plan.plan,
            cost: Cost::money(plan.cost_uc),
            proven,
            gap: Cost::money(plan.gap_uc),
            steps: plan.steps,
        };
        OrderAnswer::new(self.network, order, instance, &solution, 0)
    }
}

impl Stream<'_> {
    /// Sources the next order. Orders must come by rising day.
    ///
    /// # Errors
    /// It mentions numbers that are too large.
    pub fn source(&mut self, order: &Order) -> Result<OrderAnswer, BatchFlaw> {
        while self.days <= order.day.clamp(0, 10_000) {
            self.online.begin_day();
            self.days += 1;
        }
        let member = self.shared.member(order);
        let plan = self.online.source(&member)?;
        let proven = plan.gap_uc == 0;
        Ok(self.shared.answer(order, &member.instance, plan, proven))
    }
}
