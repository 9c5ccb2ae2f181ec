//! What is still to be done: tasks with their leases, orders that wait, cells that are short.

use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;
use ordo_store::{
    Agenda, Page, StoreError, Task, TaskDraft, TaskEnd, TaskState, Wait, WaitFor, WaitKind,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Fault;
use crate::keys::{Id, NUMBER_MAX, Owner, id};
use crate::queue::Lane;
use crate::store::SqliteStore;

/// Adds tasks that are not there yet.
pub(crate) fn insert_tasks(
    conn: &Connection,
    organization: i64,
    at: Timestamp,
    tasks: &[TaskDraft],
) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO tasks (organization, id, kind, queue, position, state, attempts, fence, \
         due_at, created_at, body) VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', 0, 0, ?6, ?7, ?8) \
         ON CONFLICT DO NOTHING",
    )?;
    for task in tasks {
        statement.execute(params![
            organization,
            Id::of(task.id),
            task.kind,
            task.queue,
            task.position,
            task.due_at.as_micros(),
            at.as_micros(),
            task.body
        ])?;
    }
    Ok(())
}

/// Adds orders that wait; one that is not there waits for nothing.
pub(crate) fn insert_waits(
    conn: &Connection,
    organization: i64,
    waits: &[Wait],
) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO waits (organization, kind, key, number, order_id) \
         SELECT ?1, ?2, ?3, seq & ?5, id FROM orders WHERE organization = ?1 AND id = ?4 \
         ON CONFLICT DO NOTHING",
    )?;
    for wait in waits {
        statement.execute(params![
            organization,
            wait.what.kind.number(),
            Id::of(wait.what.key),
            Id::of(wait.order),
            NUMBER_MAX - 1
        ])?;
    }
    Ok(())
}

const COLUMNS: &str = "id, kind, queue, position, state, attempts, fence, due_at, created_at, \
     error, body";

fn task(organization: OrganizationId, row: &Row<'_>) -> rusqlite::Result<Task> {
    let state: String = row.get(4)?;
    Ok(Task {
        organization,
        id: id(row, 0)?,
        kind: row.get(1)?,
        queue: row.get(2)?,
        position: row.get(3)?,
        // Only names of states are ever written.
        state: TaskState::named(&state).unwrap_or(TaskState::Parked),
        attempts: row.get(5)?,
        fence: row.get(6)?,
        due_at: Timestamp::from_micros(row.get(7)?),
        created_at: Timestamp::from_micros(row.get(8)?),
        error: row.get(9)?,
        body: row.get(10)?,
    })
}

/// `'a', 'b'`: names of kinds are words of ours.
fn names(kinds: &[String]) -> String {
    let quoted: Vec<String> = kinds
        .iter()
        .map(|kind| format!("'{}'", kind.replace('\'', "")))
        .collect();
    quoted.join(", ")
}

fn owned(kinds: &[&str]) -> Vec<String> {
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

fn lease(
    conn: &Connection,
    kinds: &[String],
    at: i64,
    ends: i64,
    limit: usize,
) -> Result<Vec<(i64, Id)>, Fault> {
    let sql = format!(
        "UPDATE tasks SET fence = fence + 1, attempts = attempts + 1, due_at = ?2 \
         WHERE (organization, id) IN ( \
             SELECT organization, id FROM tasks AS t INDEXED BY tasks_due \
             WHERE state = 'waiting' AND due_at <= ?1 AND kind IN ({}) \
             AND NOT EXISTS (SELECT 1 FROM tasks AS e WHERE e.organization = t.organization \
                 AND e.queue = t.queue AND e.state = 'waiting' \
                 AND (e.position, e.id) < (t.position, t.id)) \
             ORDER BY due_at LIMIT ?3) \
         RETURNING organization, id",
        names(kinds)
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params![at, ends, limit as i64], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read_task(
    conn: &Connection,
    (organization, number): (OrganizationId, i64),
    id: Id,
) -> Result<Option<Task>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE organization = ?1 AND id = ?2");
    let found = conn
        .prepare_cached(&sql)?
        .query_row(params![number, id], |row| task(organization, row))
        .optional()?;
    Ok(found)
}

fn end(conn: &Connection, number: i64, id: Id, fence: i64, end: &TaskEnd) -> Result<bool, Fault> {
    let key = "WHERE organization = ?1 AND id = ?2 AND fence = ?3 AND state = 'waiting'";
    let run = |set: &str, more: &[&dyn rusqlite::ToSql]| -> Result<bool, Fault> {
        let mut values: Vec<&dyn rusqlite::ToSql> = vec![&number, &id, &fence];
        values.extend(more);
        let changed = conn
            .prepare_cached(&format!("{set} {key}"))?
            .execute(values.as_slice())?;
        Ok(changed == 1)
    };
    match end {
        TaskEnd::Gone => run("DELETE FROM tasks", &[]),
        TaskEnd::Done => run("UPDATE tasks SET state = 'done', error = NULL", &[]),
        TaskEnd::Next { body } => run(
            "UPDATE tasks SET body = ?4, due_at = 0, attempts = 0, error = NULL",
            &[body],
        ),
        TaskEnd::Again { due_at, error } => run(
            "UPDATE tasks SET due_at = ?4, error = ?5",
            &[&due_at.as_micros(), error],
        ),
        TaskEnd::Parked { error } => run("UPDATE tasks SET state = 'parked', error = ?4", &[error]),
    }
}

#[async_trait]
impl Agenda for SqliteStore {
    async fn add_tasks(
        &self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) -> Result<(), StoreError> {
        let tasks = tasks.to_vec();
        self.write(Lane::Second, move |writer| {
            let added = writer.within(|writer| {
                let number = writer.number_or_new(organization)?;
                insert_tasks(&writer.conn, number, at, &tasks)
            });
            writer.read_heads()?;
            added
        })
        .await
    }

    async fn lease_tasks(
        &self,
        kinds: &[&str],
        at: Timestamp,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let kinds = owned(kinds);
        let micros = i64::try_from(lease_for.as_micros()).unwrap_or(i64::MAX);
        let ends = at.plus_micros(micros).as_micros();
        // Most looks find nothing, and need not begin to write for that.
        let look = kinds.clone();
        let is_due = self.read(move |reader| {
            let sql = format!(
                "SELECT 1 FROM tasks INDEXED BY tasks_due WHERE state = 'waiting' \
                 AND due_at <= ?1 AND kind IN ({}) LIMIT 1",
                names(&look)
            );
            let found = reader
                .conn
                .prepare_cached(&sql)?
                .query_row(params![at.as_micros()], |_| Ok(()))
                .optional()?;
            Ok(found.is_some())
        });
        if !is_due.await? {
            return Ok(Vec::new());
        }
        self.write(Lane::Second, move |writer| {
            let organizations = writer.organizations_by_number();
            writer.within(|writer| {
                let leased = lease(&writer.conn, &kinds, at.as_micros(), ends, limit)?;
                let mut tasks = Vec::with_capacity(leased.len());
                for (number, id) in leased {
                    if let Some(organization) = organizations.get(&number) {
                        tasks.extend(read_task(&writer.conn, (*organization, number), id)?);
                    }
                }
                Ok(tasks)
            })
        })
        .await
    }

    async fn end_task(
        &self,
        organization: OrganizationId,
        task: u128,
        fence: i64,
        how: &TaskEnd,
    ) -> Result<bool, StoreError> {
        let how = how.clone();
        self.write(Lane::Second, move |writer| {
            let number = writer.number(organization);
            writer.within(|writer| end(&writer.conn, number, Id::of(task), fence, &how))
        })
        .await
    }

    async fn task(
        &self,
        organization: OrganizationId,
        task: u128,
    ) -> Result<Option<Task>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            read_task(&reader.conn, (organization, number), Id::of(task))
        })
        .await
    }

    async fn list_tasks(
        &self,
        organization: OrganizationId,
        kinds: &[&str],
        state: TaskState,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<Task, u128>, StoreError> {
        let kinds = owned(kinds);
        self.read(move |reader| {
            let number = reader.number(organization)?;
            let sql = format!(
                "SELECT {COLUMNS} FROM tasks WHERE organization = ?1 AND id > ?2 AND state = ?3 \
                 AND kind IN ({}) ORDER BY id LIMIT ?4",
                names(&kinds)
            );
            let mut statement = reader.conn.prepare_cached(&sql)?;
            let more = limit.saturating_add(1) as i64;
            let after = Id::of(after.unwrap_or(0));
            let rows = statement.query_map(params![number, after, state.name(), more], |row| {
                task(organization, row)
            })?;
            let items = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(crate::lists::page(items, limit, |task: &Task| task.id))
        })
        .await
    }

    async fn retry_task(
        &self,
        organization: OrganizationId,
        task: u128,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Lane::Second, move |writer| {
            let number = writer.number(organization);
            writer.within(|writer| {
                let changed = writer
                    .conn
                    .prepare_cached(
                        "UPDATE tasks SET state = 'waiting', due_at = ?3, attempts = 0 \
                         WHERE organization = ?1 AND id = ?2 AND state = 'parked'",
                    )?
                    .execute(params![number, Id::of(task), at.as_micros()])?;
                Ok(changed == 1)
            })
        })
        .await
    }

    async fn drop_tasks(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(Lane::Second, move |writer| {
            writer.within(|writer| {
                let dropped = writer
                    .conn
                    .prepare_cached(
                        "DELETE FROM tasks WHERE (organization, id) IN ( \
                         SELECT organization, id FROM tasks INDEXED BY tasks_done \
                         WHERE state = 'done' AND created_at < ?1 LIMIT ?2)",
                    )?
                    .execute(params![until.as_micros(), limit as i64])?;
                Ok(dropped)
            })
        })
        .await
    }

    async fn waiting(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, OrderId)>, StoreError> {
        self.read(move |reader| {
            let organization = reader.number(organization)?;
            let mut statement = reader.conn.prepare_cached(
                "SELECT number, order_id FROM waits WHERE organization = ?1 AND kind = ?2 \
                 AND key = ?3 AND number > ?4 ORDER BY number LIMIT ?5",
            )?;
            let rows = statement.query_map(
                params![
                    organization,
                    what.kind.number(),
                    Id::of(what.key),
                    after,
                    limit as i64
                ],
                |row| Ok((row.get(0)?, id(row, 1)?)),
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn waited(
        &self,
        organization: OrganizationId,
        what: &[WaitFor],
    ) -> Result<Vec<WaitFor>, StoreError> {
        let what = what.to_vec();
        self.read(move |reader| {
            let number = reader.number(organization)?;
            let mut statement = reader.conn.prepare_cached(
                "SELECT 1 FROM waits WHERE organization = ?1 AND kind = ?2 AND key = ?3 LIMIT 1",
            )?;
            let mut found = Vec::new();
            for what in what {
                if statement.exists(params![number, what.kind.number(), Id::of(what.key)])? {
                    found.push(what);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn waited_for(
        &self,
        organization: OrganizationId,
        after: Option<WaitFor>,
        limit: usize,
    ) -> Result<Vec<WaitFor>, StoreError> {
        self.read(move |reader| {
            let number = reader.number(organization)?;
            let mut statement = reader.conn.prepare_cached(
                "SELECT DISTINCT kind, key FROM waits WHERE organization = ?1 \
                 AND (kind, key) > (?2, ?3) ORDER BY kind, key LIMIT ?4",
            )?;
            let kind = after.map_or(0, |after| after.kind.number());
            let key = Id::of(after.map_or(0, |after| after.key));
            let rows = statement.query_map(params![number, kind, key, limit as i64], |row| {
                Ok((row.get::<_, u8>(0)?, id::<u128>(row, 1)?))
            })?;
            let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            let known = rows.into_iter().filter_map(|(number, key)| {
                let kind = WaitKind::ALL
                    .into_iter()
                    .find(|kind| kind.number() == number)?;
                Some(WaitFor { kind, key })
            });
            Ok(known.collect())
        })
        .await
    }

    async fn end_waits(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        let numbers = numbers.to_vec();
        self.write(Lane::Second, move |writer| {
            let organization = writer.number(organization);
            writer.within(|writer| {
                let mut statement = writer.conn.prepare_cached(
                    "DELETE FROM waits WHERE organization = ?1 AND kind = ?2 AND key = ?3 \
                     AND number = ?4",
                )?;
                for number in numbers {
                    statement.execute(params![
                        organization,
                        what.kind.number(),
                        Id::of(what.key),
                        number
                    ])?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn short_cells(
        &self,
        limit: usize,
    ) -> Result<Vec<(OrganizationId, CellKey)>, StoreError> {
        self.read(move |reader| {
            let mut statement = reader.conn.prepare_cached(
                "SELECT h.id, s.sku, s.location, s.owner FROM short_cells AS s \
                 JOIN heads AS h ON h.organization = s.organization LIMIT ?1",
            )?;
            let rows = statement.query_map(params![limit as i64], |row| {
                let cell = CellKey {
                    sku: id(row, 1)?,
                    location: id(row, 2)?,
                    owner: row.get::<_, Owner>(3)?.get(),
                };
                Ok((id(row, 0)?, cell))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn end_short(
        &self,
        organization: OrganizationId,
        cell: CellKey,
    ) -> Result<bool, StoreError> {
        self.write(Lane::Second, move |writer| {
            let number = writer.number(organization);
            let key = params![
                number,
                Id::of(cell.sku),
                Id::of(cell.location),
                Owner::of(cell.owner)
            ];
            writer.within(|writer| {
                writer
                    .conn
                    .prepare_cached(
                        "DELETE FROM short_cells AS s WHERE organization = ?1 AND sku = ?2 \
                         AND location = ?3 AND owner = ?4 AND NOT EXISTS ( \
                             SELECT 1 FROM cells AS c WHERE c.organization = ?1 AND c.sku = ?2 \
                             AND c.location = ?3 AND c.owner = ?4 \
                             AND c.on_hand - c.allocated - c.reserved < 0)",
                    )?
                    .execute(key)?;
                let left = writer
                    .conn
                    .prepare_cached(
                        "SELECT 1 FROM short_cells WHERE organization = ?1 AND sku = ?2 \
                         AND location = ?3 AND owner = ?4",
                    )?
                    .query_row(key, |_| Ok(()))
                    .optional()?;
                Ok(left.is_none())
            })
        })
        .await
    }
}
