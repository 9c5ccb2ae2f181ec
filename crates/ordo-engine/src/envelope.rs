//! How an event is told to the outside: the body of a webhook, an item of the feed, a line of the
//! stream. One form for all of them.
//!
//! The attributes are those of CloudEvents 1.0 (`specversion`, `id`, `source`, `type`, `subject`,
//! `time`), so that tools which know them can route events without knowing Ordo.

use ordo_domain::Event;
use ordo_domain::id::{
    CommandId, EventId, FulfillmentOrderId, OrderId, OrganizationId, ReservationId, ReturnId,
    ShipmentId, SkuId, derive,
};
use ordo_domain::order::Origin;
use ordo_domain::record::RecordKind;
use ordo_store::LogEntry;
use serde::Serialize;
use serde_json::Value;

/// An event as the outside sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope {
    /// `1.0`, the version of CloudEvents.
    pub specversion: &'static str,
    /// The event's id: the same whoever is told, and however often.
    pub id: String,
    /// The organization.
    pub source: String,
    /// The wire name, such as `order.placed`.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// The id of what it is about; absent for movements of stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was committed (RFC 3339).
    pub time: String,
    /// When it took effect (RFC 3339).
    pub effective_at: String,
    /// Its place in the organization's log.
    pub position: i64,
    /// The version of its form.
    pub form: u16,
    /// Who asked for it: a key's id, `system` or `job`.
    pub actor: String,
    /// What it says, by its type. Never a person's data.
    pub data: Value,
}

impl Envelope {
    /// The envelope of an entry of the log.
    #[must_use]
    pub fn of(organization: OrganizationId, entry: &LogEntry) -> Self {
        let name = entry.event.name();
        let mut stored = serde_json::to_value(&entry.event).unwrap_or_default();
        // An event is stored as an object with its wire name as the only key.
        let data = stored.get_mut(name).map(Value::take).unwrap_or_default();
        Self {
            specversion: "1.0",
            id: event_id(organization, entry).to_string(),
            source: format!("/organizations/{organization}"),
            name,
            subject: subject(entry),
            time: entry.recorded_at.to_string(),
            effective_at: entry.effective_at.to_string(),
            position: entry.position,
            form: entry.event.form(),
            actor: entry.actor.clone(),
            data,
        }
    }
}

/// The id of an event: derived from its place, which never changes.
#[must_use]
pub fn event_id(organization: OrganizationId, entry: &LogEntry) -> EventId {
    let whose = CommandId::from_u128(organization.to_u128());
    let n = entry.position.unsigned_abs();
    EventId::from_u128(derive(whose, n, entry.recorded_at))
}

fn subject(entry: &LogEntry) -> Option<String> {
    let subject = entry.subject?;
    let id = subject.id;
    Some(match subject.kind {
        RecordKind::Order => OrderId::from_u128(id).to_string(),
        RecordKind::FulfillmentOrder => FulfillmentOrderId::from_u128(id).to_string(),
        RecordKind::Shipment => ShipmentId::from_u128(id).to_string(),
        RecordKind::Return => ReturnId::from_u128(id).to_string(),
        RecordKind::Reservation => ReservationId::from_u128(id).to_string(),
        RecordKind::Sku => SkuId::from_u128(id).to_string(),
        _ => return None,
    })
}

/// Whether the outside is told of an event at all: of orders, work, parcels, returns, stock and
/// SKUs, not of keys and settings.
#[must_use]
pub fn is_public(event: &Event) -> bool {
    let kind = event.subject().map(|subject| subject.kind);
    match kind {
        None => matches!(event, Event::StockMoved { .. }),
        Some(
            RecordKind::Order
            | RecordKind::FulfillmentOrder
            | RecordKind::Shipment
            | RecordKind::Return
            | RecordKind::Reservation
            | RecordKind::Sku
            | RecordKind::Listing,
        ) => true,
        Some(_) => false,
    }
}

/// Whether an event has effects on the outside. Orders from before Ordo have none.
#[must_use]
pub fn has_effects(event: &Event) -> bool {
    match event {
        Event::OrderPlaced { order } | Event::OrderMerged { order } => {
            order.origin != Origin::History
        }
        _ => is_public(event),
    }
}
