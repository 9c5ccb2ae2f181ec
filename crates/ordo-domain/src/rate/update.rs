//! Changes a rate table. Its code, carrier, service and currency stay: another service is another
//! table.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{Edit, must_be_at, replace};
use crate::event::Event;
use crate::id::RateTableId;
use crate::money::Minor;
use crate::rate::create::origins;
use crate::rate::{RateTable, Surcharge, Zone};
use crate::rejection::{Code, Rejection};
use crate::rules::expr::{Condition, OfOrder};
use crate::time::Date;
use crate::world::World;

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateTableChange {
    /// The codes of all locations that it serves; empty for all.
    pub origins: Option<Vec<String>>,
    /// All zones; one without prices keeps those of the zone of its name.
    pub zones: Option<Vec<Zone>>,
    /// All weight steps, in grams.
    pub steps_g: Option<Vec<i64>>,
    /// The prices of zones by their names, one per weight step; zones that are not named lose theirs.
    pub prices: Option<Vec<(String, Vec<Option<Minor>>)>>,
    /// Cubic millimeters that count as one gram.
    pub mm3_per_g: Edit<i64>,
    /// What is added to every shipment.
    pub surcharges: Option<Vec<Surcharge>>,
    /// The orders that it carries.
    pub takes: Edit<Condition<OfOrder>>,
    /// The first local day of shipping that it counts for.
    pub valid_from: Edit<Date>,
    /// The last local day of shipping that it counts for.
    pub valid_until: Edit<Date>,
}

/// Changes a rate table. What has been sourced stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRateTable {
    /// Which.
    pub rate_table: RateTableId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// What is to change.
    pub change: Box<RateTableChange>,
}

impl UpdateRateTable {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.rate_table_record(self.rate_table)? else {
            return Err(Rejection::new(Code::NotFound, "no such rate table").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut rate_table = RateTable::clone(found);
        if let Some(codes) = &self.change.origins {
            rate_table.origins = origins(world.reference(), codes)?;
        }
        self.change.apply(&mut rate_table)?;
        rate_table.must_be_sound()?;
        let id = rate_table.id;
        if rate_table == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::RateTableUpdated { rate_table }],
            id,
        ))
    }
}

impl RateTableChange {
    fn apply(&self, table: &mut RateTable) -> Result<(), Refusal> {
        let before = table.zones.clone();
        replace(&mut table.zones, self.zones.as_ref());
        replace(&mut table.steps_g, self.steps_g.as_ref());
        for zone in &mut table.zones {
            let known = before.iter().find(|known| known.name == zone.name);
            if let Some(known) = known.filter(|_| zone.prices.is_empty()) {
                zone.prices.clone_from(&known.prices);
            }
        }
        table.fill();
        if let Some(prices) = &self.prices {
            for zone in &mut table.zones {
                zone.prices = vec![None; table.steps_g.len()];
            }
            for (name, prices) in prices {
                let Some(zone) = table.zones.iter_mut().find(|zone| zone.name == *name) else {
                    let message = format!("the table has no zone {name}");
                    return Err(Rejection::field("/zones", message).into());
                };
                zone.prices.clone_from(prices);
            }
        }
        self.mm3_per_g.apply(&mut table.mm3_per_g);
        replace(&mut table.surcharges, self.surcharges.as_ref());
        self.takes.apply(&mut table.takes);
        self.valid_from.apply(&mut table.valid_from);
        self.valid_until.apply(&mut table.valid_until);
        Ok(())
    }
}
