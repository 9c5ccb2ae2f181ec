//! `POST /reservations`: promises stock, all or nothing; the one place that answers "out of stock".

use axum::body::Body;
use ordo_domain::check::Check;
use ordo_domain::stock::{ReserveLine, ReserveStock};
use ordo_domain::{Command, Rejection};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;

/// As many lines as an order may have.
const LINES_MAX: usize = ordo_domain::order::LINES_MAX;
/// Minutes that a checkout takes.
const SECONDS_DEFAULT: i64 = 900;
/// A week; what is promised for longer is an order.
const SECONDS_MAX: i64 = 7 * 24 * 3_600;

/// What to reserve.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReservationInput {
    /// SKUs with quantities: all of them are reserved, or nothing.
    #[schema(min_items = 1, max_items = 1_000)]
    lines: Vec<ReservationLineInput>,
    /// For how long; 900 where absent.
    #[schema(minimum = 1, maximum = 604_800)]
    seconds: Option<i64>,
}

/// One SKU to reserve.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReservationLineInput {
    /// The SKU's code.
    #[schema(min_length = 1, max_length = 128)]
    sku: String,
    /// How many smallest units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: i64,
}

impl ReservationInput {
    fn parse(&self) -> Result<ReserveStock, Rejection> {
        let mut check = Check::default();
        let seconds = self.seconds.unwrap_or(SECONDS_DEFAULT);
        if !(1..=SECONDS_MAX).contains(&seconds) {
            check.refuse("/seconds", format!("must be from 1 to {SECONDS_MAX}"));
        }
        if self.lines.is_empty() || self.lines.len() > LINES_MAX {
            check.refuse("/lines", format!("must hold 1 to {LINES_MAX} lines"));
        }
        let lines = (self.lines.iter().take(LINES_MAX).enumerate())
            .map(|(index, line)| ReserveLine {
                sku: check.code(&format!("/lines/{index}/sku"), &line.sku),
                quantity: check.quantity(&format!("/lines/{index}/quantity"), line.quantity),
            })
            .collect();
        check.finish(ReserveStock { lines, seconds })
    }
}

/// Reserves stock.
///
/// Binds units until the reservation expires, is released, or an order names it as
/// `reservation_id`. Answers `out_of_stock` where not everything is available.
#[utoipa::path(
    post,
    path = "/api/v1/reservations",
    tag = "Stock",
    request_body = ReservationInput,
    responses((status = 201, description = "Everything is reserved.", body = super::ReservationAnswer)),
)]
pub async fn reserve_stock(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let input: ReservationInput = body::parse(&body)?;
    let command = Command::ReserveStock(input.parse()?);
    ask.write(command, &body, render).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_field_is_named() {
        for (body, fields) in [
            (r#"{"lines":[{"sku":"A","quantity":1}]}"#, vec![]),
            (r#"{"lines":[]}"#, vec!["/lines"]),
            (
                r#"{"lines":[{"sku":"","quantity":0}],"seconds":0}"#,
                vec!["/seconds", "/lines/0/sku", "/lines/0/quantity"],
            ),
            (
                r#"{"lines":[{"sku":"A","quantity":1}],"seconds":604801}"#,
                vec!["/seconds"],
            ),
        ] {
            let input: ReservationInput = body::parse(body.as_bytes()).unwrap();
            let refused: Vec<String> = match input.parse() {
                Ok(_) => Vec::new(),
                Err(rejection) => rejection.fields.into_iter().map(|f| f.field).collect(),
            };
            assert_eq!(refused, fields, "{body}");
        }
    }
}
