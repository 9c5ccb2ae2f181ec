//! Rules for records: every kind is kept under its kind and id.

use std::collections::BTreeMap;

use ordo_domain::catalog::{Component, Listing};
use ordo_domain::id::{
    BlockId, EntityId, FulfillmentOrderId, ListingId, OrderId, PoolId, PriceBookId, RateTableId,
    ReturnId, RuleSetId, SettingsId, ShipmentId, WebhookId,
};
use ordo_domain::money::{Currency, Minor};
use ordo_domain::network::{Block, BlockScope, BlockStage, LegalEntity, Pool, TaxRegistration};
use ordo_domain::quantity::Quantity;
use ordo_domain::rate::{RateTable, Worked, Zone};
use ordo_domain::record::{Record, RecordKind};
use ordo_domain::returns::{Return, ReturnState};
use ordo_domain::rules::body::{Otherwise, Step};
use ordo_domain::rules::expr::Condition;
use ordo_domain::rules::{RuleScope, RuleSet, RuleVersion, Rules};
use ordo_domain::shipment::Shipment;
use ordo_domain::sourcing::{PriceBook, Prices, SourcingSettings};
use ordo_domain::webhook::Webhook;
use ordo_domain::world::{RecordWrite, StoredRecord};

use super::fixture::{START, Shop, in_lock_order};
use crate::port::Store;

/// Records of every kind are kept under their kind and id, first new and then changed.
pub async fn every_kind_of_record_reads_back(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commit = shop.everything().await;
    shop.commits(&commit).await;
    let mut kept: Vec<RecordKind> = commit
        .changes
        .records
        .iter()
        .map(|write| write.kind)
        .collect();
    kept.extend([RecordKind::Organization, RecordKind::Channel]); // Made as the shop was opened.
    for (version, marks) in [(1, "first"), (2, "second")] {
        let mut changes = shop.blank().await;
        changes.changes_reference = true;
        changes.records = handmade_records(&shop, version, marks).await;
        in_lock_order(&mut changes);
        shop.writes(changes.clone()).await;
        for write in &changes.records {
            let stored = StoredRecord {
                version,
                body: write.body.clone(),
                number: None,
            };
            assert_eq!(
                shop.record(write.kind, write.id).await,
                Some(stored),
                "{:?}",
                write.kind
            );
            kept.push(write.kind);
        }
    }
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(kept, RecordKind::ALL, "every kind was tried");
}

/// Kinds of record that none of the commands above makes.
async fn handmade_records(shop: &Shop<'_>, version: u64, marks: &str) -> Vec<RecordWrite> {
    let (sku, location) = (shop.sku("A").await, shop.location("BER").await);
    let euro: Currency = "EUR".parse().expect("EUR is a currency code");
    let entity = LegalEntity {
        id: EntityId::from_u128(11),
        version,
        code: "gmbh".to_owned(),
        name: format!("{marks} GmbH"),
        country: "DE".to_owned(),
        currency: euro,
        tax_registrations: vec![TaxRegistration {
            jurisdiction: "DE".to_owned(),
            number: "DE123456789".to_owned(),
            scheme: "standard".to_owned(),
        }],
    };
    let pool = Pool {
        id: PoolId::from_u128(12),
        version,
        code: format!("pool-{marks}"),
        locations: vec![location],
        channels: Vec::new(),
    };
    let block = Block {
        id: BlockId::from_u128(13),
        version,
        scope: BlockScope::Sku(sku),
        from: START,
        until: None,
        reason: format!("{marks} recall"),
        stages: vec![BlockStage::Publish, BlockStage::Ship],
    };
    let listing = Listing {
        id: ListingId::from_u128(14),
        version,
        channel: None,
        code: format!("bundle-{marks}"),
        components: vec![Component {
            sku,
            quantity: Quantity::stored(2),
            price_weight: 1,
        }],
        ships_together: true,
    };
    let webhook = Webhook {
        id: WebhookId::from_u128(19),
        version,
        url: format!("https://example.com/{marks}"),
        events: vec!["order.*".to_owned()],
        description: None,
        active: true,
        secret: 1,
        created_at: START,
    };
    let rate_table = RateTable {
        id: RateTableId::from_u128(20),
        version,
        code: format!("rates-{marks}"),
        carrier: format!("{marks} carrier"),
        service: "standard".to_owned(),
        currency: euro,
        origins: vec![location],
        zones: vec![Zone {
            name: "near".to_owned(),
            areas: Vec::new(),
            up_to_m: Some(500_000),
            transit_days: 2,
            prices: vec![Minor::new(490), None],
        }],
        steps_g: vec![1_000, 5_000],
        mm3_per_g: Some(5_000),
        surcharges: Vec::new(),
        takes: None,
        valid_from: None,
        valid_until: None,
        worked: Worked::default(),
    };
    let settings = SourcingSettings {
        version,
        ..SourcingSettings::unsaid(SettingsId::from_u128(21))
    };
    let book = PriceBook {
        id: PriceBookId::from_u128(22),
        version,
        prices: Prices {
            made_at: START,
            currency: None,
            horizon_days: 3,
            orders_seen: 0,
            orders_expected: 0,
            locations: Vec::new(),
            stock: Vec::new(),
            shipments: Vec::new(),
            declines: Vec::new(),
        },
    };
    let rules = Rules {
        steps: vec![Step {
            name: format!("{marks} first"),
            when: Some(Condition::read("order.units > 1")),
            ..Step::default()
        }],
        otherwise: Otherwise::Queue { retry_minutes: 30 },
    };
    let rule_set = RuleSet {
        id: RuleSetId::from_u128(23),
        version,
        code: format!("rules-{marks}"),
        name: None,
        scope: RuleScope::default(),
        priority: -1,
        versions: vec![RuleVersion {
            number: 1,
            note: Some(marks.to_owned()),
            rules,
            live_from: Some(START),
            ended_at: None,
        }],
        shadows: BTreeMap::from([(1, START)]),
    };
    let shipment = Shipment {
        id: ShipmentId::from_u128(15),
        version,
        order: OrderId::from_u128(16),
        fulfillment_order: FulfillmentOrderId::from_u128(17),
        location,
        carrier: format!("{marks} carrier"),
        service: "standard".to_owned(),
        parcels: Vec::new(),
        packed_at: START,
        shipped_at: None,
        from_country: Some("DE".to_owned()),
        to_country: None,
        treatment: None,
    };
    let coming_back = Return {
        id: ReturnId::from_u128(18),
        version,
        order: OrderId::from_u128(16),
        state: ReturnState::Requested,
        lines: Vec::new(),
        expected_at: Some(location),
        requested_at: START,
    };
    vec![
        write_of(&entity),
        write_of(&pool),
        write_of(&block),
        write_of(&listing),
        write_of(&shipment),
        write_of(&coming_back),
        write_of(&webhook),
        write_of(&rate_table),
        write_of(&settings),
        write_of(&book),
        write_of(&rule_set),
    ]
}

/// A record as a commit writes it.
pub(super) fn write_of<V: Record>(record: &V) -> RecordWrite {
    RecordWrite {
        kind: V::KIND,
        id: record.id().into(),
        loaded: record.version() - 1,
        version: record.version(),
        body: record.to_json(),
        columns: record.columns(),
    }
}
