//! Problems of several orders that draw on the same stock and the same days.

use std::collections::BTreeMap;

use ordo_sourcing::{Draw, Key, Member, Plan, Tier};

use crate::id::{LocationId, SkuId};
use crate::sourcing::leave::used;
use crate::sourcing::solved::{Problem, Solved};
use crate::stock::CellKey;
use crate::time::Date;
use crate::world::{Bound, CounterKey, World};

/// Micro-cents per unit left unshipped, where nothing may stay unshipped for the sake of money: more
/// than any shipment costs.
const UNFILLED_UC: i64 = 1_000_000_000_000;

/// What orders draw on together, each named once.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    at: BTreeMap<Shared, usize>,
    /// How much there is.
    pub left: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shared {
    Units(SkuId, LocationId),
    Shipments(LocationId, Date),
}

impl Limits {
    fn place(&mut self, what: Shared, left: impl FnOnce() -> i64) -> usize {
        let next = self.left.len();
        let at = *self.at.entry(what).or_insert(next);
        if at == next {
            self.left.push(left());
        }
        at
    }
}

impl Problem {
    /// The order as one of several that are solved together; `None` where its costs cannot be weighed
    /// against those of others, because something counts before money. `skus` are those of its lines.
    pub fn member(&self, world: &World, skus: &[SkuId], limits: &mut Limits) -> Option<Member> {
        let mut instance = self.instance.clone();
        match instance.tiers.as_slice() {
            [] => {}
            [Tier::UnfilledUnits] => {
                instance.tiers.clear();
                instance.penalties.unfilled_unit_uc = UNFILLED_UC;
            }
            _ => return None,
        }
        if let Some(steering) = &self.steering {
            steering.steer(&mut instance);
        }
        while instance.check().is_err() && instance.penalties.unfilled_unit_uc > 1_000_000 {
            instance.penalties.unfilled_unit_uc /= 10;
        }
        instance.check().ok()?;
        let draws = (instance.candidates.iter().zip(&self.ways)).map(|(candidate, way)| {
            let location = LocationId::from_u128(candidate.key.0);
            let day = way.leave.filter(|_| way.counts).map(|leave| leave.day);
            let lines = skus.iter().zip(&candidate.available);
            Draw {
                shipment: day.map(|day| {
                    limits.place(Shared::Shipments(location, day), || {
                        room(world, location, day)
                    })
                }),
                lines: lines
                    .map(|(sku, units)| limits.place(Shared::Units(*sku, location), || *units))
                    .collect(),
            }
        });
        let draws = draws.collect();
        Some(Member { instance, draws })
    }

    /// What a plan for this problem takes.
    pub fn binds(&self, plan: &Plan, skus: &[SkuId]) -> Bound {
        let mut bound = Bound::default();
        for shipment in &plan.shipments {
            let location = location_of(self.instance.candidates[shipment.location].key);
            let way = &self.ways[shipment.location];
            let day = way.leave.filter(|_| way.counts).map(|leave| leave.day);
            bound.add(location, day, units(&shipment.lines, skus));
        }
        bound
    }
}

impl Solved {
    /// What its plan takes.
    pub fn binds(&self, skus: &[SkuId]) -> Bound {
        let mut bound = Bound::default();
        for shipment in &self.decision.solution.plan.shipments {
            let planned = self.planned(shipment);
            let units = units(&shipment.lines, skus);
            bound.add(planned.location, planned.work_day, units);
        }
        bound
    }
}

impl Bound {
    fn add(
        &mut self,
        location: LocationId,
        day: Option<Date>,
        units: impl Iterator<Item = (SkuId, i64)>,
    ) {
        let cells = units.map(|(sku, units)| (CellKey::own(sku, location), units));
        self.cells.extend(cells);
        self.days
            .extend(day.map(|day| CounterKey::of_day(location, day)));
    }
}

fn units<'a>(
    lines: &'a [(usize, i64)],
    skus: &'a [SkuId],
) -> impl Iterator<Item = (SkuId, i64)> + 'a {
    lines.iter().map(|(line, units)| (skus[*line], *units))
}

fn location_of(key: Key) -> LocationId {
    LocationId::from_u128(key.0)
}

/// Shipments that the location may still be given for the day.
fn room(world: &World, location: LocationId, day: Date) -> i64 {
    let Some(location) = world.reference().location(location) else {
        return 0;
    };
    let limit = location.daily_capacity.unwrap_or(i64::MAX);
    // A day whose count is not known is one that nobody asked for.
    limit - used(world, location, day).unwrap_or(limit)
}
