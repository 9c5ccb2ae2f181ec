//! Imports of things that have a code: SKUs and locations. What is not there is made; what is there
//! is changed where the row says something else. Of what a row leaves out it says nothing.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use ordo_domain::catalog::{CreateSku, Sku, SkuChange, UpdateSku};
use ordo_domain::edit::Edit;
use ordo_domain::network::{AddLocations, CreateLocation, LocationChange, UpdateLocation};
use ordo_domain::world::{Key, Row};
use ordo_domain::{Code, Command, Outcome, Rejection};
use ordo_store::StoreError;
use serde_json::{Map, Value};

use super::done::{Came, Done, Refused};
use super::local::Local;
use super::place::To;
use super::remote::Remote;
use super::table::{Columns, TableRow};
use crate::cmd::forms::{self, LOCATION_COLUMNS, SKU_COLUMNS};
use crate::compose::Failure;

/// Things that are made at once.
const MAKES_MAX: usize = 1_024;
/// Requests at once.
const REQUESTS_MAX: usize = 16;

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
    fn find(
        local: &Local,
        codes: &[String],
    ) -> impl Future<Output = Result<Vec<There<Self>>, Failure>>;

    /// Makes them in a store; answers what came of each.
    fn make(local: &Local, new: &[Self]) -> impl Future<Output = Result<Vec<Done>, Failure>>;

    /// The command that gives the one with this id the `fields` of this form.
    ///
    /// # Errors
    /// One of the fields never changes, or the id is not one.
    fn change(&self, id: &str, fields: &[String]) -> Result<Command, Rejection>;
}

/// One that is there.
#[derive(Clone)]
pub struct There<T> {
    id: String,
    form: T,
}

/// What is known of them on a server, which lists them once.
pub type Listed<T> = Option<BTreeMap<String, There<T>>>;

/// What is to be done with a row.
enum Plan<T> {
    Done(Done),
    /// Made with all others of its chunk.
    Make,
    Change {
        there: There<T>,
        fields: Vec<String>,
    },
}

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
    let mut known: BTreeMap<String, There<T>> = match to {
        To::Store(local) => {
            let codes = parsed.iter().flatten().map(|form| form.code().to_owned());
            let codes: Vec<String> = codes.collect();
            let found = T::find(local, &codes).await?.into_iter();
            found
                .map(|there| (there.form.code().to_owned(), there))
                .collect()
        }
        To::Server(remote) => match listed.take() {
            Some(listed) => listed,
            None => listed_on(remote).await?,
        },
    };
    let mut new: Vec<T> = Vec::new();
    let mut plans: Vec<Plan<T>> = Vec::with_capacity(rows.len());
    for (row, form) in rows.iter().zip(parsed) {
        plans.push(match form {
            Err(refused) => Plan::Done(Done::Refused(refused)),
            Ok(form) => plan(row, form, &mut known, &mut new),
        });
    }
    let mut made = match to {
        To::Store(local) => T::make(local, &new).await?,
        To::Server(remote) => {
            let makes = stream::iter(&new).map(|form| async {
                let body = form.body();
                remote.make(T::PATH, &body).await
            });
            let made: Vec<Result<Done, Failure>> = makes.buffered(REQUESTS_MAX).collect().await;
            made.into_iter().collect::<Result<_, _>>()?
        }
    }
    .into_iter();
    let changes = (plans.iter()).filter_map(|plan| match plan {
        Plan::Change { there, fields } => Some((there, fields)),
        Plan::Done(_) | Plan::Make => None,
    });
    // A server sees requests side by side, and two rows may be about the same thing.
    let at_once = match to {
        To::Store(_) => MAKES_MAX,
        To::Server(_) => 1,
    };
    let changed: Vec<Result<Done, Failure>> = stream::iter(changes)
        .map(|(there, fields)| change(to, there, fields))
        .buffered(at_once)
        .collect()
        .await;
    let mut changed = changed.into_iter();
    let mut came = Vec::with_capacity(rows.len());
    for (row, plan) in rows.into_iter().zip(plans) {
        let done = match plan {
            Plan::Done(done) => Some(done),
            Plan::Make => made.next(),
            Plan::Change { .. } => changed.next().transpose()?,
        };
        let done = done.expect("there is one for every plan");
        came.push(done.of_row(&row.source, row.row, row.raw));
    }
    if matches!(to, To::Server(_)) {
        // Those that were made just now have ids that only a new list tells.
        known.retain(|_, there| !there.id.is_empty());
        *listed = new.is_empty().then_some(known);
    }
    Ok(came)
}

/// Compares a row with what is there, as far as the row says anything.
fn plan<T: Coded>(
    row: &TableRow,
    form: T,
    known: &mut BTreeMap<String, There<T>>,
    new: &mut Vec<T>,
) -> Plan<T> {
    let Some(there) = known.get_mut(form.code()) else {
        let there = There {
            id: String::new(),
            form: form.clone(),
        };
        known.insert(form.code().to_owned(), there);
        new.push(form);
        return Plan::Make;
    };
    let (was, is) = (there.form.body(), form.body());
    let fields: Vec<String> = (row.body.keys())
        .filter(|name| was.get(*name) != is.get(*name))
        .cloned()
        .collect();
    if fields.is_empty() {
        return Plan::Done(Done::Took(Outcome::Unchanged));
    }
    if there.id.is_empty() {
        return Plan::Done(Done::Refused(Refused {
            code: Code::CodeTaken.slug().to_owned(),
            field: "/code".to_owned(),
            reason: format!(
                "a row before has the code with another {}",
                fields.join(", ")
            ),
        }));
    }
    let mut merged = was;
    merged.extend(fields.iter().filter_map(|name| {
        let value = is.get(name)?.clone();
        Some((name.clone(), value))
    }));
    // What is there as the row leaves it, for rows after it; where even that is refused, so is this.
    match T::of_body(Value::Object(merged).to_string().as_bytes()) {
        Ok(merged) => there.form = merged,
        Err(rejection) => return Plan::Done(Done::Refused(Refused::of(&rejection))),
    }
    Plan::Change {
        there: there.clone(),
        fields,
    }
}

/// Changes one that is there.
async fn change<T: Coded>(to: &To, there: &There<T>, fields: &[String]) -> Result<Done, Failure> {
    match to {
        To::Store(local) => {
            local
                .give(256, || there.form.change(&there.id, fields))
                .await
        }
        To::Server(remote) => {
            let mut body = there.form.body();
            let moved = fields.iter().any(|name| name.ends_with("itude_e6"));
            // One half of a place is none.
            body.retain(|name, _| fields.contains(name) || (moved && name.ends_with("itude_e6")));
            remote
                .change(&format!("{}/{}", T::PATH, there.id), &body)
                .await
        }
    }
}

async fn listed_on<T: Coded>(remote: &Remote) -> Result<BTreeMap<String, There<T>>, Failure> {
    let mut known = BTreeMap::new();
    for answer in remote.list(T::PATH).await? {
        let Value::Object(mut fields) = answer else {
            continue;
        };
        let id = fields
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        // Of what a newer server may say besides, an import knows nothing.
        let read = |name: &str| T::COLUMNS.read.contains(&name) || name == "dimensions";
        fields.retain(|name, value| read(name) && !value.is_null());
        // What this version cannot read is not compared, and the server refuses its code.
        if let Ok(form) = T::of_body(Value::Object(fields).to_string().as_bytes()) {
            known.insert(form.code().to_owned(), There { id, form });
        }
    }
    Ok(known)
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

    async fn find(local: &Local, codes: &[String]) -> Result<Vec<There<Self>>, Failure> {
        Ok((skus(local, codes).await?.into_iter())
            .map(|sku| There {
                id: sku.id.to_string(),
                form: forms::of_sku(sku),
            })
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

    fn change(&self, id: &str, fields: &[String]) -> Result<Command, Rejection> {
        let mut change = SkuChange::default();
        for field in fields {
            match field.as_str() {
                "name" => change.name = edit(self.name.clone()),
                "barcode" => change.barcode = edit(self.barcode.clone()),
                "weight_g" => change.weight_g = Some(self.weight_g),
                "dimensions" => change.dimensions = edit(self.dimensions),
                "unit_scale" => change.unit_scale = Some(self.unit_scale),
                "stock_policy" => change.stock_policy = Some(self.stock_policy),
                "tracking" => change.tracking = Some(self.tracking),
                "hs_code" => change.hs_code = edit(self.hs_code.clone()),
                "origin_country" => change.origin_country = edit(self.origin_country.clone()),
                "ships_alone" => change.ships_alone = Some(self.ships_alone),
                other => return Err(never_changes(other)),
            }
        }
        Ok(Command::UpdateSku(UpdateSku {
            sku: id_of(id)?,
            expected: None,
            change,
        }))
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

    async fn find(local: &Local, codes: &[String]) -> Result<Vec<There<Self>>, Failure> {
        let reference = local.reference().await?;
        Ok((codes.iter())
            .filter_map(|code| reference.location_by_code(code))
            .map(|location| There {
                id: location.id.to_string(),
                form: forms::of_location(location),
            })
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

    fn change(&self, id: &str, fields: &[String]) -> Result<Command, Rejection> {
        let mut change = LocationChange::default();
        let place = &self.place;
        for field in fields {
            match field.as_str() {
                "name" => change.name = edit(self.name.clone()),
                "country" => change.country = Some(place.country.clone()),
                "region" => change.region = edit(place.region.clone()),
                "postal_code" => change.postal = edit(place.postal.clone()),
                "city" => change.city = edit(self.city.clone()),
                "latitude_e6" | "longitude_e6" => change.at = edit(place.at),
                "time_zone" => change.time_zone = Some(self.time_zone.clone()),
                "daily_capacity" => change.daily_capacity = edit(self.daily_capacity),
                other => return Err(never_changes(other)),
            }
        }
        Ok(Command::UpdateLocation(UpdateLocation {
            location: id_of(id)?,
            expected: None,
            change,
        }))
    }
}

fn edit<T>(value: Option<T>) -> Edit<T> {
    value.map_or(Edit::Clear, Edit::Set)
}

fn never_changes(field: &str) -> Rejection {
    Rejection::field(
        format!("/{field}"),
        "differs from what is there, and never changes",
    )
}

fn id_of<I: std::str::FromStr<Err: std::fmt::Display>>(id: &str) -> Result<I, Rejection> {
    id.parse()
        .map_err(|error| Rejection::new(Code::Internal, format!("{id}: {error}")))
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
            | Row::Lots { .. }
            | Row::Signal { .. }
            | Row::Counter { .. } => {}
        }
    }
    Ok(skus)
}
