//! What a power loss may not take away. The proof tries all moments; these are the ones at which
//! something was lost once.

use ordo_disk::{Dice, Disk, Image, Model, Op, Sector};
use ordo_store::Store;
use ordo_store::contract::fixture::{Shop, capture, order};
use ordo_store_sqlite::DATABASE_FILE;
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
    let (start, ops) = disk.recorded();
    drop((store, disk));
    let mut model = start;
    for op in &ops {
        model.step(op, &mut Dice::new(1));
    }
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
    let (start, ops) = disk.recorded();
    let mut model = start;
    for op in &ops {
        model.step(op, &mut Dice::new(1));
    }
    for image in losses(&model) {
        for (name, bytes) in &image.0 {
            let word = b"Buyer of 1";
            let is_there = bytes.windows(word.len()).any(|window| window == word);
            assert!(!is_there, "{name}");
        }
        assert!(image.0.contains_key(DATABASE_FILE));
    }
}
