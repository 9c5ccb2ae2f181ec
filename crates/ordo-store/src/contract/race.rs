//! Rules for commits that arrive at the same time: exactly as many win as there is room for.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use ordo_domain::Command;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::Cell;

use super::fixture::{Shop, adjust, cancel, capture, channel, conflict, order, reserve};
use crate::commit::{Commit, CommitError, Committed, Conflict};
use crate::port::Store;

/// How often a commit that the database wants to see again is given to it.
const TRIES_MAX: usize = 50;

/// Of the commits that each take the last unit of a cell, one wins.
pub async fn the_last_unit_is_promised_once(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("A", "BER").await;
    shop.give_all(&[adjust("A", "BER", -10), adjust("A", "MUC", -5)])
        .await;
    for round in 0..10 {
        shop.give(adjust("A", "BER", 1)).await;
        let on_hand = shop.cell(key).await.expect("the cell is there").on_hand;
        let name = |n: u32| format!("O{round}-{n}");
        let racers = [capture(&order(&name(1), &[("A", 1)])), reserve("A", 1, 600)];
        let commits = decide_each(&mut shop, &racers).await;
        let needs = commits.iter().all(|commit| {
            commit
                .changes
                .cells
                .iter()
                .any(|change| change.key == key && change.needs_headroom)
        });
        assert!(needs, "all want the last unit at BER");
        let lost = losers(&race(store, &commits).await);
        assert_eq!(lost, [Conflict::Headroom]);
        let after = shop.cell(key).await.expect("the cell is there");
        assert_eq!(after.on_hand, on_hand);
        assert_eq!(after.available(), Quantity::ZERO, "{after:?}");
    }
}

/// Of eight that each take one of three units, three win.
pub async fn as_many_win_as_there_are_units(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("A", "BER").await;
    shop.give(adjust("A", "BER", -7)).await;
    let racers: Vec<Command> = (0..8)
        .map(|n| capture(&order(&format!("O{n}"), &[("A", 1)])))
        .collect();
    let commits = decide_each(&mut shop, &racers).await;
    let results = race(store, &commits).await;
    assert_eq!(losers(&results), [Conflict::Headroom; 5]);
    let expected = Cell {
        on_hand: Quantity::stored(3),
        allocated: Quantity::stored(3),
        ..Cell::default()
    };
    assert_eq!(shop.cell(key).await, Some(expected));
}

/// Commits that have nothing to do with each other all win, and share positions and numbers without
/// a gap.
pub async fn positions_stay_dense_under_races(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let before = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    let racers: Vec<Command> = (0..12)
        .map(|n| capture(&order(&format!("O{n}"), &[("unknown", 1)])))
        .collect();
    let commits = decide_each(&mut shop, &racers).await;
    let results = race(store, &commits).await;
    let mut positions = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut by_position: Vec<Committed> = Vec::new();
    for (commit, result) in commits.iter().zip(results) {
        let committed = result.expect("nothing stands against it");
        let events = commit.changes.events.len() as i64;
        positions.extend(committed.first_position..committed.first_position + events);
        numbers.insert(committed.first_number);
        by_position.push(committed);
    }
    let head = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    assert_eq!(positions, (before.position + 1..=head.position).collect());
    assert_eq!(
        numbers.len(),
        commits.len(),
        "every order has a number of its own"
    );
    assert_eq!(numbers.last(), Some(&head.order_number));
    assert_eq!(
        head.order_number - numbers.first().expect("some") + 1,
        commits.len() as i64
    );
    by_position.sort_by_key(|committed| committed.first_position);
    assert!(by_position.is_sorted_by_key(|committed| committed.first_number));
    assert!(by_position.is_sorted_by_key(|committed| committed.recorded_at));
}

/// The same order captured at the same time by several is there once.
pub async fn a_claim_is_given_to_one(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let racers = vec![capture(&order("O1", &[("unknown", 1)])); 4];
    let commits = decide_each(&mut shop, &racers).await;
    assert_eq!(losers(&race(store, &commits).await), [Conflict::Claimed; 3]);
}

/// Of several that change the same record from the same version, one wins.
pub async fn a_version_is_followed_once(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let racers = vec![cancel(&captured); 4];
    let commits = decide_each(&mut shop, &racers).await;
    assert_eq!(losers(&race(store, &commits).await), [Conflict::Stale; 3]);
}

/// Of several that change the reference from the same version, one wins.
pub async fn a_reference_is_followed_once(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let before = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    let racers = ["a", "b", "c", "d"].map(channel);
    let commits = decide_each(&mut shop, &racers).await;
    assert_eq!(
        losers(&race(store, &commits).await),
        [Conflict::Reference; 3]
    );
    let after = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    assert_eq!(after.reference_version, before.reference_version + 1);
}

/// The same batch given twice at the same time is committed once.
pub async fn a_batch_given_twice_at_once_is_committed_once(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let (changes, _) = shop.decide(&[capture(&order("O1", &[("A", 1)]))]).await;
    let commit = shop.batch(changes);
    let results = race(store, &[commit.clone(), commit]).await;
    assert_eq!(losers(&results), [Conflict::Claimed]);
}

/// Decides every command over the same state, each for a batch of its own.
async fn decide_each(shop: &mut Shop<'_>, commands: &[Command]) -> Vec<Commit> {
    let mut commits = Vec::with_capacity(commands.len());
    for command in commands {
        let (changes, _) = shop.decide(std::slice::from_ref(command)).await;
        commits.push(shop.batch(changes));
    }
    commits
}

/// Gives all commits to the store at once.
async fn race(store: &dyn Store, commits: &[Commit]) -> Vec<Result<Committed, CommitError>> {
    join_all(commits.iter().map(|commit| until_decided(store, commit))).await
}

/// Commits, again where the database asks for another try.
async fn until_decided(store: &dyn Store, commit: &Commit) -> Result<Committed, CommitError> {
    for _ in 0..TRIES_MAX {
        match store.commit(commit).await {
            Err(CommitError::Conflict(Conflict::Busy)) => {}
            other => return other,
        }
    }
    panic!("the store never stops to be busy")
}

/// Why those that did not win were refused.
fn losers(results: &[Result<Committed, CommitError>]) -> Vec<Conflict> {
    let lost = results.iter().filter(|result| result.is_err());
    lost.map(|result| conflict(result.clone())).collect()
}
