//! `POST /returns/{id}/refund` and `POST /orders/{id}/refunds`: pays back, for a return or without.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::{Check, MoneyInput};
use ordo_domain::id::{OrderId, ReturnId};
use ordo_domain::order::LINES_MAX;
use ordo_domain::returns::{RefundLineDraft, RefundOrder, Return};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::read;
use crate::render::render;
use crate::routes::named::{amount, line_ref};
use crate::routes::orders::OrderAnswer;

/// What is to go back.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundInput)]
struct Input {
    /// Units of lines, each with its share of price, discount and tax. Where absent or empty: for a
    /// return, all that arrived and was not paid back; for an order where nothing else is said, all
    /// that was canceled and not paid back.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineInput>,
    /// Of the shipping price.
    shipping: Option<MoneyInput>,
    /// For nothing in particular.
    goodwill: Option<MoneyInput>,
    /// A code for why.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// The payment provider's own id of it.
    #[schema(max_length = 255)]
    external_id: Option<String>,
}

/// Units of one line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefundLineInput)]
struct LineInput {
    /// The order line: its id, or its SKU's code where only one line has it.
    #[schema(max_length = 128)]
    line: Option<String>,
    /// The same by the SKU's code alone.
    #[schema(max_length = 128)]
    sku: Option<String>,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
}

impl Input {
    fn parse(
        &self,
        order: OrderId,
        return_id: Option<ReturnId>,
    ) -> Result<RefundOrder, ordo_domain::Rejection> {
        let mut check = Check::default();
        if self.lines.len() > LINES_MAX {
            check.refuse("/lines", format!("must hold at most {LINES_MAX} lines"));
        }
        let lines = (self.lines.iter().take(LINES_MAX).enumerate())
            .map(|(index, input)| {
                let place = format!("/lines/{index}");
                RefundLineDraft {
                    line: line_ref(
                        &mut check,
                        &place,
                        input.line.as_deref(),
                        input.sku.as_deref(),
                    ),
                    quantity: check.quantity(&format!("{place}/quantity"), input.quantity),
                }
            })
            .collect();
        let shipping = amount(&mut check, "/shipping", self.shipping.as_ref());
        let goodwill = amount(&mut check, "/goodwill", self.goodwill.as_ref());
        let reason_code = check.optional_text("/reason_code", self.reason_code.as_ref(), 64);
        let external_id = check.optional_text("/external_id", self.external_id.as_ref(), 255);
        check.finish(RefundOrder {
            order,
            return_id,
            lines,
            shipping,
            goodwill,
            reason_code,
            external_id,
        })
    }
}

/// Pays back for a return.
///
/// To the cent: any sequence of partial refunds of everything sums to exactly what was paid.
#[utoipa::path(
    post,
    path = "/api/v1/returns/{id}/refund",
    tag = "Returns",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The return's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The return as it stands then, with its refunds.", body = ReturnAnswer)),
)]
pub async fn refund_return(ask: Ask, body: Body) -> Answer {
    let id: ReturnId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    // A return is of the same order for good.
    let found: Return = read::find(&ask, id).await?;
    let command = Command::RefundOrder(input.parse(found.order, Some(id))?);
    ask.write(command, &body, render).await
}

/// Pays back without a return.
///
/// For what was canceled, for units that need not come back, of the shipping, or as goodwill.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/refunds",
    tag = "Returns",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The order as it stands then, with its refunds.", body = OrderAnswer)),
)]
pub async fn refund_order(ask: Ask, body: Body) -> Answer {
    let order: OrderId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = Command::RefundOrder(input.parse(order, None)?);
    ask.write(command, &body, render).await
}
