//! What is written: a plan per order, what it costs, and how sure that is.

use ordo_sourcing::{Cost, Instance, Solution};
use serde::{Serialize, Serializer};

use crate::document::Order;
use crate::network::Network;
use crate::number::Money;

/// The solution of a document.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Answer {
    /// One per order of the document, in its order.
    pub orders: Vec<OrderAnswer>,
    /// Under the total of every set of plans for the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_bound_c: Option<Money>,
}

/// The plan of an order.
#[derive(Debug, Clone, Serialize)]
pub struct OrderAnswer {
    /// The order.
    pub id: String,
    /// Its shipments.
    pub plan: Vec<PlannedShipment>,
    /// What the plan costs.
    pub claimed_cost_c: Money,
    /// Whether no other plan costs less.
    pub proven: bool,
    /// The most by which another plan could be cheaper.
    pub gap_c: Money,
    /// Search steps taken.
    pub steps: u64,
    /// Nanoseconds that solving took, written as microseconds.
    #[serde(rename = "solve_us", serialize_with = "thousandths")]
    pub solve_ns: u64,
}

/// What one location ships.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedShipment {
    /// The location.
    pub location: String,
    /// What is in it.
    pub lines: Vec<PlannedLine>,
}

/// Units of a line in a shipment.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PlannedLine {
    /// Index of the line in its order.
    pub line: usize,
    /// Units.
    pub qty: i64,
}

impl OrderAnswer {
    /// Says in the document's words what was found for an instance that [`Network::instance`] made.
    pub fn new(
        network: &Network,
        order: &Order,
        instance: &Instance,
        solution: &Solution,
        solve_ns: u64,
    ) -> OrderAnswer {
        let Cost { tiers: _, money_uc } = solution.cost;
        let shipments = solution.plan.shipments.iter();
        let plan = shipments.map(|shipment| PlannedShipment {
            location: network
                .location(instance.candidates[shipment.location].key)
                .id
                .clone(),
            lines: shipment
                .lines
                .iter()
                .map(|&(line, qty)| PlannedLine { line, qty })
                .collect(),
        });
        OrderAnswer {
            id: order.id.clone(),
            plan: plan.collect(),
            claimed_cost_c: Money(money_uc),
            proven: solution.proven,
            gap_c: Money(solution.gap.money_uc),
            steps: solution.steps,
            solve_ns,
        }
    }
}

impl Serialize for Money {
    /// Writes cents, with as many decimals as needed.
    #[allow(clippy::float_arithmetic)] // The way out; nothing is computed with it.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1_000_000 {
            0 => to.serialize_i64(self.0 / 1_000_000),
            _ => to.serialize_f64(self.0 as f64 / 1e6),
        }
    }
}

#[allow(clippy::float_arithmetic)] // The way out; nothing is computed with it.
fn thousandths<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(*number as f64 / 1e3)
}
