//! What a metered store promises: every call is counted once, under its name, with how it ended.

use std::sync::Arc;

use ordo_domain::event::SubjectRef;
use ordo_domain::record::RecordKind;
use ordo_store::contract::fixture::{Shop, answer, capture, order};
use ordo_store::{
    Fault, FaultPlan, FaultyStore, MemoryStore, MeteredStore, Operation, Query, Store,
};

#[tokio::test]
async fn every_call_is_counted_once_with_how_it_ended() {
    let faulty = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
    let store = MeteredStore::new(Arc::clone(&faulty));
    let meters = store.meters();
    let mut shop = Shop::open(&store, 1).await;
    let opened = meters.of(Operation::Commit).calls();
    assert_eq!(opened, 6, "a shop opens with six commits");
    assert_eq!(meters.of(Operation::Commit).errors(), 0);

    let changes = shop.blank().await;
    let mut commit = shop.batch(changes);
    commit.answers = vec![answer(1, "{}")];
    store.commit(&commit).await.unwrap();
    store.commit(&commit).await.unwrap_err();
    faulty.begin(FaultPlan::at(1, Fault::LoseAnswer));
    store.commit(&commit).await.unwrap_err();
    faulty.begin(FaultPlan::at(1, Fault::Refuse));
    store.commit(&commit).await.unwrap_err();
    let commits = meters.of(Operation::Commit);
    assert_eq!((commits.calls(), commits.errors()), (opened + 4, 2));
    assert_eq!(meters.conflicts()[0], ("claimed", 1));
    assert_eq!(
        meters.conflicts()[1..]
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>(),
        0
    );
    assert_eq!(meters.unknown(), 1);

    let before = meters.of(Operation::EventsAbout).calls();
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let id = captured.order().id;
    let subject = SubjectRef {
        kind: RecordKind::Order,
        id: id.to_u128(),
    };
    store
        .events_about(shop.organization, &[subject], 0, 10)
        .await
        .unwrap();
    store
        .count_orders(shop.organization, &Default::default(), 1)
        .await
        .unwrap_err();
    assert_eq!(meters.of(Operation::EventsAbout).calls(), before + 1);
    let counts = meters.of(Operation::CountOrders);
    assert_eq!((counts.calls(), counts.errors()), (1, 1));
    for (operation, meter) in meters.all() {
        let cumulative = meter.cumulative();
        assert!(cumulative.is_sorted(), "{}", operation.name());
        assert_eq!(
            cumulative.last(),
            Some(&meter.calls()),
            "{}",
            operation.name()
        );
    }
}
