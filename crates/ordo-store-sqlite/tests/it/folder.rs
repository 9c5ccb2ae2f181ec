//! What a folder is opened by, and what is refused.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use ordo_store::Store;
use ordo_store::contract::fixture::{Shop, capture, order};
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
    let before = fs::read(dir.path().join(DATABASE_FILE)).expect("the file is read");
    assert!(matches!(refusal(dir.path()), OpenError::Foreign(_)));
    let left = fs::read(dir.path().join(DATABASE_FILE)).expect("the file is read");
    assert_eq!(left, before);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = folder();
    let text = "not a database, whatever its name says\n".repeat(1_000);
    fs::write(dir.path().join(DATABASE_FILE), &text).expect("a file is written");
    assert!(matches!(refusal(dir.path()), OpenError::Corrupt { .. }));
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
            matches!(refused, OpenError::Corrupt { .. }),
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
    // Where the third row and the next ones lie: the first still reads, so that a start finds nothing.
    let at = (page as u64 - 1) * 8_192 + 8 + 2 * 2;
    file.expect("the file opens")
        .write_all_at(&[0xff; 4], at)
        .expect("the page is damaged");
    let store = serve(dir.path());
    let found = store.check_integrity().await.expect("it is read");
    assert!(!found.is_empty());
}

/// Goal: what is not whole is refused by name, with what to do, and left as it is.
#[tokio::test]
async fn a_damaged_file_is_refused_by_name_and_left_as_it_is() {
    let header = |bytes: &mut Vec<u8>| bytes[..16].fill(0x5a);
    let page_size = |bytes: &mut Vec<u8>| bytes[16..18].fill(0xff);
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let schema = |bytes: &mut Vec<u8>| bytes[100..4_000].fill(0x5a);
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("header", header),
        ("page size", page_size),
        ("cut", cut),
        ("schema", schema),
    ];
    for (what, damage) in damages {
        let dir = filled().await;
        let path = dir.path().join(DATABASE_FILE);
        let mut bytes = fs::read(&path).expect("the file is read");
        damage(&mut bytes);
        fs::write(&path, &bytes).expect("the file is damaged");
        let said = refusal(dir.path()).to_string();
        assert!(
            said.contains(path.to_str().expect("a name")),
            "{what}: {said}"
        );
        assert!(said.contains("ordo restore"), "{what}: {said}");
        assert_eq!(fs::read(&path).expect("the file is read"), bytes, "{what}");
    }
}

#[tokio::test]
async fn every_table_and_index_must_begin_with_a_page_that_reads() {
    let dir = filled().await;
    let roots: Vec<(String, i64)> = {
        let conn = database(dir.path());
        let mut statement = conn
            .prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 1 AND name IN ('cells', 'orders', 'tasks', 'events', 'claims')")
            .expect("the schema is read");
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
        rows.expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    assert_eq!(roots.len(), 5);
    let path = dir.path().join(DATABASE_FILE);
    let whole = fs::read(&path).expect("the file is read");
    for (table, page) in roots {
        let mut bytes = whole.clone();
        let at = (page as usize - 1) * 8_192;
        bytes[at..at + 8_192].fill(0x5a);
        fs::write(&path, &bytes).expect("the file is damaged");
        let refused = refusal(dir.path());
        assert!(
            matches!(refused, OpenError::Corrupt { .. }),
            "{table}: {refused}"
        );
    }
}

/// Files of a store as it runs, by name: a crash would leave them so.
fn as_it_runs(dir: &Path) -> [(String, Vec<u8>); 2] {
    [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")].map(|name| {
        let bytes = fs::read(dir.join(&name)).expect("the file is read");
        (name, bytes)
    })
}

#[tokio::test]
async fn a_wal_without_its_database_is_not_thrown_away() {
    let dir = folder();
    let store = serve(dir.path());
    Shop::open(&store, 1).await;
    let [_, (wal_name, wal)] = as_it_runs(dir.path());
    for rest in [None, Some("")] {
        let left = folder();
        fs::write(left.path().join(&wal_name), &wal).expect("the WAL");
        if let Some(rest) = rest {
            fs::write(left.path().join(DATABASE_FILE), rest).expect("an empty file");
        }
        let refused = refusal(left.path());
        assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
        assert_eq!(fs::read(left.path().join(&wal_name)).expect("the WAL"), wal);
    }
}

/// Goal: a database under a WAL that is not its own is refused. Method: a folder keeps the WAL of its
/// last hours while its database is replaced by an older copy, as happens to those who restore by
/// hand; and another shop's WAL is put beside it.
#[tokio::test]
async fn a_wal_of_another_moment_or_database_is_refused() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let copy = folder();
    let old = copy.path().join("old.db");
    store.backup_to(&old).await.expect("a copy is taken");
    for n in 0..30 {
        shop.give(capture(&order(&n.to_string(), &[("C", 1)])))
            .await;
    }
    // What the WAL held until now is in the database; it goes on from here.
    store.scrub().await.expect("the WAL is emptied");
    for n in 30..60 {
        shop.give(capture(&order(&n.to_string(), &[("C", 1)])))
            .await;
    }
    let [_, (wal_name, wal)] = as_it_runs(dir.path());
    let mixed = folder();
    fs::copy(&old, mixed.path().join(DATABASE_FILE)).expect("the old one");
    fs::write(mixed.path().join(&wal_name), &wal).expect("the new WAL");
    let refused = refusal(mixed.path());
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
    let [(_, left), (_, left_wal)] = as_it_runs(mixed.path());
    assert_eq!(left, fs::read(&old).expect("the copy is read"));
    assert_eq!(left_wal, wal);

    let other = folder();
    let store = serve(other.path());
    let mut theirs = Shop::open(&store, 2).await;
    store.scrub().await.expect("the WAL is emptied");
    theirs.give(capture(&order("1", &[("A", 1)]))).await;
    let [(name, database), _] = as_it_runs(other.path());
    let mixed = folder();
    fs::write(mixed.path().join(name), database).expect("their database");
    fs::write(mixed.path().join(wal_name), wal).expect("our WAL");
    let refused = refusal(mixed.path());
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
}
