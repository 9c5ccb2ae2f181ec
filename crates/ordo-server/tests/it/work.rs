//! Work on orders over HTTP where it is not straight on: lists of work and of returns, a version that is
//! no longer there, and more units than there are.

use axum::body::Body;
use serde_json::{Value, json};

use crate::test_app::{Answer, OWNER, TestApp, request};

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// The ids of a list, page by page of `limit`, which join without loss or repetition.
async fn ids(app: &TestApp, list: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    let sign = if list.contains('?') { '&' } else { '?' };
    loop {
        let path = format!("/api/v1/{list}{sign}limit={limit}{cursor}");
        let page = app.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        found.extend(items.iter().map(|item| id(item).to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn post_for(app: &TestApp, path: &str, tag: &str, body: &Value) -> Answer {
    let headers = [("if-match", tag)];
    let body = Body::from(body.to_string());
    app.send(request("POST", path, OWNER, &headers, body)).await
}

/// An order for `quantity` of A, and its only fulfillment order's path.
async fn capture(app: &TestApp, external_id: &str, quantity: i64) -> (Value, String) {
    let order = app.capture(external_id, quantity).await;
    let work = id(&order["fulfillment_orders"][0]).to_owned();
    (order, format!("/api/v1/fulfillment-orders/{work}"))
}

#[tokio::test]
async fn a_step_made_for_an_order_that_has_changed_is_refused_with_the_order_as_it_is() {
    let app = TestApp::with_company().await;
    let (order, _) = capture(&app, "1", 1).await;
    let path = format!("/api/v1/orders/{}", id(&order));
    let read = app.get(&path).await;
    let tag = read.header("etag").unwrap().to_owned();
    let hold = format!("{path}/holds");
    let held = post_for(&app, &hold, &tag, &json!({})).await.expect(200);
    assert!(held["version"].as_u64() > order["version"].as_u64());

    let cancel = format!("{path}/cancel");
    let late = post_for(&app, &cancel, &tag, &json!({})).await;
    late.expect_problem(409, "version_conflict");
    let current = &late.json()["current"];
    assert_eq!(current["id"], order["id"]);
    assert_eq!(current["version"], held["version"]);
    assert_eq!(current["holds"], held["holds"]);
    let after = app.get(&path).await.expect(200);
    assert_eq!(after["life"], "open", "nothing was changed");

    let tag = format!("\"{}\"", held["version"]);
    let done = post_for(&app, &cancel, &tag, &json!({})).await.expect(200);
    assert_eq!(done["life"], "canceled");
}

#[tokio::test]
async fn a_step_made_for_work_that_has_changed_is_refused_with_the_work_as_it_is() {
    let app = TestApp::with_company().await;
    let (_, work) = capture(&app, "1", 1).await;
    let read = app.get(&work).await;
    let tag = read.header("etag").unwrap().to_owned();
    let release = format!("{work}/release");
    let released = post_for(&app, &release, &tag, &json!({})).await.expect(200);

    let pick = format!("{work}/pick");
    let late = post_for(&app, &pick, &tag, &json!({})).await;
    late.expect_problem(409, "version_conflict");
    let current = &late.json()["current"];
    assert_eq!(current["id"], released["id"]);
    assert_eq!(current["state"], "released");
    assert_eq!(current["version"], released["version"]);

    let tag = format!("\"{}\"", released["version"]);
    let picked = post_for(&app, &pick, &tag, &json!({})).await.expect(200);
    assert_eq!(picked["state"], "picked");
    let nonsense = post_for(&app, &pick, "yesterday", &json!({})).await;
    let field = nonsense.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/If-Match"));
}

#[tokio::test]
async fn work_is_listed_by_place_state_and_order_in_pages() {
    let app = TestApp::with_company().await;
    for (path, body) in [
        (
            "locations",
            json!({"code": "HAM", "kind": "store", "country": "DE"}),
        ),
        ("skus", json!({"code": "B"})),
        (
            "stock/movements",
            json!({"kind": "receive", "sku": "B", "location": "HAM", "quantity": 9}),
        ),
    ] {
        let path = format!("/api/v1/{path}");
        app.post(&path, &body).await.expect(201);
    }
    // Five orders from Berlin and two from Hamburg, of which each first one is released.
    let (mut berlin, mut hamburg, mut orders) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..7 {
        let mut body = crate::test_app::order(&n.to_string(), 1);
        if n % 3 == 2 {
            body["lines"][0]["sku"] = json!("B");
        }
        let order = app.post("/api/v1/orders", &body).await.expect(201);
        let work = id(&order["fulfillment_orders"][0]).to_owned();
        match n % 3 {
            2 => hamburg.push(work),
            _ => berlin.push(work),
        }
        orders.push(id(&order).to_owned());
    }
    for work in [&berlin[0], &hamburg[0]] {
        let path = format!("/api/v1/fulfillment-orders/{work}/release");
        app.post(&path, &json!({})).await.expect(200);
    }
    let all: Vec<String> = {
        let mut all = [&berlin[..], &hamburg[..]].concat();
        // Ids grow with time.
        all.sort();
        all
    };
    let released = {
        let mut released = vec![berlin[0].clone(), hamburg[0].clone()];
        released.sort();
        released
    };
    let of_order = format!("?order={}", orders[0]);
    let of_order_elsewhere = format!("{of_order}&location=HAM");
    for (query, expected) in [
        ("", &all[..]),
        ("?location=BER", &berlin[..]),
        ("?location=HAM", &hamburg[..]),
        ("?location=nowhere", &[]),
        ("?state=released", &released[..]),
        ("?state=open&location=BER", &berlin[1..]),
        ("?state=shipped", &[]),
        (&of_order, &berlin[..1]),
        (&of_order_elsewhere, &[]),
        ("?order=ord_nonsense", &[]),
    ] {
        for limit in [1, 2, 50] {
            let list = format!("fulfillment-orders{query}");
            assert_eq!(
                ids(&app, &list, limit).await,
                expected,
                "{query} by {limit}"
            );
        }
    }
    for (query, field) in [
        ("state=lost", "/state"),
        ("cursor=abc", "/cursor"),
        ("limit=0", "/limit"),
        ("place=BER", "/place"),
    ] {
        let refused = app
            .get(&format!("/api/v1/fulfillment-orders?{query}"))
            .await;
        let found = refused.expect_problem(422, "invalid_input");
        assert_eq!(found.as_deref(), Some(field), "{query}");
    }
}

#[tokio::test]
async fn returns_are_listed_in_pages_and_by_order() {
    let app = TestApp::with_company().await;
    let (mut returns, mut orders) = (Vec::new(), Vec::new());
    for n in 0..3 {
        // Of different sizes, so that none looks like a copy of another.
        let (order, work) = capture(&app, &n.to_string(), 2 + n).await;
        for step in ["release", "pick", "pack", "ship"] {
            let path = format!("{work}/{step}");
            app.post(&path, &json!({})).await.expect(200);
        }
        let path = format!("/api/v1/orders/{}/returns", id(&order));
        // The first order's units come back one by one.
        for _ in 0..=usize::from(n == 0) {
            let body = json!({"lines": [{"sku": "A", "quantity": 1}]});
            let asked = app.post(&path, &body).await.expect(201);
            returns.push(id(&asked).to_owned());
        }
        orders.push(id(&order).to_owned());
    }
    assert_eq!(returns.len(), 4);
    let of = |n: usize| format!("returns?order={}", orders[n]);
    for (list, expected) in [
        ("returns".to_owned(), &returns[..]),
        (of(0), &returns[..2]),
        (of(1), &returns[2..3]),
        ("returns?order=ord_nonsense".to_owned(), &[]),
    ] {
        for limit in [1, 2, 3, 50] {
            assert_eq!(ids(&app, &list, limit).await, expected, "{list} by {limit}");
        }
    }
    let refused = app.get("/api/v1/returns?cursor=abc").await;
    let field = refused.expect_problem(422, "invalid_input");
    assert_eq!(field.as_deref(), Some("/cursor"));
}

#[tokio::test]
async fn more_than_there_is_to_pick_is_refused_and_nothing_is_picked() {
    let app = TestApp::with_company().await;
    let (_, work) = capture(&app, "1", 3).await;
    app.post(&format!("{work}/release"), &json!({}))
        .await
        .expect(200);
    let pick = format!("{work}/pick");
    let lines = |quantities: &[i64]| {
        let line = |quantity: &i64| json!({"sku": "A", "quantity": quantity});
        json!({"lines": quantities.iter().map(line).collect::<Vec<_>>()})
    };
    for (quantities, field) in [
        (&[4][..], "/lines/0/quantity"),
        // Each alone would do.
        (&[2, 2][..], "/lines/1/quantity"),
    ] {
        let refused = app.post(&pick, &lines(quantities)).await;
        let found = refused.expect_problem(409, "quantity_exceeded");
        assert_eq!(found.as_deref(), Some(field), "{quantities:?}");
    }
    let before = app.get(&work).await.expect(200);
    assert_eq!(before["state"], "released");
    let some = app.post(&pick, &lines(&[2])).await.expect(200);
    assert_eq!(some["state"], "picking");
    let refused = app.post(&pick, &lines(&[2])).await;
    refused.expect_problem(409, "quantity_exceeded");
    let rest = app.post(&pick, &lines(&[1])).await.expect(200);
    assert_eq!(rest["state"], "picked");
}
