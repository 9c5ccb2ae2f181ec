//! Imports into a running Ordo over HTTP: what orders name is posted, and orders go by chunks of
//! NDJSON to the import operation, whose answers are read line by line.
//!
//! A request that gets no answer is sent again: all of them are safe to repeat.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use ordo_connectors::import::OrderItem;
use ordo_domain::{Code, Outcome};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::chunks::{Chunk, Row};
use super::done::{Came, Done, Refused};
use crate::cmd::forms;
use crate::compose::Failure;

/// Tries of a request that gets no answer or is told to come back.
const TRIES_MAX: u32 = 60;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);
/// Requests at once that make one thing each.
const MAKES_MAX: usize = 16;
/// How long a connection may take to be made, or an answer to go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Ordo and the key for it.
pub struct Remote {
    client: Client,
    url: String,
    key: String,
}

/// The answer to a line of an import.
#[derive(Deserialize)]
struct LineAnswer {
    line: u64,
    outcome: String,
    problem: Option<Problem>,
}

/// A problem, as far as it is told on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    field: String,
    message: String,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let mut fields = problem.fields.into_iter();
        let (field, reason) = match fields.next() {
            None => (String::new(), problem.detail),
            Some(first) => {
                let rest = fields.map(|more| format!("; {}: {}", more.field, more.message));
                (first.field, first.message + &rest.collect::<String>())
            }
        };
        Self {
            code: problem.code,
            field,
            reason,
        }
    }
}

/// Why a request came to nothing.
enum Lost {
    /// Another try may help.
    Now(String),
    /// No other try will.
    ForGood(Failure),
}

impl Remote {
    /// Asks the server at `url` whether it takes `key`.
    ///
    /// # Errors
    /// It does not answer, or refuses the key.
    pub async fn connect(url: &str, key: &str) -> Result<Self, Failure> {
        let client = Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .build()
            .map_err(|error| Failure::Open(error.to_string()))?;
        let remote = Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        };
        let (status, body) = (remote.ask(Method::GET, "/api/v1/channels?limit=1", None)).await?;
        if status == StatusCode::OK {
            return Ok(remote);
        }
        let problem: Problem = serde_json::from_str(&body).unwrap_or_default();
        let message = format!("{} answers {status}: {}", remote.url, problem.detail);
        Err(Failure::Open(message))
    }

    /// Sends a request, again as long as it gets no answer or is told to come back.
    ///
    /// # Errors
    /// No try was answered.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Map<String, Value>>,
    ) -> Result<(StatusCode, String), Failure> {
        let text = body.map(|body| serde_json::to_string(body).map_err(std::io::Error::from));
        let text = text.transpose()?;
        self.again(|| self.ask_once(method.clone(), path, text.clone()))
            .await
    }

    async fn ask_once(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(StatusCode, String), Lost> {
        let lost = |error: reqwest::Error| Lost::Now(told(&error));
        let mut request = (self.client)
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.key);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let body = response.text().await.map_err(lost)?;
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Lost::Now(format!("it answers {status}")))
            }
            _ => Ok((status, body)),
        }
    }

    async fn again<T, F: Future<Output = Result<T, Lost>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Failure> {
        let mut last = String::new();
        for _ in 0..TRIES_MAX {
            match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(Lost::ForGood(failure)) => return Err(failure),
                Err(Lost::Now(reason)) => last = reason,
            }
            tokio::time::sleep(PAUSE).await;
        }
        let url = &self.url;
        let message = format!(
            "{url} does not answer ({last}); the same command goes on where this one stopped"
        );
        Err(Failure::Open(message))
    }

    /// Everything that a list shows.
    ///
    /// # Errors
    /// The server does not answer, or not with a list.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = format!("{path}?limit=200{cursor}");
            let (status, body) = self.ask(Method::GET, &page, None).await?;
            let mut answer: Value = serde_json::from_str(&body).unwrap_or_default();
            let Value::Array(items) = answer["items"].take() else {
                let message = format!("{}{path} answers {status}", self.url);
                return Err(Failure::Open(message));
            };
            all.extend(items);
            match answer["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Makes one thing.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn make(&self, path: &str, body: &Map<String, Value>) -> Result<Done, Failure> {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await?;
        if status.is_success() {
            return Ok(Done::Took(Outcome::Created));
        }
        let problem: Problem = serde_json::from_str(&answer).unwrap_or_default();
        Ok(Done::Refused(problem.into()))
    }

    /// Changes one thing.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn change(&self, path: &str, body: &Map<String, Value>) -> Result<Done, Failure> {
        let (status, answer) = self.ask(Method::PATCH, path, Some(body)).await?;
        if status.is_success() {
            return Ok(Done::Took(Outcome::Updated));
        }
        let problem: Problem = serde_json::from_str(&answer).unwrap_or_default();
        Ok(Done::Refused(problem.into()))
    }

    /// Makes what the orders of a chunk name: channels and locations first, then SKUs.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn prepare(&self, chunk: &Chunk) -> Result<(), Failure> {
        let channels = (chunk.channels.iter()).map(|channel| {
            let what = format!("channel {}", channel.code);
            (what, "/api/v1/channels", forms::channel_body(channel))
        });
        let locations = (chunk.locations.iter()).map(|location| {
            let what = format!("location {}", location.code);
            (what, "/api/v1/locations", forms::location_body(location))
        });
        let skus = (chunk.skus.iter()).map(|sku| {
            let what = format!("SKU {}", sku.code);
            (what, "/api/v1/skus", forms::sku_body(sku))
        });
        let made = stream::iter(channels.chain(locations).chain(skus))
            .map(|(what, path, body)| async move {
                Ok::<_, Failure>((what, self.make(path, &body).await?))
            })
            .buffered(MAKES_MAX);
        let mut made = std::pin::pin!(made);
        while let Some(made) = made.next().await {
            if let (what, Done::Refused(refused)) = made?
                && refused.code != Code::CodeTaken.slug()
            {
                tracing::warn!("{what} was not made: {} {}", refused.field, refused.reason);
            }
        }
        Ok(())
    }

    /// Sends the orders of a chunk; answers what became of each row, in their order.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn capture(&self, rows: Vec<Row>) -> Result<Vec<Came>, Failure> {
        let mut orders: Vec<Box<OrderItem>> = Vec::with_capacity(rows.len());
        let mut came: Vec<Option<Came>> = Vec::with_capacity(rows.len());
        for row in rows {
            came.push(match row {
                Row::Rejected(reject) => Some(Came::Rejected(reject.into())),
                Row::Order(order) => {
                    orders.push(order);
                    None
                }
            });
        }
        let mut done: Vec<Done> = Vec::with_capacity(orders.len());
        while done.len() < orders.len() {
            let rest = &orders[done.len()..];
            let answered = self.again(|| self.import(rest)).await?;
            done.extend(answered);
        }
        let mut of_orders = orders.into_iter().zip(done).map(|(order, done)| {
            let origin = order.origin;
            done.of_row(&origin.source, origin.row, order.raw)
        });
        Ok((came.into_iter())
            .filter_map(|came| came.or_else(|| of_orders.next()))
            .collect())
    }

    /// Sends orders; answers what became of the first of them: all, where the answer did not break
    /// off.
    async fn import(&self, orders: &[Box<OrderItem>]) -> Result<Vec<Done>, Lost> {
        let mut body = Vec::new();
        for order in orders {
            serde_json::to_writer(&mut body, &order.input)
                .map_err(|error| Lost::ForGood(Failure::Io(error.into())))?;
            body.push(b'\n');
        }
        let lost = |error: reqwest::Error| Lost::Now(told(&error));
        let response = (self.client)
            .post(format!("{}/api/v1/orders/import", self.url))
            .bearer_auth(&self.key)
            .header("content-type", "application/x-ndjson")
            .body(body)
            .send()
            .await
            .map_err(lost)?;
        let status = response.status();
        if status != StatusCode::OK {
            let problem: Problem =
                serde_json::from_str(&response.text().await.map_err(lost)?).unwrap_or_default();
            let message = format!("{} answers {status}: {}", self.url, problem.detail);
            return Err(match status {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    Lost::Now(message)
                }
                _ => Lost::ForGood(Failure::Open(message)),
            });
        }
        let mut done: Vec<Done> = Vec::with_capacity(orders.len());
        let mut pending: Vec<u8> = Vec::new();
        let mut parts = response.bytes_stream();
        while let Some(part) = parts.next().await {
            // What was answered before it broke off is kept.
            let Ok(part) = part else { break };
            pending.extend_from_slice(&part);
            let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else {
                continue;
            };
            for line in pending[..end].split(|byte| *byte == b'\n') {
                done.push(line_answer(line, done.len())?);
            }
            pending.drain(..=end);
        }
        match done.first() {
            // Temporary refusals of single lines are asked again with what follows them.
            _ if done.len() > orders.len() => Err(confused("more answers than orders")),
            None if !orders.is_empty() => Err(Lost::Now("the answer broke off".to_owned())),
            Some(_) | None => {
                let later = |done: &Done| match done {
                    Done::Refused(refused) => is_passing(&refused.code),
                    Done::Took(_) => false,
                };
                match done.iter().position(later) {
                    Some(0) => Err(Lost::Now("it is overloaded".to_owned())),
                    Some(first) => {
                        done.truncate(first);
                        Ok(done)
                    }
                    None => Ok(done),
                }
            }
        }
    }
}

/// Whether a refusal says to come back.
fn is_passing(code: &str) -> bool {
    [Code::Busy, Code::Overloaded, Code::Unavailable]
        .iter()
        .any(|passing| passing.slug() == code)
}

/// What one line of the answer says; lines are answered in their order.
fn line_answer(line: &[u8], before: usize) -> Result<Done, Lost> {
    let answer: LineAnswer =
        serde_json::from_slice(line).map_err(|error| confused(&error.to_string()))?;
    if answer.line != before as u64 + 1 {
        return Err(confused("answers out of order"));
    }
    Ok(match answer.outcome.as_str() {
        "created" => Done::Took(Outcome::Created),
        "updated" => Done::Took(Outcome::Updated),
        "unchanged" => Done::Took(Outcome::Unchanged),
        _ => Done::Refused(answer.problem.unwrap_or_default().into()),
    })
}

/// The other side does not speak as Ordo does.
fn confused(what: &str) -> Lost {
    let message = format!("the answer is not Ordo's: {what}");
    Lost::ForGood(Failure::Open(message))
}

/// An error with its causes, which say more than it does.
fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
