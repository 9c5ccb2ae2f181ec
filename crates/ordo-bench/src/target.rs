//! What a bench works on: a fresh store, an engine over it, and a server on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ordo_domain::id::OrganizationId;
use ordo_engine::{Backend, Engine, EngineConfig, SystemClock};
use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_sqlite::SqliteStore;

use crate::StoreKind;

/// The owner key of every bench.
pub const KEY: &str = "bench-owner-key-0123456789-0123456789";

/// A place for a store that goes away with this.
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A cluster.
    Cluster(Cluster),
}

impl Place {
    /// A fresh place.
    pub fn make(kind: StoreKind, name: &str) -> Result<Self, String> {
        match kind {
            StoreKind::Sqlite => {
                let folder =
                    std::env::temp_dir().join(format!("ordo-bench-{name}-{}", std::process::id()));
                std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
                Ok(Self::Folder(folder))
            }
            StoreKind::Postgres => {
                let cluster = Cluster::start(Durability::Full, &[]);
                Ok(Self::Cluster(cluster.map_err(|error| error.to_string())?))
            }
        }
    }

    /// Opens the store that is in it, making it where it is not.
    pub async fn open(&self) -> Result<Arc<dyn Backend>, String> {
        match self {
            Self::Folder(folder) => {
                let store = SqliteStore::open(folder, ordo_store_sqlite::Options::default());
                Ok(Arc::new(store.map_err(|error| error.to_string())?))
            }
            Self::Cluster(cluster) => {
                let options = ordo_store_postgres::Options::default();
                let store = PostgresStore::connect(&cluster.url("postgres"), &options).await;
                Ok(Arc::new(store.map_err(|error| error.to_string())?))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Folder(folder) = self {
            // What cannot be removed is in the temporary folder anyway.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A served company.
pub struct Target {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The organization that owns [`KEY`].
    pub organization: OrganizationId,
    /// Where it is served.
    pub address: SocketAddr,
    stop: tokio::sync::oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Target {
    /// Serves the store in `place` on a free port.
    pub async fn start(place: &Place) -> Result<Self, String> {
        let backend = place.open().await?;
        let engine = Engine::start(backend, Arc::new(SystemClock), EngineConfig::default());
        let organization = engine
            .bootstrap(KEY)
            .await
            .map_err(|error| error.to_string())?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = ordo_server::router(Arc::clone(&engine));
        let server = tokio::spawn(ordo_server::serve(listener, router, async {
            // A dropped sender stops it too.
            let _ = stopped.await;
        }));
        Ok(Self {
            engine,
            organization,
            address,
            stop,
            server,
        })
    }

    /// Milliseconds that the view is behind the log right now: the age of the oldest event that it
    /// has not seen.
    pub async fn view_lag_ms(&self) -> Result<f64, String> {
        let backend = self.engine.backend();
        let text = |error: ordo_store::StoreError| error.to_string();
        let cursor = backend
            .cursor(self.organization, "view")
            .await
            .map_err(text)?;
        let unseen = backend
            .read_log(self.organization, cursor, 1)
            .await
            .map_err(text)?;
        Ok(unseen.first().map_or(0.0, |entry| {
            let age = self.engine.clock().now().as_micros() - entry.recorded_at.as_micros();
            age as f64 / 1_000.0
        }))
    }

    /// Stops the server and what runs beside it.
    pub async fn stop(self) -> Result<(), String> {
        // The server may have ended by itself, which its result tells.
        let _ = self.stop.send(());
        let served = self.server.await.map_err(|error| error.to_string())?;
        served.map_err(|error| error.to_string())?;
        self.engine.shutdown().await;
        Ok(())
    }
}
