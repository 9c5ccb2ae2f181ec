//! What a folder is opened by, and what is refused.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use ordo_store::contract::fixture::Shop;
use ordo_store_sqlite::{DATABASE_FILE, OpenError, Options, SqliteStore};
use rusqlite::Connection;

use crate::{folder, read, serve};

fn refusal(dir: &Path) -> OpenError {
    match SqliteStore::open(dir, Options::default()) {
        Ok(_) => panic!("the folder opened"),
        Err(error) => error,
    }
}

/// A folder with a filled database that nobody has open.
async fn filled() -> tempfile::TempDir {
    let dir = folder();
    let store = serve(dir.path());
    Shop::open(&store, 1).await;
    drop(store);
    dir
}

fn database(dir: &Path) -> Connection {
    Connection::open(dir.join(DATABASE_FILE)).expect("the file opens")
}

#[test]
fn a_folder_is_served_once_at_a_time() {
    let dir = folder();
    let first = serve(dir.path());
    assert!(matches!(refusal(dir.path()), OpenError::InUse(_)));
    drop(first);
    serve(dir.path());
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let dir = folder();
    serve(&dir.path().join("a/b"));
    assert!(dir.path().join("a/b").join(DATABASE_FILE).exists());
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let dir = folder();
    let store = serve(dir.path());
    Shop::open(&store, 1).await;
    let mut files = 0;
    for entry in fs::read_dir(dir.path()).expect("the folder is read") {
        let entry = entry.expect("an entry is read");
        let mode = entry
            .metadata()
            .expect("a file has a mode")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.file_name());
        files += 1;
    }
    assert!(files >= 3, "database, WAL and lock");
}

#[test]
fn a_reader_makes_no_database() {
    let dir = folder();
    let opened = SqliteStore::open_reader(dir.path(), Options::default());
    assert!(matches!(opened.err(), Some(OpenError::Missing(_))));
    assert!(!dir.path().join(DATABASE_FILE).exists());
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let dir = folder();
    database(dir.path())
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        .expect("a table is made");
    assert!(matches!(refusal(dir.path()), OpenError::Foreign(_)));
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = folder();
    let text = "not a database, whatever its name says\n".repeat(1_000);
    fs::write(dir.path().join(DATABASE_FILE), &text).expect("a file is written");
    assert!(matches!(refusal(dir.path()), OpenError::Corrupt(_)));
    let left = fs::read_to_string(dir.path().join(DATABASE_FILE)).expect("it is still text");
    assert_eq!(left, text);
}

#[tokio::test]
async fn a_schema_that_a_later_release_made_unreadable_is_refused_with_both_versions() {
    let dir = filled().await;
    database(dir.path())
        .execute("UPDATE schema SET version = 99, min_reader = 98", ())
        .expect("the version is set");
    let refused = refusal(dir.path());
    assert!(
        matches!(refused, OpenError::TooNew { found: 99, .. }),
        "{refused}"
    );
    let reader = SqliteStore::open_reader(dir.path(), Options::default());
    assert!(matches!(reader.err(), Some(OpenError::TooNew { .. })));
}

#[tokio::test]
async fn a_later_schema_that_this_release_may_read_opens() {
    let dir = filled().await;
    database(dir.path())
        .execute("UPDATE schema SET version = 99", ())
        .expect("the version is set");
    serve(dir.path());
    read(dir.path());
}

#[tokio::test]
async fn a_reader_does_not_bring_an_older_schema_forward() {
    let dir = filled().await;
    database(dir.path())
        .execute("UPDATE schema SET version = 0", ())
        .expect("the version is set");
    let reader = SqliteStore::open_reader(dir.path(), Options::default());
    assert!(matches!(
        reader.err(),
        Some(OpenError::TooOld { found: 0, .. })
    ));
}

#[tokio::test]
async fn a_log_that_ends_elsewhere_than_its_head_says_is_refused() {
    for statement in [
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
        "UPDATE heads SET position = position - 1",
        "UPDATE heads SET order_number = 1001",
    ] {
        let dir = filled().await;
        database(dir.path())
            .execute(statement, ())
            .expect("a row is changed");
        let refused = refusal(dir.path());
        assert!(
            matches!(refused, OpenError::Corrupt(_)),
            "{statement}: {refused}"
        );
    }
}

#[tokio::test]
async fn damage_within_the_file_is_found_when_asked_for() {
    let dir = filled().await;
    let store = serve(dir.path());
    assert_eq!(store.check_integrity().await.expect("it is read"), [""; 0]);
    drop(store);
    let page: i64 = database(dir.path())
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'cells'",
            (),
            |row| row.get(0),
        )
        .expect("there is such a table");
    let file = OpenOptions::new()
        .write(true)
        .open(dir.path().join(DATABASE_FILE));
    let at = (page as u64 - 1) * 8_192 + 8;
    file.expect("the file opens")
        .write_all_at(&[0xff; 64], at)
        .expect("the page is damaged");
    let store = serve(dir.path());
    let found = store.check_integrity().await.expect("it is read");
    assert!(!found.is_empty());
}
