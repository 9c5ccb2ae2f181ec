//! Makes and changes legal entities: who sells, invoices and owes tax.

use crate::decide::{Context, Decided, Refusal};
use crate::edit::{must_be_at, replace};
use crate::event::Event;
use crate::id::EntityId;
use crate::money::Currency;
use crate::network::{LegalEntity, TaxRegistration};
use crate::rejection::{Code, Rejection};
use crate::world::World;

/// Makes a legal entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateLegalEntity {
    /// The merchant's short name for it.
    pub code: String,
    /// The registered name.
    pub name: String,
    /// ISO 3166-1 alpha-2 of its seat.
    pub country: String,
    /// The currency of its books.
    pub currency: Currency,
    /// Where it is registered for tax.
    pub tax_registrations: Vec<TaxRegistration>,
}

impl CreateLegalEntity {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        if world.reference().entity_by_code(&self.code).is_some() {
            let detail = format!("a legal entity with the code {} exists", self.code);
            return Err(Rejection::new(Code::CodeTaken, detail).at("/code").into());
        }
        let entity = LegalEntity {
            id: ctx.ids.make(),
            version: 0,
            code: self.code.clone(),
            name: self.name.clone(),
            country: self.country.clone(),
            currency: self.currency,
            tax_registrations: self.tax_registrations.clone(),
        };
        let id = entity.id;
        Ok(Decided::created(
            vec![Event::LegalEntityCreated { entity }],
            id,
        ))
    }
}

/// Changes a legal entity. Its code, and the currency of its books, stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateLegalEntity {
    /// Which.
    pub entity: EntityId,
    /// The version that the change was made for, where it matters.
    pub expected: Option<u64>,
    /// The registered name.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2 of its seat.
    pub country: Option<String>,
    /// All its registrations for tax.
    pub tax_registrations: Option<Vec<TaxRegistration>>,
}

impl UpdateLegalEntity {
    pub(crate) fn decide(&self, world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        let Some(found) = world.entity_record(self.entity)? else {
            return Err(Rejection::new(Code::NotFound, "no such legal entity").into());
        };
        must_be_at(self.expected, found.version)?;
        let mut entity = LegalEntity::clone(found);
        replace(&mut entity.name, self.name.as_ref());
        replace(&mut entity.country, self.country.as_ref());
        replace(
            &mut entity.tax_registrations,
            self.tax_registrations.as_ref(),
        );
        let id = entity.id;
        if entity == **found {
            return Ok(Decided::unchanged(id));
        }
        Ok(Decided::changed(
            vec![Event::LegalEntityUpdated { entity }],
            id,
        ))
    }
}
