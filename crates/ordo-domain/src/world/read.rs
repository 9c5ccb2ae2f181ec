//! What decisions read of the world: every getter answers what is there, that nothing is there, or a
//! miss; the `want_…` gather several misses, so that they are loaded in one round.

use std::sync::Arc;

use super::{CellRow, CounterKey, Key, World};
use crate::catalog::{Listing, Sku};
use crate::claim::ClaimKind;
use crate::contact::Contact;
use crate::decide::Refusal;
use crate::fulfillment::FulfillmentOrder;
use crate::id::{
    ApiKeyId, BlockId, ChannelId, EntityId, FulfillmentOrderId, ListingId, LocationId, OrderId,
    OrganizationId, PoolId, PriceBookId, RateTableId, ReservationId, ReturnId, RuleSetId,
    SettingsId, ShipmentId, SkuId, WebhookId,
};
use crate::network::{Block, Channel, LegalEntity, Location, Pool};
use crate::order::Order;
use crate::organization::{ApiKey, Organization};
use crate::rate::RateTable;
use crate::record::RecordKind;
use crate::returns::Return;
use crate::rules::RuleSet;
use crate::shipment::Shipment;
use crate::signal::{Signal, SignalKey};
use crate::sourcing::{PriceBook, SourcingSettings};
use crate::stock::{Cell, CellKey, Lot, LotKey, Reservation};
use crate::webhook::Webhook;

impl World {
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

    /// A rate table, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn rate_table_record(&self, id: RateTableId) -> Result<Option<&Arc<RateTable>>, Refusal> {
        self.rate_tables.get(id)
    }

    /// The sourcing settings, to be changed; to read them, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn sourcing_settings_record(
        &self,
        id: SettingsId,
    ) -> Result<Option<&Arc<SourcingSettings>>, Refusal> {
        self.sourcing_settings.get(id)
    }

    /// The price book, to be renewed; to read it, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn price_book_record(&self, id: PriceBookId) -> Result<Option<&Arc<PriceBook>>, Refusal> {
        self.price_books.get(id)
    }
    /// A rule set, to be changed; to read one, ask the reference.
    ///
    /// # Errors
    /// A miss.
    pub fn rule_set_record(&self, id: RuleSetId) -> Result<Option<&Arc<RuleSet>>, Refusal> {
        self.rule_sets.get(id)
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
        let missing = ids.iter().filter(|id| !self.returns.has(**id));
        none_missing(missing.map(|id| Key::Record {
            kind: RecordKind::Return,
            id: id.to_u128(),
        }))
    }

    /// Misses of several shipments.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_shipments(&self, ids: &[ShipmentId]) -> Result<(), Refusal> {
        let missing = ids.iter().filter(|id| !self.shipments.has(**id));
        none_missing(missing.map(|id| Key::Record {
            kind: RecordKind::Shipment,
            id: id.to_u128(),
        }))
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

    /// The listing with this code on `channel`, where one is given, or on every channel.
    ///
    /// # Errors
    /// A miss.
    pub fn listing(
        &self,
        channel: Option<ChannelId>,
        code: &str,
    ) -> Result<Option<&Arc<Listing>>, Refusal> {
        let own = channel.map(|channel| format!("{channel}:{code}"));
        let keys: Vec<String> = own.into_iter().chain([format!(":{code}")]).collect();
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
        none_missing(self.missing_skus(codes).into_iter())
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
        let missing = skus.filter(|sku| self.cells.of(*sku).is_none());
        none_missing(missing.map(Key::Cells))
    }

    /// Misses of several fulfillment orders.
    ///
    /// # Errors
    /// All keys that are missing.
    pub fn want_fulfillment_orders(&self, ids: &[FulfillmentOrderId]) -> Result<(), Refusal> {
        let missing = ids.iter().filter(|id| !self.fulfillment_orders.has(**id));
        none_missing(missing.map(|id| Key::Record {
            kind: RecordKind::FulfillmentOrder,
            id: id.to_u128(),
        }))
    }
}

/// Needs the keys, where there are any.
fn none_missing(keys: impl Iterator<Item = Key>) -> Result<(), Refusal> {
    let missing: Vec<Key> = keys.collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Needs(missing))
    }
}
