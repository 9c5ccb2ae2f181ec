//! `POST /orders/import`: takes many orders in, one JSON object per line, and answers line by line.
//!
//! Lines are read as they come and decided in bulk, many at once; a line that cannot be taken in is
//! answered as rejected and the rest goes on. Invariant: neither the body nor the orders in flight
//! are ever held as a whole; both are bounded by bytes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use ordo_domain::order::OrderInput;
use ordo_domain::reference::Reference;
use ordo_domain::{Actor, Applied, Code, Command, Rejection};
use ordo_engine::{Lane, Reply};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::ToSchema;

use super::lines::{Line, Lines};
use crate::answer;
use crate::app::{Answer, Ask};
use crate::body;
use crate::idempotency;
use crate::problem::rejection_json;
use crate::wire;

/// Orders that are decided at once: two full batches.
const ORDERS_MAX: usize = 2_048;
/// Bytes of orders that are decided at once.
const BYTES_MAX: usize = 16 << 20;
/// Answers that wait for a client which sends without reading; past this it must read.
const ANSWERS_MAX: usize = 65_536;
/// How long a line waits for room in the queue before it is rejected.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries to find room in the queue.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a line.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportLine)]
struct LineAnswer {
    /// The line's number, from 1; empty lines are counted and not answered.
    line: u64,
    /// `created`, `updated`, `unchanged` or `rejected`.
    outcome: &'static str,
    /// The order's id, unless it was rejected.
    order_id: Option<String>,
    /// Why it was rejected.
    #[schema(value_type = Option<crate::problem::ProblemSchema>)]
    problem: Option<Box<RawValue>>,
}

/// Takes many orders in.
///
/// One order per line, in the input form of a single order; one answer per line, in their order,
/// while lines still come in. Every order is committed by itself: whatever was answered is kept, also
/// when the connection breaks. With an `Idempotency-Key` it holds for each line.
#[utoipa::path(
    post,
    path = "/api/v1/orders/import",
    tag = "Orders",
    request_body(content = OrderInput, content_type = "application/x-ndjson", description = "Orders, one JSON object per line."),
    responses((status = 200, description = "What became of each line, one JSON object per line.", body = LineAnswer, content_type = "application/x-ndjson")),
)]
pub async fn import_orders(ask: Ask, body: Body) -> Answer {
    let key = idempotency::key_of(&ask.parts.headers)?.map(str::to_owned);
    let lines = Lines::of(body, body::BYTES_MAX);
    let (answers, answered) = mpsc::channel(ANSWERS_MAX);
    // A task of its own, so that a client may send everything before it reads anything: a body and
    // its answer share one connection, and each could wait for the other for ever.
    tokio::spawn(import(Arc::new(Import { ask, key }), lines, answers));
    let mut response = Response::new(Body::from_stream(chunks(answered)));
    let content_type = HeaderValue::from_static("application/x-ndjson");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

struct Import {
    ask: Ask,
    key: Option<String>,
}

/// A step of an import, as its client sees it.
enum Step {
    Answer(String),
    /// Every line has been answered. Without it the answer breaks off, so that nobody takes half an
    /// import for a whole one.
    End,
}

/// Takes all lines in, until they end or nobody listens any more.
async fn import(import: Arc<Import>, lines: Lines, answers: mpsc::Sender<Step>) {
    let room = Arc::new(Semaphore::new(BYTES_MAX));
    let lines = stream::unfold((lines, 0_u64), |(mut lines, number)| async move {
        let line = lines.next().await?;
        Some(((line, number + 1), (lines, number + 1)))
    });
    let work = lines
        .filter(|(line, _)| std::future::ready(!matches!(line, Ok(Line::Blank))))
        .then(|(line, number)| {
            let room = Arc::clone(&room);
            async move { (permit(room, &line).await, line, number) }
        })
        .map(|(permit, line, number)| {
            let import = Arc::clone(&import);
            async move {
                let answer = import.take(number, line).await;
                drop(permit);
                answer
            }
        })
        .buffered(ORDERS_MAX);
    let mut work = std::pin::pin!(work);
    while let Some(answer) = work.next().await {
        // A body that broke off was abandoned; a closed channel means that nobody reads.
        let Ok(answer) = answer else { return };
        if answers.send(Step::Answer(answer)).await.is_err() {
            return;
        }
    }
    // Nobody may be left to read it.
    let _ = answers.send(Step::End).await;
}

/// Waits until the line's bytes may be in flight.
async fn permit(
    room: Arc<Semaphore>,
    line: &Result<Line, axum::Error>,
) -> Option<OwnedSemaphorePermit> {
    let size = match line {
        Ok(Line::Text(text)) => u32::try_from(text.len()).unwrap_or(u32::MAX),
        Ok(Line::Blank | Line::TooLong) | Err(_) => 0,
    };
    // Nobody closes the semaphore.
    room.acquire_many_owned(size).await.ok()
}

impl Import {
    /// Takes one line in; answers what became of it.
    async fn take(
        &self,
        number: u64,
        line: Result<Line, axum::Error>,
    ) -> Result<String, axum::Error> {
        let result = match line? {
            Line::Text(text) => self.capture(number, &text).await,
            Line::TooLong => {
                let detail = format!("a line holds at most {} bytes", body::BYTES_MAX);
                Err(Rejection::new(Code::BodyTooLarge, detail))
            }
            // Filtered out before.
            Line::Blank => return Ok(String::new()),
        };
        let rejected = |problem: String| LineAnswer {
            line: number,
            outcome: "rejected",
            order_id: None,
            problem: RawValue::from_string(problem).ok(),
        };
        let answer = match result {
            Err(rejection) => rejected(rejection_json(&rejection)),
            Ok(reply) => match answer::outcome(&reply) {
                None => rejected(reply.template),
                Some(outcome) => LineAnswer {
                    line: number,
                    outcome: outcome.name(),
                    order_id: reply.order.map(|id| id.to_string()),
                    problem: None,
                },
            },
        };
        Ok(wire::to_json(&answer) + "\n")
    }

    async fn capture(&self, number: u64, text: &Bytes) -> Result<Reply, Rejection> {
        let caller = &self.ask.caller;
        let idempotency = self
            .key
            .as_deref()
            .map(|key| idempotency::of_line(&self.ask.parts, caller.key, key, number, text));
        let mut waited = Duration::ZERO;
        loop {
            let input: OrderInput = body::parse(text)?;
            let request = ordo_engine::Request {
                command: Command::CaptureOrder(Box::new(input.parse()?)),
                actor: Actor::ApiKey(caller.key),
                lane: Lane::Bulk,
                idempotency,
                expects: None,
                size: text.len(),
                render: render_line,
            };
            let engine = &self.ask.app.engine;
            match engine.submit(caller.organization, request).await {
                Ok(reply) => return Ok(reply),
                Err(overloaded) if waited >= PATIENCE => {
                    return Err(Rejection::new(Code::Overloaded, overloaded.to_string()));
                }
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
            }
        }
    }
}

/// A line's answer needs no order, so none is written.
fn render_line(_: &Reference, result: Result<&Applied, &Rejection>) -> (u16, String) {
    match result {
        Ok(applied) => (answer::status_of(applied.outcome), String::new()),
        Err(rejection) => (rejection.code.status(), rejection_json(rejection)),
    }
}

/// The answers that are ready, joined; an error where they end before the end.
fn chunks(answered: mpsc::Receiver<Step>) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::unfold(Some(answered), |answered| async move {
        let mut answered = answered?;
        let mut steps = Vec::new();
        if answered.recv_many(&mut steps, 256).await == 0 {
            let error = std::io::Error::other("the import broke off");
            return Some((Err(error), None));
        }
        let ended = matches!(steps.last(), Some(Step::End));
        let joined: String = (steps.into_iter())
            .map(|step| match step {
                Step::Answer(answer) => answer,
                Step::End => String::new(),
            })
            .collect();
        Some((Ok(Bytes::from(joined)), (!ended).then_some(answered)))
    })
}
