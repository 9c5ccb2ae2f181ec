//! `POST /rule-sets/{id}/versions/{number}/lint`: what is odd about a version, also given the orders
//! of late.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use ordo_domain::catalog::Sku;
use ordo_domain::id::{OrderId, OrganizationId, SkuId};
use ordo_domain::order::Order;
use ordo_domain::reference::Reference;
use ordo_domain::rules::lint::{DAYS, ORDERS_MAX, Recent, Warning, lint, lint_recent};
use ordo_domain::rules::{RuleSet, RuleVersion};
use ordo_domain::time::{DAY, Timestamp};
use ordo_engine::Backend;
use ordo_store::{OrderFilter, OrderSort, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::body::{self, Nothing};
use crate::problem::Problem;
use crate::read;

/// Orders that are read at once.
const PAGE: usize = 200;

/// What is odd about a version of rules.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleLint)]
struct LintAnswer {
    /// Orders that were looked at: the latest ones, at most 500, of the last 30 days.
    orders: usize,
    /// What is odd; none of it keeps the version from being published.
    warnings: Vec<Warning>,
}

/// Looks for what is odd about a version of rules.
///
/// What can never happen or says the same twice, and what did nothing for, or left no location to,
/// the orders of the last 30 days.
#[utoipa::path(
    post,
    path = "/api/v1/rule-sets/{id}/versions/{number}/lint",
    tag = "Sourcing",
    params(
        ("id" = String, Path, description = "The rule set's id."),
        ("number" = u32, Path, description = "The version's number."),
    ),
    responses((status = 200, description = "What was found.", body = LintAnswer)),
)]
pub async fn lint_rules(ask: Ask, body: Body) -> Answer {
    let set: RuleSet = read::find(&ask, ask.id("{id}")?).await?;
    let number: u32 = ask.id("{number}")?;
    let version = set.numbered(number).ok_or_else(Problem::not_found)?;
    let body = body::read(body).await?;
    body::parse_or_default::<Nothing>(&body)?;
    let reference = ask.reference().await?;
    let now = ask.app.engine.clock().now();
    let found = look(
        ask.backend(),
        ask.organization(),
        &reference,
        &set,
        version,
        now,
    );
    let (orders, warnings) = found.await?;
    Ok(answer::to_read(&LintAnswer { orders, warnings }))
}

/// How many orders of late were looked at, and what is odd about a version.
///
/// # Errors
/// The store fails.
pub async fn look(
    backend: &dyn Backend,
    organization: OrganizationId,
    reference: &Reference,
    set: &RuleSet,
    version: &RuleVersion,
    now: Timestamp,
) -> Result<(usize, Vec<Warning>), StoreError> {
    let (orders, skus) = orders_of_late(backend, organization, now).await?;
    let recent: Vec<Recent> = (orders.iter())
        .filter(|order| set.scope.fits_order(order, reference))
        .filter_map(|order| Recent::of(order, &skus))
        .collect();
    let mut warnings = lint(&version.rules, reference);
    warnings.extend(lint_recent(&version.rules, reference, &recent));
    Ok((recent.len(), warnings))
}

/// The latest orders, and the SKUs that they name.
async fn orders_of_late(
    backend: &dyn Backend,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<(Vec<Order>, Vec<Arc<Sku>>), StoreError> {
    let since = now.plus_micros(-DAYS * DAY);
    let mut ids: Vec<OrderId> = Vec::new();
    let mut after = None;
    loop {
        let limit = PAGE.min(ORDERS_MAX - ids.len());
        let filter = OrderFilter::default();
        let page = backend
            .list_orders(organization, &filter, OrderSort::Newest, after, limit)
            .await?;
        let late = page
            .items
            .iter()
            .filter(|row| row.placed_at >= since.as_micros());
        ids.extend(late.map(|row| row.id));
        after = page.next;
        if after.is_none() || ids.len() >= ORDERS_MAX {
            break;
        }
        // Numbers rise with time, but for orders that came in late: a page without any ends it.
        if page
            .items
            .iter()
            .all(|row| row.placed_at < since.as_micros())
        {
            break;
        }
    }
    let orders: Vec<Order> = read::all(backend, organization, &ids).await?;
    let named: BTreeSet<SkuId> = (orders.iter())
        .flat_map(|order| order.lines.iter().filter_map(|line| line.sku))
        .collect();
    let named: Vec<SkuId> = named.into_iter().collect();
    let skus: Vec<Sku> = read::all(backend, organization, &named).await?;
    Ok((orders, skus.into_iter().map(Arc::new).collect()))
}
