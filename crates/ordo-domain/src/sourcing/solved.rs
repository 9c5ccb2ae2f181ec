//! A sourcing problem as the optimizer sees it, and what the shipments of its answer stand for.

use ordo_sourcing::{Decision, Excluded, Instance, Shipment, Steering, StepBudget, Termed};

use crate::id::{LocationId, SkuId};
use crate::quantity::Quantity;
use crate::sourcing::carriage::{Load, Offer, ParcelUnits, PlannedCarriage, cheapest};
use crate::sourcing::guide::Plain;
use crate::sourcing::leave::Leave;
use crate::sourcing::steer;
use crate::time::{Date, Zone};

/// Steps that one order may take in a batch: about a millisecond. An order that wants more is planned
/// beside the batch.
pub(crate) const IN_BATCH: StepBudget = StepBudget(100_000);

/// The problem as the optimizer sees it, and what its answer stands for.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(super) instance: Instance,
    pub(super) excluded: Vec<Excluded>,
    pub(super) ways: Vec<Way>,
    /// Prices of what is scarce, where there are any that count.
    pub(super) steering: Option<Steering>,
    /// The same without money, for numbers that are too large to be summed.
    pub(super) by_distance: Option<Instance>,
    /// Of each line.
    pub(super) skus: Vec<SkuId>,
    pub(super) weight_assumed: Vec<bool>,
    /// Whether a local day played a part.
    pub(super) reads_calendar: bool,
}

/// How a candidate's shipment would go.
#[derive(Debug)]
pub(super) struct Way {
    /// `None` where nobody asked.
    pub(super) leave: Option<Leave>,
    /// Whether the location limits its days.
    pub(super) counts: bool,
    pub(super) offers: Vec<Offer>,
    /// Micro-cents of duty on one unit of each line; empty for none.
    pub(super) duty_uc: Vec<i64>,
    /// What its shipments cost without money terms of the rules, where there are any.
    pub(super) plain: Option<Plain>,
}

/// What becomes of one shipment of a plan.
pub(crate) struct Planned {
    pub location: LocationId,
    pub distance_m: i64,
    /// The local day that it counts for, where the location limits its days.
    pub work_day: Option<Date>,
    /// The location's local day when it was asked, where anybody looked.
    pub asked_on: Option<Date>,
    pub carriage: Option<PlannedCarriage>,
}

impl Problem {
    /// Solves it with the steps that a batch has for one order.
    pub fn decide(self) -> Solved {
        self.decide_within(IN_BATCH)
    }

    /// Solves it.
    pub fn decide_within(mut self, budget: StepBudget) -> Solved {
        keep_wanted(&mut self.instance);
        self.by_distance.iter_mut().for_each(keep_wanted);
        let steered = (self.steering.take())
            .and_then(|steering| steer::decide(&self.instance, &self.excluded, steering, budget));
        let made = match steered {
            Some(made) => Ok(made),
            None => Decision::make(self.instance, self.excluded.clone(), budget),
        };
        let made = match (made, self.by_distance.take()) {
            (Ok(made), _) => Ok(made),
            // Prices or weights too large to be summed: the nearest wins.
            (Err(_), Some(plain)) => Decision::make(plain, self.excluded, budget),
            (Err(flaw), None) => Err(flaw),
        };
        // Without money an instance has small numbers and one row per location.
        let mut decision = made.unwrap_or_else(|flaw| unreachable!("sourcing refused {flaw:?}"));
        if self.reads_calendar {
            decision.time_zones = Some(Zone::database_version().to_owned());
        }
        let mut solved = Solved {
            decision,
            ways: self.ways,
            skus: self.skus,
            weight_assumed: self.weight_assumed,
        };
        let late_uc = solved.late_uc();
        if late_uc.iter().any(|late| *late > 0) {
            solved.decision.late_uc = late_uc;
        }
        solved.decision.terms = solved.termed();
        solved
    }
}

/// A solved problem.
pub(crate) struct Solved {
    pub decision: Decision,
    pub(super) ways: Vec<Way>,
    /// Of each line.
    pub(super) skus: Vec<SkuId>,
    pub(super) weight_assumed: Vec<bool>,
}

impl Solved {
    /// Whether more steps might find a better plan.
    pub fn is_cut_short(&self) -> bool {
        let solution = &self.decision.solution;
        !solution.proven && self.decision.budget < StepBudget::FULL
    }

    /// What becomes of a shipment of the plan.
    pub fn planned(&self, shipment: &Shipment) -> Planned {
        let instance = &self.decision.instance;
        let candidate = &instance.candidates[shipment.location];
        let way = &self.ways[shipment.location];
        let parcels = self.parcels(shipment);
        let loads: Vec<Load> = parcels.iter().map(|(load, _)| *load).collect();
        let assumed = (shipment.lines.iter()).any(|(line, _)| self.weight_assumed[*line]);
        let duties = (shipment.lines.iter()).map(|(line, units)| {
            let duty_uc = way.duty_uc.get(*line).copied().unwrap_or(0);
            duty_uc.saturating_mul(*units)
        });
        let duty_uc = duties.fold(0, i64::saturating_add);
        let carriage =
            cheapest(&way.offers, &loads).map(|offer| offer.planned(parcels, assumed, duty_uc));
        let leaves_on = (carriage.as_ref().map(|carriage| carriage.leaves_on))
            .or_else(|| way.leave.map(|leave| leave.day));
        Planned {
            location: LocationId::from_u128(candidate.key.0),
            distance_m: candidate.distance_m,
            work_day: leaves_on.filter(|_| way.counts),
            asked_on: (way.leave.or_else(|| Some(way.offers.first()?.leave)))
                .map(|leave| leave.asked),
            carriage,
        }
    }

    /// Micro-cents of each shipment of the plan for being late.
    fn late_uc(&self) -> Vec<i64> {
        let shipments = self.decision.solution.plan.shipments.iter();
        let late = shipments.map(|shipment| {
            let offers = &self.ways[shipment.location].offers;
            cheapest(offers, &self.loads(shipment)).map_or(0, |offer| offer.late_uc)
        });
        late.collect()
    }

    /// What terms of the rules did to each shipment of the plan; nothing where there are none, or money
    /// plays no part after all.
    fn termed(&self) -> Vec<Termed> {
        let has_rates = !self.decision.instance.rates.is_empty();
        let shipments = self.decision.solution.plan.shipments.iter();
        let termed: Option<Vec<Termed>> = shipments
            .map(|shipment| {
                let way = &self.ways[shipment.location];
                let plain = way
                    .plain
                    .as_ref()
                    .filter(|_| has_rates != way.offers.is_empty())?;
                let loads = self.loads(shipment);
                let offer = cheapest(&way.offers, &loads);
                let carrier_uc = offer.and_then(|offer| offer.price_uc(&loads));
                let late_days = offer.map_or(0, |offer| offer.late_days);
                Some(plain.termed(shipment, carrier_uc.unwrap_or(0), late_days))
            })
            .collect();
        termed.unwrap_or_default()
    }

    /// The parcels of a shipment as carriers see them.
    pub(super) fn loads(&self, shipment: &Shipment) -> Vec<Load> {
        let parcels = self.parcels(shipment).into_iter();
        parcels.map(|(load, _)| load).collect()
    }

    fn parcels(&self, shipment: &Shipment) -> Vec<(Load, Vec<ParcelUnits>)> {
        let instance = &self.decision.instance;
        let parcel = |lines: &Vec<(usize, i64)>| {
            let weights = (lines.iter())
                .map(|(line, units)| instance.lines[*line].unit_weight_g.saturating_mul(*units));
            let units: i64 = lines.iter().map(|(_, units)| units).sum();
            let load = Load {
                weight_g: weights.fold(0, i64::saturating_add),
                is_shared: instance.parceling.is_some() && units > 1,
            };
            let units = lines.iter().map(|(line, units)| ParcelUnits {
                sku: self.skus[*line],
                quantity: Quantity::stored(*units),
            });
            (load, units.collect())
        };
        match shipment.parcels.as_slice() {
            [] => vec![parcel(&shipment.lines)],
            several => several.iter().map(parcel).collect(),
        }
    }
}

/// No plan ships more than is wanted, and a decision keeps no more than it was made from.
fn keep_wanted(instance: &mut Instance) {
    for candidate in &mut instance.candidates {
        for (units, line) in candidate.available.iter_mut().zip(&instance.lines) {
            *units = (*units).min(line.quantity);
        }
    }
}
