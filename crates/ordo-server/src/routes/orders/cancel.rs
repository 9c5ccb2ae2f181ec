//! `POST /orders/{id}/cancel`: cancels an order, or what of it has not left.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::{Cause, Fault, LineUnits};
use ordo_domain::id::{LineId, OrderId};
use ordo_domain::order::CancelOrder;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

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
    lines: Vec<CancelLineInput>,
}

/// Units of one line to cancel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelLineInput {
    /// The line's id.
    line: String,
    /// How many units of it.
    quantity: i64,
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
    let reason = check.optional_text("/reason_code", input.reason_code.as_ref(), 64);
    let lines = (input.lines.iter().enumerate())
        .map(|(index, units)| LineUnits {
            line: units.line.parse().unwrap_or_else(|error| {
                check.refuse(format!("/lines/{index}/line"), format!("{error}"));
                LineId::default()
            }),
            quantity: check.quantity(&format!("/lines/{index}/quantity"), units.quantity),
        })
        .collect();
    let cause = Cause {
        reason_code: reason.unwrap_or_else(|| "unspecified".to_owned()),
        fault: input.fault.unwrap_or(Fault::Seller),
        initiator: None,
    };
    let command = check.finish(CancelOrder {
        order,
        lines,
        cause,
    })?;
    ask.write(Command::CancelOrder(command), &body, render)
        .await
}
