//! Problems: the one form in which every refusal and failure reaches a client (RFC 9457).
//!
//! Invariant: a problem names its code, and every code has a page under `/api/errors`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ordo_domain::{Code, FieldProblem, Rejection};
use ordo_engine::Overloaded;
use ordo_store::StoreError;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What an operation ends with where it has no answer.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    fields: Vec<FieldProblem>,
}

impl Problem {
    /// A problem with `code` and a sentence about this occurrence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self::from(Rejection::new(code, detail))
    }

    /// Nothing is at this address.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "nothing has this id or address")
    }

    /// The address is known, but not with this method.
    pub fn method_not_allowed() -> Self {
        Self {
            kind: METHOD_NOT_ALLOWED,
            detail: "this address does not take this method".to_owned(),
            fields: Vec::new(),
        }
    }

    fn to_json(&self) -> String {
        to_json(&self.kind, &self.detail, &self.fields, None)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self {
            kind: Kind::of(rejection.code),
            detail: rejection.detail,
            fields: rejection.fields,
        }
    }
}

impl From<Overloaded> for Problem {
    fn from(_: Overloaded) -> Self {
        Self::new(
            Code::Overloaded,
            "come back after the time in `Retry-After`",
        )
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "a read failed");
        match error {
            StoreError::Unavailable(_) => {
                Self::new(Code::Unavailable, "the store does not answer right now")
            }
            StoreError::Corrupt(_) | StoreError::Unsupported(_) => {
                Self::new(Code::Internal, "what is stored could not be read")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = respond(self.kind.status, self.to_json());
        if self.kind.status == 401 {
            let challenge = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A response with a JSON body: a problem from status 400 on.
pub fn respond(status: u16, body: String) -> Response {
    let mut response = Response::new(body.into());
    // Statuses come from the tables of this workspace.
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let content_type = if status >= 400 {
        "application/problem+json"
    } else {
        "application/json"
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if matches!(status, 429 | 503) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The problem that a rejection becomes, as JSON.
pub fn rejection_json(rejection: &Rejection) -> String {
    let kind = Kind::of(rejection.code);
    to_json(&kind, &rejection.detail, &rejection.fields, None)
}

/// The same with the record as it stands, as JSON.
pub fn conflict_json(rejection: &Rejection, current: &str) -> String {
    let kind = Kind::of(rejection.code);
    let current = serde_json::from_str(current).ok();
    to_json(&kind, &rejection.detail, &rejection.fields, current)
}

/// What is the same for every occurrence of a problem.
#[derive(Debug)]
struct Kind {
    slug: &'static str,
    status: u16,
    title: &'static str,
}

impl Kind {
    const fn of(code: Code) -> Self {
        Self {
            slug: code.slug(),
            status: code.status(),
            title: code.title(),
        }
    }
}

/// The only problem that HTTP alone knows; no command ends with it.
const METHOD_NOT_ALLOWED: Kind = Kind {
    slug: "method_not_allowed",
    status: 405,
    title: "This address does not take this method",
};

/// What went wrong, in the form of RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/api/errors/invalid_input")]
    link: String,
    /// What is the same for every occurrence, for people.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// The stable code to match on.
    #[schema(example = "invalid_input")]
    code: &'a str,
    /// One sentence about this occurrence.
    detail: &'a str,
    /// Every refused field.
    #[schema(value_type = Vec<FieldAnswer>)]
    fields: &'a [FieldProblem],
    /// The pointer of the first refused field.
    field: Option<&'a str>,
    /// With `version_conflict`: the record as it stands, in its answer form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<&'a RawValue>,
}

/// A refused field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldProblem)]
#[allow(
    dead_code,
    reason = "describes `ordo_domain::FieldProblem` in the contract"
)]
struct FieldAnswer {
    /// JSON pointer into the body; for parameters and headers `/` and the name.
    #[schema(example = "/lines/0/quantity")]
    field: String,
    /// What is wrong with it.
    message: String,
}

fn to_json(
    kind: &Kind,
    detail: &str,
    fields: &[FieldProblem],
    current: Option<&RawValue>,
) -> String {
    let body = ProblemBody {
        link: format!("/api/errors/{}", kind.slug),
        title: kind.title,
        status: kind.status,
        code: kind.slug,
        detail,
        fields,
        field: fields.first().map(|field| field.field.as_str()),
        current,
    };
    serde_json::to_string(&body).expect("problems have string keys and no failing serializers")
}

/// The schema that every problem response of the contract refers to.
pub type ProblemSchema = ProblemBody<'static>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_becomes_a_problem_with_its_link_and_first_field() {
        let mut rejection = Rejection::field("/lines/0/quantity", "must be from 1 to 1000000000");
        rejection = rejection.at("/currency");
        let body: serde_json::Value = serde_json::from_str(&rejection_json(&rejection)).unwrap();
        assert_eq!(body["type"], "/api/errors/invalid_input");
        assert_eq!(body["status"], 422);
        assert_eq!(body["code"], "invalid_input");
        assert_eq!(body["field"], "/lines/0/quantity");
        assert_eq!(body["fields"][1]["field"], "/currency");
    }

    #[test]
    fn who_is_turned_away_for_a_while_is_told_for_how_long() {
        for (code, retries) in [
            (Code::Overloaded, true),
            (Code::Busy, true),
            (Code::ViewBehind, true),
            (Code::Unavailable, true),
            (Code::Internal, false),
            (Code::NotFound, false),
        ] {
            let response = Problem::new(code, "").into_response();
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(
                response.headers().contains_key(header::RETRY_AFTER),
                retries,
                "{code:?}"
            );
            let content_type = &response.headers()[header::CONTENT_TYPE];
            assert_eq!(content_type, "application/problem+json");
        }
    }

    #[test]
    fn a_missing_key_is_answered_with_the_scheme_to_use() {
        let response = Problem::new(Code::Unauthorized, "").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
