//! Returns: permission and record of goods coming back, and what is paid back for them.

pub mod approve;
pub mod decline;
pub mod list;
pub mod read;
pub mod receive;
pub mod refund;
pub mod request;

use std::borrow::Cow;

use ordo_domain::event::Fault;
use ordo_domain::id::{LineId, LocationId, OrderId, RefundId, ReturnId, ReturnLineId};
use ordo_domain::money::{Minor, Money};
use ordo_domain::order::Order;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::returns::{Refund, RefundLine, Return, ReturnLine, ReturnState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Instant, location_code};

/// Permission and record of goods coming back.
#[derive(Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ReturnId,
    /// How many events have touched it.
    version: u64,
    /// The order.
    #[schema(value_type = String)]
    order_id: OrderId,
    /// How far it is.
    state: ReturnState,
    /// What may come.
    lines: Vec<ReturnLineAnswer<'a>>,
    /// The code of the location where it is expected; it may arrive anywhere.
    location: Option<Cow<'a, str>>,
    /// That location's id.
    #[schema(value_type = Option<String>)]
    location_id: Option<LocationId>,
    /// When it was asked for.
    requested_at: Instant,
    /// What was paid back for it.
    refunds: Vec<RefundAnswer<'a>>,
}

/// One order line's part of a return.
#[derive(Serialize, ToSchema)]
#[schema(as = ReturnLine)]
struct ReturnLineAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: ReturnLineId,
    /// The order line's id.
    #[schema(value_type = String)]
    line: LineId,
    /// The SKU's code.
    sku: &'a str,
    /// How many may come.
    #[schema(value_type = i64)]
    requested: Quantity,
    /// Of them, arrived.
    #[schema(value_type = i64)]
    received: Quantity,
    /// Why.
    reason_code: &'a str,
    /// Whose doing it was.
    fault: Fault,
}

/// Money that went back to the buyer, and for what.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: RefundId,
    /// The return that it is for.
    #[schema(value_type = Option<String>)]
    return_id: Option<ReturnId>,
    /// For which units.
    lines: Vec<RefundLineAnswer<'a>>,
    /// Of the shipping price.
    shipping: Money,
    /// For nothing in particular.
    goodwill: Money,
    /// All of it.
    total: Money,
    /// Why.
    reason_code: Option<&'a str>,
    /// The provider's own id of it.
    external_id: Option<&'a str>,
    /// When.
    at: Instant,
}

/// What was paid back for units of one line.
#[derive(Serialize, ToSchema)]
#[schema(as = RefundLine)]
struct RefundLineAnswer<'a> {
    /// The order line's id.
    #[schema(value_type = String)]
    line: LineId,
    /// The SKU's code.
    sku: &'a str,
    /// How many units.
    #[schema(value_type = i64)]
    quantity: Quantity,
    /// What went back for them.
    amount: Money,
    /// Of it, tax.
    tax: Money,
    /// The discount that these units had carried.
    discount: Money,
}

impl<'a> ReturnAnswer<'a> {
    /// What is shown of it; `order` has the codes of its lines and its refunds.
    pub fn of(reference: &'a Reference, order: &'a Order, found: &'a Return) -> Self {
        let expected_at = found.expected_at;
        Self {
            id: found.id,
            version: found.version,
            order_id: found.order,
            state: found.state,
            lines: (found.lines.iter())
                .map(|line| ReturnLineAnswer::of(order, line))
                .collect(),
            location: expected_at.map(|id| location_code(reference, id)),
            location_id: expected_at,
            requested_at: Instant(found.requested_at),
            refunds: (order.refunds.iter())
                .filter(|refund| refund.return_id == Some(found.id))
                .map(|refund| RefundAnswer::of(order, refund))
                .collect(),
        }
    }
}

impl<'a> ReturnLineAnswer<'a> {
    fn of(order: &'a Order, line: &'a ReturnLine) -> Self {
        Self {
            id: line.id,
            line: line.line,
            sku: order.line(line.line).map_or("", |line| &line.code),
            requested: line.requested,
            received: line.received,
            reason_code: &line.cause.reason_code,
            fault: line.cause.fault,
        }
    }
}

impl<'a> RefundAnswer<'a> {
    /// What is shown of it.
    pub fn of(order: &'a Order, refund: &'a Refund) -> Self {
        let currency = order.currency;
        let money = |amount: Minor| Money { amount, currency };
        let line = |part: &RefundLine| RefundLineAnswer {
            line: part.line,
            sku: order.line(part.line).map_or("", |line| &line.code),
            quantity: part.quantity,
            amount: money(part.amount),
            tax: money(part.tax),
            discount: money(part.discount),
        };
        Self {
            id: refund.id,
            return_id: refund.return_id,
            lines: refund.lines.iter().map(line).collect(),
            shipping: money(refund.shipping),
            goodwill: money(refund.goodwill),
            total: money(refund.total),
            reason_code: refund.reason_code.as_deref(),
            external_id: refund.external_id.as_deref(),
            at: Instant(refund.at),
        }
    }
}
