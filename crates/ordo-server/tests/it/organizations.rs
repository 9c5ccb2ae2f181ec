//! Organizations and keys over HTTP.

use serde_json::json;

use crate::test_app::{OWNER, TestApp, order};

#[tokio::test]
async fn a_new_organization_has_its_own_key_and_its_own_data() {
    let app = TestApp::with_company().await;
    app.capture("1001", 1).await;
    let body = json!({"code": "acme", "name": "Acme"});
    let found = app.post("/api/v1/organizations", &body).await.expect(201);
    assert_eq!(
        (&found["code"], &found["name"]),
        (&json!("acme"), &json!("Acme"))
    );
    let key = found["owner_key"].as_str().unwrap();
    let own = app.get_as(key, "/api/v1/organization").await.expect(200);
    assert_eq!(own["id"], found["id"]);
    for list in ["orders", "skus", "locations", "channels", "stock"] {
        let page = app
            .get_as(key, &format!("/api/v1/{list}"))
            .await
            .expect(200);
        assert_eq!(page["items"], json!([]), "{list}");
    }
    // The same codes and external ids are free here.
    app.set_up_company(key).await;
    app.post_as(key, "/api/v1/orders", &order("1001", 1))
        .await
        .expect(201);
    let again = app.post("/api/v1/organizations", &body).await;
    assert_eq!(
        again.expect_problem(409, "code_taken").as_deref(),
        Some("/code")
    );
    let main = app.get("/api/v1/organization").await.expect(200);
    assert_eq!(main["code"], "main");
}

#[tokio::test]
async fn only_owners_of_the_first_organization_found_others() {
    let app = TestApp::start().await;
    let foreign = app.organization("acme").await;
    let refused = app
        .post_as(&foreign, "/api/v1/organizations", &json!({"code": "mine"}))
        .await;
    refused.expect_problem(403, "forbidden");
    let body = json!({"name": "second", "role": "owner"});
    let second = app.post("/api/v1/api-keys", &body).await.expect(201);
    let second = second["secret"].as_str().unwrap();
    app.post_as(second, "/api/v1/organizations", &json!({"code": "mine"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn secrets_are_shown_once() {
    let app = TestApp::start().await;
    for (path, body, field) in [
        (
            "/api/v1/organizations",
            json!({"code": "acme"}),
            "owner_key",
        ),
        (
            "/api/v1/api-keys",
            json!({"name": "shop", "role": "operator"}),
            "secret",
        ),
    ] {
        let first = app.post_once(path, "once", &body).await;
        assert_eq!(first.header("cache-control"), Some("no-store"));
        let first = first.expect(201);
        let secret = first[field].as_str().unwrap();
        app.get_as(secret, "/api/v1/organization").await.expect(200);
        let again = app.post_once(path, "once", &body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let again = again.expect(201);
        assert_eq!(again["id"], first["id"]);
        assert_eq!(again[field], json!(null));
        let other = app
            .post_once(path, "once", &json!({"code": "b", "name": "b"}))
            .await;
        assert!(other.status.is_client_error());
    }
    let keys = app.get("/api/v1/api-keys").await;
    assert!(!keys.text.contains("secret"));
    assert_eq!(keys.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_ends_at_once() {
    let app = TestApp::start().await;
    let body = json!({"name": "shop", "role": "viewer"});
    let made = app.post("/api/v1/api-keys", &body).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    app.get_as(secret, "/api/v1/orders").await.expect(200);
    let path = format!("/api/v1/api-keys/{}/revoke", made["id"].as_str().unwrap());
    let revoked = app.post(&path, &json!({})).await.expect(200);
    assert_eq!(revoked["revoked"], true);
    let refused = app.get_as(secret, "/api/v1/orders").await;
    refused.expect_problem(401, "unauthorized");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    let again = app.post(&path, &json!({})).await;
    assert_eq!(again.header("ordo-outcome"), Some("unchanged"));
    app.get_as(OWNER, "/api/v1/orders").await.expect(200);
}
