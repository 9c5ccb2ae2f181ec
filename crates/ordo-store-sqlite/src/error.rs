//! How opening can fail, and what the rest of the world is told of SQLite's failures.

use std::io;
use std::path::{Path, PathBuf};

use ordo_store::StoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
    SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC,
};

/// Why a folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves this folder.
    #[error("{} is served by another process", .0.display())]
    InUse(PathBuf),
    /// There is no database in this folder, and a reader makes none.
    #[error("{} holds no database", .0.display())]
    Missing(PathBuf),
    /// There is a database in this folder, and it was not said that it may be replaced.
    #[error("{} holds a database already", .0.display())]
    NotEmpty(PathBuf),
    /// The linked SQLite may lose data: up to 3.51.2 the WAL could be reset under a reader.
    #[error("SQLite {found} is linked; 3.54.1 or later is needed")]
    Library {
        /// The linked version.
        found: &'static str,
    },
    /// The file belongs to another program.
    #[error("{} is not a database of Ordo", .0.display())]
    Foreign(PathBuf),
    /// A later release wrote the schema, and this one cannot read it.
    #[error("the database has schema {found}; this release knows {known}: use the later release")]
    TooNew {
        /// The schema of the file.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// A reader met an older schema, which only a serving process may bring forward.
    #[error(
        "the database has schema {found}, this release needs {known}: let `serve` open it once"
    )]
    TooOld {
        /// The schema of the file.
        found: i64,
        /// What this release needs.
        known: i64,
    },
    /// The file is damaged; a person must look.
    #[error(
        "{} is damaged: {found}. Nothing was repaired. Keep a copy of its folder, then restore the \
         last backup: ordo restore --from BACKUP --data DIR --force",
        path.display()
    )]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// There is no room on the disk for what must be written before anybody is served.
    #[error("there is no room left on the disk of {}: make some and start again", .0.display())]
    Full(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error("{} cannot be used", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system gave no thread.
    #[error("no thread could be started")]
    Thread(#[source] io::Error),
    /// SQLite refused.
    #[error("{} cannot be opened: {source}", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl OpenError {
    /// The same, of the file at `path` where no other one is named yet.
    pub(crate) fn in_file(mut self, named: &Path) -> Self {
        match &mut self {
            Self::Corrupt { path, .. } | Self::Database { path, .. } | Self::Full(path)
                if path.as_os_str().is_empty() =>
            {
                named.clone_into(path);
            }
            _ => {}
        }
        self
    }

    /// Something is wrong in the file that is being opened.
    pub(crate) fn corrupt(found: impl Into<String>) -> Self {
        Self::Corrupt {
            path: PathBuf::new(),
            found: found.into(),
        }
    }
}

/// Whoever opens a file names it by `in_file`.
impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::corrupt(error.to_string())
            }
            Some(ErrorCode::DiskFull) => Self::Full(PathBuf::new()),
            _ => Self::Database {
                path: PathBuf::new(),
                source: error,
            },
        }
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sqlite(error) => error.into(),
            Fault::Text { .. } | Fault::Full(_) | Fault::Broken => Self::corrupt(fault.to_string()),
        }
    }
}

/// Why a statement or a stored text failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("{what} cannot be read: {source}")]
    Text {
        what: &'static str,
        source: serde_json::Error,
    },
    #[error("{0}")]
    Full(&'static str),
    #[error("the disk did not keep what was written: look at it, then start Ordo again")]
    Broken,
}

impl Fault {
    pub(crate) fn text(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Text { what, source }
    }

    /// Whether a file could not be flushed to the disk.
    pub(crate) fn is_flush(&self) -> bool {
        let Self::Sqlite(rusqlite::Error::SqliteFailure(failure, _)) = self else {
            return false;
        };
        matches!(
            failure.extended_code,
            SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC
        )
    }

    /// Whether a row with the same key is there already.
    pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return false;
        };
        matches!(
            failure.extended_code,
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID
        )
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Text { .. } => Self::Corrupt(fault.to_string()),
            Fault::Full(_) | Fault::Broken => Self::Unavailable(fault.to_string()),
            Fault::Sqlite(error) => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
                | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
                other => match other.sqlite_error_code() {
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                        Self::Corrupt(error.to_string())
                    }
                    _ => Self::Unavailable(error.to_string()),
                },
            },
        }
    }
}
