//! Rules for stored answers: given again as they were, with number and position, until dropped.

use super::fixture::{START, Shop, answer, capture, order, order_of};
use crate::commit::AnswerWrite;
use crate::port::{AnswerKey, Store, StoredAnswer};

/// An answer comes back with the number of its order, which it did not know when it was written.
pub async fn an_answer_comes_back_with_its_number(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commands = ["O1", "O2"].map(|name| capture(&order(name, &[("A", 1)])));
    let (changes, applied) = shop.decide(&commands).await;
    let orders = [order_of(&applied[0]).id, order_of(&applied[1]).id];
    let mut commit = shop.batch(changes);
    for (index, order) in orders.iter().enumerate() {
        commit.answers.push(AnswerWrite {
            status: 201,
            order: Some(*order),
            events_upto: applied[..=index].iter().map(|applied| applied.events).sum(),
            ..answer(index as u8, &format!("{{\"about\":\"{order}\"}}"))
        });
    }
    commit.answers.push(answer(5, "{}"));
    let committed = shop.commits(&commit).await;

    let keys = [
        AnswerKey([1; 16]),
        AnswerKey([9; 16]),
        AnswerKey([0; 16]),
        AnswerKey([5; 16]),
    ];
    let found = store
        .answers(shop.organization, &keys)
        .await
        .expect("answers are read");
    assert_eq!(found.len(), keys.len(), "one for every key, in order");
    assert_eq!(found[1], None);
    for (index, found) in [(1, &found[0]), (0, &found[2])] {
        let found = found.as_ref().expect("the answer is kept");
        let number = shop
            .record(
                ordo_domain::record::RecordKind::Order,
                orders[index].to_u128(),
            )
            .await
            .and_then(|record| record.number);
        assert!(number.is_some(), "the order has a number");
        let events: usize = applied[..=index].iter().map(|applied| applied.events).sum();
        let written = &commit.answers[index];
        let expected = StoredAnswer {
            request_hash: written.request_hash,
            status: 201,
            body: written.body.clone(),
            order: Some(orders[index]),
            number,
            position: committed.first_position - 1 + events as i64,
        };
        assert_eq!(*found, expected);
    }
    let unrelated = found[3].as_ref().expect("the answer is kept");
    assert_eq!((unrelated.order, unrelated.number), (None, None));
}

/// The position of an answer that wrote nothing is where the log ended after its commit.
pub async fn an_answer_without_events_has_the_position_of_the_head(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let changes = shop.blank().await;
    let mut alone = shop.batch(changes);
    alone.answers = vec![AnswerWrite {
        status: 422,
        order: Some(captured.order().id),
        ..answer(1, "{\"code\":\"order_state\"}")
    }];
    shop.commits(&alone).await;
    let between = store
        .head(shop.organization)
        .await
        .expect("there is a head")
        .position;
    let (changes, _) = shop.decide(&[capture(&order("O2", &[("A", 1)]))]).await;
    let mut beside_others = shop.batch(changes);
    beside_others.answers = vec![answer(2, "{}")];
    shop.commits(&beside_others).await;
    let after = store
        .head(shop.organization)
        .await
        .expect("there is a head")
        .position;
    assert!(after > between, "the second commit has events");
    shop.give(capture(&order("O3", &[("A", 1)]))).await;

    let keys = [AnswerKey([1; 16]), AnswerKey([2; 16])];
    let found = store
        .answers(shop.organization, &keys)
        .await
        .expect("answers are read");
    let found: Vec<StoredAnswer> = found.into_iter().flatten().collect();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].position, found[0].status), (between, 422));
    assert_eq!(found[0].number, Some(captured.committed.first_number));
    assert_eq!(found[1].position, after);
}

/// Old answers are dropped over all organizations, a few at a time, and their keys are free again.
pub async fn old_answers_are_dropped_in_portions(store: &dyn Store) {
    let mut shops = [Shop::open(store, 1).await, Shop::open(store, 2).await];
    let until = START.plus_micros(1_000_000_000);
    for shop in &mut shops {
        for (name, at) in [
            (1, until.plus_micros(-2)),
            (2, until.plus_micros(-1)),
            (3, until),
        ] {
            shop.now = at;
            let changes = shop.blank().await;
            let mut commit = shop.batch(changes);
            commit.answers = vec![answer(name, "{}")];
            shop.commits(&commit).await;
        }
    }
    let mut dropped = Vec::new();
    for _ in 0..3 {
        dropped.push(
            store
                .drop_answers(until, 3)
                .await
                .expect("answers are dropped"),
        );
    }
    assert_eq!(dropped, [3, 1, 0]);
    let keys = [1, 2, 3].map(|name| AnswerKey([name; 16]));
    for shop in &mut shops {
        let left = store
            .answers(shop.organization, &keys)
            .await
            .expect("answers are read");
        assert_eq!(
            left.iter().map(Option::is_some).collect::<Vec<_>>(),
            [false, false, true]
        );
        let changes = shop.blank().await;
        let mut commit = shop.batch(changes);
        commit.answers = vec![answer(1, "{\"again\":true}")];
        shop.commits(&commit).await;
        let found = store
            .answers(shop.organization, &keys[..1])
            .await
            .expect("answers are read");
        let found = found[0].as_ref().expect("the answer is kept");
        assert_eq!(found.body, "{\"again\":true}");
    }
}
