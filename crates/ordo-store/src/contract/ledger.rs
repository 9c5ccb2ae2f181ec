//! Rules for what is read of the stock ledger, of the days' sums and of what is short.

use ordo_domain::id::{ChannelId, LocationId, SkuId};
use ordo_domain::money::Currency;
use ordo_domain::stock::Movement;

use super::day::view;
use super::fixture::{Shop, adjust, capture, order, receive};
use super::follow::deliver_and_take_back;
use super::lists::join_pages;
use crate::port::Store;
use crate::query::{LedgerFilter, LedgerLine, LedgerPlace, Query, RollupFilter, StockRow};
use crate::view::{LedgerTerm, Rollup, RollupKey, RollupMeasure};

/// Lines of the ledger come newest first, of a SKU everywhere or at one location, each with its event,
/// in pages that join; naming one again changes nothing.
pub async fn movements_are_listed_newest_first(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    for (sku, at, by) in [("A", "BER", 3), ("A", "MUC", 1), ("B", "BER", 2)] {
        shop.give(receive(sku, at, by)).await;
    }
    // One event with movements of two SKUs when it is shipped, and one when it comes back.
    let given = shop
        .give(capture(&order("O1", &[("A", 2), ("B", 1)])))
        .await;
    deliver_and_take_back(&mut shop, &given).await;
    shop.give(adjust("A", "BER", -1)).await;
    let log = store.read_log(shop.organization, 0, 1_000).await;
    let log = log.expect("the log is read");
    let mut all: Vec<(LedgerTerm, LedgerLine)> = Vec::new();
    for entry in &log {
        for (line, movement) in (0..).zip(Movement::of(&entry.event)) {
            let position = entry.position;
            let term = LedgerTerm {
                place: LedgerPlace { position, line },
                sku: movement.cell.sku,
                location: movement.cell.location,
            };
            let entry = entry.clone();
            all.push((term, LedgerLine { entry, line }));
        }
    }
    assert!(
        all.iter().any(|(term, _)| term.place.line > 0),
        "an event has several movements"
    );
    let upto = log.last().map_or(0, |entry| entry.position);
    for (after, upto) in [(0, upto), (upto, upto + 1)] {
        let mut write = view(&shop, after, upto, Vec::new());
        write.movements = all.iter().map(|(term, _)| *term).collect();
        assert!(store.save_view(&write).await.expect("a view is saved"));
    }
    all.reverse();
    let skus = [
        shop.sku("A").await,
        shop.sku("B").await,
        SkuId::from_u128(5),
    ];
    let places = [
        None,
        Some(shop.location("BER").await),
        Some(shop.location("MUC").await),
        Some(LocationId::from_u128(5)),
    ];
    let mut lengths = Vec::new();
    for (sku, location) in (skus.iter()).flat_map(|sku| places.map(|at| (*sku, at))) {
        let filter = LedgerFilter { sku, location };
        let expected: Vec<LedgerLine> = (all.iter())
            .filter(|(term, _)| term.sku == sku)
            .filter(|(term, _)| location.is_none_or(|at| term.location == at))
            .map(|(_, line)| line.clone())
            .collect();
        lengths.push(expected.len());
        for limit in [1, 2, expected.len().max(1), 100] {
            let joined = join_pages(limit, async |after| {
                let page = lists
                    .list_movements(shop.organization, filter, after, limit)
                    .await;
                page.expect("movements are listed")
            });
            let joined = joined.await;
            assert_eq!(joined, expected, "{filter:?} by {limit}");
            let told = joined.iter().filter_map(LedgerLine::movement);
            assert_eq!(told.filter(|of| of.cell.sku == sku).count(), joined.len());
        }
    }
    assert!(
        lengths.iter().max() > Some(&4),
        "there is a ledger: {lengths:?}"
    );
    let elsewhere = Shop::open(store, 2).await.organization;
    let filter = LedgerFilter {
        sku: skus[0],
        location: None,
    };
    let none = lists.list_movements(elsewhere, filter, None, 10).await;
    assert_eq!(none.expect("movements are listed").items, []);
}

/// The days' sums come by day, channel, measure and currency, within the days and of the channel that
/// are asked for, in pages that join.
pub async fn days_are_listed_in_pages(store: &dyn Store, lists: &dyn Query) {
    let shop = Shop::open(store, 1).await;
    let channels = [1, 1 << 127].map(ChannelId::from_u128);
    let currencies: [Currency; 2] = ["EUR", "JPY"].map(|code| code.parse().expect("a currency"));
    let mut expected: Vec<Rollup> = Vec::new();
    for day in [-1, 0, 20_000, 20_001] {
        for channel in channels {
            for measure in RollupMeasure::ALL {
                let amount = expected.len() as i64;
                let currency = currencies[expected.len() % 2];
                expected.push(Rollup {
                    day,
                    channel,
                    measure,
                    currency,
                    count: 2 * amount + 1,
                    amount,
                });
            }
        }
    }
    for after in [0, 1] {
        let mut write = view(&shop, after, after + 1, Vec::new());
        write.rollups.clone_from(&expected);
        assert!(store.save_view(&write).await.expect("a view is saved"));
    }
    // What was added twice counts twice.
    for sum in &mut expected {
        sum.count *= 2;
        sum.amount *= 2;
    }
    let days = [
        (-1, 20_001),
        (0, 20_000),
        (20_001, i32::MAX),
        (5, 6),
        (6, 5),
    ];
    let wanted = [None, Some(channels[1]), Some(ChannelId::from_u128(7))];
    for ((from, to), channel) in days.into_iter().flat_map(|of| wanted.map(|at| (of, at))) {
        let filter = RollupFilter { from, to, channel };
        let matching: Vec<Rollup> = (expected.iter())
            .filter(|sum| (from..=to).contains(&sum.day))
            .filter(|sum| channel.is_none_or(|at| sum.channel == at))
            .copied()
            .collect();
        assert!(matching.is_sorted_by_key(Rollup::key));
        for limit in [1, 5, matching.len().max(1), 100] {
            let joined = join_pages(limit, async |after: Option<RollupKey>| {
                let page = lists
                    .list_rollups(shop.organization, filter, after, limit)
                    .await;
                page.expect("sums are listed")
            });
            assert_eq!(joined.await, matching, "{filter:?} by {limit}");
        }
    }
    let elsewhere = Shop::open(store, 2).await.organization;
    let filter = RollupFilter {
        from: i32::MIN,
        to: i32::MAX,
        channel: None,
    };
    let none = lists.list_rollups(elsewhere, filter, None, 10).await;
    assert_eq!(none.expect("sums are listed").items, []);
}

/// Cells that facts left short are listed with their counters, and no longer once enough is there
/// again, whether or not somebody has looked at them since.
pub async fn shortfalls_are_listed_while_they_last(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let whose = shop.organization;
    let short = async |limit| {
        let joined = join_pages(limit, async |after| {
            let page = lists.list_shortfalls(whose, after, limit).await;
            page.expect("shortfalls are listed")
        });
        let joined: Vec<StockRow> = joined.await;
        (joined.iter())
            .map(|row| (row.key, row.cell.available().get()))
            .collect::<Vec<_>>()
    };
    let mut keys = [
        shop.cell_key("A", "BER").await,
        shop.cell_key("B", "BER").await,
    ];
    keys.sort();
    shop.give(capture(&order("O1", &[("A", 8), ("B", 8)])))
        .await;
    assert_eq!(short(10).await, []);
    for sku in ["A", "B"] {
        shop.give(adjust(sku, "BER", -6)).await;
    }
    for limit in [1, 2, 10] {
        let expected: Vec<_> = keys.iter().map(|key| (*key, -4)).collect();
        assert_eq!(short(limit).await, expected);
    }
    shop.give(receive("A", "BER", 4)).await;
    let b = shop.cell_key("B", "BER").await;
    assert_eq!(short(10).await, [(b, -4)]);
    let elsewhere = Shop::open(store, 2).await.organization;
    let none = lists.list_shortfalls(elsewhere, None, 10).await;
    assert_eq!(none.expect("shortfalls are listed").items, []);
}
