//! `GET /stock/lots`: the lots of a SKU, with what is left of them where.

use std::borrow::Cow;

use ordo_domain::id::LocationId;
use ordo_domain::quantity::Quantity;
use ordo_domain::reference::Reference;
use ordo_domain::stock::{Condition, Lot, LotKey};
use ordo_domain::world::{Key, Row};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::sku_id;
use crate::answer;
use crate::app::{Answer, Ask};
use crate::params::Params;
use crate::wire::location_code;

/// What is left of a lot at one location.
#[derive(Serialize, ToSchema)]
#[schema(as = StockLot)]
struct LotAnswer<'a> {
    /// The SKU's code.
    sku: &'a str,
    /// The location's code.
    location: Cow<'a, str>,
    /// The location's id.
    #[schema(value_type = String)]
    location_id: LocationId,
    /// The lot's own name.
    lot: &'a str,
    /// The condition of the units.
    condition: Condition,
    /// The last day on which they are good.
    expires_on: Option<String>,
    /// Sellable units that are there.
    #[schema(value_type = i64)]
    on_hand: Quantity,
    /// There, but not sellable.
    #[schema(value_type = i64)]
    quarantined: Quantity,
    /// Of those on hand, collected for an order and not yet shipped.
    #[schema(value_type = i64)]
    picked: Quantity,
}

/// The lots of a SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = StockLots)]
struct LotsAnswer<'a> {
    /// The lots of which something is left, by location and name.
    items: Vec<LotAnswer<'a>>,
    /// Always `null`: a SKU's lots come at once.
    next_cursor: Option<String>,
}

impl<'a> LotAnswer<'a> {
    fn of(reference: &'a Reference, sku: &'a str, key: &'a LotKey, lot: &Lot) -> Self {
        Self {
            sku,
            location: location_code(reference, key.cell.location),
            location_id: key.cell.location,
            lot: &key.name,
            condition: key.condition,
            expires_on: lot.expires_on.map(|date| date.to_string()),
            on_hand: lot.on_hand,
            quarantined: lot.quarantined,
            picked: lot.picked,
        }
    }
}

/// Lists the lots of a SKU.
#[utoipa::path(
    get,
    path = "/api/v1/stock/lots",
    tag = "Stock",
    params(
        ("sku" = String, Query, description = "The SKU's code."),
        ("location" = Option<String>, Query, description = "A location's code; all where absent."),
    ),
    responses((status = 200, description = "What is left of its lots.", body = LotsAnswer)),
)]
pub async fn list_lots(ask: Ask) -> Answer {
    let mut params = Params::of(&ask.parts.uri)?;
    let code = params.text("sku", 128);
    if code.is_none() {
        params.refuse("sku", "is required");
    }
    let at = params.text("location", 128);
    params.finish()?;
    let reference = ask.reference().await?;
    let code = code.unwrap_or_default();
    let mut lots: Vec<(LotKey, Lot)> = Vec::new();
    if let Some(sku) = sku_id(&ask, &code).await? {
        let keys = [Key::Lots(sku)];
        for row in ask.backend().load(ask.organization(), &keys).await? {
            if let Row::Lots { lots: found, .. } = row {
                lots.extend(found);
            }
        }
    }
    if let Some(at) = at {
        let location = reference.location_by_code(&at).map(|location| location.id);
        lots.retain(|(key, _)| Some(key.cell.location) == location);
    }
    lots.retain(|(key, _)| ask.caller.scope.has_location(key.cell.location));
    lots.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(answer::to_read(&LotsAnswer {
        items: (lots.iter())
            .map(|(key, lot)| LotAnswer::of(&reference, &code, key, lot))
            .collect(),
        next_cursor: None,
    }))
}
