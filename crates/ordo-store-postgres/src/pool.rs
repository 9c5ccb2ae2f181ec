//! Connections kept open for the next user, and let go as soon as they may be of no use.
//!
//! A server that was demoted still answers; so an error that says so ends the connection it came
//! over and, since its neighbors lead to the same server, all that were opened before.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ordo_store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Error;

use crate::connection::Connection;
use crate::failure::{self, ends_connection};
use crate::target::Target;

/// Connections of one kind.
pub struct Pool {
    target: Target,
    setup: &'static str,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<(u64, Connection)>>,
    generation: AtomicU64,
    age_max: Duration,
    wait_max: Duration,
}

impl Pool {
    /// At most `size` connections, each set up by `setup`.
    pub fn new(
        target: Target,
        setup: &'static str,
        size: usize,
        age_max: Duration,
        wait_max: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            target,
            setup,
            permits: Arc::new(Semaphore::new(size.max(1))),
            idle: Mutex::new(Vec::new()),
            generation: AtomicU64::new(0),
            age_max,
            wait_max,
        })
    }

    /// A connection, of those that are open or a new one.
    ///
    /// # Errors
    /// Unavailable, where all stay in use or no server takes writes.
    pub async fn lease(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let permits = Arc::clone(&self.permits);
        let permit = tokio::time::timeout(self.wait_max, permits.acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable("all connections stay in use".to_owned()))?
            .map_err(|_| StoreError::Unavailable("the store was closed".to_owned()))?;
        let generation = self.generation.load(Ordering::Acquire);
        let connection = match self.take_idle(generation) {
            Some(connection) => connection,
            None => Connection::open(&self.target, self.setup)
                .await
                .map_err(|error| StoreError::Unavailable(failure::text(&error)))?,
        };
        Ok(Lease {
            pool: Arc::clone(self),
            generation,
            connection,
            _permit: permit,
        })
    }

    /// The one used last, since it is warm; those that aged meanwhile are closed.
    fn take_idle(&self, generation: u64) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(from, connection)| {
            *from == generation && connection.is_open() && connection.age() < self.age_max
        });
        idle.pop().map(|(_, connection)| connection)
    }
}

/// A connection in use. It goes back only by [`Lease::give_back`] or [`Lease::settle`]: one that is
/// dropped may still be waiting for an answer, and is closed.
pub struct Lease {
    pool: Arc<Pool>,
    generation: u64,
    connection: Connection,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// Leaves the connection to the next user.
    pub fn give_back(self) {
        let mut idle = (self.pool.idle.lock()).unwrap_or_else(PoisonError::into_inner);
        idle.push((self.generation, self.connection));
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

impl Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
