//! Records: the versioned rows that hold the state of one thing each.
//!
//! A record is kept as canonical JSON (serde's field order, absent where empty) with its version,
//! which is the number of events that have touched it. Invariant: a record changes only by an event.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The kinds of record. The number is the order in which a commit locks them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// [`crate::organization::Organization`]
    Organization = 0,
    /// [`crate::organization::ApiKey`]
    ApiKey = 1,
    /// [`crate::network::LegalEntity`]
    LegalEntity = 2,
    /// [`crate::network::Channel`]
    Channel = 3,
    /// [`crate::network::Location`]
    Location = 4,
    /// [`crate::network::Pool`]
    Pool = 5,
    /// [`crate::network::Block`]
    Block = 6,
    /// [`crate::catalog::Sku`]
    Sku = 7,
    /// [`crate::catalog::Listing`]
    Listing = 8,
    /// [`crate::order::Order`]
    Order = 9,
    /// [`crate::fulfillment::FulfillmentOrder`]
    FulfillmentOrder = 10,
    /// [`crate::stock::Reservation`]
    Reservation = 11,
    /// [`crate::shipment::Shipment`]
    Shipment = 12,
    /// [`crate::returns::Return`]
    Return = 13,
    /// [`crate::webhook::Webhook`]
    Webhook = 14,
    /// [`crate::rate::RateTable`]
    RateTable = 15,
    /// [`crate::sourcing::SourcingSettings`]
    SourcingSettings = 16,
    /// [`crate::sourcing::PriceBook`]
    PriceBook = 17,
    /// [`crate::rules::RuleSet`]
    RuleSet = 18,
}

impl RecordKind {
    /// Every kind, in lock order.
    pub const ALL: &'static [RecordKind] = &[
        Self::Organization,
        Self::ApiKey,
        Self::LegalEntity,
        Self::Channel,
        Self::Location,
        Self::Pool,
        Self::Block,
        Self::Sku,
        Self::Listing,
        Self::Order,
        Self::FulfillmentOrder,
        Self::Reservation,
        Self::Shipment,
        Self::Return,
        Self::Webhook,
        Self::RateTable,
        Self::SourcingSettings,
        Self::PriceBook,
        Self::RuleSet,
    ];

    /// The table that stores keep this kind in.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Organization => "organizations",
            Self::ApiKey => "api_keys",
            Self::LegalEntity => "legal_entities",
            Self::Channel => "channels",
            Self::Location => "locations",
            Self::Pool => "pools",
            Self::Block => "blocks",
            Self::Sku => "skus",
            Self::Listing => "listings",
            Self::Order => "orders",
            Self::FulfillmentOrder => "fulfillment_orders",
            Self::Reservation => "reservations",
            Self::Shipment => "shipments",
            Self::Return => "returns",
            Self::Webhook => "webhooks",
            Self::RateTable => "rate_tables",
            Self::SourcingSettings => "sourcing_settings",
            Self::PriceBook => "price_books",
            Self::RuleSet => "rule_sets",
        }
    }

    /// Whether records of this kind make up the [`crate::reference::Reference`].
    #[must_use]
    pub const fn is_reference(self) -> bool {
        match self {
            Self::LegalEntity
            | Self::Channel
            | Self::Location
            | Self::Pool
            | Self::Block
            | Self::Webhook
            | Self::RateTable
            | Self::SourcingSettings
            | Self::PriceBook
            | Self::RuleSet => true,
            Self::Organization
            | Self::ApiKey
            | Self::Sku
            | Self::Listing
            | Self::Order
            | Self::FulfillmentOrder
            | Self::Reservation
            | Self::Shipment
            | Self::Return => false,
        }
    }
}

/// What every record can say of itself.
pub trait Record: Clone + Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: RecordKind;
    /// Its id.
    type Id: Copy + Ord + Into<u128> + From<u128>;

    /// This record's id.
    fn id(&self) -> Self::Id;

    /// How many events have touched it.
    fn version(&self) -> u64;

    /// Counts one more event.
    fn bump(&mut self);

    /// What lists filter and sort this record by.
    fn columns(&self) -> Columns {
        Columns::None
    }

    /// The canonical text that is stored.
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("records have string keys and no failing serializers")
    }
}

/// The columns that stand beside a record for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// This kind is read by id only.
    None,
    /// A record found by a code.
    Code {
        /// Unique within the organization and kind.
        code: String,
    },
    /// An order.
    Order(OrderColumns),
    /// A fulfillment order.
    FulfillmentOrder {
        /// The order that it serves.
        order: u128,
        /// Where the work is done.
        location: u128,
        /// The state's name.
        state: &'static str,
    },
    /// A reservation.
    Reservation {
        /// When it ends, in microseconds; `None` once it has ended.
        expires_at: Option<i64>,
    },
}

/// The columns of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderColumns {
    /// The channel's id.
    pub channel: u128,
    /// The channel's own id of the order.
    pub external_id: String,
    /// `draft`, `open`, `closed` or `canceled`.
    pub life: &'static str,
    /// The name of the payment standing.
    pub payment: &'static str,
    /// The name of the fulfillment standing.
    pub fulfillment: &'static str,
    /// The name of the return standing.
    pub returns: &'static str,
    /// How many holds are open.
    pub holds: i64,
    /// When the buyer placed it, in microseconds.
    pub placed_at: i64,
    /// Total in minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166-1 alpha-2 of the destination, empty where there is none.
    pub country: String,
}

macro_rules! record {
    ($type:ty, $id:ty, $kind:ident) => {
        impl $crate::record::Record for $type {
            const KIND: $crate::record::RecordKind = $crate::record::RecordKind::$kind;
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
            fn version(&self) -> u64 {
                self.version
            }
            fn bump(&mut self) {
                self.version += 1;
            }
        }
    };
    ($type:ty, $id:ty, $kind:ident, $self:ident => $columns:expr) => {
        impl $crate::record::Record for $type {
            const KIND: $crate::record::RecordKind = $crate::record::RecordKind::$kind;
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
            fn version(&self) -> u64 {
                self.version
            }
            fn bump(&mut self) {
                self.version += 1;
            }
            fn columns(&$self) -> $crate::record::Columns {
                $columns
            }
        }
    };
}
pub(crate) use record;
