//! The pages on sourcing rules as a browser gets them, and one test with a real browser.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::pages::{cookie, page};
use crate::socket::Served;
use crate::test_app::{Answer, OWNER, TestApp};

/// What a hostile manager calls things.
const HOSTILE: &str = "</textarea><script>alert(1)</script>\"'&";

/// Sends a form as a browser does.
async fn send(app: &TestApp, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let encode =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let request = Request::builder().method("POST").uri(path);
    let request = request.header("cookie", cookie).body(Body::from(body));
    app.send(request.unwrap()).await
}

fn elsewhere(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").unwrap().to_owned()
}

const PLAIN: &str = r#"{"steps": [{"name": "warehouses", "filters": [{"name": "no shops", "drop": "location.kind == 'store'"}]}]}"#;

/// A set made with the form; the address of its first version.
async fn made(app: &TestApp, cookie: &str, code: &str, rules: &str) -> String {
    let fields = [("code", code), ("name", "Web & more"), ("rules", rules)];
    elsewhere(&send(app, cookie, "/rules/new", &fields).await)
}

#[tokio::test]
async fn rules_are_made_written_published_and_taken_back_on_pages() {
    for app in TestApp::company_on_each_store("rule_pages").await {
        let owner = cookie(&app, OWNER).await;
        let empty = page(&app, &owner, "/rules").await.text;
        assert!(empty.contains("There are none") && empty.contains("No rules count"));
        let form = page(&app, &owner, "/rules/new?preset=hotwax_run")
            .await
            .text;
        assert!(form.contains("facility group warehouse"), "{form}");

        let first = made(&app, &owner, "web", PLAIN).await;
        let set = first.strip_suffix("/1").unwrap();
        let shown = page(&app, &owner, &first).await.text;
        for says in [
            "web, version 1",
            "It counts for nothing.",
            "“no shops”: no location ships of which",
            "<code>location.kind == 'store'</code>",
            "name=\"rules\"",
            "Let it count",
            "held against 0 of the last 30 days",
        ] {
            assert!(shown.contains(says), "{says}: {shown}");
        }

        // A draft is changed in place; what is wrong is told at its line, and nothing is lost.
        let wrong = "{\"steps\": [{\"name\": \"s\",\n\"when\": \"order.cost == 3\"}]}";
        let fields = [("version", "1"), ("note", "second try"), ("rules", wrong)];
        let refused = send(&app, &owner, &first, &fields).await;
        assert_eq!(refused.status, 422);
        for says in [
            "Line 2, character 15. ",
            "there is no field cost",
            "second try",
            "order.cost == 3",
        ] {
            assert!(refused.text.contains(says), "{says}: {}", refused.text);
        }
        let better = r#"{"steps": [{"name": "near", "max_distance_m": 500000}]}"#;
        let fields = [("version", "1"), ("note", "second try"), ("rules", better)];
        assert_eq!(elsewhere(&send(&app, &owner, &first, &fields).await), first);
        // Somebody who had the page open since before writes over nobody.
        let stale = send(&app, &owner, &first, &fields).await;
        assert_eq!(stale.status, 409, "{}", stale.text);

        // At a local time, then withdrawn; then at once.
        let publish = format!("{first}/publish");
        let at = [
            ("version", "2"),
            ("from", "2126-11-27T00:00"),
            ("zone", "Europe/Berlin"),
        ];
        elsewhere(&send(&app, &owner, &publish, &at).await);
        let scheduled = page(&app, &owner, &first).await.text;
        assert!(
            scheduled.contains("It will count from 2126-11-27 00:00 (Europe/Berlin)"),
            "{scheduled}"
        );
        let version = app
            .get(&format!(
                "/api/v1/rule-sets{}/versions/1",
                &set["/rules".len()..]
            ))
            .await;
        assert_eq!(version.expect(200)["live_from"], "2126-11-26T23:00:00Z");
        elsewhere(
            &send(
                &app,
                &owner,
                &format!("{first}/retire"),
                &[("version", "3")],
            )
            .await,
        );
        assert!(page(&app, &owner, &first).await.text.contains(">Over<"));
        let copy = send(
            &app,
            &owner,
            &format!("{set}/versions"),
            &[("version", "4"), ("from", "1")],
        )
        .await;
        let second = elsewhere(&copy);
        assert_eq!(second, format!("{set}/2"));
        let nonsense = [
            ("version", "5"),
            ("from", "tomorrow"),
            ("zone", "Europe/Berlin"),
        ];
        assert_eq!(
            send(&app, &owner, &format!("{second}/publish"), &nonsense)
                .await
                .status,
            422
        );
        elsewhere(
            &send(
                &app,
                &owner,
                &format!("{second}/publish"),
                &[("version", "5")],
            )
            .await,
        );
        let listed = page(&app, &owner, "/rules").await.text;
        assert!(
            listed.contains(">web 2<") && listed.contains("Web &amp; more"),
            "{listed}"
        );
        // What is published is read, not written.
        let live = page(&app, &owner, &second).await.text;
        assert!(
            !live.contains("name=\"rules\"") && live.contains("Take it back"),
            "{live}"
        );

        // For other orders; who did what when.
        let fields = [("version", "6"), ("channels", "web, nowhere")];
        let refused = send(&app, &owner, set, &fields).await;
        assert!(refused.status == 422 && refused.text.contains("no channel has the code nowhere"));
        let fields = [
            ("version", "6"),
            ("channels", "web"),
            ("tiers", "gold, silver"),
            ("priority", "3"),
        ];
        assert_eq!(elsewhere(&send(&app, &owner, set, &fields).await), set);
        // The view has seen it a moment later.
        let until = Instant::now() + Duration::from_secs(30);
        let mut shown = page(&app, &owner, set).await.text;
        while !shown.contains("orders it is for changed") && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
            shown = page(&app, &owner, set).await.text;
        }
        for says in [
            "For channel web, customer tier gold or silver.",
            "Version 2 published",
            "Version 1 taken back",
            "by bootstrap",
        ] {
            assert!(shown.contains(says), "{says}: {shown}");
        }
        assert!(
            page(&app, &owner, "/rules")
                .await
                .text
                .contains("tier gold")
        );
    }
}

#[tokio::test]
async fn two_versions_stand_side_by_side_and_oddities_beside_their_steps() {
    let app = TestApp::with_company().await;
    let owner = cookie(&app, OWNER).await;
    let odd = r#"{"steps": [
        {"name": "first", "then": "backorder", "filters": [{"name": "France", "keep": "location.country == 'FR'"}]},
        {"name": "second", "tiers": [{"ranked": ["BER", "NOWHERE"]}]}]}"#;
    let first = made(&app, &owner, "odd", odd).await;
    app.capture_today("1", 1).await;
    let shown = page(&app, &owner, &first).await.text;
    let at = |text: &str| {
        shown
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {shown}"))
    };
    for says in [
        "Leaves no location",
        "Never asked",
        "no location has the code NOWHERE",
        "held against 1 of",
    ] {
        at(says);
    }
    assert!(
        at("1. first") < at("it leaves no location for 1 of 1")
            && at("it leaves no location for 1 of 1") < at("2. second")
    );
    let set = first.strip_suffix("/1").unwrap();
    let second = elsewhere(
        &send(
            &app,
            &owner,
            &format!("{set}/versions"),
            &[("version", "1"), ("from", "nearest")],
        )
        .await,
    );
    let both = page(&app, &owner, &format!("{second}/compare?with=1"))
        .await
        .text;
    assert!(
        both.contains("version 1 and version 2")
            && both.contains("class=\"gone\"")
            && both.contains("class=\"came\""),
        "{both}"
    );
    let same = elsewhere(
        &send(
            &app,
            &owner,
            &format!("{set}/versions"),
            &[("version", "2"), ("from", "2")],
        )
        .await,
    );
    assert!(
        page(&app, &owner, &format!("{same}/compare?with=2"))
            .await
            .text
            .contains("They say the same")
    );
    for missing in [
        "/rules/nothing",
        "/rules/rls_0/1",
        &format!("{set}/9"),
        &format!("{set}/1/compare?with=9"),
        &format!("{set}/x"),
    ] {
        assert_eq!(page(&app, &owner, missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn a_draft_is_tried_on_an_order_beside_what_counts() {
    for app in TestApp::company_on_each_store("rule_pages_trial").await {
        let owner = cookie(&app, OWNER).await;
        let body = json!({"code": "MUC", "kind": "store", "country": "DE",
                          "postal_code": "80331", "time_zone": "Europe/Berlin"});
        app.post("/api/v1/locations", &body).await.expect(201);
        let body = json!({"kind": "receive", "sku": "A", "location": "MUC", "quantity": 3});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
        // All there is in Berlin is its own.
        let order = app.capture("1", 10).await;
        let number = order["number"].as_i64().unwrap();
        let rules = r#"{"steps": [{"name": "shops", "filters": [{"name": "shops only", "keep": "location.kind == 'store'"}]}]}"#;
        let first = made(&app, &owner, "shops", rules).await;
        let tried = page(&app, &owner, &format!("{first}?order=%23{number}"))
            .await
            .text;
        for says in [
            "They ship it otherwise.",
            "What counts now",
            "By no rules.",
            "BER ships 10 units",
            "With version 1",
            "By “shops”, version 1.",
            "MUC ships 3 units",
            "7 units are at no location that may ship them.",
            "The rule “shops only” keeps it out.",
        ] {
            assert!(tried.contains(says), "{says}: {tried}");
        }
        // Nothing was taken or written.
        let stock = app.get("/api/v1/stock?sku=A").await.expect(200);
        assert_eq!(stock["items"][0]["allocated"], 10, "{stock}");
        let nothing = page(&app, &owner, &format!("{first}?order=9999"))
            .await
            .text;
        assert!(nothing.contains("No order has this number or id."));
        let set = first.strip_suffix("/1").unwrap();
        let fields = [("version", "1"), ("tiers", "gold")];
        elsewhere(&send(&app, &owner, set, &fields).await);
        let tried = page(&app, &owner, &format!("{first}?order={number}"))
            .await
            .text;
        assert!(
            tried.contains("This set is not for the order: it is for customer tier gold.")
                && tried.contains("Both ship it alike."),
            "{tried}"
        );
    }
}

#[tokio::test]
async fn only_managers_change_rules_and_only_from_our_own_pages() {
    let app = TestApp::with_company().await;
    let owner = cookie(&app, OWNER).await;
    let first = made(&app, &owner, "web", PLAIN).await;
    let set = first.strip_suffix("/1").unwrap().to_owned();
    let viewer = cookie(&app, &app.key("viewer").await).await;
    for path in ["/rules", "/rules/new", &set, &first] {
        let shown = page(&app, &viewer, path).await;
        assert!(
            shown.status == 200 && !shown.text.contains("method=\"post\" action=\"/rules"),
            "{path}: {}",
            shown.text
        );
    }
    let stranger = app.organization("other").await;
    let stranger = cookie(&app, &stranger).await;
    let writes = [
        "/rules/new".to_owned(),
        set.clone(),
        format!("{set}/versions"),
        first.clone(),
        format!("{first}/publish"),
        format!("{first}/retire"),
    ];
    for path in &writes {
        let fields = [
            ("version", "1"),
            ("code", "x"),
            ("rules", PLAIN),
            ("from", "1"),
        ];
        assert_eq!(
            send(&app, &viewer, path, &fields).await.status,
            403,
            "{path}"
        );
        assert_eq!(elsewhere(&send(&app, "", path, &fields).await), "/sign-in");
        if path != "/rules/new" {
            let gone = send(&app, &stranger, path, &fields).await;
            assert_eq!(gone.status, 404, "{path}");
            // A form of no version that there is writes over nobody.
            let blind = [("from", ""), ("rules", PLAIN)];
            let blind = send(&app, &owner, path, &blind).await;
            let expected = if path.ends_with("/versions") {
                404
            } else {
                409
            };
            assert_eq!(blind.status, expected, "{path}");
        }
        let foreign = Request::builder().method("POST").uri(path);
        let foreign = foreign
            .header("cookie", &owner)
            .header("sec-fetch-site", "cross-site");
        let foreign = foreign.body(Body::from("version=1")).unwrap();
        assert_eq!(app.send(foreign).await.status, 403, "{path}");
    }
    for path in [&set, &first] {
        assert_eq!(page(&app, &stranger, path).await.status, 404);
    }
    let listed = page(&app, &stranger, "/rules").await.text;
    assert!(!listed.contains("web"), "{listed}");
}

#[tokio::test]
async fn what_is_written_is_shown_as_text() {
    let app = TestApp::with_company().await;
    let owner = cookie(&app, OWNER).await;
    let rules = json!({"steps": [{"name": HOSTILE, "filters": [{"name": HOSTILE, "drop": "order.service == '<script>'"}]}]});
    let fields = [
        ("code", HOSTILE),
        ("name", HOSTILE),
        ("note", HOSTILE),
        ("tiers", HOSTILE),
        ("rules", &*rules.to_string()),
    ];
    let first = elsewhere(&send(&app, &owner, "/rules/new", &fields).await);
    let set = first.strip_suffix("/1").unwrap();
    elsewhere(
        &send(
            &app,
            &owner,
            &format!("{set}/versions"),
            &[("version", "1"), ("from", "nearest")],
        )
        .await,
    );
    let broken = [("version", "2"), ("rules", HOSTILE), ("note", HOSTILE)];
    let refused = send(&app, &owner, &first, &broken).await.text;
    let mut pages = vec![refused];
    for path in [
        "/rules",
        set,
        &first,
        &format!("{first}/compare?with=2"),
        &format!("{first}?order=%3Cscript%3E"),
    ] {
        pages.push(page(&app, &owner, path).await.text);
    }
    for shown in pages {
        assert!(
            !shown.contains("<script") && !shown.contains(" style="),
            "{shown}"
        );
        assert_eq!(
            shown.matches("</textarea>").count(),
            shown.matches("<textarea").count()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_writes_rules_mends_them_and_publishes() {
    let Some(mut browser) = Browser::start("a_browser_writes_rules") else {
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
    browser.until("!!document.getElementById('live')").await;
    browser
        .evaluate("document.querySelector('a[href=\"/rules\"]').click()")
        .await;
    browser
        .until("document.title.startsWith('Sourcing rules')")
        .await;
    browser
        .evaluate("document.querySelector('a.button').click()")
        .await;
    browser
        .until("!!document.querySelector('textarea[name=rules]')")
        .await;
    let write = |text: &str| {
        format!(
            "document.querySelector('textarea[name=rules]').value = {}",
            Value::from(text)
        )
    };
    browser
        .evaluate("document.querySelector('input[name=code]').value = 'web'")
        .await;
    browser
        .evaluate(&write(
            "{\n  \"steps\": [\n    {\"name\": \"one\", \"when\": \"order.cost == 3\"}\n  ]\n}",
        ))
        .await;
    browser
        .evaluate("document.querySelector('textarea').form.requestSubmit()")
        .await;
    browser
        .until("document.querySelector('.troubles')?.innerText.includes('Line 3, character 35')")
        .await;
    // The code and the text are still there, the number of the line is lit up beside it.
    assert_eq!(
        browser
            .evaluate("document.querySelector('input[name=code]').value")
            .await,
        "web"
    );
    assert_eq!(
        browser
            .evaluate("document.querySelector('.lines b').innerText.trim()")
            .await,
        "3"
    );
    let lines = "(() => { const t = document.querySelector('textarea'), s = getComputedStyle(t), \
                 n = getComputedStyle(document.querySelector('.lines')); \
                 return s.lineHeight === n.lineHeight && s.paddingTop === n.paddingTop && s.fontSize === n.fontSize; })()";
    assert_eq!(browser.evaluate(lines).await, true);
    browser
        .evaluate(&write(
            "{\"steps\": [{\"name\": \"one\", \"when\": \"order.units == 3\"}]}",
        ))
        .await;
    browser
        .evaluate("document.querySelector('textarea').form.requestSubmit()")
        .await;
    browser
        .until("document.title.startsWith('web, version 1')")
        .await;
    browser
        .evaluate("document.querySelector('form[action$=\"/publish\"]').requestSubmit()")
        .await;
    browser
        .until("document.querySelector('.badge.good')?.innerText === 'Counts'")
        .await;
    // A refusal is all that the console may tell of.
    let complaints = browser.complaints();
    let others: Vec<_> = (complaints.iter())
        .filter(|one| !one.contains("status of 422"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    drop(browser);
    served.stop().await;
}
