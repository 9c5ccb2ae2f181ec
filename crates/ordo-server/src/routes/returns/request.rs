//! `POST /orders/{id}/returns`: asks for a return.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::Fault;
use ordo_domain::id::OrderId;
use ordo_domain::order::LINES_MAX;
use ordo_domain::returns::{RequestReturn, ReturnLineDraft};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{cause, line_ref};

/// What is to come back.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnInput)]
struct Input {
    /// Units of lines; all that may be returned where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineInput>,
    /// The code of the location where it is expected; it may arrive anywhere.
    #[schema(max_length = 128)]
    location: Option<String>,
    /// A code for why, such as `does_not_fit`, for lines that do not say; `unspecified` where absent.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was, for lines that do not say; `buyer` where absent.
    fault: Option<Fault>,
}

/// Units of one line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnLineInput)]
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
    /// A code for why.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was.
    fault: Option<Fault>,
}

impl Input {
    fn parse(&self, order: OrderId) -> Result<RequestReturn, ordo_domain::Rejection> {
        let mut check = Check::default();
        let fault = self.fault.unwrap_or(Fault::Buyer);
        let usual = cause(&mut check, "", self.reason_code.as_ref(), None, fault);
        if self.lines.len() > LINES_MAX {
            check.refuse("/lines", format!("must hold at most {LINES_MAX} lines"));
        }
        let lines = (self.lines.iter().take(LINES_MAX).enumerate())
            .map(|(index, input)| {
                let place = format!("/lines/{index}");
                let reason = input.reason_code.as_ref().or(self.reason_code.as_ref());
                ReturnLineDraft {
                    line: line_ref(
                        &mut check,
                        &place,
                        input.line.as_deref(),
                        input.sku.as_deref(),
                    ),
                    quantity: check.quantity(&format!("{place}/quantity"), input.quantity),
                    cause: cause(&mut check, &place, reason, input.fault, fault),
                }
            })
            .collect();
        let location = check.optional_text("/location", self.location.as_ref(), 128);
        check.finish(RequestReturn {
            order,
            lines,
            cause: usual,
            location,
        })
    }
}

/// Asks for a return.
///
/// Of what has left and is not on its way back yet.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/returns",
    tag = "Returns",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 201, description = "The return.", body = ReturnAnswer)),
)]
pub async fn request_return(ask: Ask, body: Body) -> Answer {
    let order: OrderId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = Command::RequestReturn(input.parse(order)?);
    ask.write(command, &body, render).await
}
