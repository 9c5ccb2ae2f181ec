//! GeoNames' postal file is taken in by the command, goes before the compiled-in points, is carried with
//! everything else, and can be taken away again.

use std::process::Command;

use ordo_store_sqlite::SqliteStore;

use crate::carried::demo_folder;

/// Exit code and what was said.
fn geo(arguments: &[&str]) -> (Option<i32>, String) {
    let mut ordo = Command::new(env!("CARGO_BIN_EXE_ordo"));
    let output = ordo
        .args(arguments)
        .env("ORDO_LOG", "warn")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_points_are_loaded_carried_and_taken_away() {
    let folders = tempfile::tempdir().unwrap();
    let at = |name: &str| folders.path().join(name).to_str().unwrap().to_owned();
    let (shop, copy, backup, file) = (at("shop"), at("copy"), at("backup.gz"), at("JP.txt"));
    demo_folder(folders.path().join("shop").as_path()).await;
    let line = "JP\t100-0001\tChiyoda\tTokyo To\t13\t\t\t\t\t35.685\t139.7514\t4\n";
    std::fs::write(&file, line.repeat(3)).unwrap();
    let whose = |dir: &str| {
        [
            "--data".to_owned(),
            dir.to_owned(),
            "--organization".to_owned(),
            "shop-1".to_owned(),
        ]
    };
    let run = |words: &[&str], dir: &str| {
        let whose = whose(dir);
        let words: Vec<&str> = words
            .iter()
            .copied()
            .chain(whose.iter().map(String::as_str))
            .collect();
        geo(&words)
    };
    let lookup = ["geo", "lookup", "--country", "JP", "--postal", "1000001"];
    let (code, before) = run(&lookup, &shop);
    assert_eq!(code, Some(0));
    assert!(before.ends_with(" by country\n"), "{before}");

    let (code, said) = run(&["geo", "load", &file], &shop);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("3 of 3 lines taken, "), "{said}");
    let found = (Some(0), "35.690000, 139.750000 by postal_code\n".to_owned());
    assert_eq!(run(&lookup, &shop), found);
    // Without a store only what is compiled in counts.
    assert_eq!(geo(&lookup).1, before);

    assert_eq!(
        geo(&["backup", "--data", &shop, "--to", &backup]).0,
        Some(0)
    );
    assert_eq!(
        geo(&["restore", "--from", &backup, "--data", &copy]).0,
        Some(0)
    );
    assert_eq!(run(&lookup, &copy), found);

    std::fs::write(&file, "no\tpostal\tfile\n").unwrap();
    let (code, said) = run(&["geo", "load", &file], &shop);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(run(&lookup, &shop), found);

    let served = SqliteStore::open(
        folders.path().join("shop").as_path(),
        ordo_store_sqlite::Options::default(),
    );
    let served = served.unwrap();
    assert_eq!(run(&["geo", "reset"], &shop).0, Some(75));
    drop(served);
    assert_eq!(run(&["geo", "reset"], &shop).0, Some(0));
    assert_eq!(run(&lookup, &shop).1, before);
    assert_eq!(geo(&["check", "--data", &shop]).0, Some(0));
}
