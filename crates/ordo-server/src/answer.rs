//! Answers: what came of a write with the headers that tell of it, and what a read found.

use axum::http::HeaderValue;
use axum::http::header::{ETAG, HeaderName};
use axum::response::Response;
use ordo_domain::Outcome;
use ordo_engine::Reply;
use serde::Serialize;

use crate::problem::respond;
use crate::wire;

/// What came of the command: `created`, `updated` or `unchanged`.
const OUTCOME: HeaderName = HeaderName::from_static("ordo-outcome");
/// How far the log had come after the command.
const POSITION: HeaderName = HeaderName::from_static("ordo-position");
/// Says that an earlier answer was given again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The answer to a command.
pub fn to_write(reply: &Reply) -> Response {
    to_write_as(reply, reply.body())
}

/// The same with another body.
pub fn to_write_as(reply: &Reply, body: String) -> Response {
    let mut response = respond(reply.status, body);
    let headers = response.headers_mut();
    if let Some(outcome) = outcome(reply) {
        headers.insert(OUTCOME, HeaderValue::from_static(outcome.name()));
        headers.insert(POSITION, HeaderValue::from(reply.position));
    }
    if let Some(version) = version(reply) {
        headers.insert(ETAG, tag(version));
    }
    if reply.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The version of the record that the answer shows. That of a stored answer stands in its body.
fn version(reply: &Reply) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: Option<u64>,
    }
    if reply.replayed && reply.status < 300 {
        let stored: Versioned = serde_json::from_str(&reply.template).ok()?;
        return stored.version;
    }
    reply.version
}

/// The version as a tag that `If-Match` takes.
fn tag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes are visible ASCII")
}

/// What came of the command; `None` where it was refused. A stored answer is not kept with its
/// outcome, but its status and position tell it.
pub fn outcome(reply: &Reply) -> Option<Outcome> {
    if reply.status >= 300 {
        return None;
    }
    Some(
        reply
            .outcome
            .unwrap_or(match (reply.status, reply.position) {
                (201, _) => Outcome::Created,
                (_, 0) => Outcome::Unchanged,
                (_, _) => Outcome::Updated,
            }),
    )
}

/// The status of a command that was applied.
pub const fn status_of(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Created => 201,
        Outcome::Updated | Outcome::Unchanged => 200,
    }
}

/// What a read found.
pub fn to_read(answer: &impl Serialize) -> Response {
    respond(200, wire::to_json(answer))
}

/// What a read found, as JSON already, with the version that an edit may name.
pub fn to_read_versioned(json: String, version: u64) -> Response {
    let mut response = respond(200, json);
    response.headers_mut().insert(ETAG, tag(version));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, position: i64, outcome: Option<Outcome>) -> Reply {
        Reply {
            status,
            template: r#"{"id":"ord_1","number":null,"version":5}"#.to_owned(),
            outcome,
            version: (status < 300 && outcome.is_some()).then_some(5),
            order: None,
            number: Some(1_001),
            position,
            replayed: outcome.is_none(),
        }
    }

    #[test]
    fn a_replayed_answer_tells_its_outcome_by_status_and_position() {
        for (status, position, expected) in [
            (201, 7, Some(Outcome::Created)),
            (200, 7, Some(Outcome::Updated)),
            (200, 0, Some(Outcome::Unchanged)),
            (409, 0, None),
        ] {
            assert_eq!(outcome(&reply(status, position, None)), expected);
        }
    }

    #[tokio::test]
    async fn a_write_is_answered_with_outcome_position_and_number() {
        let response = to_write(&reply(201, 7, Some(Outcome::Created)));
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()[OUTCOME], "created");
        assert_eq!(response.headers()[POSITION], "7");
        assert!(!response.headers().contains_key(REPLAYED));
        let response_headers = response.headers().clone();
        let body = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        assert_eq!(&body[..], br#"{"id":"ord_1","number":1001,"version":5}"#);
        let replayed = to_write(&reply(201, 7, None));
        for response in [&response_headers, replayed.headers()] {
            assert_eq!(response[ETAG], "\"5\"");
        }

        let response = to_write(&reply(409, 0, None));
        assert!(!response.headers().contains_key(OUTCOME));
        assert!(!response.headers().contains_key(ETAG));
        assert_eq!(response.headers()[REPLAYED], "true");
    }
}
