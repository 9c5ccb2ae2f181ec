//! Why an order went where it went, over HTTP and on its page.

use serde_json::{Value, json};

use crate::pages::{cookie, page};
use crate::test_app::{OWNER, TestApp, order};

/// A second location far from the buyer, and one with nothing of `A`.
async fn with_others(app: &TestApp) {
    for (code, country, postal) in [("LYS", "FR", "69001"), ("HAM", "DE", "20095")] {
        let body =
            json!({"code": code, "kind": "store", "country": country, "postal_code": postal});
        app.post("/api/v1/locations", &body).await.expect(201);
    }
    let body = json!({"kind": "receive", "sku": "A", "location": "LYS", "quantity": 9});
    app.post("/api/v1/stock/movements", &body).await.expect(201);
}

fn path(order: &Value) -> String {
    let work = order["fulfillment_orders"][0]["id"].as_str().unwrap();
    format!("/api/v1/fulfillment-orders/{work}/decision")
}

#[tokio::test]
async fn a_decision_says_why_and_why_not() {
    for app in TestApp::company_on_each_store("why").await {
        with_others(&app).await;
        let mut body = order("w-1", 2);
        body["ship_to"]["country"] = json!("DE");
        body["ship_to"]["postal_code"] = json!("10559");
        body["ship_to"]["city"] = json!("Berlin");
        let placed = app.post("/api/v1/orders", &body).await.expect(201);
        let path = path(&placed);

        let decision = app.get(&path).await.expect(200);
        assert_eq!(decision["proven"], true, "{decision}");
        assert_eq!(decision["cost"], Value::Null, "no rates, no money");
        assert_eq!(decision["place_known_by"], "postal_code");
        assert_eq!(decision["not_chosen"], json!(["LYS"]));
        let shipment = &decision["shipments"][0];
        assert_eq!(shipment["location"], "BER");
        assert_eq!(shipment["units"], 2);
        let because = shipment["because"].as_str().unwrap();
        assert!(because.starts_with("BER ships 2 units, "), "{because}");
        assert!(because.contains("The next best is LYS: "), "{because}");
        assert!(because.ends_with(" km further."), "{because}");
        let excluded = decision["excluded"].as_array().unwrap();
        let hamburg = excluded
            .iter()
            .find(|one| one["location"] == "HAM")
            .unwrap();
        assert_eq!(hamburg["reason"], "no_stock");
        let because = "It had nothing on offer: none there, 2 units wanted.";
        assert_eq!(hamburg["because"], because);

        for (location, standing) in [("BER", "ships"), ("LYS", "dearer"), ("HAM", "excluded")] {
            let asked = format!("{path}/why-not?location={location}");
            let answer = app.get(&asked).await.expect(200);
            assert_eq!(answer["standing"], standing, "{answer}");
            assert!(!answer["because"].as_str().unwrap().is_empty());
        }
        body["external_id"] = json!("w-1-city");
        body["ship_to"]["postal_code"] = json!("unknown");
        let placed = app.post("/api/v1/orders", &body).await.expect(201);
        let rough = app.get(&self::path(&placed)).await.expect(200);
        assert_eq!(rough["place_known_by"], "city");
        let because = rough["shipments"][0]["because"].as_str().unwrap();
        assert!(
            because.contains("(from the middle of the city)"),
            "{because}"
        );

        // A location that came after the decision had no part in it.
        let later = json!({"code": "OSL", "kind": "store", "country": "NO"});
        app.post("/api/v1/locations", &later).await.expect(201);
        let answer = app
            .get(&format!("{path}/why-not?location=OSL"))
            .await
            .expect(200);
        assert_eq!(answer["standing"], "unknown");

        for asked in ["", "?location=", "?location=nowhere"] {
            let answer = app.get(&format!("{path}/why-not{asked}")).await;
            answer.expect_problem(422, "invalid_input");
            assert!(answer.json().to_string().contains("/location"), "{asked}");
        }
    }
}

#[tokio::test]
async fn the_page_of_an_order_says_why() {
    let app = TestApp::with_company().await;
    let placed = app.capture("w-2", 1).await;
    let cookie = cookie(&app, OWNER).await;
    let path = format!("/orders/{}", placed["id"].as_str().unwrap());
    let shown = page(&app, &cookie, &path).await;
    assert!(shown.text.contains("BER ships 1 unit"), "{}", shown.text);
    assert!(shown.text.contains("No other location could."));
}
