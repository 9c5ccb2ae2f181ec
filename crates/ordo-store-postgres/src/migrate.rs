//! Installs and updates the schema, forward only.
//!
//! Two nodes may start at once: each takes the one row of `schema` before it looks, so that the
//! second waits for the first and finds nothing left to do.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::failure::OpenError;

/// One step.
struct Migration {
    /// The version after it.
    version: i32,
    /// The oldest program that can read what it leaves.
    min_reader: i32,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    min_reader: 1,
    sql: include_str!("../migrations/0001_first.sql"),
}];

/// The version that this program knows.
pub const KNOWN: i32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

const BEGIN: &str = "
    CREATE TABLE IF NOT EXISTS schema (
        one boolean NOT NULL PRIMARY KEY CHECK (one),
        version integer NOT NULL,
        min_reader integer NOT NULL
    );
    INSERT INTO schema (one, version, min_reader) VALUES (true, 0, 0) ON CONFLICT DO NOTHING;
";

/// Brings the schema to [`KNOWN`]. Where it is there already, nothing but reading is done, so that a
/// role that may not change tables is enough.
pub async fn migrate(client: &mut Client) -> Result<(), OpenError> {
    let found = look(client).await;
    let found = found.map_err(|source| OpenError::Migration { version: 0, source })?;
    if let Some(found) = found {
        found.check()?;
        if found.version >= KNOWN {
            return Ok(());
        }
    }
    let begun = begin(client).await;
    begun.map_err(|source| OpenError::Migration { version: 0, source })?;
    for migration in MIGRATIONS {
        let step = step(client, migration).await;
        let found = step.map_err(|source| OpenError::Migration {
            version: migration.version,
            source,
        })?;
        found.check()?;
    }
    Ok(())
}

/// Version and oldest reader of the schema, where there is one.
pub async fn versions(client: &Client) -> Result<Option<(i32, i32)>, Error> {
    let found = look(client).await?;
    Ok(found.map(|found| (found.version, found.min_reader)))
}

/// What the database says of itself, if it has a schema of Ordo.
async fn look(client: &Client) -> Result<Option<Found>, Error> {
    let sql = "SELECT to_regclass('schema') IS NOT NULL";
    if !client.query_one(sql, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let sql = "SELECT version, min_reader FROM schema";
    let row = client.query_opt(sql, &[]).await?;
    Ok(row.map(|row| Found {
        version: row.get(0),
        min_reader: row.get(1),
    }))
}

/// Makes the table of versions. Where two make it in the same moment, one of them fails and finds it
/// the next time.
async fn begin(client: &Client) -> Result<(), Error> {
    match client.batch_execute(BEGIN).await {
        Err(error)
            if error.code().is_some_and(|code| {
                *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::DUPLICATE_TABLE
            }) =>
        {
            client.batch_execute(BEGIN).await
        }
        other => other,
    }
}

struct Found {
    version: i32,
    min_reader: i32,
}

impl Found {
    fn check(&self) -> Result<(), OpenError> {
        if self.min_reader <= KNOWN {
            return Ok(());
        }
        Err(OpenError::TooNew {
            found: self.version,
            min_reader: self.min_reader,
            known: KNOWN,
        })
    }
}

/// Takes one step unless it was taken, and says what was found before it.
async fn step(client: &mut Client, migration: &Migration) -> Result<Found, Error> {
    let transaction = client.transaction().await?;
    let row = transaction
        .query_one("SELECT version, min_reader FROM schema FOR UPDATE", &[])
        .await?;
    let found = Found {
        version: row.get(0),
        min_reader: row.get(1),
    };
    if found.version < migration.version {
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute(
                "UPDATE schema SET version = $1, min_reader = $2",
                &[&migration.version, &migration.min_reader],
            )
            .await?;
        tracing::info!(
            version = migration.version,
            "installed a version of the schema"
        );
    }
    transaction.commit().await?;
    Ok(found)
}
