//! Backups of a running store: one moment, whole, and no obstacle to those who write.

use std::fs;

use ordo_store::contract::fixture::{Shop, capture, order};
use ordo_store::{OrderFilter, OrderSort, Query, Store, StoreError};
use ordo_store_sqlite::DATABASE_FILE;

use crate::{folder, serve};

/// Goal: a backup that is taken while orders come in opens as a store of its own and holds one moment
/// of the log. Method: captures go on until three backups are taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_writes_is_one_moment() {
    let (dir, to) = (folder(), folder());
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let backups = async {
        for n in 0..3 {
            let place = to.path().join(n.to_string());
            fs::create_dir(&place).expect("a folder is made");
            let path = place.join(DATABASE_FILE);
            store.backup_to(&path).await.expect("a backup is taken");
        }
    };
    tokio::pin!(backups);
    let mut captured = 0;
    loop {
        tokio::select! {
            biased;
            () = &mut backups => break,
            given = async { shop.give(capture(&order(&captured.to_string(), &[("A", 1)]))).await } => {
                assert!(given.committed.first_position > 0);
                captured += 1;
            }
        }
    }
    let last = store.head(shop.organization).await.expect("a head");
    let mut earlier = 0;
    for n in 0..3 {
        let copy = serve(&to.path().join(n.to_string()));
        assert_eq!(copy.check_integrity().await.expect("it is read"), [""; 0]);
        let head = copy.head(shop.organization).await.expect("a head");
        let log = copy
            .read_log(shop.organization, 0, 100_000)
            .await
            .expect("a log");
        assert_eq!(log.len() as i64, head.position);
        assert!(earlier <= head.position && head.position <= last.position);
        earlier = head.position;
        let all = OrderFilter::default();
        let page = copy.list_orders(shop.organization, &all, OrderSort::Newest, None, 1);
        let newest = page
            .await
            .expect("a page")
            .items
            .first()
            .map(|row| row.number);
        assert_eq!(newest.unwrap_or(0), head.order_number);
    }
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_half() {
    let (dir, to) = (folder(), folder());
    let store = serve(dir.path());
    Shop::open(&store, 1).await;
    let path = to.path().join("backup.db");
    store.backup_to(&path).await.expect("a backup is taken");
    let again = store.backup_to(&path).await;
    assert!(matches!(again, Err(StoreError::Unavailable(_))));
    let nowhere = store.backup_to(&to.path().join("no/such/folder.db")).await;
    assert!(matches!(nowhere, Err(StoreError::Unavailable(_))));
    let left: Vec<_> = fs::read_dir(to.path())
        .expect("the folder is read")
        .map(|entry| entry.expect("an entry is read").file_name())
        .collect();
    assert_eq!(left, ["backup.db"]);
}
