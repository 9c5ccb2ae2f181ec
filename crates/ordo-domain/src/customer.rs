//! Customers: people who are known before they order.
//!
//! A customer is a contact that claims an identity for each of its e-mail address and phone number:
//! a hash keyed with the organization, so that whoever is to be erased is found without a scan, and
//! the log holds nothing of the person. Invariant: one identity, one customer.

use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::{Attachment, Context, Decided, Outcome, Refusal};
use crate::event::Event;
use crate::id::{ContactId, OrganizationId};
use crate::rejection::Rejection;
use crate::signal::{SignalKey, SignalKind};
use crate::world::World;

/// Keeps a customer. One that is known by an identity already, or was until it was erased, stays as
/// it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCustomer {
    /// What is known; its id is not made yet.
    pub contact: Contact,
}

/// The keys under which a contact's identities are claimed.
#[must_use]
pub fn identities(organization: OrganizationId, contact: &Contact) -> Vec<String> {
    let of = |kind, text: &Option<String>| {
        let text = text.as_deref()?;
        Some(identity(organization, kind, text))
    };
    [
        of(SignalKind::Email, &contact.email),
        of(SignalKind::Phone, &contact.phone),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The key under which an e-mail address or phone number is claimed.
#[must_use]
pub fn identity(organization: OrganizationId, kind: SignalKind, text: &str) -> String {
    let key = SignalKey::of(organization, kind, text);
    format!("{}:{:032x}", kind.number(), key.hash)
}

impl RecordCustomer {
    pub(crate) fn decide(&self, world: &World, ctx: &mut Context) -> Result<Decided, Refusal> {
        let identities = identities(ctx.organization, &self.contact);
        if identities.is_empty() {
            let message = "is required, or a phone number";
            return Err(Rejection::field("/email", message).into());
        }
        let mut missing = Vec::new();
        let mut known = false;
        for key in &identities {
            match world.claim(ClaimKind::Customer, key) {
                Ok(holder) => known |= holder.is_some(),
                Err(Refusal::Needs(keys)) => missing.extend(keys),
                Err(refusal) => return Err(refusal),
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::Needs(missing));
        }
        if known {
            let mut decided = Decided::done(Vec::new());
            decided.outcome = Outcome::Unchanged;
            return Ok(decided);
        }
        let customer: ContactId = ctx.ids.make();
        let contact = Contact {
            id: customer,
            ..self.contact.clone()
        };
        let recorded = Event::CustomerRecorded {
            customer,
            identities,
        };
        Ok(Decided::done(vec![recorded]).with(vec![Attachment::Contact(contact)]))
    }
}
