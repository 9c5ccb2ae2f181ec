//! The contract of all stores on SQLite, and what only this store promises.

mod backup;
mod durable;
mod folder;
mod power;
mod readers;

use std::ops::Deref;
use std::path::Path;

use ordo_store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

mod contract {
    ordo_store::contract_tests!(super::make);
    ordo_store::contract_list_tests!(super::make);
    ordo_store::contract_agenda_tests!(super::make);
}

/// A store that takes its folder along when it goes.
struct Made {
    store: SqliteStore,
    _dir: TempDir,
}

impl Deref for Made {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

async fn make(_test: &'static str) -> Option<Made> {
    let dir = folder();
    Some(Made {
        store: serve(dir.path()),
        _dir: dir,
    })
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

fn serve(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Options::default()).expect("the folder opens for serving")
}

fn read(dir: &Path) -> SqliteStore {
    SqliteStore::open_reader(dir, Options::default()).expect("the folder opens for reading")
}
