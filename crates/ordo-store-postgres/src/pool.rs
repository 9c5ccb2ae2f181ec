//! Connections kept open for the next user, and let go as soon as they may be of no use.
//!
//! A server that was demoted still answers; so an error that says so ends the connection it came
//! over and, since its neighbors lead to the same server, all that were opened before. A server that
//! is frozen or cut off says nothing at all, which `watch` notices.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ordo_store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio_postgres::Error;

use crate::connection::{Backend, Connection};
use crate::failure::ends_connection;
use crate::target::Target;
use crate::watch;

/// Connections of one kind.
pub struct Pool {
    target: Target,
    setup: &'static str,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(u64, Connection)>>,
    in_use: Mutex<HashMap<u64, Use>>,
    uses: AtomicU64,
    generation: Arc<AtomicU64>,
    limits: Limits,
}

/// What a pool keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections.
    pub size: usize,
    /// How old one may become.
    pub age_max: Duration,
    /// How long to wait for one.
    pub wait_max: Duration,
}

/// A connection that somebody uses.
#[derive(Clone)]
pub struct Use {
    /// Since when.
    pub since: Instant,
    /// Who serves it.
    pub backend: Backend,
    /// Ends it.
    pub cut: AbortHandle,
}

impl Pool {
    /// A pool whose connections are set up by `setup`. Pools that share a generation give their
    /// connections up together.
    pub fn new(
        target: Target,
        setup: &'static str,
        limits: Limits,
        generation: Arc<AtomicU64>,
    ) -> Arc<Self> {
        let pool = Arc::new(Self {
            target,
            setup,
            permits: Arc::new(Semaphore::new(limits.size.max(1))),
            idle: Mutex::new(Vec::new()),
            in_use: Mutex::default(),
            uses: AtomicU64::new(0),
            generation,
            limits,
        });
        tokio::spawn(watch::run(Arc::downgrade(&pool)));
        pool
    }

    /// Where its connections lead.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A connection, of those that are open or a new one.
    ///
    /// # Errors
    /// Unavailable, where all stay in use or no server takes writes.
    pub async fn lease(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let permits = Arc::clone(&self.permits);
        let permit = tokio::time::timeout(self.limits.wait_max, permits.acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable("all connections stay in use".to_owned()))?
            .map_err(|_| StoreError::Unavailable("the store was closed".to_owned()))?;
        let generation = self.generation.load(Ordering::Acquire);
        let connection = match self.take_idle(generation) {
            Some(connection) => connection,
            None => Connection::open_confirmed(&self.target, self.setup)
                .await
                .map_err(|error| StoreError::Unavailable(error.text()))?,
        };
        let number = self.uses.fetch_add(1, Ordering::Relaxed);
        let use_ = Use {
            since: Instant::now(),
            backend: connection.backend().clone(),
            cut: connection.cut(),
        };
        self.in_use().insert(number, use_);
        Ok(Lease {
            pool: Arc::clone(self),
            number,
            generation,
            connection: Some(connection),
            _permit: permit,
        })
    }

    /// Those that have been in use for at least so long.
    pub fn used_for(&self, long: Duration) -> Vec<Use> {
        let in_use = self.in_use();
        let found = in_use.values().filter(|one| one.since.elapsed() >= long);
        found.cloned().collect()
    }

    fn in_use(&self) -> MutexGuard<'_, HashMap<u64, Use>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one used last, since it is warm; those that aged meanwhile are closed.
    fn take_idle(&self, generation: u64) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(from, connection)| {
            *from == generation && connection.is_open() && connection.age() < self.limits.age_max
        });
        idle.pop().map(|(_, connection)| connection)
    }
}

/// A connection in use. It goes back only by [`Lease::give_back`] or [`Lease::settle`]: one that is
/// dropped may still be waiting for an answer, and is closed.
pub struct Lease {
    pool: Arc<Pool>,
    number: u64,
    generation: u64,
    /// There until it is given back.
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Leaves the connection to the next user.
    pub fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = (self.pool.idle.lock()).unwrap_or_else(PoisonError::into_inner);
            idle.push((self.generation, connection));
        }
    }

    /// Gives the connection back or closes it, as the outcome of what it was used for says.
    pub fn settle<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        match &outcome {
            Err(error) if ends_connection(error) => self.end(),
            Ok(_) | Err(_) => self.give_back(),
        }
        outcome
    }

    /// Closes the connection and all that were opened before it was leased.
    pub fn end(self) {
        let next = self.generation + 1;
        self.pool.generation.fetch_max(next, Ordering::AcqRel);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.in_use().remove(&self.number);
    }
}

/// Safety of both: a lease without its connection is on its way out, and nobody else holds it.
const HELD: &str = "a lease holds its connection until it is given back";

impl Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect(HELD)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect(HELD)
    }
}
