//! `GET /orders/{id}`: one order as it stands, and the rendering of stored orders for exports.

use ordo_domain::contact::Contact;
use ordo_domain::fulfillment::FulfillmentOrder;
use ordo_domain::id::{ContactId, OrderId, OrganizationId};
use ordo_domain::order::Order;
use ordo_domain::record::RecordKind;
use ordo_domain::reference::Reference;
use ordo_domain::world::{Key, StoredRecord};
use ordo_engine::Backend;
use ordo_store::StoreError;

use super::render::{OrderAnswer, order_json};
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

/// Orders with the work that serves them.
struct Orders {
    orders: Vec<(Order, Option<i64>, Vec<FulfillmentOrder>)>,
}

impl Orders {
    /// Reads the orders, and loads the work of all of them at once.
    async fn load(
        backend: &dyn Backend,
        organization: OrganizationId,
        stored: Vec<StoredRecord>,
    ) -> Result<Self, StoreError> {
        let mut orders = Vec::with_capacity(stored.len());
        for record in &stored {
            let order: Order = read::decode(record)?;
            orders.push((order, record.number, Vec::new()));
        }
        let kind = RecordKind::FulfillmentOrder;
        let keys: Vec<Key> = (orders.iter())
            .flat_map(|(order, ..)| &order.fulfillment_orders)
            .map(|id| Key::Record {
                kind,
                id: id.to_u128(),
            })
            .collect();
        if !keys.is_empty() {
            // One row comes per key, in the order of the keys.
            let mut rows = backend.load(organization, &keys).await?.into_iter();
            for (order, _, work) in &mut orders {
                for row in rows.by_ref().take(order.fulfillment_orders.len()) {
                    if let Some(found) = read::found(row) {
                        work.push(read::decode(&found)?);
                    }
                }
            }
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
            .flat_map(|(order, ..)| {
                let to = order.ship_to.as_ref().map(|to| to.contact);
                to.into_iter().chain(order.bill_to)
            })
            .collect();
        backend.contacts(organization, &ids).await
    }

    fn to_json(&self, reference: &Reference, contacts: &[Contact]) -> Vec<String> {
        (self.orders.iter())
            .map(|(order, number, work)| order_json(reference, order, work, *number, contacts))
            .collect()
    }
}
