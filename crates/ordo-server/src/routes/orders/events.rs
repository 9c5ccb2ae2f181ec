//! `GET /orders/{id}/events`: what happened to an order and to what serves it, oldest first.

use ordo_domain::event::SubjectRef;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{FulfillmentOrderId, OrderId, ReturnId, ShipmentId};
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_store::{LogEntry, StoreError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::read;
use crate::wire::{Instant, Page};

/// Lists what happened to an order.
///
/// Also to its fulfillment orders, shipments and returns, in the order of the log.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}/events",
    tag = "Orders",
    params(
        ("id" = String, Path, description = "The order's id."),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page of events, oldest first.", body = Page<EventAnswer>),
    ),
)]
pub async fn list_order_events(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (limit, after) = (params.limit(), params.cursor(cursor::position));
    params.finish()?;
    let id: OrderId = ask.id("{id}")?;
    let order: Order = read::find(&ask, id).await?;
    let subjects = subjects(&ask, &order).await?;
    let organization = ask.organization();
    // One more than asked for tells whether there is another page.
    let mut entries = ask
        .backend()
        .events_about(organization, &subjects, after.unwrap_or(0), limit + 1)
        .await?;
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| has_more);
    let next_cursor = last.map(|entry| cursor::of_position(entry.position));
    let items = (entries.into_iter())
        .map(EventAnswer::of)
        .collect::<Result<_, _>>()?;
    Ok(answer::to_read(&Page { items, next_cursor }))
}

/// Whose events make up the order's story: its own, and those of what serves it.
async fn subjects(ask: &Ask, order: &Order) -> Result<Vec<SubjectRef>, StoreError> {
    let (backend, organization) = (ask.backend(), ask.organization());
    let work: Vec<FulfillmentOrder> =
        read::all(backend, organization, &order.fulfillment_orders).await?;
    let about = |kind, id| SubjectRef { kind, id };
    let mut subjects = vec![about(RecordKind::Order, order.id.to_u128())];
    for work in &work {
        subjects.push(about(RecordKind::FulfillmentOrder, work.id.to_u128()));
        let shipment = work.shipment.map(|id| id.to_u128());
        subjects.extend(shipment.map(|id| about(RecordKind::Shipment, id)));
    }
    let returns = order.returns.iter().map(|id| id.to_u128());
    subjects.extend(returns.map(|id| about(RecordKind::Return, id)));
    Ok(subjects)
}

/// The id of a subject of an order's story, with its prefix.
pub fn subject_text(subject: SubjectRef) -> Option<String> {
    let id = subject.id;
    match subject.kind {
        RecordKind::Order => Some(OrderId::from_u128(id).to_string()),
        RecordKind::FulfillmentOrder => Some(FulfillmentOrderId::from_u128(id).to_string()),
        RecordKind::Shipment => Some(ShipmentId::from_u128(id).to_string()),
        RecordKind::Return => Some(ReturnId::from_u128(id).to_string()),
        RecordKind::Organization
        | RecordKind::ApiKey
        | RecordKind::LegalEntity
        | RecordKind::Channel
        | RecordKind::Location
        | RecordKind::Pool
        | RecordKind::Block
        | RecordKind::Sku
        | RecordKind::Listing
        | RecordKind::Webhook
        | RecordKind::RateTable
        | RecordKind::SourcingSettings
        | RecordKind::PriceBook
        | RecordKind::RuleSet
        | RecordKind::Reservation => None,
    }
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventAnswer {
    /// Its place in the organization's log.
    position: i64,
    /// Its wire name.
    #[serde(rename = "type")]
    #[schema(example = "order.placed")]
    name: &'static str,
    /// The version of its form.
    form: u16,
    /// When it was committed.
    recorded_at: Instant,
    /// When it took effect.
    effective_at: Instant,
    /// Who asked for it: a key's id, or `system`.
    actor: String,
    /// The request that caused it.
    command_id: String,
    /// The id of what it is about: the order, or a fulfillment order, shipment or return of it.
    subject: Option<String>,
    /// The subject's version after it.
    version: u64,
    /// What it says, by its type.
    #[schema(value_type = Object)]
    data: Value,
}

impl EventAnswer {
    fn of(entry: LogEntry) -> Result<Self, StoreError> {
        let name = entry.event.name();
        let mut stored = serde_json::to_value(&entry.event)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        // An event is stored as an object with its wire name as the only key.
        let data = stored.get_mut(name).map(Value::take).unwrap_or_default();
        Ok(Self {
            position: entry.position,
            name,
            form: entry.event.form(),
            recorded_at: Instant(entry.recorded_at),
            effective_at: Instant(entry.effective_at),
            actor: entry.actor,
            command_id: entry.command.to_string(),
            subject: entry.subject.and_then(subject_text),
            version: entry.subject_version,
            data,
        })
    }
}
