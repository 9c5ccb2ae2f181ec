//! `GET /returns`: returns, oldest first, from committed rows.

use ordo_domain::id::{OrderId, OrganizationId};
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::returns::Return;
use ordo_engine::Backend;
use ordo_store::StoreError;

use super::ReturnAnswer;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::problem::Problem;
use crate::reach;
use crate::read;
use crate::wire::Page;

/// Lists returns.
#[utoipa::path(
    get,
    path = "/api/v1/returns",
    tag = "Returns",
    params(
        ("order" = Option<String>, Query, description = "Only of the order with this id."),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page of returns, in the order in which they were asked for.", body = Page<ReturnAnswer>),
    ),
)]
pub async fn list_returns(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let order = params.text("order", 64);
    let (limit, after) = (params.limit(), params.cursor(cursor::record));
    params.finish()?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let page = match order {
        Some(id) => of_order(&ask, &id, after, limit).await?,
        None => {
            let page = reach::page(
                limit,
                after,
                |after| with_orders(backend, organization, after, limit),
                |(_, order): &(Return, Order)| ask.caller.scope.has_channel(order.channel),
                |(found, _)| found.id.to_u128(),
            );
            page.await?
        }
    };
    let reference = ask.reference().await?;
    Ok(answer::to_read(&Page {
        items: (page.items.iter())
            .map(|(found, order)| ReturnAnswer::of(&reference, order, found))
            .collect(),
        next_cursor: page.next.map(cursor::of_record),
    }))
}

/// A page of returns, each with its order.
async fn with_orders(
    backend: &dyn Backend,
    organization: OrganizationId,
    after: Option<u128>,
    limit: usize,
) -> Result<ordo_store::Page<(Return, Order), u128>, StoreError> {
    let page = backend
        .list_records(organization, RecordKind::Return, after, limit)
        .await?;
    let returns: Vec<Return> = (page.items.iter())
        .map(|(_, stored)| read::decode(stored))
        .collect::<Result<_, _>>()?;
    let mut orders: Vec<OrderId> = returns.iter().map(|found| found.order).collect();
    orders.sort_unstable();
    orders.dedup();
    let orders: Vec<Order> = read::all(backend, organization, &orders).await?;
    let of = |id: OrderId| orders.iter().find(|order| order.id == id).cloned();
    Ok(ordo_store::Page {
        items: (returns.into_iter())
            .filter_map(|found| of(found.order).map(|order| (found, order)))
            .collect(),
        next: page.next,
    })
}

/// An order knows its returns, and has few.
async fn of_order(
    ask: &Ask,
    id: &str,
    after: Option<u128>,
    limit: usize,
) -> Result<ordo_store::Page<(Return, Order), u128>, Problem> {
    let (backend, organization) = (ask.backend(), ask.organization());
    let ids: Vec<OrderId> = id.parse().into_iter().collect();
    let orders: Vec<Order> = read::all(backend, organization, &ids).await?;
    let order = orders.into_iter().next();
    let order = order.filter(|order| ask.caller.scope.has_channel(order.channel));
    let Some(order) = order else {
        return Ok(ordo_store::Page {
            items: Vec::new(),
            next: None,
        });
    };
    let mut returns: Vec<Return> = read::all(backend, organization, &order.returns).await?;
    returns.retain(|found| after.is_none_or(|after| found.id.to_u128() > after));
    returns.sort_by_key(|found| found.id);
    let has_more = returns.len() > limit;
    returns.truncate(limit);
    let next = returns.last().filter(|_| has_more);
    let next = next.map(|found| found.id.to_u128());
    let items = returns.into_iter().map(|found| (found, order.clone()));
    Ok(ordo_store::Page {
        items: items.collect(),
        next,
    })
}
