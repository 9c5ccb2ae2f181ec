//! Legal entities: who sells, invoices and owes tax.

pub mod create;
pub mod list;
pub mod read;
pub mod update;

use ordo_domain::id::EntityId;
use ordo_domain::money::Currency;
use ordo_domain::network::{LegalEntity, TaxRegistration};
use ordo_domain::reference::Reference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::Show;

/// A legal entity.
#[derive(Serialize, ToSchema)]
#[schema(as = LegalEntity)]
pub struct LegalEntityAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: EntityId,
    /// The merchant's short name for it, unique.
    code: &'a str,
    /// How many events have touched it.
    version: u64,
    /// The registered name.
    name: &'a str,
    /// ISO 3166-1 alpha-2 of its seat.
    country: &'a str,
    /// The currency of its books, ISO 4217.
    #[schema(value_type = String)]
    currency: Currency,
    /// Where it is registered for tax.
    tax_registrations: Vec<RegistrationBody>,
}

/// One registration for tax.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = TaxRegistration)]
#[serde(deny_unknown_fields)]
pub struct RegistrationBody {
    /// ISO 3166-1 alpha-2, with a region after a dash where tax is regional.
    #[schema(example = "DE", min_length = 2, max_length = 16)]
    pub jurisdiction: String,
    /// The number, such as a VAT id.
    #[schema(min_length = 1, max_length = 64)]
    pub number: String,
    /// Under which rules.
    pub scheme: Scheme,
}

/// The rules that a registration is for.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = TaxScheme)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// The country's own.
    Standard,
    /// Distance sales within the EU, declared in one place.
    Oss,
    /// Imports of small value, declared by the seller.
    Ioss,
}

impl Scheme {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Oss => "oss",
            Self::Ioss => "ioss",
        }
    }

    fn of(registration: &TaxRegistration) -> Self {
        match registration.scheme.as_str() {
            "oss" => Self::Oss,
            "ioss" => Self::Ioss,
            _ => Self::Standard,
        }
    }
}

impl Show for LegalEntity {
    type Answer<'a> = LegalEntityAnswer<'a>;

    fn show<'a>(&'a self, _: &'a Reference) -> LegalEntityAnswer<'a> {
        LegalEntityAnswer {
            id: self.id,
            code: &self.code,
            version: self.version,
            name: &self.name,
            country: &self.country,
            currency: self.currency,
            tax_registrations: (self.tax_registrations.iter())
                .map(|registration| RegistrationBody {
                    jurisdiction: registration.jurisdiction.clone(),
                    number: registration.number.clone(),
                    scheme: Scheme::of(registration),
                })
                .collect(),
        }
    }
}
