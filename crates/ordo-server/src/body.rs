//! Reads a request's body: bounded in size, time and depth, and refused with the pointer of the
//! field at fault.
//!
//! A body is parsed once by the fast parser. Only where that refuses it, it is parsed again with a
//! parser that keeps track of its path.

use std::time::Duration;

use axum::body::{Body, Bytes};
use ordo_domain::{Code, Rejection};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// The largest body of an operation that reads it as a whole.
pub const BYTES_MAX: usize = 1 << 20;

/// A body that takes longer holds memory for nobody.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

/// The whole body.
///
/// # Errors
/// It is larger than [`BYTES_MAX`], breaks off, or takes too long.
pub async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = axum::body::to_bytes(body, BYTES_MAX);
    match tokio::time::timeout(ARRIVAL_MAX, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Code::MalformedBody, "the body broke off")),
        Err(_) => Err(Problem::new(
            Code::MalformedBody,
            "the body did not arrive within 30 seconds",
        )),
    }
}

/// Parses a JSON object.
///
/// # Errors
/// `malformed_body` where it is not JSON, `invalid_input` with the field's pointer where it is JSON
/// of another form.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(Rejection::new(Code::MalformedBody, "the body is not UTF-8"));
    };
    // A sequence would be read as the fields in their order, which is no contract of ours.
    if text.trim_ascii_start().starts_with('{')
        && let Ok(parsed) = serde_json::from_str(text)
    {
        return Ok(parsed);
    }
    Err(explain::<T>(text))
}

/// As [`parse`], and takes an empty body as `{}`.
///
/// # Errors
/// As [`parse`].
pub fn parse_or_default<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Rejection> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    parse(body)
}

/// The body of an operation that takes no words: nothing, or an empty object.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn too_large() -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("this operation takes at most {BYTES_MAX} bytes"),
    )
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        // The only error of this kind; its type is private to a crate that we do not name.
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        source = error.source();
    }
    false
}

/// Why `text` is not a `T`.
fn explain<T: DeserializeOwned>(text: &str) -> Rejection {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let detail = format!(
            "the body is not JSON (line {}, column {})",
            error.line(),
            error.column()
        );
        return Rejection::new(Code::MalformedBody, detail);
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Rejection::field("", "must be an object");
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        // Both parsers read the same form; where they ever differ, the first one counts.
        return Rejection::new(Code::MalformedBody, "the body cannot be read");
    };
    if error.inner().classify() == serde_json::error::Category::Syntax {
        return Rejection::new(Code::MalformedBody, "the body is nested too deeply");
    }
    let mut field = pointer(error.path());
    let words = error.inner().to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    for naming in ["missing field `", "unknown field `", "duplicate field `"] {
        if let Some(name) = (words.strip_prefix(naming)).and_then(|rest| rest.split('`').next()) {
            let last = format!("/{}", escape(name));
            if !field.ends_with(&last) {
                field.push_str(&last);
            }
        }
    }
    Rejection::field(field, say(words))
}

/// The JSON pointer (RFC 6901) of a path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&escape(key));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The parser's words without the value that it met: values may be a person's.
fn say(words: &str) -> String {
    let expected = || words.rsplit_once(", expected ").map(|(_, rest)| rest);
    if words.starts_with("missing field") {
        return "is missing".to_owned();
    }
    if words.starts_with("unknown field") {
        return "is not a field of this form".to_owned();
    }
    if words.starts_with("duplicate field") {
        return "stands here twice".to_owned();
    }
    match expected() {
        Some(expected) => format!("must be {}", plain(expected)),
        None => "is not of the right form".to_owned(),
    }
}

/// Names of Rust types in words that every reader knows.
fn plain(expected: &str) -> String {
    match expected {
        "i64" | "i32" | "u64" | "u32" => "a whole number".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ => expected.replace("string or map", "a text or an object"),
    }
}

#[cfg(test)]
mod tests {
    use ordo_domain::order::OrderInput;

    use super::*;

    /// Code, first pointer and message of the refusal of a body.
    fn refused(body: impl AsRef<[u8]>) -> (&'static str, String, String) {
        let rejection = parse::<OrderInput>(body.as_ref()).unwrap_err();
        let first = rejection.fields.into_iter().next();
        let (field, message) = first.map_or_else(Default::default, |f| (f.field, f.message));
        (rejection.code.slug(), field, message)
    }

    const HEAD: &str =
        r#""channel":"web","external_id":"1","placed_at":"2026-11-01T10:00:00Z","currency":"EUR""#;

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in [
            &b""[..],
            b"{",
            b"{\"channel\": 5, nonsense",
            b"{} {}",
            b"\xff\xfe",
            b"{\"channel\": \"\xff\"}",
            b"{'channel': 1}",
        ] {
            assert_eq!(refused(body).0, "malformed_body", "{body:?}");
        }
    }

    #[test]
    fn json_of_another_form_names_the_field() {
        for (body, field, message) in [
            ("[]".to_owned(), "", "must be an object"),
            ("3".to_owned(), "", "must be an object"),
            (
                r#"{"channel":"web"}"#.to_owned(),
                "/external_id",
                "is missing",
            ),
            (
                format!(r#"{{{HEAD},"colour":"red"}}"#),
                "/colour",
                "is not a field of this form",
            ),
            (
                format!(r#"{{{HEAD},"channel":"web"}}"#),
                "/channel",
                "stands here twice",
            ),
            (
                r#"{"channel":["web"]}"#.to_owned(),
                "/channel",
                "must be a text",
            ),
            (
                format!(r#"{{{HEAD},"lines":[{{"sku":"A","quantity":"2"}}]}}"#),
                "/lines/0/quantity",
                "must be a whole number",
            ),
            (
                format!(r#"{{{HEAD},"lines":[{{"sku":"A","quantity":1.5}}]}}"#),
                "/lines/0/quantity",
                "must be a whole number",
            ),
            (
                format!(r#"{{{HEAD},"lines":[{{"sku":"A"}}]}}"#),
                "/lines/0/quantity",
                "is missing",
            ),
            (
                format!(r#"{{{HEAD},"lines":{{}}}}"#),
                "/lines",
                "must be an array",
            ),
            (
                format!(r#"{{{HEAD},"ship_to":{{"a/b~c":1}}}}"#),
                "/ship_to/a~1b~0c",
                "is not a field of this form",
            ),
            (
                format!(r#"{{{HEAD},"payment":{{"status":"stolen"}}}}"#),
                "/payment/status",
                "must be one of `pending`, `authorized`, `paid`, `refunded`, `voided`",
            ),
        ] {
            let expected = ("invalid_input", field.to_owned(), message.to_owned());
            assert_eq!(refused(&body), expected, "{body}");
        }
    }

    #[test]
    fn no_value_of_the_input_is_repeated() {
        let body = format!(r#"{{{HEAD},"ship_to":{{"name":"Anna","latitude_e6":"Anna Muster"}}}}"#);
        let rejection = parse::<OrderInput>(body.as_bytes()).unwrap_err();
        assert!(!format!("{rejection:?}").contains("Anna"), "{rejection:?}");
    }

    #[test]
    fn deep_json_is_refused_without_recursion() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = 200_000;
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let body = format!(r#"{{{HEAD},"lines":[{{"sku":{deep}}}]}}"#);
            assert_eq!(refused(&body).1, "/lines/0/sku");
            assert_eq!(refused(&deep).0, "invalid_input");
        }
    }

    #[test]
    fn an_empty_body_may_stand_for_no_wishes() {
        assert!(parse_or_default::<Nothing>(b" \n").is_ok());
        assert!(parse_or_default::<Nothing>(b"{}").is_ok());
        assert!(parse_or_default::<Nothing>(b"{\"a\":1}").is_err());
        assert!(parse_or_default::<Nothing>(b"[]").is_err());
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_refused() {
        let small = read(Body::from(vec![b' '; BYTES_MAX])).await;
        assert_eq!(small.unwrap().len(), BYTES_MAX);
        let large = read(Body::from(vec![b' '; BYTES_MAX + 1])).await;
        assert_eq!(
            axum::response::IntoResponse::into_response(large.unwrap_err()).status(),
            413
        );
    }
}
