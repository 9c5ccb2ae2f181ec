//! The thread that owns the writing connection: commits, views, and the loads of batches.
//!
//! It is the only writer, so it keeps every organization's head in memory and reads it from the
//! database once. Commits that wait together share one transaction and one flush to the disk; a
//! conflict undoes only its own part.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ordo_domain::id::{BatchId, OrganizationId};
use ordo_domain::time::Timestamp;
use ordo_store::{CommitError, Committed, Head, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::cells::Cells;
use crate::checkpoint::{self, Gathering};
use crate::commit::{self, Batch, Undone};
use crate::error::Fault;
use crate::health::Health;
use crate::keys::{Id, NOBODY, ORGANIZATIONS_MAX, id};
use crate::load::Kept;
use crate::log;
use crate::queue::Queue;
use crate::signals::Signals;

/// At most this many commits share a transaction.
const GROUP_MAX: usize = 64;

/// What the thread is asked to do.
pub(crate) enum Job {
    /// A batch to write.
    Commit(Box<Batch>, oneshot::Sender<Answer>),
    /// Anything else.
    Call(Box<dyn FnOnce(&mut Writer) + Send>),
}

type Answer = Result<Committed, CommitError>;

/// The connection with what is known of the database.
pub(crate) struct Writer {
    pub(crate) conn: Connection,
    signals: Signals,
    cells: Cells,
    pub(crate) gathering: Gathering,
    health: Arc<Health>,
    /// Whether the WAL was cut after a flush that failed.
    is_cut: bool,
    heads: HashMap<OrganizationId, Numbered>,
    next_organization: i64,
}

/// An organization's number in this file, and its head.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    number: i64,
    head: Head,
}

impl Writer {
    pub(crate) fn new(
        conn: Connection,
        gathering: Gathering,
        health: Arc<Health>,
    ) -> Result<Self, Fault> {
        let mut writer = Self {
            signals: Signals::read(&conn)?,
            cells: Cells::default(),
            conn,
            gathering,
            health,
            is_cut: false,
            heads: HashMap::new(),
            next_organization: 1,
        };
        writer.read_heads()?;
        Ok(writer)
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self, queue: &Queue<Job>) {
        while let Some(job) = queue.take() {
            // A panic is a bug of ours. Those who waited learn of it by their channels; everybody
            // else is served on from what the database says.
            let done = catch_unwind(AssertUnwindSafe(|| self.work(job, queue)));
            if done.is_err() || !self.conn.is_autocommit() {
                self.recover();
            }
            if !self.health.is_good() && !self.is_cut {
                self.cut();
            }
        }
        checkpoint::leave(&self.conn, &self.health);
    }

    fn work(&mut self, job: Job, queue: &Queue<Job>) {
        let before = self.conn.total_changes();
        self.answer(job, queue);
        if self.conn.total_changes() != before
            && let Err(fault) = self.gathering.check(&self.conn)
        {
            tracing::warn!(error = %fault, "the WAL could not be looked at");
        }
    }

    fn answer(&mut self, job: Job, queue: &Queue<Job>) {
        match job {
            Job::Call(call) => call(self),
            Job::Commit(batch, answer) => {
                let mut group = vec![(batch, answer)];
                while group.len() < GROUP_MAX
                    && let Some(Job::Commit(batch, answer)) = queue.take_commit()
                {
                    group.push((batch, answer));
                }
                self.commit(group);
            }
        }
    }

    /// The number of an organization; one under which nothing is stored where it has none.
    pub(crate) fn number(&self, organization: OrganizationId) -> i64 {
        self.heads
            .get(&organization)
            .map_or(NOBODY, |numbered| numbered.number)
    }

    /// The number of an organization, which gets a head within the transaction at hand where it has
    /// none.
    pub(crate) fn number_or_new(&mut self, organization: OrganizationId) -> Result<i64, Fault> {
        if let Some(numbered) = self.heads.get(&organization) {
            return Ok(numbered.number);
        }
        let number = self.next_organization;
        if number >= ORGANIZATIONS_MAX {
            return Err(Fault::Full(
                "the database has no room for another organization",
            ));
        }
        commit::save_head(&self.conn, number, organization, Head::default())?;
        Ok(number)
    }

    /// Whose each number is.
    pub(crate) fn organizations_by_number(&self) -> HashMap<i64, OrganizationId> {
        let heads = self.heads.iter();
        heads.map(|(id, numbered)| (numbered.number, *id)).collect()
    }

    /// Runs `call` in a transaction that is committed where it answers `Ok`.
    pub(crate) fn within<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.health.check()?;
        self.execute("BEGIN IMMEDIATE")?;
        let done = call(self).and_then(|value| {
            self.execute("COMMIT")?;
            Ok(value)
        });
        if done.is_err() {
            undo(&self.conn)?;
        }
        done
    }

    /// Runs `call` on one snapshot: the locks of reading are taken once, not per statement.
    pub(crate) fn reading<T>(
        &mut self,
        call: impl FnOnce(&Connection, Kept<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.execute("BEGIN")?;
        let kept = Kept {
            signals: &self.signals,
            cells: &mut self.cells,
        };
        let answer = call(&self.conn, kept);
        undo(&self.conn)?;
        answer
    }

    /// Replaces the organization's own points, and counts up the version of its reference.
    pub(crate) fn save_points(
        &mut self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), Fault> {
        let number = self.number(organization);
        self.within(|writer| {
            let conn = &writer.conn;
            conn.prepare_cached("DELETE FROM points WHERE organization = ?1")?
                .execute(params![number])?;
            let mut insert = conn.prepare_cached(
                "INSERT INTO points (organization, part, body) VALUES (?1, ?2, ?3)",
            )?;
            for (part, body) in (0_i64..).zip(parts) {
                insert.execute(params![number, part, body])?;
            }
            conn.prepare_cached(
                "UPDATE heads SET reference_version = reference_version + 1 WHERE organization = ?1",
            )?
            .execute(params![number])?;
            Ok(())
        })?;
        self.read_heads()
    }

    /// Whether a batch was committed; where it was not, takes its id, so that it never will be.
    pub(crate) fn resolve(
        &mut self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, Fault> {
        let found = find_batch(&self.conn, self.number(organization), batch)?;
        if let Some(outcome) = found {
            return Ok(outcome);
        }
        self.within(|writer| {
            let number = writer.number_or_new(organization)?;
            give_up_batch(&writer.conn, number, batch)
        })?;
        self.read_heads()?;
        Ok(None)
    }

    /// Commits batches together; each is answered once all that was written is on the disk.
    fn commit(&mut self, group: Vec<(Box<Batch>, oneshot::Sender<Answer>)>) {
        let before: Vec<(OrganizationId, Option<Numbered>)> = (group.iter())
            .map(|(batch, _)| batch.organization)
            .map(|organization| (organization, self.heads.get(&organization).copied()))
            .collect();
        let next_before = self.next_organization;
        let mark = self.signals.mark();
        let outcomes = self.write_group(&group);
        let failed = match outcomes {
            Ok(outcomes) => {
                self.signals.keep();
                for ((batch, answer), outcome) in group.into_iter().zip(outcomes) {
                    if outcome.is_ok() {
                        let number = self.number(batch.organization);
                        self.cells.change(number, &batch.cells);
                    }
                    // Nobody listens where the caller gave up waiting; the commit stands.
                    let _ = answer.send(outcome);
                }
                return;
            }
            Err(failed) => failed,
        };
        for (organization, numbered) in before {
            match numbered {
                Some(numbered) => self.heads.insert(organization, numbered),
                None => self.heads.remove(&organization),
            };
        }
        self.next_organization = next_before;
        self.signals.undo_to(mark);
        for (_, answer) in group {
            let _ = answer.send(Err(failed.clone()));
        }
    }

    /// Writes all batches that stand and commits. `Err` where nothing was written of any of them,
    /// or where nobody can tell.
    fn write_group(
        &mut self,
        group: &[(Box<Batch>, oneshot::Sender<Answer>)],
    ) -> Result<Vec<Answer>, CommitError> {
        let store = |fault: Fault| CommitError::Store(fault.into());
        let is_alone = group.len() == 1;
        self.health.check().map_err(store)?;
        self.execute("BEGIN IMMEDIATE").map_err(store)?;
        let mut outcomes: Vec<Answer> = Vec::with_capacity(group.len());
        for (batch, _) in group {
            if !is_alone {
                self.execute("SAVEPOINT batch").map_err(store)?;
            }
            let outcome = self.write_batch(batch);
            if !is_alone {
                if outcome.is_err() {
                    self.execute("ROLLBACK TO batch").map_err(store)?;
                }
                self.execute("RELEASE batch").map_err(store)?;
            }
            outcomes.push(outcome);
        }
        if outcomes.iter().all(Result::is_err) {
            undo(&self.conn).map_err(store)?;
            return Ok(outcomes);
        }
        // A COMMIT that fails may have reached the disk: the caller settles it by the batch's id.
        self.execute("COMMIT")
            .map_err(|fault| CommitError::Unknown(fault.to_string()))?;
        Ok(outcomes)
    }

    fn write_batch(&mut self, batch: &Batch) -> Answer {
        let known = self.heads.get(&batch.organization).copied();
        let Numbered { number, head } = known.unwrap_or(Numbered {
            number: self.next_organization,
            head: Head::default(),
        });
        let mark = self.signals.mark();
        let written = commit::write(&self.conn, &mut self.signals, number, head, batch);
        if written.is_err() {
            self.signals.undo_to(mark);
        }
        match written {
            Ok((committed, head)) => {
                self.heads
                    .insert(batch.organization, Numbered { number, head });
                self.next_organization = self.next_organization.max(number + 1);
                Ok(committed)
            }
            Err(Undone::Conflict(conflict)) => Err(CommitError::Conflict(conflict)),
            Err(Undone::Fault(fault)) => Err(CommitError::Store(fault.into())),
        }
    }

    fn execute(&self, sql: &'static str) -> Result<(), Fault> {
        let executed = self.conn.prepare_cached(sql)?.execute(());
        executed.map_err(|error| self.health.note(error.into()))?;
        Ok(())
    }

    /// Takes the commit whose flush failed off the WAL. Nobody knows how much of it is on the disk; the
    /// next start must not take for whole what a power loss would then take apart.
    fn cut(&mut self) {
        self.is_cut = true;
        if let Err(error) = checkpoint::cut(&self.conn) {
            tracing::error!(error = %error, "the commit that was not flushed stays in the WAL");
        }
    }

    /// Ends a transaction that was left open and reads what is cached anew.
    fn recover(&mut self) {
        let read = undo(&self.conn).and_then(|()| {
            self.signals = Signals::read(&self.conn)?;
            self.cells = Cells::default();
            self.read_heads()
        });
        if let Err(fault) = read {
            tracing::error!(error = %fault, "the database could not be read after a failure");
        }
    }

    pub(crate) fn read_heads(&mut self) -> Result<(), Fault> {
        let mut statement = self.conn.prepare_cached(
            "SELECT organization, id, position, order_number, last_at, reference_version FROM heads",
        )?;
        let rows = statement.query_map((), |row| {
            let numbered = Numbered {
                number: row.get(0)?,
                head: log::head_from(row, 2)?,
            };
            Ok((id(row, 1)?, numbered))
        })?;
        self.heads = rows.collect::<rusqlite::Result<_>>()?;
        let numbers = self.heads.values().map(|numbered| numbered.number);
        self.next_organization = numbers.max().unwrap_or(0) + 1;
        Ok(())
    }
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        Self::Store(StoreError::from(fault))
    }
}

/// Ends the transaction at hand without a trace. SQLite itself ends one that met a grave error.
pub(crate) fn undo(conn: &Connection) -> Result<(), Fault> {
    if !conn.is_autocommit() {
        conn.prepare_cached("ROLLBACK")?.execute(())?;
    }
    Ok(())
}

/// What became of a batch: `None` where its id is not there, `Some(None)` where it was given up.
fn find_batch(
    conn: &Connection,
    organization: i64,
    batch: BatchId,
) -> Result<Option<Option<Committed>>, Fault> {
    let found = conn
        .prepare_cached(
            "SELECT first_position, first_number, recorded_at FROM batches \
             WHERE organization = ?1 AND id = ?2",
        )?
        .query_row(params![organization, Id::of(batch)], |row| {
            let Some(first_position) = row.get(0)? else {
                return Ok(None);
            };
            Ok(Some(Committed {
                first_position,
                first_number: row.get(1)?,
                recorded_at: Timestamp::from_micros(row.get(2)?),
            }))
        })
        .optional()?;
    Ok(found)
}

fn give_up_batch(conn: &Connection, organization: i64, batch: BatchId) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO batches (organization, id, recorded_at) \
         VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000000 AS INTEGER))",
    )?
    .execute(params![organization, Id::of(batch)])?;
    Ok(())
}
