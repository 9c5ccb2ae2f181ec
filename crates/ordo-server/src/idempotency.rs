//! `Idempotency-Key`: the same request with the same key gets the same answer.
//!
//! A key belongs to the API key, method and path that it came with.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use ordo_domain::Rejection;
use ordo_domain::id::ApiKeyId;
use ordo_engine::Idempotency;
use ordo_store::AnswerKey;
use sha2::{Digest, Sha256};

/// The header's name.
pub const HEADER: &str = "idempotency-key";

const LENGTH_MAX: usize = 255;

/// What the client asks for, where it sends a key.
///
/// # Errors
/// The key is not 1 to 255 visible ASCII characters, or there are several.
pub fn asked(
    parts: &Parts,
    caller: ApiKeyId,
    body: &[u8],
) -> Result<Option<Idempotency>, Rejection> {
    Ok(key_of(&parts.headers)?.map(|key| Idempotency {
        key: answer_key(parts, caller, &[key.as_bytes()]),
        request_hash: first_16(Sha256::digest(body).as_slice()),
    }))
}

/// The same for one line of a request that holds many.
pub fn of_line(parts: &Parts, caller: ApiKeyId, key: &str, line: u64, text: &[u8]) -> Idempotency {
    Idempotency {
        key: answer_key(parts, caller, &[key.as_bytes(), &line.to_be_bytes()]),
        request_hash: first_16(Sha256::digest(text).as_slice()),
    }
}

/// The key that the client sent.
///
/// # Errors
/// As [`asked`].
pub fn key_of(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let mut sent = headers.get_all(HEADER).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let visible = |byte: &u8| (0x21..=0x7e).contains(byte);
    let bytes = value.as_bytes();
    if sent.next().is_some()
        || bytes.is_empty()
        || bytes.len() > LENGTH_MAX
        || !bytes.iter().all(visible)
    {
        let message = "must be one key of 1 to 255 visible ASCII characters";
        return Err(Rejection::field("/Idempotency-Key", message));
    }
    Ok(value.to_str().ok())
}

fn answer_key(parts: &Parts, caller: ApiKeyId, key: &[&[u8]]) -> AnswerKey {
    let mut hasher = Sha256::new();
    hasher.update(caller.to_u128().to_be_bytes());
    // Methods, paths and keys hold no NUL, so no two scopes run together.
    for part in [parts.method.as_str(), parts.uri.path()] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    for part in key {
        hasher.update(part);
        hasher.update([0]);
    }
    AnswerKey(first_16(hasher.finalize().as_slice()))
}

fn first_16(hash: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    first
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn parts(method: &str, path: &str, keys: &[&[u8]]) -> Parts {
        let mut request = Request::builder().method(method).uri(path);
        for key in keys {
            request = request.header(HEADER, HeaderValue::from_bytes(key).unwrap());
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_key_is_bounded_and_visible_and_alone() {
        let long = [b'a'; 256];
        for keys in [
            &[&b""[..]][..],
            &[b"a b"],
            &[b"\xc3\xa4"],
            &[&long],
            &[b"a", b"a"],
        ] {
            let parts = parts("POST", "/", keys);
            assert!(key_of(&parts.headers).is_err(), "{keys:?}");
        }
        assert_eq!(key_of(&parts("POST", "/", &[]).headers), Ok(None));
        assert!(key_of(&parts("POST", "/", &[&long[..255]]).headers).is_ok());
    }

    #[test]
    fn the_scope_is_caller_method_path_and_key() {
        let ask = |caller, method, path, key: &[u8], body: &[u8]| {
            asked(
                &parts(method, path, &[key]),
                ApiKeyId::from_u128(caller),
                body,
            )
            .unwrap()
            .unwrap()
        };
        let first = ask(1, "POST", "/a", b"k", b"x");
        assert_eq!(first, ask(1, "POST", "/a", b"k", b"x"));
        assert_eq!(first.key, ask(1, "POST", "/a", b"k", b"y").key);
        assert_ne!(
            first.request_hash,
            ask(1, "POST", "/a", b"k", b"y").request_hash
        );
        for other in [
            ask(2, "POST", "/a", b"k", b"x"),
            ask(1, "PUT", "/a", b"k", b"x"),
            ask(1, "POST", "/b", b"k", b"x"),
            ask(1, "POST", "/a", b"l", b"x"),
        ] {
            assert_ne!(first.key, other.key);
        }
        let line = |n| {
            of_line(
                &parts("POST", "/a", &[]),
                ApiKeyId::from_u128(1),
                "k",
                n,
                b"x",
            )
        };
        assert_ne!(line(1).key, line(2).key);
        assert_ne!(line(1).key, first.key);
    }
}
