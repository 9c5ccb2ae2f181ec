//! `POST /orders/{id}/cancel`: cancels an order, or what of it has not left.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::Fault;
use ordo_domain::id::OrderId;
use ordo_domain::order::{CancelLine, CancelOrder};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{self, LineUnitsInput, line_units};

/// Why an order is canceled.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct CancelInput {
    /// A code for why, such as `buyer_changed_mind`; `unspecified` where absent.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was; `seller` where absent.
    fault: Option<Fault>,
    /// Which units; everything that has not left where absent.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineUnitsInput>,
}

/// Cancels an order.
///
/// Cancels what no location has begun to work on and gives its stock back. Canceling a canceled
/// order changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/cancel",
    tag = "Orders",
    request_body(content = CancelInput, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The order as it stands then.", body = super::render::OrderAnswer),
    ),
)]
pub async fn cancel_order(ask: Ask, body: Body) -> Answer {
    let order: OrderId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: CancelInput = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let lines = line_units(&mut check, "/lines", &input.lines);
    let lines = (lines.into_iter())
        .map(|units| CancelLine {
            line: units.line,
            quantity: units.quantity,
        })
        .collect();
    let reason = input.reason_code.as_ref();
    let cause = named::cause(&mut check, "", reason, input.fault, Fault::Seller);
    let command = check.finish(CancelOrder {
        order,
        lines,
        cause,
    })?;
    ask.write(Command::CancelOrder(command), &body, render)
        .await
}
