//! The folder with the database: its lock, and how its connections are set up.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::{Fault, OpenError};
use crate::migrate;
use crate::sound;

/// The database's file within the folder.
pub const DATABASE_FILE: &str = "ordo.db";
/// The file that a serving process keeps locked.
pub const LOCK_FILE: &str = "ordo.lock";

/// SQLite 3.51.2 and earlier could lose a WAL that was reset under a reader.
const LIBRARY_MIN: i32 = 3_054_001;

/// What may be chosen when a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Threads, each with a connection, that answer queries.
    pub readers: usize,
    /// Memory for pages of the connection that writes and loads, in KiB.
    pub writer_cache_kib: u32,
    /// Memory for pages of each connection that reads, in KiB.
    pub reader_cache_kib: u32,
    /// Size of the WAL from which on it is copied into the database, in KiB. It grows further while
    /// readers need it or while it is being copied.
    pub wal_kib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 3,
            writer_cache_kib: 16 * 1024,
            reader_cache_kib: 2 * 1024,
            wal_kib: 32 * 1024,
        }
    }
}

/// Fails unless a SQLite without known ways to lose data is linked.
pub(crate) fn check_library() -> Result<(), OpenError> {
    check_version(rusqlite::version_number(), rusqlite::version())
}

fn check_version(number: i32, text: &'static str) -> Result<(), OpenError> {
    if number < LIBRARY_MIN {
        return Err(OpenError::Library { found: text });
    }
    Ok(())
}

/// Makes the folder where there is none and locks it until the file is dropped.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    make(dir).map_err(failed(dir))?;
    let path = dir.join(LOCK_FILE);
    let file = private_file(&path).map_err(failed(&path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(OpenError::InUse(dir.to_owned())),
        Err(errno) => Err(failed(&path)(errno.into())),
    }
}

/// Makes a folder and those that it lies in, and has them on the disk: SQLite sees to its own folder,
/// not to that one's place in the folder above.
fn make(dir: &Path) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make(above)?;
    }
    fs::create_dir_all(dir)?;
    File::open(above.unwrap_or(Path::new(".")))?.sync_all()
}

/// Opens the connection that writes, bringing the schema forward.
pub(crate) fn open_writer(dir: &Path, options: &Options) -> Result<Connection, OpenError> {
    let path = dir.join(DATABASE_FILE);
    if size(&path) == 0 && size(&dir.join(format!("{DATABASE_FILE}-wal"))) > 0 {
        // SQLite would throw the WAL away and begin anew.
        let found = "it is missing or empty, and its WAL is there";
        return Err(OpenError::corrupt(found).in_file(&path));
    }
    // SQLite gives its other files the permissions of this one.
    drop(private_file(&path).map_err(failed(&path))?);
    writer(&path, options).map_err(|error| error.in_file(&path))
}

fn writer(path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let before = sound::before(path);
    let mut conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    // What is refused stays as it is: its WAL is not copied by the way when this is closed.
    let stay = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    conn.set_db_config(stay, true)?;
    migrate::refuse(&conn, path)?;
    sound::check(&conn, &before)?;
    conn.set_db_config(stay, false)?;
    // Before the first table, else it does nothing.
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "secure_delete", true)?;
    // A thread of its own does it: checkpoint.rs.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -i64::from(options.writer_cache_kib))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    keep_what_is_seen(&conn)?;
    migrate::migrate(&mut conn, path)?;
    Ok(conn)
}

/// Has everything on the disk that can be read. A process that was killed leaves commits in the WAL
/// that it wrote and had no time to flush, or whose flush failed: SQLite shows them as committed, but
/// a power loss takes them away, and with them whatever was answered on their account since. Copying
/// them writes them anew, which also heals what a failed flush left behind.
fn keep_what_is_seen(conn: &Connection) -> Result<(), OpenError> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))?;
    Ok(())
}

/// Opens the connection that copies the WAL into the database beside the one that writes.
pub(crate) fn open_copier(dir: &Path) -> Result<Connection, OpenError> {
    let path = dir.join(DATABASE_FILE);
    copier(&path).map_err(|error| error.in_file(&path))
}

fn copier(path: &Path) -> Result<Connection, OpenError> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    Ok(conn)
}

/// Opens a connection that reads, beside a writer of this or another process.
pub(crate) fn open_reader(dir: &Path, options: &Options) -> Result<Connection, OpenError> {
    let path = dir.join(DATABASE_FILE);
    if !path.try_exists().map_err(failed(&path))? {
        return Err(OpenError::Missing(dir.to_owned()));
    }
    reader(dir, &path, options).map_err(|error| error.in_file(&path))
}

fn reader(dir: &Path, path: &Path, options: &Options) -> Result<Connection, OpenError> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "cache_size", -i64::from(options.reader_cache_kib))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate::check(&conn, dir)?;
    Ok(conn)
}

/// How long a connection waits for another one's short locks (recovery, the end of a checkpoint).
const BUSY: Duration = Duration::from_secs(5);
pub(crate) const PAGE_BYTES: i64 = 8_192;
/// More than there are, so that every statement is prepared once per connection.
const STATEMENTS: usize = 256;

/// Opens a file that only its owner may read, making it where it is not there.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// What is damaged in the file, at most 100 lines.
pub(crate) fn quick_check(conn: &Connection) -> Result<Vec<String>, Fault> {
    let mut statement = conn.prepare("PRAGMA quick_check(100)")?;
    let lines = statement.query_map((), |row| row.get(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// The size of a file; none where it is not there.
fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Folder { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_may_lose_data_is_refused_and_the_linked_one_is_not() {
        assert!(matches!(
            check_version(3_051_002, "3.51.2"),
            Err(OpenError::Library { found: "3.51.2" })
        ));
        check_library().unwrap();
    }
}
