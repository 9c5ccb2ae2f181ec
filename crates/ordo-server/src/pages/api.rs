//! Operations of the API as pages ask for them, on behalf of somebody who is signed in: the same
//! roles, checks and answers, without a second way to any of them.

use std::fmt::Write;

use axum::body::{self, Body};
use axum::http::{Request, StatusCode, header};
use serde_json::Value;

use super::Visit;
use crate::app;
use crate::operations::Method;

/// The largest answer that a page reads.
const ANSWER_MAX: usize = 32 << 20;

/// What the API refused, and why.
#[derive(Debug)]
pub struct Refused {
    /// The status that it answered with.
    pub status: StatusCode,
    /// In words; one sentence per field, where fields are at fault.
    pub words: Vec<String>,
}

impl Visit {
    /// Reads.
    pub async fn get(&self, path: &'static str, id: &str, query: &str) -> Result<Value, Refused> {
        self.ask(Method::Get, path, id, query, Body::empty()).await
    }

    /// Asks the operation at `path`, with `id` in the place of `{id}` and a query that is encoded
    /// already.
    pub async fn ask(
        &self,
        method: Method,
        path: &'static str,
        id: &str,
        query: &str,
        body: Body,
    ) -> Result<Value, Refused> {
        let uri = match query {
            "" => path.replace("{id}", id),
            query => format!("{}?{query}", path.replace("{id}", id)),
        };
        let request = Request::builder()
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let Ok(request) = request else {
            return Err(Refused::unreadable());
        };
        let caller = self.caller.clone();
        let response = app::ask(&self.pages.app, caller, method, path, request).await;
        let status = response.status();
        let bytes = body::to_bytes(response.into_body(), ANSWER_MAX).await;
        let bytes = bytes.map_err(|_| Refused::unreadable())?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| Refused::unreadable())?;
        match status.is_success() {
            true => Ok(answer),
            false => Err(Refused::of(status, &answer)),
        }
    }
}

impl Refused {
    fn of(status: StatusCode, problem: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fields = problem["fields"].as_array().into_iter().flatten();
        let mut words: Vec<String> = fields
            .map(|at| {
                let field = text(&at["field"]);
                let name = field.trim_start_matches('/').replace('/', " ");
                format!("{} {}", name.replace('_', " "), text(&at["message"]))
            })
            .collect();
        if words.is_empty() {
            words.push(text(&problem["detail"]));
        }
        Self { status, words }
    }

    fn unreadable() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            words: vec!["This could not be read.".to_owned()],
        }
    }
}

/// A part of a query, percent-encoded.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(char::from(byte));
            }
            other => {
                // Writing to a text cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_query_comes_back_as_it_was() {
        assert_eq!(encoded("A-1:2 ü&="), "A-1%3A2%20%C3%BC%26%3D");
    }
}
