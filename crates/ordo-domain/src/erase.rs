//! Erases a person: their contacts, and what orders are found by because of them.
//!
//! Who the person is was found out beforehand; the log hears the ids of contacts and nothing else.
//! Invariant: orders, stock and money stay as they are, so that the books still balance.

use crate::decide::{Attachment, Context, Decided, Outcome, Refusal};
use crate::event::Event;
use crate::id::{ContactId, OrderId};
use crate::world::World;

/// Erases contacts that are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErasePerson {
    /// Which.
    pub contacts: Vec<ContactId>,
    /// Hashes of search terms that these contacts gave to orders, and nothing else did.
    pub terms: Vec<(OrderId, i64)>,
    /// What the answer says.
    pub counts: ErasedCounts,
}

/// What was erased, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedCounts {
    /// Contacts that held something.
    pub contacts: u64,
    /// Orders that they belong to.
    pub orders: u64,
    /// Those of the orders that have not ended: nothing can be sent to their buyers any more.
    pub open_orders: u64,
    /// Whether nothing of the person is left; else the same is to be asked for again.
    pub complete: bool,
}

impl ErasePerson {
    pub(crate) fn decide(&self, _world: &World, _ctx: &mut Context) -> Result<Decided, Refusal> {
        if self.contacts.is_empty() && self.terms.is_empty() {
            let mut decided = Decided::done(Vec::new());
            decided.outcome = Outcome::Unchanged;
            return Ok(decided);
        }
        let erased = Event::PersonErased {
            contacts: self.contacts.clone(),
        };
        let mut decided = Decided::done(vec![erased]).with(vec![Attachment::Erased {
            contacts: self.contacts.clone(),
            terms: self.terms.clone(),
        }]);
        decided.outcome = Outcome::Updated;
        Ok(decided)
    }
}
