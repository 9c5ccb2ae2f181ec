//! `POST /fulfillment-orders/{id}/cancel`: asks for work to be stopped.

use axum::body::Body;
use ordo_domain::Command;
use ordo_domain::check::Check;
use ordo_domain::event::Fault;
use ordo_domain::fulfillment::StopWork;
use serde::Deserialize;
use utoipa::ToSchema;

use super::FulfillmentOrderAnswer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::render::render;
use crate::routes::named;

/// Why the location does not do the work.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
#[schema(as = StopWorkInput)]
struct Input {
    /// A code for why, such as `no_capacity`; `unspecified` where absent.
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Whose doing it was; `seller` where absent.
    fault: Option<Fault>,
}

/// Stops work.
///
/// Work that no location has begun is stopped at once and its units are sourced from elsewhere; else the
/// location is asked, and answers with `answer-stop`. To cancel what was ordered, cancel the order.
#[utoipa::path(
    post,
    path = "/api/v1/fulfillment-orders/{id}/cancel",
    tag = "Fulfillment",
    request_body(content = Input, description = "May be empty."),
    params(
        ("id" = String, Path, description = "The fulfillment order's id."),
        ("If-Match" = Option<String>, Header, description = "The version that must be the current one, as `ETag` gives it."),
    ),
    responses(
        (status = 200, description = "The fulfillment order as it stands then.", body = FulfillmentOrderAnswer),
    ),
)]
pub async fn stop_work(ask: Ask, body: Body) -> Answer {
    let fulfillment_order = ask.id("{id}")?;
    let body = body::read(body).await?;
    let input: Input = body::parse_or_default(&body)?;
    let mut check = Check::default();
    let reason = input.reason_code.as_ref();
    let cause = named::cause(&mut check, "", reason, input.fault, Fault::Seller);
    let command = check.finish(StopWork {
        fulfillment_order,
        cause,
    })?;
    ask.write(Command::StopWork(command), &body, render).await
}
