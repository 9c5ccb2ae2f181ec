//! Puts a store, the engine and the server together: the only place that names adapters.

use std::path::PathBuf;
use std::sync::Arc;

use ordo_engine::Backend;
use ordo_store::StoreError;
use ordo_store::portable::{Dump, Fill};
use ordo_store_postgres::PostgresStore;
use ordo_store_sqlite::{OpenError, SqliteStore};

/// Which store a command works on.
#[derive(Debug, Clone, clap::Args)]
pub struct StoreArgs {
    /// The folder of the embedded database.
    #[arg(
        long,
        value_name = "DIR",
        env = "ORDO_DATA",
        conflicts_with = "database_url"
    )]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database, such as postgres://user@host/ordo.
    #[arg(
        long,
        value_name = "URL",
        env = "ORDO_DATABASE_URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
}

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store could not be opened.
    #[error("{0}")]
    Open(String),
    /// Another process serves the folder.
    #[error("the folder is in use by a running Ordo; {0}")]
    InUse(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading or writing a file or socket failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A file that was named cannot be read or written.
    #[error("{0}")]
    Input(String),
    /// The command's words do not fit together.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// The exit code: 75 (try again) for a folder in use, 2 for wrong words, else 1.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::InUse(_) => 75,
            Self::Usage(_) => 2,
            Self::Open(_) | Self::Store(_) | Self::Io(_) | Self::Input(_) => 1,
        }
    }
}

impl StoreArgs {
    /// The store that was named.
    pub const fn of(data: Option<PathBuf>, database_url: Option<String>) -> Self {
        Self { data, database_url }
    }

    /// The folder, where no database was named.
    pub fn folder(&self) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| PathBuf::from("ordo-data"))
    }

    /// The folder, unless the store is a database of another's.
    pub fn folder_of_its_own(&self) -> Option<PathBuf> {
        self.database_url.is_none().then(|| self.folder())
    }

    /// Opens the store for writing, making it where it is not there.
    pub async fn open(&self) -> Result<Arc<dyn Backend>, Failure> {
        match &self.database_url {
            Some(url) => self.postgres(url).await,
            None => {
                let options = ordo_store_sqlite::Options::default();
                Ok(Arc::new(sqlite(SqliteStore::open(
                    &self.folder(),
                    options,
                ))?))
            }
        }
    }

    /// Opens the store for reading, which a running Ordo does not mind.
    pub async fn open_reader(&self) -> Result<Arc<dyn Backend>, Failure> {
        match &self.database_url {
            Some(url) => self.postgres(url).await,
            None => {
                let store =
                    SqliteStore::open_reader(&self.folder(), ordo_store_sqlite::Options::default());
                Ok(Arc::new(
                    store.map_err(|error| Failure::Open(error.to_string()))?,
                ))
            }
        }
    }

    /// Reads the store as it is at this moment, also while it is being served.
    pub async fn dump(&self) -> Result<Box<dyn Dump>, Failure> {
        match &self.database_url {
            Some(url) => {
                let dump = ordo_store_postgres::portable::dump(url, false).await;
                dump.map_err(|error| Failure::Open(error.to_string()))
            }
            None => sqlite(ordo_store_sqlite::portable::dump(&self.folder())),
        }
    }

    /// The same, and keeps everybody from writing meanwhile.
    pub async fn dump_locked(&self) -> Result<Box<dyn Dump>, Failure> {
        match &self.database_url {
            Some(url) => {
                let dump = ordo_store_postgres::portable::dump(url, true).await;
                dump.map_err(|error| Failure::Open(error.to_string()))
            }
            None => sqlite(ordo_store_sqlite::portable::dump_locked(&self.folder())),
        }
    }

    /// Makes a new store to be filled. `replaces` throws away what is in a folder.
    pub async fn fill(&self, replaces: bool) -> Result<Box<dyn Fill>, Failure> {
        match &self.database_url {
            Some(url) => {
                let fill = ordo_store_postgres::portable::fill(url).await;
                fill.map_err(|error| Failure::Open(error.to_string()))
            }
            None => sqlite(ordo_store_sqlite::portable::fill(&self.folder(), replaces)),
        }
    }

    async fn postgres(&self, url: &str) -> Result<Arc<dyn Backend>, Failure> {
        let options = ordo_store_postgres::Options::default();
        let store = PostgresStore::connect(url, &options).await;
        Ok(Arc::new(
            store.map_err(|error| Failure::Open(error.to_string()))?,
        ))
    }
}

/// What opening a folder ended with.
fn sqlite<T>(opened: Result<T, OpenError>) -> Result<T, Failure> {
    opened.map_err(|error| match error {
        OpenError::InUse(_) => Failure::InUse("ask it with --url instead, or stop it first"),
        error => Failure::Open(error.to_string()),
    })
}
