//! Persons: what is kept of them, and how it goes.

pub mod erase;

use ordo_domain::erase::ErasedCounts;
use serde::Serialize;
use utoipa::ToSchema;

/// What was erased, or would be.
#[derive(Serialize, ToSchema)]
#[schema(as = Erased)]
pub struct ErasedAnswer {
    /// Whether nothing was done yet.
    dry_run: bool,
    /// Contacts that held something of the person.
    contacts: u64,
    /// Orders that they belong to. The orders stay, without the person.
    orders: u64,
    /// Those of the orders that have not ended: nothing can be sent to their buyers any more.
    open_orders: u64,
    /// Whether that is everything; else ask again for the rest.
    complete: bool,
}

impl ErasedAnswer {
    pub(crate) const fn of(counts: ErasedCounts, dry_run: bool) -> Self {
        Self {
            dry_run,
            contacts: counts.contacts,
            orders: counts.orders,
            open_orders: counts.open_orders,
            complete: counts.complete,
        }
    }
}
