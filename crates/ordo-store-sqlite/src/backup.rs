//! Copies a running database into a file: one snapshot, taken while writers go on.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::error::Fault;

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupFault {
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] Fault),
}

impl From<rusqlite::Error> for BackupFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Copies the database of `from` to `path`, where nothing may be yet. The file appears under its name
/// only once it is whole and on the disk.
pub(crate) fn copy(from: &Connection, path: &Path) -> Result<(), BackupFault> {
    let failed = |source| BackupFault::File {
        path: path.to_owned(),
        source,
    };
    if path.try_exists().map_err(failed)? {
        return Err(BackupFault::Exists(path.to_owned()));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // Left behind by a backup that was stopped.
    match fs::remove_file(&partial) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    drop(crate::folder::private_file(&partial).map_err(failed)?);
    let copied = copy_pages(from, &partial);
    if copied.is_err() {
        // What is half a backup must not be taken for one; the first failure is the one to tell.
        let _ = fs::remove_file(&partial);
    }
    copied?;
    fs::rename(&partial, path).map_err(failed)?;
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

fn copy_pages(from: &Connection, partial: &Path) -> Result<(), BackupFault> {
    let mut to = Connection::open_with_flags(
        partial,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    // All pages in one step are one snapshot: between steps a writer would make it start over.
    let step = Backup::new(from, &mut to)?.step(-1)?;
    debug_assert_eq!(step, StepResult::Done);
    to.close().map_err(|(_, error)| error)?;
    Ok(())
}
