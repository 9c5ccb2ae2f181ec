//! Whether a database is sound enough to be served: what can be known of it in a few milliseconds,
//! whatever its size.
//!
//! SQLite itself refuses a header that is none, a page size that cannot be, and a file that is shorter
//! than it says. Here: every table and index begins and ends with a page that reads; every log and
//! run of orders ends where its head says; the log has no gap at its end, nor where the WAL goes on
//! from the database. That catches a database that was put together from two moments, such as an old
//! copy under the WAL of a newer one. Damage within the file is found by looking at all of it, which
//! the doctor and every backup do; a WAL that was removed whole leaves nothing to find.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, OpenError};
use crate::keys::{NUMBER_MAX, number, seq};

/// Events at each of these places that must have no gap.
const DENSE: i64 = 1_000;

/// Where the logs end in the database file alone, without its WAL: organization and position. Only a
/// hint where to look, since a process that was stopped while it copied the WAL leaves a file that
/// says anything.
pub(crate) fn before(path: &Path) -> Vec<(i64, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    if !Path::new(&wal).metadata().is_ok_and(|wal| wal.len() > 0) {
        return Vec::new();
    }
    let Some(name) = path.to_str() else {
        return Vec::new();
    };
    let escaped = name
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let read = || -> rusqlite::Result<Vec<(i64, i64)>> {
        let uri = format!("file:{escaped}?immutable=1");
        let conn = Connection::open_with_flags(uri, flags)?;
        let mut heads = conn.prepare("SELECT organization, position FROM heads")?;
        let rows = heads.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    read().unwrap_or_default()
}

/// Fails where the database is not sound. Nothing is written, also where a WAL is read.
pub(crate) fn check(conn: &Connection, before: &[(i64, i64)]) -> Result<(), OpenError> {
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> =
        (tables.query_map((), |row| row.get(0))?).collect::<Result<_, _>>()?;
    for table in &tables {
        ends_read(conn, table)
            .map_err(|fault| OpenError::corrupt(format!("table {table}: {fault}")))?;
    }
    // What is not ours, or not made yet, is somebody else's to judge.
    if !["heads", "events", "orders"]
        .iter()
        .all(|name| tables.iter().any(|table| table == name))
    {
        return Ok(());
    }
    check_heads(conn)?;
    for (organization, position) in before {
        check_dense(conn, *organization, *position)?;
    }
    Ok(())
}

/// Reads the first row of a table and of each of its indexes, and the last of the table.
fn ends_read(conn: &Connection, table: &str) -> Result<(), Fault> {
    let one = |sql: &str| -> Result<(), Fault> {
        let mut statement = conn.prepare(sql)?;
        statement.query(())?.next()?;
        Ok(())
    };
    one(&format!("SELECT * FROM \"{table}\" LIMIT 1"))?;
    let mut indexes = conn.prepare(
        "SELECT name, partial FROM pragma_index_list(?1) WHERE name NOT LIKE 'sqlite_autoindex%'",
    )?;
    let indexes = indexes.query_map((table,), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))
    })?;
    for index in indexes {
        let (index, is_partial) = index?;
        if !is_partial {
            one(&format!(
                "SELECT 1 FROM \"{table}\" INDEXED BY \"{index}\" LIMIT 1"
            ))?;
        }
    }
    Ok(())
}

/// Whether every log and every run of orders ends where its head says.
fn check_heads(conn: &Connection) -> Result<(), OpenError> {
    let mut heads = conn
        .prepare("SELECT organization, position, order_number FROM heads ORDER BY organization")?;
    let mut rows = heads.query(())?;
    while let Some(row) = rows.next()? {
        let (organization, position, order): (i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let last_event = last_seq(
            conn,
            "SELECT max(seq) FROM events WHERE seq > ?1 AND seq < ?2",
            organization,
        )?;
        let last_order = last_seq(
            conn,
            "SELECT max(seq) FROM orders WHERE seq > ?1 AND seq < ?2",
            organization,
        )?;
        for (what, head, last) in [
            ("the log", position, last_event),
            ("the run of orders", order, last_order),
        ] {
            if head != last {
                return Err(OpenError::corrupt(format!(
                    "{what} of organization {organization} ends at {last}, its head says {head}"
                )));
            }
        }
        check_dense(conn, organization, position - DENSE)?;
    }
    Ok(())
}

fn last_seq(conn: &Connection, sql: &str, organization: i64) -> Result<i64, OpenError> {
    let span = (seq(organization, 0), seq(organization, NUMBER_MAX - 1));
    let last: Option<i64> = conn
        .prepare_cached(sql)?
        .query_row(span, |row| row.get(0))?;
    Ok(last.map_or(0, number))
}

/// Whether the log has no gap around a position of it.
fn check_dense(conn: &Connection, organization: i64, around: i64) -> Result<(), OpenError> {
    let from = around.clamp(0, NUMBER_MAX - 1 - DENSE);
    let from = (from - DENSE / 10).max(0);
    let mut events = conn.prepare_cached(
        "SELECT seq FROM events WHERE seq > ?1 AND seq < ?2 ORDER BY seq LIMIT ?3",
    )?;
    let span = (
        seq(organization, from),
        seq(organization, NUMBER_MAX - 1),
        DENSE + DENSE / 10,
    );
    let rows = events.query_map(span, |row| row.get::<_, i64>(0))?;
    for (expected, found) in (from + 1..).zip(rows) {
        let found = number(found?);
        if found != expected {
            return Err(OpenError::corrupt(format!(
                "the log of organization {organization} has nothing between {} and {found}: the \
                 database and its WAL may be of two moments",
                expected - 1
            )));
        }
    }
    Ok(())
}
