//! Moves committed pages from the WAL into the database beside the thread that writes, so that no
//! commit waits for it.
//!
//! A thread of its own copies what has gathered; meanwhile commits go on and the WAL grows. Once little
//! is left the writing thread copies that itself, in about a millisecond, and the next commit starts
//! the WAL anew. Left to SQLite, every 25th batch or so would wait for the whole copy.

use std::fs::OpenOptions;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::Fault;
use crate::folder::PAGE_BYTES;
use crate::health::Health;
use crate::queue::{Lane, Queue};
use crate::writer::{Job, Writer};

/// Pages that the writing thread may copy itself.
const FINISH_PAGES: i64 = 256;

/// Copies in a row after which the writing thread finishes, however much is left.
const PASSES_MAX: usize = 4;

/// What the writing thread knows of the WAL.
#[derive(Debug)]
pub(crate) struct Gathering {
    queue: Arc<Queue<()>>,
    health: Arc<Health>,
    is_running: bool,
    /// Pages in the WAL from which on it is copied.
    gather: i64,
    /// Pages in the WAL from which on the next copy is worth its while: more than before where a
    /// reader kept the last one from its end.
    next_at: i64,
}

/// How far the WAL is copied, in pages.
#[derive(Debug, Clone, Copy)]
struct Progress {
    gathered: i64,
    copied: i64,
}

impl Gathering {
    /// With the queue of the thread that copies once the WAL has so many KiB.
    pub(crate) fn new(queue: Arc<Queue<()>>, health: Arc<Health>, wal_kib: u32) -> Self {
        let gather = i64::from(wal_kib) * 1_024 / PAGE_BYTES;
        Self {
            queue,
            health,
            is_running: false,
            gather,
            next_at: gather,
        }
    }

    /// Has the WAL copied if enough has gathered.
    pub(crate) fn check(&mut self, conn: &Connection) -> Result<(), Fault> {
        if self.is_running || !self.health.is_good() {
            return Ok(());
        }
        let progress = look(conn)?;
        if progress.gathered >= self.next_at && progress.copied < progress.gathered {
            self.is_running = true;
            self.queue.push(Lane::First, ());
        }
        Ok(())
    }

    /// Copies the rest.
    fn finish(&mut self, conn: &Connection) -> Result<(), Fault> {
        self.is_running = false;
        let progress = copy(conn, &self.health)?;
        self.next_at = if progress.copied == progress.gathered {
            self.gather
        } else {
            progress.gathered + FINISH_PAGES
        };
        Ok(())
    }
}

/// Copies whenever asked, until the queue is closed.
pub(crate) fn run(conn: &Connection, health: &Health, queue: &Queue<()>, writing: &Queue<Job>) {
    while let Some(()) = queue.take() {
        if let Err(fault) = copy_most(conn, health) {
            tracing::warn!(error = %fault, "the WAL could not be copied into the database");
        }
        let finish = |writer: &mut Writer| {
            if let Err(fault) = writer.gathering.finish(&writer.conn) {
                tracing::warn!(error = %fault, "the WAL could not be copied to its end");
            }
        };
        writing.push(Lane::First, Job::Call(Box::new(finish)));
    }
    leave(conn, health);
}

/// Has the WAL stay as it is when the connection is closed, where it could not be flushed.
pub(crate) fn leave(conn: &Connection, health: &Health) {
    let stay = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    if !health.is_good()
        && let Err(error) = conn.set_db_config(stay, true)
    {
        tracing::error!(error = %error, "the WAL may be emptied although a flush failed");
    }
}

/// Cuts the WAL behind its last commit that stands. Nobody may be writing.
pub(crate) fn cut(conn: &Connection) -> Result<(), CutFault> {
    let frames = u64::try_from(look(conn)?.gathered).unwrap_or(0);
    let size = match frames {
        0 => 0,
        frames => WAL_HEADER_BYTES + frames * (FRAME_HEADER_BYTES + PAGE_BYTES as u64),
    };
    let Some(path) = conn.path() else {
        return Ok(());
    };
    let wal = OpenOptions::new().write(true).open(format!("{path}-wal"))?;
    if wal.metadata()?.len() > size {
        wal.set_len(size)?;
    }
    Ok(())
}

/// Why the WAL was not cut.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CutFault {
    #[error(transparent)]
    Store(#[from] Fault),
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// The WAL's own header, and that of each page in it (SQLite's file format, section 4).
const WAL_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// Copies until little is left. What a pass copies is what there was when it began.
fn copy_most(conn: &Connection, health: &Health) -> Result<(), Fault> {
    for _ in 0..PASSES_MAX {
        let copied = copy(conn, health)?.copied;
        if look(conn)?.gathered - copied <= FINISH_PAGES {
            break;
        }
    }
    Ok(())
}

/// As far as it came; how far the WAL is copied where somebody else is at it.
fn copy(conn: &Connection, health: &Health) -> Result<Progress, Fault> {
    match health.try_copy(|| progress(conn, "PRAGMA wal_checkpoint(PASSIVE)"))? {
        Some(progress) => Ok(progress),
        None => look(conn),
    }
}

fn look(conn: &Connection) -> Result<Progress, Fault> {
    progress(conn, "PRAGMA wal_checkpoint(NOOP)")
}

fn progress(conn: &Connection, sql: &'static str) -> Result<Progress, Fault> {
    let progress = conn.prepare_cached(sql)?.query_row((), |row| {
        Ok(Progress {
            gathered: row.get(1)?,
            copied: row.get(2)?,
        })
    })?;
    Ok(progress)
}
