//! Imports over HTTP: line by line, and whatever is wrong with one line leaves the others alone.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{Answer, OWNER, TestApp, order, request};

const PATH: &str = "/api/v1/orders/import";

async fn import(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    app.send(request("POST", PATH, OWNER, headers, body.into()))
        .await
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    (answer.text.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn each_line_is_answered_by_itself_and_in_order() {
    let app = TestApp::with_company().await;
    let known = app.capture("known", 1).await;
    let mut newer = order("known", 1);
    newer["source_version"] = json!(2);
    newer["ship_to"]["city"] = json!("Potsdam");
    let mut wrong = order("wrong", 1);
    wrong["lines"][0]["quantity"] = json!(-1);
    let body = format!(
        "{}\n\n{}\nnonsense\n{wrong}\n{newer}\r\n  \n{}",
        order("new", 1),
        order("known", 1),
        order("last", 1),
    );
    let answer = import(&app, &[], body).await;
    let lines = lines(&answer);
    let outcomes: Vec<(i64, &str)> = (lines.iter())
        .map(|line| {
            (
                line["line"].as_i64().unwrap(),
                line["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            (1, "created"),
            (3, "unchanged"),
            (4, "rejected"),
            (5, "rejected"),
            (6, "updated"),
            (8, "created"),
        ]
    );
    assert_eq!(lines[1]["order_id"], known["id"]);
    assert_eq!(lines[1]["problem"], Value::Null);
    assert_eq!(lines[2]["order_id"], Value::Null);
    assert_eq!(lines[2]["problem"]["code"], "malformed_body");
    assert_eq!(lines[3]["problem"]["field"], "/lines/0/quantity");
    let page = app.get("/api/v1/orders?count=true").await.expect(200);
    assert_eq!(page["count"]["value"], 3);
}

#[tokio::test]
async fn lines_that_are_too_long_or_no_text_are_rejected_and_the_rest_goes_on() {
    let app = TestApp::with_company().await;
    let mut body = vec![b'x'; (1 << 20) + 1];
    body.extend(b"\n\xff\xfe\n{\"channel\":\"web\"}\n[]\n");
    body.extend(order("good", 1).to_string().into_bytes());
    let answer = import(&app, &[], body).await;
    let found: Vec<Value> = (lines(&answer).into_iter())
        .map(|mut line| match line["problem"]["code"].take() {
            Value::Null => line["outcome"].clone(),
            code => code,
        })
        .collect();
    assert_eq!(
        found,
        [
            "body_too_large",
            "malformed_body",
            "invalid_input",
            "invalid_input",
            "created"
        ]
    );
}

#[tokio::test]
async fn an_empty_body_has_no_lines() {
    let app = TestApp::with_company().await;
    assert_eq!(lines(&import(&app, &[], "").await), Vec::<Value>::new());
    assert_eq!(
        lines(&import(&app, &[], "\n \n").await),
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn a_repeated_import_changes_nothing_and_a_key_replays_its_answers() {
    let app = TestApp::with_company().await;
    let body: String = (0..50)
        .map(|n| format!("{}\n", order(&n.to_string(), 1)))
        .collect();
    let once = [("idempotency-key", "import-1")];
    let first = import(&app, &once, body.clone()).await;
    assert!(
        lines(&first)
            .iter()
            .all(|line| line["outcome"] == "created")
    );
    let replayed = import(&app, &once, body.clone()).await;
    assert_eq!(first.text, replayed.text);
    let again = import(&app, &[], body).await;
    assert!(
        lines(&again)
            .iter()
            .all(|line| line["outcome"] == "unchanged")
    );
    let other = format!("{}\n", order("other", 1));
    let reused = import(&app, &once, other).await;
    assert_eq!(
        lines(&reused)[0]["problem"]["code"],
        "idempotency_key_reused"
    );
}

/// More orders than are decided at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_orders_are_taken_in_and_numbered_without_a_gap() {
    let app = TestApp::with_company().await;
    let count = 3_000;
    let body: String = (0..count)
        .map(|n| format!("{}\n", order(&n.to_string(), 1)))
        .collect();
    let answer = import(&app, &[], body).await;
    let lines = lines(&answer);
    assert_eq!(lines.len(), count);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["line"], index + 1);
        assert_eq!(line["outcome"], "created", "{line}");
    }
    let newest = app.get("/api/v1/orders?limit=1").await.expect(200);
    let oldest = app
        .get("/api/v1/orders?limit=1&sort=oldest")
        .await
        .expect(200);
    let number = |page: &Value| page["items"][0]["number"].as_i64().unwrap();
    assert_eq!(number(&newest) - number(&oldest) + 1, count as i64);
}
