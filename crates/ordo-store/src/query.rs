//! Lists: pages in a stable order, from committed rows. The store in memory has none.

use async_trait::async_trait;

use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentState;
use ordo_domain::id::{ChannelId, LocationId, OrderId, OrganizationId, SkuId};
use ordo_domain::record::RecordKind;
use ordo_domain::stock::{Cell, CellKey, Movement};
use ordo_domain::world::StoredRecord;

use crate::log::LogEntry;
use crate::port::StoreError;
use crate::view::{Rollup, RollupKey};

/// What orders a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// `draft`, `open`, `closed` or `canceled`.
    pub life: Option<String>,
    /// Only this channel.
    pub channel: Option<ChannelId>,
    /// Only held (`true`) or only free ones.
    pub held: Option<bool>,
    /// The name of a payment standing.
    pub payment: Option<String>,
    /// The name of a fulfillment standing.
    pub fulfillment: Option<String>,
    /// The channel's own id.
    pub external_id: Option<String>,
    /// All of these search terms, as hashes.
    pub terms: Vec<i64>,
}

/// In which order a list of orders comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderSort {
    /// Highest number first.
    #[default]
    Newest,
    /// Lowest number first.
    Oldest,
}

/// One order of a list: the columns that stand beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: i64,
    /// Its channel.
    pub channel: ChannelId,
    /// The channel's own id of it.
    pub external_id: String,
    /// Its life.
    pub life: String,
    /// How many events have touched it.
    pub version: u64,
    /// The names of the three standings: payment, fulfillment, returns.
    pub standings: [String; 3],
    /// How many holds are open.
    pub holds: i64,
    /// When the buyer placed it, in microseconds.
    pub placed_at: i64,
    /// Total in minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
}

/// What fulfillment orders a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkFilter {
    /// Only in this state.
    pub state: Option<FulfillmentState>,
    /// Only of this location.
    pub location: Option<LocationId>,
}

/// One row of the stock list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRow {
    /// Which cell.
    pub key: CellKey,
    /// Its counters.
    pub cell: Cell,
}

/// What a list of the stock ledger shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Whose movements.
    pub sku: SkuId,
    /// Only at this location.
    pub location: Option<LocationId>,
}

/// A place in the stock ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPlace {
    /// Of the event.
    pub position: i64,
    /// Which of the event's movements, from 0.
    pub line: i32,
}

/// A line of the stock ledger: one movement of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// The event.
    pub entry: LogEntry,
    /// Which of its movements, from 0.
    pub line: i32,
}

impl LedgerLine {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> LedgerPlace {
        LedgerPlace {
            position: self.entry.position,
            line: self.line,
        }
    }

    /// What moved; `None` where the event has no such line.
    #[must_use]
    pub fn movement(&self) -> Option<&Movement> {
        let line = usize::try_from(self.line).ok()?;
        Movement::of(&self.entry.event).get(line)
    }
}

/// Which sums of the days a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollupFilter {
    /// The first day, in days since 1970-01-01.
    pub from: i32,
    /// The last day, likewise.
    pub to: i32,
    /// Only of this channel.
    pub channel: Option<ChannelId>,
}

/// A page and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<C>,
}

/// How many rows match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// That many were found.
    pub found: i64,
    /// Whether these are all: not where counting stopped at what was asked for, nor where a search
    /// stopped at what one call may read.
    pub is_all: bool,
}

/// A store that answers lists. No list counts in full, and none is longer than `limit`.
#[async_trait]
pub trait Query: Send + Sync {
    /// Orders; a page starts after the order with number `after`.
    ///
    /// A page with another after it is full, but for one case: where several search terms are each
    /// common and hardly ever meet, a call reads only so much of them. Such a page holds what was found
    /// so far, which may be nothing, and the next one starts where this one stopped.
    async fn list_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        sort: OrderSort,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<OrderRow, i64>, StoreError>;

    /// How many orders match, counted up to `most`. A search counts as far as one page of it reads.
    async fn count_orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        most: i64,
    ) -> Result<Count, StoreError>;

    /// Cells of one SKU or of all, in the order of SKU and location.
    async fn list_stock(
        &self,
        organization: OrganizationId,
        sku: Option<SkuId>,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError>;

    /// Records of a kind in the order of their ids, with their ids.
    async fn list_records(
        &self,
        organization: OrganizationId,
        kind: RecordKind,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError>;

    /// Fulfillment orders in the order of their ids, which is that in which they were opened, with
    /// their ids. A page reads a few index entries per location and state that match.
    async fn list_fulfillment_orders(
        &self,
        organization: OrganizationId,
        filter: WorkFilter,
        after: Option<u128>,
        limit: usize,
    ) -> Result<Page<(u128, StoredRecord), u128>, StoreError>;

    /// The events that name one of `subjects`, oldest first, after position `after`. Subjects are
    /// orders, fulfillment orders, shipments, returns and rule sets; events of others may be left out.
    async fn events_about(
        &self,
        organization: OrganizationId,
        subjects: &[SubjectRef],
        after: i64,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError>;

    /// Lines of the stock ledger, newest first; a page starts after `after`. As far as the view has
    /// come. A page reads as many index entries and events as it shows.
    async fn list_movements(
        &self,
        organization: OrganizationId,
        filter: LedgerFilter,
        after: Option<LedgerPlace>,
        limit: usize,
    ) -> Result<Page<LedgerLine, LedgerPlace>, StoreError>;

    /// The sums of the days, in the order of their keys, as far as the view has come.
    async fn list_rollups(
        &self,
        organization: OrganizationId,
        filter: RollupFilter,
        after: Option<RollupKey>,
        limit: usize,
    ) -> Result<Page<Rollup, RollupKey>, StoreError>;

    /// Cells of which facts left less than was promised, in the order of SKU, location and owner.
    async fn list_shortfalls(
        &self,
        organization: OrganizationId,
        after: Option<CellKey>,
        limit: usize,
    ) -> Result<Page<StockRow, CellKey>, StoreError>;
}
