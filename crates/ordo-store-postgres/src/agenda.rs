//! What is still to be done: tasks with their leases, orders that wait, cells that are short.
//!
//! Leases go by the clock of the database, which all nodes share.

use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::stock::CellKey;
use ordo_domain::time::Timestamp;
use ordo_store::{
    Agenda, Page, StoreError, Task, TaskDraft, TaskEnd, TaskState, Wait, WaitFor, WaitKind,
};
use tokio_postgres::Row;

use crate::connection::Step;
use crate::failure::{self, corrupt};
use crate::flight::{Params, params};
use crate::records::each;
use crate::rows::{get, id, instant};
use crate::store::PostgresStore;
use crate::values::Uuid;

/// Microseconds since 1970 by the clock of the database.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
}

macro_rules! task_columns {
    () => {
        "organization, id, kind, queue, position, state, attempts, fence, due_at, created_at,
         error, body"
    };
}

fn task(row: &Row) -> Result<Task, StoreError> {
    let state: String = get(row, 5)?;
    Ok(Task {
        organization: id(row, 0)?,
        id: id(row, 1)?,
        kind: get(row, 2)?,
        queue: get(row, 3)?,
        position: get(row, 4)?,
        state: TaskState::named(&state)
            .ok_or_else(|| corrupt("a task", "a state that nothing knows"))?,
        attempts: get(row, 6)?,
        fence: get(row, 7)?,
        due_at: instant(row, 8)?,
        created_at: instant(row, 9)?,
        error: get(row, 10)?,
        body: get(row, 11)?,
    })
}

/// Adds tasks that are not there yet.
pub(crate) fn insert_tasks(
    organization: OrganizationId,
    at: Timestamp,
    tasks: &[TaskDraft],
) -> Step {
    Step {
        sql: "INSERT INTO tasks (organization, id, kind, queue, position, state, attempts, fence,
                  due_at, created_at, body)
              SELECT $1::uuid, unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]),
                     unnest($5::bigint[]), 'waiting', 0, 0, unnest($6::bigint[]), $7::bigint,
                     unnest($8::text[])
              ON CONFLICT DO NOTHING",
        params: params![
            Uuid(organization.to_u128()),
            each(tasks, |task| Uuid(task.id)),
            each(tasks, |task| task.kind.clone()),
            each(tasks, |task| task.queue.clone()),
            each(tasks, |task| task.position),
            each(tasks, |task| task.due_at.as_micros()),
            at.as_micros(),
            each(tasks, |task| task.body.clone()),
        ],
    }
}

/// Adds orders that wait; one that is not there waits for nothing.
pub(crate) fn insert_waits(organization: OrganizationId, waits: &[Wait]) -> Step {
    Step {
        sql: "INSERT INTO waits (organization, kind, key, number, order_id)
              SELECT $1::uuid, w.kind, w.key, o.number, o.id
              FROM unnest($2::smallint[], $3::uuid[], $4::uuid[]) AS w (kind, key, order_id)
              JOIN orders AS o ON o.organization = $1 AND o.id = w.order_id
              ON CONFLICT DO NOTHING",
        params: params![
            Uuid(organization.to_u128()),
            each(waits, |wait| i16::from(wait.what.kind.number())),
            each(waits, |wait| Uuid(wait.what.key)),
            each(waits, |wait| Uuid(wait.order.to_u128())),
        ],
    }
}

fn owned(kinds: &[&str]) -> Vec<String> {
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl PostgresStore {
    /// Runs one statement that writes a few rows; answers how many. The connections that read serve
    /// it, because they find rows one by one, and those that commit are kept for commits.
    pub(crate) async fn write_once(
        &self,
        sql: &'static str,
        params: Params,
    ) -> Result<u64, StoreError> {
        let mut lease = self.readers.lease().await?;
        let answers = lease.query(&[Step { sql, params }]).await;
        let answers = lease
            .settle(answers)
            .map_err(|error| failure::reading(&error))?;
        Ok(answers.first().map_or(0, |answer| answer.affected))
    }
}

#[async_trait]
impl Agenda for PostgresStore {
    async fn add_tasks(
        &self,
        organization: OrganizationId,
        at: Timestamp,
        tasks: &[TaskDraft],
    ) -> Result<(), StoreError> {
        let step = insert_tasks(organization, at, tasks);
        self.write_once(step.sql, step.params).await?;
        Ok(())
    }

    async fn lease_tasks(
        &self,
        kinds: &[&str],
        _at: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let micros = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
        let sql = concat!(
            "/* all organizations */ WITH due AS (
                 SELECT organization, id FROM tasks AS t
                 WHERE state = 'waiting' AND due_at <= ",
            now!(),
            " AND kind = ANY($1)
                 AND NOT EXISTS (
                     SELECT 1 FROM tasks AS e
                     WHERE e.organization = t.organization AND e.queue = t.queue
                     AND e.state = 'waiting' AND (e.position, e.id) < (t.position, t.id))
                 ORDER BY due_at LIMIT $3
                 FOR UPDATE SKIP LOCKED)
             UPDATE tasks AS t SET fence = t.fence + 1, attempts = t.attempts + 1, due_at = ",
            now!(),
            " + $2
             FROM due WHERE t.organization = due.organization AND t.id = due.id
             RETURNING t.organization, t.id, t.kind, t.queue, t.position, t.state, t.attempts,
                 t.fence, t.due_at, t.created_at, t.error, t.body"
        );
        // Most looks find nothing, and need not begin to write for that.
        let look = concat!(
            "/* all organizations */ SELECT 1 FROM tasks WHERE state = 'waiting' AND due_at <= ",
            now!(),
            " AND kind = ANY($1) LIMIT 1"
        );
        if self.rows(look, params![owned(kinds)]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let params = params![owned(kinds), micros, count(limit)];
        let rows = self.rows(sql, params).await?;
        rows.iter().map(task).collect()
    }

    async fn end_task(
        &self,
        organization: OrganizationId,
        task: u128,
        fence: i64,
        end: &TaskEnd,
    ) -> Result<bool, StoreError> {
        macro_rules! where_leased {
            ($set:literal) => {
                concat!(
                    $set,
                    " WHERE organization = $1 AND id = $2 AND fence = $3 AND state = 'waiting'"
                )
            };
        }
        let (whose, which) = (Uuid(organization.to_u128()), Uuid(task));
        let (sql, params) = match end {
            TaskEnd::Gone => (
                where_leased!("DELETE FROM tasks"),
                params![whose, which, fence],
            ),
            TaskEnd::Done => (
                where_leased!("UPDATE tasks SET state = 'done', error = NULL"),
                params![whose, which, fence],
            ),
            TaskEnd::Next { body } => (
                where_leased!("UPDATE tasks SET body = $4, due_at = 0, attempts = 0, error = NULL"),
                params![whose, which, fence, body.clone()],
            ),
            TaskEnd::Again { due_at, error } => (
                where_leased!("UPDATE tasks SET due_at = $4, error = $5"),
                params![whose, which, fence, due_at.as_micros(), error.clone()],
            ),
            TaskEnd::Parked { error } => (
                where_leased!("UPDATE tasks SET state = 'parked', error = $4"),
                params![whose, which, fence, error.clone()],
            ),
        };
        Ok(self.write_once(sql, params).await? == 1)
    }

    async fn task(
        &self,
        organization: OrganizationId,
        wanted: u128,
    ) -> Result<Option<Task>, StoreError> {
        let sql = concat!(
            "SELECT ",
            task_columns!(),
            " FROM tasks WHERE organization = $1 AND id = $2"
        );
        let params = params![Uuid(organization.to_u128()), Uuid(wanted)];
        let rows = self.rows(sql, params).await?;
        rows.first().map(task).transpose()
    }

    async fn list_tasks(
        &self,
        organization: OrganizationId,
        kinds: &[&str],
        state: TaskState,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<Task, u128>, StoreError> {
        let sql = concat!(
            "SELECT ",
            task_columns!(),
            " FROM tasks
             WHERE organization = $1 AND state = $2 AND id > $3 AND kind = ANY($4)
             ORDER BY id LIMIT $5"
        );
        let params = params![
            Uuid(organization.to_u128()),
            state.name().to_owned(),
            Uuid(after.unwrap_or(0)),
            owned(kinds),
            count(limit).saturating_add(1),
        ];
        let rows = self.rows(sql, params).await?;
        let items = rows.iter().map(task).collect::<Result<Vec<_>, _>>()?;
        Ok(crate::list::cut(items, limit, |task| task.id))
    }

    async fn retry_task(
        &self,
        organization: OrganizationId,
        task: u128,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE tasks SET state = 'waiting', due_at = $3, attempts = 0
                   WHERE organization = $1 AND id = $2 AND state = 'parked'";
        let params = params![Uuid(organization.to_u128()), Uuid(task), at.as_micros()];
        Ok(self.write_once(sql, params).await? == 1)
    }

    async fn drop_tasks(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let sql = "/* all organizations */ WITH old AS (
                       SELECT organization, id FROM tasks
                       WHERE state = 'done' AND created_at < $1
                       ORDER BY created_at LIMIT $2)
                   DELETE FROM tasks AS t USING old
                   WHERE t.organization = old.organization AND t.id = old.id";
        let params = params![until.as_micros(), count(limit)];
        let dropped = self.write_once(sql, params).await?;
        Ok(usize::try_from(dropped).unwrap_or(usize::MAX))
    }

    async fn waiting(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, OrderId)>, StoreError> {
        let sql = "SELECT number, order_id FROM waits
                   WHERE organization = $1 AND kind = $2 AND key = $3 AND number > $4
                   ORDER BY number LIMIT $5";
        let params = params![
            Uuid(organization.to_u128()),
            i16::from(what.kind.number()),
            Uuid(what.key),
            after,
            count(limit),
        ];
        let rows = self.rows(sql, params).await?;
        rows.iter()
            .map(|row| Ok((get(row, 0)?, id(row, 1)?)))
            .collect()
    }

    async fn waited(
        &self,
        organization: OrganizationId,
        what: &[WaitFor],
    ) -> Result<Vec<WaitFor>, StoreError> {
        // The offset keeps the planner from joining in any other way than key by key.
        let sql = "SELECT k.n FROM unnest($2::smallint[], $3::uuid[]) WITH ORDINALITY
                       AS k (kind, key, n)
                   CROSS JOIN LATERAL (
                       SELECT 1 FROM waits
                       WHERE organization = $1 AND kind = k.kind AND key = k.key
                       LIMIT 1 OFFSET 0) AS w";
        let params = params![
            Uuid(organization.to_u128()),
            each(what, |what| i16::from(what.kind.number())),
            each(what, |what| Uuid(what.key)),
        ];
        let mut found = Vec::new();
        for row in self.rows(sql, params).await? {
            let n: i64 = get(&row, 0)?;
            let index = usize::try_from(n - 1).unwrap_or(usize::MAX);
            found.extend(what.get(index).copied());
        }
        Ok(found)
    }

    async fn waited_for(
        &self,
        organization: OrganizationId,
        after: Option<WaitFor>,
        limit: usize,
    ) -> Result<Vec<WaitFor>, StoreError> {
        let sql = "SELECT DISTINCT kind, key FROM waits
                   WHERE organization = $1 AND (kind, key) > ($2::smallint, $3::uuid)
                   ORDER BY kind, key LIMIT $4";
        let params = params![
            Uuid(organization.to_u128()),
            i16::from(after.map_or(0, |after| after.kind.number())),
            Uuid(after.map_or(0, |after| after.key)),
            count(limit),
        ];
        let mut found = Vec::new();
        for row in self.rows(sql, params).await? {
            let number: i16 = get(&row, 0)?;
            let kind = WaitKind::ALL
                .into_iter()
                .find(|kind| i16::from(kind.number()) == number)
                .ok_or_else(|| corrupt("a wait", "a kind that nothing knows"))?;
            let key = id(&row, 1)?;
            found.push(WaitFor { kind, key });
        }
        Ok(found)
    }

    async fn end_waits(
        &self,
        organization: OrganizationId,
        what: WaitFor,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM waits
                   WHERE organization = $1 AND kind = $2 AND key = $3 AND number = ANY($4)";
        let params = params![
            Uuid(organization.to_u128()),
            i16::from(what.kind.number()),
            Uuid(what.key),
            numbers.to_vec(),
        ];
        self.write_once(sql, params).await?;
        Ok(())
    }

    async fn short_cells(
        &self,
        limit: usize,
    ) -> Result<Vec<(OrganizationId, CellKey)>, StoreError> {
        let sql =
            "/* all organizations */ SELECT organization, sku, location, owner FROM short_cells
                   ORDER BY organization, sku, location, owner LIMIT $1";
        let mut found = Vec::new();
        for row in self.rows(sql, params![count(limit)]).await? {
            let owner: Uuid = get(&row, 3)?;
            let cell = CellKey {
                sku: id(&row, 1)?,
                location: id(&row, 2)?,
                owner: (owner != Uuid::ZERO).then(|| owner.0.into()),
            };
            found.push((id(&row, 0)?, cell));
        }
        Ok(found)
    }

    async fn end_short(
        &self,
        organization: OrganizationId,
        cell: CellKey,
    ) -> Result<bool, StoreError> {
        let key = || {
            let owner = cell.owner.map_or(0, |owner| owner.to_u128());
            params![
                Uuid(organization.to_u128()),
                Uuid(cell.sku.to_u128()),
                Uuid(cell.location.to_u128()),
                Uuid(owner),
            ]
        };
        let sql = "DELETE FROM short_cells AS s
                   WHERE organization = $1 AND sku = $2 AND location = $3 AND owner = $4
                   AND NOT EXISTS (
                       SELECT 1 FROM cells AS c
                       WHERE c.organization = $1 AND c.sku = $2 AND c.location = $3
                       AND c.owner = $4
                       AND c.on_hand - c.allocated - c.reserved < 0)";
        self.write_once(sql, key()).await?;
        let sql = "SELECT 1 FROM short_cells
                   WHERE organization = $1 AND sku = $2 AND location = $3 AND owner = $4";
        Ok(self.rows(sql, key()).await?.is_empty())
    }
}
