//! Makes a rate table.

use crate::decide::{Context, Decided, Refusal};
use crate::event::Event;
use crate::id::LocationId;
use crate::money::Currency;
use crate::rate::{RateTable, Surcharge, Worked, Zone};
use crate::reference::Reference;
use crate::rejection::{Code, Rejection};
use crate::rules::expr::{Condition, OfOrder};
use crate::time::Date;
use crate::world::World;

/// More tables than any merchant has; all of them are in memory.
const TABLES_MAX: usize = 500;

/// A rate table as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTableDraft {
    /// The merchant's short name for it.
    pub code: String,
    /// Who carries.
    pub carrier: String,
    /// Which product of theirs.
    pub service: String,
    /// The currency of all its prices.
    pub currency: Currency,
    /// The codes of the locations that it serves; empty for all.
    pub origins: Vec<String>,
    /// Where to, and at what price.
    pub zones: Vec<Zone>,
    /// The heaviest weight of each step, in grams.
    pub steps_g: Vec<i64>,
    /// Cubic millimeters that count as one gram.
    pub mm3_per_g: Option<i64>,
    /// What is added to every shipment.
    pub surcharges: Vec<Surcharge>,
    /// The orders that it carries; `None` for all.
    pub takes: Option<Condition<OfOrder>>,
    /// The first local day of shipping that it counts for.
    pub valid_from: Option<Date>,
    /// The last local day of shipping that it counts for.
    pub valid_until: Option<Date>,
}

/// Makes a rate table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRateTable {
    /// As it is to be.
    pub table: Box<RateTableDraft>,
}

impl CreateRateTable {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let reference = world.reference();
        let draft = &self.table;
        if (reference.rate_tables()).any(|table| table.code == draft.code) {
            let detail = format!("a rate table with the code {} exists", draft.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        if reference.rate_tables().count() >= TABLES_MAX {
            let detail = format!("there are {TABLES_MAX} rate tables already");
            return Err(Rejection::new(Code::InvalidInput, detail).into());
        }
        let mut rate_table = RateTable {
            id: ctx.ids.make(),
            version: 0,
            code: draft.code.clone(),
            carrier: draft.carrier.clone(),
            service: draft.service.clone(),
            currency: draft.currency,
            origins: origins(reference, &draft.origins)?,
            zones: draft.zones.clone(),
            steps_g: draft.steps_g.clone(),
            mm3_per_g: draft.mm3_per_g,
            surcharges: draft.surcharges.clone(),
            takes: draft.takes.clone(),
            valid_from: draft.valid_from,
            valid_until: draft.valid_until,
            worked: Worked::default(),
        };
        rate_table.fill();
        rate_table.must_be_sound()?;
        let id = rate_table.id;
        Ok(Decided::created(
            vec![Event::RateTableCreated { rate_table }],
            id,
        ))
    }
}

/// The locations with these codes, each once.
pub(super) fn origins(reference: &Reference, codes: &[String]) -> Result<Vec<LocationId>, Refusal> {
    let mut found = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let Some(location) = reference.location_by_code(code) else {
            let message = format!("no location has the code {code}");
            return Err(Rejection::field(format!("/origins/{index}"), message).into());
        };
        found.push(location.id);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
