//! The doctor finds what is wrong, says what to do, and is content with what is well.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use ordo_store_postgres::PostgresStore;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_sqlite::{DATABASE_FILE, SqliteStore};
use serde_json::Value;

use crate::carried::demo_folder;

/// Whether it ended well, and each check's result by name.
fn doctor(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_ordo"))
        .arg("doctor")
        .args(arguments)
        .arg("--json")
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), answer)
}

fn look<'a>(answer: &'a Value, check: &str) -> &'a Value {
    let looks = answer["checks"].as_array().unwrap();
    let found = looks.iter().find(|look| look["check"] == check);
    found.unwrap_or_else(|| panic!("{check} was not looked at: {answer}"))
}

fn bad(answer: &Value) -> Vec<&str> {
    let looks = answer["checks"].as_array().unwrap().iter();
    let bad = looks.filter(|look| look["ok"] == false);
    bad.map(|look| {
        assert!(!look["next"].as_str().unwrap().is_empty(), "{look}");
        look["check"].as_str().unwrap()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_looked_through() {
    let folders = tempfile::tempdir().unwrap();
    let dir = folders.path().join("shop");
    let data = dir.to_str().unwrap();
    let (code, answer) = doctor(&["--data", data]);
    assert_eq!((code, bad(&answer)), (Some(1), vec!["store"]));

    demo_folder(&dir).await;
    let (code, answer) = doctor(&["--data", data]);
    assert_eq!((code, bad(&answer)), (Some(0), vec![]), "{answer}");
    assert_eq!(
        look(&answer, "lock")["found"],
        "the folder is not being served"
    );
    let zones = look(&answer, "time zones")["found"].as_str().unwrap();
    assert!(zones.starts_with("tz database 20"), "{zones}");

    let serving = SqliteStore::open(&dir, ordo_store_sqlite::Options::default()).unwrap();
    let (code, answer) = doctor(&["--data", data]);
    assert_eq!(code, Some(0), "{answer}");
    assert_eq!(look(&answer, "lock")["found"], "the folder is being served");
    drop(serving);

    let file = dir.join(DATABASE_FILE);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, answer) = doctor(&["--data", data]);
    assert_eq!((code, bad(&answer)), (Some(1), vec!["permissions"]));
    // What was made beside it meanwhile took after it.
    for file in std::fs::read_dir(&dir).unwrap() {
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(file.unwrap().path(), private).unwrap();
    }

    // Pages in the middle are overwritten.
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 8_192 * 8_192;
    bytes[middle..middle + 3 * 8_192].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    let (code, answer) = doctor(&["--data", data]);
    // Where the pages are those that say which tables there are, it cannot even be opened.
    let is_named = matches!(bad(&answer).as_slice(), ["integrity"] | ["store"]);
    assert!(code == Some(1) && is_named, "{answer}");
}

/// Goal: nobody is served from a damaged database, and the person who starts it learns what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_folder_is_not_served() {
    let folders = tempfile::tempdir().unwrap();
    let dir = folders.path().join("shop");
    demo_folder(&dir).await;
    let file = dir.join(DATABASE_FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 8_192 / 2 * 8_192);
    std::fs::write(&file, &bytes).unwrap();
    for command in [
        vec!["serve", "--listen", "127.0.0.1:0"],
        vec!["check"],
        vec!["export", "orders", "--organization", "shop-1"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ordo"))
            .args(&command)
            .args(["--data", dir.to_str().unwrap()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        let is_clear = said.contains(file.to_str().unwrap()) && said.contains("ordo restore");
        assert!(is_clear, "{command:?}: {said}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_looked_through() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let test = "doctor::a_database_is_looked_through";
    let Some(cluster) = Cluster::for_test(test, Durability::Off, Some(cache)) else {
        return;
    };
    let url = cluster.create_database("looked").await.unwrap();
    let (code, answer) = doctor(&["--database-url", &url]);
    // The cluster of a test waits for no disk, and nobody has installed a schema.
    let expected = vec!["schema", "fsync", "full pages"];
    assert_eq!((code, bad(&answer)), (Some(1), expected));

    let options = ordo_store_postgres::Options::default();
    PostgresStore::connect(&url, &options).await.unwrap();
    let (code, answer) = doctor(&["--database-url", &url]);
    assert_eq!((code, bad(&answer)), (Some(1), vec!["fsync", "full pages"]));
    assert_eq!(look(&answer, "clocks")["ok"], true);
    let encryption = look(&answer, "encryption")["found"].as_str().unwrap();
    assert!(encryption.starts_with("none"), "{encryption}");

    let standbys = look(&answer, "standbys")["found"].as_str().unwrap();
    assert!(standbys.starts_with("commits wait for none"), "{standbys}");
    let reload = "SELECT pg_reload_conf()";
    for (names, is_bad) in [("ANY 1 (nobody)", true), ("", false)] {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        cluster.ask(&set).await.unwrap();
        cluster.ask(reload).await.unwrap();
        let asked = "SELECT current_setting('synchronous_standby_names')";
        while cluster.ask(asked).await.unwrap() != names {}
        let (_, answer) = doctor(&["--database-url", &url]);
        assert_eq!(bad(&answer).contains(&"standbys"), is_bad, "{answer}");
        let found = look(&answer, "standbys")["found"].as_str().unwrap();
        assert!(found.contains(names), "{found}");
    }

    let strict = format!("{url}?sslmode=require");
    let (code, answer) = doctor(&["--database-url", &strict]);
    assert_eq!((code, bad(&answer)), (Some(1), vec!["store"]));
    let found = look(&answer, "store")["found"].as_str().unwrap();
    assert!(found.contains("no encrypted connections"), "{found}");

    let (code, answer) = doctor(&["--database-url", "postgres://nobody@127.0.0.1:1/none"]);
    assert_eq!((code, bad(&answer)), (Some(1), vec!["store"]));
}
