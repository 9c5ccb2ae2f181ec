//! `GET /stock/movements`: the ledger of a SKU, newest first: what changed its stock, where, when and by
//! whose doing.

use std::borrow::Cow;

use ordo_domain::id::LocationId;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Condition, MovementKind};
use ordo_domain::time::Date;
use ordo_store::{LedgerFilter, LedgerLine};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::sku_id;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::read;
use crate::routes::orders::events::subject_text;
use crate::wire::{Instant, Page, location_code};

/// A line of the stock ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = StockMovement)]
struct LedgerAnswer<'a> {
    /// Its event's place in the organization's log.
    position: i64,
    /// Which of the event's movements it is, from 0.
    line: i32,
    /// Why.
    kind: MovementKind,
    /// The SKU's code.
    sku: &'a str,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// The signed change of what is there and can be sold.
    #[schema(value_type = i64)]
    on_hand: Quantity,
    /// The signed change of what is there and cannot be sold.
    #[schema(value_type = i64)]
    quarantined: Quantity,
    /// The signed change of what is never offered.
    #[schema(value_type = i64)]
    safety: Quantity,
    /// The lot, where units are told apart by it.
    lot: Option<&'a str>,
    /// The condition of the lot's units.
    condition: Option<Condition>,
    /// The last day on which the lot's units are good.
    #[schema(value_type = Option<String>, example = "2027-12-31")]
    expires_on: Option<Date>,
    /// Words about it.
    reason: Option<&'a str>,
    /// When it was committed.
    recorded_at: Instant,
    /// When it took effect.
    effective_at: Instant,
    /// Who asked for it: a key's id, `system` or `job`.
    actor: &'a str,
    /// The id of the order or return whose goods moved; `null` for a movement of its own.
    subject: Option<String>,
}

/// Lists movements of stock.
///
/// On hand of a SKU at a location is the sum of its movements there. The list follows the log within a
/// second; `Ordo-Min-Position` waits for what one has written.
#[utoipa::path(
    get,
    path = "/api/v1/stock/movements",
    tag = "Stock",
    params(
        ("sku" = String, Query, description = "The SKU's code."),
        ("location" = Option<String>, Query, description = "Only at the location with this code."),
        PageParams,
        ("Ordo-Min-Position" = Option<i64>, Header, description = "A log position that the list must have seen."),
    ),
    responses((status = 200, description = "A page of movements, newest first.", body = Page<LedgerAnswer>)),
)]
pub async fn list_movements(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let code = params.text("sku", 128);
    if code.is_none() {
        params.refuse("sku", "is missing");
    }
    let location = params.text("location", 128);
    let (limit, after) = (params.limit(), params.cursor(cursor::ledger));
    params.finish()?;
    let code = code.unwrap_or_default();
    let reference = ask.reference().await?;
    let location = match location.map(|code| reference.location_by_code(&code)) {
        Some(None) => return Ok(nothing()),
        Some(Some(location)) => Some(location.id),
        None => None,
    };
    let location = ask.only_location(location)?;
    read::await_view(&ask).await?;
    let Some(sku) = sku_id(&ask, &code).await? else {
        return Ok(nothing());
    };
    let filter = LedgerFilter { sku, location };
    let page = ask
        .backend()
        .list_movements(ask.organization(), filter, after, limit)
        .await?;
    Ok(answer::to_read(&Page {
        items: (page.items.iter())
            .filter_map(|line| LedgerAnswer::of(&reference, &code, line))
            .collect(),
        next_cursor: page.next.map(cursor::of_ledger),
    }))
}

fn nothing() -> axum::response::Response {
    answer::to_read(&Page::<LedgerAnswer<'_>> {
        items: Vec::new(),
        next_cursor: None,
    })
}

impl<'a> LedgerAnswer<'a> {
    fn of(reference: &'a Reference, sku: &'a str, line: &'a LedgerLine) -> Option<Self> {
        let (entry, movement) = (&line.entry, line.movement()?);
        let lot = movement.lot.as_ref();
        Some(Self {
            position: entry.position,
            line: line.line,
            kind: movement.kind,
            sku,
            location: location_code(reference, movement.cell.location),
            location_id: movement.cell.location,
            on_hand: movement.on_hand,
            quarantined: movement.quarantined,
            safety: movement.safety,
            lot: lot.map(|lot| lot.name.as_str()),
            condition: lot.map(|lot| lot.condition),
            expires_on: lot.and_then(|lot| lot.expires_on),
            reason: movement.reason.as_deref(),
            recorded_at: Instant(entry.recorded_at),
            effective_at: Instant(entry.effective_at),
            actor: &entry.actor,
            subject: entry.subject.and_then(subject_text),
        })
    }
}
