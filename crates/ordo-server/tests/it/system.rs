//! What needs no key.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::test_app::{Answer, TestApp};

async fn get(app: &TestApp, path: &str) -> Answer {
    app.send(Request::builder().uri(path).body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn health_and_readiness_need_no_key() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&app, path).await.expect(200), json!({"status": "ok"}));
    }
}

#[tokio::test]
async fn metrics_count_what_was_done() {
    let app = TestApp::with_company().await;
    app.capture("1001", 1).await;
    app.get("/api/v1/nothing-here").await;
    let page = get(&app, "/metrics").await;
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let value = |name: &str| -> u64 {
        let line = page.text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is not shown"))
            .trim()
            .parse()
            .unwrap()
    };
    assert!(value("ordo_commands_applied_total ") >= 6);
    assert!(value("ordo_http_answers_total{class=\"2xx\"} ") >= 5);
    assert_eq!(value("ordo_commands_parked_total "), 0);
}

#[tokio::test]
async fn pages_for_people_run_no_script_and_load_nothing() {
    let app = TestApp::start().await;
    for path in ["/api/docs", "/api/errors/out_of_stock"] {
        let page = get(&app, path).await;
        assert_eq!(page.status, 200);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for word in ["<script", "http://", "https://", "src="] {
            assert!(!page.text.contains(word), "{word} in {path}");
        }
    }
}
