//! `POST /stock/movements`: records that physical stock changed.

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::quantity::{QUANTITY_MAX, Quantity};
use ordo_domain::stock::{Condition, LotMark, MoveStock, MovementKind};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// A movement of physical stock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MovementInput {
    /// Why; `ship` is not accepted, goods leave through fulfillment orders.
    kind: MovementKind,
    /// The SKU's code.
    #[schema(min_length = 1, max_length = 128)]
    sku: String,
    /// The location's code.
    #[schema(min_length = 1, max_length = 128)]
    location: String,
    /// Units: the signed difference for `adjust`, what was found for `count`, what is never offered
    /// from now on for `safety`, else how many moved.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    quantity: i64,
    /// The lot; for SKUs that are tracked by lot, and only for those.
    #[schema(max_length = 128)]
    lot: Option<String>,
    /// The condition of units of the lot; `new` where absent.
    condition: Option<Condition>,
    /// The last day on which units of the lot are good, `YYYY-MM-DD`.
    #[schema(example = "2027-12-31")]
    expires_on: Option<String>,
    /// Words about it; no person's data.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Reads the body of a request to record a movement.
///
/// # Errors
/// It is not JSON, or not of this form; every refused field is named.
pub fn movement_of_body(body: &[u8]) -> Result<MoveStock, Rejection> {
    body::parse::<MovementInput>(body)?.parse()
}

impl MovementInput {
    fn parse(&self) -> Result<MoveStock, Rejection> {
        let mut check = Check::default();
        let (quantity, message) = match self.kind {
            MovementKind::Adjust => (
                Quantity::signed(self.quantity).filter(|quantity| !quantity.is_zero()),
                "must be from -1000000000 to 1000000000 and not 0",
            ),
            MovementKind::Count | MovementKind::Safety => (
                Quantity::signed(self.quantity).filter(|quantity| *quantity >= Quantity::ZERO),
                "must be from 0 to 1000000000",
            ),
            MovementKind::Receive
            | MovementKind::TransferOut
            | MovementKind::TransferIn
            | MovementKind::Quarantine
            | MovementKind::Unquarantine
            | MovementKind::Dispose
            | MovementKind::Ship => (
                Quantity::positive(self.quantity),
                "must be from 1 to 1000000000",
            ),
        };
        debug_assert_eq!(QUANTITY_MAX, 1_000_000_000, "the messages name the limit");
        if quantity.is_none() {
            check.refuse("/quantity", message);
        }
        let movement = MoveStock {
            kind: self.kind,
            sku: check.code("/sku", &self.sku),
            location: check.code("/location", &self.location),
            quantity: quantity.unwrap_or_default(),
            lot: self.lot(&mut check),
            reason: check.optional_text("/reason", self.reason.as_ref(), 500),
        };
        check.finish(movement)
    }
}

impl MovementInput {
    /// What it says of the lot.
    fn lot(&self, check: &mut Check) -> Option<LotMark> {
        let expires_on = self.expires_on.as_ref().and_then(|text| {
            let date = text.parse().ok();
            if date.is_none() {
                check.refuse("/expires_on", "must be a date such as 2027-12-31");
            }
            date
        });
        let name = check.optional_text("/lot", self.lot.as_ref(), 128);
        if name.is_none() && (self.condition.is_some() || self.expires_on.is_some()) {
            check.refuse("/lot", "is missing beside what is said of it");
        }
        Some(LotMark {
            name: name?,
            condition: self.condition.unwrap_or_default(),
            expires_on,
        })
    }
}

/// Records a movement of stock.
///
/// A movement is a fact and is not refused because orders count on the units; what it leaves
/// uncovered is named.
#[utoipa::path(
    post,
    path = "/api/v1/stock/movements",
    tag = "Stock",
    request_body = MovementInput,
    responses((status = 201, description = "The stock as it stands then.", body = super::StockAnswer)),
)]
pub async fn move_stock(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let command = movement_of_body(&body)?;
    ask.must_reach_location(&command.location).await?;
    // The same request names the same SKU, so a stored answer needs not.
    let sku = crate::wire::to_json(&command.sku);
    let reply = ask
        .submit(Command::MoveStock(command), &body, render)
        .await?;
    let shown = reply.body().replacen(NO_SKU, &format!("\"sku\":{sku}"), 1);
    Ok(answer::to_write_as(&reply, shown))
}

/// What stands where the SKU's code goes: a cell knows its SKU by id alone.
const NO_SKU: &str = "\"sku\":null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_bounded_by_the_kind_of_movement() {
        for (kind, quantity, accepted) in [
            ("receive", 1, true),
            ("receive", 0, false),
            ("receive", -1, false),
            ("receive", 1_000_000_001, false),
            ("adjust", -5, true),
            ("adjust", 0, false),
            ("adjust", i64::MIN, false),
            ("count", 0, true),
            ("count", -1, false),
            ("safety", 0, true),
            ("safety", -1, false),
            ("dispose", 1, true),
        ] {
            let body =
                format!(r#"{{"kind":"{kind}","sku":"A","location":"BER","quantity":{quantity}}}"#);
            let input: MovementInput = body::parse(body.as_bytes()).unwrap();
            assert_eq!(input.parse().is_ok(), accepted, "{body}");
        }
    }
}
