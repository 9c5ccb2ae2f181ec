//! What a doctor asks of a folder: nothing here changes anything.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use rustix::fs::{FlockOperation, flock, statvfs};

use crate::error::OpenError;
use crate::folder::{DATABASE_FILE, LOCK_FILE};
use crate::migrate;

/// A folder, looked at from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The linked SQLite.
    pub library: &'static str,
    /// Whether that one keeps what was committed.
    pub is_library_sound: bool,
    /// Whether a process serves the folder.
    pub is_served: bool,
    /// Version of the schema and of the oldest release that may read it.
    pub schema: Option<(i64, i64)>,
    /// The newest schema that this release knows.
    pub known_schema: i64,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes of its WAL.
    pub wal_bytes: u64,
    /// Bytes that are free where the folder is.
    pub free_bytes: u64,
    /// Files that others than their owner may read or write.
    pub open_to_others: Vec<PathBuf>,
}

/// Looks at a folder.
///
/// # Errors
/// There is no database, or the folder cannot be read.
pub fn facts(dir: &Path) -> Result<Facts, OpenError> {
    let failed = |source| OpenError::Folder {
        path: dir.to_owned(),
        source,
    };
    let path = dir.join(DATABASE_FILE);
    if !path.try_exists().map_err(failed)? {
        return Err(OpenError::Missing(dir.to_owned()));
    }
    let size = |name: String| fs::metadata(dir.join(name)).map_or(0, |file| file.len());
    let space = statvfs(dir).map_err(|errno| failed(errno.into()))?;
    let mut open_to_others = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let meta = entry.metadata().map_err(failed)?;
        if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
            open_to_others.push(entry.path());
        }
    }
    open_to_others.sort();
    Ok(Facts {
        library: rusqlite::version(),
        is_library_sound: crate::folder::check_library().is_ok(),
        is_served: is_served(dir),
        schema: schema(&path).map_err(|error| error.in_file(&path))?,
        known_schema: migrate::KNOWN,
        database_bytes: size(DATABASE_FILE.to_owned()),
        wal_bytes: size(format!("{DATABASE_FILE}-wal")),
        free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        open_to_others,
    })
}

/// Whether the lock is taken; it is given back at once where it is not.
fn is_served(dir: &Path) -> bool {
    File::open(dir.join(LOCK_FILE))
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
}

fn schema(path: &Path) -> Result<Option<(i64, i64)>, OpenError> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let has_schema = conn
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema'")?
        .exists(())?;
    if !has_schema {
        return Ok(None);
    }
    let found = conn.query_row("SELECT version, min_reader FROM schema", (), |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    Ok(found.optional()?)
}
