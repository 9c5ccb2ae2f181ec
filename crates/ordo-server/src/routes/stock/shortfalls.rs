//! `GET /stock/shortfalls`: where facts left less than was promised.

use std::borrow::Cow;

use ordo_domain::id::{LocationId, SkuId};
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_store::StockRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::codes;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::cursor;
use crate::params::{PageParams, Params};
use crate::reach;
use crate::wire::{Page, location_code};

/// A SKU of which a location has less than was promised.
#[derive(Serialize, ToSchema)]
#[schema(as = Shortfall)]
struct ShortfallAnswer<'a> {
    /// The SKU's code.
    #[schema(value_type = String)]
    sku: Option<&'a str>,
    /// The SKU's id.
    #[schema(value_type = String)]
    sku_id: SkuId,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// Units that are promised and not there: allocated + reserved − on_hand.
    #[schema(minimum = 1)]
    missing: i64,
    /// Sellable units that are there.
    #[schema(value_type = i64)]
    on_hand: Quantity,
    /// Bound to order lines.
    #[schema(value_type = i64)]
    allocated: Quantity,
    /// Promised by reservations.
    #[schema(value_type = i64)]
    reserved: Quantity,
    /// Never offered.
    #[schema(value_type = i64)]
    safety: Quantity,
}

/// Lists shortfalls of stock.
///
/// A movement that leaves less than was promised is a fact and never refused. Within seconds, what
/// nobody has picked is sourced from elsewhere or waits, and the shortfall is gone; one that stays needs
/// a person.
#[utoipa::path(
    get,
    path = "/api/v1/stock/shortfalls",
    tag = "Stock",
    params(PageParams),
    responses((status = 200, description = "A page of shortfalls, by SKU and location.", body = Page<ShortfallAnswer>)),
)]
pub async fn list_shortfalls(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let (limit, after) = (params.limit(), params.cursor(cursor::cell));
    params.finish()?;
    let (backend, organization) = (ask.backend(), ask.organization());
    let page = reach::page(
        limit,
        after,
        |after| backend.list_shortfalls(organization, after, limit),
        |row: &StockRow| ask.caller.scope.has_location(row.key.location),
        |row| row.key,
    );
    let page = page.await?;
    let codes = codes(&ask, page.items.iter().map(|row| row.key.sku)).await?;
    let reference = ask.reference().await?;
    let show = |row: &StockRow| {
        let code = codes.get(&row.key.sku).map(String::as_str);
        ShortfallAnswer::of(&reference, code, row)
    };
    Ok(answer::to_read(&Page {
        items: page.items.iter().map(show).collect(),
        next_cursor: page.next.map(cursor::of_cell),
    }))
}

impl<'a> ShortfallAnswer<'a> {
    fn of(reference: &'a Reference, sku: Option<&'a str>, row: &StockRow) -> Self {
        let (key, cell) = (row.key, row.cell);
        Self {
            sku,
            sku_id: key.sku,
            location: location_code(reference, key.location),
            location_id: key.location,
            missing: -cell.unpromised().get(),
            on_hand: cell.on_hand,
            allocated: cell.allocated,
            reserved: cell.reserved,
            safety: cell.safety,
        }
    }
}
