//! The frame of every page: head, header, styles and the script, and what the browser may do.

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("live.js");

/// Allows this style and this script, by their hashes, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// What stands below the head.
pub enum Body<'a> {
    /// The page alone.
    Plain(&'a Markup),
    /// Below the header, for somebody who is signed in.
    Framed(&'a Markup),
    /// The same, moving by itself.
    Live(&'a Markup),
}

/// A page.
pub fn page(status: StatusCode, title: &str, body: Body<'_>) -> Response {
    let is_live = matches!(body, Body::Live(_));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="same-origin";
                title { (title) " · Ordo" }
                // No picture; without this the browser asks for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
                @if is_live {
                    noscript { meta http-equiv="refresh" content="10"; }
                }
            }
            body {
                @match body {
                    Body::Plain(content) => (content),
                    Body::Framed(content) => {
                        (header(false))
                        main { (content) }
                    }
                    Body::Live(content) => {
                        (header(true))
                        main data-live { (content) }
                        script { (PreEscaped(SCRIPT)) }
                    }
                }
            }
        }
    };
    respond(status, page)
}

/// A page that says what went wrong.
pub fn failure(status: StatusCode, message: &str) -> Response {
    let content = html! {
        main.narrow {
            div.brand { span.mark aria-hidden="true" {} "Ordo" }
            div.card {
                h1 { (message) }
                p { a href="/" { "Today's orders" } }
            }
        }
    };
    page(status, message, Body::Plain(&content))
}

fn header(is_live: bool) -> Markup {
    html! {
        a.skip href="#content" { "Skip to content" }
        header.top {
            a.brand href="/" { span.mark aria-hidden="true" {} "Ordo" }
            @if is_live {
                span.live #live role="status" { "Reloads every 10 s" }
            }
            form.find method="get" action="/orders" role="search" {
                input name="find" type="search" maxlength="255" aria-label="Find an order"
                    placeholder="Order number or id";
                button type="submit" { "Find" }
            }
            nav aria-label="Pages" {
                a href="/sourcing" { "Sourcing" }
                a href="/rules" { "Rules" }
                a href="/what-if" { "What if" }
                a href="/api/docs" { "API" }
                form method="post" action="/sign-out" { button.link type="submit" { "Sign out" } }
            }
        }
        span #content tabindex="-1" {}
    }
}

fn respond(status: StatusCode, page: Markup) -> Response {
    let mut response = Response::new(page.into_string().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        // A shared browser shows nothing of this after signing out.
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
