//! Reads records for the routes that show them: one by its id, or a page of a kind. Reads of the view
//! wait for it here.

use std::time::Duration;

use axum::response::Response;
use ordo_domain::id::OrganizationId;
use ordo_domain::record::Record;
use ordo_domain::world::{Key, Row, StoredRecord};
use ordo_domain::{Code, Refusal, World};
use ordo_engine::Backend;
use ordo_store::StoreError;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{Params, min_position};
use crate::problem::Problem;
use crate::wire::{self, Page, Show};

/// How long a read of the view waits for it to see what its reader has written.
const VIEW_WAIT: Duration = Duration::from_secs(1);
/// Times that something more is loaded for one question.
const ROUNDS_MAX: usize = 6;

/// Answers with the record whose id stands in the address; `ETag` is its version.
pub async fn one<R: Show>(ask: &Ask) -> Result<Response, Problem>
where
    R::Id: std::str::FromStr,
{
    Params::of(&ask.parts.uri)?.finish()?;
    let record: R = find(ask, ask.id("{id}")?).await?;
    let reference = ask.reference().await?;
    let json = wire::to_json(&record.show(&reference));
    Ok(answer::to_read_versioned(json, record.version()))
}

/// Answers with a page of all records of a kind, in the order of their ids.
pub async fn page<R: Show>(ask: &Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (limit, after) = (params.limit(), params.cursor(cursor::record));
    params.finish()?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let page = backend
        .list_records(organization, R::KIND, after, limit)
        .await?;
    let records: Vec<R> = (page.items.iter())
        .map(|(_, stored)| decode(stored))
        .collect::<Result<_, _>>()?;
    let reference = ask.reference().await?;
    Ok(answer::to_read(&Page {
        items: records
            .iter()
            .map(|record| record.show(&reference))
            .collect(),
        next_cursor: page.next.map(cursor::of_record),
    }))
}

/// Waits until the view has seen the position that the reader names by `Ordo-Min-Position`.
///
/// # Errors
/// `view_behind` where that takes longer than a second.
pub async fn await_view(ask: &Ask) -> Result<(), Problem> {
    let Some(position) = min_position(&ask.parts)? else {
        return Ok(());
    };
    let engine = &ask.app.engine;
    match engine
        .view_caught_up(ask.organization(), position, VIEW_WAIT)
        .await
    {
        true => Ok(()),
        false => Err(Problem::new(
            Code::ViewBehind,
            "what is asked for has not been seen up to this position within a second",
        )),
    }
}

/// The record with this id.
///
/// # Errors
/// `not_found` where the caller's organization has none.
pub async fn find<R: Record>(ask: &Ask, id: R::Id) -> Result<R, Problem> {
    match find_stored::<R>(ask, id).await? {
        Some(stored) => Ok(decode(&stored)?),
        None => Err(Problem::not_found()),
    }
}

/// The record with this id as it is stored.
pub async fn find_stored<R: Record>(
    ask: &Ask,
    id: R::Id,
) -> Result<Option<StoredRecord>, StoreError> {
    let (kind, id) = (R::KIND, id.into());
    let key = Key::Record { kind, id };
    let rows = ask.backend().load(ask.organization(), &[key]).await?;
    Ok(rows.into_iter().find_map(found))
}

/// What `question` answers over a world that holds all it reads.
///
/// # Errors
/// It is refused, the store fails, or it asks for ever more.
pub async fn over_world<T>(
    ask: &Ask,
    question: impl Fn(&World) -> Result<T, Refusal>,
) -> Result<T, Problem> {
    let mut world = World::new(ask.reference().await?);
    for _ in 0..ROUNDS_MAX {
        match question(&world) {
            Ok(found) => return Ok(found),
            Err(Refusal::Rejected(rejection)) => return Err(rejection.into()),
            Err(Refusal::Needs(keys)) => {
                for row in ask.backend().load(ask.organization(), &keys).await? {
                    let supplied = world.supply(row);
                    supplied.map_err(|error| StoreError::Corrupt(error.to_string()))?;
                }
            }
        }
    }
    Err(Problem::new(
        Code::Internal,
        "the question asks for ever more",
    ))
}

/// The records with these ids that are there, in their order.
///
/// # Errors
/// The store fails or holds something that cannot be read.
pub async fn all<R: Record>(
    backend: &dyn Backend,
    organization: OrganizationId,
    ids: &[R::Id],
) -> Result<Vec<R>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let kind = R::KIND;
    let keys: Vec<Key> = (ids.iter())
        .map(|id| Key::Record {
            kind,
            id: (*id).into(),
        })
        .collect();
    let rows = backend.load(organization, &keys).await?;
    (rows.into_iter().filter_map(found))
        .map(|stored| decode(&stored))
        .collect()
}

/// The record that a row holds.
pub fn found(row: Row) -> Option<StoredRecord> {
    match row {
        Row::Record { found, .. } => found,
        Row::Claim { .. }
        | Row::SkuByCode { .. }
        | Row::Sku { .. }
        | Row::Cells { .. }
        | Row::Lots { .. }
        | Row::Signal { .. }
        | Row::Counter { .. } => None,
    }
}

/// Reads a stored record.
pub fn decode<R: Record>(stored: &StoredRecord) -> Result<R, StoreError> {
    serde_json::from_str(&stored.body).map_err(|error| StoreError::Corrupt(error.to_string()))
}
