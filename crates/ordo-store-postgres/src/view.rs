//! Writes a consumer's results with its cursor.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordo_domain::money::Currency;
use ordo_store::{StoreError, ViewWrite};
use tokio_postgres::Error;

use crate::connection::Step;
use crate::failure;
use crate::flight::{Params, params};
use crate::pool::{Lease, Pool};
use crate::records::each;
use crate::values::Uuid;

/// Writes `view` unless the cursor has moved.
///
/// The commit does not wait for the disk: what a crash takes back is results and cursor together,
/// and the consumer does them again.
pub async fn save(writers: &Arc<Pool>, view: &ViewWrite) -> Result<bool, StoreError> {
    let lease = writers.lease().await?;
    // As with a batch, a caller that goes away does not take the transaction along.
    let task = tokio::spawn(write(lease, steps(view)));
    match task.await {
        Ok(outcome) => outcome.map_err(|error| failure::reading(&error)),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

async fn write(mut lease: Lease, steps: Vec<Step>) -> Result<bool, Error> {
    let outcome = transact(&mut lease, &steps).await;
    lease.settle(outcome)
}

async fn transact(lease: &mut Lease, steps: &[Step]) -> Result<bool, Error> {
    let answers = lease.query(steps).await;
    let moved = matches!(&answers, Ok(answers) if answers[MOVE].affected == 1);
    let end = if moved { "COMMIT" } else { "ROLLBACK" };
    let ended = lease.query(&[step(end, params![])]).await;
    answers.and(ended)?;
    Ok(moved)
}

/// The step that moves the cursor.
const MOVE: usize = 3;

fn steps(view: &ViewWrite) -> Vec<Step> {
    let whose = || Uuid(view.organization.to_u128());
    let consumer = || view.consumer.to_owned();
    let mut steps = vec![
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
    ];
    if !view.terms.is_empty() {
        let mut terms = view.terms.clone();
        terms.sort_unstable();
        terms.dedup();
        // Terms are kept by the order's number, which is known by now.
        steps.push(step(
            "INSERT INTO terms (organization, hash, number)
             SELECT $1::uuid, t.hash, o.number
             FROM unnest($2::bigint[], $3::uuid[]) WITH ORDINALITY AS t (hash, id, n)
             CROSS JOIN LATERAL (
                 SELECT number FROM orders WHERE organization = $1 AND id = t.id
                 OFFSET 0) AS o
             ON CONFLICT DO NOTHING",
            params![
                whose(),
                each(&terms, |term| term.hash),
                each(&terms, |term| Uuid(term.order.to_u128())),
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
    steps
}

/// Sums that go to one row, as one: a statement may touch a row only once.
fn rollups(view: &ViewWrite) -> Params {
    type RollupKey = (i32, u128, i16, Currency);
    let mut sums: BTreeMap<RollupKey, (i64, i64)> = BTreeMap::new();
    for rollup in &view.rollups {
        let measure = i16::from(rollup.measure.number());
        let key = (
            rollup.day,
            rollup.channel.to_u128(),
            measure,
            rollup.currency,
        );
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
