//! Rules for commits that stand: what was written reads back, in dense order.

use std::sync::Arc;

use ordo_domain::World;
use ordo_domain::catalog::Listing;
use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::id::{ContactId, ListingId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::RecordKind;
use ordo_domain::signal::{Signal, SignalKey, SignalKind};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::SECOND;
use ordo_domain::world::{
    CellChange, ClaimWrite, CounterChange, CounterKey, CounterKind, DecisionWrite, Key, Row,
    SignalChange,
};

use super::fixture::{START, Shop, answer, capture, channel, found, in_lock_order, order};
use super::kinds::write_of;
use crate::log::{FIRST_ORDER_NUMBER, LogEntry};
use crate::port::Store;

/// A commit as a whole reads back: records, claims, cells, counters, signals, contacts, decisions,
/// keys, events.
pub async fn a_commit_reads_back_as_a_whole(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let position = store
        .head(shop.organization)
        .await
        .expect("there is a head")
        .position;
    let commit = shop.everything().await;
    let committed = shop.commits(&commit).await;
    let changes = &commit.changes;
    let mut number = committed.first_number;
    for record in &changes.records {
        let stored = shop
            .record(record.kind, record.id)
            .await
            .expect("the record is there");
        assert_eq!(
            (stored.version, &stored.body),
            (record.version, &record.body)
        );
        if record.kind == RecordKind::Order && record.loaded == 0 {
            assert_eq!(
                stored.number,
                Some(number),
                "new orders are numbered in order"
            );
            number += 1;
        } else if record.kind != RecordKind::Order {
            assert_eq!(stored.number, None, "only orders have numbers");
        }
    }
    assert_eq!(number, committed.first_number + 2, "two orders are new");
    for claim in &changes.claims {
        let (kind, key) = (claim.kind, claim.key.clone());
        let expected = Row::Claim {
            kind,
            key: key.clone(),
            holder: Some(claim.holder),
        };
        assert_eq!(shop.load_one(Key::Claim { kind, key }).await, expected);
    }
    let new_sku = shop.cell_key("D", "BER").await;
    let found = shop.cell(new_sku).await.expect("a new cell is there");
    assert_eq!(
        found,
        Cell {
            on_hand: Quantity::stored(7),
            ..Cell::default()
        }
    );
    for change in &changes.counters {
        let row = shop.load_one(Key::Counter(change.key)).await;
        assert_eq!(
            row,
            Row::Counter {
                key: change.key,
                value: change.by
            }
        );
    }
    assert!(!changes.signals.is_empty(), "captures leave sightings");
    for change in &changes.signals {
        let (since, basket) = (change.at, change.basket);
        let found = Signal {
            count: change.seen,
            since,
            basket,
        };
        let row = shop.load_one(Key::Signal(change.key)).await;
        assert_eq!(
            row,
            Row::Signal {
                key: change.key,
                found
            }
        );
    }
    let ids: Vec<_> = changes.contacts.iter().map(|contact| contact.id).collect();
    let mut contacts = store
        .contacts(shop.organization, &ids)
        .await
        .expect("contacts are read");
    contacts.sort_by_key(|contact| contact.id);
    let mut expected = changes.contacts.clone();
    expected.sort_by_key(|contact| contact.id);
    assert_eq!(contacts, expected);
    assert!(!changes.decisions.is_empty(), "sourcing leaves a decision");
    for decision in &changes.decisions {
        let body = store.decision(shop.organization, decision.id).await;
        assert_eq!(
            body.expect("a decision is read"),
            Some(decision.body.clone())
        );
    }
    for (key, hash) in &changes.api_key_hashes {
        let found = store.find_key(hash).await.expect("a key is looked up");
        assert_eq!(found.map(|found| found.key), Some(*key));
    }
    assert!(committed.first_position > position);
    let after = committed.first_position - 1;
    let log = store
        .read_log(shop.organization, after, 1_000)
        .await
        .expect("the log is read");
    let expected: Vec<LogEntry> = (changes.events.iter().zip(committed.first_position..))
        .map(|(event, position)| LogEntry::of(event, position, committed.recorded_at))
        .collect();
    assert_eq!(log, expected);
}

/// Positions go on without a gap from 1 and numbers from the first; what follows in a second commit
/// joins on.
pub async fn positions_and_numbers_are_dense(store: &dyn Store) {
    let mut shop = Shop::empty(store, 1);
    let (_, commit, first) = shop.give_all(&[found(1)]).await;
    assert_eq!(
        (first.first_position, first.first_number),
        (1, FIRST_ORDER_NUMBER)
    );
    let mut position = 1 + commit.changes.events.len() as i64;
    let mut number = FIRST_ORDER_NUMBER;
    shop.give(channel("web")).await;
    position += 1;
    for size in [1_usize, 3, 2] {
        let captures: Vec<_> = (0..size)
            .map(|n| capture(&order(&format!("{size}-{n}"), &[("unknown", 1)])))
            .collect();
        let (_, commit, committed) = shop.give_all(&captures).await;
        assert_eq!(
            (committed.first_position, committed.first_number),
            (position, number)
        );
        position += commit.changes.events.len() as i64;
        number += size as i64;
        let head = store
            .head(shop.organization)
            .await
            .expect("there is a head");
        assert_eq!(
            (head.position, head.order_number),
            (position - 1, number - 1)
        );
    }
    let log = store
        .read_log(shop.organization, 0, 10_000)
        .await
        .expect("the log is read");
    let positions: Vec<i64> = log.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, (1..position).collect::<Vec<i64>>());
}

/// An order keeps the number it was given when it changes.
pub async fn a_changed_order_keeps_its_number(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let id = captured.order().id.to_u128();
    let number = shop
        .record(RecordKind::Order, id)
        .await
        .expect("the order is there")
        .number;
    assert_eq!(number, Some(captured.committed.first_number));
    let canceled = shop.give(super::fixture::cancel(&captured)).await;
    assert_eq!(
        canceled.committed.first_number,
        captured.committed.first_number + 1
    );
    let stored = shop
        .record(RecordKind::Order, id)
        .await
        .expect("the order is there");
    assert_eq!(stored.number, number);
    assert!(
        stored.body.contains("\"canceled\""),
        "the order has changed"
    );
}

/// The time on a commit is never before that on the one before, whatever its own clock says.
pub async fn time_never_goes_backwards(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let late = shop.now.plus_micros(3_600 * SECOND);
    let mut last = START;
    for (at, expected) in [
        (late, late),
        (shop.now, late),
        (late.plus_micros(-1), late),
        (late.plus_micros(1), late.plus_micros(1)),
    ] {
        let command = capture(&order(&format!("at-{}", at.as_micros()), &[("A", 1)]));
        let (changes, _) = shop.decide(&[command]).await;
        let mut commit = shop.batch(changes);
        commit.at = at;
        let committed = shop.commits(&commit).await;
        assert_eq!(committed.recorded_at, expected);
        let head = store
            .head(shop.organization)
            .await
            .expect("there is a head");
        assert_eq!(head.last_at, expected);
    }
    for entry in store
        .read_log(shop.organization, 0, 1_000)
        .await
        .expect("the log is read")
    {
        assert!(
            entry.recorded_at >= last,
            "entry {} is before its neighbor",
            entry.position
        );
        last = entry.recorded_at;
    }
}

/// A commit that has only answers is one like any other, and moves neither position nor number.
pub async fn a_commit_of_answers_only_moves_nothing_else(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let before = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    let changes = shop.blank().await;
    let mut commit = shop.batch(changes);
    commit.answers = vec![answer(9, "{}")];
    let committed = shop.commits(&commit).await;
    assert_eq!(committed.first_position, before.position + 1);
    assert_eq!(committed.first_number, FIRST_ORDER_NUMBER);
    let after = store
        .head(shop.organization)
        .await
        .expect("there is a head");
    assert_eq!(after.position, before.position);
    assert_eq!(after.order_number, before.order_number);
    assert_eq!(after.reference_version, before.reference_version);
    let next = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    assert_eq!(next.committed.first_position, committed.first_position);
}

/// What is stored is what the log tells: replayed, it gives the same records, versions and cells.
pub async fn the_log_tells_what_is_stored(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commit = shop.everything().await;
    shop.commits(&commit).await;
    let reference = store.load_reference(shop.organization).await;
    let mut world = World::complete(Arc::new(reference.expect("the reference is loaded")));
    let log = store
        .read_log(shop.organization, 0, 10_000)
        .await
        .expect("the log is read");
    for entry in &log {
        world.evolve(&entry.event, entry.effective_at);
    }
    let records = world.all_records();
    assert!(records.len() > 10, "the shop has more than a few records");
    for record in records {
        let stored = shop
            .record(record.kind, record.id)
            .await
            .expect("the record is stored");
        assert_eq!((stored.version, stored.body), (record.version, record.body));
    }
    let cells = world.all_cells();
    assert!(cells.len() > 6, "the shop has cells");
    for (key, cell) in cells {
        assert_eq!(shop.cell(key).await.unwrap_or_default(), cell);
    }
}

/// A batch may be as large as batches get: a thousand rows of every sort in one commit.
pub async fn a_large_commit_is_written_as_a_whole(store: &dyn Store) {
    const ROWS: u128 = 1_000;
    let mut shop = Shop::open(store, 1).await;
    let location = shop.location("BER").await;
    let mut changes = shop.blank().await;
    for n in 1..=ROWS {
        let id = (7 << 100) + n;
        let listing = Listing {
            id: ListingId::from_u128(id),
            version: 1,
            channel: None,
            code: format!("bulk-{n}"),
            components: Vec::new(),
            ships_together: false,
        };
        changes.records.push(write_of(&listing));
        changes.claims.push(ClaimWrite {
            kind: ClaimKind::ListingCode,
            key: format!(":bulk-{n}"),
            holder: id,
        });
        changes.cells.push(CellChange {
            key: CellKey::own(SkuId::from_u128(id), location),
            by: Cell {
                on_hand: Quantity::stored(n as i64),
                ..Cell::default()
            },
            needs_headroom: n % 2 == 0,
            is_new: true,
        });
        let key = CounterKey {
            kind: CounterKind::Backordered,
            id,
            day: n as i32,
        };
        changes.counters.push(CounterChange {
            key,
            by: n as i64,
            limit: Some(ROWS as i64),
        });
        let key = SignalKey {
            kind: SignalKind::Phone,
            hash: id,
        };
        changes.signals.push(SignalChange {
            key,
            seen: 1,
            at: START,
            basket: n as u64,
        });
        changes.decisions.push(DecisionWrite {
            id: id.into(),
            body: format!("{{\"n\":{n}}}"),
        });
    }
    in_lock_order(&mut changes);
    let keys = super::snapshot::keys_of(&changes);
    shop.writes(changes).await;
    let mut found = 0;
    for (key, row) in keys.iter().zip(shop.load(&keys).await) {
        let as_written = match (key, &row) {
            (
                Key::Record { kind, id },
                Row::Record {
                    kind: at,
                    id: of,
                    found: Some(record),
                },
            ) => {
                kind == at
                    && id == of
                    && record.body.contains(&format!("bulk-{}\"", id % (1 << 100)))
            }
            (
                Key::Claim { key, .. },
                Row::Claim {
                    key: of,
                    holder: Some(holder),
                    ..
                },
            ) => key == of && *key == format!(":bulk-{}", holder % (1 << 100)),
            (Key::Cells(sku), Row::Cells { sku: of, cells }) => {
                sku == of
                    && matches!(cells.as_slice(), [(key, cell)] if key.sku == *sku
                        && cell.on_hand.get() == (sku.to_u128() % (1 << 100)) as i64)
            }
            (Key::Counter(key), Row::Counter { key: of, value }) => {
                key == of && *value == i64::from(key.day)
            }
            (Key::Signal(key), Row::Signal { key: of, found }) => {
                key == of && found.count == 1 && u128::from(found.basket) == key.hash % (1 << 100)
            }
            _ => false,
        };
        assert!(as_written, "{key:?} gave {row:?}");
        found += 1;
    }
    assert_eq!(found, 5 * ROWS);
    let last = store
        .decision(shop.organization, ((7 << 100) + ROWS).into())
        .await;
    assert_eq!(
        last.expect("a decision is read"),
        Some(format!("{{\"n\":{ROWS}}}"))
    );
}

/// Contacts that are erased are gone, those of others and of another organization stay; scrubbing
/// afterwards changes nothing that can be asked for.
pub async fn erased_contacts_are_gone(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let other = Shop::open(store, 2).await;
    let mut changes = shop.blank().await;
    let ids = [1, 2, 3].map(ContactId::from_u128);
    changes.contacts = (ids.iter())
        .map(|id| Contact {
            id: *id,
            name: Some(format!("Name of {id}")),
            ..Contact::default()
        })
        .collect();
    let kept = changes.contacts[1].clone();
    shop.writes(changes).await;
    let mut changes = other.blank().await;
    changes.contacts = vec![kept.clone()];
    let mut other = other;
    other.writes(changes).await;
    let mut changes = shop.blank().await;
    // One that never was is no obstacle.
    changes.erased = vec![ids[0], ids[2], ContactId::from_u128(9)];
    shop.writes(changes).await;
    for _ in 0..2 {
        for organization in [shop.organization, other.organization] {
            let found = store.contacts(organization, &ids).await;
            assert_eq!(found.expect("contacts are read"), vec![kept.clone()]);
        }
        store.scrub().await.expect("the store is scrubbed");
    }
    // Contacts are still taken in afterwards.
    let mut changes = shop.blank().await;
    changes.contacts = vec![Contact {
        id: ids[0],
        ..Contact::default()
    }];
    shop.writes(changes).await;
    let found = store.contacts(shop.organization, &ids[..1]).await;
    assert_eq!(found.expect("contacts are read").len(), 1);
}
