//! The parts of an order's answer form that come in numbers: holds and lines.

use ordo_domain::id::{FulfillmentOrderId, HoldId, LineId, SkuId};
use ordo_domain::money::{Currency, Money};
use ordo_domain::order::{FulfilledBy, Hold, HoldKind, HoldSource, Line, LineKind, Stage, TaxLine};
use ordo_domain::quantity::Quantity;
use serde::Serialize;
use utoipa::ToSchema;

use super::render::money;
use crate::wire::Instant;

/// A named reason that stops an order.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: HoldId,
    /// Why.
    kind: HoldKind,
    /// The line that it is about; `null` for the whole order.
    #[schema(value_type = Option<String>)]
    line: Option<LineId>,
    /// The fulfillment order that it is about.
    #[schema(value_type = Option<String>)]
    fulfillment_order: Option<FulfillmentOrderId>,
    /// The steps that it stops.
    blocks: &'a [Stage],
    /// Words about this occurrence.
    reason: Option<&'a str>,
    /// Who placed it.
    source: HoldSource,
    /// When.
    placed_at: Instant,
    /// When it releases itself.
    auto_release_at: Option<Instant>,
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub struct LineAnswer<'a> {
    /// Its id.
    #[schema(value_type = String)]
    id: LineId,
    /// The channel's own id of it.
    external_id: &'a str,
    /// What sort of thing it is about.
    kind: LineKind,
    /// Who sees to it.
    fulfilled_by: FulfilledBy,
    /// The SKU's code; where it is not known, the code as the channel sent it.
    sku: &'a str,
    /// The SKU's id; `null` where the code is not known.
    #[schema(value_type = Option<String>)]
    sku_id: Option<SkuId>,
    /// The code as the channel sent it, where that is a listing's.
    listing: Option<&'a str>,
    /// The name as the channel sent it.
    title: Option<&'a str>,
    /// The bundle that it is a part of.
    bundle: Option<BundleAnswer<'a>>,
    /// The price of one unit, before the discount.
    unit_price: Money,
    /// Taken off the whole line.
    discount: Money,
    /// All tax on the line.
    tax: Money,
    /// The taxes on the line.
    taxes: &'a [TaxLine],
    /// What is to be done with it.
    services: &'a [String],
    /// Whether words of the buyer go on it.
    personalized: bool,
    /// Whether it may not be returned.
    final_sale: bool,
    /// By when the channel wants it shipped.
    ship_by: Option<Instant>,
    /// By when the channel told the buyer it would arrive.
    deliver_by: Option<Instant>,
    /// The first promise to the buyer.
    promise_original: Option<Instant>,
    /// The promise as it stands.
    promise_current: Option<Instant>,
    /// Units agreed: open + allocated + shipped + shipped_elsewhere + canceled.
    #[schema(value_type = i64)]
    ordered: Quantity,
    /// Waiting for stock or for a decision.
    #[schema(value_type = i64)]
    open: Quantity,
    /// Of the open ones, those known to wait for stock.
    #[schema(value_type = i64)]
    backordered: Quantity,
    /// Bound to stock of a location.
    #[schema(value_type = i64)]
    allocated: Quantity,
    /// Handed to a carrier or the buyer.
    #[schema(value_type = i64)]
    shipped: Quantity,
    /// Shipped by the channel, at the till, or before Ordo.
    #[schema(value_type = i64)]
    shipped_elsewhere: Quantity,
    /// The code of the location that those left from, where the source says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipped_from: Option<&'a str>,
    /// Will not be delivered.
    #[schema(value_type = i64)]
    canceled: Quantity,
    /// Came back.
    #[schema(value_type = i64)]
    received: Quantity,
    /// Paid back.
    #[schema(value_type = i64)]
    refunded: Quantity,
}

/// The bundle that a line is a part of.
#[derive(Serialize, ToSchema)]
#[schema(as = LineBundle)]
struct BundleAnswer<'a> {
    /// Shared by all components of the same bundle line; may stand for them where units of lines are
    /// named.
    #[schema(value_type = String)]
    id: LineId,
    /// The bundle's code as it was sold.
    code: &'a str,
    /// How many bundles were ordered.
    #[schema(value_type = i64)]
    ordered: Quantity,
    /// Units of this line in one bundle.
    #[schema(value_type = i64)]
    each: Quantity,
}

impl<'a> HoldAnswer<'a> {
    /// What is shown of it.
    pub fn of(hold: &'a Hold) -> Self {
        Self {
            id: hold.id,
            kind: hold.kind,
            line: hold.line,
            fulfillment_order: hold.fulfillment_order,
            blocks: &hold.blocks,
            reason: hold.reason.as_deref(),
            source: hold.source,
            placed_at: Instant(hold.placed_at),
            auto_release_at: Instant::of(hold.auto_release_at),
        }
    }
}

impl<'a> LineAnswer<'a> {
    /// What is shown of it.
    pub fn of(line: &'a Line, currency: Currency) -> Self {
        Self {
            id: line.id,
            external_id: &line.external_id,
            kind: line.kind,
            fulfilled_by: line.fulfilled_by,
            sku: &line.code,
            sku_id: line.sku,
            listing: line.listing.as_deref(),
            title: line.title.as_deref(),
            bundle: line.parent.as_ref().map(|parent| BundleAnswer {
                id: parent.id,
                code: &parent.code,
                ordered: parent.ordered,
                each: parent.each,
            }),
            unit_price: money(line.unit_price, currency),
            discount: money(line.discount, currency),
            tax: money(line.tax(), currency),
            taxes: &line.taxes,
            services: &line.services,
            personalized: line.personalized,
            final_sale: line.final_sale,
            ship_by: Instant::of(line.channel_ship_by),
            deliver_by: Instant::of(line.channel_deliver_by),
            promise_original: Instant::of(line.promise_original),
            promise_current: Instant::of(line.promise_current),
            ordered: line.ordered,
            open: line.open,
            backordered: line.backordered,
            allocated: line.allocated,
            shipped: line.shipped,
            shipped_elsewhere: line.shipped_elsewhere,
            shipped_from: line.shipped_from.as_deref(),
            canceled: line.canceled,
            received: line.received,
            refunded: line.refunded,
        }
    }
}
