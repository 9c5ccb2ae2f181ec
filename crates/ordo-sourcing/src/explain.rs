//! Why a plan is as it is: what each shipment costs, the best plan without it, and what it would
//! cost to use a location that was left out.
//!
//! Nothing of this is stored. It comes from the decision's own inputs, by solving them again with one
//! thing changed, which takes microseconds.

use crate::cost::Cost;
use crate::decision::{Decision, Excluded};
use crate::instance::{Flaw, Instance, Key};
use crate::parcel::Parcel;
use crate::plan::{Plan, Shipment, Solution, StepBudget};
use crate::solve::solve;

/// Steps for one question: most orders are solved exactly in far fewer.
const QUESTION: StepBudget = StepBudget(100_000);
/// Micro-cents in a cent.
const CENT_UC: i64 = 1_000_000;

/// A plan, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// One per shipment, in the order of the plan.
    pub shipments: Vec<ShipmentReason>,
    /// Micro-cents for shipments after the first.
    pub split_uc: i64,
    /// What the units cost that no location ships.
    pub unfilled: Cost,
    /// The whole: the tiers and the money of all of the above add up to it.
    pub cost: Cost,
    /// Whether no other plan can cost less.
    pub is_proven: bool,
    /// The most by which some other plan could be cheaper.
    pub gap: Cost,
}

/// What one shipment costs, and what there is instead of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentReason {
    /// The location.
    pub location: Key,
    /// Lines by index with their units.
    pub lines: Vec<(usize, i64)>,
    /// Its parcels, where shipments are parceled.
    pub parcels: Vec<ParcelReason>,
    /// Meters to the buyer.
    pub distance_m: i64,
    /// What it adds to the tiers.
    pub tiers: Cost,
    /// Micro-cents to the carrier.
    pub carrier_uc: i64,
    /// Micro-cents for arriving late.
    pub late_uc: i64,
    /// Micro-cents for handling the shipment and its units.
    pub handling_uc: i64,
    /// Micro-cents that the location's declining it is expected to cost.
    pub decline_uc: i64,
    /// Micro-cents that its units cost beside handling, such as duties.
    pub duty_uc: i64,
    /// Micro-cents that money terms of the rules add to all of that, or take off where below zero.
    pub terms_uc: i64,
    /// The places of these terms in their step, rising.
    pub terms: Vec<u32>,
    /// Micro-cents of scarce units that it takes from other orders. Nobody pays them.
    pub stock_price_uc: i64,
    /// Micro-cents of the day's shipment that it takes from other orders. Nobody pays them.
    pub shipment_price_uc: i64,
    /// Lines by index with the units that were free of them, where a unit has a price.
    pub scarce: Vec<(usize, i64)>,
    /// The best plan in which this location ships nothing.
    pub without: Alternative,
}

impl ShipmentReason {
    /// Micro-cents that the shipment costs, by what they are for.
    #[must_use]
    pub fn paid_uc(&self) -> [i64; 6] {
        [
            self.carrier_uc,
            self.late_uc,
            self.handling_uc,
            self.decline_uc,
            self.duty_uc,
            self.terms_uc,
        ]
    }

    /// Micro-cents that it was weighed with: what it costs, and what it takes from others.
    #[must_use]
    pub fn weighed_uc(&self) -> i64 {
        let paid: i64 = self.paid_uc().iter().sum();
        paid + self.stock_price_uc + self.shipment_price_uc
    }
}

/// A parcel, and its part of what the carrier gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelReason {
    /// Lines by index with their units.
    pub lines: Parcel,
    /// Billable grams.
    pub weight_g: i64,
    /// Micro-cents; what is paid once per shipment is divided evenly, so that all parcels add up to
    /// [`ShipmentReason::carrier_uc`].
    pub carrier_uc: i64,
}

/// Another plan, and by how much it is dearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The plan.
    pub plan: Plan,
    /// Its cost less that of the plan that was chosen. Below nothing only where the chosen plan was
    /// not proven.
    pub dearer_by: Cost,
    /// The part of that which nobody pays: what it takes more of scarce stock and shipments.
    pub steered_by_uc: i64,
    /// Whether no plan of its kind costs less.
    pub is_proven: bool,
}

/// Why a location does not ship, or not that line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// It does.
    Ships,
    /// It was left out before the plan was made.
    Excluded(Excluded),
    /// It has nothing of what was asked about.
    HasNone,
    /// It could, in this plan.
    Dearer(Alternative),
    /// It has some, but every plan with it is one that the limits on splitting forbid, or dearer than
    /// leaving those units unshipped.
    CannotHelp,
    /// It had no part in the decision: it was made later.
    Unknown,
}

impl Decision {
    /// Takes the plan apart.
    ///
    /// # Errors
    /// Where the stored instance is not one that a solver accepts.
    pub fn explain(&self) -> Result<Explanation, Flaw> {
        let (instance, plan) = (&self.instance, &self.solution.plan);
        let shipments = (plan.shipments.iter())
            .map(|shipment| self.reason(shipment))
            .collect::<Result<Vec<_>, _>>()?;
        let unfilled = plan.unfilled.iter().fold(Cost::ZERO, |sum, &(_, units)| {
            sum + instance.unfilled_cost(units)
        });
        let splits = plan.shipments.len().saturating_sub(1) as i64;
        Ok(Explanation {
            shipments,
            split_uc: splits * instance.penalties.split_uc,
            unfilled,
            cost: self.solution.cost,
            is_proven: self.solution.proven,
            gap: self.solution.gap,
        })
    }

    /// Why a location does not ship anything, or nothing of one line.
    ///
    /// # Errors
    /// Where the stored instance is not one that a solver accepts.
    pub fn why_not(&self, location: Key, line: Option<usize>) -> Result<WhyNot, Flaw> {
        let excluded = self.excluded.iter().find(|one| one.key == location);
        if let Some(excluded) = excluded {
            return Ok(WhyNot::Excluded(*excluded));
        }
        let candidates = &self.instance.candidates;
        let Some(place) = candidates.iter().position(|one| one.key == location) else {
            return Ok(WhyNot::Unknown);
        };
        let ships = |plan: &Plan, line: Option<usize>| {
            let shipment = plan.shipments.iter().find(|one| one.location == place);
            shipment.is_some_and(|shipment| {
                line.is_none_or(|line| shipment.lines.iter().any(|(one, _)| *one == line))
            })
        };
        if ships(&self.solution.plan, line) {
            return Ok(WhyNot::Ships);
        }
        let asked = match line {
            Some(line) => line..line + 1,
            None => 0..self.instance.lines.len(),
        };
        let mut best: Option<Alternative> = None;
        let mut has_any = false;
        for line in asked {
            let on_offer = candidates[place].available.get(line);
            if on_offer.copied().unwrap_or(0) <= 0 {
                continue;
            }
            has_any = true;
            let forced = self.alternative(&forcing(&self.instance, place, line))?;
            let is_better = (best.as_ref()).is_none_or(|found| forced.dearer_by < found.dearer_by);
            if ships(&forced.plan, Some(line)) && is_better {
                best = Some(forced);
            }
        }
        Ok(match (best, has_any) {
            (Some(found), _) => WhyNot::Dearer(found),
            (None, true) => WhyNot::CannotHelp,
            (None, false) => WhyNot::HasNone,
        })
    }

    fn reason(&self, shipment: &Shipment) -> Result<ShipmentReason, Flaw> {
        let instance = &self.instance;
        let candidate = &instance.candidates[shipment.location];
        let units: i64 = shipment.lines.iter().map(|(_, units)| units).sum();
        let units_uc: i64 = (shipment.lines.iter())
            .map(|&(line, units)| {
                let price = candidate.stock_price_uc.get(line).copied().unwrap_or(0);
                price * units
            })
            .sum();
        let place = shipment.location;
        let steering = self.steering.as_ref();
        let shipment_price_uc = steering.map_or(0, |prices| prices.shipment_uc(place));
        let stock_price_uc =
            steering.map_or(0, |prices| prices.of_shipment_uc(shipment)) - shipment_price_uc;
        let scarce = shipment.lines.iter().filter_map(|&(line, _)| {
            let free = steering?.free_units(place, line)?;
            Some((line, free))
        });
        let nth = self
            .solution
            .plan
            .shipments
            .iter()
            .position(|one| one == shipment);
        let late_uc = nth
            .and_then(|nth| self.late_uc.get(nth))
            .copied()
            .unwrap_or(0);
        let decline_uc = candidate.handling_line_uc * shipment.lines.len() as i64;
        let handling_uc =
            candidate.handling_order_uc - shipment_price_uc + candidate.handling_unit_uc * units;
        // A plan that was stored is one that its instance allows.
        let cost = instance.shipment_cost(shipment).unwrap_or(Cost::ZERO);
        let mut without = instance.clone();
        without.candidates[shipment.location].available.fill(0);
        let duty_uc = units_uc - stock_price_uc;
        let carrier_uc =
            cost.money_uc - handling_uc - decline_uc - units_uc - shipment_price_uc - late_uc;
        let with_terms_uc = [carrier_uc, late_uc, handling_uc, decline_uc, duty_uc];
        let termed = nth.and_then(|nth| self.terms.get(nth));
        let plain_uc = termed.map_or(with_terms_uc, |termed| termed.plain_uc);
        let [carrier_uc, late_uc, handling_uc, decline_uc, duty_uc] = plain_uc;
        Ok(ShipmentReason {
            location: candidate.key,
            lines: shipment.lines.clone(),
            parcels: self.parcels(shipment, carrier_uc),
            distance_m: candidate.distance_m,
            tiers: Cost {
                money_uc: 0,
                ..cost
            },
            carrier_uc,
            late_uc,
            duty_uc,
            terms_uc: with_terms_uc.iter().sum::<i64>() - plain_uc.iter().sum::<i64>(),
            terms: termed.map_or_else(Vec::new, |termed| termed.places.clone()),
            stock_price_uc,
            shipment_price_uc,
            scarce: scarce.collect(),
            handling_uc,
            decline_uc,
            without: self.alternative(&without)?,
        })
    }

    /// The parcels of a shipment with their parts of so many micro-cents.
    fn parcels(&self, shipment: &Shipment, carrier_uc: i64) -> Vec<ParcelReason> {
        let instance = &self.instance;
        if instance.parceling.is_none() {
            return Vec::new();
        }
        let parcels = match shipment.parcels.as_slice() {
            [] => std::slice::from_ref(&shipment.lines),
            several => several,
        };
        let services = &instance.candidates[shipment.location].services;
        let prices_uc = instance.prices_of(services, parcels);
        let once_uc = carrier_uc - prices_uc.iter().sum::<i64>();
        let count = parcels.len() as i64;
        let shares = (0..).map(|nth| once_uc * (nth + 1) / count - once_uc * nth / count);
        let parts = parcels.iter().zip(prices_uc).zip(shares);
        let part = |((lines, price_uc), share_uc): ((&Parcel, i64), i64)| ParcelReason {
            lines: lines.clone(),
            weight_g: instance.weight_g(lines),
            carrier_uc: price_uc + share_uc,
        };
        parts.map(part).collect()
    }

    fn alternative(&self, instance: &Instance) -> Result<Alternative, Flaw> {
        let Solution {
            plan, cost, proven, ..
        } = solve(instance, QUESTION)?;
        Ok(Alternative {
            steered_by_uc: self.steered_uc(&plan) - self.steered_uc(&self.solution.plan),
            plan,
            dearer_by: cost - self.solution.cost,
            is_proven: proven,
        })
    }
}

/// The same problem with as much of a line as the candidate has on offer there only.
fn forcing(instance: &Instance, place: usize, line: usize) -> Instance {
    let mut forced = instance.clone();
    let wanted = forced.lines[line].quantity;
    let left = wanted - forced.candidates[place].available[line].clamp(0, wanted);
    for (other, candidate) in forced.candidates.iter_mut().enumerate() {
        if other != place {
            candidate.available[line] = candidate.available[line].min(left);
        }
    }
    forced
}

/// Micro-cents as whole cents that add up to the rounded sum: the cents that rounding down leaves go
/// to the largest remainders, to the earlier part where they are equal.
#[must_use]
pub fn in_cents(parts_uc: &[i64]) -> Vec<i64> {
    let sum: i64 = parts_uc.iter().sum();
    cents_of((sum + CENT_UC / 2).div_euclid(CENT_UC), parts_uc)
}

/// Micro-cents as whole cents that add up to `total`, which is their sum up or down to a cent: the
/// cents that rounding down leaves go to the largest remainders, to the earlier part where they are
/// equal.
#[must_use]
pub fn cents_of(total: i64, parts_uc: &[i64]) -> Vec<i64> {
    let mut cents: Vec<i64> = parts_uc
        .iter()
        .map(|part| part.div_euclid(CENT_UC))
        .collect();
    let missing = total - cents.iter().sum::<i64>();
    let mut places: Vec<usize> = (0..parts_uc.len()).collect();
    places.sort_by_key(|&place| std::cmp::Reverse(parts_uc[place].rem_euclid(CENT_UC)));
    for place in places.into_iter().take(missing.max(0) as usize) {
        cents[place] += 1;
    }
    cents
}

#[cfg(test)]
mod tests {
    use super::in_cents;

    #[test]
    fn shown_cents_add_up_to_the_rounded_sum() {
        for (parts, cents) in [
            (vec![], vec![]),
            (vec![0, 0], vec![0, 0]),
            (vec![1_400_000, 1_400_000], vec![2, 1]),
            (vec![1_499_999, 0], vec![1, 0]),
            (vec![300_000, 300_000, 900_000], vec![1, 0, 1]),
            (vec![200_000; 5], vec![1, 0, 0, 0, 0]),
            (vec![5_000_000, -1_500_000], vec![5, -1]),
            (vec![1_200_000, -300_000, 600_000], vec![1, 0, 1]),
            (vec![-400_000, -400_000], vec![0, -1]),
        ] {
            assert_eq!(in_cents(&parts), cents, "{parts:?}");
        }
    }
}
