//! Rules for reading by key.

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::signal::{Signal, SignalKey, SignalKind};
use ordo_domain::world::{CounterKey, CounterKind, Key, Row};

use crate::port::Store;

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
    let rows = store
        .load(organization, &keys)
        .await
        .expect("a store loads");
    assert_eq!(rows, expected);
}
