//! The reference: channels, locations, pools, blocks, rates and the like, as one immutable snapshot
//! with a version.
//!
//! Decisions read it from memory. A command that changes it is the last of its batch, and every
//! commit checks that it was decided on the version that is in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordo_geo::Gazetteer;

use crate::id::{
    BlockId, ChannelId, EntityId, ListingId, LocationId, PoolId, RateTableId, RuleSetId, SkuId,
    WebhookId,
};
use crate::network::{Block, BlockScope, BlockStage, Channel, LegalEntity, Location, Pool};
use crate::rate::RateTable;
use crate::record::RecordKind;
use crate::rules::{RuleSet, RuleSubject, RuleVersion};
use crate::sourcing::{PriceBook, SourcingSettings};
use crate::stock::CellKey;
use crate::time::Timestamp;
use crate::webhook::Webhook;

/// One record of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceRecord {
    /// A legal entity.
    LegalEntity(Arc<LegalEntity>),
    /// A channel.
    Channel(Arc<Channel>),
    /// A location.
    Location(Arc<Location>),
    /// A pool.
    Pool(Arc<Pool>),
    /// A block.
    Block(Arc<Block>),
    /// A webhook.
    Webhook(Arc<Webhook>),
    /// A rate table.
    RateTable(Arc<RateTable>),
    /// What sourcing weighs against what.
    SourcingSettings(Arc<SourcingSettings>),
    /// What scarce stock and shipments are worth.
    PriceBook(Arc<PriceBook>),
    /// Sourcing rules.
    RuleSet(Arc<RuleSet>),
}

/// The snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    version: i64,
    entities: BTreeMap<EntityId, Arc<LegalEntity>>,
    channels: BTreeMap<ChannelId, Arc<Channel>>,
    channel_codes: BTreeMap<String, ChannelId>,
    locations: BTreeMap<LocationId, Arc<Location>>,
    location_codes: BTreeMap<String, LocationId>,
    pools: BTreeMap<PoolId, Arc<Pool>>,
    blocks: BTreeMap<BlockId, Arc<Block>>,
    webhooks: BTreeMap<WebhookId, Arc<Webhook>>,
    gazetteer: Gazetteer,
    rate_tables: BTreeMap<RateTableId, Arc<RateTable>>,
    sourcing: Option<Arc<SourcingSettings>>,
    prices: Option<Arc<PriceBook>>,
    rule_sets: BTreeMap<RuleSetId, Arc<RuleSet>>,
}

impl Reference {
    /// An empty snapshot of `version`.
    #[must_use]
    pub fn empty(version: i64) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// Where postal codes and cities are.
    #[must_use]
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// The same snapshot with the operator's own points.
    #[must_use]
    pub fn with_gazetteer(self, gazetteer: Gazetteer) -> Self {
        Self { gazetteer, ..self }
    }

    /// The same snapshot as if nothing were scarce: what prices are made over.
    #[must_use]
    pub fn without_prices(self) -> Self {
        let free = |book: Arc<PriceBook>| Arc::new(book.without_prices());
        Self {
            prices: self.prices.map(free),
            ..self
        }
    }

    /// The version in force when it was taken.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Adds or replaces a stored record.
    ///
    /// # Errors
    /// Where `body` is not such a record, or `kind` is not part of the reference.
    pub fn supply(&mut self, kind: RecordKind, body: &str) -> Result<(), serde_json::Error> {
        match kind {
            RecordKind::LegalEntity => {
                let record: LegalEntity = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::LegalEntity(Arc::new(record)));
            }
            RecordKind::Channel => {
                let record: Channel = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::Channel(Arc::new(record)));
            }
            RecordKind::Location => {
                let record: Location = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::Location(Arc::new(record)));
            }
            RecordKind::Pool => {
                let record: Pool = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::Pool(Arc::new(record)));
            }
            RecordKind::Block => {
                let record: Block = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::Block(Arc::new(record)));
            }
            RecordKind::Webhook => {
                let record: Webhook = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::Webhook(Arc::new(record)));
            }
            RecordKind::RateTable => {
                let record: RateTable = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::RateTable(Arc::new(record)));
            }
            RecordKind::SourcingSettings => {
                let record: SourcingSettings = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::SourcingSettings(Arc::new(record)));
            }
            RecordKind::PriceBook => {
                let record: PriceBook = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::PriceBook(Arc::new(record)));
            }
            RecordKind::RuleSet => {
                let record: RuleSet = serde_json::from_str(body)?;
                self.insert(ReferenceRecord::RuleSet(Arc::new(record)));
            }
            RecordKind::Organization
            | RecordKind::ApiKey
            | RecordKind::Sku
            | RecordKind::Listing
            | RecordKind::Order
            | RecordKind::FulfillmentOrder
            | RecordKind::Reservation
            | RecordKind::Shipment
            | RecordKind::Return => {
                debug_assert!(false, "{kind:?} is not part of the reference");
            }
        }
        Ok(())
    }

    /// Adds or replaces a record.
    pub fn insert(&mut self, record: ReferenceRecord) {
        match record {
            ReferenceRecord::LegalEntity(entity) => {
                self.entities.insert(entity.id, entity);
            }
            ReferenceRecord::Channel(channel) => {
                self.channel_codes.insert(channel.code.clone(), channel.id);
                self.channels.insert(channel.id, channel);
            }
            ReferenceRecord::Location(location) => {
                self.location_codes
                    .insert(location.code.clone(), location.id);
                self.locations.insert(location.id, location);
            }
            ReferenceRecord::Pool(pool) => {
                self.pools.insert(pool.id, pool);
            }
            ReferenceRecord::Block(block) => {
                self.blocks.insert(block.id, block);
            }
            ReferenceRecord::Webhook(webhook) => {
                self.webhooks.insert(webhook.id, webhook);
            }
            ReferenceRecord::RateTable(table) => {
                self.rate_tables.insert(table.id, table);
            }
            ReferenceRecord::SourcingSettings(settings) => self.sourcing = Some(settings),
            ReferenceRecord::PriceBook(book) => self.prices = Some(book),
            ReferenceRecord::RuleSet(set) => {
                self.rule_sets.insert(set.id, set);
            }
        }
    }

    /// The webhooks, in the order in which they were made.
    pub fn webhooks(&self) -> impl Iterator<Item = &Arc<Webhook>> {
        self.webhooks.values()
    }

    /// The webhook with this id.
    #[must_use]
    pub fn webhook(&self, id: WebhookId) -> Option<&Arc<Webhook>> {
        self.webhooks.get(&id)
    }

    /// The rate tables, in the order in which they were made.
    pub fn rate_tables(&self) -> impl Iterator<Item = &Arc<RateTable>> {
        self.rate_tables.values()
    }

    /// What sourcing weighs against what, where anybody has said so.
    #[must_use]
    pub fn sourcing(&self) -> Option<&Arc<SourcingSettings>> {
        self.sourcing.as_ref()
    }

    /// What scarce stock and shipments are worth, where that was ever asked.
    #[must_use]
    pub fn prices(&self) -> Option<&Arc<PriceBook>> {
        self.prices.as_ref()
    }
    /// The rule sets, in the order in which they were made.
    pub fn rule_sets(&self) -> impl Iterator<Item = &Arc<RuleSet>> {
        self.rule_sets.values()
    }

    /// The rule set with this id.
    #[must_use]
    pub fn rule_set(&self, id: RuleSetId) -> Option<&Arc<RuleSet>> {
        self.rule_sets.get(&id)
    }

    /// The rules that count for such an order at `now`: the most specific set with a live version,
    /// then the smallest priority, then the first code.
    #[must_use]
    pub fn rules_for(
        &self,
        subject: RuleSubject,
        now: Timestamp,
    ) -> Option<(&Arc<RuleSet>, &RuleVersion)> {
        let sells = |channel, pool| self.sells_from(channel, pool);
        (self.rule_sets.values())
            .filter(|set| set.scope.fits(subject, sells))
            .filter_map(|set| set.live(now).map(|version| (set, version)))
            .min_by_key(|(set, _)| set.preference())
    }

    /// The channel with this code.
    #[must_use]
    pub fn channel_by_code(&self, code: &str) -> Option<&Arc<Channel>> {
        self.channels.get(self.channel_codes.get(code)?)
    }

    /// The channel with this id.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Arc<Channel>> {
        self.channels.get(&id)
    }

    /// The location with this code.
    #[must_use]
    pub fn location_by_code(&self, code: &str) -> Option<&Arc<Location>> {
        self.locations.get(self.location_codes.get(code)?)
    }

    /// The location with this id.
    #[must_use]
    pub fn location(&self, id: LocationId) -> Option<&Arc<Location>> {
        self.locations.get(&id)
    }

    /// The legal entity with this code.
    #[must_use]
    pub fn entity_by_code(&self, code: &str) -> Option<&Arc<LegalEntity>> {
        self.entities.values().find(|entity| entity.code == code)
    }

    /// The legal entity with this id.
    #[must_use]
    pub fn entity(&self, id: EntityId) -> Option<&Arc<LegalEntity>> {
        self.entities.get(&id)
    }

    /// The pool with this code.
    #[must_use]
    pub fn pool_by_code(&self, code: &str) -> Option<&Arc<Pool>> {
        self.pools.values().find(|pool| pool.code == code)
    }

    /// The pool with this id.
    #[must_use]
    pub fn pool(&self, id: PoolId) -> Option<&Arc<Pool>> {
        self.pools.get(&id)
    }

    /// The pools, in the order in which they were made.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.pools.values()
    }

    /// The same snapshot with other rate tables.
    pub(crate) fn with_rate_tables(self, tables: impl Iterator<Item = Arc<RateTable>>) -> Self {
        Self {
            rate_tables: tables.map(|table| (table.id, table)).collect(),
            ..self
        }
    }

    /// The same snapshot with other rule sets.
    pub(crate) fn with_rule_sets(self, sets: impl Iterator<Item = Arc<RuleSet>>) -> Self {
        Self {
            rule_sets: sets.map(|set| (set.id, set)).collect(),
            ..self
        }
    }

    /// The same snapshot in which every channel sells from everywhere, nothing is blocked and no rule
    /// says anything.
    pub(crate) fn without_limits(self) -> Self {
        Self {
            pools: BTreeMap::new(),
            blocks: BTreeMap::new(),
            rule_sets: BTreeMap::new(),
            ..self
        }
    }

    /// All locations, in the order of their ids.
    pub fn locations(&self) -> impl Iterator<Item = &Arc<Location>> {
        self.locations.values()
    }

    /// All channels, in the order of their ids.
    pub fn channels(&self) -> impl Iterator<Item = &Arc<Channel>> {
        self.channels.values()
    }

    /// Whether `channel` is one of those that sell from `pool`.
    #[must_use]
    pub fn sells_from(&self, channel: ChannelId, pool: PoolId) -> bool {
        let pool = self.pools.get(&pool);
        pool.is_some_and(|pool| pool.channels.contains(&channel))
    }

    /// Whether `channel` may sell what lies at `location`: any may, unless pools say otherwise.
    #[must_use]
    pub fn may_sell_from(&self, channel: ChannelId, location: LocationId) -> bool {
        let mut limited = false;
        for pool in self
            .pools
            .values()
            .filter(|pool| pool.channels.contains(&channel))
        {
            if pool.locations.contains(&location) {
                return true;
            }
            limited = true;
        }
        !limited
    }

    /// Whether a block stops `stage` for the SKU and location of `cell` at `now`.
    #[must_use]
    pub fn is_blocked(&self, cell: CellKey, stage: BlockStage, now: Timestamp) -> bool {
        self.block_on(stage, now, |scope| match scope {
            BlockScope::Sku(sku) => *sku == cell.sku,
            BlockScope::Location(location) => *location == cell.location,
            BlockScope::Cell { sku, location } => *sku == cell.sku && *location == cell.location,
            BlockScope::Listing(_) | BlockScope::Lot { .. } | BlockScope::CarrierService { .. } => {
                false
            }
        })
        .is_some()
    }

    /// The block that stops `stage` for a SKU, or the listing it was sold by, wherever it lies.
    #[must_use]
    pub fn block_of_line(
        &self,
        sku: SkuId,
        listing: Option<ListingId>,
        stage: BlockStage,
        now: Timestamp,
    ) -> Option<&Arc<Block>> {
        self.block_on(stage, now, |scope| match scope {
            BlockScope::Sku(blocked) => *blocked == sku,
            BlockScope::Listing(blocked) => Some(*blocked) == listing,
            BlockScope::Lot { .. }
            | BlockScope::Location(_)
            | BlockScope::Cell { .. }
            | BlockScope::CarrierService { .. } => false,
        })
    }

    /// The block that stops `stage` for one lot of a SKU.
    #[must_use]
    pub fn block_of_lot(
        &self,
        sku: SkuId,
        name: &str,
        stage: BlockStage,
        now: Timestamp,
    ) -> Option<&Arc<Block>> {
        self.block_on(stage, now, |scope| match scope {
            BlockScope::Lot { sku: blocked, lot } => *blocked == sku && lot == name,
            BlockScope::Sku(_)
            | BlockScope::Listing(_)
            | BlockScope::Location(_)
            | BlockScope::Cell { .. }
            | BlockScope::CarrierService { .. } => false,
        })
    }

    /// Whether any block stops `stage` for a lot of a SKU.
    #[must_use]
    pub fn blocks_lots(&self, sku: SkuId, stage: BlockStage, now: Timestamp) -> bool {
        self.block_on(stage, now, |scope| match scope {
            BlockScope::Lot { sku: blocked, .. } => *blocked == sku,
            BlockScope::Sku(_)
            | BlockScope::Listing(_)
            | BlockScope::Location(_)
            | BlockScope::Cell { .. }
            | BlockScope::CarrierService { .. } => false,
        })
        .is_some()
    }

    /// The block that stops `stage` for a carrier's service.
    #[must_use]
    pub fn block_of_carrier(
        &self,
        name: &str,
        product: &str,
        stage: BlockStage,
        now: Timestamp,
    ) -> Option<&Arc<Block>> {
        self.block_on(stage, now, |scope| match scope {
            BlockScope::CarrierService { carrier, service } => {
                carrier == name && service.as_ref().is_none_or(|service| service == product)
            }
            BlockScope::Sku(_)
            | BlockScope::Listing(_)
            | BlockScope::Lot { .. }
            | BlockScope::Location(_)
            | BlockScope::Cell { .. } => false,
        })
    }

    fn block_on(
        &self,
        stage: BlockStage,
        now: Timestamp,
        is_about: impl Fn(&BlockScope) -> bool,
    ) -> Option<&Arc<Block>> {
        (self.blocks.values()).find(|block| is_about(&block.scope) && block.stops(stage, now))
    }
}
