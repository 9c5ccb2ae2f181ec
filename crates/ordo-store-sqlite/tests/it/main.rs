//! The contract of all stores on SQLite, and what only this store promises.

mod contract {
    use std::ops::Deref;

    use ordo_store_sqlite::{Options, SqliteStore};
    use tempfile::TempDir;

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
        let dir = tempfile::tempdir().expect("a folder can be made");
        let store =
            SqliteStore::open(dir.path(), Options::default()).expect("an empty folder opens");
        Some(Made { store, _dir: dir })
    }

    ordo_store::contract_tests!(make);
    ordo_store::contract_list_tests!(make);
}
