//! The loaded slice of state that decisions read and events change.
//!
//! Every getter answers Present, Absent, or a miss: a key that has not been loaded. A decision that
//! meets a miss ends as [`crate::Refusal::Needs`]; the engine loads the keys and decides again.
//! Changes of one command can be taken back until the next begins.
//!
//! Invariant: nothing here depends on hash order, and [`World::into_changes`] lists rows in lock order.

mod changes;
mod counts;
mod evolve;
mod excerpt;
mod freed;
mod key;
mod ledger;
mod lots;
mod outcomes;
mod read;
mod table;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use changes::{
    CellChange, Changes, ClaimWrite, CounterChange, DecisionWrite, RecordRead, RecordWrite,
    SignalChange,
};
pub use counts::{CellRow, CounterKey, CounterKind};
pub(crate) use excerpt::Bound;
pub use key::{Key, Row, StoredRecord};
pub use lots::LotChange;

use crate::catalog::{Listing, Sku};
use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::{Attachment, Recorded};
use crate::event::{Event, SubjectRef};
use crate::fulfillment::FulfillmentOrder;
use crate::id::OrderId;
use crate::network::{Block, Channel, LegalEntity, Location, Pool};
use crate::order::Order;
use crate::organization::{ApiKey, Organization};
use crate::rate::RateTable;
use crate::record::RecordKind;
use crate::reference::Reference;
use crate::returns::Return;
use crate::rules::RuleSet;
use crate::shipment::Shipment;
use crate::sourcing::{PriceBook, SourcingSettings};
use crate::stock::Reservation;
use crate::webhook::Webhook;
use counts::{CellTable, CounterTable, SignalTable};
use lots::LotTable;
use table::{KeyTable, Table};

/// Calls the same method on every table.
macro_rules! for_each_table {
    ($world:ident, |$table:ident| $call:expr) => {{
        let $table = &mut $world.organizations;
        $call;
        let $table = &mut $world.api_keys;
        $call;
        let $table = &mut $world.entities;
        $call;
        let $table = &mut $world.channels;
        $call;
        let $table = &mut $world.locations;
        $call;
        let $table = &mut $world.pools;
        $call;
        let $table = &mut $world.blocks;
        $call;
        let $table = &mut $world.skus;
        $call;
        let $table = &mut $world.listings;
        $call;
        let $table = &mut $world.orders;
        $call;
        let $table = &mut $world.fulfillment_orders;
        $call;
        let $table = &mut $world.reservations;
        $call;
        let $table = &mut $world.shipments;
        $call;
        let $table = &mut $world.returns;
        $call;
        let $table = &mut $world.webhooks;
        $call;
        let $table = &mut $world.rate_tables;
        $call;
        let $table = &mut $world.sourcing_settings;
        $call;
        let $table = &mut $world.price_books;
        $call;
        let $table = &mut $world.rule_sets;
        $call;
        let $table = &mut $world.claims;
        $call;
        let $table = &mut $world.cells;
        $call;
        let $table = &mut $world.lots;
        $call;
        let $table = &mut $world.counters;
        $call;
        let $table = &mut $world.signals;
        $call;
    }};
}

/// The loaded slice.
#[derive(Debug, Default)]
pub struct World {
    reference: Arc<Reference>,
    organizations: Table<Organization>,
    api_keys: Table<ApiKey>,
    entities: Table<LegalEntity>,
    channels: Table<Channel>,
    locations: Table<Location>,
    pools: Table<Pool>,
    blocks: Table<Block>,
    skus: Table<Sku>,
    listings: Table<Listing>,
    orders: Table<Order>,
    fulfillment_orders: Table<FulfillmentOrder>,
    reservations: Table<Reservation>,
    shipments: Table<Shipment>,
    returns: Table<Return>,
    webhooks: Table<Webhook>,
    rate_tables: Table<RateTable>,
    sourcing_settings: Table<SourcingSettings>,
    price_books: Table<PriceBook>,
    rule_sets: Table<RuleSet>,
    claims: KeyTable,
    cells: CellTable,
    lots: LotTable,
    counters: CounterTable,
    signals: SignalTable,
    numbers: BTreeMap<OrderId, i64>,
    contacts: BTreeMap<OrderId, Contact>,
    pub(crate) events: Vec<Recorded>,
    pub(crate) attachments: Vec<Attachment>,
    events_kept: usize,
    attachments_kept: usize,
}

impl World {
    /// An empty slice over `reference`: everything else is a miss.
    #[must_use]
    pub fn new(reference: Arc<Reference>) -> Self {
        Self {
            reference,
            ..Self::default()
        }
    }

    /// A world in which everything that was not loaded is absent: for rebuilding from the log.
    #[must_use]
    pub fn complete(reference: Arc<Reference>) -> Self {
        let mut world = Self::new(reference);
        world.organizations.complete = true;
        world.api_keys.complete = true;
        world.entities.complete = true;
        world.channels.complete = true;
        world.locations.complete = true;
        world.pools.complete = true;
        world.blocks.complete = true;
        world.skus.complete = true;
        world.listings.complete = true;
        world.orders.complete = true;
        world.fulfillment_orders.complete = true;
        world.reservations.complete = true;
        world.shipments.complete = true;
        world.returns.complete = true;
        world.webhooks.complete = true;
        world.rate_tables.complete = true;
        world.sourcing_settings.complete = true;
        world.price_books.complete = true;
        world.rule_sets.complete = true;
        world.claims.complete = true;
        world.cells.complete = true;
        world.lots.complete = true;
        world.counters.complete = true;
        world.signals.complete = true;
        world
    }

    /// The snapshot that decisions read.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Starts a command: what came before can no longer be taken back.
    pub fn begin(&mut self) {
        for_each_table!(self, |table| table.keep());
        self.events_kept = self.events.len();
        self.attachments_kept = self.attachments.len();
        self.contacts.clear();
    }

    /// Takes back everything since the world was made; what was loaded stays.
    pub fn reset(&mut self) {
        for_each_table!(self, |table| table.reset());
        self.events.clear();
        self.attachments.clear();
        self.contacts.clear();
        self.events_kept = 0;
        self.attachments_kept = 0;
    }

    /// What has happened since the world was made.
    #[must_use]
    pub fn recorded(&self) -> &[Recorded] {
        &self.events
    }

    /// How many events have happened since the world was made.
    #[must_use]
    pub fn events_len(&self) -> usize {
        self.events.len()
    }

    /// Takes back everything since [`World::begin`].
    pub fn rollback(&mut self) {
        for_each_table!(self, |table| table.rollback());
        self.events.truncate(self.events_kept);
        self.attachments.truncate(self.attachments_kept);
        self.contacts.clear();
    }

    /// What the command at hand has made happen so far.
    pub(crate) fn events_of_command(&self) -> impl Iterator<Item = &Event> {
        self.events[self.events_kept..]
            .iter()
            .map(|recorded| &recorded.event)
    }

    /// Keeps a side effect of the command at hand.
    pub(crate) fn attach(&mut self, order: Option<OrderId>, attachment: Attachment) {
        match &attachment {
            Attachment::Contact(contact) => {
                if let Some(order) = order {
                    // The first contact of a capture is the one at the destination.
                    self.contacts
                        .entry(order)
                        .or_insert_with(|| contact.clone());
                }
            }
            Attachment::Seen { keys, basket, at } => {
                for key in keys {
                    self.signals.see(*key, *at, *basket);
                }
            }
            Attachment::ApiKeyHash { .. }
            | Attachment::Decision { .. }
            | Attachment::Erased { .. } => {}
        }
        self.attachments.push(attachment);
    }

    /// Adds what a store found under a key.
    ///
    /// # Errors
    /// Where a stored record cannot be read.
    pub fn supply(&mut self, row: Row) -> Result<(), serde_json::Error> {
        match row {
            Row::Record { kind, id, found } => self.supply_record(kind, id, found)?,
            Row::Claim { kind, key, holder } => self.claims.supply(kind, key, holder),
            Row::SkuByCode { code, found } => {
                let holder = found.as_ref().map(|(id, _)| *id);
                self.claims.supply(ClaimKind::SkuCode, code, holder);
                if let Some((id, record)) = found {
                    self.supply_record(RecordKind::Sku, id, Some(record))?;
                }
            }
            Row::Sku { code, sku } => {
                self.claims
                    .supply(ClaimKind::SkuCode, code, Some(sku.id.to_u128()));
                self.skus.supply_shared(sku);
            }
            Row::Cells { sku, cells } => self.cells.supply(sku, cells),
            Row::Lots { sku, lots } => self.lots.supply(sku, lots),
            Row::Signal { key, found } => self.signals.supply(key, found),
            Row::Counter { key, value } => self.counters.supply(key, value),
        }
        Ok(())
    }

    fn supply_record(
        &mut self,
        kind: RecordKind,
        id: u128,
        found: Option<StoredRecord>,
    ) -> Result<(), serde_json::Error> {
        let body = found.as_ref().map(|record| record.body.as_str());
        match kind {
            RecordKind::Organization => self.organizations.supply(id.into(), body),
            RecordKind::ApiKey => self.api_keys.supply(id.into(), body),
            RecordKind::LegalEntity => self.entities.supply(id.into(), body),
            RecordKind::Channel => self.channels.supply(id.into(), body),
            RecordKind::Location => self.locations.supply(id.into(), body),
            RecordKind::Pool => self.pools.supply(id.into(), body),
            RecordKind::Block => self.blocks.supply(id.into(), body),
            RecordKind::Sku => self.skus.supply(id.into(), body),
            RecordKind::Listing => self.listings.supply(id.into(), body),
            RecordKind::Order => {
                if let Some(number) = found.as_ref().and_then(|record| record.number) {
                    self.numbers.insert(OrderId::from_u128(id), number);
                }
                self.orders.supply(id.into(), body)
            }
            RecordKind::FulfillmentOrder => self.fulfillment_orders.supply(id.into(), body),
            RecordKind::Reservation => self.reservations.supply(id.into(), body),
            RecordKind::Shipment => self.shipments.supply(id.into(), body),
            RecordKind::Return => self.returns.supply(id.into(), body),
            RecordKind::Webhook => self.webhooks.supply(id.into(), body),
            RecordKind::RateTable => self.rate_tables.supply(id.into(), body),
            RecordKind::SourcingSettings => self.sourcing_settings.supply(id.into(), body),
            RecordKind::PriceBook => self.price_books.supply(id.into(), body),
            RecordKind::RuleSet => self.rule_sets.supply(id.into(), body),
        }
    }

    /// The version of a record that is loaded; 0 where it is not there.
    #[must_use]
    pub fn version_of(&self, subject: SubjectRef) -> u64 {
        let id = subject.id;
        match subject.kind {
            RecordKind::Organization => self.organizations.version(id.into()),
            RecordKind::ApiKey => self.api_keys.version(id.into()),
            RecordKind::LegalEntity => self.entities.version(id.into()),
            RecordKind::Channel => self.channels.version(id.into()),
            RecordKind::Location => self.locations.version(id.into()),
            RecordKind::Pool => self.pools.version(id.into()),
            RecordKind::Block => self.blocks.version(id.into()),
            RecordKind::Sku => self.skus.version(id.into()),
            RecordKind::Listing => self.listings.version(id.into()),
            RecordKind::Order => self.orders.version(id.into()),
            RecordKind::FulfillmentOrder => self.fulfillment_orders.version(id.into()),
            RecordKind::Reservation => self.reservations.version(id.into()),
            RecordKind::Shipment => self.shipments.version(id.into()),
            RecordKind::Return => self.returns.version(id.into()),
            RecordKind::Webhook => self.webhooks.version(id.into()),
            RecordKind::RateTable => self.rate_tables.version(id.into()),
            RecordKind::SourcingSettings => self.sourcing_settings.version(id.into()),
            RecordKind::PriceBook => self.price_books.version(id.into()),
            RecordKind::RuleSet => self.rule_sets.version(id.into()),
        }
    }

    /// The canonical JSON of a record that the command at hand made.
    pub(crate) fn new_record(&self, kind: RecordKind, id: u128) -> String {
        match kind {
            RecordKind::LegalEntity => self.entities.body(id.into()),
            RecordKind::Channel => self.channels.body(id.into()),
            RecordKind::Location => self.locations.body(id.into()),
            RecordKind::Pool => self.pools.body(id.into()),
            RecordKind::Block => self.blocks.body(id.into()),
            RecordKind::Listing => self.listings.body(id.into()),
            RecordKind::Webhook => self.webhooks.body(id.into()),
            RecordKind::RateTable => self.rate_tables.body(id.into()),
            RecordKind::SourcingSettings => self.sourcing_settings.body(id.into()),
            RecordKind::PriceBook => self.price_books.body(id.into()),
            RecordKind::RuleSet => self.rule_sets.body(id.into()),
            RecordKind::Organization
            | RecordKind::ApiKey
            | RecordKind::Sku
            | RecordKind::Order
            | RecordKind::FulfillmentOrder
            | RecordKind::Reservation
            | RecordKind::Shipment
            | RecordKind::Return => String::new(),
        }
    }
}
