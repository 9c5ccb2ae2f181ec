//! Commits a batch: all statements in one flight, their answers checked, then COMMIT.

mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordo_domain::id::{BatchId, OrganizationId};
use ordo_domain::time::Timestamp;
use ordo_store::log::FIRST_ORDER_NUMBER;
use ordo_store::{Commit, CommitError, Committed, Conflict, StoreError};
use tokio_postgres::Error;

use crate::connection::{Connection, Step};
use crate::failure::{self, ends_connection};
use crate::flight::{Answer, params};
use crate::pool::{Lease, Pool};
use crate::rows::{get, instant};
use crate::values::Uuid;
use plan::Plan;

/// What a statement's answer must say for the batch to hold.
pub enum Check {
    /// It need only succeed.
    Nothing,
    /// This many rows were written.
    Rows(u64, Conflict),
    /// These records are there with these versions.
    Versions(BTreeMap<Uuid, i64>),
    /// Cells (SKU, location, owner) of which nothing is promised twice, or comes out of quarantine
    /// that was not in it.
    Headroom {
        promised: BTreeSet<(Uuid, Uuid, Uuid)>,
        unquarantined: BTreeSet<(Uuid, Uuid, Uuid)>,
    },
    /// These counters (kind, id, day) are at most so high.
    Limits(BTreeMap<(i16, Uuid, i32), i64>),
    /// The reference is at this version.
    Head {
        /// As it is after the batch.
        reference_version: i64,
    },
}

/// Writes everything or nothing.
///
/// The transaction runs in a task of its own: a caller that goes away does not take it along.
pub async fn commit(writers: &Arc<Pool>, commit: &Commit) -> Result<Committed, CommitError> {
    let lease = writers.lease().await?;
    let plan = Plan::of(commit);
    let batch = Batch {
        events: commit.changes.events.len(),
        orders: (commit.changes.records.iter())
            .filter(|write| write.kind == ordo_domain::record::RecordKind::Order)
            .filter(|write| write.loaded == 0)
            .count(),
    };
    let task = tokio::spawn(write(lease, plan, batch));
    match task.await {
        Ok(outcome) => outcome,
        Err(error) => Err(CommitError::Unknown(error.to_string())),
    }
}

/// How much of what the head row counts is in the batch.
struct Batch {
    events: usize,
    orders: usize,
}

async fn write(mut lease: Lease, plan: Plan, batch: Batch) -> Result<Committed, CommitError> {
    let answers = match lease.fly(&plan.steps).await {
        Ok(answers) => answers,
        Err(error) => {
            let outcome = lease.settle(Err(error));
            return outcome.map_err(|error| failure::writing(&error));
        }
    };
    let head = match judge(answers, &plan.checks) {
        Ok(head) => head,
        Err(refusal) => return Err(roll_back(lease, refusal).await),
    };
    lease.take_warning();
    let ended = lease.query(&[step("COMMIT")]).await;
    let warned = lease.take_warning();
    if let Err(error) = lease.settle(ended) {
        return Err(failure::committing(&error));
    }
    if warned {
        // The server gave up waiting for its standby: what it calls committed may yet be lost.
        return Err(CommitError::Unknown("committed with a warning".to_owned()));
    }
    Ok(head.before(&batch))
}

/// Why a batch is taken back.
enum Refusal {
    Conflict(Conflict),
    Failed(Error),
    Read(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Read(error)
    }
}

/// The head row after the batch.
#[derive(Debug, Default)]
struct HeadRow {
    position: i64,
    order_number: i64,
    last_at: Timestamp,
}

impl HeadRow {
    fn before(&self, batch: &Batch) -> Committed {
        Committed {
            first_position: self.position - batch.events as i64 + 1,
            first_number: (self.order_number - batch.orders as i64 + 1).max(FIRST_ORDER_NUMBER),
            recorded_at: self.last_at,
        }
    }
}

/// Looks at the answers in order; the first that is not as it must be decides.
fn judge(answers: Vec<Result<Answer, Error>>, checks: &[Check]) -> Result<HeadRow, Refusal> {
    let mut head = HeadRow::default();
    for (answer, check) in answers.into_iter().zip(checks) {
        let answer = answer.map_err(Refusal::Failed)?;
        match check {
            Check::Nothing => {}
            Check::Rows(expected, conflict) => {
                require(answer.affected == *expected, *conflict)?;
            }
            Check::Versions(versions) => {
                let there = versions.values().filter(|version| **version > 0).count();
                require(answer.rows.len() == there, Conflict::Stale)?;
                for row in &answer.rows {
                    let stored: i64 = get(row, 1)?;
                    let decided = versions.get(&get(row, 0)?);
                    require(decided == Some(&stored), Conflict::Stale)?;
                }
            }
            Check::Headroom {
                promised,
                unquarantined,
            } => {
                for row in &answer.rows {
                    let (available, quarantined): (i64, i64) = (get(row, 3)?, get(row, 4)?);
                    if available < 0 || quarantined < 0 {
                        let cell = (get(row, 0)?, get(row, 1)?, get(row, 2)?);
                        let lacks = (available < 0 && promised.contains(&cell))
                            || (quarantined < 0 && unquarantined.contains(&cell));
                        require(!lacks, Conflict::Headroom)?;
                    }
                }
            }
            Check::Limits(limits) => {
                for row in &answer.rows {
                    let value: i64 = get(row, 3)?;
                    let limit = limits.get(&(get(row, 0)?, get(row, 1)?, get(row, 2)?));
                    require(
                        limit.is_none_or(|limit| value <= *limit),
                        Conflict::Headroom,
                    )?;
                }
            }
            Check::Head { reference_version } => {
                let [row] = answer.rows.as_slice() else {
                    return Err(failure::corrupt("a head", "more than one").into());
                };
                let version: i64 = get(row, 3)?;
                require(version == *reference_version, Conflict::Reference)?;
                head = HeadRow {
                    position: get(row, 0)?,
                    order_number: get(row, 1)?,
                    last_at: instant(row, 2)?,
                };
            }
        }
    }
    Ok(head)
}

fn require(holds: bool, otherwise: Conflict) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::Conflict(otherwise))
    }
}

/// Takes everything back. COMMIT was not sent, so whatever happens here nothing is written.
async fn roll_back(mut lease: Lease, refusal: Refusal) -> CommitError {
    let error = match refusal {
        Refusal::Conflict(conflict) => CommitError::Conflict(conflict),
        Refusal::Read(error) => error.into(),
        Refusal::Failed(error) if ends_connection(&error) => {
            lease.end();
            return failure::writing(&error);
        }
        Refusal::Failed(error) => failure::writing(&error),
    };
    let rolled_back = lease.query(&[step("ROLLBACK")]).await;
    if let Err(late) = lease.settle(rolled_back) {
        tracing::debug!(error = failure::text(&late), "a rollback was not answered");
    }
    error
}

/// Settles an unknown commit: takes the batch's place unless it is there.
///
/// The insert waits for a transaction that is still under way. Where the batch is found its row is
/// written again, so that this transaction waits for the same standbys as the batch should have.
pub async fn resolve(
    mut fresh: Connection,
    organization: OrganizationId,
    batch: BatchId,
) -> Result<Option<Committed>, StoreError> {
    let step = Step {
        sql: "INSERT INTO batches AS b (organization, id, at)
              VALUES ($1, $2, (extract(epoch FROM now()) * 1000000)::bigint)
              ON CONFLICT (organization, id) DO UPDATE SET id = excluded.id
              RETURNING first_position, first_number, recorded_at",
        params: params![Uuid(organization.to_u128()), Uuid(batch.to_u128())],
    };
    let answers = fresh.query(&[step]).await;
    let answers = answers.map_err(|error| failure::reading(&error))?;
    if fresh.take_warning() {
        let late = "the standby has not confirmed the batch".to_owned();
        return Err(StoreError::Unavailable(late));
    }
    let [row] = answers[0].rows.as_slice() else {
        return Err(failure::corrupt("a batch", "no row came back"));
    };
    if get::<Option<i64>>(row, 0)?.is_none() {
        return Ok(None);
    }
    Ok(Some(Committed {
        first_position: get(row, 0)?,
        first_number: get(row, 1)?,
        recorded_at: instant(row, 2)?,
    }))
}

fn step(sql: &'static str) -> Step {
    Step {
        sql,
        params: Vec::new(),
    }
}
