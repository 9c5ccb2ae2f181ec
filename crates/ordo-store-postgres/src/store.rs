//! The store: two pools of connections and the port over them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ordo_domain::contact::Contact;
use ordo_domain::id::{BatchId, ContactId, DecisionId, OrganizationId, ReservationId};
use ordo_domain::reference::Reference;
use ordo_domain::time::Timestamp;
use ordo_domain::world::{Key, Row};
use ordo_store::{
    AnswerKey, Commit, CommitError, Committed, FoundKey, Head, LogEntry, SignalPlace, Store,
    StoreError, StoredAnswer, ViewWrite,
};

use crate::connection::Connection;
use crate::failure::{self, OpenError};
use crate::known::Known;
use crate::load::{Found, Request};
use crate::pool::{Limits, Pool};
use crate::target::Target;
use crate::{commit, migrate, view};

/// How a store uses its server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that commit; as many organizations can commit at once.
    pub writers: usize,
    /// Connections that read.
    pub readers: usize,
    /// How old a connection may become; after a switch of servers none outlives this.
    pub connection_age_max: Duration,
    /// How long to wait for a free connection.
    pub connection_wait_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            writers: 4,
            readers: 8,
            connection_age_max: Duration::from_secs(300),
            connection_wait_max: Duration::from_secs(10),
        }
    }
}

/// State and log in a PostgreSQL database, shared with other nodes.
pub struct PostgresStore {
    pub(crate) writers: Arc<Pool>,
    pub(crate) readers: Arc<Pool>,
    known: Known,
    target: Target,
}

/// What both kinds of connection begin with. Every statement here is served by an index, also
/// while a table is still small; and since statements name no values, one plan each is enough. Where
/// the server does not wait for the disk by default, here it does: whoever settles an unknown commit,
/// ends a task or has one tried again is believed as much as whoever commits a batch.
macro_rules! setup {
    ($more:literal) => {
        concat!(
            "SET jit = off;
             SET enable_seqscan = off;
             SET client_min_messages = warning;
             SET idle_in_transaction_session_timeout = '10s';
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') IN ('off', 'local');",
            $more
        )
    };
}

/// Joins are hashed, so that rows are found through the primary key, and locked, in its order. A
/// batch may hold megabytes, which stay in memory. There is no limit on statements, whatever the role
/// or the database has, since COMMIT is one.
const SETUP_WRITER: &str = setup!(
    "SET plan_cache_mode = force_generic_plan;
     SET enable_bitmapscan = off;
     SET enable_nestloop = off;
     SET enable_mergejoin = off;
     SET work_mem = '64MB';
     SET statement_timeout = 0;
     SET lock_timeout = '15s';
     SELECT set_config('default_toast_compression', 'lz4', false)
     FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals);"
);

/// Every list has an index in its order, and a page is short; sorting all that matches is what the
/// planner takes to be cheap while it knows nothing of a table, as after an import.
const SETUP_READER: &str = setup!(
    "SET plan_cache_mode = force_generic_plan;
     SET enable_bitmapscan = off;
     SET enable_sort = off;
     SET statement_timeout = '30s';"
);

/// For a moment's use: nothing waits longer than this.
const SETUP_RESOLVER: &str = setup!("SET statement_timeout = 0; SET lock_timeout = '15s';");

impl PostgresStore {
    /// Connects and brings the schema up to date.
    ///
    /// `url` is a connection string as libpq takes it; it may name several hosts, of which the one
    /// that takes writes is used. `sslmode` and `sslrootcert` say whether connections are
    /// encrypted, and whom they trust.
    ///
    /// # Errors
    /// Where the URL makes no sense, the database cannot be reached or is not trusted, is too old, or has a schema of a newer program.
    pub async fn connect(url: &str, options: &Options) -> Result<Self, OpenError> {
        let target = Target::parse(url)?;
        prepare(&target).await?;
        // What ends the connections of one kind ends those of the other: they lead to the same server.
        let generation = Arc::default();
        let pool = |setup, size| {
            let limits = Limits {
                size,
                age_max: options.connection_age_max,
                wait_max: options.connection_wait_max,
            };
            Pool::new(target.clone(), setup, limits, Arc::clone(&generation))
        };
        Ok(Self {
            writers: pool(SETUP_WRITER, options.writers),
            readers: pool(SETUP_READER, options.readers),
            known: Known::default(),
            target,
        })
    }

    /// What is found of what is asked for, in one flight.
    async fn found(
        &self,
        organization: OrganizationId,
        request: &Request<'_>,
    ) -> Result<Found, StoreError> {
        let mut lease = self.readers.lease().await?;
        let answers = lease.query(&request.steps(organization)).await;
        let answers = lease.settle(answers);
        let answers = answers.map_err(|error| failure::reading(&error))?;
        request.read(answers)
    }
}

/// Checks the server and installs what its schema lacks.
pub(crate) async fn prepare(target: &Target) -> Result<(), OpenError> {
    let mut connection = Connection::open(target, "SET lock_timeout = '60s'")
        .await
        .map_err(|error| error.opening())?;
    let sql = "SELECT current_setting('server_version_num')::integer,
                      current_setting('server_version')";
    let row = connection.client().query_one(sql, &[]).await;
    let row = row.map_err(|error| failure::opening(&error))?;
    if row.get::<_, i32>(0) < 150_000 {
        return Err(OpenError::OldServer { found: row.get(1) });
    }
    migrate::migrate(connection.client_mut()).await
}

#[async_trait]
impl Store for PostgresStore {
    async fn load(
        &self,
        organization: OrganizationId,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let skus = keys.iter().filter_map(|key| match key {
            Key::Cells(sku) => Some(*sku),
            _ => None,
        });
        let (position, known) = self.known.of(organization, skus);
        let mut found = self.found(organization, &Request::of(keys, &known)).await?;
        if !known.is_empty() && found.position() != position {
            // Another node has committed: everything is read.
            let nothing = BTreeMap::new();
            let request = Request::of(keys, &nothing);
            found = self.found(organization, &request).await?;
            self.known
                .read(organization, found.position(), found.cells());
        } else {
            self.known
                .read(organization, found.position(), found.cells());
            found.know(known);
        }
        Ok(found.rows(keys))
    }

    async fn load_reference(&self, organization: OrganizationId) -> Result<Reference, StoreError> {
        self.read_reference(organization).await
    }

    async fn save_points(
        &self,
        organization: OrganizationId,
        parts: &[String],
    ) -> Result<(), StoreError> {
        self.replace_points(organization, parts).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let organization = commit.organization;
        let under_way = self.known.begin(organization);
        let committed = commit::commit(&self.writers, commit).await?;
        let first = committed.first_position;
        let events = i64::try_from(commit.changes.events.len()).unwrap_or(i64::MAX);
        under_way.wrote(
            first,
            first.saturating_add(events) - 1,
            &commit.changes.cells,
        );
        Ok(committed)
    }

    async fn resolve(
        &self,
        organization: OrganizationId,
        batch: BatchId,
    ) -> Result<Option<Committed>, StoreError> {
        let fresh = Connection::open_confirmed(&self.target, SETUP_RESOLVER).await;
        let fresh = fresh.map_err(|error| StoreError::Unavailable(error.text()))?;
        commit::resolve(fresh, organization, batch).await
    }

    async fn answers(
        &self,
        organization: OrganizationId,
        keys: &[AnswerKey],
    ) -> Result<Vec<Option<StoredAnswer>>, StoreError> {
        self.read_answers(organization, keys).await
    }

    async fn drop_answers(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.delete_answers(until, limit).await
    }

    async fn drop_batches(&self, until: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.delete_batches(until, limit).await
    }

    async fn drop_signals(
        &self,
        until: Timestamp,
        from: Option<SignalPlace>,
        limit: usize,
    ) -> Result<Option<SignalPlace>, StoreError> {
        self.delete_signals(until, from, limit).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.vacuum_contacts().await
    }

    async fn read_log(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        self.log_after(organization, after, limit).await
    }

    async fn head(&self, organization: OrganizationId) -> Result<Head, StoreError> {
        self.read_head(organization).await
    }

    async fn cursor(
        &self,
        organization: OrganizationId,
        consumer: &str,
    ) -> Result<i64, StoreError> {
        self.read_cursor(organization, consumer).await
    }

    async fn save_view(&self, write: &ViewWrite) -> Result<bool, StoreError> {
        view::save(&self.writers, write).await
    }

    async fn contacts(
        &self,
        organization: OrganizationId,
        ids: &[ContactId],
    ) -> Result<Vec<Contact>, StoreError> {
        self.read_contacts(organization, ids).await
    }

    async fn decision(
        &self,
        organization: OrganizationId,
        id: DecisionId,
    ) -> Result<Option<String>, StoreError> {
        self.read_decision(organization, id).await
    }

    async fn due_reservations(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ReservationId, Timestamp)>, StoreError> {
        self.reservations_due(organization, until, limit).await
    }

    async fn find_key(&self, secret_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError> {
        self.key_of(secret_hash).await
    }

    async fn organizations(&self) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        self.all_organizations().await
    }
}
