//! Writes a consumer's results with its cursor.
//!
//! Terms are kept by the number of their order. Almost all come with an order that has none yet, and
//! those are inserted without asking whether they are there; up to which number that must be asked
//! stands in the table `indexed`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ordo_domain::money::Currency;
use ordo_store::{StoreError, ViewWrite};
use tokio_postgres::Error;

use crate::agenda;
use crate::connection::Step;
use crate::failure;
use crate::flight::{Answer, Params, params};
use crate::pool::{Lease, Pool};
use crate::records::each;
use crate::rows::get;
use crate::values::Uuid;

/// Writes `view` unless the cursor has moved.
///
/// The commit does not wait for the disk: what a crash takes back is results and cursor together,
/// and the consumer does them again.
pub async fn save(writers: &Arc<Pool>, view: &ViewWrite) -> Result<bool, StoreError> {
    let lease = writers.lease().await?;
    // As with a batch, a caller that goes away does not take the transaction along.
    match tokio::spawn(write(lease, view.clone())).await {
        Ok(outcome) => outcome,
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

async fn write(mut lease: Lease, view: ViewWrite) -> Result<bool, StoreError> {
    let begun = lease.query(&begin(&view)).await;
    let moved = matches!(&begun, Ok(answers) if answers[MOVE].affected == 1);
    let written = match begun {
        Ok(answers) if moved => match found(&answers) {
            Ok(found) => lease.query(&results(&view, &found)).await.map(|_| ()),
            Err(error) => {
                lease.end();
                return Err(error);
            }
        },
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    let end = if moved && written.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    let ended = lease.query(&[step(end, params![])]).await.map(|_| ());
    let outcome = lease.settle(written.and(ended));
    outcome.map_err(|error: Error| failure::reading(&error))?;
    Ok(moved)
}

/// The steps of [`begin`] whose answers are read.
const MOVE: usize = 3;
const INDEXED: usize = 4;
const NUMBERS: usize = 5;

/// Moves the cursor and asks for what the terms need.
fn begin(view: &ViewWrite) -> Vec<Step> {
    let whose = || Uuid(view.organization.to_u128());
    let consumer = || view.consumer.to_owned();
    let mut orders = each(&view.terms, |term| Uuid(term.order.to_u128()));
    orders.sort_unstable();
    orders.dedup();
    vec![
        step("BEGIN ISOLATION LEVEL READ COMMITTED", params![]),
        step("SET LOCAL synchronous_commit = off", params![]),
        step(
            "INSERT INTO cursors (organization, consumer, position) VALUES ($1, $2, 0)
             ON CONFLICT DO NOTHING",
            params![whose(), consumer()],
        ),
        step(
            "UPDATE cursors SET position = $4
             WHERE organization = $1 AND consumer = $2 AND position = $3",
            params![whose(), consumer(), view.after, view.upto],
        ),
        step(
            "SELECT number FROM indexed WHERE organization = $1 FOR UPDATE",
            params![whose()],
        ),
        step(
            "SELECT id, number FROM orders WHERE organization = $1 AND id = ANY($2)",
            params![whose(), orders],
        ),
    ]
}

/// What [`begin`] was told.
struct Found {
    /// Orders with greater numbers have no terms yet.
    indexed: i64,
    /// By order.
    numbers: HashMap<Uuid, i64>,
}

fn found(answers: &[Answer]) -> Result<Found, StoreError> {
    let indexed = answers[INDEXED].rows.first();
    let numbers = answers[NUMBERS].rows.iter();
    Ok(Found {
        indexed: indexed.map_or(Ok(0), |row| get(row, 0))?,
        numbers: numbers
            .map(|row| Ok((get(row, 0)?, get(row, 1)?)))
            .collect::<Result<_, StoreError>>()?,
    })
}

/// Terms, movements and sums.
fn results(view: &ViewWrite, found: &Found) -> Vec<Step> {
    let whose = || Uuid(view.organization.to_u128());
    let mut terms: Vec<(i64, i64)> = (view.terms.iter())
        .filter_map(|term| {
            let number = found.numbers.get(&Uuid(term.order.to_u128()))?;
            Some((term.hash, *number))
        })
        .collect();
    terms.sort_unstable();
    terms.dedup();
    let last = terms.iter().map(|(_, number)| *number).max();
    let (new, old): (Vec<_>, Vec<_>) =
        (terms.into_iter()).partition(|(_, number)| *number > found.indexed);
    let mut steps = Vec::new();
    if !new.is_empty() {
        steps.push(step(
            "INSERT INTO terms (organization, hash, number)
             SELECT $1::uuid, unnest($2::bigint[]), unnest($3::bigint[])",
            params![
                whose(),
                each(&new, |(hash, _)| *hash),
                each(&new, |(_, number)| *number),
            ],
        ));
    }
    if !old.is_empty() {
        steps.push(step(
            "INSERT INTO terms (organization, hash, number)
             SELECT $1::uuid, unnest($2::bigint[]), unnest($3::bigint[])
             ON CONFLICT DO NOTHING",
            params![
                whose(),
                each(&old, |(hash, _)| *hash),
                each(&old, |(_, number)| *number),
            ],
        ));
    }
    if let Some(last) = last.filter(|last| *last > found.indexed) {
        steps.push(step(
            "INSERT INTO indexed AS i (organization, number) VALUES ($1, $2)
             ON CONFLICT (organization)
             DO UPDATE SET number = greatest(i.number, excluded.number)",
            params![whose(), last],
        ));
    }
    if !view.movements.is_empty() {
        let movements = &view.movements;
        steps.push(step(
            "INSERT INTO movements (organization, sku, position, line, location)
             SELECT $1::uuid, unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::integer[]),
                    unnest($5::uuid[])
             ON CONFLICT DO NOTHING",
            params![
                whose(),
                each(movements, |of| Uuid(of.sku.to_u128())),
                each(movements, |of| of.place.position),
                each(movements, |of| of.place.line),
                each(movements, |of| Uuid(of.location.to_u128())),
            ],
        ));
    }
    if !view.rollups.is_empty() {
        steps.push(step(
            "INSERT INTO rollups AS r
                 (organization, day, channel, measure, currency, count, amount)
             SELECT $1::uuid, unnest($2::integer[]), unnest($3::uuid[]), unnest($4::smallint[]),
                    unnest($5::text[]), unnest($6::bigint[]), unnest($7::bigint[])
             ON CONFLICT (organization, day, channel, measure, currency)
             DO UPDATE SET count = r.count + excluded.count, amount = r.amount + excluded.amount",
            rollups(view),
        ));
    }
    if !view.waits.is_empty() {
        steps.push(agenda::insert_waits(view.organization, &view.waits));
    }
    if !view.tasks.is_empty() {
        steps.push(agenda::insert_tasks(
            view.organization,
            view.at,
            &view.tasks,
        ));
    }
    steps
}

/// Sums that go to one row, as one: a statement may touch a row only once.
fn rollups(view: &ViewWrite) -> Params {
    type RollupKey = (i32, u128, i16, Currency);
    let mut sums: BTreeMap<RollupKey, (i64, i64)> = BTreeMap::new();
    for rollup in &view.rollups {
        let measure = i16::from(rollup.measure.number());
        let channel = rollup.channel.to_u128();
        let key = (rollup.day, channel, measure, rollup.currency);
        let (count, amount) = sums.entry(key).or_default();
        *count += rollup.count;
        *amount += rollup.amount;
    }
    let sums: Vec<(RollupKey, (i64, i64))> = sums.into_iter().collect();
    params![
        Uuid(view.organization.to_u128()),
        each(&sums, |(key, _)| key.0),
        each(&sums, |(key, _)| Uuid(key.1)),
        each(&sums, |(key, _)| key.2),
        each(&sums, |(key, _)| key.3.to_string()),
        each(&sums, |(_, sum)| sum.0),
        each(&sums, |(_, sum)| sum.1),
    ]
}

fn step(sql: &'static str, params: Params) -> Step {
    Step { sql, params }
}
