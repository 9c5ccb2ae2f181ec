//! Rules for reading: rows by key, the log, the reference.

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{ContactId, DecisionId, OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::signal::{Signal, SignalKey, SignalKind};
use ordo_domain::world::{CounterKey, CounterKind, Key, Row};
use ordo_geo::writer::Writer;
use ordo_geo::{Address, Precision};

use super::fixture::{Shop, capture, channel, location, order, receive};
use crate::log::{Head, LogEntry};
use crate::points;
use crate::port::{AnswerKey, Store};

/// Every key of which nothing is stored gives a row that says so.
pub async fn what_was_never_stored_is_absent(store: &dyn Store) {
    let organization = OrganizationId::from_u128(1);
    let signal = SignalKey {
        kind: SignalKind::Email,
        hash: u128::MAX,
    };
    let counter = CounterKey {
        kind: CounterKind::Capacity,
        id: 3,
        day: 20_000,
    };
    let mut asked = vec![
        (
            Key::Claim {
                kind: ClaimKind::SkuCode,
                key: "A".to_owned(),
            },
            Row::Claim {
                kind: ClaimKind::SkuCode,
                key: "A".to_owned(),
                holder: None,
            },
        ),
        (
            Key::SkuByCode("A".to_owned()),
            Row::SkuByCode {
                code: "A".to_owned(),
                found: None,
            },
        ),
        (
            Key::Cells(SkuId::from_u128(2)),
            Row::Cells {
                sku: SkuId::from_u128(2),
                cells: Vec::new(),
            },
        ),
        (
            Key::Lots(SkuId::from_u128(2)),
            Row::Lots {
                sku: SkuId::from_u128(2),
                lots: Vec::new(),
            },
        ),
        (
            Key::Signal(signal),
            Row::Signal {
                key: signal,
                found: Signal::default(),
            },
        ),
        (
            Key::Counter(counter),
            Row::Counter {
                key: counter,
                value: 0,
            },
        ),
    ];
    asked.extend(RecordKind::ALL.iter().map(|kind| {
        let (kind, id) = (*kind, u128::MAX);
        (
            Key::Record { kind, id },
            Row::Record {
                kind,
                id,
                found: None,
            },
        )
    }));
    let (keys, expected): (Vec<Key>, Vec<Row>) = asked.into_iter().unzip();
    assert_eq!(
        store
            .load(organization, &keys)
            .await
            .expect("rows are loaded"),
        expected
    );
    assert_eq!(
        store
            .load(organization, &[])
            .await
            .expect("rows are loaded"),
        []
    );
}

/// An organization of which nothing is stored has an empty log, reference and view.
pub async fn an_organization_that_never_was_is_empty(store: &dyn Store) {
    let nobody = OrganizationId::from_u128(1);
    assert_eq!(
        store.head(nobody).await.expect("there is a head"),
        Head::default()
    );
    let reference = store.load_reference(nobody).await;
    assert_eq!(
        reference.expect("the reference is loaded"),
        Reference::empty(0)
    );
    assert_eq!(
        store
            .read_log(nobody, 0, 10)
            .await
            .expect("the log is read"),
        []
    );
    assert_eq!(
        store
            .cursor(nobody, "view")
            .await
            .expect("a cursor is read"),
        0
    );
    let answers = store
        .answers(nobody, &[AnswerKey([1; 16]), AnswerKey([2; 16])])
        .await;
    assert_eq!(answers.expect("answers are read"), [None, None]);
    let contacts = store.contacts(nobody, &[ContactId::from_u128(1)]).await;
    assert_eq!(contacts.expect("contacts are read"), []);
    let decision = store.decision(nobody, DecisionId::from_u128(1)).await;
    assert_eq!(decision.expect("a decision is read"), None);
    assert_eq!(
        store.find_key(&[1; 32]).await.expect("a key is looked up"),
        None
    );
    assert_eq!(
        store.organizations().await.expect("organizations are read"),
        []
    );
}

/// Rows come in the order of the keys, present and absent mixed, and a key asked for twice gives
/// its row twice.
pub async fn rows_come_in_the_order_of_their_keys(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 2)]))).await.order();
    let record = |kind, id| Key::Record { kind, id };
    let claim = |kind, key: &str| Key::Claim {
        kind,
        key: key.to_owned(),
    };
    let (a, b) = (shop.sku("A").await, shop.sku("B").await);
    let one_by_one = [
        record(RecordKind::Order, captured.id.to_u128()),
        Key::SkuByCode("nothing".to_owned()),
        Key::Cells(b),
        record(RecordKind::Order, 5),
        Key::SkuByCode("A".to_owned()),
        claim(ClaimKind::ChannelCode, "web"),
        claim(ClaimKind::ChannelCode, "nothing"),
        record(RecordKind::Sku, a.to_u128()),
        Key::SkuByCode("A".to_owned()),
        Key::Cells(a),
        // The same id under another kind is another record.
        record(RecordKind::FulfillmentOrder, captured.id.to_u128()),
        record(
            RecordKind::FulfillmentOrder,
            captured.fulfillment_orders[0].to_u128(),
        ),
        // The same text under another kind is another claim.
        claim(ClaimKind::SkuCode, "web"),
        claim(ClaimKind::SkuCode, "B"),
        record(RecordKind::Order, captured.id.to_u128()),
    ];
    let mut expected = Vec::new();
    for key in &one_by_one {
        expected.push(in_order(shop.load_one(key.clone()).await));
    }
    let rows = shop.load(&one_by_one).await.into_iter().map(in_order);
    assert_eq!(rows.collect::<Vec<Row>>(), expected);
    let present = expected.iter().filter(|row| match row {
        Row::Record { found, .. } => found.is_some(),
        Row::Claim { holder, .. } => holder.is_some(),
        Row::SkuByCode { found, .. } => found.is_some(),
        Row::Cells { cells, .. } => cells.len() == 2,
        Row::Sku { .. } | Row::Lots { .. } | Row::Signal { .. } | Row::Counter { .. } => false,
    });
    assert_eq!(present.count(), 10, "{expected:?}");
}

/// The row with its cells, which come in any order, in the order of their keys.
fn in_order(mut row: Row) -> Row {
    if let Row::Cells { cells, .. } = &mut row {
        cells.sort_by_key(|(key, _)| *key);
    }
    row
}

/// Many keys may be asked for at once: more than a statement may have parameters.
pub async fn many_keys_are_loaded_at_once(store: &dyn Store) {
    const MANY: u128 = 70_000;
    let shop = Shop::open(store, 1).await;
    let sku = shop.sku("A").await.to_u128();
    let mut keys: Vec<Key> = (0..MANY)
        .map(|id| Key::Record {
            kind: RecordKind::Sku,
            id,
        })
        .collect();
    keys.push(Key::Record {
        kind: RecordKind::Sku,
        id: sku,
    });
    let rows = shop.load(&keys).await;
    assert_eq!(rows.len(), keys.len());
    let there = rows.iter().filter_map(|row| match row {
        Row::Record {
            id, found: Some(_), ..
        } => Some(*id),
        Row::Record { .. } => None,
        other => panic!("a record was asked for, and {other:?} came"),
    });
    assert_eq!(there.collect::<Vec<u128>>(), [sku]);
}

/// The log is read in pages that join without loss or repetition.
pub async fn the_log_is_read_in_pages(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut expected: Vec<LogEntry> = store
        .read_log(shop.organization, 0, 1_000)
        .await
        .expect("the log is read");
    for n in 0..7 {
        let given = shop
            .give(capture(&order(&format!("O{n}"), &[("A", 1)])))
            .await;
        let events = given
            .commit
            .changes
            .events
            .iter()
            .zip(given.committed.first_position..);
        expected.extend(
            events.map(|(event, position)| {
                LogEntry::of(event, position, given.committed.recorded_at)
            }),
        );
    }
    for limit in [1, 2, 7, expected.len(), 1_000] {
        let mut read: Vec<LogEntry> = Vec::new();
        loop {
            let after = read.last().map_or(0, |entry| entry.position);
            let page = store.read_log(shop.organization, after, limit).await;
            let page = page.expect("the log is read");
            assert!(page.len() <= limit, "no page is longer than asked for");
            assert!(
                page.iter().all(|entry| entry.position > after),
                "pages go on"
            );
            if page.is_empty() {
                break;
            }
            assert!(
                page.len() == limit || page.last() == expected.last(),
                "pages are full"
            );
            read.extend(page);
        }
        assert_eq!(read, expected, "in pages of {limit}");
    }
    let end = expected.len() as i64;
    let beyond = store
        .read_log(shop.organization, end + 5, 10)
        .await
        .expect("the log is read");
    assert_eq!(beyond, []);
    assert_eq!(
        store
            .read_log(shop.organization, 0, 0)
            .await
            .expect("the log is read"),
        []
    );
}

/// The versions on an order's events count from 1 without a gap, through all its commits.
pub async fn events_carry_the_versions_of_their_subject(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    shop.give(super::fixture::cancel(&captured)).await;
    let id = captured.order().id.to_u128();
    let log = store
        .read_log(shop.organization, 0, 1_000)
        .await
        .expect("the log is read");
    let versions: Vec<u64> = (log.iter())
        .filter(|entry| {
            entry
                .subject
                .is_some_and(|of| of.kind == RecordKind::Order && of.id == id)
        })
        .map(|entry| entry.subject_version)
        .collect();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<u64>>());
    let stored = shop
        .record(RecordKind::Order, id)
        .await
        .expect("the order is there");
    assert_eq!(versions.last(), Some(&stored.version));
}

/// The reference holds all of its records, and its version grows by one with every commit that
/// changes it and with no other.
pub async fn the_reference_counts_its_changes(store: &dyn Store) {
    let mut shop = Shop::empty(store, 1);
    let mut version = 0;
    let codes = |reference: &Reference| {
        let channels = reference.channels().map(|channel| channel.code.clone());
        let locations = reference.locations().map(|location| location.code.clone());
        channels.chain(locations).collect::<Vec<String>>()
    };
    for (command, changes_it, expected) in [
        (super::fixture::found(1), false, [].as_slice()),
        (channel("web"), true, &["web"]),
        (location("BER", "10117"), true, &["web", "BER"]),
        (super::fixture::sku("A"), false, &["web", "BER"]),
        (receive("A", "BER", 3), false, &["web", "BER"]),
        (capture(&order("O1", &[("A", 1)])), false, &["web", "BER"]),
        (location("MUC", "80331"), true, &["web", "BER", "MUC"]),
    ] {
        shop.give(command).await;
        version += i64::from(changes_it);
        let reference = store.load_reference(shop.organization).await;
        let reference = reference.expect("the reference is loaded");
        assert_eq!(reference.version(), version);
        assert_eq!(codes(&reference), expected);
        let head = store
            .head(shop.organization)
            .await
            .expect("there is a head");
        assert_eq!(head.reference_version, version);
    }
}

/// An organization's own points are part of its reference: addresses are looked up in them first,
/// and whoever decided on the reference before must read it anew.
pub async fn own_points_are_kept_and_counted(store: &dyn Store) {
    let mut shop = Shop::empty(store, 1);
    shop.give(location("BER", "10115")).await;
    let found = async || {
        let reference = store.load_reference(shop.organization).await;
        let reference = reference.expect("the reference is loaded");
        let address = Address {
            country: "JP",
            postal: Some("100-0001"),
            ..Address::default()
        };
        let located = reference.gazetteer().locate(&address);
        let precision = located.map(|located| located.precision);
        (reference.version(), precision)
    };
    let (version, embedded) = found().await;
    assert_eq!(embedded, Some(Precision::Country));

    // More than one part, so that their order matters.
    let mut writer = Writer::default();
    for code in 0..200_000 {
        writer.postal(
            *b"JP",
            format!("{code:07}").as_bytes(),
            (35_000_000, 139_000_000),
        );
    }
    writer.postal(*b"JP", b"1000001", (35_680_000, 139_750_000));
    let parts = points::to_parts(&writer.finish());
    assert!(parts.len() > 1);
    let save = async |parts: &[String]| {
        let saved = store.save_points(shop.organization, parts).await;
        saved.expect("the points are saved");
    };
    save(&parts).await;
    assert_eq!(found().await, (version + 1, Some(Precision::PostalCode)));
    let head = store.head(shop.organization).await;
    assert_eq!(
        head.expect("there is a head").reference_version,
        version + 1
    );

    let mut few = Writer::default();
    few.postal(*b"JP", b"1000001", (35_680_000, 139_750_000));
    let few = points::to_parts(&few.finish());
    assert_eq!(few.len(), 1);
    save(&few).await;
    assert_eq!(found().await, (version + 2, Some(Precision::PostalCode)));
    save(&[]).await;
    assert_eq!(found().await, (version + 3, embedded));

    // Another organization has points of its own, or none.
    let nobody = store.load_reference(OrganizationId::from_u128(9)).await;
    assert_eq!(
        nobody.expect("the reference is loaded"),
        Reference::empty(0)
    );
    shop.give(location("MUC", "80331")).await;
}
