//! Edits of records: at the version that `If-Match` names, and refused with the fresh state where it
//! is another.

use std::str::FromStr;

use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use ordo_domain::{Code, Command, Rejection};

use crate::answer;
use crate::app::{Answer, Ask};
use crate::read;
use crate::render::render;
use crate::wire::{self, Show};

/// The version that the client says it edits; `None` where any will do.
///
/// # Errors
/// The header is not an `ETag` of ours.
pub fn expected(parts: &Parts) -> Result<Option<u64>, Rejection> {
    let mut sent = parts.headers.get_all(IF_MATCH).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text == "*" && sent.next().is_none() {
        return Ok(None);
    }
    let version = (text.strip_prefix('"'))
        .and_then(|text| text.strip_suffix('"'))
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok());
    match (version, sent.next()) {
        (Some(version), None) => Ok(Some(version)),
        _ => Err(Rejection::field(
            "/If-Match",
            "must be one ETag of the record, such as \"3\"",
        )),
    }
}

/// Has the edit `command` of the record of type `R` decided whose id stands in the address.
pub async fn edit<R: Show>(ask: &Ask, command: Command, body: &[u8]) -> Answer
where
    R::Id: FromStr,
{
    let reply = ask.submit(command, body, render).await?;
    if reply.status != Code::VersionConflict.status() || !is_conflict(&reply.body()) {
        return Ok(answer::to_write(&reply));
    }
    let record: R = read::find(ask, ask.id("{id}")?).await?;
    let reference = ask.reference().await?;
    let current = wire::to_json(&record.show(&reference));
    let problem = reply.body();
    let rest = problem.strip_prefix('{').unwrap_or_default();
    let body = format!("{{\"current\":{current},{rest}");
    Ok(answer::to_write_as(&reply, body))
}

fn is_conflict(problem: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(problem)
        .is_ok_and(|problem| problem["code"] == Code::VersionConflict.slug())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(tags: &[&str]) -> Parts {
        let mut request = Request::builder();
        for tag in tags {
            request = request.header(IF_MATCH, *tag);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_version_is_the_tag_without_its_quotes() {
        assert_eq!(expected(&parts(&[])), Ok(None));
        assert_eq!(expected(&parts(&["*"])), Ok(None));
        assert_eq!(expected(&parts(&["\"12\""])), Ok(Some(12)));
        for tags in [
            &["12"][..],
            &["\"\""],
            &["\"-1\""],
            &["\"+1\""],
            &["W/\"1\""],
            &["\"1\", \"2\""],
            &["\"1\"", "\"1\""],
            &["\"99999999999999999999\""],
        ] {
            assert!(expected(&parts(tags)).is_err(), "{tags:?}");
        }
    }
}
