//! The schema and how it moves forward. A database knows its version and the oldest release's version
//! that may still read it.

use rusqlite::{Connection, OptionalExtension};

use crate::error::OpenError;

/// Marks the file as Ordo's: "ORDO" in ASCII.
const APPLICATION_ID: i32 = 0x4f52_444f;

struct Migration {
    /// The oldest schema version whose release can still read the database afterwards.
    min_reader: i64,
    sql: &'static str,
}

/// In order; the first makes version 1.
const MIGRATIONS: &[Migration] = &[Migration {
    min_reader: 1,
    sql: include_str!("../migrations/0001_first.sql"),
}];

/// The version that this release writes.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// What a database says of itself.
enum Found {
    Empty,
    Schema { version: i64, min_reader: i64 },
    Foreign,
}

/// Brings the database to the version of this release, or makes it; each step in one transaction.
pub(crate) fn migrate(conn: &mut Connection, path: &std::path::Path) -> Result<(), OpenError> {
    migrate_by(MIGRATIONS, conn, path)
}

fn migrate_by(
    migrations: &[Migration],
    conn: &mut Connection,
    path: &std::path::Path,
) -> Result<(), OpenError> {
    let from = match look(conn)? {
        Found::Empty => 0,
        Found::Foreign => return Err(OpenError::Foreign(path.to_owned())),
        Found::Schema {
            version,
            min_reader,
        } => {
            refuse_newer(version, min_reader, migrations.len() as i64)?;
            version
        }
    };
    let done = usize::try_from(from).unwrap_or(migrations.len());
    for (index, migration) in migrations.iter().enumerate().skip(done) {
        let step = conn.transaction()?;
        step.execute_batch(migration.sql)?;
        if index == 0 {
            step.pragma_update(None, "application_id", APPLICATION_ID)?;
            step.execute_batch(
                "CREATE TABLE schema (version INTEGER NOT NULL, min_reader INTEGER NOT NULL) STRICT;
                 INSERT INTO schema (version, min_reader) VALUES (0, 0);",
            )?;
        }
        step.execute(
            "UPDATE schema SET version = ?1, min_reader = ?2",
            (index as i64 + 1, migration.min_reader),
        )?;
        step.commit()?;
    }
    Ok(())
}

/// Fails where the database is another program's or a later release's.
pub(crate) fn refuse(conn: &Connection, path: &std::path::Path) -> Result<(), OpenError> {
    match look(conn)? {
        Found::Empty => Ok(()),
        Found::Foreign => Err(OpenError::Foreign(path.to_owned())),
        Found::Schema {
            version,
            min_reader,
        } => refuse_newer(version, min_reader, KNOWN),
    }
}

/// Whether this release can read the database as it is.
pub(crate) fn check(conn: &Connection, path: &std::path::Path) -> Result<(), OpenError> {
    match look(conn)? {
        Found::Empty => Err(OpenError::Missing(path.to_owned())),
        Found::Foreign => Err(OpenError::Foreign(path.to_owned())),
        Found::Schema { version, .. } if version < KNOWN => Err(OpenError::TooOld {
            found: version,
            known: KNOWN,
        }),
        Found::Schema {
            version,
            min_reader,
        } => refuse_newer(version, min_reader, KNOWN),
    }
}

fn refuse_newer(version: i64, min_reader: i64, known: i64) -> Result<(), OpenError> {
    if min_reader > known {
        return Err(OpenError::TooNew {
            found: version,
            known,
        });
    }
    Ok(())
}

fn look(conn: &Connection) -> Result<Found, OpenError> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if tables == 0 && application == 0 {
        return Ok(Found::Empty);
    }
    if application != APPLICATION_ID {
        return Ok(Found::Foreign);
    }
    let schema = conn
        .query_row("SELECT version, min_reader FROM schema", (), |row| {
            Ok(Found::Schema {
                version: row.get(0)?,
                min_reader: row.get(1)?,
            })
        })
        .optional()?;
    schema.ok_or_else(|| OpenError::corrupt("the table schema is empty"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const SECOND: &str = "CREATE TABLE second (n INTEGER NOT NULL) STRICT;
                          INSERT INTO second (n) VALUES (1);";

    fn version(conn: &Connection) -> (i64, i64) {
        let sql = "SELECT version, min_reader FROM schema";
        conn.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
    }

    fn has_second(conn: &Connection) -> bool {
        let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'second'";
        conn.prepare(sql).unwrap().exists(()).unwrap()
    }

    fn with_second(sql: &'static str) -> [Migration; 2] {
        let first = MIGRATIONS[0].sql;
        [(1, first), (2, sql)].map(|(min_reader, sql)| Migration { min_reader, sql })
    }

    #[test]
    fn a_step_that_fails_halfway_leaves_nothing_and_is_taken_again() {
        let mut conn = Connection::open_in_memory().unwrap();
        let path = Path::new("memory");
        migrate(&mut conn, path).unwrap();
        let broken = with_second(
            "CREATE TABLE second (n INTEGER NOT NULL) STRICT;
             INSERT INTO second (n) VALUES (1);
             INSERT INTO nowhere (n) VALUES (1);",
        );
        migrate_by(&broken, &mut conn, path).unwrap_err();
        assert_eq!((version(&conn), has_second(&conn)), ((1, 1), false));
        migrate_by(&with_second(SECOND), &mut conn, path).unwrap();
        assert_eq!((version(&conn), has_second(&conn)), ((2, 2), true));
        // Steps that were taken are not taken again.
        migrate_by(&with_second(SECOND), &mut conn, path).unwrap();
        // What the step left, this release no longer reads.
        let refused = migrate(&mut conn, path);
        assert!(matches!(
            refused,
            Err(OpenError::TooNew { found: 2, known }) if known == KNOWN
        ));
    }
}
