//! What was answered stays: over a new start, a crash, and a caller that gives up waiting.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ordo_domain::record::RecordKind;
use ordo_domain::world::{Key, Row};
use ordo_store::contract::fixture::{Shop, answer, capture, order, order_of};
use ordo_store::{
    AnswerKey, Commit, Head, LogEntry, OrderFilter, OrderRow, OrderSort, Query, Store, StoredAnswer,
};
use ordo_store_sqlite::{DATABASE_FILE, SqliteStore};

use crate::{folder, read, serve};

/// Everything that a commit of [`Shop::everything`] can be seen by.
#[derive(Debug, PartialEq)]
struct Seen {
    head: Head,
    log: Vec<LogEntry>,
    rows: Vec<Row>,
    answers: Vec<Option<StoredAnswer>>,
    orders: Vec<OrderRow>,
    reference: i64,
}

async fn see(store: &SqliteStore, commit: &Commit) -> Seen {
    let id = commit.organization;
    let keys = keys(commit);
    let answers: Vec<AnswerKey> = commit.answers.iter().map(|answer| answer.key).collect();
    let all = OrderFilter::default();
    let page = store.list_orders(id, &all, OrderSort::Oldest, None, 100);
    Seen {
        head: store.head(id).await.expect("a head"),
        log: store.read_log(id, 0, 10_000).await.expect("a log"),
        rows: store.load(id, &keys).await.expect("rows"),
        answers: store.answers(id, &answers).await.expect("answers"),
        orders: page.await.expect("orders").items,
        reference: store
            .load_reference(id)
            .await
            .expect("a reference")
            .version(),
    }
}

/// The keys of all that a commit wrote.
fn keys(commit: &Commit) -> Vec<Key> {
    let changes = &commit.changes;
    let records = changes.records.iter().map(|write| Key::Record {
        kind: write.kind,
        id: write.id,
    });
    let claims = changes.claims.iter().map(|claim| Key::Claim {
        kind: claim.kind,
        key: claim.key.clone(),
    });
    let cells = changes.cells.iter().map(|cell| Key::Cells(cell.key.sku));
    let counters = changes
        .counters
        .iter()
        .map(|counter| Key::Counter(counter.key));
    let signals = changes.signals.iter().map(|signal| Key::Signal(signal.key));
    records
        .chain(claims)
        .chain(cells)
        .chain(counters)
        .chain(signals)
        .collect()
}

#[tokio::test]
async fn a_new_start_finds_what_the_last_one_committed() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let commit = shop.everything().await;
    shop.commits(&commit).await;
    let before = see(&store, &commit).await;
    assert!(before.orders.len() >= 3 && before.answers.iter().all(Option::is_some));
    drop(store);
    let store = serve(dir.path());
    assert_eq!(see(&store, &commit).await, before);
    // And goes on where it stopped.
    let mut shop = Shop::empty(&store, 1);
    let changes = shop.blank().await;
    let mut next = shop.batch(changes);
    next.batch = 77.into();
    let committed = shop.commits(&next).await;
    assert_eq!(committed.first_position, before.head.position + 1);
    assert_eq!(committed.first_number, before.head.order_number + 1);
}

/// Goal: what was answered is in the files, not only in memory. Method: the files of a store that is
/// running are copied as they are, as a crash would leave them, and opened elsewhere.
#[tokio::test]
async fn a_crash_loses_nothing_that_was_answered() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let commit = shop.everything().await;
    shop.commits(&commit).await;
    let before = see(&store, &commit).await;
    let copy = folder();
    for file in [DATABASE_FILE.to_owned(), format!("{DATABASE_FILE}-wal")] {
        fs::copy(dir.path().join(&file), copy.path().join(&file)).expect("a file is copied");
    }
    // Whoever only reads sees it too, before anybody has served what the crash left.
    assert_eq!(see(&read(copy.path()), &commit).await, before);
    assert_eq!(see(&serve(copy.path()), &commit).await, before);
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_stop_its_commit() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let (changes, applied) = shop.decide(&[capture(&order("1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    let given_up = tokio::time::timeout(Duration::ZERO, store.commit(&commit)).await;
    let resolved = store.resolve(commit.organization, commit.batch).await;
    let resolved = resolved.expect("it is settled").expect("it was committed");
    if let Ok(answered) = given_up {
        assert_eq!(answered.expect("it stands"), resolved);
    }
    let id = order_of(&applied[0]).id.to_u128();
    let stored = shop
        .record(RecordKind::Order, id)
        .await
        .expect("it is there");
    assert_eq!(stored.number, Some(resolved.first_number));
}

#[tokio::test]
async fn what_is_dropped_leaves_no_trace_in_the_file() {
    let dir = folder();
    let store = serve(dir.path());
    let mut shop = Shop::open(&store, 1).await;
    let trace = "a text that occurs nowhere else";
    let changes = shop.blank().await;
    let mut commit = shop.batch(changes);
    commit.answers = vec![answer(1, trace)];
    shop.commits(&commit).await;
    let until = shop.now.plus_micros(1);
    drop(store);
    assert!(contains(dir.path(), trace));
    let store = serve(dir.path());
    assert_eq!(store.drop_answers(until, 10).await.expect("dropped"), 1);
    drop(store);
    assert!(!contains(dir.path(), trace));
}

fn contains(dir: &Path, text: &str) -> bool {
    let bytes = fs::read(dir.join(DATABASE_FILE)).expect("the file is read");
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
