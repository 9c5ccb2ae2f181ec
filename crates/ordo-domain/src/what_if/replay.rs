//! Sources past orders one by one, and keeps count of the stock and capacity that they use up.

use std::collections::BTreeMap;

use ordo_sourcing::Decision;

use crate::catalog::Sku;
use crate::decide::Refusal;
use crate::id::{LocationId, SkuId};
use crate::money::Currency;
use crate::quantity::Quantity;
use crate::reaction::{Rehearsed, rehearse};
use crate::rejection::{Code, Rejection};
use crate::sourcing::{Bill, Planned, PlannedCarriage};
use crate::stock::{Cell, CellKey};
use crate::time::{Date, Timestamp, Zone};
use crate::what_if::stock::is_without_limit;
use crate::what_if::{PastOrder, Setup, Stocked, Supply};
use crate::world::{CounterKey, CounterKind, Row, World};

/// What became of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What leaves from where, nearest first.
    pub shipments: Vec<Shipped>,
    /// Units that nobody ships.
    pub unfilled: i64,
    /// The currency of its costs.
    pub currency: Currency,
    /// What it costs; all zero where no rates are known.
    pub costs: Costs,
    /// Thousandths of a day from placing to the arrival of the last shipment; `None` where nobody
    /// knows, or not all of it ships.
    pub door_millidays: Option<i64>,
    /// Whether all of it arrives by the promised day; `None` without a promise, or where nobody knows.
    pub on_time: Option<bool>,
    /// The decisions, with all that they were made from: one, or one per step of the rules that took
    /// something.
    pub decisions: Vec<Decision>,
}

/// A shipment of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// Where from.
    pub location: LocationId,
    /// The local day that it is work for.
    pub day: Date,
    /// Whether it counts among those that may leave on the day.
    pub counts: bool,
    /// SKUs and units.
    pub units: Vec<(SkuId, i64)>,
    /// Meters to the buyer.
    pub distance_m: i64,
    /// By what, where rates are known.
    pub carriage: Option<PlannedCarriage>,
    /// Thousandths of a day from placing to arrival, where rates are known.
    pub door_millidays: Option<i64>,
}

/// How many parts costs have.
pub(super) const PARTS: usize = 8;

/// Micro-cents of an outcome, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// What carriers ask.
    pub freight_uc: i64,
    /// Work at the locations.
    pub handling_uc: i64,
    /// Shipments after the first.
    pub split_uc: i64,
    /// Lateness.
    pub late_uc: i64,
    /// What locations' declining is expected to cost.
    pub decline_uc: i64,
    /// Duties.
    pub duty_uc: i64,
    /// Units that nobody ships.
    pub unfilled_uc: i64,
    /// Terms of rules, and whatever else weighed in.
    pub other_uc: i64,
}

impl Costs {
    /// Every part, in the order of the fields.
    #[must_use]
    pub const fn parts(&self) -> [i64; PARTS] {
        [
            self.freight_uc,
            self.handling_uc,
            self.split_uc,
            self.late_uc,
            self.decline_uc,
            self.duty_uc,
            self.unfilled_uc,
            self.other_uc,
        ]
    }

    /// All of it.
    #[must_use]
    pub fn total_uc(&self) -> i64 {
        self.parts().iter().sum()
    }
}

impl Costs {
    /// The two together, where the later one is asked for what the earlier one leaves: what that one
    /// does not fill is not lost yet.
    fn then(self, later: Self) -> Self {
        Self {
            freight_uc: self.freight_uc + later.freight_uc,
            handling_uc: self.handling_uc + later.handling_uc,
            split_uc: self.split_uc + later.split_uc,
            late_uc: self.late_uc + later.late_uc,
            decline_uc: self.decline_uc + later.decline_uc,
            duty_uc: self.duty_uc + later.duty_uc,
            unfilled_uc: later.unfilled_uc,
            other_uc: self.other_uc + later.other_uc,
        }
    }
}

impl From<Bill> for Costs {
    fn from(bill: Bill) -> Self {
        Self {
            freight_uc: bill.carriage_uc,
            handling_uc: bill.handling_uc,
            split_uc: bill.split_uc,
            late_uc: bill.late_uc,
            decline_uc: bill.decline_uc,
            duty_uc: bill.duty_uc,
            unfilled_uc: bill.unfilled_uc,
            other_uc: bill.other_uc,
        }
    }
}

impl Outcome {
    /// Whether the same leaves from the same places by the same services.
    #[must_use]
    pub fn is_same_plan(&self, other: &Self) -> bool {
        let ways = |outcome: &Self| {
            let shipments = outcome.shipments.iter().map(|shipment| {
                let service = (shipment.carriage.as_ref())
                    .map(|carriage| (carriage.carrier.clone(), carriage.service.clone()));
                (shipment.location, shipment.units.clone(), service)
            });
            let mut ways: Vec<_> = shipments.collect();
            ways.sort();
            ways
        };
        self.unfilled == other.unfilled && ways(self) == ways(other)
    }
}

/// A world that past orders are sourced over.
#[derive(Debug)]
pub struct Replay {
    setup: Setup,
    world: World,
    zones: BTreeMap<LocationId, Zone>,
}

impl Replay {
    /// The world of `setup`, before the first order.
    #[must_use]
    pub fn new(setup: Setup, supply: &Supply) -> Self {
        let mut world = World::complete(setup.reference.clone());
        for Stocked { sku, cells } in supply.under(&setup) {
            let id = sku.id;
            let row = Row::Sku {
                code: sku.code.clone(),
                sku,
            };
            // Nothing is read from text, so nothing can be unreadable.
            let supplied = world.supply(row);
            debug_assert!(supplied.is_ok());
            if !setup.as_happened {
                world.lay_out(id, cells);
            }
        }
        let zones = (setup.reference.locations())
            .map(|location| {
                let zone = Zone::named(&location.time_zone).unwrap_or_else(Zone::utc);
                (location.id, zone)
            })
            .collect();
        Self {
            setup,
            world,
            zones,
        }
    }

    /// What it sources by.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// A SKU that the orders ask for.
    #[must_use]
    pub fn sku(&self, id: SkuId) -> Option<&Sku> {
        self.world.sku(id).ok().flatten().map(|sku| &**sku)
    }

    /// Sources an order, and takes what it uses.
    ///
    /// # Errors
    /// It asks for what a replay does not hold: a mistake of ours.
    pub fn source(&mut self, past: &PastOrder) -> Result<Outcome, Rejection> {
        let order = &past.order;
        if self.setup.as_happened {
            self.lay_out_shipped(past);
        }
        let rehearsed = rehearse(&self.world, order.placed_at, order);
        let found = rehearsed.map_err(|refusal| match refusal {
            Refusal::Rejected(rejection) => rejection,
            Refusal::Needs(_) => {
                Rejection::new(Code::Internal, "a replay asked for what it does not hold")
            }
        })?;
        let outcome = self.outcome(past, found);
        if !self.setup.as_happened {
            self.use_up(&outcome);
        }
        Ok(outcome)
    }

    fn outcome(&self, past: &PastOrder, rehearsed: Vec<Rehearsed>) -> Outcome {
        let placed_at = past.order.placed_at;
        let currency = past.order.currency;
        let mut shipments: Vec<Shipped> = Vec::new();
        let mut costs = Costs::default();
        let mut decisions = Vec::with_capacity(rehearsed.len());
        for Rehearsed { lines, solved } in rehearsed {
            for shipment in &solved.decision.solution.plan.shipments {
                let planned = solved.planned(shipment);
                let units = (shipment.lines.iter())
                    .map(|(line, units)| (lines[*line].0, *units))
                    .collect();
                shipments.push(self.shipped(placed_at, planned, units));
            }
            costs = costs.then(solved.bill(&self.setup.reference, currency).into());
            decisions.push(solved.decision);
        }
        shipments.sort_by_key(|shipment| (shipment.distance_m, shipment.location));
        // Lines that no SKU is known of any more never come to a plan.
        let wanted: i64 = past.wanted().map(|(_, units)| units.get()).sum();
        let leave: i64 = (shipments.iter())
            .flat_map(|shipment| shipment.units.iter().map(|(_, units)| units))
            .sum();
        let unfilled = wanted - leave;
        let days = shipments.iter().map(|shipment| shipment.door_millidays);
        let door_millidays = (days.collect::<Option<Vec<i64>>>())
            .filter(|_| unfilled == 0)
            .and_then(|days| days.into_iter().max());
        let promised = past
            .order
            .lines
            .iter()
            .any(|line| line.promise_current.or(line.channel_deliver_by).is_some());
        let on_time = match (promised, unfilled) {
            (false, _) => None,
            (true, 0) => {
                let lateness =
                    (shipments.iter()).map(|shipment| Some(shipment.carriage.as_ref()?.late_days));
                let late: Option<Vec<i64>> = lateness.collect();
                late.map(|late| late.iter().all(|days| *days == 0))
            }
            (true, _) => Some(false),
        };
        Outcome {
            shipments,
            unfilled,
            currency,
            costs,
            door_millidays,
            on_time,
            decisions,
        }
    }

    fn shipped(&self, placed_at: Timestamp, planned: Planned, units: Vec<(SkuId, i64)>) -> Shipped {
        let asked_on = planned.asked_on.unwrap_or_else(|| {
            let zone = self.zones.get(&planned.location);
            zone.map_or_else(
                || placed_at.date_in(&Zone::utc()),
                |zone| placed_at.date_in(zone),
            )
        });
        let days =
            |from: Date, to: Date| i64::from(to.days_since_epoch() - from.days_since_epoch());
        let door_millidays = planned.carriage.as_ref().map(|carriage| {
            let usual = self.usual(carriage);
            let transit =
                usual.unwrap_or_else(|| 1_000 * days(carriage.leaves_on, carriage.arrives_on));
            1_000 * days(asked_on, carriage.leaves_on) + transit
        });
        let leaves_on = planned.carriage.as_ref().map(|carriage| carriage.leaves_on);
        Shipped {
            location: planned.location,
            day: planned.work_day.or(leaves_on).unwrap_or(asked_on),
            counts: planned.work_day.is_some(),
            units,
            distance_m: planned.distance_m,
            carriage: planned.carriage,
            door_millidays,
        }
    }

    /// Thousandths of a day that a zone really takes, where that is known.
    fn usual(&self, carriage: &PlannedCarriage) -> Option<i64> {
        let usual = self.setup.usual.get(&carriage.rate_table)?;
        let mut tables = self.setup.reference.rate_tables();
        let table = tables.find(|table| table.id == carriage.rate_table)?;
        let zone = table
            .zones
            .iter()
            .position(|zone| zone.name == carriage.zone)?;
        usual.get(zone).copied()
    }

    fn use_up(&mut self, outcome: &Outcome) {
        for shipment in &outcome.shipments {
            for (sku, units) in &shipment.units {
                let key = CellKey::own(*sku, shipment.location);
                let cell = self.world.cell(key).unwrap_or_default();
                if !is_without_limit(&cell) {
                    self.world.take(key, Quantity::stored(*units));
                }
            }
            if shipment.counts {
                self.world.count_one(CounterKey {
                    kind: CounterKind::Capacity,
                    id: shipment.location.to_u128(),
                    day: shipment.day.days_since_epoch(),
                });
            }
        }
    }

    /// Exactly what left, where it left from, so that there is one plan only.
    fn lay_out_shipped(&mut self, past: &PastOrder) {
        let mut cells: BTreeMap<SkuId, Vec<(CellKey, Cell)>> = BTreeMap::new();
        for (sku, _) in past.wanted() {
            cells.entry(sku).or_default();
        }
        for ((sku, location), units) in &past.shipped {
            let cell = Cell {
                on_hand: *units,
                ..Cell::default()
            };
            let key = CellKey::own(*sku, *location);
            cells.entry(*sku).or_default().push((key, cell));
        }
        for (sku, cells) in cells {
            self.world.lay_out(sku, cells);
        }
    }
}
