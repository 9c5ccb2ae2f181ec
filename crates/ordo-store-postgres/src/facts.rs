//! What a doctor asks of a database: nothing here changes anything that can be read.

use ordo_domain::time::Timestamp;

use crate::connection::Connection;
use crate::failure::{self, OpenError};
use crate::migrate;
use crate::target::Target;

/// A database, looked at from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What the server calls itself.
    pub server: String,
    /// Its version as a number, such as 150004.
    pub server_number: i32,
    /// Whether commits reach the disk at all.
    pub fsync: String,
    /// When a commit is answered.
    pub synchronous_commit: String,
    /// Which standbys a commit waits for; empty where it waits for none.
    pub synchronous_standby_names: String,
    /// Whether a torn page can be mended.
    pub full_page_writes: String,
    /// Its clock.
    pub clock: Timestamp,
    /// Whether the connection is encrypted, and how.
    pub way: Way,
    /// Bytes of the database.
    pub database_bytes: i64,
    /// Version of the schema and of the oldest program that may read it.
    pub schema: Option<(i32, i32)>,
    /// The newest schema that this program knows.
    pub known_schema: i32,
}

/// The connection to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Through a socket of this machine's own.
    Socket,
    /// Over a network, readable by whoever is on it.
    Plain,
    /// Over a network, encrypted.
    Encrypted {
        /// Such as TLSv1.3.
        version: String,
        /// Such as TLS_AES_256_GCM_SHA384.
        cipher: String,
        /// Whether the server has proved that it is the one meant.
        is_proved: bool,
    },
}

/// Looks at a database.
///
/// # Errors
/// It cannot be reached, or does not answer.
pub async fn facts(url: &str) -> Result<Facts, OpenError> {
    let unreachable = |error: tokio_postgres::Error| failure::opening(&error);
    let target = Target::parse(url)?;
    let connection = Connection::open(&target, "SET statement_timeout = '10s'").await;
    let connection = connection.map_err(|error| error.opening())?;
    let client = connection.client();
    let row = client
        .query_one(
            "SELECT current_setting('server_version'),
                    current_setting('server_version_num')::integer,
                    current_setting('fsync'), current_setting('synchronous_commit'),
                    current_setting('full_page_writes'),
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                    pg_database_size(current_database()),
                    inet_server_addr() IS NULL, s.ssl, s.version, s.cipher,
                    current_setting('synchronous_standby_names')
             FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()",
            &[],
        )
        .await
        .map_err(unreachable)?;
    let schema = migrate::versions(client).await.map_err(unreachable)?;
    Ok(Facts {
        server: row.get(0),
        server_number: row.get(1),
        fsync: row.get(2),
        synchronous_commit: row.get(3),
        synchronous_standby_names: row.get(11),
        full_page_writes: row.get(4),
        clock: Timestamp::from_micros(row.get(5)),
        way: match (row.get(7), row.get(8)) {
            (true, _) => Way::Socket,
            (false, false) => Way::Plain,
            (false, true) => Way::Encrypted {
                version: row.get(9),
                cipher: row.get(10),
                is_proved: target.is_proved(),
            },
        },
        database_bytes: row.get(6),
        schema,
        known_schema: migrate::KNOWN,
    })
}

/// Whether the server keeps a write of no consequence: one that standbys confirm, where it waits for any.
///
/// # Errors
/// The URL makes no sense.
pub async fn keeps_writes(url: &str) -> Result<bool, OpenError> {
    let target = Target::parse(url)?;
    let opened = Connection::open_confirmed(&target, "SET synchronous_commit = on").await;
    Ok(opened.is_ok())
}
