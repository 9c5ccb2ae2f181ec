//! Secrets that an answer shows once: they are put in after the answer was stored without them.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use ordo_engine::Reply;

use crate::answer;

/// The answer with `secret` in its field `name`. A replayed or refused answer has none to show.
pub fn reveal(reply: &Reply, name: &str, secret: &str) -> Response {
    let body = reply.body();
    let is_new = reply.status == 201 && !reply.replayed;
    // Quotes within texts are escaped, so only the field itself looks like this.
    let body = match is_new {
        true => body.replacen(
            &format!("\"{name}\":null"),
            &format!("\"{name}\":\"{secret}\""),
            1,
        ),
        false => body,
    };
    let mut response = answer::to_write_as(reply, body);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(status: u16, replayed: bool) -> String {
        let reply = Reply {
            status,
            template: r#"{"secret":null,"name":"\"secret\":null"}"#.to_owned(),
            outcome: None,
            version: None,
            order: None,
            number: None,
            position: 3,
            replayed,
        };
        let body = reveal(&reply, "secret", "s3").into_body();
        let bytes = axum::body::to_bytes(body, 1_000).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_secret_is_shown_once_and_in_its_field_only() {
        let new = r#"{"secret":"s3","name":"\"secret\":null"}"#;
        let old = r#"{"secret":null,"name":"\"secret\":null"}"#;
        assert_eq!(shown(201, false).await, new);
        assert_eq!(shown(201, true).await, old);
        assert_eq!(shown(200, false).await, old);
    }
}
