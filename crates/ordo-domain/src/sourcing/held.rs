//! Plans that were made elsewhere, held against a problem as it stands now.

use ordo_sourcing::{Cost, Decision, Instance, Key, Plan, Shipment};

use crate::id::LocationId;
use crate::quantity::QUANTITY_MAX;
use crate::sourcing::solved::{Problem, Solved, Way};

impl Problem {
    /// `made` as the answer to this problem, where it still holds: the same is wanted, every unit and
    /// shipment it plans is still to be had, it costs what it said, and nothing has come since that
    /// could fill what it leaves.
    pub fn hold(self, made: &Decision) -> Option<Solved> {
        let instance = match (self.instance.check(), &self.by_distance) {
            (Err(_), Some(plain)) => plain,
            (Ok(()), _) | (Err(_), None) => &self.instance,
        };
        let (then, plan) = (&made.instance, &made.solution.plan);
        let asked = Instance {
            candidates: then.candidates.clone(),
            rates: then.rates.clone(),
            ..instance.clone()
        };
        if asked != *then {
            return None;
        }
        let now_at = |key| instance.candidates.iter().position(|now| now.key == key);
        let shipments = plan.shipments.iter().map(|shipment| {
            let location = now_at(then.candidates.get(shipment.location)?.key)?;
            Some(Shipment {
                location,
                ..shipment.clone()
            })
        });
        let today = Plan {
            shipments: shipments.collect::<Option<_>>()?,
            unfilled: plan.unfilled.clone(),
        };
        // What only steers a plan is no part of its cost.
        let said = Cost {
            money_uc: made.paid_uc(),
            ..made.solution.cost
        };
        let costs_the_same = instance.cost_of(&today) == Ok(said);
        let more_came = (plan.unfilled.iter())
            .any(|(line, _)| on_offer(instance, *line) > on_offer(then, *line));
        if !costs_the_same || more_came {
            return None;
        }
        let mut found: Vec<Option<Way>> = self.ways.into_iter().map(Some).collect();
        let ways = (then.candidates.iter())
            .map(|candidate| {
                let now = instance
                    .candidates
                    .iter()
                    .position(|now| now.key == candidate.key);
                now.and_then(|at| found[at].take())
                    .unwrap_or_else(Way::none)
            })
            .collect();
        Some(Solved {
            decision: made.clone(),
            ways,
            skus: self.skus,
            weight_assumed: self.weight_assumed,
        })
    }

    /// What a plan costs that ships so many units of the lines from the locations; `None` where it
    /// cannot be had.
    pub fn cost_of(&self, shipped: &[(LocationId, Vec<(usize, i64)>)]) -> Option<Cost> {
        self.instance.check().ok()?;
        let mut shipments = Vec::with_capacity(shipped.len());
        for (location, lines) in shipped {
            let key = Key(location.to_u128());
            let found = (self.instance.candidates.iter()).position(|now| now.key == key)?;
            shipments.push((
                key,
                Shipment {
                    location: found,
                    lines: lines.clone(),
                    parcels: self.instance.parcels_of(found, lines),
                },
            ));
        }
        shipments.sort_by_key(|(key, _)| *key);
        let plan = Plan {
            shipments: shipments
                .into_iter()
                .map(|(_, shipment)| shipment)
                .collect(),
            unfilled: Vec::new(),
        };
        self.instance.cost_of(&plan).ok()
    }

    /// Units of a line that all candidates have, together.
    pub fn on_offer(&self, line: usize) -> i64 {
        on_offer(&self.instance, line)
    }

    /// Whether money decides.
    pub fn is_priced(&self) -> bool {
        self.by_distance.is_some() && self.instance.check().is_ok()
    }
}

impl Way {
    /// Of a location that is not asked any more.
    fn none() -> Self {
        Self {
            leave: None,
            counts: false,
            offers: Vec::new(),
            duty_uc: Vec::new(),
            plain: None,
        }
    }
}

fn on_offer(instance: &Instance, line: usize) -> i64 {
    let units = (instance.candidates.iter()).map(|candidate| candidate.available[line].max(0));
    units.fold(0, i64::saturating_add).min(QUANTITY_MAX)
}
