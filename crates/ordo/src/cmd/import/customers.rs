//! Imports of customers into a store: contacts that are known by e-mail address or phone number.
//!
//! What is known of a person is never changed by an import: a row that says something else than
//! what is there is rejected. Who was erased stays erased.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::customer::{RecordCustomer, identities};
use ordo_domain::id::ContactId;
use ordo_domain::order::input::ContactInput;
use ordo_domain::world::{Key, Row};
use ordo_domain::{Code, Command, Outcome, Rejection};
use serde_json::Value;

use super::done::{Came, Done, Refused};
use super::local::Local;
use super::place::To;
use super::table::{Columns, TableRow};
use crate::compose::Failure;

/// Columns of a file of customers.
pub const COLUMNS: Columns = Columns {
    read: &[
        "email",
        "phone",
        "name",
        "company",
        "line1",
        "line2",
        "city",
        "region",
        "postal_code",
        "country",
    ],
    ignored: &[],
};
/// Customers that are recorded at once.
const RECORDS_MAX: usize = 1_024;

/// Takes rows in; answers what became of each, in their order.
///
/// # Errors
/// The store does not answer, or it is a server, which has no operation for it.
pub async fn take(to: &To, rows: Vec<TableRow>) -> Result<Vec<Came>, Failure> {
    let To::Store(local) = to else {
        let message = "customers are imported into a store, by --data or --database-url";
        return Err(Failure::Usage(message.to_owned()));
    };
    let contacts: Vec<Result<Contact, Refused>> = rows.iter().map(contact_of).collect();
    let known = known(local, &contacts).await?;
    let (_, organization) = local.store();
    let takes = stream::iter(rows.into_iter().zip(contacts)).map(|(row, contact)| {
        let known = &known;
        async move {
            let contact = match contact {
                Ok(contact) => contact,
                Err(refused) => return Ok((row, Done::Refused(refused))),
            };
            let there = (identities(organization, &contact).iter())
                .find_map(|identity| known.get(identity))
                .cloned();
            let done = match there {
                Some(there) => compare(there, &contact),
                None => {
                    let record = || {
                        let contact = contact.clone();
                        let command = RecordCustomer { contact };
                        Ok(Command::RecordCustomer(Box::new(command)))
                    };
                    local.give(512, record).await?
                }
            };
            Ok::<_, Failure>((row, done))
        }
    });
    let takes: Vec<Result<_, Failure>> = takes.buffered(RECORDS_MAX).collect().await;
    (takes.into_iter())
        .map(|take| {
            let (row, done) = take?;
            Ok(done.of_row(&row.source, row.row, row.raw))
        })
        .collect()
}

fn contact_of(row: &TableRow) -> Result<Contact, Refused> {
    let form: Result<ContactInput, _> = serde_json::from_value(Value::Object(row.body.clone()));
    let contact = match form {
        Ok(form) => form.to_contact(),
        Err(error) => Err(Rejection::new(Code::InvalidInput, error.to_string())),
    };
    contact.map_err(|rejection| Refused::of(&rejection))
}

fn compare(there: Contact, row: &Contact) -> Done {
    let same = Contact {
        id: ContactId::default(),
        ..there
    } == *row;
    if same {
        return Done::Took(Outcome::Unchanged);
    }
    Done::Refused(Refused {
        code: Code::CodeTaken.slug().to_owned(),
        field: String::new(),
        reason: "the customer is known with other data, which an import does not change".to_owned(),
    })
}

/// Customers that are there, by identity.
async fn known(
    local: &Local,
    contacts: &[Result<Contact, Refused>],
) -> Result<BTreeMap<String, Contact>, Failure> {
    let (store, organization) = local.store();
    let keys: Vec<Key> = (contacts.iter().flatten())
        .flat_map(|contact| identities(organization, contact))
        .map(|key| Key::Claim {
            kind: ClaimKind::Customer,
            key,
        })
        .collect();
    let mut holders: BTreeMap<String, ContactId> = BTreeMap::new();
    for row in store.load(organization, &keys).await? {
        if let Row::Claim {
            key,
            holder: Some(holder),
            ..
        } = row
        {
            holders.insert(key, ContactId::from_u128(holder));
        }
    }
    let ids: Vec<ContactId> = holders.values().copied().collect();
    let found = store.contacts(organization, &ids).await?;
    let by_id: BTreeMap<ContactId, Contact> = (found.into_iter())
        .map(|contact| (contact.id, contact))
        .collect();
    Ok((holders.into_iter())
        .filter_map(|(key, id)| Some((key, by_id.get(&id)?.clone())))
        .collect())
}
