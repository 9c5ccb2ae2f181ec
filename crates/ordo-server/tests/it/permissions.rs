//! Who may do what: every operation of the contract, by every role, without a key, and with the key
//! of a foreign organization.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::test_app::{OWNER, TestApp, order, request};

const ROLES: [&str; 4] = ["viewer", "operator", "manager", "owner"];

/// An operation of the contract, with an address that stands for something.
struct Operation {
    method: String,
    path: String,
    /// The lowest role that may use it; `None` where no key is needed.
    role: Option<usize>,
    names_an_id: bool,
}

/// Something of organization `main` for every id in an address.
async fn ids(app: &TestApp) -> BTreeMap<&'static str, String> {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let shipped = app.capture("1000", 1).await;
    let work = id(&shipped["fulfillment_orders"][0]);
    let mut shipment = String::new();
    for step in ["release", "pick", "pack", "ship"] {
        let path = format!("/api/v1/fulfillment-orders/{work}/{step}");
        let work = app.post(&path, &json!({})).await.expect(200);
        shipment = work["shipment_id"].as_str().unwrap_or_default().to_owned();
    }
    let path = format!("/api/v1/orders/{}/returns", id(&shipped));
    let returned = app.post(&path, &json!({})).await.expect(201);
    let order = app.capture("1001", 1).await;
    let path = format!("/api/v1/orders/{}/holds", id(&order));
    let held = app.post(&path, &json!({})).await.expect(200);
    let body = json!({"lines": [{"sku": "A", "quantity": 1}]});
    let reservation = app.post("/api/v1/reservations", &body).await.expect(201);
    let body = json!({"name": "spare", "role": "viewer"});
    let key = app.post("/api/v1/api-keys", &body).await.expect(201);
    let first = async |list: &str| {
        let page = app.get(&format!("/api/v1/{list}")).await.expect(200);
        id(&page["items"][0])
    };
    for (list, body) in [
        ("listings", json!({"code": "WEB-A", "sku": "A"})),
        ("pools", json!({"code": "all", "locations": ["BER"]})),
        (
            "rate-tables",
            json!({"code": "t", "carrier": "c", "service": "s", "currency": "EUR", "zones": []}),
        ),
        (
            "rule-sets",
            json!({"code": "r", "rules": {"steps": [{"name": "any"}]}}),
        ),
        (
            "blocks",
            json!({"scope": {"sku": "A"}, "reason": "recall", "stages": ["publish"]}),
        ),
        // Nobody listens there, so that what is to be delivered stays.
        (
            "webhooks",
            json!({"url": "http://127.0.0.1:9/", "events": ["order.placed"]}),
        ),
        (
            "legal-entities",
            json!({"code": "de", "name": "Muster GmbH", "country": "DE", "currency": "EUR"}),
        ),
    ] {
        let path = format!("/api/v1/{list}");
        app.post(&path, &body).await.expect(201);
    }
    app.capture("1002", 1).await;
    let began = Instant::now();
    let delivery = loop {
        let page = app
            .get("/api/v1/deliveries?state=waiting")
            .await
            .expect(200);
        if page["items"][0].is_object() {
            break id(&page["items"][0]);
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "nothing is to be delivered"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let body = json!({"variants": [{}]});
    let what_if = app.post("/api/v1/what-ifs", &body).await.expect(200);
    // The label is one that the house courier made.
    let labelled = format!("/api/v1/shipments/{shipment}/label");
    let labelled = app.post(&labelled, &json!({})).await.expect(200);
    BTreeMap::from([
        ("webhooks", first("webhooks").await),
        ("deliveries", delivery),
        ("skus", first("skus").await),
        ("locations", first("locations").await),
        ("channels", first("channels").await),
        ("listings", first("listings").await),
        ("pools", first("pools").await),
        ("rate-tables", first("rate-tables").await),
        ("rule-sets", first("rule-sets").await),
        ("versions", "1".to_owned()),
        ("what-ifs", id(&what_if)),
        ("blocks", first("blocks").await),
        ("legal-entities", first("legal-entities").await),
        ("orders", id(&order)),
        ("holds", id(&held["holds"][0])),
        ("reservations", id(&reservation)),
        ("api-keys", id(&key)),
        ("fulfillment-orders", work),
        ("shipments", shipment),
        ("parcels", id(&labelled["parcels"][0])),
        ("returns", id(&returned)),
        ("errors", "not_found".to_owned()),
    ])
}

fn operations(ids: &BTreeMap<&str, String>) -> Vec<Operation> {
    let contract: Value = serde_json::from_str(&ordo_server::openapi_json()).unwrap();
    let mut operations = Vec::new();
    for (template, item) in contract["paths"].as_object().unwrap() {
        let mut path = Vec::new();
        for part in template.split('/') {
            let is_id = part.starts_with('{');
            let of = path.last().copied().unwrap_or_default();
            path.push(if is_id { ids[of].as_str() } else { part });
        }
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-ordo-role"].as_str();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.join("/"),
                role: role.map(|role| ROLES.iter().position(|known| *known == role).unwrap()),
                names_an_id: template.contains('{'),
            });
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_lets_in_exactly_the_roles_from_its_own_on() {
    let app = TestApp::with_company().await;
    let operations = operations(&ids(&app).await);
    assert!(operations.len() >= 54);
    for (rank, role) in ROLES.iter().enumerate() {
        let key = app.key(role).await;
        for operation in &operations {
            // A body that no operation takes: whoever may ask is told about the body.
            let body = Body::from("nonsense");
            let asked = request(&operation.method, &operation.path, &key, &[], body);
            let answer = app.send(asked).await;
            let status = answer.status.as_u16();
            let words = format!(
                "{} {} as {role}: {status}",
                operation.method, operation.path
            );
            assert!(status < 500, "{words}: {}", answer.text);
            assert_ne!(status, 401, "{words}");
            assert_ne!(status, 404, "{words}");
            let may = operation.role.is_none_or(|needed| rank >= needed);
            assert_eq!(status != 403, may, "{words}");
            if !may {
                answer.expect_problem(403, "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn without_a_key_only_open_operations_answer() {
    let app = TestApp::with_company().await;
    for operation in operations(&ids(&app).await) {
        for key in [
            None,
            Some("Bearer nonsense"),
            Some("Basic abc"),
            Some("Bearer "),
        ] {
            let mut asked = Request::builder()
                .method(operation.method.as_str())
                .uri(&operation.path);
            if let Some(key) = key {
                asked = asked.header("authorization", key);
            }
            let answer = app.send(asked.body(Body::empty()).unwrap()).await;
            match operation.role {
                Some(_) => {
                    answer.expect_problem(401, "unauthorized");
                }
                None => assert_eq!(answer.status, 200, "{}", operation.path),
            }
        }
    }
}

#[tokio::test]
async fn a_foreign_organization_finds_nothing_and_changes_nothing() {
    let app = TestApp::with_company().await;
    let foreign = app.organization("foreign").await;
    let ids = ids(&app).await;
    let before = everything(&app).await;
    for operation in operations(&ids) {
        if operation.role.is_none() {
            continue;
        }
        let body = match operation.path.as_str() {
            "/api/v1/orders" => order("1001", 1).to_string(),
            path if path.ends_with("/answer-stop") => json!({"stopped": true}).to_string(),
            path if path.ends_with("/track") => json!({"state": "in_transit"}).to_string(),
            _ => "{}".to_owned(),
        };
        let sent = match operation.method.as_str() {
            "GET" => Body::empty(),
            _ => Body::from(body),
        };
        let asked = request(&operation.method, &operation.path, &foreign, &[], sent);
        let answer = app.send(asked).await;
        let words = format!("{} {}: {}", operation.method, operation.path, answer.text);
        if operation.names_an_id {
            assert_eq!(answer.status, 404, "{words}");
        }
        assert!(answer.status.as_u16() < 500, "{words}");
        for id in ids.values().filter(|id| id.contains("_0")) {
            assert!(!answer.text.contains(id.as_str()), "{words}");
        }
    }
    assert_eq!(everything(&app).await, before);
}

/// All that organization `main` has.
async fn everything(app: &TestApp) -> Vec<String> {
    let mut all = Vec::new();
    for list in [
        "orders",
        "fulfillment-orders",
        "returns",
        "skus",
        "locations",
        "channels",
        "stock",
        "api-keys",
        "listings",
        "pools",
        "rate-tables",
        "rule-sets",
        "sourcing-settings",
        "blocks",
        "legal-entities",
        "webhooks",
    ] {
        let path = format!("/api/v1/{list}");
        all.push(app.get_as(OWNER, &path).await.text);
    }
    all
}

/// Goal: nothing is open to a limited key by oversight. Method: of every operation of the contract,
/// those of its own kinds of things are named here, and all others must refuse.
#[tokio::test]
async fn what_does_not_know_of_scopes_is_closed_to_limited_keys() {
    let app = TestApp::with_company().await;
    let ids = ids(&app).await;
    let of_channel = ["orders", "returns", "shipments"];
    let of_location = ["stock", "fulfillment-orders", "shipments"];
    for (field, code, kinds) in [
        ("channels", "web", of_channel),
        ("locations", "BER", of_location),
    ] {
        let key = app.limited_key("owner", field, code).await;
        for operation in operations(&ids) {
            if operation.role.is_none() {
                continue;
            }
            let body = Body::from("nonsense");
            let asked = request(&operation.method, &operation.path, &key, &[], body);
            let status = app.send(asked).await.status;
            let words = format!("{} {}: {status}", operation.method, operation.path);
            let is_import = operation.path.ends_with("/import");
            let kind = operation.path.split('/').nth(3).unwrap_or_default();
            let is_open = kinds.contains(&kind) && !is_import;
            assert_eq!(status != 403, is_open, "{words} with a key of {field}");
        }
    }
}
