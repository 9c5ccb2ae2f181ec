//! `GET /deliveries` and `GET /jobs`: pages of what is to be done.

use ordo_store::TaskState;

use super::{TaskAnswer, states};
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::wire::Page;

/// Lists deliveries.
///
/// Parked ones wait for a person: they failed too often, or for a reason that time does not heal.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries",
    tag = "Webhooks",
    params(
        PageParams,
        ("state" = Option<String>, Query, description = "`waiting`, `parked` (where absent) or `done`."),
    ),
    responses((status = 200, description = "A page of deliveries.", body = Page<TaskAnswer>)),
)]
pub async fn list_deliveries(ask: Ask) -> Answer {
    page(&ask, ordo_engine::deliveries::KINDS).await
}

/// Lists jobs.
///
/// Wide work that events left behind, such as serving backorders after a receipt.
#[utoipa::path(
    get,
    path = "/api/v1/jobs",
    tag = "System",
    params(
        PageParams,
        ("state" = Option<String>, Query, description = "`waiting`, `parked` (where absent) or `done`."),
    ),
    responses((status = 200, description = "A page of jobs.", body = Page<TaskAnswer>)),
)]
pub async fn list_jobs(ask: Ask) -> Answer {
    page(&ask, ordo_engine::jobs::KINDS).await
}

async fn page(ask: &Ask, kinds: &[&str]) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (limit, after) = (params.limit(), params.cursor(cursor::record));
    let state = params.one_of("state", &states());
    params.finish()?;
    let state = state.and_then(TaskState::named);
    let page = ask
        .backend()
        .list_tasks(
            ask.organization(),
            kinds,
            state.unwrap_or(TaskState::Parked),
            after,
            limit,
        )
        .await?;
    Ok(answer::to_read(&Page {
        items: page.items.into_iter().map(TaskAnswer::of).collect(),
        next_cursor: page.next.map(cursor::of_record),
    }))
}
