//! Servers that say nothing: frozen ones, and primaries whose standbys do not confirm.

use std::time::{Duration, Instant};

use ordo_store::contract::fixture::{Shop, capture, order};
use ordo_store::{CommitError, Store, StoreError};
use ordo_store_postgres::cluster::Durability;
use ordo_store_postgres::{Options, PostgresStore};

use crate::outage::{eventually, execute};
use crate::server;

/// Within this somebody who waits is told.
const NOTICED_MAX: Duration = Duration::from_secs(10);

/// Its kernel takes bytes and acknowledges them, so no limit of the transport's ends this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_noticed_and_used_again() {
    let Some(cluster) = server::own("a_frozen_server_is_noticed", Durability::Off) else {
        return;
    };
    let url = cluster.create_database("ordo").await.unwrap();
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    let (changes, _) = shop.decide(&[capture(&order("O1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    let before = store.head(shop.organization).await.unwrap();
    cluster.freeze();
    let frozen = Instant::now();
    let (written, read) = tokio::join!(store.commit(&commit), store.head(shop.organization));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(
        matches!(written, Err(CommitError::Store(StoreError::Unavailable(_)))),
        "its statements were never answered, so COMMIT was never sent: {written:?}"
    );
    assert!(frozen.elapsed() < NOTICED_MAX, "{:?}", frozen.elapsed());
    cluster.thaw();
    eventually(async || store.head(shop.organization).await.is_ok()).await;
    assert_eq!(store.head(shop.organization).await.unwrap(), before);
    shop.commits(&commit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_host_does_not_keep_from_the_next() {
    let name = "a_frozen_host_does_not_keep_from_the_next";
    let (Some(first), Some(second)) = (
        server::own(name, Durability::Off),
        server::own(name, Durability::Off),
    ) else {
        return;
    };
    second.create_database("ordo").await.unwrap();
    let ports = [first.port(), second.port()];
    first.freeze();
    let url = format!(
        "postgresql://ordo@127.0.0.1:{},127.0.0.1:{}/ordo",
        ports[0], ports[1]
    );
    let begun = Instant::now();
    let opened = PostgresStore::connect(&url, &Options::default()).await;
    let store = opened.expect("the second host serves");
    Shop::open(&store, 1).await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    first.thaw();
}

/// Goal: a commit that stands on the primary alone is not answered with success, and not canceled
/// either. Method: a standby that is not there must confirm; the wait is ended by Ordo's own patience,
/// then by somebody who cancels it, which the server reports as a commit with a warning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_no_standby_confirms_is_unknown_until_one_does() {
    let name = "a_commit_that_no_standby_confirms";
    let Some(cluster) = server::own(name, Durability::Full) else {
        return;
    };
    let url = cluster.create_database("ordo").await.unwrap();
    let waits_for = async |standbys: &str| {
        let sql = format!("ALTER SYSTEM SET synchronous_standby_names = '{standbys}'");
        execute(&url, &sql).await;
        execute(&url, "SELECT pg_reload_conf()").await;
        // Servers take notice one after another.
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    // A limit that somebody set for everybody must not end a COMMIT.
    execute(&url, "ALTER DATABASE ordo SET statement_timeout = '1s'").await;
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    for (external_id, is_canceled) in [("O1", false), ("O2", true)] {
        // Leaves a connection open; a new one is not made where nobody confirms.
        let earlier = order(&format!("before {external_id}"), &[("A", 1)]);
        shop.give(capture(&earlier)).await;
        let command = capture(&order(external_id, &[("A", 1)]));
        let (changes, _) = shop.decide(&[command]).await;
        let commit = shop.batch(changes);
        waits_for("ANY 1 (nobody)").await;
        let begun = Instant::now();
        let canceled = async {
            let sql = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                       WHERE wait_event = 'SyncRep'";
            while is_canceled && begun.elapsed() < Duration::from_secs(2) {
                tokio::time::sleep(Duration::from_millis(50)).await;
                execute(&url, sql).await;
            }
        };
        let (outcome, ()) = tokio::join!(store.commit(&commit), canceled);
        assert!(
            matches!(outcome, Err(CommitError::Unknown(_))),
            "{outcome:?}"
        );
        let took = begun.elapsed();
        assert!(took < NOTICED_MAX, "{took:?}");
        assert!(is_canceled || took > Duration::from_secs(2), "{took:?}");
        let resolved = store.resolve(shop.organization, commit.batch).await;
        assert!(
            matches!(resolved, Err(StoreError::Unavailable(_))),
            "nobody can tell yet: {resolved:?}"
        );
        // Whoever comes later must not take for safe what stands on the primary alone.
        let later = server::connect(&url).await;
        let head = later.head(shop.organization).await;
        assert!(matches!(head, Err(StoreError::Unavailable(_))), "{head:?}");
        waits_for("").await;
        let resolved = store.resolve(shop.organization, commit.batch).await;
        assert!(resolved.unwrap().is_some(), "nobody has canceled it");
    }
}
