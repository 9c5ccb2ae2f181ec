//! Rules for the splits of cells by lot: rows that change by differences and are there only while
//! something is left of them.

use ordo_domain::id::SkuId;
use ordo_domain::quantity::Quantity;
use ordo_domain::stock::{CellKey, Condition, Lot, LotKey};
use ordo_domain::time::Date;
use ordo_domain::world::{Key, LotChange, Row};

use super::fixture::Shop;
use super::snapshot::refuses;
use crate::commit::Conflict;
use crate::port::Store;

/// Differences go on top of what is there, whatever was loaded; the newest date stands, and what is
/// used up is no longer told.
pub async fn splits_add_up_difference_by_difference(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let cell = shop.cell_key("A", "BER").await;
    let new = key(cell, "L1", Condition::New);
    let used = key(cell, "L1", Condition::Used);
    let other = key(cell, "l1 ", Condition::New);
    let (early, late) = (Date::from_days(20_000), Date::from_days(30_000));
    for batch in [
        vec![by(&new, 5, 0, 0, Some(early)), by(&used, 1, 0, 0, None)],
        vec![by(&new, -2, 2, 3, None), by(&other, 0, 7, 0, Some(late))],
        vec![by(&new, 0, 0, -1, Some(late)), by(&used, -1, 0, 0, None)],
    ] {
        let mut changes = shop.blank().await;
        changes.lots = batch;
        shop.writes(changes).await;
    }
    let found = lots_of(&shop, cell.sku).await;
    let expected = vec![
        (new.clone(), lot(3, 2, 2, Some(late))),
        (other.clone(), lot(0, 7, 0, Some(late))),
    ];
    assert_eq!(found, expected);
    // A split that was used up goes on where it ended.
    let mut changes = shop.blank().await;
    changes.lots = vec![by(&used, 4, 0, 0, None), by(&other, 0, -8, 0, None)];
    shop.writes(changes).await;
    let found = lots_of(&shop, cell.sku).await;
    assert_eq!(found[1], (used, lot(4, 0, 0, None)));
    assert_eq!(found[2], (other, lot(0, -1, 0, Some(late))));
}

/// Splits are told apart by every part of their key, and belong to one organization.
pub async fn splits_are_of_one_cell_and_organization(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let (ber, muc) = (
        shop.cell_key("A", "BER").await,
        shop.cell_key("A", "MUC").await,
    );
    let owned = CellKey {
        owner: Some(9.into()),
        ..ber
    };
    let keys = [ber, owned, muc].map(|cell| key(cell, "L1", Condition::New));
    let mut changes = shop.blank().await;
    changes.lots = (keys.iter().zip(1..))
        .map(|(key, on_hand)| by(key, on_hand, 0, 0, None))
        .collect();
    changes.lots.sort_by(|a, b| a.key.cmp(&b.key));
    shop.writes(changes).await;
    let mut found = lots_of(&shop, ber.sku).await;
    found.sort_by_key(|(_, lot)| lot.on_hand);
    assert_eq!(found.len(), 3);
    for ((found, _), key) in found.iter().zip(&keys) {
        assert_eq!(found, key);
    }
    assert_eq!(lots_of(&shop, shop.sku("B").await).await, []);
    let elsewhere = Shop::open(store, 2).await;
    assert_eq!(lots_of(&elsewhere, ber.sku).await, []);
}

/// A commit that is refused changes no split.
pub async fn a_refused_commit_changes_no_split(store: &dyn Store) {
    let shop = Shop::open(store, 1).await;
    let cell = shop.cell_key("A", "BER").await;
    let mut changes = shop.blank().await;
    changes.lots = vec![by(&key(cell, "L1", Condition::New), 5, 0, 0, None)];
    changes.reference_version += 1;
    let mut shop = shop;
    let commit = shop.batch(changes);
    refuses(&shop, &commit, Conflict::Reference).await;
    assert_eq!(lots_of(&shop, cell.sku).await, []);
}

fn key(cell: CellKey, name: &str, condition: Condition) -> LotKey {
    LotKey {
        cell,
        name: name.to_owned(),
        condition,
    }
}

fn by(
    key: &LotKey,
    on_hand: i64,
    quarantined: i64,
    picked: i64,
    expires_on: Option<Date>,
) -> LotChange {
    LotChange {
        key: key.clone(),
        on_hand: Quantity::stored(on_hand),
        quarantined: Quantity::stored(quarantined),
        picked: Quantity::stored(picked),
        expires_on,
    }
}

fn lot(on_hand: i64, quarantined: i64, picked: i64, expires_on: Option<Date>) -> Lot {
    Lot {
        on_hand: Quantity::stored(on_hand),
        quarantined: Quantity::stored(quarantined),
        picked: Quantity::stored(picked),
        expires_on,
    }
}

/// The splits of a SKU in the order of their keys.
async fn lots_of(shop: &Shop<'_>, sku: SkuId) -> Vec<(LotKey, Lot)> {
    match shop.load_one(Key::Lots(sku)).await {
        Row::Lots {
            sku: of,
            lots: mut found,
        } => {
            assert_eq!(of, sku);
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
            found
        }
        other => panic!("splits were asked for, and {other:?} came"),
    }
}
