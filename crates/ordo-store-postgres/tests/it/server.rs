//! One cluster for all tests of a process, and a database in it for each.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_postgres::{Options, PostgresStore};

/// A cluster that stops once the last test that uses it is done.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

/// A store with a database of its own.
pub struct Made {
    store: PostgresStore,
    /// Where a second store finds the same database.
    pub url: String,
    _cluster: Arc<Cluster>,
}

impl Deref for Made {
    type Target = PostgresStore;

    fn deref(&self) -> &PostgresStore {
        &self.store
    }
}

/// An empty store for a test, or `None` where there is no PostgreSQL.
pub async fn store(test: &'static str) -> Option<Made> {
    let (url, cluster) = database(test).await?;
    Some(Made {
        store: connect(&url).await,
        url,
        _cluster: cluster,
    })
}

/// An empty database for a test, or `None` where there is no PostgreSQL.
pub async fn database(test: &'static str) -> Option<(String, Arc<Cluster>)> {
    let cluster = shared(test)?;
    // A database's name is at most 63 bytes; tests of one process differ in their last part.
    let name = test.rsplit("::").next().unwrap_or(test);
    let name = &name[..name.len().min(63)];
    let url = cluster.create_database(name).await;
    Some((url.expect("a database is made"), cluster))
}

/// A store on a database that may be there already.
pub async fn connect(url: &str) -> PostgresStore {
    let store = PostgresStore::connect(url, &Options::default()).await;
    store.expect("the store opens")
}

/// A cluster for this test alone, or `None` where there is no PostgreSQL.
pub fn own(test: &str, durability: Durability) -> Option<Cluster> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Cluster::for_test(test, durability, Some(cache))
}

fn shared(test: &str) -> Option<Arc<Cluster>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return Some(cluster);
    }
    let cluster = Arc::new(own(test, Durability::Off)?);
    *shared = Arc::downgrade(&cluster);
    Some(cluster)
}
