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
    migrate_by(MIGRATIONS, client).await
}

async fn migrate_by(migrations: &[Migration], client: &mut Client) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, |last| last.version);
    let found = look(client).await;
    let found = found.map_err(|source| OpenError::Migration { version: 0, source })?;
    if let Some(found) = found {
        found.check()?;
        if found.version >= known {
            return Ok(());
        }
    }
    let begun = begin(client).await;
    begun.map_err(|source| OpenError::Migration { version: 0, source })?;
    for migration in migrations {
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
                // Which of them depends on how far the other is: the table, its type, or its row.
                [
                    SqlState::DUPLICATE_TABLE,
                    SqlState::DUPLICATE_OBJECT,
                    SqlState::UNIQUE_VIOLATION,
                ]
                .contains(code)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Cluster, Durability};
    use std::path::Path;
    use tokio_postgres::NoTls;

    const SECOND: &str = "CREATE TABLE second (n integer NOT NULL);
                          INSERT INTO second (n) VALUES (1);";

    async fn has_second(client: &Client) -> bool {
        let sql = "SELECT to_regclass('second') IS NOT NULL";
        client.query_one(sql, &[]).await.unwrap().get(0)
    }

    fn with_second(sql: &'static str) -> [Migration; 2] {
        [(1, MIGRATIONS[0].sql), (2, sql)].map(|(version, sql)| Migration {
            version,
            min_reader: 1,
            sql,
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_step_that_fails_halfway_leaves_nothing_and_is_taken_again() {
        let test = "migrate::tests::a_step_that_fails_halfway_leaves_nothing_and_is_taken_again";
        // Within the folder of the build, beside the one of the integration tests.
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp");
        let Some(cluster) = Cluster::for_test(test, Durability::Off, Some(&cache)) else {
            return;
        };
        let url = cluster.create_database("halfway").await.unwrap();
        let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        migrate(&mut client).await.unwrap();
        let broken = with_second(
            "CREATE TABLE second (n integer NOT NULL);
             INSERT INTO nowhere (n) VALUES (1);",
        );
        let failed = migrate_by(&broken, &mut client).await;
        assert!(matches!(
            failed,
            Err(OpenError::Migration { version: 2, .. })
        ));
        assert_eq!(versions(&client).await.unwrap(), Some((1, 1)));
        assert!(!has_second(&client).await);
        migrate_by(&with_second(SECOND), &mut client).await.unwrap();
        assert_eq!(versions(&client).await.unwrap(), Some((2, 1)));
        assert!(has_second(&client).await);
        // An older program goes on with it, since it may read it.
        migrate(&mut client).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }
}
