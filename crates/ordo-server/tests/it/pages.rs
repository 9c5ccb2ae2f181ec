//! The pages as a browser gets them, and one test with a real browser.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt;
use serde_json::json;
use tower::ServiceExt;

use crate::browser::Browser;
use crate::socket::Served;
use crate::test_app::{Answer, OWNER, TestApp, order, request};

/// What a hostile channel, buyer or product calls itself.
const HOSTILE: &str = "<script>alert(1)</script>\"'&";
const ESCAPED: &str = "&lt;script&gt;alert(1)&lt;/script&gt;";

/// Sends the form as a browser does; answers what came back.
async fn sign_in(app: &TestApp, key: &str, headers: &[(&str, &str)]) -> Answer {
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut form = Request::builder().method("POST").uri("/sign-in");
    for (name, value) in headers {
        form = form.header(*name, *value);
    }
    app.send(form.body(Body::from(format!("key={encoded}"))).unwrap())
        .await
}

/// The cookie that a key gets.
pub(crate) async fn cookie(app: &TestApp, key: &str) -> String {
    let answer = sign_in(app, key, &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), Some("/"));
    let set = answer.header("set-cookie").unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(word), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

pub(crate) async fn page(app: &TestApp, cookie: &str, path: &str) -> Answer {
    let asked = Request::builder().uri(path).header("cookie", cookie);
    app.send(asked.body(Body::empty()).unwrap()).await
}

/// The part of today's page that is about one stage.
fn column<'a>(page: &'a str, stage: &str) -> &'a str {
    let start = page.find(&format!("id=\"{stage}\"")).unwrap();
    let rest = &page[start..];
    &rest[..rest.find("</section>").unwrap()]
}

#[tokio::test]
async fn nobody_sees_a_page_without_a_key_that_counts() {
    let app = TestApp::with_company().await;
    for path in [
        "/",
        "/orders/1001",
        "/orders?find=1001",
        "/rules",
        "/rules/new",
    ] {
        let answer = page(&app, "", path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, Some("/sign-in"))
        );
    }
    assert_eq!(page(&app, "", "/today/stream").await.status, 401);
    let form = page(&app, "", "/sign-in").await;
    assert!(form.status == 200 && form.text.contains("name=\"key\""));
    for (key, status, says) in [
        ("not-a-key", 401, "not known"),
        ("", 422, "Paste an API key"),
        (" \t ", 422, "Paste an API key"),
    ] {
        let refused = sign_in(&app, key, &[]).await;
        assert_eq!(refused.status.as_u16(), status);
        assert!(refused.text.contains(says), "{}", refused.text);
        assert_eq!(refused.header("set-cookie"), None);
    }
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(sign_in(&app, OWNER, &foreign).await.status, 403);
    let limited = app.limited_key("operator", "channels", "web").await;
    let refused = sign_in(&app, &limited, &[]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("set-cookie")),
        (403, None)
    );
    // The key in the cookie is of no use to the API, which other sites could write to.
    let cookie = cookie(&app, OWNER).await;
    page(&app, &cookie, "/api/v1/orders")
        .await
        .expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn signing_out_takes_the_cookie_and_a_withdrawn_key_shows_nothing() {
    for app in TestApp::company_on_each_store("pages_keys").await {
        let body = json!({"name": "desk", "role": "viewer"});
        let key = app.post("/api/v1/api-keys", &body).await.expect(201);
        let desk = cookie(&app, key["secret"].as_str().unwrap()).await;
        assert_eq!(page(&app, &desk, "/").await.status, 200);
        let out = Request::builder().method("POST").uri("/sign-out");
        let out = app
            .send(out.header("cookie", &desk).body(Body::empty()).unwrap())
            .await;
        assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
        let revoke = format!("/api/v1/api-keys/{}/revoke", key["id"].as_str().unwrap());
        app.post(&revoke, &json!({})).await.expect(200);
        let answer = page(&app, &desk, "/").await;
        assert_eq!(answer.header("location"), Some("/sign-in"));
        assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    }
}

#[tokio::test]
async fn pages_allow_one_style_and_one_script_and_are_not_kept() {
    let app = TestApp::with_company().await;
    app.capture("1", 1).await;
    let cookie = cookie(&app, OWNER).await;
    for path in [
        "/",
        "/orders/1001",
        "/orders/999999",
        "/rules/new",
        "/sign-in",
    ] {
        let cookie = if path == "/sign-in" { "" } else { &cookie };
        let answer = page(&app, cookie, path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"));
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        // Either would be refused by the policy.
        assert!(!answer.text.contains(" style=") && !answer.text.contains(" onclick="));
    }
}

#[tokio::test]
async fn an_order_moves_from_stage_to_stage() {
    for app in TestApp::company_on_each_store("pages_stages").await {
        let cookie = cookie(&app, OWNER).await;
        let empty = page(&app, &cookie, "/").await;
        assert!(empty.text.contains("No orders yet"));
        let captured = app.capture_today("1", 1).await;
        let work = captured["fulfillment_orders"][0]["id"].as_str().unwrap();
        for (step, stage) in [
            (None, "allocated"),
            (Some("release"), "released"),
            (Some("pick"), "picking"),
            (Some("pack"), "packed"),
            (Some("ship"), "shipped"),
        ] {
            if let Some(step) = step {
                let path = format!("/api/v1/fulfillment-orders/{work}/{step}");
                let answer = app.post(&path, &json!({})).await;
                assert!(answer.status.is_success(), "{step}: {}", answer.text);
            }
            let today = page(&app, &cookie, "/").await.text;
            for other in ["allocated", "released", "picking", "packed", "shipped"] {
                let shown = column(&today, other).contains("/orders/1001");
                assert_eq!(shown, other == stage, "{other} after {step:?}");
            }
        }
        let mut unpaid = order("2", 1);
        unpaid["placed_at"] = captured["placed_at"].clone();
        unpaid["payment"]["status"] = json!("pending");
        app.post("/api/v1/orders", &unpaid).await.expect(201);
        let today = page(&app, &cookie, "/").await.text;
        assert!(column(&today, "held").contains("Unpaid: "), "{today}");
    }
}

#[tokio::test]
async fn names_are_text_and_never_markup() {
    let app = TestApp::start().await;
    app.set_up_company(OWNER).await;
    let channel = json!({"code": "odd", "kind": "web", "name": HOSTILE});
    app.post("/api/v1/channels", &channel).await.expect(201);
    let mut hostile = order("x", 1);
    for (pointer, value) in [
        ("/channel", "odd"),
        ("/external_id", HOSTILE),
        ("/ship_to/name", HOSTILE),
        ("/ship_to/line1", HOSTILE),
        ("/ship_to/city", HOSTILE),
        ("/shipping/service", HOSTILE),
        ("/lines/0/sku", HOSTILE),
    ] {
        *hostile.pointer_mut(pointer).unwrap() = json!(value);
    }
    hostile["lines"][0]["title"] = json!(HOSTILE);
    hostile["note"] = json!(HOSTILE);
    hostile["placed_at"] = json!(app.now());
    app.post("/api/v1/orders", &hostile).await.expect(201);
    let cookie = cookie(&app, OWNER).await;
    for path in ["/", "/orders/1001"] {
        let page = page(&app, &cookie, path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(ESCAPED), "{}", page.text);
        assert!(!page.text.contains("<script>alert"), "{}", page.text);
    }
    let sent = format!("/orders/{}", "%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(
        !page(&app, &cookie, &sent)
            .await
            .text
            .contains("<script>alert")
    );
}

#[tokio::test]
async fn an_order_is_found_by_number_id_and_its_name_at_the_channel() {
    for app in TestApp::company_on_each_store("pages_find").await {
        let captured = app.capture("W-77", 2).await;
        let id = captured["id"].as_str().unwrap();
        let owner = cookie(&app, OWNER).await;
        for name in ["1001", "%231001", id, "W-77"] {
            let found = page(&app, &owner, &format!("/orders?find={name}")).await;
            assert_eq!(
                found.header("location"),
                Some(&*format!("/orders/{id}")),
                "{name}"
            );
        }
        let shown = page(&app, &owner, "/orders/1001").await;
        for text in [
            "Order #1001",
            "W-77",
            "Anna Muster",
            "10559 Berlin",
            "30.88 EUR",
            "Order came in",
        ] {
            assert!(shown.text.contains(text), "{text}: {}", shown.text);
        }
        for nothing in [
            "1002",
            "0",
            "-1",
            "99999999999999999999",
            "ord_00000000000000000000000001",
        ] {
            assert_eq!(
                page(&app, &owner, &format!("/orders/{nothing}"))
                    .await
                    .status,
                404
            );
        }
        let stranger = cookie(&app, &app.organization("other").await).await;
        for path in ["/orders/1001", &format!("/orders/{id}")] {
            assert_eq!(page(&app, &stranger, path).await.status, 404);
        }
        assert!(
            page(&app, &stranger, "/")
                .await
                .text
                .contains("No orders yet")
        );
    }
}

#[tokio::test]
async fn the_stream_sends_what_has_happened_until_the_key_is_withdrawn() {
    for app in TestApp::company_on_each_store("pages_stream").await {
        let body = json!({"name": "desk", "role": "viewer"});
        let key = app.post("/api/v1/api-keys", &body).await.expect(201);
        let desk = cookie(&app, key["secret"].as_str().unwrap()).await;
        let asked = request(
            "GET",
            "/today/stream",
            "",
            &[("cookie", &desk)],
            Body::empty(),
        );
        let response = app.router.clone().oneshot(asked).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut messages = response.into_body().into_data_stream();
        let mut next = async || {
            let message = tokio::time::timeout(Duration::from_secs(20), messages.next()).await;
            let message = message.expect("the stream says something")?;
            Some(String::from_utf8(message.unwrap().to_vec()).unwrap())
        };
        let first = next().await.unwrap();
        assert!(
            first.contains("\ndata: \"") && first.ends_with("\n\n"),
            "{first}"
        );
        assert!(!first.contains("/orders/1001"));
        app.capture_today("1", 1).await;
        let mut second = next().await.unwrap();
        while !second.contains("/orders/1001") {
            second = next().await.unwrap();
        }
        let revoke = format!("/api/v1/api-keys/{}/revoke", key["id"].as_str().unwrap());
        app.post(&revoke, &json!({})).await.expect(200);
        app.capture_today("2", 1).await;
        while let Some(message) = next().await {
            assert!(!message.contains("/orders/1002"), "{message}");
        }
    }
}

/// Goal: the page works in a real browser. Method: sign in by the form, mark the document, capture
/// an order, wait until it is on the page; the mark shows that nothing was loaded anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_an_order_that_arrives_after_the_page_was_loaded() {
    let Some(mut browser) = Browser::start("a_browser_shows_an_order") else {
        return;
    };
    let served = Served::start().await;
    let address = format!("http://{}", served.address);
    browser.open(&format!("{address}/")).await;
    browser.until("!!document.getElementById('key')").await;
    let fill = format!("document.getElementById('key').value = '{OWNER}'");
    browser.evaluate(&fill).await;
    browser
        .evaluate("document.querySelector('form').requestSubmit()")
        .await;
    browser
        .until("document.getElementById('live')?.dataset.state === 'on'")
        .await;
    browser.evaluate("window.mark = 'same'").await;
    let captured = served.app.capture_today("1", 1).await;
    let number = captured["number"].as_i64().unwrap();
    browser
        .until(&format!(
            "!!document.querySelector('#allocated a[href=\"/orders/{number}\"]')"
        ))
        .await;
    assert_eq!(browser.evaluate("window.mark").await, "same");
    browser.open(&format!("{address}/orders/{number}")).await;
    browser
        .until("document.body.innerText.includes('Anna Muster')")
        .await;
    assert_eq!(browser.complaints(), Vec::<String>::new());
    drop(browser);
    served.stop().await;
}
