//! `POST /returns/{id}/receive`: goods of a return arrived.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::id::ReturnId;
use ordo_domain::order::LINES_MAX;
use ordo_domain::returns::{Disposition, ReceiveReturn, ReceivedDraft};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named::{ToldUnitsInput, line_ref, told_units};

/// What arrived.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiveInput)]
struct Input {
    /// Units of lines; all that is left where absent or empty.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    lines: Vec<LineInput>,
    /// The code of the location where they are; where absent, where they were expected, else where
    /// they had been sent from.
    #[schema(max_length = 128)]
    location: Option<String>,
    /// What becomes of lines that do not say; `restock` where absent.
    disposition: Option<Disposition>,
}

/// Units of one line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiveLineInput)]
struct LineInput {
    /// The line: the id of the return's or the order's, or its SKU's code where only one line has it.
    #[schema(max_length = 128)]
    line: Option<String>,
    /// The same by the SKU's code alone.
    #[schema(max_length = 128)]
    sku: Option<String>,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
    /// What becomes of them.
    disposition: Option<Disposition>,
    /// Which of them, where they are told apart.
    #[serde(default)]
    units: Vec<ToldUnitsInput>,
}

impl Input {
    fn parse(&self, id: ReturnId) -> Result<ReceiveReturn, ordo_domain::Rejection> {
        let mut check = Check::default();
        if self.lines.len() > LINES_MAX {
            check.refuse("/lines", format!("must hold at most {LINES_MAX} lines"));
        }
        let usual = self.disposition.unwrap_or(Disposition::Restock);
        let lines = (self.lines.iter().take(LINES_MAX).enumerate())
            .map(|(index, input)| {
                let place = format!("/lines/{index}");
                let quantity = check.quantity(&format!("{place}/quantity"), input.quantity);
                let (line, sku) = (input.line.as_deref(), input.sku.as_deref());
                let return_line = line.and_then(|line| line.parse().ok());
                let line = match return_line {
                    Some(_) => None,
                    None => Some(line_ref(&mut check, &place, line, sku)),
                };
                ReceivedDraft {
                    return_line,
                    line,
                    quantity,
                    disposition: input.disposition.unwrap_or(usual),
                    units: told_units(&mut check, &place, &input.units, quantity),
                }
            })
            .collect();
        let location = check.optional_text("/location", self.location.as_ref(), 128);
        check.finish(ReceiveReturn {
            id,
            location,
            lines,
            disposition: usual,
        })
    }
}

/// Records that goods of a return arrived.
///
/// At whatever location. What is restocked can be sold again at once, what is quarantined is kept
/// apart, and what is scrapped never enters the books.
#[utoipa::path(
    post,
    path = "/api/v1/returns/{id}/receive",
    tag = "Returns",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The return's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses((status = 200, description = "The return as it stands then.", body = ReturnAnswer)),
)]
pub async fn receive_return(ask: Ask, body: Body) -> Answer {
    let id: ReturnId = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let command = Command::ReceiveReturn(input.parse(id)?);
    ask.write(command, &body, render).await
}
