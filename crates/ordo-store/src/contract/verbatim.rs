//! Rules for values at the edges: texts are kept to the byte, integers to their ends.

use ordo_domain::claim::ClaimKind;
use ordo_domain::contact::Contact;
use ordo_domain::id::{BatchId, ContactId, DecisionId, EntityId, LocationId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::record::{Columns, RecordKind};
use ordo_domain::signal::{Signal, SignalKey, SignalKind};
use ordo_domain::stock::{Cell, CellKey};
use ordo_domain::time::Timestamp;
use ordo_domain::world::{
    CellChange, ClaimWrite, CounterChange, CounterKey, CounterKind, DecisionWrite, Key,
    RecordWrite, Row, SignalChange, StoredRecord,
};

use super::fixture::{Shop, answer, capture, in_lock_order, order};
use crate::port::{AnswerKey, Store};

/// Texts that are often mangled: by normalization, by a collation, by re-formatting of JSON.
fn texts() -> Vec<String> {
    vec![
        "{\"b\":1,  \"a\":1.50,\"a\":\"\\u0000 \\ud83e\\udd80\"}".to_owned(),
        "{\"composed\":\"\u{e9}\",\"decomposed\":\"e\u{301}\"}".to_owned(),
        "{\"text\":\"日本語 العربية 🦀👩‍👩‍👧 \\\" ' % _ $1 \\\\\"}".to_owned(),
        format!("{{\"long\":\"{}\"}}", "ß漢🦀x".repeat(200_000)),
        " \n{\t}\r\n ".to_owned(),
    ]
}

/// Bodies of records, contacts, decisions and answers are kept to the byte.
pub async fn texts_are_kept_verbatim(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    for (n, text) in (1_u8..).zip(texts()) {
        let id = u128::from(n);
        let contact = Contact {
            id: ContactId::from_u128(id),
            name: Some(text.clone()),
            ..Contact::default()
        };
        let mut changes = shop.blank().await;
        changes.records.push(RecordWrite {
            kind: RecordKind::Listing,
            id,
            loaded: 0,
            version: 1,
            body: text.clone(),
            columns: Columns::None,
        });
        changes.contacts.push(contact.clone());
        let decision = DecisionId::from_u128(id);
        changes.decisions.push(DecisionWrite {
            id: decision,
            body: text.clone(),
        });
        let mut commit = shop.batch(changes);
        commit.answers = vec![answer(n, &text)];
        shop.commits(&commit).await;

        let stored = StoredRecord {
            version: 1,
            body: text.clone(),
            number: None,
        };
        assert!(
            shop.record(RecordKind::Listing, id).await == Some(stored),
            "record {n}"
        );
        let contacts = store.contacts(shop.organization, &[contact.id]).await;
        assert!(
            contacts.expect("contacts are read") == [contact],
            "contact {n}"
        );
        let body = store.decision(shop.organization, decision).await;
        assert!(
            body.expect("a decision is read") == Some(text.clone()),
            "decision {n}"
        );
        let answers = store
            .answers(shop.organization, &[AnswerKey([n; 16])])
            .await;
        let kept = answers
            .expect("answers are read")
            .remove(0)
            .expect("the answer is kept");
        assert!(kept.body == text, "answer {n}");
    }
}

/// An order from any corner of the world comes back as it was captured, in its record and its event.
pub async fn captured_texts_are_kept_verbatim(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut input = order("№ ١٢٣ e\u{301}/'\"%_", &[("A", 1)]);
    input.lines[0].title = Some("Größe “XL” — 👕🏽, \\n isn't a break".to_owned());
    input.labels = vec!["ＶＩＰ".to_owned(), "vip".to_owned(), "VIP".to_owned()];
    if let Some(to) = &mut input.ship_to {
        to.name = Some("山田 太郎 / Žofie d’Ørsted".to_owned());
    }
    let given = shop.give(capture(&input)).await;
    let id = given.order().id.to_u128();
    let stored = shop
        .record(RecordKind::Order, id)
        .await
        .expect("the order is there");
    let written = given
        .commit
        .changes
        .records
        .iter()
        .find(|record| record.id == id);
    assert_eq!(stored.body, written.expect("the order was written").body);
    let after = given.committed.first_position - 1;
    let log = store
        .read_log(shop.organization, after, 1)
        .await
        .expect("the log is read");
    assert_eq!(log[0].event, given.commit.changes.events[0].event);
    let ids = [given.commit.changes.contacts[0].id];
    let contacts = store
        .contacts(shop.organization, &ids)
        .await
        .expect("contacts are read");
    assert_eq!(
        contacts[0].name.as_deref(),
        Some("山田 太郎 / Žofie d’Ørsted")
    );
}

/// Keys are compared as bytes: no two texts that differ are the same claim.
pub async fn claims_are_compared_as_bytes(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let keys = [
        "a",
        "A",
        "a ",
        " a",
        "\u{e9}",
        "e\u{301}",
        "ａ",
        "",
        "a\u{200b}",
        "ß",
        "ss",
        "ä",
        "a\u{308}",
    ];
    let mut changes = shop.blank().await;
    for (holder, key) in (1_u128..).zip(keys) {
        changes.claims.push(ClaimWrite {
            kind: ClaimKind::Barcode,
            key: key.to_owned(),
            holder,
        });
    }
    in_lock_order(&mut changes);
    shop.writes(changes).await;
    for (holder, key) in (1_u128..).zip(keys) {
        let (kind, key) = (ClaimKind::Barcode, key.to_owned());
        let row = shop
            .load_one(Key::Claim {
                kind,
                key: key.clone(),
            })
            .await;
        assert_eq!(
            row,
            Row::Claim {
                kind,
                key,
                holder: Some(holder)
            }
        );
    }
}

/// Integers are kept to the ends of their range.
pub async fn the_ends_of_integers_are_kept(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    shop.now = shop.now.plus_micros(1);
    let mut changes = shop.blank().await;
    let counters = [
        (CounterKind::Backordered, 0, i32::MIN, i64::MIN, None),
        (
            CounterKind::Backordered,
            u128::MAX,
            i32::MAX,
            i64::MAX,
            None,
        ),
        (
            CounterKind::Capacity,
            u128::MAX,
            -1,
            i64::MAX,
            Some(i64::MAX),
        ),
        (CounterKind::Capacity, 1 << 127, 0, -1, None),
    ];
    for (kind, id, day, by, limit) in counters {
        changes.counters.push(CounterChange {
            key: CounterKey { kind, id, day },
            by,
            limit,
        });
    }
    let cells = [
        (
            CellKey::own(
                SkuId::from_u128(u128::MAX),
                LocationId::from_u128(u128::MAX),
            ),
            i64::MAX,
        ),
        (
            CellKey::own(SkuId::from_u128(1 << 127), LocationId::from_u128(1)),
            i64::MIN,
        ),
        (
            CellKey {
                owner: Some(EntityId::from_u128(u128::MAX)),
                ..CellKey::own(SkuId::from_u128(9), LocationId::from_u128(2))
            },
            -1,
        ),
    ];
    for (key, on_hand) in cells {
        let by = Cell {
            on_hand: Quantity::stored(on_hand),
            ..Cell::default()
        };
        let needs_headroom = on_hand > 0;
        changes.cells.push(CellChange {
            key,
            by,
            needs_headroom,
            is_new: true,
        });
    }
    let signals = [
        (
            SignalKey {
                kind: SignalKind::Address,
                hash: u128::MAX,
            },
            u64::MAX,
        ),
        (
            SignalKey {
                kind: SignalKind::Email,
                hash: 0,
            },
            1 << 63,
        ),
        (
            SignalKey {
                kind: SignalKind::Phone,
                hash: 1 << 127,
            },
            0,
        ),
    ];
    for (key, basket) in signals {
        changes.signals.push(SignalChange {
            key,
            seen: i64::MAX,
            at: shop.now,
            basket,
        });
    }
    in_lock_order(&mut changes);
    let mut commit = shop.batch(changes);
    commit.batch = BatchId::from_u128(u128::MAX);
    shop.commits(&commit).await;

    for (kind, id, day, value, _) in counters {
        let key = CounterKey { kind, id, day };
        assert_eq!(
            shop.load_one(Key::Counter(key)).await,
            Row::Counter { key, value }
        );
    }
    for (key, on_hand) in cells {
        let expected = Cell {
            on_hand: Quantity::stored(on_hand),
            ..Cell::default()
        };
        assert_eq!(shop.cell(key).await, Some(expected));
    }
    for (key, basket) in signals {
        let found = Signal {
            count: i64::MAX,
            since: shop.now,
            basket,
        };
        assert_eq!(
            shop.load_one(Key::Signal(key)).await,
            Row::Signal { key, found }
        );
    }
    let end = Timestamp::from_micros(i64::MAX);
    let due = store
        .due_reservations(shop.organization, end, usize::MAX)
        .await;
    assert_eq!(due.expect("reservations are read"), []);
}
