//! Readers of a folder: beside the process that serves it, and without one.

use ordo_domain::world::Key;
use ordo_store::contract::fixture::{Shop, capture, order};
use ordo_store::{CommitError, Store, StoreError};

use crate::{folder, read, serve};

#[tokio::test]
async fn a_reader_sees_what_is_committed_while_it_is_open() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let reader = read(dir.path());
    let organization = shop.organization;
    let head = || async { reader.head(organization).await.expect("a head").position };
    let before = head().await;
    let given = shop.give(capture(&order("1", &[("A", 1)]))).await;
    assert_eq!(before + 1, given.committed.first_position);
    assert_eq!(
        head().await,
        before + given.commit.changes.events.len() as i64
    );
}

#[tokio::test]
async fn a_reader_needs_nobody_who_serves() {
    let dir = folder();
    let store = serve(dir.path());
    let shop = Shop::open(&store, 1).await;
    let organization = shop.organization;
    let log = store.read_log(organization, 0, 1_000).await.expect("a log");
    drop(store);
    let reader = read(dir.path());
    assert_eq!(
        reader
            .read_log(organization, 0, 1_000)
            .await
            .expect("a log"),
        log
    );
    assert_eq!(reader.check_integrity().await.expect("it is read"), [""; 0]);
    // Nor does it keep anybody from serving.
    serve(dir.path());
}

/// The store that writes keeps some rows in memory; whoever only reads finds the same in the tables.
#[tokio::test]
async fn a_reader_loads_the_same_rows_as_the_store_that_writes() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let mut keys = Vec::new();
    for external_id in ["1", "2", "3"] {
        let mut input = order(external_id, &[("A", 1), ("B", 2)]);
        if let Some(to) = &mut input.ship_to {
            to.email = Some("same@example.com".to_owned());
        }
        let changes = shop.give(capture(&input)).await.commit.changes;
        keys.extend(changes.signals.iter().map(|signal| Key::Signal(signal.key)));
        keys.extend(changes.cells.iter().map(|cell| Key::Cells(cell.key.sku)));
    }
    let reader = read(dir.path());
    let loaded = reader.load(shop.organization, &keys).await.expect("rows");
    assert_eq!(loaded, shop.load(&keys).await);
}

#[tokio::test]
async fn a_reader_writes_nothing() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let changes = shop.blank().await;
    let commit = shop.batch(changes);
    let reader = read(dir.path());
    let refused = reader.commit(&commit).await;
    let unsupported =
        |error: &CommitError| matches!(error, CommitError::Store(StoreError::Unsupported(_)));
    assert!(refused.as_ref().is_err_and(unsupported), "{refused:?}");
    let dropped = reader.drop_answers(shop.now, 1).await;
    assert!(matches!(dropped, Err(StoreError::Unsupported(_))));
    shop.commits(&commit).await;
}
