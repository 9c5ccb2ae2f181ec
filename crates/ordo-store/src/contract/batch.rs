//! Rules for batch ids: each is committed at most once, and what became of one can be settled.

use futures_util::future::join;
use ordo_domain::id::BatchId;
use ordo_domain::signal::{SignalKey, SignalKind};
use ordo_domain::time::{DAY, SECOND};
use ordo_domain::world::{Key, Row, SignalChange};

use super::fixture::{Shop, capture, conflict, order};
use super::snapshot::{Snapshot, refuses};
use crate::commit::Conflict;
use crate::port::Store;

/// The same batch a second time is refused, and changes nothing.
pub async fn a_batch_is_committed_once(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commit = shop.everything().await;
    let committed = shop.commits(&commit).await;
    refuses(&shop, &commit, Conflict::Claimed).await;
    // The id alone decides, not what the batch holds.
    let changes = shop.blank().await;
    let mut other = shop.batch(changes);
    other.batch = commit.batch;
    refuses(&shop, &other, Conflict::Claimed).await;
    let resolved = store.resolve(shop.organization, commit.batch).await;
    assert_eq!(resolved.expect("a batch is resolved"), Some(committed));
}

/// A batch that was committed is resolved as what it was given, again and again.
pub async fn a_committed_batch_resolves_to_what_it_was_given(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let first = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    shop.now = shop.now.plus_micros(-5_000_000); // Its time comes from the head, not from itself.
    let second = shop.give(capture(&order("O2", &[("A", 1)]))).await;
    shop.give(capture(&order("O3", &[("A", 1)]))).await;
    for given in [&first, &second, &first] {
        let resolved = store.resolve(shop.organization, given.commit.batch).await;
        assert_eq!(
            resolved.expect("a batch is resolved"),
            Some(given.committed)
        );
    }
}

/// A batch that was resolved as never committed never will be.
pub async fn a_batch_resolved_as_never_committed_never_will_be(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commit = shop.everything().await;
    let before = Snapshot::of(store, shop.organization, &commit).await;
    for _ in 0..2 {
        let resolved = store.resolve(shop.organization, commit.batch).await;
        assert_eq!(resolved.expect("a batch is resolved"), None);
    }
    let after = Snapshot::of(store, shop.organization, &commit).await;
    assert_eq!(before, after, "settling a batch changes nothing else");
    refuses(&shop, &commit, Conflict::Claimed).await;
    let resolved = store.resolve(shop.organization, commit.batch).await;
    assert_eq!(resolved.expect("a batch is resolved"), None);
    // What it held may come in another batch.
    let mut again = commit;
    again.batch = BatchId::from_u128(u128::MAX);
    shop.commits(&again).await;
}

/// A batch of an organization that has committed nothing yet can be settled too.
pub async fn a_first_batch_can_be_settled(store: &dyn Store) {
    let mut shop = Shop::empty(store, 1);
    let (changes, _) = shop.decide(&[super::fixture::found(1)]).await;
    let commit = shop.batch(changes);
    let resolved = store.resolve(shop.organization, commit.batch).await;
    assert_eq!(resolved.expect("a batch is resolved"), None);
    assert_eq!(conflict(store.commit(&commit).await), Conflict::Claimed);
    let given = shop.give(super::fixture::found(1)).await;
    assert_eq!(given.committed.first_position, 1);
}

/// A commit and the question what became of it may meet: both say the same.
pub async fn a_commit_and_its_resolution_agree(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    for n in 0..20 {
        let command = capture(&order(&format!("O{n}"), &[("unknown", 1)]));
        let (changes, _) = shop.decide(&[command]).await;
        let commit = shop.batch(changes);
        let resolve = store.resolve(shop.organization, commit.batch);
        // Both orders of arrival are tried.
        let (result, resolved) = if n % 2 == 0 {
            join(store.commit(&commit), resolve).await
        } else {
            let (resolved, result) = join(resolve, store.commit(&commit)).await;
            (result, resolved)
        };
        match resolved.expect("a batch is resolved") {
            Some(resolved) => assert_eq!(result.expect("it was committed"), resolved),
            None => assert_eq!(conflict(result), Conflict::Claimed),
        }
    }
}

/// Batches from before a time are forgotten in portions; younger ones are still settled, and one
/// that was given up just now stays given up.
pub async fn old_batches_are_forgotten_in_portions(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    // What opening the shop committed goes first.
    shop.now = shop.now.plus_micros(10 * DAY);
    while store
        .drop_batches(shop.now, 100)
        .await
        .expect("batches are forgotten")
        > 0
    {}
    let mut old = Vec::new();
    for _ in 0..4 {
        let changes = shop.blank().await;
        let commit = shop.batch(changes);
        shop.commits(&commit).await;
        old.push(commit.batch);
        shop.now = shop.now.plus_micros(SECOND);
    }
    let until = shop.now.plus_micros(DAY);
    shop.now = until;
    let changes = shop.blank().await;
    let young = shop.batch(changes);
    let committed = shop.commits(&young).await;
    let mut dropped = Vec::new();
    for _ in 0..3 {
        let count = store.drop_batches(until, 3).await;
        dropped.push(count.expect("batches are forgotten"));
    }
    assert_eq!(dropped, [3, 1, 0]);
    let found = store.resolve(shop.organization, young.batch).await;
    assert_eq!(found.expect("it is settled"), Some(committed));
}

/// Signals whose window began before a time are dropped, in portions that go on from each other.
pub async fn old_signals_are_dropped_in_portions(store: &dyn Store) {
    let mut shops = [Shop::open(store, 1).await, Shop::open(store, 2).await];
    let key = |hash| SignalKey {
        kind: SignalKind::Phone,
        hash,
    };
    let until = shops[0].now.plus_micros(2 * DAY);
    for shop in &mut shops {
        let mut changes = shop.blank().await;
        changes.signals = (1..=10)
            .map(|hash| SignalChange {
                key: key(hash),
                seen: 1,
                at: until.plus_micros(if hash % 2 == 0 { 0 } else { -1 }),
                basket: 7,
            })
            .collect();
        shop.writes(changes).await;
    }
    let mut from = None;
    let mut portions = 0;
    loop {
        let next = store.drop_signals(until, from, 4).await;
        portions += 1;
        assert!(portions < 10, "a look through the signals ends");
        match next.expect("signals are dropped") {
            Some(place) if from.is_none_or(|from| from < place) => from = Some(place),
            Some(place) => panic!("{place:?} is not after {from:?}"),
            None => break,
        }
    }
    for shop in &shops {
        for hash in 1..=10 {
            let row = shop.load_one(Key::Signal(key(hash))).await;
            let Row::Signal { found, .. } = row else {
                panic!("{row:?} is no signal")
            };
            // A store may keep old ones that it has not filed yet, but never drops young ones.
            if hash % 2 == 0 {
                assert_eq!((found.count, found.basket), (1, 7), "{hash}");
            } else {
                assert!(!found.is_current(until.plus_micros(DAY)), "{hash}");
            }
        }
    }
}
