//! The loaded slice of state that decisions read and events change.
//!
//! Every getter answers Present, Absent, or a miss: a key that has not been loaded. A decision that
//! meets a miss ends as [`Refusal::Needs`]; the engine loads the keys and decides again. Changes of
//! one command can be taken back until the next begins.
//!
//! Invariant: nothing here depends on hash order, and [`World::into_changes`] lists rows in lock order.

mod changes;
mod counts;
mod evolve;
mod key;
mod lots;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use changes::{
    CellChange, Changes, ClaimWrite, CounterChange, DecisionWrite, RecordRead, RecordWrite,
    SignalChange,
};
pub use counts::{CellRow, CounterKey, CounterKind};
pub use key::{Key, Row, StoredRecord};
pub use lots::LotChange;

use crate::catalog::{Listing, Sku};
use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::{Attachment, Recorded, Refusal};
use crate::event::{Event, SubjectRef};
use crate::fulfillment::FulfillmentOrder;
use crate::id::{
    ApiKeyId, BlockId, ChannelId, EntityId, FulfillmentOrderId, ListingId, LocationId, OrderId,
    OrganizationId, PoolId, ReservationId, ReturnId, ShipmentId, SkuId, WebhookId,
};
use crate::network::{Block, Channel, LegalEntity, Location, Pool};
use crate::order::Order;
use crate::organization::{ApiKey, Organization};
use crate::record::RecordKind;
use crate::reference::Reference;
use crate::returns::Return;
use crate::shipment::Shipment;
use crate::signal::{Signal, SignalKey};
use crate::stock::{Cell, CellKey, Lot, LotKey, Reservation};
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

    /// The organization.
    ///
    /// # Errors
    /// A miss.
    pub fn organization(&self, id: OrganizationId) -> Result<Option<&Arc<Organization>>, Refusal> {
        self.organizations.get(id)
    }

    /// An API key.
    ///
    /// # Errors
    /// A miss.
    pub fn api_key(&self, id: ApiKeyId) -> Result<Option<&Arc<ApiKey>>, Refusal> {
        self.api_keys.get(id)
    }

    /// A SKU.
    ///
    /// # Errors
    /// A miss.
    pub fn sku(&self, id: SkuId) -> Result<Option<&Arc<Sku>>, Refusal> {
        self.skus.get(id)
    }

    /// A listing by its id.
    ///
    /// # Errors
    /// A miss.
    pub fn listing_record(&self, id: ListingId) -> Result<Option<&Arc<Listing>>, Refusal> {
        self.listings.get(id)
    }

    /// A legal entity, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn entity_record(&self, id: EntityId) -> Result<Option<&Arc<LegalEntity>>, Refusal> {
        self.entities.get(id)
    }

    /// A channel, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn channel_record(&self, id: ChannelId) -> Result<Option<&Arc<Channel>>, Refusal> {
        self.channels.get(id)
    }

    /// A location, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn location_record(&self, id: LocationId) -> Result<Option<&Arc<Location>>, Refusal> {
        self.locations.get(id)
    }

    /// A pool, to be changed.
    ///
    /// # Errors
    /// A miss.
    pub fn pool_record(&self, id: PoolId) -> Result<Option<&Arc<Pool>>, Refusal> {
        self.pools.get(id)
    }

    /// A block, to be lifted.
    ///
    /// # Errors
    /// A miss.
    pub fn block_record(&self, id: BlockId) -> Result<Option<&Arc<Block>>, Refusal> {
        self.blocks.get(id)
    }

    /// An order.
    ///
    /// # Errors
    /// A miss.
    pub fn order(&self, id: OrderId) -> Result<Option<&Arc<Order>>, Refusal> {
        self.orders.get(id)
    }

    /// A fulfillment order.
    ///
    /// # Errors
    /// A miss.
    pub fn fulfillment_order(
        &self,
        id: FulfillmentOrderId,
    ) -> Result<Option<&Arc<FulfillmentOrder>>, Refusal> {
        self.fulfillment_orders.get(id)
    }

    /// A reservation.
    ///
    /// # Errors
    /// A miss.
    pub fn reservation(&self, id: ReservationId) -> Result<Option<&Arc<Reservation>>, Refusal> {
        self.reservations.get(id)
    }

    /// A shipment.
    ///
    /// # Errors
    /// A miss.
    pub fn shipment(&self, id: ShipmentId) -> Result<Option<&Arc<Shipment>>, Refusal> {
        self.shipments.get(id)
    }

    /// A webhook, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn webhook_record(&self, id: WebhookId) -> Result<Option<&Arc<Webhook>>, Refusal> {
        self.webhooks.get(id)
    }

    /// A return.
    ///
    /// # Errors
    /// A miss.
    pub fn return_of(&self, id: ReturnId) -> Result<Option<&Arc<Return>>, Refusal> {
        self.returns.get(id)
    }

    /// Misses of several returns.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_returns(&self, ids: &[ReturnId]) -> Result<(), Refusal> {
        let missing: Vec<Key> = ids
            .iter()
            .filter(|id| !self.returns.has(**id))
            .map(|id| Key::Record {
                kind: RecordKind::Return,
                id: id.to_u128(),
            })
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
    }

    /// Misses of several shipments.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_shipments(&self, ids: &[ShipmentId]) -> Result<(), Refusal> {
        let missing: Vec<Key> = ids
            .iter()
            .filter(|id| !self.shipments.has(**id))
            .map(|id| Key::Record {
                kind: RecordKind::Shipment,
                id: id.to_u128(),
            })
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
    }

    /// Who holds a claim.
    ///
    /// # Errors
    /// A miss.
    pub fn claim(&self, kind: ClaimKind, key: &str) -> Result<Option<u128>, Refusal> {
        self.claims.get(kind, key).ok_or_else(|| {
            Refusal::Needs(vec![Key::Claim {
                kind,
                key: key.to_owned(),
            }])
        })
    }

    /// The SKU with this code.
    ///
    /// # Errors
    /// A miss.
    pub fn sku_by_code(&self, code: &str) -> Result<Option<&Arc<Sku>>, Refusal> {
        match self.claims.get(ClaimKind::SkuCode, code) {
            None => Err(Refusal::Needs(vec![Key::SkuByCode(code.to_owned())])),
            Some(None) => Ok(None),
            Some(Some(id)) => self.sku(SkuId::from_u128(id)),
        }
    }

    /// The listing with this code on `channel`, or on every channel.
    ///
    /// # Errors
    /// A miss.
    pub fn listing(
        &self,
        channel: ChannelId,
        code: &str,
    ) -> Result<Option<&Arc<Listing>>, Refusal> {
        let keys = [format!("{channel}:{code}"), format!(":{code}")];
        let missing: Vec<Key> = keys
            .iter()
            .filter(|key| self.claims.get(ClaimKind::ListingCode, key).is_none())
            .map(|key| Key::Claim {
                kind: ClaimKind::ListingCode,
                key: key.clone(),
            })
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::Needs(missing));
        }
        let held = |key: &String| self.claims.get(ClaimKind::ListingCode, key).flatten();
        match keys.iter().find_map(held) {
            None => Ok(None),
            Some(id) => self.listings.get(ListingId::from_u128(id)),
        }
    }

    /// The cells of a SKU, in the order of their keys.
    ///
    /// # Errors
    /// A miss.
    pub fn cells_of(&self, sku: SkuId) -> Result<&[CellRow], Refusal> {
        self.cells
            .of(sku)
            .ok_or_else(|| Refusal::Needs(vec![Key::Cells(sku)]))
    }

    /// One cell; all zero where nothing ever lay there.
    ///
    /// # Errors
    /// A miss.
    pub fn cell(&self, key: CellKey) -> Result<Cell, Refusal> {
        let rows = self.cells_of(key.sku)?;
        Ok(rows
            .iter()
            .find(|row| row.key == key)
            .map(|row| row.now)
            .unwrap_or_default())
    }

    /// The splits of a SKU's cells by lot, in the order of their keys.
    ///
    /// # Errors
    /// A miss.
    pub fn lots_of(&self, sku: SkuId) -> Result<impl Iterator<Item = (&LotKey, Lot)>, Refusal> {
        if self.lots.has(sku) {
            Ok(self.lots.of(sku))
        } else {
            Err(Refusal::Needs(vec![Key::Lots(sku)]))
        }
    }

    /// A counter; zero where it was never counted.
    ///
    /// # Errors
    /// A miss.
    pub fn counter(&self, key: CounterKey) -> Result<i64, Refusal> {
        self.counters
            .get(key)
            .ok_or_else(|| Refusal::Needs(vec![Key::Counter(key)]))
    }

    /// How often something was seen.
    ///
    /// # Errors
    /// A miss.
    pub fn signal(&self, key: SignalKey) -> Result<Signal, Refusal> {
        self.signals
            .get(key)
            .ok_or_else(|| Refusal::Needs(vec![Key::Signal(key)]))
    }

    /// The number of a stored order; `None` for one that is not committed yet.
    #[must_use]
    pub fn number(&self, order: OrderId) -> Option<i64> {
        self.numbers.get(&order).copied()
    }

    /// The contact that the command at hand brought for `order`.
    #[must_use]
    pub fn fresh_contact(&self, order: OrderId) -> Option<&Contact> {
        self.contacts.get(&order)
    }

    /// Misses of what a capture reads first: the order's claim and its SKUs' codes.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_capture<'a>(
        &self,
        key: &str,
        codes: impl Iterator<Item = &'a str>,
    ) -> Result<(), Refusal> {
        let mut missing = self.missing_skus(codes);
        if self.claims.get(ClaimKind::OrderExternal, key).is_none() {
            missing.push(Key::Claim {
                kind: ClaimKind::OrderExternal,
                key: key.to_owned(),
            });
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
    }

    /// Misses of SKUs by code.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_skus<'a>(&self, codes: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        let missing = self.missing_skus(codes);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
    }

    fn missing_skus<'a>(&self, codes: impl Iterator<Item = &'a str>) -> Vec<Key> {
        codes
            .filter(|code| !code.is_empty() && self.claims.get(ClaimKind::SkuCode, code).is_none())
            .map(|code| Key::SkuByCode(code.to_owned()))
            .collect()
    }

    /// Misses of the cells of several SKUs.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_cells(&self, skus: impl Iterator<Item = SkuId>) -> Result<(), Refusal> {
        let missing: Vec<Key> = skus
            .filter(|sku| self.cells.of(*sku).is_none())
            .map(Key::Cells)
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
    }

    /// Misses of several fulfillment orders.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_fulfillment_orders(&self, ids: &[FulfillmentOrderId]) -> Result<(), Refusal> {
        let missing: Vec<Key> = ids
            .iter()
            .filter(|id| !self.fulfillment_orders.has(**id))
            .map(|id| Key::Record {
                kind: RecordKind::FulfillmentOrder,
                id: id.to_u128(),
            })
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Needs(missing))
        }
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
