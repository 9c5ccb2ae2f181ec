//! `GET /events`: the log as a feed, for whoever would rather pull than be told.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Wanted;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::{PageParams, Params};
use crate::wire::{Instant, Page};

/// Entries of the log that are looked at for one page.
const LOOKED_AT_MAX: usize = 2_000;

/// An event, with the attributes of CloudEvents 1.0.
#[derive(Serialize, ToSchema)]
#[schema(as = EventEnvelope)]
pub struct EnvelopeSchema {
    /// The version of CloudEvents.
    #[schema(example = "1.0")]
    specversion: String,
    /// The event's id: the same wherever it is told.
    id: String,
    /// The organization.
    source: String,
    /// The wire name.
    #[serde(rename = "type")]
    #[schema(example = "order.placed")]
    name: String,
    /// The id of what it is about; absent for movements of stock.
    subject: Option<String>,
    /// When it was committed.
    time: Instant,
    /// When it took effect.
    effective_at: Instant,
    /// Its place in the organization's log.
    position: i64,
    /// The version of its form.
    form: u16,
    /// Who asked for it: a key's id, `system` or `job`.
    actor: String,
    /// What it says, by its type.
    #[schema(value_type = Object)]
    data: Value,
}

/// Reads events.
///
/// Oldest first, in the order of the log, without gaps: a reader that keeps `next_cursor` misses
/// nothing. It is never `null`: at the end of the log it says where to go on later.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "Events",
    params(
        PageParams,
        ("types" = Option<String>, Query, description = "Names of events, or their beginnings followed by `*`, joined by commas."),
        ("after" = Option<i64>, Query, description = "The position after which to begin, instead of a cursor."),
    ),
    responses((status = 200, description = "A page of events.", body = Page<EnvelopeSchema>)),
)]
pub async fn list_events(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let limit = params.limit();
    let cursor = params.cursor(crate::cursor::position);
    let after = params.text("after", 19);
    let after = after.and_then(|text| match text.parse::<i64>() {
        Ok(after) if after >= 0 => Some(after),
        _ => {
            params.refuse("after", "must be a position of the log");
            None
        }
    });
    let wanted = Wanted::of(&mut params);
    params.finish()?;
    let organization = ask.organization();
    let mut at = cursor.or(after).unwrap_or(0);
    let mut items = Vec::new();
    let entries = ask
        .backend()
        .read_log(organization, at, LOOKED_AT_MAX)
        .await?;
    for entry in &entries {
        if items.len() == limit {
            break;
        }
        at = entry.position;
        items.extend(wanted.envelope(organization, entry));
    }
    let next_cursor = Some(crate::cursor::of_position(at));
    Ok(answer::to_read(&Page { items, next_cursor }))
}
