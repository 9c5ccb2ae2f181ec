//! Finds everything that is kept of a person, so that it can be erased.
//!
//! Orders are found by their search terms, so the view must be level with the log first: then no step
//! of it is under way that still knows the person's words. Of a found order every contact goes that
//! it ever had, also those of earlier versions and of the bill.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use ordo_domain::Event;
use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::customer::identity;
use ordo_domain::erase::{ErasePerson, ErasedCounts};
use ordo_domain::event::SubjectRef;
use ordo_domain::id::{ContactId, OrderId, OrganizationId};
use ordo_domain::order::{Order, OrderLife};
use ordo_domain::record::RecordKind;
use ordo_domain::signal::SignalKind;
use ordo_domain::world::{Key, Row};
use ordo_store::{OrderFilter, OrderSort, StoreError};

use crate::engine::{Backend, Engine};
use crate::terms::{order_terms, term_hash};

/// Orders that are dealt with at once; whoever has more is asked for again.
const ORDERS_MAX: usize = 500;
/// Events that are read at once.
const PAGE: usize = 500;
/// How long the view may take to come level with the log.
const VIEW_WAIT: Duration = Duration::from_secs(5);

/// How a person is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// By an e-mail address.
    Email(String),
    /// By a phone number.
    Phone(String),
    /// By one contact: only that one goes.
    Contact(ContactId),
    /// By an order of theirs.
    Order(OrderId),
}

/// Why a person could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The view is behind the log; asking again helps.
    #[error("the view is still behind the log")]
    ViewBehind,
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Everything that is kept of a person now, as the command that erases it. After the command
    /// [`ordo_store::Store::scrub`] is due.
    ///
    /// # Errors
    /// The view does not come level with the log, or the store fails.
    pub async fn find_person(
        &self,
        organization: OrganizationId,
        person: &Person,
    ) -> Result<ErasePerson, FindError> {
        let backend = &**self.backend();
        let head = backend.head(organization).await?;
        let level = self.view_caught_up(organization, head.position, VIEW_WAIT);
        if !level.await {
            return Err(FindError::ViewBehind);
        }
        let search = Search {
            backend,
            organization,
            person,
        };
        Ok(search.run().await?)
    }
}

struct Search<'a> {
    backend: &'a dyn Backend,
    organization: OrganizationId,
    person: &'a Person,
}

impl Search<'_> {
    async fn run(&self) -> Result<ErasePerson, StoreError> {
        let (orders, complete) = self.candidates().await?;
        let mut erase = ErasePerson::default();
        erase.counts.complete = complete;
        let mut contacts = BTreeSet::new();
        for id in orders {
            let Some(order) = self.order(id).await? else {
                continue;
            };
            let versions = self.versions(id).await?;
            let known = self.contacts_of(&versions).await?;
            let gone = self.of_person(&known);
            if gone.is_empty() {
                continue;
            }
            let lost = lost_terms(self.organization, &versions, &known, &gone);
            erase.terms.extend(lost.into_iter().map(|hash| (id, hash)));
            contacts.extend(gone);
            erase.counts.orders += 1;
            erase.counts.open_orders += u64::from(is_open(&order));
        }
        contacts.extend(self.customers().await?);
        erase.contacts = contacts.into_iter().collect();
        erase.counts = ErasedCounts {
            contacts: erase.contacts.len() as u64,
            ..erase.counts
        };
        Ok(erase)
    }

    /// Contacts that are theirs without an order.
    async fn customers(&self) -> Result<Vec<ContactId>, StoreError> {
        let key = |kind, text: &str| Key::Claim {
            kind: ClaimKind::Customer,
            key: identity(self.organization, kind, text),
        };
        let ids = match self.person {
            Person::Email(text) => self.holder(key(SignalKind::Email, text)).await?,
            Person::Phone(text) => self.holder(key(SignalKind::Phone, text)).await?,
            Person::Contact(id) => Some(*id),
            Person::Order(_) => None,
        };
        let ids: Vec<ContactId> = ids.into_iter().collect();
        let found = self.backend.contacts(self.organization, &ids).await?;
        Ok(found.into_iter().map(|contact| contact.id).collect())
    }

    async fn holder(&self, claim: Key) -> Result<Option<ContactId>, StoreError> {
        let rows = self.backend.load(self.organization, &[claim]).await?;
        Ok(rows.into_iter().find_map(|row| match row {
            Row::Claim { holder, .. } => holder.map(ContactId::from_u128),
            Row::Record { .. }
            | Row::SkuByCode { .. }
            | Row::Sku { .. }
            | Row::Lots { .. }
            | Row::Cells { .. }
            | Row::Signal { .. }
            | Row::Counter { .. } => None,
        }))
    }

    /// Orders that may be the person's, and whether these are all.
    async fn candidates(&self) -> Result<(Vec<OrderId>, bool), StoreError> {
        let text = match self.person {
            Person::Email(text) | Person::Phone(text) => text.clone(),
            Person::Contact(id) => id.to_string(),
            Person::Order(id) => return Ok((vec![*id], true)),
        };
        let filter = OrderFilter {
            terms: vec![term_hash(self.organization, &text)],
            ..OrderFilter::default()
        };
        let mut orders = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .backend
                .list_orders(self.organization, &filter, OrderSort::Oldest, after, 200)
                .await?;
            orders.extend(page.items.iter().map(|row| row.id));
            match page.next {
                Some(_) if orders.len() >= ORDERS_MAX => {
                    orders.truncate(ORDERS_MAX);
                    return Ok((orders, false));
                }
                Some(next) => after = Some(next),
                None => return Ok((orders, true)),
            }
        }
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let key = Key::Record {
            kind: RecordKind::Order,
            id: id.to_u128(),
        };
        for row in self.backend.load(self.organization, &[key]).await? {
            if let Row::Record {
                found: Some(record),
                ..
            } = row
            {
                let order = serde_json::from_str(&record.body);
                return Ok(Some(
                    order.map_err(|error| StoreError::Corrupt(error.to_string()))?,
                ));
            }
        }
        Ok(None)
    }

    /// The order as each of its versions came in.
    async fn versions(&self, id: OrderId) -> Result<Vec<Order>, StoreError> {
        let subject = SubjectRef {
            kind: RecordKind::Order,
            id: id.to_u128(),
        };
        let mut versions = Vec::new();
        let mut after = 0;
        loop {
            let entries = self
                .backend
                .events_about(self.organization, &[subject], after, PAGE)
                .await?;
            let count = entries.len();
            for entry in entries {
                after = entry.position;
                if let Event::OrderPlaced { order } | Event::OrderMerged { order } = entry.event {
                    versions.push(order);
                }
            }
            if count < PAGE {
                return Ok(versions);
            }
        }
    }

    /// The contacts of all versions that are still there.
    async fn contacts_of(
        &self,
        versions: &[Order],
    ) -> Result<HashMap<ContactId, Contact>, StoreError> {
        let ids: BTreeSet<ContactId> = versions.iter().flat_map(Order::contacts).collect();
        let ids: Vec<ContactId> = ids.into_iter().collect();
        let found = self.backend.contacts(self.organization, &ids).await?;
        Ok(found
            .into_iter()
            .map(|contact| (contact.id, contact))
            .collect())
    }

    /// Those of an order's contacts that are to go. Two texts with one hash are told apart here.
    fn of_person(&self, known: &HashMap<ContactId, Contact>) -> Vec<ContactId> {
        let all = || known.keys().copied().collect();
        let hash = |text: &str| term_hash(self.organization, text);
        let same = |field: Option<&String>, text: &str| {
            field.is_some_and(|field| hash(field) == hash(text))
        };
        let is_theirs = match self.person {
            Person::Email(text) => {
                (known.values()).any(|contact| same(contact.email.as_ref(), text))
            }
            Person::Phone(text) => {
                (known.values()).any(|contact| same(contact.phone.as_ref(), text))
            }
            Person::Contact(id) => return known.get(id).map(|_| *id).into_iter().collect(),
            Person::Order(_) => true,
        };
        if is_theirs { all() } else { Vec::new() }
    }
}

/// What the order is found by only because of what goes.
fn lost_terms(
    organization: OrganizationId,
    versions: &[Order],
    known: &HashMap<ContactId, Contact>,
    gone: &[ContactId],
) -> BTreeSet<i64> {
    let terms = |contacts: &dyn Fn(ContactId) -> bool| -> BTreeSet<i64> {
        let of = |order: &Order| {
            let found = (order.contacts())
                .filter(|id| contacts(*id))
                .filter_map(|id| known.get(&id));
            order_terms(organization, order, found)
        };
        versions.iter().flat_map(of).collect()
    };
    let before = terms(&|_| true);
    let after = terms(&|id| !gone.contains(&id));
    before.difference(&after).copied().collect()
}

fn is_open(order: &Order) -> bool {
    match order.life {
        OrderLife::Draft | OrderLife::Open => true,
        OrderLife::Closed | OrderLife::Canceled => false,
    }
}
