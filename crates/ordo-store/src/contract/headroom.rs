//! Rules for what changes by differences: cells and counters with their headroom, signals with
//! their window. What was decided on an old value stands as long as the value of now allows it.

use ordo_domain::id::{BatchId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::signal::{Signal, SignalKey, SignalKind};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::{DAY, Timestamp};
use ordo_domain::world::{
    CellChange, CounterChange, CounterKey, CounterKind, Key, Row, SignalChange,
};

use super::fixture::{Shop, adjust, capture, in_lock_order, order, receive, reserve, safety, sku};
use super::snapshot::refuses;
use crate::commit::Conflict;
use crate::port::Store;

/// Decisions on the same old value stand side by side while there is enough for all.
pub async fn stale_but_feasible_stands(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let cell = shop.cell_key("A", "BER").await;
    let (first, _) = shop.decide(&[capture(&order("O1", &[("A", 4)]))]).await;
    let (second, _) = shop.decide(&[capture(&order("O2", &[("A", 5)]))]).await;
    let (third, _) = shop.decide(&[reserve("A", 1, 600)]).await;
    for changes in [third, second, first] {
        shop.writes(changes).await;
    }
    let stored = shop.cell(cell).await.expect("the cell is there");
    assert_eq!(stored, units(10, 9, 1, 0));
}

/// Where there is not enough for all, the later one conflicts and writes nothing.
pub async fn stale_and_infeasible_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let cell = shop.cell_key("A", "BER").await;
    let (first, _) = shop
        .decide(&[capture(&order("O1", &[("A", 6), ("B", 1)]))])
        .await;
    let (second, _) = shop
        .decide(&[capture(&order("O2", &[("A", 5), ("B", 1)]))])
        .await;
    shop.writes(first).await;
    let second = shop.batch(second);
    refuses(&shop, &second, Conflict::Headroom).await;
    assert_eq!(shop.cell(cell).await, Some(units(10, 6, 0, 0)));
}

/// A commit that lacks headroom in one cell writes to no table at all, wherever that cell stands
/// among the others.
pub async fn missing_headroom_writes_nothing_at_all(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    shop.give(sku("Z")).await;
    shop.give(receive("Z", "MUC", 1)).await;
    let commit = shop.everything().await;
    // The key before all others, and keys after most of them.
    let nothing_there = shop.cell_key("Z", "BER").await;
    for key in [
        CellKey::own(SkuId::from_u128(0), nothing_there.location),
        nothing_there,
        shop.cell_key("Z", "MUC").await,
    ] {
        let is_new = shop.cell(key).await.is_none();
        let by = units(0, 2, 0, 0);
        let mut short = commit.clone();
        short.changes.cells.push(CellChange {
            key,
            by,
            needs_headroom: true,
            is_new,
        });
        in_lock_order(&mut short.changes);
        refuses(&shop, &short, Conflict::Headroom).await;
    }
    shop.commits(&commit).await;
}

/// Headroom is what is on hand less all promises and the safety stock.
pub async fn every_promise_takes_headroom(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("C", "BER").await;
    for (by, stands) in [
        (units(0, 0, 0, 4), true),
        (units(0, 7, 0, 0), false),
        (units(0, 3, 0, 0), true),
        (units(0, 0, 4, 0), false),
        (units(0, 0, 3, 0), true),
        (units(0, 1, 0, 0), false),
        (units(0, 0, 0, 1), false),
        (units(-1, 0, 0, 0), false),
        // Moving a promise needs no more than there was.
        (units(0, 1, -1, 0), true),
        (units(2, 2, 0, 0), true),
        (units(0, 0, 1, 0), false),
    ] {
        let mut changes = shop.blank().await;
        changes.cells.push(CellChange {
            key,
            by,
            needs_headroom: true,
            is_new: false,
        });
        let commit = shop.batch(changes);
        if stands {
            shop.commits(&commit).await;
        } else {
            refuses(&shop, &commit, Conflict::Headroom).await;
        }
    }
    assert_eq!(shop.cell(key).await, Some(units(12, 6, 2, 4)));
}

/// Facts are never refused for headroom: stock that is gone is gone, and no promise is made on it.
pub async fn facts_may_overtake_promises(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("A", "BER").await;
    shop.give(capture(&order("O1", &[("A", 8)]))).await;
    let (promise, _) = shop.decide(&[capture(&order("O2", &[("A", 1)]))]).await;
    shop.give(adjust("A", "BER", -5)).await;
    assert_eq!(shop.cell(key).await, Some(units(5, 8, 0, 0)));
    let promised_at_ber = promise.cells.iter().any(|change| change.key == key);
    assert!(promised_at_ber, "the nearest location has the stock");
    let promise = shop.batch(promise);
    refuses(&shop, &promise, Conflict::Headroom).await;
    shop.give(adjust("A", "BER", -20)).await;
    assert_eq!(shop.cell(key).await, Some(units(-15, 8, 0, 0)));
    shop.give(receive("A", "BER", 24)).await;
    shop.commits(&promise).await;
    assert_eq!(shop.cell(key).await, Some(units(9, 9, 0, 0)));
}

/// Two levels of safety stock that were decided side by side do not add up, and what is there may
/// fall below the level.
pub async fn a_level_of_safety_stock_is_set_and_not_added(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("A", "BER").await;
    shop.give(safety("A", "BER", 4)).await;
    shop.give(capture(&order("O1", &[("A", 5)]))).await;
    assert_eq!(shop.cell(key).await, Some(units(10, 5, 0, 4)));
    let (one, _) = shop.decide(&[safety("A", "BER", 0)]).await;
    let (other, _) = shop.decide(&[safety("A", "BER", 7)]).await;
    shop.writes(other).await;
    let one = shop.batch(one);
    refuses(&shop, &one, Conflict::Reference).await;
    assert_eq!(shop.cell(key).await, Some(units(10, 5, 0, 7)));
    shop.give(adjust("A", "BER", -3)).await;
    assert_eq!(shop.cell(key).await, Some(units(7, 5, 0, 7)));
}

/// A cell that two decisions took for new gets what both add.
pub async fn a_cell_that_two_batches_make_gets_both(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    shop.give(sku("N")).await;
    let key = shop.cell_key("N", "BER").await;
    assert_eq!(shop.cell(key).await, None);
    let (first, _) = shop.decide(&[receive("N", "BER", 3)]).await;
    let (second, _) = shop.decide(&[receive("N", "BER", 4)]).await;
    assert!(first.cells[0].is_new && second.cells[0].is_new);
    shop.writes(first).await;
    shop.writes(second).await;
    assert_eq!(shop.cell(key).await, Some(units(7, 0, 0, 0)));
    // New to the decision, there at the commit, and not enough.
    let mut changes = shop.blank().await;
    let by = units(0, 8, 0, 0);
    changes.cells.push(CellChange {
        key,
        by,
        needs_headroom: true,
        is_new: true,
    });
    let commit = shop.batch(changes);
    refuses(&shop, &commit, Conflict::Headroom).await;
}

/// All five counters of a cell change by their differences, up and down.
pub async fn cells_add_up_difference_by_difference(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = CellKey {
        owner: Some(5_u128.into()),
        ..shop.cell_key("B", "BER").await
    };
    let quarantined = |count| Cell {
        quarantined: Quantity::stored(count),
        ..Cell::default()
    };
    for (by, is_new) in [
        (units(9, 4, 3, 2), true),
        (quarantined(6), false),
        (units(-1, -2, 1, 5), false),
        (
            Cell {
                quarantined: Quantity::stored(-5),
                ..units(1, 0, 0, 0)
            },
            false,
        ),
    ] {
        let mut changes = shop.blank().await;
        changes.cells.push(CellChange {
            key,
            by,
            needs_headroom: false,
            is_new,
        });
        shop.writes(changes).await;
    }
    let expected = Cell {
        quarantined: Quantity::stored(1),
        ..units(9, 2, 4, 7)
    };
    assert_eq!(shop.cell(key).await, Some(expected));
    // Another owner's stock at the same place is another cell.
    let own = CellKey { owner: None, ..key };
    assert_eq!(shop.cell(own).await, Some(units(10, 0, 0, 0)));
}

/// Units come out of quarantine only as far as they are in it, whatever was decided on; a cell that is
/// short of what was promised is no reason to keep them.
pub async fn quarantine_ends_only_for_what_is_in_it(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = shop.cell_key("A", "BER").await;
    let elsewhere = shop.cell_key("A", "MUC").await;
    let by = |on_hand: i64, quarantined: i64| Cell {
        quarantined: Quantity::stored(quarantined),
        ..units(on_hand, 0, 0, 0)
    };
    for (key, by, stands) in [
        (key, by(-4, 4), true),
        (key, by(3, -3), true),
        (key, by(2, -2), false),
        // What nobody has put there.
        (elsewhere, by(1, -1), false),
        (
            CellKey {
                owner: Some(5_u128.into()),
                ..key
            },
            by(1, -1),
            false,
        ),
        // Fewer are there than were promised.
        (key, by(-20, 0), true),
        (key, by(1, -1), true),
    ] {
        let mut changes = shop.blank().await;
        changes.cells.push(CellChange {
            key,
            by,
            needs_headroom: false,
            is_new: key.owner.is_some(),
        });
        let commit = shop.batch(changes);
        match stands {
            true => drop(shop.commits(&commit).await),
            false => refuses(&shop, &commit, Conflict::Headroom).await,
        }
    }
    assert_eq!(shop.cell(key).await, Some(units(-10, 0, 0, 0)));
}

/// A counter with a limit never passes it; without one it goes where it is sent.
pub async fn a_counter_stops_at_its_limit(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = CounterKey {
        kind: CounterKind::Capacity,
        id: 1 << 90,
        day: 20_759,
    };
    let other_day = CounterKey { day: 20_760, ..key };
    let other_kind = CounterKey {
        kind: CounterKind::Backordered,
        ..key
    };
    let commit = shop.everything().await;
    for (key, by, limit, stands) in [
        // The very first count may be too many.
        (key, 6, Some(5), false),
        (key, 1, Some(0), false),
        (key, 4, Some(5), true),
        (key, 2, Some(5), false),
        (key, 1, Some(5), true),
        (key, 1, Some(5), false),
        (other_day, 5, Some(5), true),
        (other_kind, 5, Some(5), true),
        (key, 3, None, true),
        (key, 1, Some(9), true),
        (key, -10, None, true),
        (key, 6, Some(5), true),
    ] {
        let mut changes = shop.blank().await;
        changes.counters.push(CounterChange { key, by, limit });
        if stands {
            shop.writes(changes).await;
            continue;
        }
        let alone = shop.batch(changes.clone());
        refuses(&shop, &alone, Conflict::Headroom).await;
        let mut among_others = commit.clone();
        among_others.changes.counters.extend(changes.counters);
        in_lock_order(&mut among_others.changes);
        refuses(&shop, &among_others, Conflict::Headroom).await;
    }
    for (key, value) in [(key, 5), (other_day, 5), (other_kind, 5)] {
        assert_eq!(
            shop.load_one(Key::Counter(key)).await,
            Row::Counter { key, value }
        );
    }
}

/// Sightings count within a window of 24 hours from the first; the next one after that starts anew.
pub async fn sightings_count_within_their_window(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let key = SignalKey {
        kind: SignalKind::Email,
        hash: 1 << 99,
    };
    let start = shop.now;
    let at = |offset: i64| start.plus_micros(offset);
    let mut batch = 1_000;
    for (seen, at, count, since) in [
        (1, at(0), 1, at(0)),
        (2, at(1), 3, at(0)),
        // Out of order within the window.
        (1, at(-5), 4, at(0)),
        (1, at(DAY - 1), 5, at(0)),
        (3, at(DAY), 3, at(DAY)),
        (1, at(2 * DAY - 1), 4, at(DAY)),
        (1, at(9 * DAY), 1, at(9 * DAY)),
    ] {
        batch += 1;
        let mut changes = shop.blank().await;
        let basket = batch as u64;
        changes.signals.push(SignalChange {
            key,
            seen,
            at,
            basket,
        });
        let mut commit = shop.batch(changes);
        commit.batch = BatchId::from_u128(batch);
        shop.commits(&commit).await;
        let found = Signal {
            count,
            since,
            basket,
        };
        assert_eq!(
            shop.load_one(Key::Signal(key)).await,
            Row::Signal { key, found }
        );
    }
    let other = SignalKey {
        kind: SignalKind::Phone,
        ..key
    };
    let found = Signal {
        count: 0,
        since: Timestamp::default(),
        basket: 0,
    };
    assert_eq!(
        shop.load_one(Key::Signal(other)).await,
        Row::Signal { key: other, found }
    );
}

fn units(on_hand: i64, allocated: i64, reserved: i64, safety: i64) -> Cell {
    Cell {
        on_hand: Quantity::stored(on_hand),
        allocated: Quantity::stored(allocated),
        reserved: Quantity::stored(reserved),
        safety: Quantity::stored(safety),
        quarantined: Quantity::ZERO,
    }
}
