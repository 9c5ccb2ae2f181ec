//! `POST /what-ifs`: sources past orders again under other setups, and keeps what came of it.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::response::Response;
use ordo_domain::Code;
use ordo_engine::Idempotency;
use ordo_engine::what_if::WhatIfError;
use ordo_store::ReportsOf;

use super::kept::{Question, WhatIfAnswer};
use super::question::{WhatIfInput, what_if_of_body};
use crate::app::{Answer, Ask};
use crate::body;
use crate::problem::{Problem, respond};

/// The most orders that one request may replay.
pub const ORDERS_MAX: usize = 50_000;
/// What of an id is not its time.
const RANDOM: u128 = (1 << 62) - 1;

/// Sources past orders again under other setups.
///
/// Each order is asked what sourcing asks of a live one, over stock and capacity that the orders before
/// it have used up. Nothing is written but the report, which is kept: the newest 200 that were asked
/// for. One what-if runs at a time for an organization; another one is answered with 429 meanwhile.
#[utoipa::path(
    post,
    path = "/api/v1/what-ifs",
    tag = "Sourcing",
    request_body = WhatIfInput,
    responses((status = 200, description = "What it would have meant.", body = WhatIfAnswer)),
)]
pub async fn ask_what_if(ask: Ask, body: Body) -> Answer {
    let body = body::read(body).await?;
    let engine = &ask.app.engine;
    let mut question = Question {
        at: engine.clock().now(),
        asked_by: ask.caller.key.to_string(),
        series: String::new(),
        seed: engine.clock().fresh(),
        body: body.to_vec(),
    };
    if let Some(once) = ask.idempotency(&body)? {
        question.series = format!("{:032x}", u128::from_be_bytes(once.key.0));
        question.seed = u128::from_be_bytes(once.request_hash);
        if let Some(answer) = answered(&ask, &question, &once).await? {
            return Ok(answer);
        }
    }
    let mut asked = what_if_of_body(&body, ORDERS_MAX)?;
    // The other core goes on taking orders.
    asked.threads = 1;
    let tell = move |report: &_| question.tell(report);
    match engine.what_if(ask.organization(), asked, tell).await {
        Some(Ok(report)) => Ok(respond(200, report.body)),
        Some(Err(WhatIfError::Rejected(rejection))) => Err((*rejection).into()),
        Some(Err(WhatIfError::Store(error))) => Err(error.into()),
        None => Err(Problem::new(
            Code::Overloaded,
            "another what-if of the organization is running; come back when it is done",
        )),
    }
}

/// The answer that the same key got before. The report is found by the key; what of its id is no time
/// tells what was asked.
async fn answered(
    ask: &Ask,
    question: &Question,
    once: &Idempotency,
) -> Result<Option<Response>, Problem> {
    let (backend, organization) = (ask.backend(), ask.organization());
    let series = ReportsOf::Series(question.series.clone());
    let page = backend.list_reports(organization, &series, None, 1).await?;
    let Some(found) = page.items.first() else {
        return Ok(None);
    };
    debug_assert_eq!(u128::from_be_bytes(once.request_hash), question.seed);
    if (found.id.to_u128() ^ question.id().to_u128()) & RANDOM != 0 {
        let detail = "the key came with another body before";
        return Err(Problem::new(Code::IdempotencyKeyReused, detail));
    }
    let report = backend.report(organization, found.id).await?;
    Ok(report.map(|report| {
        let mut answer = respond(200, report.body);
        let replayed = HeaderValue::from_static("true");
        answer
            .headers_mut()
            .insert("idempotency-replayed", replayed);
        answer
    }))
}
