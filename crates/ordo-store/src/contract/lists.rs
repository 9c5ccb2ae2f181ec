//! Rules for stores that answer lists: filtered, in a stable order, in pages that join.

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::Command;
use ordo_domain::catalog::{Component, Listing};
use ordo_domain::fulfillment::FulfillmentState as State;
use ordo_domain::fulfillment::{FulfillmentOrder, RejectWork, ReleaseWork};
use ordo_domain::id::{EntityId, ListingId, LocationId, OrderId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::world::{CellChange, RecordWrite, StoredRecord};

use super::day::{Day, EVEN, EVERY, ODD, ONE, THIRD, view};
use super::fixture::{Shop, capture, cause, in_lock_order, order};
use crate::port::Store;
use crate::query::{Count, OrderFilter, OrderRow, OrderSort, Page, Query, StockRow, WorkFilter};
use crate::view::Term;

fn searched(terms: &[i64]) -> OrderFilter {
    OrderFilter {
        terms: terms.to_vec(),
        ..OrderFilter::default()
    }
}

const SORTS: [OrderSort; 2] = [OrderSort::Newest, OrderSort::Oldest];

/// Every filter, alone and with each other one, shows exactly the orders that match, in both orders,
/// and counts them.
pub async fn orders_are_filtered_sorted_and_counted(store: &dyn Store, lists: &dyn Query) {
    let day = Day::pass(store).await;
    let mut seen = BTreeSet::new();
    for filter in day.filters() {
        let expected = day.matching(&filter);
        seen.insert(expected.len());
        for sort in SORTS {
            let page = lists
                .list_orders(day.shop.organization, &filter, sort, None, 200)
                .await;
            let page = page.expect("orders are listed");
            assert_eq!(
                page.items,
                sorted(expected.clone(), sort),
                "{filter:?} {sort:?}"
            );
            assert_eq!(page.next, None, "there is one page: {filter:?} {sort:?}");
        }
        for most in [0, 1, 3, 1_000] {
            let count = lists
                .count_orders(day.shop.organization, &filter, most)
                .await;
            let found = most.min(expected.len() as i64);
            let is_all = (expected.len() as i64) < most;
            assert_eq!(
                count.expect("orders are counted"),
                Count { found, is_all },
                "{filter:?} up to {most}"
            );
        }
    }
    assert!(seen.len() > 8, "the filters tell orders apart: {seen:?}");
}

/// Pages of orders join without loss or repetition, whatever their size, and the last one says that
/// it is the last.
pub async fn pages_of_orders_join(store: &dyn Store, lists: &dyn Query) {
    let day = Day::pass(store).await;
    let filters = [
        OrderFilter::default(),
        OrderFilter {
            life: Some("open".to_owned()),
            ..OrderFilter::default()
        },
        OrderFilter {
            held: Some(false),
            channel: Some(day.channels[1]),
            ..OrderFilter::default()
        },
        searched(&[EVEN]),
        searched(&[EVERY, EVEN]),
        searched(&[ONE, EVERY]),
        searched(&[EVERY, THIRD, EVEN]),
        searched(&[EVEN, ODD]),
        OrderFilter {
            held: Some(true),
            ..searched(&[EVERY])
        },
        OrderFilter {
            life: Some("draft".to_owned()),
            ..OrderFilter::default()
        },
    ];
    for filter in &filters {
        let expected = day.matching(filter);
        for (sort, limit) in SORTS.into_iter().flat_map(|sort| {
            // Pages that end where the list ends are the ones to get wrong.
            [1, 2, 7, expected.len().max(1), 200].map(|limit| (sort, limit))
        }) {
            let joined = join_pages(limit, async |after| {
                let page = lists
                    .list_orders(day.shop.organization, filter, sort, after, limit)
                    .await;
                page.expect("orders are listed")
            });
            assert_eq!(
                joined.await,
                sorted(expected.clone(), sort),
                "{filter:?} by {limit}"
            );
        }
    }
}

/// A reader of pages is not disturbed by orders that come in meanwhile.
pub async fn pages_of_orders_stand_still(store: &dyn Store, lists: &dyn Query) {
    let mut day = Day::pass(store).await;
    let organization = day.shop.organization;
    let filter = OrderFilter::default();
    let before = sorted(day.matching(&filter), OrderSort::Newest);
    let first = lists
        .list_orders(organization, &filter, OrderSort::Newest, None, 10)
        .await;
    let first = first.expect("orders are listed");
    day.capture(&order("late", &[("A", 1)])).await;
    let rest = lists
        .list_orders(organization, &filter, OrderSort::Newest, first.next, 200)
        .await;
    let rest = rest.expect("orders are listed");
    let joined: Vec<OrderRow> = first.items.into_iter().chain(rest.items).collect();
    assert_eq!(joined, before);
    let newest = lists
        .list_orders(organization, &filter, OrderSort::Newest, None, 1)
        .await;
    assert_eq!(
        newest.expect("orders are listed").items[0].external_id,
        "late"
    );
}

/// An order is found by all of its terms together and by none that it does not have; a term may be
/// any 64 bits, and saving one again changes nothing.
pub async fn orders_are_found_by_all_their_terms(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let mut orders = Vec::new();
    for n in 0..3 {
        let given = shop
            .give(capture(&order(&format!("O{n}"), &[("A", 1)])))
            .await;
        orders.push(given.order().id);
    }
    let term = |hash, n: usize| Term {
        hash,
        order: orders[n],
    };
    let hashes = [i64::MIN, -1, 0, i64::MAX];
    let writes = [
        vec![term(i64::MIN, 0), term(-1, 0), term(0, 0), term(-1, 0)],
        vec![term(-1, 1), term(i64::MAX, 1), term(-1, 0)],
        vec![],
        vec![term(i64::MAX, 2), term(-1, 2), term(0, 2)],
    ];
    for (cursor, terms) in (0..).zip(writes) {
        let saved = store
            .save_view(&view(&shop, cursor, cursor + 1, terms))
            .await;
        assert!(saved.expect("a view is saved"));
    }
    // A consumer that lost its place leaves no terms.
    let lost = store.save_view(&view(&shop, 0, 9, vec![term(0, 1)])).await;
    assert!(!lost.expect("a view is saved"));
    let has = [
        [true, true, true, false],
        [false, true, false, true],
        [false, true, true, true],
    ];
    for bits in 1_usize..16 {
        let wanted: Vec<usize> = (0..4).filter(|at| bits & (1 << at) != 0).collect();
        let filter = OrderFilter {
            terms: wanted.iter().map(|at| hashes[*at]).collect(),
            ..OrderFilter::default()
        };
        let page = lists
            .list_orders(shop.organization, &filter, OrderSort::Oldest, None, 10)
            .await;
        let found: Vec<OrderId> = page
            .expect("orders are listed")
            .items
            .iter()
            .map(|row| row.id)
            .collect();
        let expected: Vec<OrderId> = (0..3)
            .filter(|n| wanted.iter().all(|at| has[*n][*at]))
            .map(|n| orders[n])
            .collect();
        assert_eq!(found, expected, "{filter:?}");
        let count = lists.count_orders(shop.organization, &filter, 10).await;
        let found = count.expect("orders are counted").found;
        assert_eq!(found, expected.len() as i64);
    }
}

/// Stock comes in the order of SKU, location and owner, of one SKU or of all, in pages that join.
pub async fn stock_is_listed_in_pages(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let mut expected: BTreeMap<CellKey, Cell> = BTreeMap::new();
    for code in ["A", "B", "C"] {
        for (at, count) in [("BER", 10), ("MUC", 5)] {
            let cell = Cell {
                on_hand: Quantity::stored(count),
                ..Cell::default()
            };
            expected.insert(shop.cell_key(code, at).await, cell);
        }
    }
    let mut changes = shop.blank().await;
    let sku = shop.sku("B").await;
    let place = shop.location("BER").await;
    for (n, key) in (1..).zip([
        CellKey {
            owner: Some(EntityId::from_u128(1)),
            ..CellKey::own(sku, place)
        },
        CellKey {
            owner: Some(EntityId::from_u128(1 << 127)),
            ..CellKey::own(sku, place)
        },
        CellKey::own(SkuId::from_u128(0), place),
        CellKey::own(SkuId::from_u128(u128::MAX), place),
        CellKey::own(SkuId::from_u128((1 << 127) - 1), place),
        CellKey::own(SkuId::from_u128(1 << 127), place),
    ]) {
        let by = Cell {
            on_hand: Quantity::stored(n),
            allocated: Quantity::stored(2 * n),
            reserved: Quantity::stored(-n),
            safety: Quantity::stored(3 * n),
            quarantined: Quantity::stored(4 * n),
        };
        changes.cells.push(CellChange {
            key,
            by,
            needs_headroom: false,
            is_new: true,
        });
        expected.insert(key, by);
    }
    in_lock_order(&mut changes);
    shop.writes(changes).await;
    for of in [
        None,
        Some(sku),
        Some(SkuId::from_u128(u128::MAX)),
        Some(SkuId::from_u128(5)),
    ] {
        let rows: Vec<StockRow> = (expected.iter())
            .filter(|(key, _)| of.is_none_or(|sku| key.sku == sku))
            .map(|(key, cell)| StockRow {
                key: *key,
                cell: *cell,
            })
            .collect();
        for limit in [1, 2, 3, rows.len().max(1), 100] {
            let joined = join_pages(limit, async |after| {
                let page = lists.list_stock(shop.organization, of, after, limit).await;
                page.expect("stock is listed")
            });
            assert_eq!(joined.await, rows, "of {of:?} by {limit}");
        }
    }
}

/// Records of a kind come in the order of their ids, in pages that join, with an order's number.
pub async fn records_are_listed_in_pages(store: &dyn Store, lists: &dyn Query) {
    let mut day = Day::pass(store).await;
    let shop = &mut day.shop;
    let mut changes = shop.blank().await;
    for id in [1, 1 << 64, (1 << 127) - 1, 1 << 127, u128::MAX] {
        let listing = Listing {
            id: ListingId::from_u128(id),
            version: 1,
            channel: None,
            code: format!("listing-{id}"),
            components: vec![Component {
                sku: SkuId::from_u128(id),
                quantity: Quantity::stored(1),
                price_weight: 1,
            }],
            ships_together: false,
        };
        changes.records.push(RecordWrite {
            kind: RecordKind::Listing,
            id,
            loaded: 0,
            version: 1,
            body: listing.to_json(),
            columns: listing.columns(),
        });
    }
    let commit = shop.batch(changes);
    let committed = day.shop.commits(&commit).await;
    day.note(&commit, committed);
    let organization = day.shop.organization;
    for kind in RecordKind::ALL {
        let expected: Vec<(u128, StoredRecord)> = (day.records.iter())
            .filter(|((of, _), _)| of == kind)
            .map(|((_, id), record)| (*id, record.clone()))
            .collect();
        for limit in [1, 5, expected.len().max(1), 200] {
            let joined = join_pages(limit, async |after| {
                let page = lists.list_records(organization, *kind, after, limit).await;
                page.expect("records are listed")
            });
            assert_eq!(joined.await, expected, "{kind:?} by {limit}");
        }
    }
}

/// Fulfillment orders come in the order of their ids, of one location or state or of all, in pages
/// that join; a step takes one from one list to another.
pub async fn fulfillment_orders_are_filtered_in_pages(store: &dyn Store, lists: &dyn Query) {
    let mut day = Day::pass(store).await;
    let organization = day.shop.organization;
    for n in 0..4 {
        // Of a paid order, which nothing holds.
        let given = day.capture(&order(&format!("W{n}"), &[("C", 1)])).await;
        let fulfillment_order = given.order().fulfillment_orders[0];
        let command = Command::ReleaseWork(ReleaseWork { fulfillment_order });
        let (_, commit, committed) = day.shop.give_all(&[command]).await;
        day.note(&commit, committed);
    }
    let (all, locations) = work_of(&day);
    let open = all.iter().filter(|work| work.state == State::Open);
    for work in open.step_by(3) {
        let command = Command::RejectWork(RejectWork {
            fulfillment_order: work.id,
            cause: cause(),
        });
        let (_, commit, committed) = day.shop.give_all(&[command]).await;
        day.note(&commit, committed);
    }
    let (all, _) = work_of(&day);
    let states: BTreeSet<&str> = all.iter().map(|work| work.state.name()).collect();
    assert!(states.len() > 2, "work is in several states: {states:?}");
    let everywhere = locations.iter().copied().map(Some).chain([None]);
    for location in everywhere.chain([Some(LocationId::from_u128(5))]) {
        for state in (State::ALL.iter().copied()).map(Some).chain([None]) {
            let filter = WorkFilter { state, location };
            let expected: Vec<u128> = (all.iter())
                .filter(|work| state.is_none_or(|state| work.state == state))
                .filter(|work| location.is_none_or(|at| work.location == at))
                .map(|work| work.id.to_u128())
                .collect();
            for limit in [1, 3, expected.len().max(1), 200] {
                let joined = join_pages(limit, async |after| {
                    let page = lists
                        .list_fulfillment_orders(organization, filter, after, limit)
                        .await;
                    page.expect("fulfillment orders are listed")
                });
                let joined = joined.await;
                let ids: Vec<u128> = joined.iter().map(|(id, _)| *id).collect();
                assert_eq!(ids, expected, "{filter:?} by {limit}");
                for (id, record) in joined {
                    let key = (RecordKind::FulfillmentOrder, id);
                    assert_eq!(Some(&record), day.records.get(&key));
                }
            }
        }
    }
    let elsewhere = Shop::open(store, 2).await.organization;
    for filter in [
        WorkFilter::default(),
        WorkFilter {
            state: Some(State::Open),
            location: None,
        },
    ] {
        let none = lists
            .list_fulfillment_orders(elsewhere, filter, None, 10)
            .await;
        assert_eq!(none.expect("fulfillment orders are listed").items, []);
    }
}

/// The day's fulfillment orders by id, and their locations.
fn work_of(day: &Day<'_>) -> (Vec<FulfillmentOrder>, BTreeSet<LocationId>) {
    let all: Vec<FulfillmentOrder> = (day.records.iter())
        .filter(|((kind, _), _)| *kind == RecordKind::FulfillmentOrder)
        .map(|(_, record)| serde_json::from_str(&record.body).expect("it is read back"))
        .collect();
    let locations = all.iter().map(|work| work.location).collect();
    (all, locations)
}

/// Lists show one organization's rows, also where another has the very same ids, codes and terms.
pub async fn lists_stay_within_the_organization(store: &dyn Store, lists: &dyn Query) {
    let mut shops = [Shop::open(store, 1).await, Shop::open(store, 2).await];
    for (n, shop) in (1_i64..).zip(&mut shops) {
        let given = shop.give(capture(&order("O1", &[("A", n)]))).await;
        let terms = vec![Term {
            hash: 7,
            order: given.order().id,
        }];
        assert!(
            store
                .save_view(&view(shop, 0, 1, terms))
                .await
                .expect("a view is saved")
        );
        let filter = OrderFilter {
            terms: vec![7],
            ..OrderFilter::default()
        };
        for (filter, most) in [(OrderFilter::default(), 10), (filter, 10)] {
            let list = lists.list_orders(shop.organization, &filter, OrderSort::Newest, None, 10);
            let page = list.await.expect("orders are listed");
            let totals: Vec<i64> = page.items.iter().map(|row| row.total).collect();
            assert_eq!(totals, [1_000 * n]);
            let count = lists.count_orders(shop.organization, &filter, most).await;
            assert_eq!(count.expect("orders are counted").found, 1);
        }
    }
    for (n, shop) in (1_i64..).zip(&shops) {
        let stock = lists.list_stock(shop.organization, None, None, 100).await;
        let stock = stock.expect("stock is listed").items;
        assert_eq!(stock.len(), 6);
        let allocated: i64 = stock.iter().map(|row| row.cell.allocated.get()).sum();
        assert_eq!(allocated, n);
        for (kind, rows) in [
            (RecordKind::Order, 1),
            (RecordKind::Sku, 3),
            (RecordKind::Organization, 1),
        ] {
            let page = lists.list_records(shop.organization, kind, None, 100).await;
            assert_eq!(
                page.expect("records are listed").items.len(),
                rows,
                "{kind:?}"
            );
        }
    }
}

/// More pages than any list of these rules has.
const PAGES_MAX: usize = 1_000;

fn sorted(mut rows: Vec<OrderRow>, sort: OrderSort) -> Vec<OrderRow> {
    rows.sort_by_key(|row| row.number);
    match sort {
        OrderSort::Newest => rows.reverse(),
        OrderSort::Oldest => {}
    }
    rows
}

/// Reads page after page; each but the last is full, and there is none after the last row.
pub(super) async fn join_pages<T, C>(
    limit: usize,
    read: impl AsyncFn(Option<C>) -> Page<T, C>,
) -> Vec<T> {
    let mut joined = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = read(after).await;
        assert!(
            page.items.len() <= limit,
            "no page is longer than asked for"
        );
        let is_empty = page.items.is_empty();
        let is_full = page.items.len() == limit;
        assert!(
            !is_empty || joined.is_empty(),
            "a page that was announced has rows"
        );
        joined.extend(page.items);
        after = match page.next {
            None => return joined,
            Some(next) => Some(next),
        };
        assert!(is_full, "a page with others after it is full");
    }
    panic!("the pages never end");
}

/// Terms that are taken from an order no longer find it; its others do, and so do other orders'.
pub async fn lost_terms_no_longer_find(store: &dyn Store, lists: &dyn Query) {
    let mut shop = Shop::open(store, 1).await;
    let mut orders = Vec::new();
    for n in 0..2 {
        let given = shop
            .give(capture(&order(&format!("O{n}"), &[("A", 1)])))
            .await;
        orders.push(given.order().id);
    }
    let terms = (orders.iter())
        .flat_map(|order| {
            [7, 8].map(|hash| Term {
                hash,
                order: *order,
            })
        })
        .collect();
    let saved = store.save_view(&view(&shop, 0, 1, terms)).await;
    assert!(saved.expect("a view is saved"));
    let mut changes = shop.blank().await;
    // One that the order never had, and one of an order that never was, say nothing.
    let nobody = OrderId::from_u128(1);
    changes.lost_terms = vec![(orders[0], 7), (orders[0], 9), (nobody, 7)];
    shop.writes(changes).await;
    for (hash, expected) in [(7, &orders[1..]), (8, &orders[..]), (9, &[])] {
        let filter = OrderFilter {
            terms: vec![hash],
            ..OrderFilter::default()
        };
        let page = lists
            .list_orders(shop.organization, &filter, OrderSort::Oldest, None, 10)
            .await;
        let items = page.expect("orders are listed").items;
        let found: Vec<OrderId> = items.iter().map(|row| row.id).collect();
        assert_eq!(found, expected, "term {hash}");
    }
}
