//! Imports of things that have a code: SKUs and locations. What is not there is made, what is there
//! and equal is unchanged.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use ordo_domain::catalog::{CreateSku, Sku};
use ordo_domain::network::{AddLocations, CreateLocation};
use ordo_domain::world::{Key, Row};
use ordo_domain::{Code, Command, Outcome, Rejection};
use ordo_store::StoreError;
use serde_json::{Map, Value};

use super::done::{Came, Done, Refused};
use super::local::Local;
use super::place::To;
use super::table::{Columns, TableRow};
use crate::cmd::forms::{self, LOCATION_COLUMNS, SKU_COLUMNS};
use crate::compose::Failure;

/// Things that are made at once.
const MAKES_MAX: usize = 1_024;

/// Something that has a code.
pub trait Coded: Sized + Clone + PartialEq + Send + Sync {
    /// What they are called.
    const WHAT: &'static str;
    /// Where they are posted and listed.
    const PATH: &'static str;
    /// Columns of a file of them.
    const COLUMNS: Columns;

    /// Reads the body that makes it.
    ///
    /// # Errors
    /// The body is not of the form.
    fn of_body(body: &[u8]) -> Result<Self, Rejection>;

    /// The body that makes it.
    fn body(&self) -> Map<String, Value>;

    /// Its code.
    fn code(&self) -> &str;

    /// Those with these codes that a store has.
    fn find(local: &Local, codes: &[String]) -> impl Future<Output = Result<Vec<Self>, Failure>>;

    /// Makes them in a store; answers what came of each.
    fn make(local: &Local, new: &[Self]) -> impl Future<Output = Result<Vec<Done>, Failure>>;
}

/// What is known of them on a server, which lists them once.
pub type Listed<T> = Option<BTreeMap<String, T>>;

/// Takes rows in; answers what became of each, in their order.
///
/// # Errors
/// The store or server does not answer.
pub async fn take<T: Coded>(
    to: &To,
    listed: &mut Listed<T>,
    rows: Vec<TableRow>,
) -> Result<Vec<Came>, Failure> {
    let parsed: Vec<Result<T, Refused>> = (rows.iter())
        .map(|row| {
            let body = Value::Object(row.body.clone()).to_string();
            T::of_body(body.as_bytes()).map_err(|rejection| Refused::of(&rejection))
        })
        .collect();
    let codes = || parsed.iter().flatten().map(|thing| thing.code().to_owned());
    let mut known = match to {
        To::Store(local) => {
            let codes: Vec<String> = codes().collect();
            let found = T::find(local, &codes).await?.into_iter();
            found
                .map(|thing| (thing.code().to_owned(), thing))
                .collect()
        }
        To::Server(remote) => match listed.take() {
            Some(listed) => listed,
            None => listed_on(remote).await?,
        },
    };
    let mut done: Vec<Option<Done>> = Vec::with_capacity(rows.len());
    let mut new: Vec<T> = Vec::new();
    for thing in parsed {
        done.push(match thing {
            Err(refused) => Some(Done::Refused(refused)),
            Ok(thing) => match known.get(thing.code()) {
                Some(there) if *there == thing => Some(Done::Took(Outcome::Unchanged)),
                Some(there) => Some(Done::Refused(differs(there, &thing))),
                None => {
                    known.insert(thing.code().to_owned(), thing.clone());
                    new.push(thing);
                    None
                }
            },
        });
    }
    let mut made = match to {
        To::Store(local) => T::make(local, &new).await?,
        To::Server(remote) => {
            let makes = stream::iter(&new).map(|thing| async {
                let body = thing.body();
                remote.make(T::PATH, &body).await
            });
            let made: Vec<Result<Done, Failure>> = makes.buffered(16).collect().await;
            made.into_iter().collect::<Result<_, _>>()?
        }
    }
    .into_iter();
    if matches!(to, To::Server(_)) {
        *listed = Some(known);
    }
    Ok((rows.into_iter().zip(done))
        .filter_map(|(row, done)| {
            let done = done.or_else(|| made.next())?;
            Some(done.of_row(&row.source, row.row, row.raw))
        })
        .collect())
}

async fn listed_on<T: Coded>(
    remote: &super::remote::Remote,
) -> Result<BTreeMap<String, T>, Failure> {
    let mut known = BTreeMap::new();
    for answer in remote.list(T::PATH).await? {
        let Value::Object(mut fields) = answer else {
            continue;
        };
        // Of what a newer server may say besides, an import knows nothing.
        let read = |name: &str| T::COLUMNS.read.contains(&name) || name == "dimensions";
        fields.retain(|name, value| read(name) && !value.is_null());
        // What this version cannot read is not compared, and the server refuses its code.
        if let Ok(thing) = T::of_body(Value::Object(fields).to_string().as_bytes()) {
            known.insert(thing.code().to_owned(), thing);
        }
    }
    Ok(known)
}

/// Says in which fields a row differs from what is there.
fn differs<T: Coded>(there: &T, row: &T) -> Refused {
    let (there, row) = (there.body(), row.body());
    let mut names: Vec<&String> = (there.keys().chain(row.keys()))
        .filter(|name| there.get(*name) != row.get(*name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    Refused {
        code: Code::CodeTaken.slug().to_owned(),
        field: names
            .first()
            .map_or_else(String::new, |name| format!("/{name}")),
        reason: format!(
            "the code is known with another {}; change it there",
            names.join(", ")
        ),
    }
}

impl Coded for CreateSku {
    const WHAT: &'static str = "SKUs";
    const PATH: &'static str = "/api/v1/skus";
    const COLUMNS: Columns = Columns {
        read: &SKU_COLUMNS,
        ignored: &["id", "version"],
    };

    fn of_body(body: &[u8]) -> Result<Self, Rejection> {
        ordo_server::sku_of_body(body)
    }

    fn body(&self) -> Map<String, Value> {
        forms::sku_body(self)
    }

    fn code(&self) -> &str {
        &self.code
    }

    async fn find(local: &Local, codes: &[String]) -> Result<Vec<Self>, Failure> {
        Ok((skus(local, codes).await?.into_iter())
            .map(forms::of_sku)
            .collect())
    }

    async fn make(local: &Local, new: &[Self]) -> Result<Vec<Done>, Failure> {
        let makes = stream::iter(new).map(|sku| async {
            local
                .give(256, || Ok(Command::CreateSku(sku.clone())))
                .await
        });
        let made: Vec<Result<Done, Failure>> = makes.buffered(MAKES_MAX).collect().await;
        made.into_iter().collect()
    }
}

impl Coded for CreateLocation {
    const WHAT: &'static str = "locations";
    const PATH: &'static str = "/api/v1/locations";
    const COLUMNS: Columns = Columns {
        read: &LOCATION_COLUMNS,
        ignored: &["id", "version", "state"],
    };

    fn of_body(body: &[u8]) -> Result<Self, Rejection> {
        ordo_server::location_of_body(body)
    }

    fn body(&self) -> Map<String, Value> {
        forms::location_body(self)
    }

    fn code(&self) -> &str {
        &self.code
    }

    async fn find(local: &Local, codes: &[String]) -> Result<Vec<Self>, Failure> {
        let reference = local.reference().await?;
        Ok((codes.iter())
            .filter_map(|code| reference.location_by_code(code))
            .map(|location| forms::of_location(location))
            .collect())
    }

    async fn make(local: &Local, new: &[Self]) -> Result<Vec<Done>, Failure> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let command = Command::AddLocations(AddLocations {
            locations: new.to_vec(),
        });
        let done = local.give(256 * new.len(), || Ok(command.clone())).await?;
        Ok(vec![done; new.len()])
    }
}

/// The SKUs with these codes that a store has.
///
/// # Errors
/// The store fails.
pub async fn skus(local: &Local, codes: &[String]) -> Result<Vec<Sku>, Failure> {
    let (store, organization) = local.store();
    let keys: Vec<Key> = codes.iter().cloned().map(Key::SkuByCode).collect();
    let mut skus = Vec::new();
    for row in store.load(organization, &keys).await? {
        match row {
            Row::SkuByCode {
                found: Some((_, record)),
                ..
            } => skus.push(
                serde_json::from_str(&record.body)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?,
            ),
            Row::Sku { sku, .. } => skus.push(Sku::clone(&sku)),
            Row::SkuByCode { found: None, .. }
            | Row::Record { .. }
            | Row::Claim { .. }
            | Row::Cells { .. }
            | Row::Signal { .. }
            | Row::Counter { .. } => {}
        }
    }
    Ok(skus)
}
