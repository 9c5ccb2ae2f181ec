//! Databases that version 1 made open in every later release (I13).
//!
//! `golden/` holds a database of SQLite and a backup, both packed. Once version 1 is released nobody
//! writes them again; until then, where a change of the schema makes them unreadable, delete them
//! and let `ORDO_BLESS=1` write those that are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use ordo_store::portable::tally;
use ordo_store::{OrderFilter, OrderSort, Query, Store};
use ordo_store_sqlite::{DATABASE_FILE, SqliteStore};

use crate::carried::demo_folder;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/golden")
        .join(name)
}

fn is_blessed(path: &Path) -> bool {
    std::env::var_os("ORDO_BLESS").is_some() && !path.exists()
}

fn ordo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ordo"))
        .args(arguments)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a folder that holds the fixture must answer.
async fn is_the_fixture(dir: &Path) {
    let store = SqliteStore::open(dir, ordo_store_sqlite::Options::default()).unwrap();
    let organizations = store.organizations().await.unwrap();
    let [(organization, code)] = organizations.as_slice() else {
        panic!("{organizations:?}")
    };
    assert_eq!(code, "shop-1");
    let head = store.head(*organization).await.unwrap();
    let log = store.read_log(*organization, 0, 10_000).await.unwrap();
    assert_eq!(log.len() as i64, head.position);
    let all = OrderFilter::default();
    let page = store.list_orders(*organization, &all, OrderSort::Oldest, None, 100);
    assert_eq!(page.await.unwrap().items.len(), 25);
    drop(store);
    let dir = dir.to_str().unwrap();
    ordo(&["check", "--data", dir]);
    let exported = ordo(&[
        "export",
        "orders",
        "--data",
        dir,
        "--organization",
        "shop-1",
    ]);
    assert_eq!(exported.lines().count(), 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_version_1_restores() {
    let folders = tempfile::tempdir().unwrap();
    let (made, restored) = (folders.path().join("made"), folders.path().join("restored"));
    let file = golden("version-1.backup.gz");
    if is_blessed(&file) {
        demo_folder(&made).await;
        let (made, file) = (made.to_str().unwrap(), file.to_str().unwrap());
        ordo(&["backup", "--data", made, "--to", file, "--no-check"]);
    }
    let from = file.to_str().unwrap();
    ordo(&[
        "restore",
        "--from",
        from,
        "--data",
        restored.to_str().unwrap(),
    ]);
    let mut dump = ordo_store_sqlite::portable::dump(&restored).unwrap();
    assert_eq!(tally(&mut *dump).await.unwrap().rows("orders"), 25);
    drop(dump);
    is_the_fixture(&restored).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_version_1_opens() {
    let folders = tempfile::tempdir().unwrap();
    let file = golden("version-1.db.gz");
    if is_blessed(&file) {
        let made = folders.path().join("made");
        demo_folder(&made).await;
        let packed = std::fs::File::create(&file).unwrap();
        let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
        let mut database = std::fs::File::open(made.join(DATABASE_FILE)).unwrap();
        std::io::copy(&mut database, &mut packed).unwrap();
        packed.finish().unwrap();
    }
    let opened = folders.path().join("opened");
    std::fs::create_dir(&opened).unwrap();
    let packed = std::fs::File::open(&file).unwrap();
    let mut packed = flate2::read::GzDecoder::new(packed);
    let mut database = std::fs::File::create(opened.join(DATABASE_FILE)).unwrap();
    std::io::copy(&mut packed, &mut database).unwrap();
    drop(database);
    is_the_fixture(&opened).await;
}
