//! Lists over HTTP: pages, filters, counts, search.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

fn numbers(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["number"].as_i64().unwrap()).collect()
}

fn external_ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["external_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn orders_come_in_pages_newest_or_oldest_first() {
    let app = TestApp::with_company().await;
    for n in 1..=5 {
        app.capture(&n.to_string(), 1).await;
    }
    let first = app.get("/api/v1/orders?limit=2").await.expect(200);
    assert_eq!(external_ids(&first), ["5", "4"]);
    for (sort, expected) in [
        ("newest", ["5", "4", "3", "2", "1"]),
        ("oldest", ["1", "2", "3", "4", "5"]),
    ] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/orders?limit=2&sort={sort}{cursor}");
            let page = app.get(&path).await.expect(200);
            found.extend(external_ids(&page).into_iter().map(str::to_owned));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected);
    }
    let newest = first["next_cursor"].as_str().unwrap();
    let other = app
        .get(&format!("/api/v1/orders?sort=oldest&cursor={newest}"))
        .await;
    assert_eq!(
        other.expect_problem(422, "invalid_input").as_deref(),
        Some("/cursor")
    );
}

#[tokio::test]
async fn an_entry_tells_what_a_list_shows() {
    let app = TestApp::with_company().await;
    let captured = app.capture("1001", 2).await;
    let page = app.get("/api/v1/orders").await.expect(200);
    let item = &page["items"][0];
    for field in [
        "id",
        "number",
        "channel",
        "channel_id",
        "external_id",
        "life",
        "version",
        "payment_standing",
        "fulfillment_standing",
        "return_standing",
        "placed_at",
    ] {
        assert_eq!(item[field], captured[field], "{field}");
    }
    assert_eq!(item["holds"], 0);
    assert_eq!(item["total"], captured["totals"]["total"]);
    assert_eq!(item["country"], "DE");
    assert_eq!(page["next_cursor"], Value::Null);
}

#[tokio::test]
async fn filters_choose_and_counts_count() {
    let app = TestApp::with_company().await;
    // The same basket again would be suspected to be a duplicate, so each holds another quantity.
    app.capture("free", 1).await;
    let held = app.capture("held", 2).await;
    let path = format!("/api/v1/orders/{}/holds", held["id"].as_str().unwrap());
    app.post(&path, &json!({})).await.expect(200);
    let mut unpaid = order("unpaid", 3);
    unpaid["payment"] = json!({"status": "authorized"});
    unpaid["terms"] = json!("authorized");
    app.post("/api/v1/orders", &unpaid).await.expect(201);
    let canceled = app.capture("canceled", 4).await;
    let path = format!("/api/v1/orders/{}/cancel", canceled["id"].as_str().unwrap());
    app.post(&path, &json!({})).await.expect(200);
    for (filter, expected) in [
        ("", &["canceled", "unpaid", "held", "free"][..]),
        ("life=open", &["unpaid", "held", "free"]),
        ("life=canceled", &["canceled"]),
        ("held=true", &["held"]),
        ("life=open&held=false", &["unpaid", "free"]),
        ("payment=authorized", &["unpaid"]),
        ("fulfillment=full", &[]),
        ("channel=web&external_id=held", &["held"]),
        ("channel=nowhere", &[]),
        ("external_id=nothing", &[]),
    ] {
        let path = format!("/api/v1/orders?count=true&{filter}");
        let page = app.get(&path).await.expect(200);
        assert_eq!(external_ids(&page), expected, "{filter}");
        let count = json!({"value": expected.len(), "exact": true});
        assert_eq!(page["count"], count, "{filter}");
    }
    for (query, field) in [
        ("life=lost", "/life"),
        ("held=maybe", "/held"),
        ("payment=gold", "/payment"),
        ("limit=201", "/limit"),
        ("q=%20,", "/q"),
        ("colour=red", "/colour"),
        ("external_id=%00", "/external_id"),
        ("sort=price", "/sort"),
    ] {
        let refused = app.get(&format!("/api/v1/orders?{query}")).await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field), "{query}");
    }
}

/// Searches until the view has seen `position`. A busy machine may need more than the second that a
/// request waits; what must never come is a page from before.
async fn search(app: &TestApp, path: &str, position: &str) -> Value {
    let headers = [("ordo-min-position", position)];
    for _ in 0..60 {
        let answer = app
            .send(request("GET", path, OWNER, &headers, Body::empty()))
            .await;
        if answer.status == 200 {
            return answer.json();
        }
        answer.expect_problem(503, "view_behind");
    }
    panic!("the view never comes to {position}");
}

#[tokio::test]
async fn a_search_waits_for_what_its_reader_wrote() {
    let app = TestApp::with_company().await;
    for n in 1..=10 {
        let answer = app
            .post("/api/v1/orders", &order(&format!("W-{n}"), 1))
            .await;
        let position = answer.header("ordo-position").unwrap().to_owned();
        let number = answer.json()["number"].as_i64().unwrap();
        for words in [format!("w-{n}"), "anna%20MUSTER".to_owned()] {
            let path = format!("/api/v1/orders?q={words}&limit=1");
            let page = search(&app, &path, &position).await;
            assert_eq!(numbers(&page), [number], "{words}");
        }
    }
    let none = app.get("/api/v1/orders?q=nobody").await.expect(200);
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_search_that_cannot_catch_up_says_so() {
    let app = TestApp::with_company().await;
    app.capture("1001", 1).await;
    let ask = |path: &'static str, position: &'static str| {
        let headers = [("ordo-min-position", position)];
        app.send(request("GET", path, OWNER, &headers, Body::empty()))
    };
    let behind = ask("/api/v1/orders?q=1001", "1000000").await;
    behind.expect_problem(503, "view_behind");
    assert_eq!(behind.header("retry-after"), Some("1"));
    // Without a search the rows are the committed ones, and nothing waits.
    ask("/api/v1/orders", "1000000").await.expect(200);
    let nonsense = ask("/api/v1/orders?q=1001", "soon").await;
    let field = nonsense.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/Ordo-Min-Position"));
}

#[tokio::test]
async fn set_up_records_are_listed_in_pages_and_read_by_id() {
    let app = TestApp::with_company().await;
    for code in ["B", "C", "D"] {
        app.post("/api/v1/skus", &json!({ "code": code }))
            .await
            .expect(201);
    }
    let mut codes = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("/api/v1/skus?limit=3{cursor}"))
            .await
            .expect(200);
        for item in page["items"].as_array().unwrap() {
            let path = format!("/api/v1/skus/{}", item["id"].as_str().unwrap());
            assert_eq!(&app.get(&path).await.expect(200), item);
            codes.push(item["code"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(codes, ["A", "B", "C", "D"]);
    let locations = app.get("/api/v1/locations").await.expect(200);
    assert_eq!(locations["items"][0]["postal_code"], "10115");
    assert_eq!(locations["items"][0]["state"], "live");
    let channels = app.get("/api/v1/channels").await.expect(200);
    assert_eq!(channels["items"][0]["code"], "web");
    for path in [
        "/api/v1/skus/sku_nonsense",
        "/api/v1/skus/ord_00000000000000000000000000",
    ] {
        app.get(path).await.expect_problem(404, "not_found");
    }
}
