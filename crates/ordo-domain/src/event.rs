//! Everything that can have happened. An event is stored under its wire name and version for good;
//! golden files guard both.
//!
//! An event carries all that [`crate::world::World::evolve`] needs, so that state can be rebuilt from the log. It
//! never carries a person's data, a number from the head row, or the time it was recorded.

use serde::{Deserialize, Serialize};

use crate::catalog::{Listing, Sku};
use crate::fulfillment::FulfillmentOrder;
use crate::id::{
    ApiKeyId, BlockId, ContactId, FulfillmentOrderId, HoldId, LineId, OrderId, ParcelId,
    ReservationId, ReturnId, RuleSetId, ShipmentId,
};
use crate::money::Minor;
use crate::network::{Block, Channel, LegalEntity, Location, Pool};
use crate::order::{Hold, Order};
use crate::organization::{ApiKey, Organization};
use crate::planning::Deferral;
use crate::quantity::Quantity;
use crate::rate::RateTable;
use crate::record::RecordKind;
use crate::returns::{ReceivedUnits, Refund, Return};
use crate::rules::{RuleScope, RuleSet, RuleVersion};
use crate::shipment::label::Label;
use crate::shipment::{Shipment, TrackingReport, Units};
use crate::sourcing::{PriceBook, SourcingSettings};
use crate::stock::{Movement, Reservation};
use crate::time::Timestamp;
use crate::webhook::Webhook;

/// Whose doing something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The buyer's.
    Buyer,
    /// The merchant's.
    Seller,
    /// The carrier's.
    Carrier,
    /// The channel's.
    Channel,
}

/// Why something was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// A code for the reason, such as `damaged`.
    pub reason_code: String,
    /// Whose doing it was.
    pub fault: Fault,
    /// Who started it, where not the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator: Option<String>,
}

/// Units of one line that were collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedUnits {
    /// The line.
    pub line: LineId,
    /// How many.
    pub quantity: Quantity,
    /// Which of them, where they are told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Units>,
}

/// Units of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineUnits {
    /// The line.
    pub line: LineId,
    /// How many.
    pub quantity: Quantity,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $wire:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        /// Something that happened.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(clippy::large_enum_variant)] // Moved once or twice, and mostly the large ones.
        pub enum Event {
            $(
                $(#[$doc])*
                #[serde(rename = $wire)]
                $name { $($(#[$field_doc])* $field: $type,)* },
            )*
        }

        impl Event {
            /// Every wire name, in the order of this file.
            pub const NAMES: &'static [&'static str] = &[$($wire,)*];

            /// The wire name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => $wire,)* }
            }
        }
    };
}

events! {
    /// The organization began.
    OrganizationFounded = "organization.founded" {
        /// As it is.
        organization: Organization,
    }
    /// A key was made.
    ApiKeyCreated = "api_key.created" {
        /// As it is, without its secret.
        key: ApiKey,
    }
    /// A key was withdrawn.
    ApiKeyRevoked = "api_key.revoked" {
        /// Which.
        key: ApiKeyId,
    }
    /// A channel was made.
    ChannelCreated = "channel.created" {
        /// As it is.
        channel: Channel,
    }
    /// A location was made.
    LocationCreated = "location.created" {
        /// As it is.
        location: Location,
    }
    /// A channel was changed.
    ChannelUpdated = "channel.updated" {
        /// As it is then.
        channel: Channel,
    }
    /// A location was changed.
    LocationUpdated = "location.updated" {
        /// As it is then.
        location: Location,
    }
    /// A legal entity was made.
    LegalEntityCreated = "legal_entity.created" {
        /// As it is.
        entity: LegalEntity,
    }
    /// A legal entity was changed.
    LegalEntityUpdated = "legal_entity.updated" {
        /// As it is then.
        entity: LegalEntity,
    }
    /// A pool was made.
    PoolCreated = "pool.created" {
        /// As it is.
        pool: Pool,
    }
    /// A pool was changed.
    PoolUpdated = "pool.updated" {
        /// As it is then.
        pool: Pool,
    }
    /// A block was placed.
    BlockPlaced = "block.placed" {
        /// As it is.
        block: Block,
    }
    /// A block ended before its time.
    BlockLifted = "block.lifted" {
        /// Which.
        block: BlockId,
    }
    /// A SKU was made.
    SkuCreated = "sku.created" {
        /// As it is.
        sku: Sku,
    }
    /// A SKU was changed.
    SkuUpdated = "sku.updated" {
        /// As it is then.
        sku: Sku,
    }
    /// A listing was made.
    ListingCreated = "listing.created" {
        /// As it is.
        listing: Listing,
    }
    /// A listing was changed.
    ListingUpdated = "listing.updated" {
        /// As it is then.
        listing: Listing,
    }
    /// A webhook was made.
    WebhookCreated = "webhook.created" {
        /// As it is.
        webhook: Webhook,
    }
    /// A webhook was changed.
    WebhookUpdated = "webhook.updated" {
        /// As it is now.
        webhook: Webhook,
    }
    /// A rate table was made.
    RateTableCreated = "rate_table.created" {
        /// As it is.
        rate_table: RateTable,
    }
    /// A rate table was changed.
    RateTableUpdated = "rate_table.updated" {
        /// As it is now.
        rate_table: RateTable,
    }
    /// What sourcing weighs against what was changed.
    SourcingSettingsUpdated = "sourcing_settings.updated" {
        /// As it is now.
        settings: SourcingSettings,
    }
    /// The prices of scarce stock and shipments were found anew.
    PriceBookRenewed = "price_book.renewed" {
        /// As it is now.
        book: PriceBook,
    }
    /// A rule set was made, with its first draft.
    RuleSetCreated = "rule_set.created" {
        /// As it is.
        rule_set: RuleSet,
    }
    /// A rule set is for other orders, or is called otherwise.
    RuleSetUpdated = "rule_set.updated" {
        /// Which.
        rule_set: RuleSetId,
        /// Its name now.
        name: Option<String>,
        /// The orders that it is for now.
        scope: RuleScope,
        /// Its priority now.
        priority: i64,
    }
    /// A draft of rules was made, or changed.
    RulesDrafted = "rules.drafted" {
        /// The set.
        rule_set: RuleSetId,
        /// As it is now.
        draft: RuleVersion,
    }
    /// A version of rules counts, or will.
    RulesPublished = "rules.published" {
        /// The set.
        rule_set: RuleSetId,
        /// The version.
        number: u32,
        /// From when.
        from: Timestamp,
    }
    /// A version of rules was taken back.
    RulesRetired = "rules.retired" {
        /// The set.
        rule_set: RuleSetId,
        /// The version.
        number: u32,
        /// When.
        at: Timestamp,
    }
    /// A version of rules runs in the shadow of those that count, or no more.
    RulesShadowed = "rules.shadowed" {
        /// The set.
        rule_set: RuleSetId,
        /// The version.
        number: u32,
        /// Since when; `None` for no more.
        since: Option<Timestamp>,
    }
    /// Physical stock changed.
    StockMoved = "stock.moved" {
        /// The lines of the ledger.
        movements: Vec<Movement>,
    }
    /// Stock was promised to a cart.
    ReservationMade = "reservation.made" {
        /// As it is.
        reservation: Reservation,
    }
    /// A reservation was given back.
    ReservationReleased = "reservation.released" {
        /// Which.
        reservation: ReservationId,
    }
    /// A reservation's time ran out.
    ReservationExpired = "reservation.expired" {
        /// Which.
        reservation: ReservationId,
    }
    /// An order took a reservation's place.
    ReservationConsumed = "reservation.consumed" {
        /// Which.
        reservation: ReservationId,
    }
    /// An order came in.
    OrderPlaced = "order.placed" {
        /// As it came in: nothing held, nothing allocated.
        order: Order,
    }
    /// A newer version of an order was merged.
    OrderMerged = "order.merged" {
        /// As it is after the merge.
        order: Order,
    }
    /// From here the order may take stock.
    OrderConfirmed = "order.confirmed" {
        /// Which.
        order: OrderId,
    }
    /// Something stops the order.
    HoldPlaced = "hold.placed" {
        /// Which order.
        order: OrderId,
        /// As it is.
        hold: Hold,
    }
    /// Something no longer stops the order.
    HoldReleased = "hold.released" {
        /// Which order.
        order: OrderId,
        /// Which hold.
        hold: HoldId,
        /// Whether a person did it; validation does not place its kind again then.
        by_person: bool,
    }
    /// Units wait for stock.
    LinesBackordered = "order.backordered" {
        /// Which order.
        order: OrderId,
        /// More units of these lines.
        lines: Vec<LineUnits>,
    }
    /// Stock may serve units that waited for it.
    BackorderLifted = "order.backorder_lifted" {
        /// Which order.
        order: OrderId,
        /// Fewer units of these lines.
        lines: Vec<LineUnits>,
    }
    /// The open units wait for a plan that is made beside the batch.
    SourcingDeferred = "order.sourcing_deferred" {
        /// Which order.
        order: OrderId,
        /// Why, and since when.
        deferral: Deferral,
    }
    /// The open units no longer wait for a plan.
    SourcingResumed = "order.sourcing_resumed" {
        /// Which order.
        order: OrderId,
    }
    /// A location got work, and units of its stock were allocated to the lines.
    FulfillmentOrderOpened = "fulfillment_order.opened" {
        /// As it is.
        fulfillment_order: FulfillmentOrder,
    }
    /// The work was stopped before anything left, and its units given back to the lines.
    FulfillmentOrderCanceled = "fulfillment_order.canceled" {
        /// Which order.
        order: OrderId,
        /// Which fulfillment order.
        fulfillment_order: FulfillmentOrderId,
    }
    /// A cheaper plan took the place of work that nobody had begun; its units were given back to the
    /// lines, and are opened anew in the same commit.
    WorkMoved = "fulfillment_order.moved" {
        /// Which order.
        order: OrderId,
        /// The fulfillment order whose place is taken.
        fulfillment_order: FulfillmentOrderId,
        /// What the new plan of the order costs less, in minor units of its currency; the same on all
        /// that it takes the place of.
        saving: Minor,
    }
    /// A person wants the work to stay where it is, or no longer does.
    WorkPinned = "fulfillment_order.pinned" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
        /// Whether it stays.
        pinned: bool,
    }
    /// The work was handed to its location.
    FulfillmentOrderReleased = "fulfillment_order.released" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
    }
    /// The location agreed.
    FulfillmentOrderAccepted = "fulfillment_order.accepted" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
    }
    /// The location refused, or was taken off; its units were given back to the lines.
    FulfillmentOrderRejected = "fulfillment_order.rejected" {
        /// Which order.
        order: OrderId,
        /// Which fulfillment order.
        fulfillment_order: FulfillmentOrderId,
        /// Why.
        cause: Cause,
    }
    /// Units were collected.
    UnitsPicked = "fulfillment_order.picked" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
        /// What.
        lines: Vec<PickedUnits>,
    }
    /// Units were not found; they were given back to the lines.
    UnitsShorted = "fulfillment_order.shorted" {
        /// Which order.
        order: OrderId,
        /// Which fulfillment order.
        fulfillment_order: FulfillmentOrderId,
        /// What.
        lines: Vec<LineUnits>,
        /// Why.
        cause: Cause,
    }
    /// Collected units are in parcels.
    UnitsPacked = "fulfillment_order.packed" {
        /// As it is.
        shipment: Shipment,
    }
    /// A parcel has its label.
    ParcelLabelled = "parcel.labelled" {
        /// Which order.
        order: OrderId,
        /// Which shipment.
        shipment: ShipmentId,
        /// Which parcel.
        parcel: ParcelId,
        /// The label.
        label: Label,
    }
    /// The carrier has the parcels.
    FulfillmentOrderShipped = "fulfillment_order.shipped" {
        /// Which order.
        order: OrderId,
        /// Which fulfillment order.
        fulfillment_order: FulfillmentOrderId,
        /// Which shipment.
        shipment: ShipmentId,
        /// What left the location.
        movements: Vec<Movement>,
    }
    /// The carrier said where a parcel is.
    ParcelTracked = "parcel.tracked" {
        /// Which order.
        order: OrderId,
        /// Which shipment.
        shipment: ShipmentId,
        /// Which parcel.
        parcel: ParcelId,
        /// What the carrier said.
        report: TrackingReport,
    }
    /// The location was asked to stop.
    CancelRequested = "fulfillment_order.cancel_requested" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
        /// Whether its units are canceled with it, rather than sourced again.
        cancels_lines: bool,
        /// Why.
        cause: Cause,
    }
    /// The location goes on as before.
    CancelRefused = "fulfillment_order.cancel_refused" {
        /// Which.
        fulfillment_order: FulfillmentOrderId,
    }
    /// A return was asked for.
    ReturnRequested = "return.requested" {
        /// As it is.
        requested: Return,
    }
    /// A return was allowed.
    ReturnApproved = "return.approved" {
        /// Which.
        approved: ReturnId,
    }
    /// A return was not allowed, or given up.
    ReturnDeclined = "return.declined" {
        /// Which.
        declined: ReturnId,
        /// Why.
        cause: Cause,
    }
    /// Goods came back.
    ReturnReceived = "return.received" {
        /// Which order.
        order: OrderId,
        /// Which return.
        received: ReturnId,
        /// What, and what becomes of it.
        lines: Vec<ReceivedUnits>,
        /// What entered the books of the location.
        movements: Vec<Movement>,
    }
    /// Money went back to the buyer.
    RefundRecorded = "refund.recorded" {
        /// Which order.
        order: OrderId,
        /// As it is.
        refund: Refund,
    }
    /// Units will not be delivered.
    LinesCanceled = "order.lines_canceled" {
        /// Which order.
        order: OrderId,
        /// Open units of these lines.
        lines: Vec<LineUnits>,
        /// Why.
        cause: Cause,
    }
    /// Nothing of the order will be delivered.
    OrderCanceled = "order.canceled" {
        /// Which.
        order: OrderId,
    }
    /// Everything arrived or is settled.
    OrderClosed = "order.closed" {
        /// Which.
        order: OrderId,
    }
    /// A customer is known, without an order.
    CustomerRecorded = "customer.recorded" {
        /// The contact that holds what is known.
        customer: ContactId,
        /// Keyed hashes of what the customer is known by.
        identities: Vec<String>,
    }
    /// What was known of a person is gone.
    PersonErased = "person.erased" {
        /// The contacts that held it.
        contacts: Vec<ContactId>,
    }
}

/// The record that an event is first of all about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectRef {
    /// Its kind.
    pub kind: RecordKind,
    /// Its id.
    pub id: u128,
}

impl Event {
    /// The version of this event's form.
    #[must_use]
    pub const fn form(&self) -> u16 {
        1
    }

    /// The record that it is about; `None` for movements of stock, which touch cells only,
    /// and for the erasure of a person, which touches no record.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectRef> {
        let about = |kind, id: u128| Some(SubjectRef { kind, id });
        match self {
            Self::OrganizationFounded { organization } => {
                about(RecordKind::Organization, organization.id.to_u128())
            }
            Self::ApiKeyCreated { key } => about(RecordKind::ApiKey, key.id.to_u128()),
            Self::ApiKeyRevoked { key } => about(RecordKind::ApiKey, key.to_u128()),
            Self::ChannelCreated { channel } | Self::ChannelUpdated { channel } => {
                about(RecordKind::Channel, channel.id.to_u128())
            }
            Self::LocationCreated { location } | Self::LocationUpdated { location } => {
                about(RecordKind::Location, location.id.to_u128())
            }
            Self::LegalEntityCreated { entity } | Self::LegalEntityUpdated { entity } => {
                about(RecordKind::LegalEntity, entity.id.to_u128())
            }
            Self::PoolCreated { pool } | Self::PoolUpdated { pool } => {
                about(RecordKind::Pool, pool.id.to_u128())
            }
            Self::BlockPlaced { block } => about(RecordKind::Block, block.id.to_u128()),
            Self::BlockLifted { block } => about(RecordKind::Block, block.to_u128()),
            Self::SkuCreated { sku } | Self::SkuUpdated { sku } => {
                about(RecordKind::Sku, sku.id.to_u128())
            }
            Self::ListingCreated { listing } | Self::ListingUpdated { listing } => {
                about(RecordKind::Listing, listing.id.to_u128())
            }
            Self::StockMoved { .. } | Self::CustomerRecorded { .. } | Self::PersonErased { .. } => {
                None
            }
            Self::WebhookCreated { webhook } | Self::WebhookUpdated { webhook } => {
                about(RecordKind::Webhook, webhook.id.to_u128())
            }
            Self::RateTableCreated { rate_table } | Self::RateTableUpdated { rate_table } => {
                about(RecordKind::RateTable, rate_table.id.to_u128())
            }
            Self::SourcingSettingsUpdated { settings } => {
                about(RecordKind::SourcingSettings, settings.id.to_u128())
            }
            Self::PriceBookRenewed { book } => about(RecordKind::PriceBook, book.id.to_u128()),
            Self::RuleSetCreated { rule_set } => about(RecordKind::RuleSet, rule_set.id.to_u128()),
            Self::RuleSetUpdated { rule_set, .. }
            | Self::RulesDrafted { rule_set, .. }
            | Self::RulesPublished { rule_set, .. }
            | Self::RulesRetired { rule_set, .. }
            | Self::RulesShadowed { rule_set, .. } => {
                about(RecordKind::RuleSet, rule_set.to_u128())
            }
            Self::ReservationMade { reservation } => {
                about(RecordKind::Reservation, reservation.id.to_u128())
            }
            Self::ReservationReleased { reservation }
            | Self::ReservationExpired { reservation }
            | Self::ReservationConsumed { reservation } => {
                about(RecordKind::Reservation, reservation.to_u128())
            }
            Self::OrderPlaced { order } | Self::OrderMerged { order } => {
                about(RecordKind::Order, order.id.to_u128())
            }
            Self::OrderConfirmed { order }
            | Self::HoldPlaced { order, .. }
            | Self::HoldReleased { order, .. }
            | Self::LinesBackordered { order, .. }
            | Self::BackorderLifted { order, .. }
            | Self::SourcingDeferred { order, .. }
            | Self::SourcingResumed { order }
            | Self::WorkMoved { order, .. }
            | Self::FulfillmentOrderCanceled { order, .. }
            | Self::FulfillmentOrderRejected { order, .. }
            | Self::UnitsShorted { order, .. }
            | Self::FulfillmentOrderShipped { order, .. }
            | Self::ReturnReceived { order, .. }
            | Self::RefundRecorded { order, .. }
            | Self::LinesCanceled { order, .. }
            | Self::OrderCanceled { order }
            | Self::OrderClosed { order } => about(RecordKind::Order, order.to_u128()),
            Self::FulfillmentOrderReleased { fulfillment_order }
            | Self::FulfillmentOrderAccepted { fulfillment_order }
            | Self::UnitsPicked {
                fulfillment_order, ..
            }
            | Self::CancelRequested {
                fulfillment_order, ..
            }
            | Self::CancelRefused { fulfillment_order }
            | Self::WorkPinned {
                fulfillment_order, ..
            } => about(RecordKind::FulfillmentOrder, fulfillment_order.to_u128()),
            Self::UnitsPacked { shipment } => about(
                RecordKind::FulfillmentOrder,
                shipment.fulfillment_order.to_u128(),
            ),
            Self::ParcelLabelled { shipment, .. } | Self::ParcelTracked { shipment, .. } => {
                about(RecordKind::Shipment, shipment.to_u128())
            }
            Self::ReturnRequested { requested } => {
                about(RecordKind::Order, requested.order.to_u128())
            }
            Self::ReturnApproved { approved: id } | Self::ReturnDeclined { declined: id, .. } => {
                about(RecordKind::Return, id.to_u128())
            }
            Self::FulfillmentOrderOpened { fulfillment_order } => {
                about(RecordKind::Order, fulfillment_order.order.to_u128())
            }
        }
    }
}
