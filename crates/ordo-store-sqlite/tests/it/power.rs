//! What a power loss may not take away. The proof tries all moments; these are the ones at which
//! something was lost once.

use ordo_disk::{Call, Dice, Disk, Fault, Files, Image, Model, Op, Sector, Times};
use ordo_store::contract::fixture::{Shop, capture, order};
use ordo_store::{CommitError, Store, StoreError};
use ordo_store_sqlite::portable::dump;
use ordo_store_sqlite::{DATABASE_FILE, Options, SqliteStore};
use tempfile::TempDir;

use crate::{folder, serve};

fn written(image: &Image) -> TempDir {
    let dir = folder();
    image.write(dir.path()).expect("the files are written");
    dir
}

/// Every way of losing power that 50 seeds choose.
fn losses(model: &Model) -> impl Iterator<Item = Image> + use<'_> {
    (0..50).map(|seed| model.after_power_loss(Sector::Small, &mut Dice::new(seed)))
}

/// Goal: what a start finds is kept before anybody is told of it. Method: a process is killed after
/// its commit was written and before it was flushed; the next one finds the commit, and the power
/// goes before it has written anything.
#[tokio::test]
async fn what_a_killed_process_left_is_kept_once_it_was_shown() {
    let dir = folder();
    let disk = Disk::watch(dir.path()).expect("the folder is watched");
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    shop.give(capture(&order("1", &[("A", 1)]))).await;
    let organization = shop.organization;
    let (start, ops) = disk.recorded();
    drop((store, disk));
    let is_sync = |op: &Op| matches!(op, Op::Sync { .. });
    let last = ops.iter().rposition(is_sync).expect("it was flushed");
    let mut killed = start;
    for op in &ops[..last] {
        killed.step(op, &mut Dice::new(1));
    }
    let dir = written(&killed.as_seen());
    let disk = Disk::go_on(dir.path(), killed).expect("the folder is watched");
    let store = serve(dir.path());
    let shown = store.head(organization).await.expect("a head");
    let model = after(&disk);
    drop((store, disk));
    for image in losses(&model) {
        let dir = written(&image);
        let found = serve(dir.path()).head(organization).await;
        assert_eq!(found.expect("a head"), shown);
    }
}

/// Goal: what was erased does not come back. Method: a folder is scrubbed, and loses power then.
#[tokio::test]
async fn what_was_scrubbed_is_in_no_file_after_a_power_loss() {
    let dir = folder();
    let disk = Disk::watch(dir.path()).expect("the folder is watched");
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let given = shop.give(capture(&order("1", &[("A", 1)]))).await;
    let mut changes = shop.blank().await;
    changes.erased = given.order().contacts().collect();
    shop.writes(changes).await;
    store.scrub().await.expect("it is scrubbed");
    for image in losses(&after(&disk)) {
        for (name, bytes) in &image.0 {
            let word = b"Buyer of 1";
            let is_there = bytes.windows(word.len()).any(|window| window == word);
            assert!(!is_there, "{name}");
        }
        assert!(image.0.contains_key(DATABASE_FILE));
    }
}

/// Goal: a flush that failed is not made good by a later one. Method: while somebody reads, a part of
/// the WAL is copied into the database; the flush after the rest fails, and nothing that follows may
/// empty the WAL, so that whatever the disk lost of the copies is copied anew.
#[tokio::test]
async fn a_store_whose_flush_failed_writes_nothing_more_and_loses_nothing() {
    let dir = folder();
    let disk = Disk::watch(dir.path()).expect("the folder is watched");
    let options = Options {
        wal_kib: 512,
        ..Options::default()
    };
    let store = SqliteStore::open(dir.path(), options).expect("it opens");
    let mut shop = Shop::open(&store, 1).await;
    let organization = shop.organization;
    let reader = dump(dir.path()).expect("somebody reads");
    for n in 0..20 {
        shop.give(capture(&order(&n.to_string(), &[("A", 1)])))
            .await;
    }
    drop(reader);
    disk.fail(Fault::failing(
        Call::Sync,
        Files::Database,
        0,
        Times::Some(1),
    ));
    let scrubbed = store.scrub().await;
    assert!(
        matches!(scrubbed, Err(StoreError::Unavailable(_))),
        "{scrubbed:?}"
    );
    // The disk is well again, and still nobody can know what it holds.
    let read = store.head(organization).await;
    let said = read.expect_err("it is not served").to_string();
    assert!(said.contains("start Ordo again"), "{said}");
    let changes = ordo_domain::world::Changes::default();
    let refused = store.commit(&shop.batch(changes)).await;
    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
    drop(store);
    for image in losses(&after(&disk)) {
        let dir = written(&image);
        let found = serve(dir.path());
        assert_eq!(found.check_integrity().await.expect("it is read"), [""; 0]);
        let log = found.read_log(organization, 0, 1_000).await;
        assert!(log.expect("a log").len() >= 40);
    }
}

/// Goal: a commit whose flush failed is there or not, never half, also where the power goes once the
/// next start has copied the WAL.
#[tokio::test]
async fn a_commit_whose_flush_failed_is_cut_off() {
    let dir = folder();
    let disk = Disk::watch(dir.path()).expect("the folder is watched");
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let organization = shop.organization;
    let before = store.head(organization).await.expect("a head");
    let (changes, _) = shop.decide(&[capture(&order("1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    disk.fail(Fault::failing(Call::Sync, Files::Log, 0, Times::Some(1)));
    let unknown = store.commit(&commit).await;
    assert!(
        matches!(unknown, Err(CommitError::Unknown(_))),
        "{unknown:?}"
    );
    let resolved = store.resolve(organization, commit.batch).await;
    assert!(
        matches!(resolved, Err(StoreError::Unavailable(_))),
        "{resolved:?}"
    );
    drop(store);
    let model = after(&disk);
    let place = written(&model.as_seen());
    let disk = Disk::go_on(place.path(), model).expect("the folder is watched");
    let store = serve(place.path());
    assert_eq!(store.head(organization).await.expect("a head"), before);
    drop(store);
    for image in losses(&after(&disk)) {
        let dir = written(&image);
        let found = serve(dir.path());
        assert_eq!(found.check_integrity().await.expect("it is read"), [""; 0]);
        found.head(organization).await.expect("a head");
    }
}

/// All that was done in the folder.
fn after(disk: &Disk) -> Model {
    disk.catch_up().expect("the files are read");
    let (mut model, ops) = disk.recorded();
    for op in &ops {
        model.step(op, &mut Dice::new(1));
    }
    model
}
