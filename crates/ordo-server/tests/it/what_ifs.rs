//! What-ifs over HTTP, on every kind of store: what came in is sourced again, and nothing is written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use ordo_domain::time::Zone;
use ordo_engine::{Engine, EngineConfig};
use serde_json::{Value, json};

use crate::pages::{cookie, page};
use crate::test_app::{Answer, OWNER, TestApp, order, request};

async fn ask(app: &TestApp, question: &Value) -> Value {
    app.post("/api/v1/what-ifs", question).await.expect(200)
}

/// Shipments by location of a run.
fn loads(run: &Value) -> Vec<(String, i64)> {
    let loads = run["loads"].as_array().unwrap().iter();
    let loads = loads.map(|load| {
        let location = load["location"].as_str().unwrap().to_owned();
        (location, load["shipments"].as_i64().unwrap())
    });
    let mut loads: Vec<_> = loads.filter(|(_, shipments)| *shipments > 0).collect();
    loads.sort();
    loads
}

#[tokio::test]
async fn orders_are_sourced_again_in_the_order_of_placing() {
    for app in TestApp::company_on_each_store("what_ifs").await {
        let body =
            json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
        app.post("/api/v1/locations", &body).await.expect(201);
        for location in ["BER", "WIE"] {
            let body = json!({"kind": "count", "sku": "A", "location": location, "quantity": 10});
            app.post("/api/v1/stock/movements", &body).await.expect(201);
        }
        // The later one comes in first; a past one came in last.
        for (name, placed_at, origin) in [
            ("late", "2026-11-02T10:00:00Z", "live"),
            ("early", "2026-11-01T10:00:00Z", "live"),
            ("past", "2026-10-01T10:00:00Z", "history"),
        ] {
            let mut order = order(name, 2);
            order["placed_at"] = json!(placed_at);
            order["origin"] = json!(origin);
            if origin == "history" {
                order["lines"][0]["shipped"] = json!(2);
                order["lines"][0]["shipped_from"] = json!("WIE");
            }
            app.post("/api/v1/orders", &order).await.expect(201);
        }
        let position = app.get("/api/v1/events?limit=200").await.expect(200);

        // Six units for three orders, but only five that count: the last one placed gets one.
        let counts = json!([
            {"sku": "A", "location": "BER", "quantity": 3},
            {"sku": "A", "location": "WIE", "quantity": 2},
        ]);
        let report = ask(
            &app,
            &json!({"variants": [
                {"name": "scarce", "stock": {"counts": counts}},
                {"name": "without BER", "locations": {"off": ["BER"]}},
            ]}),
        )
        .await;
        assert_eq!(report["orders"], 3);
        assert_eq!(report["first_placed_at"], "2026-10-01T10:00:00Z");
        assert_eq!(report["last_placed_at"], "2026-11-02T10:00:00Z");
        assert_eq!(loads(&report["baseline"]), [("BER".to_owned(), 3)]);
        let scarce = &report["variants"][0];
        assert_eq!(scarce["run"]["unfilled_units"], 1, "{scarce}");
        assert_eq!(scarce["losses"][0]["external_id"], "late");
        assert_eq!(scarce["losses"][0]["variant"]["unfilled_units"], 1);
        let without = &report["variants"][1];
        assert_eq!(loads(&without["run"]), [("WIE".to_owned(), 3)]);
        assert_eq!(without["changed_orders"], 3);
        let because = without["losses"][0]["baseline"]["because"][0]
            .as_str()
            .unwrap();
        assert!(because.starts_with("BER ships 2 units"), "{because}");

        // Of the period that is asked for, and the last so many of it.
        let report = ask(
            &app,
            &json!({"from": "2026-11-01T00:00:00Z", "variants": [{}]}),
        )
        .await;
        assert_eq!(
            (&report["orders"], &report["variants"][0]["changed_orders"]),
            (&json!(2), &json!(0))
        );
        let report = ask(&app, &json!({"orders": 1, "variants": [{}]})).await;
        assert_eq!(report["first_placed_at"], "2026-11-02T10:00:00Z");

        // What happened is known of the past one alone.
        let report = ask(&app, &json!({"baseline": "as_happened", "variants": [{}]})).await;
        assert_eq!(
            (&report["orders"], &report["left_out"]["not_shipped"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(loads(&report["baseline"]), [("WIE".to_owned(), 1)]);
        assert_eq!(
            loads(&report["variants"][0]["run"]),
            [("BER".to_owned(), 1)]
        );

        assert_eq!(
            app.get("/api/v1/events?limit=200").await.expect(200),
            position
        );
    }
}

#[tokio::test]
async fn reports_are_kept_and_found_again() {
    for app in TestApp::company_on_each_store("what_ifs_kept").await {
        app.capture("1", 2).await;
        let question = json!({"variants": [{"name": "none", "locations": {"off": ["BER"]}}]});
        let first = ask(&app, &question).await;
        let second = ask(&app, &json!({"variants": [{}]})).await;
        let path = |report: &Value| {
            let id = report["id"].as_str().unwrap();
            format!("/api/v1/what-ifs/{id}")
        };
        assert_eq!(first["kind"], "asked");
        assert_eq!(first["question"], question);
        assert!(first["asked_by"].as_str().unwrap().starts_with("key_"));
        // As it was answered, whatever has happened since.
        app.capture("2", 1).await;
        assert_eq!(app.get(&path(&first)).await.expect(200), first);

        let page = app.get("/api/v1/what-ifs?limit=1").await.expect(200);
        assert_eq!(page["items"][0]["id"], second["id"]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = format!("/api/v1/what-ifs?kind=asked&cursor={cursor}");
        let rest = app.get(&rest).await.expect(200);
        assert_eq!(rest["next_cursor"], Value::Null);
        let head = &rest["items"][0];
        assert_eq!(head["id"], first["id"]);
        assert_eq!(head["orders"], 1);
        let result = &head["results"][0];
        assert_eq!(
            (
                &result["name"],
                &result["changed_orders"],
                &result["unfilled_units"]
            ),
            (&json!("none"), &json!(1), &json!(2))
        );
        for query in ["kind=shadow", "rule_set=rus_1&version=1"] {
            let none = app.get(&format!("/api/v1/what-ifs?{query}")).await;
            assert_eq!(none.expect(200)["items"], json!([]), "{query}");
        }
        for query in [
            "kind=x",
            "version=1",
            "rule_set=rus_1",
            "rule_set=a&version=b",
        ] {
            let refused = app.get(&format!("/api/v1/what-ifs?{query}")).await;
            refused.expect_problem(422, "invalid_input");
        }

        // Nobody else's, and gone when it is let go.
        let other = app.organization("other").await;
        let foreign = app.get_as(&other, &format!("{}?x=1", path(&first))).await;
        foreign.expect_problem(404, "not_found");
        let none = app.get_as(&other, "/api/v1/what-ifs").await.expect(200);
        assert_eq!(none["items"], json!([]));
        for (key, status) in [(other.as_str(), 404), (OWNER, 204), (OWNER, 404)] {
            let request = request("DELETE", &path(&first), key, &[], Body::empty());
            assert_eq!(app.send(request).await.status, status);
        }
        let gone = app.get(&path(&first)).await;
        gone.expect_problem(404, "not_found");
        assert_eq!(app.get(&path(&second)).await.expect(200), second);
    }
}

#[tokio::test]
async fn asked_with_the_same_key_it_is_answered_once() {
    let app = TestApp::with_company().await;
    app.capture("1", 2).await;
    let question = json!({"variants": [{}]});
    let first = app.post_once("/api/v1/what-ifs", "k", &question).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = app.post_once("/api/v1/what-ifs", "k", &question).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(200), first.expect(200));
    let other = json!({"variants": [{}, {}]});
    let reused = app.post_once("/api/v1/what-ifs", "k", &other).await;
    reused.expect_problem(422, "idempotency_key_reused");
    let page = app.get("/api/v1/what-ifs").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

/// Goal: rules that do not count yet are run beside those that do, once a day. Method: an order today,
/// the clock put to tomorrow and the day after, with two engines over the same store, of which one
/// begins late.
#[tokio::test]
async fn a_draft_runs_in_the_shadow_once_a_day() {
    for app in TestApp::company_on_each_store("what_ifs_shadow").await {
        let body =
            json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
        app.post("/api/v1/locations", &body).await.expect(201);
        let body = json!({"kind": "count", "sku": "A", "location": "WIE", "quantity": 10});
        app.post("/api/v1/stock/movements", &body).await.expect(201);
        let filter = json!([{"name": "far", "keep": "location.code == 'WIE'"}]);
        let body = json!({"code": "far", "rules": {"steps": [{"name": "far", "filters": filter}]}});
        let set = app.post("/api/v1/rule-sets", &body).await.expect(201);
        let set = set["id"].as_str().unwrap().to_owned();
        let switch = format!("/api/v1/rule-sets/{set}/versions/1/shadow");
        let foreign = app.organization("other").await;
        for (path, key) in [
            (switch.as_str(), foreign.as_str()),
            (&switch.replace("/1/", "/2/"), OWNER),
        ] {
            let refused = app.post_as(key, path, &json!({"on": "x"})).await;
            refused.expect_problem(404, "not_found");
        }
        let on = app.post(&switch, &json!({})).await.expect(200);
        assert!(on["versions"][0]["shadow_since"].is_string(), "{on}");
        // From noon on, so that no midnight passes unseen.
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let forward_to = |days: i32, minute: u16| {
            let now = app.engine.clock().now();
            let then = berlin.instant_at(now.date_in(&berlin).plus_days(days), minute);
            let by = then.as_micros() - now.as_micros();
            app.clock.forward(Duration::from_micros(by.unsigned_abs()));
        };
        forward_to(1, 12 * 60);
        // All that there is near by is taken today, and was there this morning.
        app.capture_today("1", 10).await;
        let days = format!("/api/v1/what-ifs?rule_set={set}&version=1");
        let wait_for = async |reports: usize| {
            let began = Instant::now();
            loop {
                let page = app.get(&days).await.expect(200);
                let found = page["items"].as_array().unwrap().len();
                assert!(found <= reports, "{page}");
                if found == reports {
                    break page;
                }
                assert!(began.elapsed() < Duration::from_secs(30), "{page}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        wait_for(0).await;
        forward_to(1, 16);
        let listed = wait_for(1).await;
        let head = &listed["items"][0];
        assert_eq!(
            (&head["kind"], &head["orders"], &head["shadow"]["version"]),
            (&json!("shadow"), &json!(1), &json!(1))
        );
        assert_eq!(head["results"][0]["changed_orders"], 1);
        assert_eq!(head["results"][0]["unfilled_units"], 0);
        let id = head["id"].as_str().unwrap();
        let report = app.get(&format!("/api/v1/what-ifs/{id}")).await.expect(200);
        assert_eq!(loads(&report["baseline"]), [("BER".to_owned(), 1)]);
        assert_eq!(
            loads(&report["variants"][0]["run"]),
            [("WIE".to_owned(), 1)]
        );
        assert_eq!(report["assumed"].as_array().unwrap().len(), 4);
        let order = &report["variants"][0]["losses"][0];
        for (side, location) in [("baseline", "BER"), ("variant", "WIE")] {
            let because = order[side]["because"][0].as_str().unwrap();
            assert!(because.starts_with(location), "{because}");
        }
        // Its days, and the day, in a browser.
        let owner = cookie(&app, OWNER).await;
        let days = page(&app, &owner, &format!("/what-if/shadow/{set}/1")).await;
        assert!(
            days.text.contains(&format!("/what-if/{id}")),
            "{}",
            days.text
        );
        let day = page(&app, &owner, &format!("/what-if/{id}")).await;
        for words in [
            "far version 1 on ",
            "BER ships",
            "WIE ships",
            "What is assumed",
        ] {
            assert!(day.text.contains(words), "{words}: {}", day.text);
        }
        // What ran is not run again, also not by another node, and not when it was let go.
        let beside = Engine::start(
            Arc::clone(app.engine.backend()),
            Arc::clone(app.engine.clock()),
            EngineConfig {
                tells_shadows: Some(ordo_server::tell_shadow),
                ..EngineConfig::default()
            },
        );
        let request = request(
            "DELETE",
            &format!("/api/v1/what-ifs/{id}"),
            OWNER,
            &[],
            Body::empty(),
        );
        assert_eq!(app.send(request).await.status, 204);
        // Two days are missed; the last one of them is caught up with, and has no orders.
        forward_to(3, 16);
        let listed = wait_for(1).await;
        assert_eq!(listed["items"][0]["orders"], 0);
        assert_ne!(listed["items"][0]["shadow"]["day"], head["shadow"]["day"]);
        let jobs = app.get("/api/v1/jobs?state=done").await.expect(200);
        assert_eq!(jobs["items"].as_array().unwrap().len(), 2, "{jobs}");
        // Switched off, nothing comes any more; nor for rules that count by then.
        let off = app.post(&switch, &json!({"on": false})).await.expect(200);
        assert_eq!(off["versions"][0]["shadow_since"], Value::Null);
        forward_to(1, 16);
        tokio::time::sleep(Duration::from_secs(5)).await;
        wait_for(1).await;
        beside.shutdown().await;
    }
}

#[tokio::test]
async fn rules_may_stand_in_the_question() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "count", "sku": "A", "location": "WIE", "quantity": 10});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
    let rules =
        |keep: &str| json!({"steps": [{"name": "s", "filters": [{"name": "f", "keep": keep}]}]});
    let body = json!({"code": "all", "rules": rules("location.code == 'BER'")});
    app.post("/api/v1/rule-sets", &body).await.expect(201);
    app.capture("1", 2).await;
    let vienna = rules("location.code == 'WIE'");
    let report = ask(
        &app,
        &json!({"variants": [
            {"rules": {"steps": vienna["steps"]}},
            {"rules": {"versions": [{"set": "all", "rules": vienna}]}},
            {"rules": {"versions": [{"set": "all", "version": 1}]}},
            {"rules": "none"},
        ]}),
    )
    .await;
    for (index, location) in [(0, "WIE"), (1, "WIE"), (2, "BER"), (3, "BER")] {
        let run = &report["variants"][index]["run"];
        assert_eq!(loads(run), [(location.to_owned(), 1)], "{index}");
    }
    let because = &report["variants"][0]["losses"][0]["variant"]["because"][0];
    assert!(because.as_str().unwrap().starts_with("WIE"), "{because}");
    // They are checked as they are when they are saved.
    for (rules, field) in [
        (
            json!({"steps": rules("location.cod == 'x'")["steps"]}),
            "/variants/0/rules/steps/0/filters/0/keep",
        ),
        (json!({"steps": []}), "/variants/0/rules/steps"),
        (
            json!({"steps": [{"name": "s", "tier": []}]}),
            "/variants/0/rules/steps/0/tier",
        ),
        (
            json!({"versions": [{"set": "all", "rules": rules("1")}]}),
            "/variants/0/rules/versions/0/rules/steps/0/filters/0/keep",
        ),
        (
            json!({"versions": [{"set": "all"}]}),
            "/variants/0/rules/versions/0",
        ),
        (
            json!({"versions": [{"set": "all", "version": 1, "rules": vienna}]}),
            "/variants/0/rules/versions/0",
        ),
        (
            json!({"versions": [{"set": "x", "rules": vienna}]}),
            "/variants/0/rules/versions/0/set",
        ),
    ] {
        let answer = app
            .post("/api/v1/what-ifs", &json!({"variants": [{"rules": rules}]}))
            .await;
        let named = answer.expect_problem(422, "invalid_input");
        let named = named.or_else(|| {
            answer.json()["fields"][0]["field"]
                .as_str()
                .map(str::to_owned)
        });
        assert_eq!(named.as_deref(), Some(field), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_field_that_cannot_be_is_named() {
    let app = TestApp::with_company().await;
    for (question, field) in [
        (json!({"variants": []}), "/variants"),
        (
            json!({"variants": [{"locations": {"off": ["X"]}}]}),
            "/variants/0/locations/off/0",
        ),
        (
            json!({"baseline": {"everything_from": "X"}, "variants": [{}]}),
            "/baseline/everything_from",
        ),
        (
            json!({"one_warehouse": "X", "variants": [{}]}),
            "/one_warehouse",
        ),
        (json!({"orders": 50_001, "variants": [{}]}), "/orders"),
    ] {
        let answer = app.post("/api/v1/what-ifs", &question).await;
        let named = answer.expect_problem(422, "invalid_input");
        let named = named.or_else(|| {
            answer.json()["fields"][0]["field"]
                .as_str()
                .map(str::to_owned)
        });
        assert_eq!(named.as_deref(), Some(field), "{question}");
    }
}

/// Sends a form as a browser does.
async fn send(app: &TestApp, cookie: &str, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(form.to_owned()));
    app.send(request.unwrap()).await
}

#[tokio::test]
async fn the_page_asks_and_shows_what_came_of_it() {
    let app = TestApp::with_company().await;
    let body = json!({"code": "WIE", "kind": "warehouse", "country": "AT", "postal_code": "1010"});
    app.post("/api/v1/locations", &body).await.expect(201);
    let body = json!({"kind": "count", "sku": "A", "location": "WIE", "quantity": 10});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
    app.capture("1", 2).await;
    let owner = cookie(&app, OWNER).await;
    let form = page(&app, &owner, "/what-if").await;
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("name=\"capacity.WIE\"") && form.text.contains("Nothing yet"));
    let asked = "from=&until=&orders=&off=BER&stock=now&safety=&capacity.WIE=5&default=";
    let sent = send(&app, &owner, "/what-if", asked).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let report = sent.header("location").unwrap();
    let shown = page(&app, &owner, report).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for words in [
        "without BER; 5 a day at WIE",
        "1 order, placed 2026-11-01",
        "1 order ships otherwise",
        "BER ships 2 units",
        "WIE ships 2 units",
        "1 of 5",
        "with the key “bootstrap”",
        "href=\"/what-if?baseline=as_configured&amp;stock=now&amp;off=BER&amp;capacity.WIE=5",
    ] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    // The list leads to it, and the form can be filled in as it was.
    let listed = page(&app, &owner, "/what-if?off=BER&capacity.WIE=5").await;
    assert!(listed.text.contains(report) && listed.text.contains("checked"));
    // Several setups, asked over the API.
    let question = json!({"variants": [
        {"name": "<b>one</b>"}, {"name": "two", "locations": {"off": ["WIE"]}},
    ]});
    let several = ask(&app, &question).await;
    let path = format!("/what-if/{}", several["id"].as_str().unwrap());
    let several = page(&app, &owner, &path).await;
    assert!(several.text.contains("&lt;b&gt;one") && several.text.contains("otherwise: two"));
    assert!(!several.text.contains("Change and ask again") && !several.text.contains("<b>"));
    // What cannot be is told, and nothing of the form comes out unescaped.
    for (form, says) in [
        ("orders=x", "/orders: must be a whole number"),
        ("from=%3Cb%3E", "/from: expected an instant"),
        ("off=X", "no location has the code X"),
        (
            "capacity.WIE=many",
            "/variants/0/locations/change/0/daily_capacity",
        ),
    ] {
        let shown = send(&app, &owner, "/what-if", form).await;
        assert_eq!(shown.status, 422, "{form}");
        assert!(shown.text.contains(says), "{form}: {}", shown.text);
        assert!(!shown.text.contains("<b>"), "{form}");
    }
    // Let go, it is gone; and nobody else ever saw it.
    app.organization("other").await;
    let gone = send(&app, &owner, &format!("{report}/delete"), "").await;
    assert_eq!(gone.header("location"), Some("/what-if"));
    for path in [report, "/what-if/nothing"] {
        assert_eq!(page(&app, &owner, path).await.status, 404, "{path}");
    }
    let operator = cookie(&app, &app.key("operator").await).await;
    for path in ["/what-if", report] {
        assert_eq!(page(&app, &operator, path).await.status, 403);
        assert_eq!(page(&app, "", path).await.status, 303);
    }
    let elsewhere = Request::builder()
        .method("POST")
        .uri("/what-if")
        .header("cookie", &owner)
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(asked));
    assert_eq!(app.send(elsewhere.unwrap()).await.status, 403);
}

#[tokio::test]
async fn a_shadow_is_switched_on_its_page() {
    let app = TestApp::with_company().await;
    let owner = cookie(&app, OWNER).await;
    let none = page(&app, &owner, "/what-if").await;
    assert!(!none.text.contains("in the shadow"), "{}", none.text);
    let body = json!({"code": "far", "rules": {"steps": [{"name": "far"}]}});
    let set = app.post("/api/v1/rule-sets", &body).await.expect(201);
    let path = format!("/what-if/shadow/{}/1", set["id"].as_str().unwrap());
    let listed = page(&app, &owner, "/what-if").await;
    assert!(listed.text.contains(&path) && listed.text.contains("Run in the shadow"));
    let days = page(&app, &owner, &path).await;
    assert_eq!(days.status, 200);
    assert!(days.text.contains("No day yet") && days.text.contains("not in the shadow"));
    let sent = send(&app, &owner, &path, "on=1").await;
    assert_eq!(sent.header("location"), Some(path.as_str()));
    let days = page(&app, &owner, &path).await;
    assert!(days.text.contains("since ") && days.text.contains("End it"));
    let sent = send(&app, &owner, &path, "on=0").await;
    assert_eq!(sent.status, 303);
    let missing = path.replace("/1", "/2");
    assert_eq!(page(&app, &owner, &missing).await.status, 404);
    assert_eq!(send(&app, &owner, &missing, "on=1").await.status, 404);
    // What counts does not run in its own shadow.
    let publish = format!(
        "/api/v1/rule-sets/{}/versions/1/publish",
        set["id"].as_str().unwrap()
    );
    app.post(&publish, &json!({})).await.expect(200);
    let refused = send(&app, &owner, &path, "on=1").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
}
