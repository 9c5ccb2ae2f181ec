//! `POST /what-ifs`: sources past orders again under other setups.

use axum::body::Body;
use ordo_domain::Code;
use ordo_engine::what_if::WhatIfError;

use super::WhatIfReportAnswer;
use super::variant::{WhatIfInput, what_if_of_body};
use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::problem::Problem;

/// The most orders that one request may replay.
const ORDERS_MAX: usize = 50_000;

/// Sources past orders again under other setups.
///
/// Each order is asked what sourcing asks of a live one, over stock and capacity that the orders before
/// it have used up. Nothing is written. One what-if runs at a time for an organization; another one is
/// answered with 429 meanwhile.
#[utoipa::path(
    post,
    path = "/api/v1/what-ifs",
    tag = "Sourcing",
    request_body = WhatIfInput,
    responses((status = 200, description = "What it would have meant.", body = WhatIfReportAnswer)),
)]
pub async fn ask_what_if(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let mut asked = what_if_of_body(&body, ORDERS_MAX)?;
    // The other core goes on taking orders.
    asked.threads = 1;
    let running = ask.app.engine.what_if(ask.organization(), asked).await;
    match running {
        Some(Ok(report)) => Ok(answer::to_read(&WhatIfReportAnswer::of(&report))),
        Some(Err(WhatIfError::Rejected(rejection))) => Err((*rejection).into()),
        Some(Err(WhatIfError::Store(error))) => Err(error.into()),
        None => Err(Problem::new(
            Code::Overloaded,
            "another what-if of the organization is running; come back when it is done",
        )),
    }
}
