//! Several nodes over one database.

use std::sync::Arc;

use futures_util::future::join_all;
use ordo_domain::quantity::Quantity;
use ordo_store::contract::fixture::{Shop, adjust, capture, conflict, order, reserve};
use ordo_store::{Commit, CommitError, Conflict, Store};

use crate::server;

/// Commits until the database does not ask for another try.
async fn settled(store: &dyn Store, commit: &Commit) -> Result<(), CommitError> {
    loop {
        match store.commit(commit).await {
            Err(CommitError::Conflict(Conflict::Busy)) => {}
            other => return other.map(|_| ()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_that_promise_the_last_unit_one_does() {
    let Some(here) = server::store("of_two_nodes_that_promise_the_last_unit_one_does").await else {
        return;
    };
    let there = server::connect(&here.url).await;
    let mut shop = Shop::open(&*here, 1).await;
    shop.give_all(&[adjust("A", "BER", -10), adjust("A", "MUC", -5)])
        .await;
    let key = shop.cell_key("A", "BER").await;
    for round in 0..20 {
        shop.give(adjust("A", "BER", 1)).await;
        let mut commits = Vec::new();
        for node in 0..2 {
            let name = format!("O{round}-{node}");
            let (changes, _) = shop.decide(&[capture(&order(&name, &[("A", 1)]))]).await;
            commits.push(shop.batch(changes));
        }
        let (first, second) =
            tokio::join!(settled(&*here, &commits[0]), settled(&there, &commits[1]));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let lost = first.and(second);
        assert!(matches!(
            lost,
            Err(CommitError::Conflict(Conflict::Headroom))
        ));
        let cell = shop.cell(key).await.expect("the cell is there");
        assert_eq!(cell.available(), Quantity::ZERO);
        assert_eq!(cell.allocated, Quantity::stored(round + 1));
    }
}

/// Goal: what eight buyers on two nodes are promised is what there is, to the unit. Method: 1,200
/// reservations of one unit each, all decided while 1,000 units were free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_units_are_promised_a_thousand_times() {
    let Some(here) = server::store("a_thousand_units_are_promised_a_thousand_times").await else {
        return;
    };
    let there = server::connect(&here.url).await;
    let mut shop = Shop::open(&*here, 1).await;
    shop.give_all(&[adjust("A", "BER", 990), adjust("A", "MUC", -5)])
        .await;
    let key = shop.cell_key("A", "BER").await;
    let mut lists: Vec<Vec<Commit>> = vec![Vec::new(); 8];
    for n in 0..1_200 {
        let (changes, _) = shop.decide(&[reserve("A", 1, 3_600)]).await;
        lists[n % 8].push(shop.batch(changes));
    }
    let nodes: [&dyn Store; 2] = [&*here, &there];
    let buyers = lists.iter().enumerate().map(|(n, list)| async move {
        let mut won = 0;
        for commit in list {
            match settled(nodes[n % 2], commit).await {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(conflict(Err(error)), Conflict::Headroom),
            }
        }
        won
    });
    let won: i64 = join_all(buyers).await.into_iter().sum();
    assert_eq!(won, 1_000);
    let cell = shop.cell(key).await.expect("the cell is there");
    assert_eq!(cell.reserved, Quantity::stored(1_000));
    assert_eq!(cell.available(), Quantity::ZERO);
}

/// Two nodes that take the same cells in batches of their own wait for each other, and do not end in
/// a deadlock: both take them in the same order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_meet_in_several_rows_do_not_lock_each_other_out() {
    let name = "batches_that_meet_in_several_rows_do_not_lock_each_other_out";
    let Some(here) = server::store(name).await else {
        return;
    };
    let there = server::connect(&here.url).await;
    let mut shop = Shop::open(&*here, 1).await;
    shop.give_all(&["A", "B", "C"].map(|code| adjust(code, "BER", 10_000)))
        .await;
    let mut lists = [Vec::new(), Vec::new()];
    for n in 0..100 {
        // One node meets the SKUs from the front, the other from the back.
        let codes = if n % 2 == 0 {
            ["A", "B", "C"]
        } else {
            ["C", "B", "A"]
        };
        let commands = codes.map(|code| reserve(code, 1, 3_600));
        let (changes, _) = shop.decide(&commands).await;
        lists[n % 2].push(shop.batch(changes));
    }
    let all = |store: Arc<dyn Store>, list: Vec<Commit>| async move {
        for commit in list {
            let outcome = store.commit(&commit).await;
            outcome.expect("nobody has to try twice");
        }
    };
    let (first, second): (Arc<dyn Store>, Arc<dyn Store>) =
        (Arc::new(server::connect(&here.url).await), Arc::new(there));
    let [even, odd] = lists;
    let (first, second) = tokio::join!(
        tokio::spawn(all(first, even)),
        tokio::spawn(all(second, odd))
    );
    first.expect("the first node is done");
    second.expect("the second node is done");
}
