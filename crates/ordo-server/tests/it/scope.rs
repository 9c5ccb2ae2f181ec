//! What keys that are limited to channels or locations reach, and that the rest is not there for them.

use serde_json::{Value, json};

use crate::test_app::{TestApp, order};

/// Beside what every company has: a channel `shop`, and a store `HAM` with the only units of B. Answers
/// an order of `web` that ships from BER, and one of `shop` that ships from HAM.
async fn two_of_each(app: &TestApp) -> [Value; 2] {
    for (path, body) in [
        ("channels", json!({"code": "shop", "kind": "pos"})),
        (
            "locations",
            json!({"code": "HAM", "kind": "store", "country": "DE"}),
        ),
        ("skus", json!({"code": "B", "stock_policy": "tracked"})),
        (
            "stock/movements",
            json!({"kind": "receive", "sku": "B", "location": "HAM", "quantity": 5}),
        ),
    ] {
        let path = format!("/api/v1/{path}");
        app.post(&path, &body).await.expect(201);
    }
    let web = app.capture("1001", 1).await;
    let mut body = order("1002", 2);
    body["channel"] = json!("shop");
    body["lines"][0]["sku"] = json!("B");
    let shop = app.post("/api/v1/orders", &body).await.expect(201);
    for (order, location) in [(&web, "BER"), (&shop, "HAM")] {
        assert_eq!(order["fulfillment_orders"][0]["location"], location);
    }
    [web, shop]
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn work_of(order: &Value) -> String {
    let work = id(&order["fulfillment_orders"][0]);
    format!("/api/v1/fulfillment-orders/{work}")
}

/// Ships an order's first fulfillment order with the key, and answers the path of the shipment.
async fn ship(app: &TestApp, key: &str, order: &Value) -> String {
    let work = work_of(order);
    let mut shipment = String::new();
    for step in ["release", "accept", "pick", "pack", "ship"] {
        let path = format!("{work}/{step}");
        let after = app.post_as(key, &path, &json!({})).await.expect(200);
        shipment = after["shipment_id"].as_str().unwrap_or_default().to_owned();
    }
    format!("/api/v1/shipments/{shipment}")
}

#[tokio::test]
async fn a_key_of_a_channel_works_on_its_orders_alone() {
    let app = TestApp::with_company().await;
    let [web, shop] = two_of_each(&app).await;
    let key = app.limited_key("operator", "channels", "web").await;
    let list = app.get_as(&key, "/api/v1/orders").await.expect(200);
    let listed: Vec<&str> = (list["items"].as_array().unwrap().iter()).map(id).collect();
    assert_eq!(listed, [id(&web)]);
    let refused = app.get_as(&key, "/api/v1/orders?channel=shop").await;
    refused.expect_problem(403, "forbidden");
    let own = format!("/api/v1/orders/{}", id(&web));
    app.get_as(&key, &own).await.expect(200);
    let other = format!("/api/v1/orders/{}", id(&shop));
    for path in ["", "/events", "/shipments"] {
        let found = app.get_as(&key, &format!("{other}{path}")).await;
        found.expect_problem(404, "not_found");
    }
    for step in ["cancel", "holds", "returns"] {
        let path = format!("{other}/{step}");
        let found = app.post_as(&key, &path, &json!({})).await;
        found.expect_problem(404, "not_found");
    }
    for code in ["shop", "nowhere"] {
        let mut body = order("1004", 1);
        body["channel"] = json!(code);
        let refused = app.post_as(&key, "/api/v1/orders", &body).await;
        refused.expect_problem(403, "forbidden");
    }
    let body = order("1005", 3);
    let made = app.post_as(&key, "/api/v1/orders", &body).await;
    made.expect(201);
}

#[tokio::test]
async fn a_key_of_a_channel_reaches_the_shipments_and_returns_of_its_orders() {
    let app = TestApp::with_company().await;
    let [web, shop] = two_of_each(&app).await;
    let key = app.limited_key("operator", "channels", "web").await;
    let owner = app.key("owner").await;
    let mut returns = Vec::new();
    let mut shipments = Vec::new();
    for order in [&web, &shop] {
        shipments.push(ship(&app, &owner, order).await);
        let path = format!("/api/v1/orders/{}/returns", id(order));
        let asked = app.post(&path, &json!({})).await.expect(201);
        returns.push(id(&asked).to_owned());
    }
    app.get_as(&key, &shipments[0]).await.expect(200);
    let other = app.get_as(&key, &shipments[1]).await;
    other.expect_problem(404, "not_found");
    let list = app.get_as(&key, "/api/v1/returns").await.expect(200);
    let listed: Vec<&str> = (list["items"].as_array().unwrap().iter()).map(id).collect();
    assert_eq!(listed, [returns[0].as_str()]);
    let of_other = format!("/api/v1/returns?order={}", id(&shop));
    let none = app.get_as(&key, &of_other).await.expect(200);
    assert_eq!(none["items"], json!([]));
    let [own, other] = [0, 1].map(|n| format!("/api/v1/returns/{}", returns[n]));
    app.get_as(&key, &own).await.expect(200);
    let approve = format!("{own}/approve");
    app.post_as(&key, &approve, &json!({})).await.expect(200);
    let found = app.get_as(&key, &other).await;
    found.expect_problem(404, "not_found");
    for step in ["approve", "decline", "receive"] {
        let path = format!("{other}/{step}");
        let found = app.post_as(&key, &path, &json!({})).await;
        found.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_key_of_a_location_sees_and_does_its_work_alone() {
    let app = TestApp::with_company().await;
    let [web, shop] = two_of_each(&app).await;
    let key = app.limited_key("operator", "locations", "HAM").await;
    let list = app.get_as(&key, "/api/v1/fulfillment-orders").await;
    let list = list.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["items"][0]["location"], "HAM");
    let elsewhere = "/api/v1/fulfillment-orders?location=BER";
    let refused = app.get_as(&key, elsewhere).await;
    refused.expect_problem(403, "forbidden");
    let of_other = format!("/api/v1/fulfillment-orders?order={}", id(&web));
    let none = app.get_as(&key, &of_other).await.expect(200);
    assert_eq!(none["items"], json!([]));

    let other = work_of(&web);
    let found = app.get_as(&key, &other).await;
    found.expect_problem(404, "not_found");
    for step in [
        "release", "accept", "reject", "pick", "short", "pack", "ship", "cancel",
    ] {
        let path = format!("{other}/{step}");
        let found = app.post_as(&key, &path, &json!({})).await;
        found.expect_problem(404, "not_found");
    }
    app.get_as(&key, &work_of(&shop)).await.expect(200);
    let shipment = ship(&app, &key, &shop).await;
    app.get_as(&key, &shipment).await.expect(200);
    let owner = app.key("owner").await;
    let elsewhere = ship(&app, &owner, &web).await;
    let found = app.get_as(&key, &elsewhere).await;
    found.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_key_of_a_location_moves_its_stock_alone() {
    let app = TestApp::with_company().await;
    two_of_each(&app).await;
    let key = app.limited_key("operator", "locations", "HAM").await;
    let stock = app.get_as(&key, "/api/v1/stock").await.expect(200);
    assert_eq!(stock["items"].as_array().unwrap().len(), 1, "{stock}");
    assert_eq!(stock["items"][0]["location"], "HAM");
    for (at, status) in [("HAM", 201), ("BER", 403), ("XXX", 403)] {
        let body = json!({"kind": "receive", "sku": "A", "location": at, "quantity": 1});
        let moved = app.post_as(&key, "/api/v1/stock/movements", &body).await;
        assert_eq!(moved.status, status, "{at}");
    }
}

#[tokio::test]
async fn a_key_is_limited_only_to_what_is_there() {
    let app = TestApp::with_company().await;
    for field in ["channels", "locations"] {
        let mut body = json!({"name": "x", "role": "viewer"});
        body[field] = json!(["nowhere"]);
        let refused = app.post("/api/v1/api-keys", &body).await;
        let pointer = refused.expect_problem(422, "invalid_input");
        assert_eq!(pointer, Some(format!("/{field}/0")));
    }
}

/// Goal: a limited key gets full pages, each entry once, however little of the whole it reaches.
/// Method: nine SKUs in two locations; the key reaches the one with five of the fourteen cells.
#[tokio::test]
async fn pages_of_a_limited_key_are_full() {
    for app in TestApp::company_on_each_store("scopepages").await {
        let ham = json!({"code": "HAM", "kind": "store", "country": "DE"});
        app.post("/api/v1/locations", &ham).await.expect(201);
        for n in 0..9 {
            let code = format!("S{n}");
            let sku = json!({"code": code, "stock_policy": "tracked"});
            app.post("/api/v1/skus", &sku).await.expect(201);
            for location in ["BER", "HAM"] {
                if location == "BER" || n % 2 == 0 {
                    let body = json!({"kind": "receive", "sku": code, "location": location, "quantity": 1});
                    app.post("/api/v1/stock/movements", &body).await.expect(201);
                }
            }
        }
        let key = app.limited_key("viewer", "locations", "HAM").await;
        let mut sizes = Vec::new();
        let mut skus = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/stock?limit=2{cursor}");
            let page = app.get_as(&key, &path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            sizes.push(items.len());
            for item in items {
                assert_eq!(item["location"], "HAM", "{page}");
                skus.push(item["sku"].as_str().unwrap().to_owned());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(sizes, [2, 2, 1]);
        skus.sort();
        assert_eq!(skus, ["S0", "S2", "S4", "S6", "S8"]);
    }
}
