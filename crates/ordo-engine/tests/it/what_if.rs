//! A what-if comes out the same on any number of threads.

use std::sync::Arc;

use ordo_domain::catalog::Sku;
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::time::Timestamp;
use ordo_domain::what_if::{PastOrder, Replay, Selection, Setup, Stocked, Supply, Variant};
use ordo_domain::world::{Key, Row};
use ordo_engine::what_if::{Named, OneWarehouse, Ran, WhatIf, run};
use ordo_store::Store;
use ordo_store::contract::fixture;

use crate::shop::Shop;

use futures_util::FutureExt;

/// More than a piece, so that several are dealt out.
const ORDERS: usize = 2_300;

fn asked(threads: usize) -> WhatIf {
    WhatIf {
        selection: Selection::default(),
        baseline: Variant::default(),
        baseline_field: Named::At("/baseline"),
        variants: Vec::new(),
        one_warehouse: OneWarehouse::Unasked,
        told_most: 7,
        threads,
    }
}

/// The same orders again and again under other numbers, each with a unit or three of SKU A.
fn orders(shop: &Shop) -> Vec<PastOrder> {
    let orders = [1, 2, 3].map(|units| {
        let order = fixture::order(&format!("O{units}"), &[("A", units)]);
        let reply = shop.run(vec![shop.admit(fixture::capture(&order), None)]);
        let (_, rest) = reply[0].template.split_once("\"id\":\"").unwrap();
        let id: ordo_domain::id::OrderId = rest.split('"').next().unwrap().parse().unwrap();
        let key = Key::Record {
            kind: RecordKind::Order,
            id: id.to_u128(),
        };
        let Some(Row::Record {
            found: Some(record),
            ..
        }) = shop.load(&[key]).pop()
        else {
            panic!("the order is gone");
        };
        serde_json::from_str::<Order>(&record.body).unwrap()
    });
    let reference = shop.store.load_reference(shop.organization).now_or_never();
    let reference = reference.unwrap().unwrap();
    let again = (0..ORDERS).map(|at| {
        let order = orders[at % 3].clone();
        PastOrder::of(order, at as i64, &[], &Selection::default(), &reference).unwrap()
    });
    again.collect()
}

#[test]
fn any_number_of_threads_comes_to_the_same() {
    let shop = Shop::open(3_000);
    let orders = orders(&shop);
    let Some(Row::SkuByCode {
        found: Some((_, sku)),
        ..
    }) = shop.load(&[Key::SkuByCode("A".to_owned())]).pop()
    else {
        panic!("SKU A is gone");
    };
    let sku: Arc<Sku> = Arc::new(serde_json::from_str(&sku.body).unwrap());
    let Some(Row::Cells { cells, .. }) = shop.load(&[Key::Cells(sku.id)]).pop() else {
        panic!("no cells");
    };
    let supply = Supply::new([Stocked { sku, cells }], &orders);
    let reference = shop.store.load_reference(shop.organization).now_or_never();
    let reference = reference.unwrap().unwrap();
    let mut far = Variant::default();
    far.locations.off = vec!["BER".into()];
    far.default_location = Some("HAM".into());
    let ran = |threads| {
        let variants = [Variant::default(), far.clone(), Variant::default()];
        let replays = variants.iter().map(|variant| {
            let setup = Setup::of(&reference, variant, Timestamp::default()).unwrap();
            Replay::new(setup, &supply)
        });
        run(replays.collect(), &orders, &asked(threads)).unwrap()
    };
    let told = |ran: &Ran| {
        let tallies: Vec<_> = ran.sides.iter().map(|side| side.tally.clone()).collect();
        let changes: Vec<_> = (ran.changes.iter())
            .map(|changes| {
                let kept = changes.savings.iter().chain(&changes.losses);
                let kept = kept.map(|change| {
                    (
                        change.past.number,
                        change.before.clone(),
                        change.after.clone(),
                    )
                });
                (changes.orders, kept.collect::<Vec<_>>())
            })
            .collect();
        (tallies, changes)
    };
    let one = told(&ran(1));
    // Stock runs out on the way, so that the order of the orders matters.
    assert!(one.0[0].unfilled_units > 0 && one.0[0].unfilled_orders < ORDERS as i64);
    assert_eq!(one.0[1].unfilled_units, 0);
    assert_eq!((one.1[0].0, one.1[0].1.len()), (ORDERS as i64, 14));
    assert_eq!(one.1[1].0, 0);
    for threads in [2, 3, 8] {
        assert_eq!(told(&ran(threads)), one, "{threads} threads");
    }
}
