//! `GET /fulfillment-orders`: what is to be done where, oldest first, from committed rows.

use ordo_domain::fulfillment::{FulfillmentOrder, FulfillmentState};
use ordo_domain::id::OrderId;
use ordo_domain::order::Order;
use ordo_store::{Page as StorePage, WorkFilter};

use super::FulfillmentOrderAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::problem::Problem;
use crate::read;
use crate::wire::Page;

/// Lists fulfillment orders.
#[utoipa::path(
    get,
    path = "/api/v1/fulfillment-orders",
    tag = "Fulfillment",
    params(
        ("state" = Option<FulfillmentState>, Query, description = "Only in this state."),
        ("location" = Option<String>, Query, description = "Only of the location with this code."),
        ("order" = Option<String>, Query, description = "Only of the order with this id."),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page of fulfillment orders, in the order in which they were opened.", body = Page<FulfillmentOrderAnswer>),
    ),
)]
pub async fn list_fulfillment_orders(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let names: Vec<&'static str> =
        (FulfillmentState::ALL.iter().map(|state| state.name())).collect();
    let state = params.one_of("state", &names).and_then(|name| {
        (FulfillmentState::ALL.iter().copied()).find(|state| state.name() == name)
    });
    let location = params.text("location", 128);
    let order = params.text("order", 64);
    let (limit, after) = (params.limit(), params.cursor(cursor::record));
    params.finish()?;
    let reference = ask.reference().await?;
    let location = match location.map(|code| reference.location_by_code(&code)) {
        Some(None) => return Ok(nothing()),
        Some(Some(location)) => Some(location.id),
        None => None,
    };
    let location = ask.only_location(location)?;
    let filter = WorkFilter { state, location };
    let page = match order {
        Some(id) => match id.parse() {
            Ok(id) => of_order(&ask, id, filter, after, limit).await?,
            Err(_) => return Ok(nothing()),
        },
        None => of_all(&ask, filter, after, limit).await?,
    };
    let mut orders: Vec<OrderId> = page.items.iter().map(|work| work.order).collect();
    orders.sort_unstable();
    orders.dedup();
    let orders: Vec<Order> = read::all(ask.backend(), ask.organization(), &orders).await?;
    Ok(answer::to_read(&Page {
        items: (page.items.iter())
            .filter_map(|work| {
                let order = orders.iter().find(|order| order.id == work.order)?;
                Some(FulfillmentOrderAnswer::of(&reference, order, work))
            })
            .collect(),
        next_cursor: page.next.map(cursor::of_record),
    }))
}

fn nothing() -> axum::response::Response {
    answer::to_read(&Page::<FulfillmentOrderAnswer<'_>> {
        items: Vec::new(),
        next_cursor: None,
    })
}

async fn of_all(
    ask: &Ask,
    filter: WorkFilter,
    after: Option<u128>,
    limit: usize,
) -> Result<StorePage<FulfillmentOrder, u128>, Problem> {
    let page = (ask.backend())
        .list_fulfillment_orders(ask.organization(), filter, after, limit)
        .await?;
    let items = (page.items.iter())
        .map(|(_, stored)| read::decode(stored))
        .collect::<Result<_, _>>()?;
    let next = page.next;
    Ok(StorePage { items, next })
}

/// An order knows its fulfillment orders, and has few.
async fn of_order(
    ask: &Ask,
    id: OrderId,
    filter: WorkFilter,
    after: Option<u128>,
    limit: usize,
) -> Result<StorePage<FulfillmentOrder, u128>, Problem> {
    let (backend, organization) = (ask.backend(), ask.organization());
    let ids = match read::all::<Order>(backend, organization, &[id])
        .await?
        .pop()
    {
        Some(order) => order.fulfillment_orders,
        None => Vec::new(),
    };
    let mut items: Vec<FulfillmentOrder> = read::all(backend, organization, &ids).await?;
    items.retain(|work| {
        let of_state = filter.state.is_none_or(|state| work.state == state);
        let of_location = filter.location.is_none_or(|at| work.location == at);
        of_state && of_location && after.is_none_or(|after| work.id.to_u128() > after)
    });
    items.sort_by_key(|work| work.id);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more);
    let next = next.map(|work| work.id.to_u128());
    Ok(StorePage { items, next })
}
