//! Signing in with an API key, which a cookie then carries, and signing out.
//!
//! The cookie holds the key, hidden from scripts and never sent along from other sites. The API does
//! not read it, so it gives no page of another site a way to write.

use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::html;

use super::form::Form;
use super::{Pages, Visit, redirect, shell, store_failed};

/// The cookie's name.
const COOKIE_NAME: &str = "ordo_key";
/// After how many seconds somebody has to sign in again: a long working day.
const AGE_MAX: u32 = 12 * 3_600;
/// The pages are about all channels and locations, and so closed to keys that are for some.
const LIMITED: &str =
    "This key is for some channels or locations only; these pages show all of them.";
/// No key is longer.
const KEY_MAX: usize = 512;

/// Who the browser belongs to, or where to send it.
pub async fn visit(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Visit, Response> {
    let Some(secret) = secret_of(headers) else {
        return Err(redirect("/sign-in", None));
    };
    match pages.app.engine.authenticate(&secret).await {
        Ok(Some(caller)) if !caller.scope.is_whole() => {
            Err(shell::failure(StatusCode::FORBIDDEN, LIMITED))
        }
        Ok(Some(caller)) => Ok(Visit {
            pages: Arc::clone(pages),
            caller,
            secret,
        }),
        // Withdrawn since; the cookie is of no use any more.
        Ok(None) => Err(redirect("/sign-in", Some(cookie("", 0, headers)))),
        Err(error) => Err(store_failed(&error)),
    }
}

/// The same where something is to be changed: never by a form of another site.
pub async fn visit_to_write(pages: &Arc<Pages>, headers: &HeaderMap) -> Result<Visit, Response> {
    if is_from_elsewhere(headers) {
        let message = "Send this from the page itself, not from another site.";
        return Err(shell::failure(StatusCode::FORBIDDEN, message));
    }
    visit(pages, headers).await
}

/// Shows the form.
pub async fn get_sign_in(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    match visit(&pages, &headers).await {
        Ok(_) => redirect("/", None),
        Err(_) => form(StatusCode::OK, None),
    }
}

/// Looks at the key and sets the cookie.
pub async fn sign_in(State(pages): State<Arc<Pages>>, headers: HeaderMap, body: Body) -> Response {
    if is_from_elsewhere(&headers) {
        return form(
            StatusCode::FORBIDDEN,
            Some("Sign in on this page, not from another site."),
        );
    }
    let sent = Form::read(body).await;
    let key = sent.word("key");
    if key.is_empty() || key.len() > KEY_MAX {
        return form(StatusCode::UNPROCESSABLE_ENTITY, Some("Paste an API key."));
    }
    match pages.app.engine.authenticate(key).await {
        Ok(Some(caller)) if !caller.scope.is_whole() => form(StatusCode::FORBIDDEN, Some(LIMITED)),
        Ok(Some(_)) => redirect("/", Some(cookie(key, AGE_MAX, &headers))),
        Ok(None) => form(
            StatusCode::UNAUTHORIZED,
            Some("This key is not known, or was withdrawn."),
        ),
        Err(error) => store_failed(&error),
    }
}

/// Takes the cookie back.
pub async fn sign_out(headers: HeaderMap) -> Response {
    if is_from_elsewhere(&headers) {
        return redirect("/", None);
    }
    redirect("/sign-in", Some(cookie("", 0, &headers)))
}

fn form(status: StatusCode, refused: Option<&str>) -> Response {
    let page = html! {
        main.narrow {
            div.brand { span.mark aria-hidden="true" {} "Ordo" }
            form.card method="post" action="/sign-in" {
                h1 { "Sign in" }
                p.quiet { "With an API key of your organization. It stays in this browser for twelve hours." }
                label for="key" { "API key" }
                input #key name="key" type="password" autocomplete="current-password" required
                    maxlength=(KEY_MAX) autofocus spellcheck="false"
                    aria-describedby=[refused.map(|_| "refused")]
                    aria-invalid=[refused.map(|_| "true")];
                @if let Some(refused) = refused {
                    p.refused #refused role="alert" { (refused) }
                }
                button.primary type="submit" { "Sign in" }
            }
            p.quiet { a href="/api/docs" { "API documentation" } }
        }
    };
    shell::page(status, "Sign in", shell::Body::Plain(&page))
}

/// Whether another site made the browser ask; browsers say so, other programs say nothing.
pub fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|from| from != "same-origin" && from != "none")
}

/// The cookie in its hexadecimal form: keys may hold any character.
fn cookie(key: &str, age: u32, headers: &HeaderMap) -> String {
    let mut cookie = format!("{COOKIE_NAME}=");
    for byte in key.bytes() {
        write!(cookie, "{byte:02x}").expect("a string takes every text");
    }
    write!(cookie, "; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict")
        .expect("a string takes every text");
    // Behind a proxy that speaks TLS, the cookie never travels without it.
    if headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https")
    {
        cookie.push_str("; Secure");
    }
    cookie
}

/// The key in the cookie.
fn secret_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE);
    let hex = (cookies.iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, hex)| hex)?;
    let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || hex.is_empty() || hex.len() > 2 * KEY_MAX || hex.len() % 2 == 1 {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn cookies(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_key_comes_back_as_it_was_whatever_characters_it_holds() {
        for key in ["abc", "a;b=c d", "schlüssel-ключ"] {
            let set = cookie(key, AGE_MAX, &HeaderMap::new());
            let (pair, rest) = set.split_once(';').unwrap();
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Strict"));
            let headers = cookies(&format!("other=1; {pair}"));
            assert_eq!(secret_of(&headers).as_deref(), Some(key));
        }
    }

    #[test]
    fn a_broken_cookie_is_no_key() {
        for value in ["", "6", "zz", "6ä", "+1", "ff"] {
            let mut headers = HeaderMap::new();
            let cookie = format!("{COOKIE_NAME}={value}");
            let value = HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
            headers.insert(COOKIE, value);
            assert_eq!(secret_of(&headers), None);
        }
    }
}
