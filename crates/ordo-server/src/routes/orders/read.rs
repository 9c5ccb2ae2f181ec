//! `GET /orders/{id}`: one order as it stands, and the rendering of stored orders for exports.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordo_domain::contact::Contact;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ContactId, OrderId, OrganizationId};
use ordo_domain::order::Order;
use ordo_domain::record::Record;
use ordo_domain::reference::Reference;
use ordo_domain::returns::Return;
use ordo_domain::shipment::Shipment;
use ordo_domain::world::StoredRecord;
use ordo_engine::Backend;
use ordo_store::StoreError;

use super::render::{OrderAnswer, ShownOrder, order_json};
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::problem::Problem;
use crate::read;

/// Reads an order.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}",
    tag = "Orders",
    params(
        ("id" = String, Path, description = "The order's id."),
        ("expand" = Option<String>, Query, description = "`contact` adds names, streets and the rest, where they have not been erased."),
    ),
    responses(
        (status = 200, description = "The order; `ETag` is its version.", body = OrderAnswer),
    ),
)]
pub async fn get_order(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let expands = params.one_of("expand", &["contact"]).is_some();
    params.finish()?;
    let id: OrderId = ask.id("{id}")?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let Some(stored) = read::find_stored::<Order>(&ask, id).await? else {
        return Err(Problem::not_found());
    };
    let version = stored.version;
    let orders = Orders::load(backend, organization, vec![stored]).await?;
    let contacts = match expands {
        true => orders.contacts(backend, organization).await?,
        false => Vec::new(),
    };
    let reference = ask.reference().await?;
    let json = orders.to_json(&reference, &contacts).into_iter().next();
    let json = json.ok_or_else(Problem::not_found)?;
    Ok(answer::to_read_versioned(json, version))
}

/// The answer form of stored orders, in their order; without contacts.
///
/// # Errors
/// The store fails or holds something that cannot be read.
pub async fn order_answers(
    backend: &dyn Backend,
    organization: OrganizationId,
    reference: &Reference,
    orders: Vec<(u128, StoredRecord)>,
) -> Result<Vec<String>, StoreError> {
    let stored = orders.into_iter().map(|(_, stored)| stored).collect();
    let orders = Orders::load(backend, organization, stored).await?;
    Ok(orders.to_json(reference, &[]))
}

/// Orders with what serves them.
struct Orders {
    orders: Vec<Served>,
}

/// An order with what its answer form shows.
struct Served {
    order: Order,
    number: Option<i64>,
    work: Vec<Arc<FulfillmentOrder>>,
    shipments: Vec<Arc<Shipment>>,
    returns: Vec<Arc<Return>>,
}

impl Orders {
    /// Reads the orders, and loads what serves them, for all of them at once.
    async fn load(
        backend: &dyn Backend,
        organization: OrganizationId,
        stored: Vec<StoredRecord>,
    ) -> Result<Self, StoreError> {
        let mut orders = Vec::with_capacity(stored.len());
        for record in &stored {
            let order: Order = read::decode(record)?;
            orders.push(Served {
                order,
                number: record.number,
                work: Vec::new(),
                shipments: Vec::new(),
                returns: Vec::new(),
            });
        }
        let ids =
            |of: fn(&Order) -> Vec<u128>| orders.iter().flat_map(|it| of(&it.order)).collect();
        let work: Vec<u128> = ids(|order| {
            let ids = order.fulfillment_orders.iter();
            ids.map(|id| id.to_u128()).collect()
        });
        let returns: Vec<u128> = ids(|order| order.returns.iter().map(|id| id.to_u128()).collect());
        let mut work = by_id::<FulfillmentOrder>(backend, organization, &work).await?;
        let shipments: Vec<u128> = (work.values())
            .filter_map(|work| work.shipment.map(|id| id.to_u128()))
            .collect();
        let mut shipments = by_id::<Shipment>(backend, organization, &shipments).await?;
        let mut returns = by_id::<Return>(backend, organization, &returns).await?;
        for served in &mut orders {
            let ids = served.order.fulfillment_orders.iter();
            served.work = ids.filter_map(|id| work.remove(&id.to_u128())).collect();
            let ids = served.work.iter().filter_map(|work| work.shipment);
            served.shipments = ids
                .filter_map(|id| shipments.remove(&id.to_u128()))
                .collect();
            let ids = served.order.returns.iter();
            served.returns = ids.filter_map(|id| returns.remove(&id.to_u128())).collect();
        }
        Ok(Self { orders })
    }

    /// The contacts of all of them that are still there.
    async fn contacts(
        &self,
        backend: &dyn Backend,
        organization: OrganizationId,
    ) -> Result<Vec<Contact>, StoreError> {
        let ids: Vec<ContactId> = (self.orders.iter())
            .flat_map(|Served { order, .. }| {
                let to = order.ship_to.as_ref().map(|to| to.contact);
                to.into_iter().chain(order.bill_to)
            })
            .collect();
        backend.contacts(organization, &ids).await
    }

    fn to_json(&self, reference: &Reference, contacts: &[Contact]) -> Vec<String> {
        let shown = |served: &Served| {
            let shown = ShownOrder {
                order: &served.order,
                work: &served.work,
                shipments: &served.shipments,
                returns: &served.returns,
                number: served.number,
                contacts,
            };
            order_json(reference, &shown)
        };
        self.orders.iter().map(shown).collect()
    }
}

/// The records with these ids that are there.
async fn by_id<R: Record>(
    backend: &dyn Backend,
    organization: OrganizationId,
    ids: &[u128],
) -> Result<BTreeMap<u128, Arc<R>>, StoreError> {
    let ids: Vec<R::Id> = ids.iter().map(|id| R::Id::from(*id)).collect();
    let found: Vec<R> = read::all(backend, organization, &ids).await?;
    Ok((found.into_iter())
        .map(|record| (record.id().into(), Arc::new(record)))
        .collect())
}
