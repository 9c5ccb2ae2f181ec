//! Threads with a connection each, and how async callers wait for them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ordo_domain::id::OrganizationId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::checkpoint::{self, Gathering};
use crate::error::{Fault, OpenError};
use crate::health::Health;
use crate::keys::{Id, NOBODY};
use crate::queue::Queue;
use crate::writer::{Job, Writer, undo};

/// A queue with the threads that work on it; dropping it lets them finish what waits.
pub(crate) struct Threads<J> {
    pub(crate) queue: Arc<Queue<J>>,
    threads: Vec<JoinHandle<()>>,
}

/// What a thread does with its queue until that is closed.
type Work<J> = Box<dyn FnOnce(&Queue<J>) + Send>;

impl<J: Send + 'static> Threads<J> {
    fn start(name: &str, queue: Arc<Queue<J>>, works: Vec<Work<J>>) -> Result<Self, OpenError> {
        let mut threads = Self {
            queue: Arc::clone(&queue),
            threads: Vec::with_capacity(works.len()),
        };
        for work in works {
            let queue = Arc::clone(&queue);
            let builder = thread::Builder::new().name(name.to_owned());
            let thread = builder.spawn(move || work(&queue));
            threads.threads.push(thread.map_err(OpenError::Thread)?);
        }
        Ok(threads)
    }
}

impl<J> Drop for Threads<J> {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended in a panic");
            }
        }
    }
}

/// The thread that writes, and the one that copies what it wrote into the database.
pub(crate) struct Writing {
    pub(crate) writer: Threads<Job>,
    _copier: Threads<()>,
}

impl Writing {
    pub(crate) fn start(
        conn: Connection,
        copier: Connection,
        health: &Arc<Health>,
        wal_kib: u32,
    ) -> Result<Self, OpenError> {
        let (jobs, copies) = (Arc::new(Queue::new()), Arc::new(Queue::new()));
        let gathering = Gathering::new(Arc::clone(&copies), Arc::clone(health), wal_kib);
        let writer = Writer::new(conn, gathering, Arc::clone(health))?;
        let write: Work<Job> = Box::new(move |queue| writer.run(queue));
        let jobs_of_copier = Arc::clone(&jobs);
        let health = Arc::clone(health);
        let copy: Work<()> =
            Box::new(move |queue| checkpoint::run(&copier, &health, queue, &jobs_of_copier));
        Ok(Self {
            writer: Threads::start("ordo-store-writer", jobs, vec![write])?,
            _copier: Threads::start("ordo-store-copier", copies, vec![copy])?,
        })
    }
}

/// What a reading thread is asked to do.
pub(crate) type ReadCall = Box<dyn FnOnce(&mut Reader) + Send>;

impl Threads<ReadCall> {
    /// One thread per connection.
    pub(crate) fn reading(connections: Vec<Connection>) -> Result<Self, OpenError> {
        let works = connections.into_iter().map(|conn| {
            let mut reader = Reader {
                conn,
                numbers: HashMap::new(),
            };
            let work = move |queue: &Queue<ReadCall>| {
                while let Some(call) = queue.take() {
                    // As with the writer: the caller learns of a panic by its channel.
                    let _ = catch_unwind(AssertUnwindSafe(|| call(&mut reader)));
                }
            };
            Box::new(work) as Work<ReadCall>
        });
        Self::start("ordo-store-reader", Arc::new(Queue::new()), works.collect())
    }
}

/// A connection that reads, with the organizations' numbers that it has met.
pub(crate) struct Reader {
    pub(crate) conn: Connection,
    numbers: HashMap<OrganizationId, i64>,
}

impl Reader {
    /// Runs `call` on one snapshot of the database.
    pub(crate) fn within<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        // Left open only by a panic.
        undo(&self.conn)?;
        self.conn.prepare_cached("BEGIN")?.execute(())?;
        let answer = call(self);
        undo(&self.conn)?;
        answer
    }

    /// The number of an organization; one under which nothing is stored where it has none.
    pub(crate) fn number(&mut self, organization: OrganizationId) -> Result<i64, Fault> {
        if let Some(number) = self.numbers.get(&organization) {
            return Ok(*number);
        }
        let found = self
            .conn
            .prepare_cached("SELECT organization FROM heads WHERE id = ?1")?
            .query_row(params![Id::of(organization)], |row| row.get(0))
            .optional()?;
        if let Some(number) = found {
            self.numbers.insert(organization, number);
        }
        Ok(found.unwrap_or(NOBODY))
    }
}
