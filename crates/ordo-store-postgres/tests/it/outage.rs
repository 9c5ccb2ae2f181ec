//! What is left after a connection, a caller or the server is gone.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use ordo_domain::id::BatchId;
use ordo_domain::time::Timestamp;
use ordo_store::contract::fixture::{Shop, capture, channel, conflict, order, receive};
use ordo_store::{Commit, CommitError, Conflict, Store, StoreError, ViewWrite};
use ordo_store_postgres::cluster::{Cluster, Durability};
use tokio_postgres::NoTls;

use crate::proxy::Proxy;
use crate::server;

/// How long something that will come about may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_confirmation_is_settled_as_committed() {
    let Some((proxy, url, _cluster)) = behind_a_proxy("a_lost_confirmation").await else {
        return;
    };
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    for n in 0..3 {
        let command = capture(&order(&format!("O{n}"), &[("A", 1)]));
        let (changes, _) = shop.decide(&[command]).await;
        let commit = shop.batch(changes);
        let before = store.head(shop.organization).await.unwrap();
        proxy.lose_next_confirmation();
        let outcome = store.commit(&commit).await;
        assert!(
            matches!(outcome, Err(CommitError::Unknown(_))),
            "{outcome:?}"
        );
        let resolved = store
            .resolve(shop.organization, commit.batch)
            .await
            .unwrap();
        let committed = resolved.expect("the server had committed it");
        assert_eq!(committed.first_position, before.position + 1);
        assert_eq!(committed.first_number, before.order_number.max(1_000) + 1);
        let head = store.head(shop.organization).await.unwrap();
        let events = commit.changes.events.len() as i64;
        assert_eq!(head.position, before.position + events);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_is_settled_as_never_to_be() {
    let Some((proxy, url, _cluster)) = behind_a_proxy("a_lost_commit").await else {
        return;
    };
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    let (changes, _) = shop.decide(&[capture(&order("O1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    let before = store.head(shop.organization).await.unwrap();
    proxy.lose_next_commit();
    let outcome = store.commit(&commit).await;
    assert!(
        matches!(outcome, Err(CommitError::Unknown(_))),
        "{outcome:?}"
    );
    let resolved = store.resolve(shop.organization, commit.batch).await;
    assert_eq!(resolved.unwrap(), None);
    assert_eq!(store.head(shop.organization).await.unwrap(), before);
    assert_eq!(
        conflict(store.commit(&commit).await),
        Conflict::Claimed,
        "its place is taken"
    );
    let again = shop.batch(commit.changes);
    let committed = shop.commits(&again).await;
    assert_eq!(committed.first_position, before.position + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_before_commit_has_written_nothing() {
    let Some((proxy, url, _cluster)) = behind_a_proxy("a_connection_that_breaks").await else {
        return;
    };
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    let (changes, _) = shop.decide(&[capture(&order("O1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    let before = store.head(shop.organization).await.unwrap();
    proxy.lose_next_request();
    let outcome = store.commit(&commit).await;
    assert!(
        matches!(outcome, Err(CommitError::Store(StoreError::Unavailable(_)))),
        "{outcome:?}"
    );
    assert_eq!(store.head(shop.organization).await.unwrap(), before);
    // Nothing was written, so the very same batch may come again.
    let committed = shop.commits(&commit).await;
    assert_eq!(committed.first_position, before.position + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_does_not_take_its_commit_along() {
    let name = "a_caller_that_goes_away_does_not_take_its_commit_along";
    let Some(store) = server::store(name).await else {
        return;
    };
    let mut shop = Shop::open(&*store, 1).await;
    for n in 0..20 {
        let command = capture(&order(&format!("O{n}"), &[("A", 1)]));
        let (changes, _) = shop.decide(&[command]).await;
        let commit = shop.batch(changes);
        let events = commit.changes.events.len() as i64;
        let before = store.head(shop.organization).await.unwrap();
        {
            // Polled once, its statements are sent; then nobody waits for it any more. (On a busy machine
            // it may have ended by then, which is as good.)
            let mut left = std::pin::pin!(store.commit(&commit));
            let _polled = futures_util::poll!(left.as_mut());
        }
        eventually(async || {
            let head = store.head(shop.organization).await.unwrap();
            head.position == before.position + events
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_backend_is_replaced() {
    let Some(store) = server::store("a_terminated_backend_is_replaced").await else {
        return;
    };
    let mut shop = Shop::open(&*store, 1).await;
    for n in 0..5 {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        execute(&store.url, sql).await;
        let command = capture(&order(&format!("O{n}"), &[("A", 1)]));
        // The store may learn of it only as it asks; it then says so and is well the next time. A view
        // that nobody waits for changes nothing, on a connection that commits.
        let stale = ViewWrite {
            organization: shop.organization,
            consumer: "nobody",
            after: -1,
            upto: -1,
            terms: Vec::new(),
            rollups: Vec::new(),
            waits: Vec::new(),
            tasks: Vec::new(),
            movements: Vec::new(),
            at: Timestamp::default(),
        };
        eventually(async || {
            store.head(shop.organization).await.is_ok() && store.save_view(&stale).await.is_ok()
        })
        .await;
        shop.give(command).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_no_longer_takes_writes_is_left() {
    let Some(cluster) = server::own("a_server_that_no_longer", Durability::Off) else {
        return;
    };
    let url = cluster.create_database("ordo").await.unwrap();
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    // A movement may be committed any number of times, each as a batch of its own: servers take notice
    // of the setting one after another, so that the first tries may still go through.
    let (changes, _) = shop.decide(&[receive("A", "BER", 1)]).await;
    let commit = shop.batch(changes);
    let tries = AtomicU64::new(0);
    let commit_again = async || {
        let batch = BatchId::from_u128(u128::from(tries.fetch_add(1, Relaxed)) + 1);
        store
            .commit(&Commit {
                batch,
                ..commit.clone()
            })
            .await
    };
    let read_only = async |setting: &str| {
        let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
        // ALTER SYSTEM is allowed where nothing else can be written.
        execute(&url, &sql).await;
        execute(&url, "SELECT pg_reload_conf()").await;
    };
    read_only("on").await;
    // The first commit is told by the connection it used, the following ones find no server.
    for _ in 0..3 {
        eventually(async || {
            let outcome = commit_again().await;
            matches!(outcome, Err(CommitError::Store(StoreError::Unavailable(_))))
        })
        .await;
    }
    read_only("off").await;
    eventually(async || commit_again().await.is_ok()).await;
}

/// Goal: what was answered is there after a crash, and positions go on from it. Method: kill the
/// server with all its processes between commits, several times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_survives_a_crash_of_the_server() {
    let Some(mut cluster) = server::own("what_was_committed_survives", Durability::Full) else {
        return;
    };
    let url = cluster.create_database("ordo").await.unwrap();
    let store = server::connect(&url).await;
    let mut shop = Shop::open(&store, 1).await;
    for n in 0..3 {
        let given = shop
            .give(capture(&order(&format!("O{n}"), &[("A", 1)])))
            .await;
        let head = store.head(shop.organization).await.unwrap();
        cluster.kill();
        assert!(
            store.head(shop.organization).await.is_err(),
            "nobody is there"
        );
        cluster.restart().unwrap();
        assert_eq!(store.head(shop.organization).await.unwrap(), head);
        let resolved = store.resolve(shop.organization, given.commit.batch).await;
        assert_eq!(resolved.unwrap(), Some(given.committed));
    }
    // An orderly restart does the same.
    let head = store.head(shop.organization).await.unwrap();
    cluster.restart().unwrap();
    eventually(async || store.head(shop.organization).await.is_ok()).await;
    assert_eq!(store.head(shop.organization).await.unwrap(), head);
    shop.give(channel("shop")).await;
}

/// A cluster with a database, and the URL of that database over a proxy.
async fn behind_a_proxy(test: &str) -> Option<(Proxy, String, Cluster)> {
    let cluster = server::own(test, Durability::Off)?;
    let made = cluster.create_database("ordo").await;
    made.expect("a database is made");
    let proxy = Proxy::start(cluster.port()).await;
    let url = cluster.url_at("ordo", proxy.port);
    Some((proxy, url, cluster))
}

pub async fn execute(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the server answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("the statement runs");
    drop(client);
    let ended = connection.await.expect("the connection ends");
    ended.expect("and in order");
}

/// Waits until something holds.
pub async fn eventually(holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, wait).await;
    held.expect("it comes about in time");
}
