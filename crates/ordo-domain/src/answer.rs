//! What an answer to a command shows: the record that it was about, with what belongs to it.

use std::sync::Arc;

use crate::decide::Refusal;
use crate::erase::ErasedCounts;
use crate::fulfillment::FulfillmentOrder;
use crate::id::{OrderId, ShipmentId};
use crate::order::Order;
use crate::record::{Record, RecordKind};
use crate::returns::Return;
use crate::shipment::Shipment;
use crate::stock::{Cell, CellKey};
use crate::world::World;

/// The record that an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerSubject {
    /// None.
    Nothing,
    /// An order with what serves it; the number is `None` until the commit.
    Order {
        /// The order.
        order: Arc<Order>,
        /// Its fulfillment orders, in the order in which they were opened.
        work: Vec<Arc<FulfillmentOrder>>,
        /// Its shipments, in the order of the fulfillment orders.
        shipments: Vec<Arc<Shipment>>,
        /// Its returns, in the order in which they were asked for.
        returns: Vec<Arc<Return>>,
        /// Its number.
        number: Option<i64>,
    },
    /// A fulfillment order with its order.
    Work {
        /// The fulfillment order.
        work: Arc<FulfillmentOrder>,
        /// Its order.
        order: Arc<Order>,
    },
    /// A shipment with its order.
    Shipment {
        /// The shipment.
        shipment: Arc<Shipment>,
        /// Its order.
        order: Arc<Order>,
    },
    /// A return with its order.
    Return {
        /// The return.
        found: Arc<Return>,
        /// Its order.
        order: Arc<Order>,
    },
    /// Another record, as its canonical JSON.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// Its id.
        id: u128,
        /// Its JSON.
        body: String,
    },
    /// What was erased.
    Erased(ErasedCounts),
    /// A cell.
    Cell {
        /// Which.
        key: CellKey,
        /// As it stands.
        cell: Cell,
    },
}

impl AnswerSubject {
    /// The version of the record, for those that clients may name the version of.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        match self {
            Self::Order { order, .. } => Some(order.version),
            Self::Work { work, .. } => Some(work.version),
            Self::Shipment { shipment, .. } => Some(shipment.version),
            Self::Return { found, .. } => Some(found.version),
            Self::Nothing | Self::Record { .. } | Self::Cell { .. } | Self::Erased(_) => None,
        }
    }
}

impl World {
    /// What an answer about a record shows.
    pub(crate) fn answer_subject(
        &self,
        kind: RecordKind,
        id: u128,
    ) -> Result<AnswerSubject, Refusal> {
        fn body<V: Record>(record: Option<&Arc<V>>) -> String {
            record.map(|record| record.to_json()).unwrap_or_default()
        }
        let body = match kind {
            RecordKind::Order => {
                let id = OrderId::from_u128(id);
                let Some(order) = self.order(id)? else {
                    return Ok(AnswerSubject::Nothing);
                };
                return self.answer_order(id, Arc::clone(order));
            }
            RecordKind::FulfillmentOrder => {
                let Some(work) = self.fulfillment_order(id.into())? else {
                    return Ok(AnswerSubject::Nothing);
                };
                let order = self.order(work.order)?.map(Arc::clone);
                return Ok(order.map_or(AnswerSubject::Nothing, |order| {
                    let work = Arc::clone(work);
                    AnswerSubject::Work { work, order }
                }));
            }
            RecordKind::Shipment => {
                let Some(shipment) = self.shipment(id.into())? else {
                    return Ok(AnswerSubject::Nothing);
                };
                let order = self.order(shipment.order)?.map(Arc::clone);
                return Ok(order.map_or(AnswerSubject::Nothing, |order| {
                    let shipment = Arc::clone(shipment);
                    AnswerSubject::Shipment { shipment, order }
                }));
            }
            RecordKind::Return => {
                let Some(found) = self.return_of(id.into())? else {
                    return Ok(AnswerSubject::Nothing);
                };
                let order = self.order(found.order)?.map(Arc::clone);
                return Ok(order.map_or(AnswerSubject::Nothing, |order| {
                    let found = Arc::clone(found);
                    AnswerSubject::Return { found, order }
                }));
            }
            RecordKind::Organization => body(self.organization(id.into())?),
            RecordKind::ApiKey => body(self.api_key(id.into())?),
            RecordKind::Sku => body(self.sku(id.into())?),
            RecordKind::Reservation => body(self.reservation(id.into())?),
            RecordKind::LegalEntity
            | RecordKind::Channel
            | RecordKind::Location
            | RecordKind::Pool
            | RecordKind::Block
            | RecordKind::Listing
            | RecordKind::Webhook
            | RecordKind::RateTable
            | RecordKind::SourcingSettings
            | RecordKind::PriceBook
            | RecordKind::RuleSet => self.new_record(kind, id),
        };
        Ok(AnswerSubject::Record { kind, id, body })
    }

    fn answer_order(&self, id: OrderId, order: Arc<Order>) -> Result<AnswerSubject, Refusal> {
        self.want_returns(&order.returns)?;
        self.want_fulfillment_orders(&order.fulfillment_orders)?;
        let mut work = Vec::with_capacity(order.fulfillment_orders.len());
        for id in &order.fulfillment_orders {
            work.extend(self.fulfillment_order(*id)?.cloned());
        }
        let ids: Vec<ShipmentId> = work.iter().filter_map(|work| work.shipment).collect();
        self.want_shipments(&ids)?;
        let mut shipments = Vec::with_capacity(ids.len());
        for id in ids {
            shipments.extend(self.shipment(id)?.cloned());
        }
        let mut returns = Vec::with_capacity(order.returns.len());
        for id in &order.returns {
            returns.extend(self.return_of(*id)?.cloned());
        }
        Ok(AnswerSubject::Order {
            number: self.number(id),
            order,
            work,
            shipments,
            returns,
        })
    }
}
